"""Rows of the training table drawn with replacement: the baseline that copies and says so."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from finsim.errors import FitError
from finsim.generators.generator import Budget, FitReport, Progress, State
from finsim.generators.settings_parsing import read_settings, write_settings
from finsim.generators.tables.column_facts import ColumnFacts, check_given, check_table, facts_of
from finsim.generators.tables.row_batches import in_batches
from finsim.generators.tables.table_generator import Cell
from finsim.randomness import Streams
from finsim.records.mixed_table import MixedColumn, MixedTable


class ResampleRows:
    """Every row that comes out is a row of the training table: nothing is new and nothing is private.

    Given cells choose among the rows that have them; where no row has all of them they are written over
    the cells of rows that have as many as any. Source: Efron 1979 (the bootstrap).
    """

    name: ClassVar[str] = "resample_rows"
    copies: ClassVar[bool] = True

    @dataclass(frozen=True)
    class Settings:
        """batch : rows that are drawn together; part of the bytes."""

        batch: int = 8_192

    def __init__(self, settings: Settings, rows: MixedTable, report: FitReport) -> None:
        """Hold the rows of the training table."""
        self.settings, self.rows, self.report = settings, rows, report
        self.facts = facts_of(rows)

    @classmethod
    def refuse(cls, data: MixedTable, settings: Settings) -> None:
        """Raise FitError for a table without rows or columns, and for an empty batch."""
        check_table(data, 2)
        if settings.batch < 1:
            raise FitError(f"batch is {settings.batch}", place="settings.batch", expected="at least 1")

    @classmethod
    def fit(
        cls, data: MixedTable, settings: Settings, streams: Streams, budget: Budget, progress: Progress
    ) -> Self:
        """Store the rows; nothing random happens here."""
        cls.refuse(data, settings)
        started = time.process_time()
        progress(1.0, f"{data.rows} rows are kept as they are")
        return cls(settings, data, FitReport(cpu_seconds=time.process_time() - started))

    def sample(
        self, count: int, streams: Streams, first: int = 0, given: Mapping[str, Cell] | None = None
    ) -> MixedTable:
        """Return copies of rows; see the contract."""
        cells = check_given(given, self.facts)
        fixed = {name: self.facts[name].column(cell, self.settings.batch) for name, cell in cells.items()}
        fits = np.zeros(self.rows.rows, dtype=np.int64)
        for name, column in fixed.items():
            mine = self.rows[name].values
            fits += (mine == column.values[0]) | (self.rows[name].missing() & column.missing()[0])
        among = np.flatnonzero(fits == fits.max())

        def make(number: int) -> MixedTable:
            rng = streams.at("rows", number)
            return self.rows.take(among[rng.integers(0, len(among), self.settings.batch)]).with_columns(fixed)

        return in_batches(count, first, self.settings.batch, make)

    def state(self) -> State:
        """Return the cells of every column, their facts and the settings."""
        arrays = {f"cells.{index}": one.values for index, one in enumerate(self.rows.columns.values())}
        columns = [{"name": name, **one.to_dict()} for name, one in self.facts.items()]
        return State(arrays, {"settings": write_settings(self.settings), "columns": columns})

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Restore the rows; raises FitError when columns have different lengths."""
        columns: dict[str, MixedColumn] = {}
        for index, data in enumerate(_listed(state.facts["columns"])):
            facts = ColumnFacts.from_dict(data)
            values = state.arrays[f"cells.{index}"]
            columns[str(data["name"])] = MixedColumn(facts.kind, values, facts.words, facts.step)
        lengths = {len(column) for column in columns.values()}
        if len(lengths) != 1:
            raise FitError("the columns have different lengths", place="resample_rows")
        settings = read_settings(cls, state.facts["settings"])
        return cls(settings, MixedTable(columns, lengths.pop()), FitReport())


def _listed(columns: Any) -> list[dict[str, Any]]:
    return list(columns)
