"""Eleven planted faults, nulls and speed: finsim beside sdmetrics, mostlyai-qa and anonymeter, in one run.

Run: ``python benchmarks/evidence.py [--tables german taiwan] [--splits 50] [--tools finsim sdmetrics]``.

Halves of real tables (``tests/evaluation/table_faults.py``): one is the real side, the other, with one fault
planted, the synthetic one; a third part, where rows are left, the hold-out. finsim catches a fault when a
score fails. The peers give figures without a verdict: a fault counts as caught when any figure of theirs is
worse than in all of the null splits (halves without a fault), which is the most favorable rule for them;
their null passes are of splits held against the others. As they are slower, they judge fewer null splits.

Each peer runs in an environment of its own, made on first use under ``--cache`` (their pins clash, see
``PEERS``), in one process a table. A peer that cannot be installed is named as such, with pip's last line.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).parent
ROOT = HERE.parent
sys.path.insert(0, str(ROOT / "tests" / "evaluation"))
sys.path.insert(0, str(ROOT))
from peer_environments import Peer, environment, run  # noqa: E402
from table_faults import FAULTS, TABLES, halves  # noqa: E402

PEERS = {
    "finsim": Peer("finsim_peer"),
    "sdmetrics": Peer("sdmetrics_peer", ("sdmetrics==0.32.0", "pandas<3", "pyarrow")),
    "mostlyai-qa": Peer("mostlyai_qa_peer", ("mostlyai-qa==1.10.11", "pandas<3", "pyarrow"), torch=True),
    "anonymeter": Peer("anonymeter_peer", ("anonymeter==1.1.0", "numpy<1.27", "pyarrow<22")),
}
TOOLS = tuple(PEERS)
MOST_GB = 10


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--tables", nargs="+", choices=list(TABLES), default=list(TABLES))
    parser.add_argument("--tools", nargs="+", choices=TOOLS, default=list(TOOLS))
    parser.add_argument("--splits", type=int, default=50, help="null splits of a table")
    parser.add_argument(
        "--peer-splits", nargs="+", default=["20"], metavar="N|TOOL=N",
        help="null splits that the peers judge too, of all or of one: 20 mostlyai-qa=8",
    )  # fmt: skip
    parser.add_argument("--limit", type=float, default=3_600, help="seconds that a tool may take for a table")
    parser.add_argument("--cache", type=Path, default=Path.home() / ".cache" / "finsim" / "peers")
    parser.add_argument("--keep", type=Path, help="folder of results; a run that was cut goes on from there")
    parser.add_argument("--kept", action="store_true", help="judge nothing that --keep has a part of already")
    parser.add_argument("--json", type=Path, help="write all results to this file")
    given = parser.parse_args()
    given.peer_splits = splits_of_peers(given.peer_splits)
    return given


def splits_of_peers(words: list[str]) -> dict[str, int]:
    """Return how many null splits each peer judges, from ``N`` for all and ``TOOL=N`` for one."""
    named = {tool: int(count) for tool, _, count in (word.rpartition("=") for word in words)}
    return {tool: named.get(tool, named.get("", 20)) for tool in TOOLS}


def write_cases(table: str, splits: int, folder: Path) -> list[str]:
    """Write each case as real.parquet, own.parquet and holdout.parquet; return their names."""
    names = []
    label = TABLES[table].label
    cases = [(name, fault, 1_000) for name, fault in FAULTS.items()] + [
        (f"null {k}", None, k) for k in range(splits)
    ]
    for name, fault, seed in cases:
        real, own, spare = halves(table, seed)
        made = own if fault is None else fault(real, own, label, np.random.default_rng(seed))
        place = folder / name
        place.mkdir(parents=True)
        for part, frame in (("real", real), ("own", made), ("holdout", spare)):
            if len(frame):
                frame.to_parquet(place / f"{part}.parquet", index=False)
        names.append(name)
    return names


def found_by(
    tool: str, given: argparse.Namespace, table: str, folder: Path, names: list[str]
) -> dict[str, Any]:
    """Return what a tool found in each case, with its CPU seconds and peak memory, or why it did not."""
    peer, python = PEERS[tool], Path(sys.executable)
    if tool != "finsim":
        # Nulls first: where a limit cuts a run, what was judged still has something to be held against.
        names = [*names[len(FAULTS) :][: given.peer_splits[tool]], *names[: len(FAULTS)]]
        made, why = environment(given.cache / tool, peer)
        if made is None:
            return {"failed": f"cannot be installed here: {why}"}
        python = made
    kept = (given.keep or folder) / "found" / table / f"{tool}.json"
    kept.parent.mkdir(parents=True, exist_ok=True)
    before = json.loads(kept.read_text()) if kept.exists() else None
    job = {"folder": str(folder), "cases": names, "label": TABLES[table].label, "found": before,
           "cap": given.limit, "memory": MOST_GB}  # fmt: skip
    if before is not None and (given.kept or set(names) <= set(before["cases"])):
        return before
    found = run(python, HERE / "evidence_peers" / f"{peer.script}.py", job, folder, given.limit)
    if "failed" not in found:
        kept.write_text(json.dumps(found))
    return found


def judged(found: dict[str, Any], splits: int) -> dict[str, Any]:
    """Return the faults that a tool caught, its share of null passes, and CPU seconds and memory a case.

    A case is ``{"failed": [...]}`` of a tool with verdicts, else ``{"figures": {name: worse is higher}}``.
    """
    cases = found["cases"]
    nulls = [cases[f"null {k}"] for k in range(splits) if f"null {k}" in cases]
    caught = {}
    for name in FAULTS:
        if name in cases:
            caught[name] = cases[name]["failed"] if "failed" in cases[name] else beyond(cases[name], nulls)
    passed = sum(
        not (one["failed"] if "failed" in one else beyond(one, [*nulls[:k], *nulls[k + 1 :]]))
        for k, one in enumerate(nulls)
    )
    return {
        "caught": caught, "null": [passed, len(nulls)], "cpu": found["cpu"] / max(len(cases), 1),
        "megabytes": found["megabytes"], "versions": found["versions"],
    }  # fmt: skip


def beyond(case: dict[str, Any], nulls: list[dict[str, Any]]) -> list[str]:
    """Return the figures of a case that are worse than in all null splits."""
    found = []
    for name, value in case["figures"].items():
        known = [one["figures"][name] for one in nulls if name in one["figures"]]
        if known and value > max(known):
            found.append(name)
    return found


def told(table: str, results: dict[str, dict[str, Any]]) -> str:
    """Return the results of one table as text."""
    tools = list(results)
    lines = [
        f"{table}, halves of {TABLES[table].half:,} rows",
        "fault".ljust(22) + "".join(t.ljust(16) for t in tools),
    ]
    for name in FAULTS:
        cells = []
        for tool in tools:
            caught = results[tool].get("caught", {})
            cells.append(("-" if name not in caught else "caught" if caught[name] else "missed").ljust(16))
        lines.append(name.ljust(22) + "".join(cells))
    for title, key in (
        ("caught", "caught"),
        ("null passes", "null"),
        ("CPU s a case", "cpu"),
        ("peak MB", "megabytes"),
    ):
        cells = []
        for tool in tools:
            one = results[tool]
            if key not in one:
                text = "not run"
            elif key == "caught":
                text = f"{sum(bool(found) for found in one[key].values())} of {len(one[key])}"
            elif key == "null":
                text = f"{one[key][0]} of {one[key][1]}"
            else:
                text = f"{one[key]:.1f}" if key == "cpu" else f"{one[key]:.0f}"
            cells.append(text.ljust(16))
        lines.append(title.ljust(22) + "".join(cells))
    lines += [f"{tool}: {one['failed']}" for tool, one in results.items() if "failed" in one]
    return "\n".join(line.rstrip() for line in lines)


def main() -> None:
    given = arguments()
    print(f"{platform.platform()}, Python {platform.python_version()}", flush=True)
    everything = {}
    for table in given.tables:
        if not TABLES[table].file.exists():
            print(f"{table}: {TABLES[table].file} is not there", flush=True)
            continue
        results: dict[str, dict[str, Any]] = {}
        with tempfile.TemporaryDirectory() as folder:
            names = write_cases(table, given.splits, Path(folder))
            for tool in given.tools:
                found = found_by(tool, given, table, Path(folder), names)
                results[tool] = found if "failed" in found else judged(found, given.splits)
        everything[table] = results
        print(f"\n{told(table, results)}\n", flush=True)
    if given.json:
        given.json.write_text(json.dumps(everything, indent=1))


if __name__ == "__main__":
    main()
