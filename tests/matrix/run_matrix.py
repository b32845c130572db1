"""Other Pythons and the lowest versions: ``python tests/matrix/run_matrix.py [COLUMN ...]``.

Each column is an environment under ``build/matrix``, with all extras but ``learn`` (its torch is gigabytes
for each). In it the tests of the rooms below run, warnings as errors, and a study whose tables must hold the
same values as here: bytes differ between Parquet writers. A Python that is not here is named and skipped.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "matrix"
EXTRAS = ".[evaluate,report,graph,markets,credit,repair,db,sign,cluster,remote]"
TOOLS = ("pytest", "hypothesis", "polars", "jsonschema", "statsmodels")
ROOMS = (
    *("tests/records", "tests/scenarios", "tests/credit", "tests/exports"),
    *("tests/markets/test_index_figures.py", "tests/agents/test_people_and_prices.py"),
)
STUDY = "tests/bare/study.yaml"


@dataclass(frozen=True)
class Column:
    """One environment: a Python, and which versions of what the package names directly."""

    name: str
    python: str
    resolution: str


COLUMNS = (
    Column("lowest", "3.11", "lowest-direct"),
    Column("newest-3.12", "3.12", "highest"),
    Column("newest-3.13", "3.13", "highest"),
)


def main() -> int:
    """Run the columns that are named, all when none is; return how many of them failed."""
    wanted = sys.argv[1:] or [column.name for column in COLUMNS]
    here = values(finished_run("here", Path(sys.executable).with_name("finsim")))
    failed = 0
    for column in COLUMNS:
        if column.name in wanted:
            said = tried(column, here)
            failed += said.startswith("fails")
            print(f"{column.name:12} {said}", flush=True)
    return failed


def tried(column: Column, here: dict[str, str]) -> str:
    """Return what a column says: passes, fails with a reason, or why it was not tried."""
    python = shutil.which(f"python{column.python}")
    if python is None:
        return f"not tried: no python{column.python} on this machine"
    folder = BUILD / column.name
    if not (folder / "made").exists():
        shutil.rmtree(folder, ignore_errors=True)
        if subprocess.run([python, "-m", "venv", str(folder)], capture_output=True).returncode:
            return f"not tried: python{column.python} makes no environment"
        pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "-q", "uv"]
        subprocess.run(pip, check=True, capture_output=True)
        install = [
            str(folder / "bin" / "uv"),
            "pip",
            "install",
            "-q",
            "--python",
            str(folder / "bin" / "python"),
        ]
        links = [f"--find-links={one}" for one in os.environ.get("PIP_FIND_LINKS", "").split()]
        for what in (["--resolution", column.resolution, EXTRAS], list(TOOLS)):
            made = subprocess.run([*install, *links, *what], cwd=ROOT, capture_output=True, text=True)
            if made.returncode:
                return f"not tried: {made.stderr.strip().splitlines()[-1]}"
        (folder / "made").touch()
    there = values(finished_run(column.name, folder / "bin" / "finsim"))
    unequal = sorted(name for name in here.keys() | there.keys() if here.get(name) != there.get(name))
    if unequal:
        return f"fails: other values in {', '.join(unequal)}"
    command = [
        str(folder / "bin" / "python"),
        "-m",
        "pytest",
        "-m",
        "not slow",
        "-p",
        "no:cacheprovider",
        *ROOMS,
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=clean())
    last = (done.stdout.strip().splitlines() or ["nothing was run"])[-1]
    return f"{'fails' if done.returncode else 'passes'}: {last}; {len(here)} tables of the same values"


def clean() -> dict[str, str]:
    """Return the environment with this tree before what is installed."""
    return {**os.environ, "PYTHONPATH": str(ROOT)}


def finished_run(name: str, finsim: Path) -> Path:
    """Return the folder of a run of the study by one environment."""
    folder = BUILD / "runs" / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    command = [str(finsim), "run", str(ROOT / STUDY), "-o", str(folder), "--quiet"]
    subprocess.run(command, check=True, capture_output=True, env=clean())
    return folder


def values(run: Path) -> dict[str, str]:
    """Return the SHA-256 of the values of each table of a run, whatever its bytes."""
    found = {}
    for path in sorted(run.rglob("*.parquet")):
        if ".finsim" in path.parts:
            continue
        table = pq.read_table(path).unify_dictionaries()
        text = "\n".join(repr(column.to_pylist()) for column in table.columns)
        found[str(path.relative_to(run))] = hashlib.sha256(text.encode()).hexdigest()
    return found


if __name__ == "__main__":
    sys.exit(main())
