"""Ledgers: finsim's learned events beside SDV PAR, gretel DGAN, mostlyai-engine and a noisy resampler.

Run: ``python benchmarks/learned_events.py [--ledgers cards cdnow] [--tools habits par] [--cap 300]``.

Every tool learns the rows of a random half of the entities and makes as many entities; they are judged
against the other half: AUC of events and of entities (finsim's judges, and plain boosted trees with features
of their own), whether the entities learned from can be told (membership, beside its null), the shape of the
ledger with its deviation from the unseen half, and what it cost. ``real half`` is the floor: the real
training entities.

Each peer runs with its default settings in an environment of its own, made on first use under ``--cache``,
one process a ledger, one thread. A fit is cut after ``--cap`` CPU seconds, and the table says where one was.
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
from learned_data import LEDGERS, Frame, ledger_halves  # noqa: E402
from learned_tables import PEERS as TABLE_PEERS  # noqa: E402
from peer_environments import ONE, Peer, environment, run  # noqa: E402

os.environ.update(dict.fromkeys(ONE, "1"))  # before numpy and scikit-learn count the cores

GRETEL = (
    "numpy<2", "pandas<2.3", "pyarrow<22", "scikit-learn<1.6", "category-encoders", "rdt<1.13", "packaging",
    "tqdm", "scipy",
)  # fmt: skip
PEERS = {
    "sdv": Peer("par_peer.py", TABLE_PEERS["sdv"].packages, torch=True),
    "gretel": Peer("dgan_peer.py", GRETEL, ("gretel-synthetics==0.22.20",), torch=True),
    "mostlyai-engine": TABLE_PEERS["mostlyai-engine"],
}
OWN = ("habits", "events", "resample")
TOOLS = {
    **{name: ("finsim", name) for name in OWN},
    "noise": ("noise", ""), "par": ("sdv", ""), "dgan": ("gretel", ""),
    "mostlyai-engine": ("mostlyai-engine", ""),
}  # fmt: skip
COLUMNS = (
    "event",
    "entity",
    "plain event",
    "plain entity",
    "member",
    "member null",
    "fit",
    "sample",
    "megabytes",
)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--ledgers", nargs="+", choices=list(LEDGERS), default=list(LEDGERS))
    parser.add_argument("--tools", nargs="+", choices=list(TOOLS), default=list(TOOLS))
    parser.add_argument("--cap", type=float, default=300, help="CPU seconds of a fit")
    parser.add_argument("--limit", type=float, default=1_800, help="wall seconds of a tool for a ledger")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--cache", type=Path, default=Path.home() / ".cache" / "finsim" / "peers")
    parser.add_argument("--json", type=Path, help="write all results to this file, after each tool")
    return parser.parse_args()


def judged(name: str, train: Frame, unseen: Frame, own: Frame) -> dict[str, Any]:
    """Return every figure of synthetic rows."""
    from event_judges import membership, own_judges, plain_judges, prepared, shape

    ledger = LEDGERS[name]
    sides = [prepared(ledger, side) for side in (train, unseen, own)]
    return {
        **own_judges(ledger, unseen, own),
        **plain_judges(sides[1], sides[2]),
        **membership(*sides),
        "shape": shape(sides[2]),
    }


def made_by(tool: str, name: str, given: argparse.Namespace, train: Frame, folder: Path) -> dict[str, Any]:
    """Return what a tool's process found, its rows under ``out``; or why there are none."""
    place, generator = TOOLS[tool]
    if place == "finsim":
        from finsim.generators import EVENT_GENERATORS

        if generator not in EVENT_GENERATORS:
            return {"failed": f"finsim has no generator of events called {generator}"}
        python, script = Path(sys.executable), HERE / "event_peers" / "finsim_peer.py"
    elif place == "noise":
        python, script = Path(sys.executable), HERE / "event_peers" / "noise_peer.py"
    else:
        found, why = environment(given.cache / place, PEERS[place])
        if found is None:
            return {"failed": f"cannot be installed here: {why}"}
        python, script = found, HERE / "event_peers" / PEERS[place].script
    train.to_parquet(folder / "train.parquet", index=False)
    ledger = LEDGERS[name]
    job = {"train": str(folder / "train.parquet"), "out": str(folder / "out.parquet"),
           "count": int(train[ledger.entity].nunique()), "roles": ledger.roles(),
           "generator": generator, "cap": given.cap, "seed": given.seed}  # fmt: skip
    return run(python, script, job, folder, given.limit)


def line(tool: str, one: dict[str, Any]) -> str:
    """Return one line of the table of scores."""
    if "failed" in one:
        return f"{tool:<16} {one['failed']}"
    cells = ["" if key not in one else f"{one[key]:.3f}" for key in COLUMNS[:6]]
    cells += ["" if key not in one else f"{one[key]:.1f}" for key in COLUMNS[6:]]
    said = ", ".join([*(f"{k} {v}" for k, v in one.get("versions", {}).items()), one.get("note", "")]).strip(
        ", "
    )
    return f"{tool:<16} " + "".join(f"{cell:>13}" for cell in cells) + f"  {said}"


def shapes(real: dict[str, float], results: dict[str, dict[str, Any]]) -> str:
    """Return the shape table: the unseen half, and each tool with its deviation in percent."""
    done = {tool: one["shape"] for tool, one in results.items() if "shape" in one}
    lines = ["shape".ljust(18) + "unseen half".rjust(12) + "".join(tool.rjust(22) for tool in done)]
    for key, value in real.items():
        cells = []
        for shape in done.values():
            off = f"{100 * (shape[key] / value - 1):+.0f} %" if value else ""
            cells.append(f"{shape[key]:.4g} {off:>8}".rjust(22))
        lines.append(key.ljust(18) + f"{value:.4g}".rjust(12) + "".join(cells))
    return "\n".join(lines)


def main() -> None:
    given = arguments()
    import pandas as pd
    from event_judges import prepared, shape

    print(f"{platform.platform()}, Python {platform.python_version()}, fits of at most {given.cap:g} CPU s")
    everything: dict[str, dict[str, Any]] = {}
    for name in given.ledgers:
        if not LEDGERS[name].file.exists():
            print(f"{name}: {LEDGERS[name].file} is not there", flush=True)
            continue
        train, unseen = ledger_halves(name, given.seed)
        results = everything.setdefault(name, {"real half": judged(name, train, unseen, train)})
        entities = train[LEDGERS[name].entity].nunique()
        print(f"\n{name}, halves of {entities:,} entities, {len(train):,} rows to learn from", flush=True)
        print(" " * 17 + "".join(f"{title:>13}" for title in (*COLUMNS[:6], "fit s", "sample s", "peak MB")))
        print(line("real half", results["real half"]), flush=True)
        for tool in given.tools:
            with tempfile.TemporaryDirectory() as folder:
                found = made_by(tool, name, given, train, Path(folder))
                if "failed" not in found:
                    found |= judged(name, train, unseen, pd.read_parquet(Path(folder) / "out.parquet"))
            results[tool] = found
            print(line(tool, found), flush=True)
            if given.json:
                given.json.write_text(json.dumps(everything, indent=1))
        print("\n" + shapes(shape(prepared(LEDGERS[name], unseen)), results), flush=True)


if __name__ == "__main__":
    main()
