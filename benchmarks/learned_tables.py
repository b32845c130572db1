"""Loan tables: finsim's learned tables beside SDV, ARF, forest flow and mostlyai-engine, in one run.

Run: ``python benchmarks/learned_tables.py [--tables german taiwan] [--tools copula ctgan] [--cap 300]``.

Every tool learns a random half of a real table and makes as many rows; they are judged against the other
half: two-sample AUC (finsim's judge, and plain boosted trees), the AUC of a target model that is trained on
synthetic and tested on unseen real rows beside one trained on the real half, exact and near copies, and what
it cost.
``real half`` is the floor: the real training rows in the place of synthetic ones.

Each peer runs with its default settings in an environment of its own, made on first use under ``--cache``,
one process a table, one thread. A fit is cut after ``--cap`` CPU seconds, and the table says where one was.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent)]
from learned_data import TABLES, Frame, table_halves  # noqa: E402
from peer_environments import ONE, Peer, environment, run  # noqa: E402

os.environ.update(dict.fromkeys(ONE, "1"))  # before numpy and scikit-learn count the cores

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
COLUMNS = ("two-sample", "plain", "target", "exact %", "near %", "nearer", "fit s", "sample s", "peak MB")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--tables", nargs="+", choices=list(TABLES), default=list(TABLES))
    parser.add_argument("--tools", nargs="+", choices=list(TOOLS), default=list(TOOLS))
    parser.add_argument("--cap", type=float, default=300, help="CPU seconds of a fit")
    parser.add_argument("--limit", type=float, default=1_800, help="wall seconds of a tool for a table")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--cache", type=Path, default=Path.home() / ".cache" / "finsim" / "peers")
    parser.add_argument("--json", type=Path, help="write all results to this file, after each tool")
    return parser.parse_args()


def judged(name: str, train: Frame, unseen: Frame, own: Frame) -> dict[str, float]:
    """Return every figure of synthetic rows."""
    from table_judges import copies, plain_two_sample, target_auc, two_sample

    return {
        "two-sample": two_sample(unseen, own),
        "plain": plain_two_sample(unseen, own),
        "target": target_auc(TABLES[name], own, unseen),
        **copies(train, unseen, own),
    }


def made_by(tool: str, given: argparse.Namespace, train: Frame, folder: Path) -> dict[str, Any]:
    """Return what a tool's process found, its rows under ``out``; or why there are none."""
    place, generator = TOOLS[tool]
    if place == "finsim":
        from finsim.generators import TABLE_GENERATORS

        if generator not in TABLE_GENERATORS:
            return {"failed": f"finsim has no generator of tables called {generator}"}
        python, script = Path(sys.executable), HERE / "table_peers" / "finsim_peer.py"
    else:
        found, why = environment(given.cache / place, PEERS[place])
        if found is None:
            return {"failed": f"cannot be installed here: {why}"}
        python, script = found, HERE / "table_peers" / PEERS[place].script
    train.to_parquet(folder / "train.parquet", index=False)
    job = {"train": str(folder / "train.parquet"), "out": str(folder / "out.parquet"), "count": len(train),
           "generator": generator, "cap": given.cap, "seed": given.seed}  # fmt: skip
    return run(python, script, job, folder, given.limit)


def line(tool: str, one: dict[str, Any]) -> str:
    """Return one line of the table."""
    if "failed" in one:
        return f"{tool:<16} {one['failed']}"
    cells = [f"{one[key]:.3f}" for key in ("two-sample", "plain", "target")]
    cells += [f"{100 * one['exact']:.2f}", f"{100 * one['near']:.1f}", f"{one['nearer']:.3f}"]
    cells += [f"{one[key]:.1f}" for key in ("fit", "sample")] if "fit" in one else ["", ""]
    cells += [f"{one['megabytes']:.0f}"] if "megabytes" in one else [""]
    said = ", ".join([*(f"{k} {v}" for k, v in one.get("versions", {}).items()), one.get("note", "")]).strip(
        ", "
    )
    return f"{tool:<16} " + "".join(f"{cell:>11}" for cell in cells) + f"  {said}"


def main() -> None:
    given = arguments()
    import pandas as pd

    print(f"{platform.platform()}, Python {platform.python_version()}, fits of at most {given.cap:g} CPU s")
    everything: dict[str, dict[str, Any]] = {}
    for name in given.tables:
        if not TABLES[name].file.exists():
            print(f"{name}: {TABLES[name].file} is not there", flush=True)
            continue
        train, unseen = table_halves(name, given.seed)
        results = everything.setdefault(name, {"real half": judged(name, train, unseen, train)})
        print(f"\n{name}, halves of {len(train):,} rows and {train.shape[1]} columns", flush=True)
        print(" " * 17 + "".join(f"{title:>11}" for title in COLUMNS))
        print(line("real half", results["real half"]), flush=True)
        for tool in given.tools:
            with tempfile.TemporaryDirectory() as folder:
                found = made_by(tool, given, train, Path(folder))
                if "failed" not in found:
                    own = pd.read_parquet(Path(folder) / "out.parquet")
                    found |= judged(name, train, unseen, own)
            results[tool] = found
            print(line(tool, found), flush=True)
            if given.json:
                given.json.write_text(json.dumps(everything, indent=1))


if __name__ == "__main__":
    main()
