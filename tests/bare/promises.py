"""What the bare core promises, run verb by verb: ``python tests/bare/promises.py RUN [--blocked]``.

RUN is the folder of a finished run of ``study.yaml`` beside this file. ``--blocked`` hides the packages of
the extras in an installation that has them; without it they must not be there.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

# The core alone: what no extra may be needed for. Kept apart from finsim/extras.py, which a test compares.
HEAVY = (
    "torch",
    "safetensors",
    "scipy",
    "sklearn",
    "jinja2",
    "markupsafe",
    "matplotlib",
    "networkx",
    "duckdb",
    "cryptography",
    "distributed",
    "fsspec",
    "dask",
)
HEAVY += ("statsmodels", "polars")


class Hidden:
    """A finder that says of some packages that they are not installed."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self.names = names

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        if name.split(".")[0] in self.names:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


def answer(*words: str) -> tuple[int, str]:
    """Return the exit code of a command and all that it printed."""
    from finsim.cli.main import main

    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        try:
            main(list(words))
        except SystemExit as end:
            return int(end.code or 0), said.getvalue()
    raise AssertionError("the command did not exit")


def promised(run: str, data: str) -> Iterator[tuple[str, ...]]:
    """Yield the commands that work without any extra; some use what those before them wrote."""
    from finsim.exports import DOCUMENTS

    bars = os.path.join(data, "wiki_aapl_ibm_2000_2013.csv.gz")
    yield ("list",)
    yield ("simulate", "--accounts", "300", "--days", "10", "-o", "world", "-q")
    yield ("simulate", "--accounts", "300", "--days", "10", "--scenario", "gfc-2008", "-o", "stressed", "-q")
    yield ("check", "world", "--rules", "retail-tx")
    yield ("check", bars, "--rules", "ohlcv", "--repair", "-o", "clean.parquet")
    yield ("check", bars, "--rules", "ohlcv", "--explain", "1")
    yield ("rules", "lint", "ohlcv")
    yield ("rules", "docs", "ohlcv", "-o", "ohlcv.md")
    yield ("plan", bars)
    yield ("new", "study.yaml")
    yield ("new", "schema", bars, "-o", "bars.schema.yaml")
    yield ("schema", "study")
    yield ("schema", "rules", "-o", "rules.schema.json")
    yield ("verify", run)
    yield ("show", run)
    yield ("compare", run, run)
    yield ("trace", run, "transactions", "0")
    for name in DOCUMENTS:
        yield ("export", run, "--as", name, "-o", "handover")
    for name in ("amlworld", "handbook", "graphml", "pyg"):
        yield ("export", "world", "--as", name, "-o", "rows")
    for name in ("backtesting", "vectorbt", "skfolio", "csv"):
        yield ("export", bars, "--as", name, "-o", "bars")


def refused(data: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield commands that need an extra, each with the pip line that must answer it."""
    bars = os.path.join(data, "wiki_aapl_ibm_2000_2013.csv.gz")
    yield "markets,learn,credit,evaluate,report", ("run", "quickstart", "-o", "run")
    yield "markets,learn,credit,evaluate,report", ("plan", "quickstart", "--scale", "0.5")
    yield (
        "markets,learn,credit,evaluate,report",
        ("stress", "quickstart", "--scenario", "gfc-2008", "-o", "s"),
    )
    yield "report", ("run", str(Path(__file__).with_name("study.yaml")), "-o", "run")
    yield "markets,learn", ("fit", bars, "-o", "model")
    yield "markets", ("fit", bars, "--generator", "bootstrap", "-o", "model")
    yield "evaluate", ("evaluate", bars, bars)
    yield "report", ("report", sys.argv[1])
    yield "db", ("check", bars, "--rules", "ohlcv", "--repair", "-o", "clean.duckdb")
    yield "db", ("export", "world", "--as", "duckdb", "-o", "database")


def main() -> int:
    """Run every command in an empty folder; say each that fails, and how many passed."""
    run = sys.argv[1] = str(Path(sys.argv[1]).absolute())
    if "--blocked" in sys.argv:
        sys.meta_path.insert(0, Hidden(HEAVY))
    else:
        assert not [name for name in HEAVY if find_spec(name)], "this is not the bare core"
    from finsim import documents

    data, failures, count = str(documents.shipped("data")), [], 0
    os.chdir(tempfile.mkdtemp())
    for words in promised(run, data):
        code, said = answer(*words)
        count += 1
        if code != 0:
            failures.append(f"{' '.join(words)}: exit {code}\n{said[-800:]}")
    before = sorted(os.listdir())
    for extras, words in refused(data):
        code, said = answer(*words)
        count += 1
        if code != 2 or f'pip install "finsim[{extras}]"' not in said or "Traceback" in said:
            failures.append(f"{' '.join(words)}: exit {code}, expected the line of {extras}\n{said[-800:]}")
    if sorted(os.listdir()) != before:
        failures.append(f"a refused command left {set(os.listdir()) - set(before)}")
    print("\n".join(failures))
    print(f"{count - len(failures)} passed, {len(failures)} failed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
