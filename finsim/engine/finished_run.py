"""``Run``: a finished run folder, opened for reading."""

from __future__ import annotations

import webbrowser
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from finsim.call_errors import public
from finsim.engine.run_tables import RunTables
from finsim.engine.study.study_file import ScenarioChoice
from finsim.errors import FinsimError, ProvenanceError, StudyError, did_you_mean
from finsim.evaluation.scorecard import Scorecard
from finsim.file_kinds import unlike_a_run
from finsim.provenance.manifest import parse_manifest
from finsim.provenance.verifying.manifest_shape import misfits
from finsim.records.display.card import Card, Value, cut_start
from finsim.records.display.fact_words import counted
from finsim.records.display.shown_record import ShownRecord
from finsim.records.parties.party_tables import PARTY_SCHEMAS
from finsim.records.paths import Paths, from_table
from finsim.records.portfolio import Portfolio
from finsim.records.run_layout import WORLD_OF, place_of, scenarios_of, table_file
from finsim.records.storage import read_table
from finsim.records.table import Table
from finsim.records.transaction_files import read_rows
from finsim.records.transactions import PATTERN_SCHEMA, Transactions
from finsim.scenarios.expectations import Outcome


@dataclass(frozen=True, repr=False)
class Run(ShownRecord):
    """A finished run: its folder, and its records as objects; ``len`` and ``head`` are of its list of tables.

    ``url`` is where a run of an object store lies; ``path`` is then its copy on this machine.
    Raises StudyError when the folder is not a finished run or has no such scenario.

    Example:
        >>> import finsim
        >>> run = finsim.open_run("runs/mine")
        >>> run.scenarios
        ('base',)

    """

    path: Path
    url: str = ""

    def __post_init__(self) -> None:
        """Check that the run is finished; a folder as text is taken too."""
        object.__setattr__(self, "path", Path(self.path))
        if not (self.path / "manifest.json").is_file():
            started = (self.path / ".finsim").is_dir()
            found, remedy = unlike_a_run(self.path)
            raise StudyError(
                "this run is not finished" if started else found,
                place=str(self.path),
                expected="" if started else "the folder of a finished run",
                remedy=f"finsim run --resume {self.path}" if started else remedy,
            )

    def __getattr__(self, name: str) -> Any:
        """Raise AttributeError that says how a table of the run is read, or the attribute that was meant."""
        if name.startswith("_") or name == "path":
            raise AttributeError(name)
        if name in self.tables:
            hint = f"read run.tables[{name!r}]"
        else:
            hint = did_you_mean(name, [one for one in dir(type(self)) if not one.startswith("_")])
        raise AttributeError(f"a Run has no {name!r}; {hint}")

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """The manifest: inputs, settings, digests, counts, costs.

        Raises ProvenanceError when it is damaged.
        """
        data = parse_manifest(self.path)
        if wrong := next(misfits(data), ""):
            raise ProvenanceError(
                f"the manifest is damaged: {wrong} is missing or of another type",
                place=str(self.path / "manifest.json"),
                remedy=f"restore it, or write it again: finsim run --resume {self.path}",
            )
        return data

    @cached_property
    def scorecard(self) -> Scorecard:
        """The scores and the verdict of each use, as written in scorecard.json.

        Raises ProvenanceError when it is damaged.
        """
        return Scorecard.read(self.path / "scorecard.json")

    @property
    def place(self) -> str:
        """Where the run lies: its URL, or its folder."""
        return self.url or str(self.path)

    @property
    def digest(self) -> str:
        """The sha256 of the manifest's sections."""
        return str(self.manifest["sha256"])

    @property
    def verdicts(self) -> dict[str, str]:
        """Intended use -> verdict of the scorecard."""
        return {use: item.verdict for use, item in self.scorecard.verdicts().items()}

    @property
    def judged_on(self) -> tuple[str, str] | None:
        """Scenario and folder of the run whose evidence the verdicts are; None where this one was judged.

        A stressed run takes over what its scenario cannot change; it is looked at itself for copies only.
        """
        told = self.manifest["scores"].get("evidence_of")
        return None if told is None else (str(told["label"]), str(told["run"]))

    @property
    def scenarios(self) -> tuple[str, ...]:
        """The names of the run's scenarios in the study's order; the first is the default of every reader."""
        return scenarios_of(self.manifest)

    @cached_property
    def choices(self) -> tuple[ScenarioChoice, ...]:
        """The scenarios as the study chose them, with their severities."""
        study = self.manifest["study"]["resolved"]
        return tuple(ScenarioChoice.model_validate(item) for item in study["scenarios"])

    @property
    def expectations(self) -> tuple[Outcome, ...]:
        """What the files of the run's scenarios claim of themselves, and whether it was met.

        Claims are stated for severity 1 and belong to no other.
        """
        told = self.manifest["scores"].get("expectations", {})
        return tuple(Outcome.from_dict(item) for label in self.scenarios for item in told.get(label, ()))

    def file(self, table: str, scenario: str | None = None) -> Path:
        """Return the Parquet file of one table under one scenario (default: the first)."""
        name = scenario or self.scenarios[0]
        path = table_file(self.path, table, name)
        if not path.is_file():
            if table not in WORLD_OF:
                remedy = did_you_mean(table, list(WORLD_OF))
            else:
                remedy = did_you_mean(name, self.scenarios) if name not in self.scenarios else ""
            raise StudyError(f"no table {table!r} for {name!r}", place=str(self.path), remedy=remedy)
        return path

    @property
    def transactions(self) -> Transactions:
        """The transactions of the first scenario."""
        return self.transactions_of()

    def transactions_of(self, scenario: str | None = None) -> Transactions:
        """Return the transactions of a scenario, with accounts, parties and scheme instances."""
        rows = read_rows((self.file("transactions", scenario), self.file("labels", scenario)))
        accounts, patterns = (read_table(self.file(name, scenario)) for name in ("accounts", "patterns"))
        known = self.tables_of(scenario)
        parties = {name: read_table(self.file(name, scenario)) for name in PARTY_SCHEMAS if name in known}
        return Transactions(rows, accounts, patterns.cast(PATTERN_SCHEMA), **parties)

    @property
    def accounts(self) -> Table:
        """The accounts of the first scenario."""
        return self.tables["accounts"]

    @property
    def patterns(self) -> Table:
        """The scheme instances of the first scenario: one row a scheme."""
        return self.tables["patterns"]

    @property
    def tables(self) -> RunTables:
        """The tables of the first scenario by name: ``run.tables["loans"]``; read when asked for."""
        return self.tables_of()

    def tables_of(self, scenario: str | None = None) -> RunTables:
        """Return the tables of a scenario by name; raises StudyError for an unknown scenario."""
        name = scenario or self.scenarios[0]
        if name not in self.scenarios:
            remedy = did_you_mean(name, self.scenarios)
            raise StudyError(f"no scenario {name!r}", place=str(self.path), remedy=remedy)
        return RunTables(self.path, self.manifest["outputs"], name)

    @property
    def paths(self) -> Paths:
        """The market paths of the first scenario."""
        return self.paths_of()

    def paths_of(self, scenario: str | None = None) -> Paths:
        """Return the market paths of a scenario."""
        return from_table(read_table(self.file("bars", scenario)))

    @property
    def portfolio(self) -> Portfolio:
        """The loan book of the first scenario."""
        return self.portfolio_of()

    def portfolio_of(self, scenario: str | None = None) -> Portfolio:
        """Return the loan book, month panel and loss distribution of a scenario."""
        loans, months, losses = (
            read_table(self.file(name, scenario)) for name in ("loans", "months", "losses")
        )
        return Portfolio(loans, months, np.asarray(losses["loss"].to_numpy(), dtype=np.float64))

    def report(self, *, show: bool = True) -> Path:
        """Return the path of report.html, and open it in the browser unless ``show`` is False."""
        page = self.path / "report.html"
        if show:
            webbrowser.open(page.resolve().as_uri())
        return page

    def __len__(self) -> int:
        """Return the number of tables, over all scenarios."""
        return len(self.manifest["outputs"])

    @property
    def columns(self) -> list[str]:
        """The names of the columns of ``head``."""
        return list(self.head(0).columns)

    @public
    def head(self, n: int = 5) -> pd.DataFrame:
        """Return the first ``n`` tables of the run: table, scenario, rows, path."""
        paths = [(item["path"], int(item["rows"])) for item in self.manifest["outputs"]]
        found = [(*place_of(path), rows, path) for path, rows in paths]
        return pd.DataFrame(found, columns=["table", "scenario", "rows", "path"]).head(n)

    def card(self) -> Card:
        """Return study, scenarios, verdicts, tables of the first scenario, and the page.

        A run whose manifest or scorecard cannot be read says so instead.
        """
        try:
            return self._card()
        except (FinsimError, OSError, ValueError, LookupError, TypeError) as bad:
            told = str(bad).splitlines()[0] if str(bad) else type(bad).__name__
            facts = (("folder", cut_start(self.place, 90)), ("unreadable", told))
            return Card(
                f"Run: {self.path.name}", (*facts, ("next", "finsim verify says which files changed"))
            )

    def _card(self) -> Card:
        study = self.manifest["study"]["resolved"]
        verdicts = tuple(f"{use}: {verdict}" for use, verdict in self.verdicts.items())
        if self.judged_on is not None and verdicts:
            verdicts = (*verdicts, f"judged on {' of '.join(self.judged_on)}")
        counts = self.tables.rows()
        rows = tuple(f"{name} {counts[name]:,}" for name in WORLD_OF if name in counts)
        page = self.path / "report.html"
        facts: tuple[tuple[str, Value], ...] = (
            ("folder", cut_start(self.place, 90)),
            ("study", f"{study['id']}, seed {study['seed']}"),
            ("scenarios", self.scenarios),
            ("verdicts", verdicts or "none: nothing was judged"),
            ("rows", rows),
            ("page", cut_start(str(page), 90) if page.is_file() else "none"),
        )
        return Card(f"Run: {self.path.name}", facts, f"{counted(len(self), 'table')} in all scenarios")

    def _first_rows(self) -> pd.DataFrame:
        try:
            return self.head()
        except (FinsimError, OSError, ValueError, LookupError, TypeError):
            return pd.DataFrame()  # the card says what is wrong
