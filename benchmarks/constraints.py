"""finsim's rule check beside numpy, polars, DuckDB, pandera and Great Expectations, and beside reading alone.

Run: ``pip install -e ".[bench]"``, then ``python benchmarks/constraints.py [--rows 1e6 1e7]``. Great
Expectations is run up to 10^6 rows unless it is named in ``--engines``.

The pack has 20 rules on payments and loans (constraint_peers/payments.yaml): 16 see one row, 4 the rows
before it. Every engine runs in a process of its own with one thread, on the same table: labels as text and
times in microseconds (``--form``), in the engine's own kind of table, which is made before the clock starts;
a first check of 1,000 rows comes before it too (last column: compilation is in it, imports are not). CPU
seconds are the best of 9 (of 3 above 1 s, of one above 20 s).
Extra memory is the peak of the first check above what was in use before. Lines are those of the rules that a
user writes. The bound is the time in which one thread reads the columns that the rules need.

Besides the rules, finsim looks for empty cells in all columns, names the first rows that break a rule, and
finds out itself that rows are sorted; peers marked "by hand for sorted rows" take that for granted.

The number of breaches of every rule must be the same by all engines, else the exit status is 1.
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

import pyarrow as pa
from constraint_peers import show
from constraint_peers.engines import ENGINES, Engine, Runner
from constraint_peers.finsim_peer import bytes_read
from constraint_peers.payments import FORMS, payments


def write(rows: int, path: Path, form: str) -> pa.Schema:
    table = payments(rows, form=form)
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, table.schema) as writer:
        writer.write_table(table)
    return table.schema


def arguments() -> argparse.Namespace:
    names = [engine.name for engine in ENGINES]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rows", type=float, nargs="+", default=[1e6, 1e7])
    parser.add_argument(
        "--form", choices=FORMS, default="text", help="of labels and times; as people have them"
    )
    parser.add_argument("--engines", nargs="+", choices=names, default=[], help="only these, at any size")
    parser.add_argument("--skip", nargs="+", choices=names, default=[])
    parser.add_argument("--limit", type=float, default=900, help="seconds a process may take")
    parser.add_argument("--json", type=Path, help="write all results to this file")
    return parser.parse_args()


def chosen(given: argparse.Namespace, rows: int) -> list[Engine]:
    """Return the engines for a table of this size."""
    wanted = [engine for engine in ENGINES if engine.name not in given.skip]
    if given.engines:
        return [engine for engine in wanted if engine.name in given.engines]
    return [engine for engine in wanted if rows <= engine.most]


def measured(
    runner: Runner, path: Path, sequences: bool, engines: list[Engine]
) -> tuple[float | None, dict[str, dict[str, Any]]]:
    """Return what compiling finsim's kernels took (when it was done now) and what each engine needed."""
    compiling = None
    if any(engine.module == "finsim_peer" for engine in engines) and not runner.cache(sequences).exists():
        compiling = runner.run("finsim_peer", path, sequences, {}, only_start=True).get("start")
    found = {}
    for engine in engines:
        if engine.differs and not sequences:
            continue
        one = runner.run(engine.module, path, sequences, engine.options)
        found[engine.name] = one
        shown = {name: one[name] for name in ("cpu", "repeats", "whole", *show.EXCUSES) if name in one}
        print(f"  {engine.name}, {show.rule_count(sequences)} rules: {shown}", file=sys.stderr, flush=True)
    return compiling, found


def load() -> str:
    """Return how busy the machine is: wall clocks of two threads mean little when others work too."""
    if not hasattr(os, "getloadavg"):
        return ""
    return f" (load {os.getloadavg()[1]:.1f} on {os.cpu_count()} processors)"


def compared(
    runner: Runner, rows: int, speed: float, engines: list[Engine], form: str
) -> list[dict[str, Any]]:
    """Print and return the results of one table."""
    path = runner.place / "payments.arrow"
    print(f"{rows:,} rows", file=sys.stderr, flush=True)
    schema, results = write(rows, path, form), []
    for sequences in (False, True):
        compiling, found = measured(runner, path, sequences, engines)
        width = bytes_read(schema, sequences)
        one = {"rows": rows, "rules": show.rule_count(sequences), "width": width, "load": load(),
               "bound": speed * 1e3 / width, "compiling": compiling, "found": found}  # fmt: skip
        print(f"\n{show.text(one)}\n", flush=True)
        results.append(one)
    return results


def main() -> None:
    given = arguments()
    results: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        runner = Runner(Path(folder), max(given.limit, 60.0))  # reading alone needs some seconds
        reading = runner.run("bandwidth", Path(), False, {})
        speed = reading["speed"]
        runner.limit = given.limit
        print(f"{platform.platform()}, Python {platform.python_version()}")
        gains = f"reads {reading['gain']:.2f} and reckons {reading['reckoning']:.2f} times as fast"
        print(f"one thread reads {speed:.1f} GB/s; a pair of threads {gains}")
        for rows in map(int, given.rows):
            results += compared(runner, rows, speed, chosen(given, rows), given.form)
    print(show.versions(results))
    if given.json:
        given.json.write_text(json.dumps({**reading, "results": results}, indent=1))
    wrong = [line for one in results for line in show.differences(one)]
    if wrong:
        sys.exit("\n".join(["", "THE ENGINES DO NOT AGREE, or did not finish:", *wrong]))
    print("all engines counted the same breaches of every rule they check")


if __name__ == "__main__":
    main()
