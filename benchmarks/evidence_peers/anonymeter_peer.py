"""anonymeter: risks of singling out, linkability and inference of the label, 300 attacks each."""

from __future__ import annotations

import warnings
from typing import Any

from anonymeter.evaluators import InferenceEvaluator, LinkabilityEvaluator, SinglingOutEvaluator
from evidence_peers.cases import Sides, each_case

ATTACKS = 300


def judge(sides: Sides, label: str) -> dict[str, Any]:
    real, own, spare = sides["real"], sides["own"], sides.get("holdout")
    spare = spare if spare is not None and len(spare) else None
    names = [name for name in real.columns if name != label]
    attacks = min(ATTACKS, len(real) // 2, *(() if spare is None else (len(spare),)))
    given = {"ori": real, "syn": own, "control": spare}
    evaluators = {
        "singling out, one column": SinglingOutEvaluator(**given, n_attacks=attacks),
        "linkability": LinkabilityEvaluator(
            **given, n_attacks=attacks, n_neighbors=5, aux_cols=(names[::2], names[1::2])
        ),
        "inference of the label": InferenceEvaluator(
            **given, n_attacks=attacks, aux_cols=names, secret=label
        ),
    }
    figures = {}
    for name, one in evaluators.items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                one.evaluate(**({"mode": "univariate"} if name.startswith("singling") else {}))
                figures[name] = float(one.risk(confidence_level=0.95)[0])
            except (RuntimeError, ValueError, TypeError) as refused:
                print(name, refused, flush=True)
    return {"figures": figures}


if __name__ == "__main__":
    each_case(judge, ("anonymeter", "numpy"))
