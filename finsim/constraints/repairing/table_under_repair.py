"""A table under repair: typed columns with changed rows, dropped rows and a new row order."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import replace

import numpy as np
import pyarrow as pa

from finsim.constraints.checking.check_preparation import Session
from finsim.constraints.evaluating.evaluator_interface import World
from finsim.constraints.language.row_order import Order
from finsim.constraints.packs.rule import Rule
from finsim.constraints.tables.arrow_writeback import exchanged, written
from finsim.constraints.tables.group_layout import Arrangement, arrange
from finsim.constraints.tables.nullable_vectors import spread
from finsim.constraints.tables.typed_columns import Source
from finsim.notation import Array, Bool1D, Int1D


class Workpiece:
    """One table of a session under repair.

    ``origin`` is the row that each row was at the start (None: nothing has moved yet). Values are always
    those of the stored type.
    """

    def __init__(self, session: Session, name: str) -> None:
        self.session, self.name = session, name
        self.origin: Int1D | None = None
        self._placed: dict[Order, Arrangement] = {}
        self._deviations: dict[str, float] = {}

    @property
    def source(self) -> Source:
        """The table as typed columns."""
        return self.session.sources[self.name]

    @property
    def table(self) -> pa.Table:
        """The table as it stands."""
        return self.source.table

    def part(self, rows: Int1D | None) -> Workpiece:
        """Return a workpiece of its own with some rows (None: all); the tables beside are shared."""
        session = copy(self.session)
        table = self.table if rows is None else self.table.take(pa.array(rows))
        session.sources = {**session.sources, self.name: session.source(self.name, table)}
        return Workpiece(session, self.name)

    def world(self, rules: Sequence[Rule]) -> World:
        """Return what rules and their repairs see besides the rows."""
        asked = list(rules)
        for rule in rules:
            repair = rule.repair
            if repair is not None:
                nodes = [repair.node] if repair.node is not None else [bound.node for bound in repair.bounds]
                asked += [replace(rule, check=node, when=None, repair=None) for node in nodes]
        return self.session.world(asked, self.source)

    def arrangement(self, order: Order) -> Arrangement:
        """Return the rows in group order; kept until the columns of the order change."""
        if order not in self._placed:
            source = self.source
            group = [source.block(name, slice(None)) for name in order.group]
            by = [source.block(name, slice(None)) for name in order.by] if order.is_sorted else []
            self._placed[order] = arrange(group, by, source.rows)
        return self._placed[order]

    def origins(self, rows: Int1D) -> Int1D:
        """Return which rows they were at the start."""
        return rows if self.origin is None else self.origin[rows]

    def deviation(self, column: str) -> float:
        """Return the standard deviation of a numeric column as it was before the first repair, else 0."""
        if column not in self._deviations:
            self._deviations[column] = _deviation(self.source, column)
        return self._deviations[column]

    def put(self, column: str, rows: Int1D, values: Array) -> None:
        """Write values, none of them null, into some rows of a column."""
        self._changed(column, written(self.source, column, rows, values))

    def exchange(self, column: str, rows: Int1D, cells: pa.Array) -> None:
        """Write Arrow cells (nulls allowed) into some rows of a column, in ascending order of rows."""
        self._changed(column, exchanged(self.source, column, rows, cells))

    def _changed(self, column: str, table: pa.Table) -> None:
        source = self.source
        self.deviation(column)
        own = Source(
            source.name,
            table.select([source.headers[column]]),
            {column: source.columns[column]},
            source.labels,
            {column: source.headers[column]},
            dialect=source.dialect,
        )
        source.table = table
        source.replace(column, own.whole(column))
        self._placed = {
            order: placed for order, placed in self._placed.items() if column not in (*order.group, *order.by)
        }

    def keep(self, rows: Int1D) -> None:
        """Take some rows, in the order given; the others are gone."""
        before = np.arange(self.source.rows) if self.origin is None else self.origin
        self.origin = before[rows]
        for column in self._numeric():
            self.deviation(column)
        table = self.table.take(pa.array(rows))
        self.session.sources = {
            **self.session.sources,
            self.name: self.session.source(self.name, table),
        }
        self._placed = {}

    def _numeric(self) -> list[str]:
        return [name for name in self.source.headers if is_number(self.source, name)]


def is_number(source: Source, column: str) -> bool:
    """Whether moves of a column can be measured."""
    return source.columns[column].type.kind not in ("cat", "id", "bool")


def numbers(source: Source, column: str, rows: Int1D | slice) -> Array:
    """Return cells of a column as float64 where nulls are NaN; codes of labels for words."""
    vec = source.block(column, rows)
    count = source.rows if isinstance(rows, slice) else len(rows)
    values = spread(vec.values, count).astype(np.float64)
    if vec.valid is None:
        return values
    there: Bool1D = spread(vec.valid, count)
    return np.where(there, values, np.nan)


def _deviation(source: Source, column: str) -> float:
    if column not in source.headers or not source.rows or not is_number(source, column):
        return 0.0
    values = numbers(source, column, slice(None))
    finite = values[np.isfinite(values)]
    with np.errstate(
        over="ignore", invalid="ignore"
    ):  # of numbers near the largest the deviation is infinite
        return float(finite.std()) if len(finite) else 0.0


def renumbered(rows: Int1D, count: int) -> Int1D:
    """Return where each of ``count`` rows is after ``Workpiece.keep(rows)``: -1 for rows that are gone."""
    place = np.full(count, -1, dtype=np.int64)
    place[rows] = np.arange(len(rows))
    return place
