"""``RunFolder``: the manifest, scorecard and tables of a run as the page needs them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from finsim import documents
from finsim.evaluation.scorecard import Scorecard
from finsim.provenance.manifest import parse_manifest, plain
from finsim.records.run_layout import scenarios_of, table_file
from finsim.records.storage import canonical_json
from finsim.report.colors import SERIES

WORLDS = ("market", "transactions", "credit")
PAGE = "report.html"
# What the page's own writing changes in a manifest; it may not depend on it.
_UNSTABLE = ("sha256", "audit", "files")


@dataclass(frozen=True)
class RunFolder:
    """A run: its folder, the stable part of its manifest, and its scorecard (None: not judged)."""

    path: Path
    manifest: Mapping[str, Any]
    scorecard: Mapping[str, Any] | None

    @cached_property
    def study(self) -> Mapping[str, Any]:
        """The resolved study."""
        study: Mapping[str, Any] = self.manifest.get("study", {}).get("resolved", {})
        return study

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """The scenarios in the order of the study."""
        return scenarios_of(self.manifest)

    @cached_property
    def base(self) -> str:
        """The unstressed scenario, to which the others are compared."""
        judged = self.manifest.get("scores", {}).get("judged_scenario")
        if judged in self.labels:
            return str(judged)
        return "base" if "base" in self.labels else (self.labels or ("base",))[0]

    @property
    def stressed(self) -> tuple[str, ...]:
        """All scenarios but the base."""
        return tuple(label for label in self.labels if label != self.base)

    def colour(self, label: str) -> str:
        """Return the colour of a scenario, the same in every figure."""
        others = self.stressed
        return "base" if label not in others else SERIES[1 + others.index(label) % (len(SERIES) - 1)]

    def form(self, label: str) -> str:
        """Return the line form of a scenario, so that no colour is needed to tell it."""
        others = self.stressed
        return "line" if label not in others else ("dash", "dashdot", "dots")[others.index(label) % 3]

    def facts(self, world: str, label: str) -> Mapping[str, Any]:
        """Return what the run noted about one world under one scenario."""
        found: Mapping[str, Any] = self.scores("facts").get(f"{world}/{label}", {})
        return found

    def scores(self, part: str) -> Mapping[str, Any]:
        """Return a part of the manifest's scores: verdicts, measures, expectations or facts."""
        found: Mapping[str, Any] = self.manifest.get("scores", {}).get(part, {}) or {}
        return found

    def title_of(self, label: str) -> str:
        """Return the title of a scenario, or its name."""
        return str(self.manifest.get("scenarios", {}).get(label, {}).get("title") or label)

    def has(self, world: str, name: str, label: str | None = None) -> bool:
        """Tell whether a table is there."""
        return self.parquet(world, label or self.base, name).is_file()

    def table(
        self, world: str, label: str, name: str, columns: Sequence[str] | None = None, filters: Any = None
    ) -> pa.Table:
        """Read one table, or some of its columns."""
        file = self.parquet(world, label, name)
        return pq.read_table(
            file.absolute(), columns=None if columns is None else list(columns), filters=filters
        )

    def columns(self, world: str, label: str, name: str) -> list[str]:
        """Return the names of a table's columns, without reading its rows."""
        return list(pq.read_schema(self.parquet(world, label, name).absolute()).names)

    def batches(self, world: str, label: str, name: str, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """Yield some columns of a table, batch by batch."""
        with pq.ParquetFile(self.parquet(world, label, name).absolute()) as file:
            yield from file.iter_batches(columns=list(columns))

    def parquet(self, world: str, label: str, name: str) -> Path:
        """Return the file of one table."""
        return table_file(self.path, f"driver_{name}" if world == "drivers" else name, label)

    def rows(self, world: str) -> int:
        """Return the rows of a world over all scenarios, from the manifest."""
        return int(self.manifest.get("cost", {}).get("rows", {}).get(world, 0))

    def why_absent(self, world: str, name: str) -> str:
        """Return in one sentence why a world's table is not there."""
        if not self.study.get(world):
            return f"This study has no {world} part, so there is nothing to show here."
        file = self.parquet(world, self.base, name).relative_to(self.path).as_posix()
        return f"{file} is not in the run folder, so there is nothing to show here."

    def input_file(self, role: str) -> tuple[Path | None, str]:
        """Return the input of a role if it is still readable here, and why not otherwise."""
        for item in self.manifest.get("inputs", ()):
            if item.get("role") != role:
                continue
            name = str(item["path"])
            if name.startswith("shipped:"):
                path = documents.shipped("data") / name.removeprefix("shipped:")
            else:
                path = Path(name)
            return (path, "") if path.is_file() else (None, f"the input file {path.name} is not there")
        return None, f"the manifest names no input in the role {role!r}"


def open_folder(run: Path, manifest: Mapping[str, Any] | None) -> RunFolder:
    """Read what describes a run; ``manifest`` stands for manifest.json while that is not written yet.

    Raises ProvenanceError when neither is there or one is damaged.
    """
    data = dict(manifest) if manifest is not None else parse_manifest(run)
    # Through JSON: a manifest in memory and the one on disk must give the same page.
    text = canonical_json(plain({name: item for name, item in data.items() if name not in _UNSTABLE}))
    card = run / "scorecard.json"
    return RunFolder(run, json.loads(text), Scorecard.read(card).to_dict() if card.is_file() else None)
