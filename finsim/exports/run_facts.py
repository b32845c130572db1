"""``RunFacts``: what every export is given of a finished run; it adds nothing to the run's own files."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from finsim.records.run_layout import ROW_OF, WORLD_OF, place_of, scenarios_of

PURL = "pkg:pypi/finsim"
WORLD_OF_ROLE = {"prices": "market", "loans": "credit", "payments": "transactions"}
"""Role of an input -> the world that learns from it."""
STEPS = {"market": "sample market paths", "transactions": "simulate payments", "credit": "simulate loans"}
"""World -> the step that makes its tables."""


@dataclass(frozen=True)
class Prices:
    """What a user says that things cost: one real record, one CPU hour, in ``currency`` ("" : not said)."""

    record: float | None = None
    cpu_hour: float | None = None
    currency: str = ""


@dataclass(frozen=True)
class TableFile:
    """One table of a run under one scenario: path inside the run, sha256, rows and bytes."""

    name: str
    scenario: str
    path: str
    sha256: str
    rows: int
    bytes: int

    @property
    def world(self) -> str:
        """The world that the table belongs to."""
        return WORLD_OF[self.name]

    @property
    def row(self) -> str:
        """What a row of the table is."""
        return ROW_OF[self.name][1]


@dataclass(frozen=True)
class RunFacts:
    """A finished run as plain data: folder, manifest, scorecard, start, and where the export will lie.

    ``started`` is the time of the log's first entry, ``sealed`` the hash of its seal, which binds the
    manifest; "" when there is none.
    """

    path: Path
    manifest: Mapping[str, Any]
    scorecard: Mapping[str, Any]
    started: str = ""
    output: Path = Path()
    prices: Prices = field(default_factory=Prices)
    sealed: str = ""

    @property
    def study(self) -> Mapping[str, Any]:
        """The resolved study."""
        found: Mapping[str, Any] = self.manifest["study"].get("resolved", self.manifest["study"])
        return found

    @property
    def id(self) -> str:
        """The id of the study."""
        return str(self.study.get("id") or "finsim-run")

    @property
    def title(self) -> str:
        """The title of the study, its id when it has none."""
        return str(self.study.get("title") or self.id)

    @property
    def version(self) -> str:
        """The version of finsim that made the run."""
        return str(self.manifest["environment"]["versions"]["finsim"])

    @property
    def producer(self) -> str:
        """The finsim that made the run, as a package URL."""
        return f"{PURL}@{self.version}"

    @property
    def uuid(self) -> str:
        """An UUID that follows from the manifest alone: the same run has the same."""
        return str(uuid5(NAMESPACE_URL, f"urn:finsim:run:{self.manifest['sha256']}"))

    @property
    def scenarios(self) -> tuple[str, ...]:
        """The scenarios in the order of the study."""
        return scenarios_of(self.manifest)

    @property
    def tables(self) -> tuple[TableFile, ...]:
        """The tables of the run, in the order of the data card and of the study's scenarios."""
        found = [
            TableFile(*place_of(item["path"]), item["path"], item["sha256"], item["rows"], item["bytes"])
            for item in self.manifest["outputs"]
            if place_of(item["path"])[0]
        ]
        tables, labels = list(ROW_OF), list(self.scenarios)
        return tuple(sorted(found, key=lambda one: (tables.index(one.name), labels.index(one.scenario))))

    @property
    def worlds(self) -> tuple[str, ...]:
        """The worlds that the run has tables of, without the drivers."""
        return tuple(world for world in STEPS if any(table.world == world for table in self.tables))

    @property
    def judged(self) -> str:
        """The scenario whose tables the scorecard is about."""
        return str(self.manifest["scores"].get("judged_scenario") or (self.scenarios or ("",))[0])

    @property
    def scores(self) -> Sequence[Mapping[str, Any]]:
        """The scores of the scorecard."""
        return list(self.scorecard.get("scores", ()))

    @property
    def verdicts(self) -> Mapping[str, Mapping[str, Any]]:
        """Intended use -> verdict, reasons and counts."""
        return dict(self.scorecard.get("verdicts", {}))

    def models(self, world: str = "") -> list[Mapping[str, Any]]:
        """Return the fitted models of a world, or all of them."""
        return [item for item in self.manifest["models"] if world in ("", item["world"])]

    def inputs(self, world: str = "") -> list[Mapping[str, Any]]:
        """Return the data files that a world learned from, or all inputs of the run."""
        if not world:
            return list(self.manifest["inputs"])
        known = {sha256 for model in self.models(world) for sha256 in model.get("inputs", ())}
        return [
            item
            for item in self.manifest["inputs"]
            if WORLD_OF_ROLE.get(item["role"]) == world or item["sha256"] in known
        ]


def name_of(item: Mapping[str, Any]) -> str:
    """Return what an input is called outside this machine: its file name, not the path to it."""
    return Path(str(item["path"]).removeprefix("shipped:")).name


def as_json(data: Any) -> str:
    """Return readable JSON in the order in which the data were built."""
    return json.dumps(data, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
