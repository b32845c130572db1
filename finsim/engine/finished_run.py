"""``Run``: a finished run folder, opened for reading."""

from __future__ import annotations

import json
import webbrowser
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from finsim.engine.study.study_file import ScenarioChoice
from finsim.errors import StudyError, did_you_mean
from finsim.records.paths import Paths, from_table
from finsim.records.portfolio import Portfolio
from finsim.records.storage import read_table
from finsim.records.transactions import Transactions
from finsim.scenarios.expectations import Outcome


@dataclass(frozen=True)
class Run:
    """A finished run: its folder, and its records as objects.

    Raises StudyError when the folder is not a finished run or has no such scenario.

    Example:
        >>> import finsim
        >>> study = finsim.study(credit={"data": "german_credit", "loans": 200, "months": 12, "draws": 5000})
        >>> run = finsim.run(study, output=folder / "mine", progress=False)
        >>> run.scenarios
        ('base',)

    """

    path: Path

    def __post_init__(self) -> None:
        """Check that the run is finished."""
        if not (self.path / "manifest.json").is_file():
            started = (self.path / ".finsim").is_dir()
            raise StudyError(
                "this run is not finished" if started else "this is not a run folder",
                place=str(self.path),
                remedy=f"finsim run --resume {self.path}" if started else "give the folder of `finsim run`",
            )

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """The manifest: inputs, settings, digests, counts, costs."""
        data: dict[str, Any] = json.loads((self.path / "manifest.json").read_text(encoding="utf-8"))
        return data

    @cached_property
    def scorecard(self) -> dict[str, Any]:
        """The scores, as written in scorecard.json."""
        data: dict[str, Any] = json.loads((self.path / "scorecard.json").read_text(encoding="utf-8"))
        return data

    @property
    def digest(self) -> str:
        """The sha256 of the manifest's sections."""
        return str(self.manifest["sha256"])

    @property
    def verdicts(self) -> dict[str, str]:
        """Intended use -> verdict of the scorecard."""
        return {use: item["verdict"] for use, item in self.scorecard["verdicts"].items()}

    @property
    def scenarios(self) -> tuple[str, ...]:
        """The names of the run's scenarios in the study's order; the first is the default of every reader."""
        return tuple(choice.label for choice in self.choices)

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

    def folder(self, world: str, scenario: str | None = None) -> Path:
        """Return the folder of one world under one scenario (default: the first)."""
        name = scenario or self.scenarios[0]
        path = self.path / world / name
        if not path.is_dir():
            remedy = did_you_mean(name, self.scenarios) if name not in self.scenarios else ""
            raise StudyError(f"no {world} tables for {name!r}", place=str(self.path), remedy=remedy)
        return path

    @property
    def transactions(self) -> Transactions:
        """The transactions of the first scenario."""
        return self.transactions_of()

    def transactions_of(self, scenario: str | None = None) -> Transactions:
        """Return the transactions, accounts and scheme instances of a scenario."""
        folder = self.folder("transactions", scenario)
        names = ("transactions", "accounts", "patterns")
        return Transactions(*(read_table(folder / f"{name}.parquet") for name in names))

    @property
    def paths(self) -> Paths:
        """The market paths of the first scenario."""
        return self.paths_of()

    def paths_of(self, scenario: str | None = None) -> Paths:
        """Return the market paths of a scenario."""
        return from_table(read_table(self.folder("market", scenario) / "bars.parquet"))

    @property
    def portfolio(self) -> Portfolio:
        """The loan book of the first scenario."""
        return self.portfolio_of()

    def portfolio_of(self, scenario: str | None = None) -> Portfolio:
        """Return the loan book, month panel and loss distribution of a scenario."""
        folder = self.folder("credit", scenario)
        losses = read_table(folder / "losses.parquet")["loss"].to_numpy()
        loans, months = (read_table(folder / f"{name}.parquet") for name in ("loans", "months"))
        return Portfolio(loans, months, np.asarray(losses, dtype=np.float64))

    def report(self, *, show: bool = True) -> Path:
        """Return the path of report.html, and open it in the browser unless ``show`` is False."""
        page = self.path / "report.html"
        if show:
            webbrowser.open(page.resolve().as_uri())
        return page

    def __repr__(self) -> str:
        """Return folder, scenarios and row counts."""
        outputs = self.manifest.get("outputs", [])
        counts = ", ".join(f"{item['path']}: {item['rows']:,}" for item in outputs[:12])
        return f"Run({str(self.path)!r}, scenarios={list(self.scenarios)})\n{counts}"


def open_run(path: str | Path) -> Run:
    """Open a finished run.

    Args:
        path: folder of the run.

    Returns:
        The Run, with its records as objects.

    Raises:
        StudyError: when the folder is not a finished run.

    Example:
        >>> import finsim
        >>> study = finsim.study(credit={"data": "german_credit", "loans": 200, "months": 12, "draws": 5000})
        >>> run = finsim.run(study, output=folder / "opened", progress=False)
        >>> finsim.open_run(folder / "opened").scenarios
        ('base',)

    """
    given: object = path
    if not isinstance(given, str | Path):
        raise StudyError(
            f"{type(given).__name__} {given!r:.60}",
            place="open_run: path",
            expected="the folder of a run",
            remedy="write 'runs/mine'",
        )
    return Run(Path(path))
