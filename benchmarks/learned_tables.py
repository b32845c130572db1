"""Loan tables: finsim's learned tables beside SDV, ARF, forest flow and mostlyai-engine, in one run.

Run: ``python benchmarks/learned_tables.py [--tables german taiwan] [--tools copula ctgan] [--cap 300]``.

Every tool learns a random half of a real table and makes as many rows; they are judged against the other
half: two-sample AUC (finsim's judge, and plain boosted trees), the AUC of a target model that is trained on
synthetic and tested on unseen real rows beside one trained on the real half, exact and near copies, and what
it cost.
``real half`` is the floor: the real training rows in the place of synthetic ones.

Each peer runs with its default settings in an environment of its own, made on first use under ``--cache``,
one process a table, one thread, memory as ``--memory`` allows. A fit is cut after ``--cap`` CPU seconds; a
peer of which a cut fit cannot sample (ARF, forest flow) learns as many rows as the seconds allow. The table
says where either was. What a peer made is kept under ``--cache`` and judged again without training.
"""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent)]
from side_by_side import Column, Contest, Found, arguments, held, one_thread  # noqa: E402

one_thread()
from learned_data import TABLES, Frame, table_halves  # noqa: E402
from peer_environments import Peer  # noqa: E402

MOSTLYAI = (
    "numpy", "pandas<3", "pyarrow", "joblib", "psutil<6", "scikit-learn", "tqdm", "transformers>=5.5.3",
    "accelerate", "datasets", "json-repair", "opacus>=1.6", "peft", "xgrammar<1", "tokenizers",
)  # fmt: skip
PEERS = {
    "sdv": Peer("sdv_peer.py", ("sdv==2.0.0", "pyarrow"), torch=True),
    "arf": Peer("arf_peer.py", ("arfpy==0.1.1", "numpy<2.4", "pandas<3", "pyarrow")),
    "forest-flow": Peer(
        "forest_flow_peer.py", ("xgboost-cpu", "lightgbm", "catboost", "scikit-learn", "pandas<3", "pyarrow"),
        ("ForestDiffusion==1.0.6",),
    ),
    "mostlyai-engine": Peer("mostlyai_peer.py", MOSTLYAI, ("mostlyai-engine==2.7.3",), torch=True),
}  # fmt: skip
OWN = ("copula", "bayes", "tabular", "resample_rows")
TOOLS = {
    **{name: ("finsim", name) for name in OWN},
    **{f"sdv {name}": ("sdv", name) for name in ("copula", "ctgan", "tvae")},
    **{name: (name, "") for name in ("arf", "forest-flow", "mostlyai-engine")},
}


def judged(name: str, train: Frame, unseen: Frame, own: Frame) -> Found:
    """Return every figure of synthetic rows."""
    from table_judges import copies, plain_two_sample, target_auc, two_sample

    return {
        "two-sample": two_sample(unseen, own),
        "plain": plain_two_sample(unseen, own),
        "target": target_auc(TABLES[name], own, unseen),
        **copies(train, unseen, own),
    }


def main() -> None:
    from finsim.generators import TABLE_GENERATORS

    contest = Contest(
        data={name: table.file for name, table in TABLES.items()},
        tools=TOOLS, peers=PEERS, scripts=HERE / "table_peers", own=list(TABLE_GENERATORS),
        halves=table_halves, judged=judged, judges=(HERE / "table_judges.py",),
        job=lambda name, train: {"count": len(train)},
        columns=(
            Column("two-sample", "two-sample"), Column("plain trees", "plain"), Column("label AUC", "target"),
            Column("exact %", "exact", "{:.2f}", 100.0), Column("near %", "near", "{:.1f}", 100.0),
            Column("nearer", "nearer"),
        ),
        head=lambda name, train: f"halves of {len(train):,} rows and {train.shape[1]} columns",
    )  # fmt: skip
    held(contest, arguments(__doc__, "tables", TABLES, TOOLS))


if __name__ == "__main__":
    main()
