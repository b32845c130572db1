"""Mutated files through the public API: accepted and right, or refused with place and remedy; nothing else.

Run: ``python benchmarks/mutated_files.py [--kind KIND ..] [--count N] [--first N] [--seed S] [--only NUMBER]
[--keep DIR]``.

Kinds: studies (``plan``, a share run), scenarios (loaded, compiled, measured; a share simulated, stressed),
narratives (simulated; a share through ``narrative_check``), rules, schemas (with a small table), tables
(bytes of text, packed text, Parquet and Arrow), models (card edited and signed again, bytes of weights), runs
(finished ones verified, stopped ones continued). A file is made from its kind, the seed and its number alone:
``--only`` does one of them again, ``--keep`` keeps the files with faults.

Faults: an exception that is none of finsim's; a refusal without place or remedy; a warning of any kind; more
than 5 CPU seconds; what was accepted and is not right (counts of schemes, tables of continued runs, values
that are no numbers).
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "tests")]

from file_mutations.binaries import Models, Runs, Tables  # noqa: E402
from file_mutations.documents import Documents  # noqa: E402
from file_mutations.watch import begin, watched  # noqa: E402

KINDS = ("study", "scenario", "narrative", "rules", "schema", "table", "model", "run")
SHOWN = 60


def subject(kind: str, folder: Path) -> Any:
    """Return what writes and uses the files of a kind."""
    others = {"table": Tables, "model": Models, "run": Runs}
    return others[kind](folder) if kind in others else Documents(kind, folder)


def of_kind(kind: str, numbers: range, seed: int, keep: Path | None) -> tuple[Counter[str], Counter[str]]:
    """Use mutated files of one kind; print the row of the table, return endings and faults."""
    folder = Path(tempfile.mkdtemp(prefix=f"mutated-{kind}-"))
    os.chdir(folder)
    endings: Counter[str] = Counter()
    faults: Counter[str] = Counter()
    try:
        source = subject(kind, folder)
        started, slowest = time.process_time(), 0.0
        for number in numbers:
            rng = random.Random(f"{kind}-{seed}-{number}")
            path = source.write(rng)
            end = watched(lambda path=path, rng=rng: source.use(path, rng))
            endings[end.word] += 1
            slowest = max(slowest, end.seconds)
            for fault in {_alike(one, folder) for one in end.faults}:
                faults[fault] += 1
                if faults[fault] == 1:
                    print(f"  {kind} {number}: {fault}", flush=True)
                    _keep(path, keep, f"{kind}-{number}")
            shutil.rmtree(folder / "run", ignore_errors=True)
            _remove(path)
        spent = time.process_time() - started
    finally:
        os.chdir(HERE)
        shutil.rmtree(folder, ignore_errors=True)
    told = ", ".join(f"{count:,} {word}" for word, count in sorted(endings.items()))
    print(f"{kind:10s} {len(numbers):6,} files, {spent:6.0f} CPU s, slowest {slowest:.1f}: {told}; "
          f"{sum(faults.values()):,} faults of {len(faults):,} sorts", flush=True)  # fmt: skip
    return endings, faults


def _alike(fault: str, folder: Path) -> str:
    """Return a fault without what differs from file to file."""
    return fault.replace(str(folder), "").replace("\n", " | ")[:400]


def _keep(path: Path, keep: Path | None, name: str) -> None:
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            shutil.copytree(path, keep / name, dirs_exist_ok=True)
        else:
            shutil.copy(path, keep / f"{name}-{path.name}")


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kind", nargs="+", choices=KINDS, default=list(KINDS))
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", type=int)
    parser.add_argument("--keep", type=Path)
    asked = parser.parse_args()
    begin()
    numbers = range(asked.first, asked.first + asked.count)
    numbers = numbers if asked.only is None else range(asked.only, asked.only + 1)
    wrong: Counter[str] = Counter()
    keep = None if asked.keep is None else asked.keep.resolve()
    for kind in asked.kind:
        wrong += of_kind(kind, numbers, asked.seed, keep)[1]
    for fault, count in wrong.most_common(SHOWN):
        print(f"{count:6,}  {fault}")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
