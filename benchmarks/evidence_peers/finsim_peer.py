"""finsim: ``finsim.evaluate`` with its defaults; caught is what fails."""

from __future__ import annotations

from typing import Any

from evidence_peers.cases import Sides, each_case

import finsim


def judge(sides: Sides, label: str) -> dict[str, Any]:
    card = finsim.evaluate(
        sides["real"], sides["own"], holdout=sides.get("holdout"), kind="table", label=label, progress=False
    )
    return {"failed": [f"{one.metric} of {one.subject}" for one in card.scores if one.verdict == "fail"]}


if __name__ == "__main__":
    each_case(judge, ("finsim",))
