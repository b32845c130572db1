"""What an export is made from: a finished run, the folder of a simulated world, or a file of bars."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from finsim.engine.finished_run import Run
from finsim.errors import Problem, ProvenanceError, StudyError, did_you_mean
from finsim.evaluation.scorecard import Scorecard
from finsim.exports.bars.bar_source import Bars
from finsim.exports.books.book_source import BOOK, EVENTS, BookTables, is_book
from finsim.exports.export_format import Export
from finsim.exports.payments.rows.payment_rows import Choice, Payments
from finsim.markets.prices import read_prices
from finsim.provenance.manifest import read_manifest
from finsim.provenance.outputs import change_in
from finsim.records.parties.party_tables import PARTY_SCHEMAS
from finsim.records.paths import Paths, from_table
from finsim.records.run_layout import PAYMENT_TABLES, run_and_scenario, table_file
from finsim.records.storage import digest_file, digest_text, read_table
from finsim.verbs.handover.fetched import here
from finsim.verbs.handover.open_run import open_run

SCORECARD = "scorecard.json"
REMEDY = "`finsim verify RUN` lists all that was changed"


@dataclass(frozen=True)
class Wanted:
    """What the options say of a data format; None: not said."""

    scenario: str | None = None
    path: int | None = None
    from_date: date | None = None
    as_of: date | None = None
    bank: int | None = None
    prevalence: float | None = None
    instance: int | None = None


@dataclass(frozen=True)
class Handed:
    """What is handed over: its place, the digest that tells it from others, and what only a run has."""

    place: Path
    digest: str
    run: Run | None = None
    manifest: Mapping[str, Any] = field(default_factory=dict)
    scenario: str = ""

    def payments(self, wanted: Wanted, format: Export) -> Payments:
        """Return the payments of a scenario as a format takes them; StudyError where there are none."""
        seed = int(self.manifest["seeds"]["root"]) if self.manifest else 0
        choice = Choice(wanted.as_of, wanted.bank, wanted.prevalence, wanted.instance, seed)
        needed = [name for name in PAYMENT_TABLES if name not in PARTY_SCHEMAS]
        rows, labels, accounts, patterns = (self._file(name, wanted.scenario) for name in needed)
        places = {name: self._place_of(name, wanted.scenario) for name in PARTY_SCHEMAS}
        parties = {name: file for name, file in places.items() if file.is_file()}
        payments = Payments(rows, labels, accounts, patterns, choice, format.label, format.rows, parties)
        payments.refuse()
        return payments

    def bars(self, wanted: Wanted) -> Bars:
        """Return the bars of a scenario, or of the file; raises StudyError where there are none."""
        if self.run is None and self.place.is_file():
            if wanted.scenario is not None:
                raise _no_scenarios()
            paths: Paths = read_prices(self.place)
        else:
            paths = from_table(read_table(self._file("bars", wanted.scenario)))
        bars = Bars(paths, wanted.path, wanted.from_date)
        bars.refuse()
        return bars

    def book(self) -> BookTables:
        """Return the files of a simulated book; StudyError for what is none."""
        if self.run is not None or not is_book(self.place):
            raise StudyError(
                "no book here", place=str(self.place), expected="the folder of `finsim simulate-book -o`",
                remedy="choose another source",
            )  # fmt: skip
        return BookTables(self.place / EVENTS, self.place / BOOK)

    def _file(self, table: str, scenario: str | None) -> Path:
        if self.run is None:
            if scenario is not None:
                raise _no_scenarios()
            file = self.place / f"{table}.parquet"
            if table not in PAYMENT_TABLES or not file.is_file():
                raise _no_table(self.place, table)
            return file
        known = self.run.scenarios
        if scenario is not None and scenario not in known:
            raise StudyError(
                f"no scenario {scenario!r}", place="export: scenario", expected=", ".join(known),
                remedy=did_you_mean(scenario, known),
            )  # fmt: skip
        if not any(item["path"].startswith(f"{table}/") for item in self.manifest["outputs"]):
            raise _no_table(self.place, table)
        return self.run.file(table, scenario or self.scenario or known[0])

    def _place_of(self, table: str, scenario: str | None) -> Path:
        """Return where a table lies that not every world has, whether it is there or not."""
        if self.run is None:
            return self.place / f"{table}.parquet"
        return table_file(self.run.path, table, scenario or self.scenario or self.run.scenarios[0])


def handed(given: str | Path | Run) -> Handed:
    """Open what is handed over: a run, the folder of a simulated world, a file of bars.

    Raises StudyError for what is none of these, ProvenanceError for a run whose manifest was changed.
    """
    local = given if isinstance(given, Run) else Path(here(given, "export: run"))
    place, scenario = (local.path, "") if isinstance(local, Run) else run_and_scenario(local)
    files = [file for name in PAYMENT_TABLES if (file := place / f"{name}.parquet").is_file()]
    if place.is_file() or (files and not (place / "manifest.json").exists()):
        return Handed(place, _digest(files or [place]))
    if is_book(place) and not (place / "manifest.json").exists():
        return Handed(place, _digest([place / EVENTS, place / BOOK]))
    run = local if isinstance(local, Run) else open_run(place)
    manifest = read_manifest(run.path).to_dict()
    return Handed(run.path, manifest["sha256"], run, manifest, scenario)


def _digest(files: list[Path]) -> str:
    return digest_text("".join(f"{file.name} {digest_file(file)}\n" for file in files))


def _no_table(place: Path, table: str) -> StudyError:
    expected = "a run with a market, or a file of bars" if table == "bars" else (
        "a run with payments, or the folder of `finsim simulate -o`"
    )  # fmt: skip
    return StudyError(f"no {table} here", place=str(place), expected=expected, remedy="choose another source")


def _no_scenarios() -> StudyError:
    return StudyError(
        "given for what has no scenarios", place="export: scenario", expected="a run",
        remedy="leave scenario out",
    )  # fmt: skip


def refuse_changed(run: Path, manifest: Mapping[str, Any]) -> None:
    """Raise ProvenanceError where a table or the scorecard is not the one that the manifest names."""
    changes = {item["path"]: change_in(run / item["path"], item) for item in manifest["outputs"]}
    for item in manifest["files"]:
        file = run / item["path"]
        if item["path"] == SCORECARD and (not file.is_file() or digest_file(file) != item["sha256"]):
            changes[item["path"]] = "the file is missing or was changed"
    found = [Problem(f"{run}/{path}", change, "", REMEDY) for path, change in changes.items() if change]
    if found:
        raise ProvenanceError.of(found)


def scorecard_of(run: Path, manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return the scorecard of a run, empty when its manifest names none."""
    if not any(item["path"] == SCORECARD for item in manifest["files"]):
        return {}
    return Scorecard.read(run / SCORECARD).to_dict()
