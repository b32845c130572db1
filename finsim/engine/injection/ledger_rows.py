"""The rows of a ledger batch by batch: as they are written out, and their parts as arrays."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from finsim.engine.injection.ledger_columns import LedgerColumns, Part
from finsim.errors import DataError
from finsim.notation import Bool1D, Int1D
from finsim.tables import Field, TableSource, typed
from finsim.tables.cells.canonical import LABELS as CODED
from finsim.tables.sources.text_file import TextTable

_INSTANT = pa.timestamp("ns", tz="UTC")
_BEGIN, _END = datetime(1678, 1, 1, tzinfo=UTC), datetime(2262, 1, 1, tzinfo=UTC)
_LARGEST = 2.0**53  # whole numbers up to here are exact in a float64


@dataclass(frozen=True)
class LedgerRows:
    """Some rows: ``first`` is the number of the first one; arrays have shape [n].

    ``cells`` are the rows as written out; ``time`` ns UTC, ``amount`` in whole units of 1 / ``scale``;
    ``known`` marks rows whose time, amount and entity are not missing.
    """

    first: int
    cells: pa.RecordBatch
    time: Int1D
    amount: Int1D
    known: Bool1D


class Ledger:
    """A table of payments that can be read as often as needed."""

    def __init__(self, source: TableSource, columns: LedgerColumns) -> None:
        self.source, self.columns = source, columns
        field = columns.parts["amount"].field
        of_both = [field] if columns.sides is None else [field, columns.parts["credit"].field]
        self.scale: int = 10 ** max(map(_decimals, of_both))

    def rows(self) -> Iterator[LedgerRows]:
        """Yield the rows in the order of the file. Raises DataError for cells that cannot be read."""
        first = 0
        for batch in self.source.batches(rename=False):
            cells = self._written(batch, first) if isinstance(self.source, TextTable) else batch
            time = self._times(cells, first)
            amount = self.amounts(cells, first)
            entity = cells.column(self.columns.parts["from_account"].at)
            known = pc.and_(pc.and_(time.is_valid(), amount.is_valid()), entity.is_valid())
            yield LedgerRows(
                first, cells, _whole(time), _whole(amount),
                np.asarray(known.to_numpy(zero_copy_only=False), dtype=np.bool_),
            )  # fmt: skip
            first += cells.num_rows

    def part(self, cells: pa.RecordBatch, role: str, first: int = 0) -> pa.Array:
        """Return the column that plays a part in the canonical form of its type, money in minor units."""
        return self.typed(cells, self.columns.parts[role], first)

    def typed(self, cells: pa.RecordBatch | pa.Table, part: Part, first: int = 0) -> pa.Array:
        """Return a column in the canonical form of its type, money in minor units."""
        column = cells.column(part.at)
        if isinstance(column, pa.Array):
            column = pa.chunked_array([column])
        read = typed(
            column, part.field, self.source.dialect, place=self.source.place, header=part.header,
            first_row=first, minor=True,
        )  # fmt: skip
        return read.combine_chunks() if isinstance(read, pa.ChunkedArray) else read

    def _times(self, cells: pa.RecordBatch, first: int) -> pa.Array:
        """Return instants; raises DataError for one that nanoseconds cannot count."""
        told = self.part(cells, "date", first)
        try:
            return pc.cast(told, _INSTANT)
        except pa.ArrowInvalid:
            plain = pc.cast(told, pa.timestamp("us", tz="UTC"))
            bad = pc.or_(*(test(plain, pa.scalar(at, plain.type)) for test, at in
                           ((pc.less, _BEGIN), (pc.greater, _END))))  # fmt: skip
            at = pc.index(bad, True).as_py()
            where = f"column {self.columns.parts['date'].header!r}, row {first + at + 1}"
            raise DataError(
                f"{plain[at].as_py():%Y-%m-%d}", place=f"{self.source.place}: {where}",
                expected="a date from 1678 to 2261", remedy="correct the row, or leave the cell empty",
            ) from None  # fmt: skip

    def amounts(self, cells: pa.RecordBatch | pa.Table, first: int = 0) -> pa.Array:
        """Return amounts in whole units of 1 / ``scale``, of two columns below 0 where it goes out.

        Raises DataError for one that is too large to be counted.
        """
        parts, sides = self.columns.parts, self.columns.sides
        amount = self._units(cells, parts["amount"], first)
        if sides is None:
            return amount
        into = self._units(cells, parts["credit"], first)
        both = pc.subtract(
            pc.multiply(pc.fill_null(into, 0), sides.signs[1]),
            pc.multiply(pc.fill_null(amount, 0), sides.signs[0]),
        )
        there = pc.or_(amount.is_valid(), into.is_valid())
        return pc.if_else(there, both, pa.scalar(None, pa.int64()))

    def _units(self, cells: pa.RecordBatch | pa.Table, part: Part, first: int) -> pa.Array:
        found = self.typed(cells, part, first)
        if pa.types.is_floating(found.type):
            self._refuse_huge(found, part, first)
            return pc.cast(pc.round(pc.multiply(found, float(self.scale))), pa.int64())
        less = self.scale // 10 ** _decimals(part.field)
        return found if less == 1 else pc.multiply(pc.cast(found, pa.int64()), less)

    def _refuse_huge(self, amount: pa.Array, part: Part, first: int) -> None:
        """Raise DataError where an amount is too large to be counted in whole units of 1 / ``scale``."""
        bad = pc.greater(pc.abs(amount), _LARGEST / self.scale)
        if pc.any(bad).as_py():
            at = pc.index(bad, True).as_py()
            where = f"column {part.header!r}, row {first + at + 1}"
            raise DataError(
                f"{amount[at].as_py():g}", place=f"{self.source.place}: {where}",
                expected=f"amounts up to {_LARGEST / self.scale:g}", remedy="correct or drop this row",
            )  # fmt: skip

    def _written(self, batch: pa.RecordBatch, first: int) -> pa.RecordBatch:
        """Return text cells as what the schema says they are; undeclared columns stay text."""
        columns = list(batch.columns)
        for name, header in self.source.bound.items():
            at = self.source.headers.index(header)
            read = typed(
                pa.chunked_array([columns[at]]), replace(self.source.fields[name], null=True),
                self.source.dialect, place=self.source.place, header=header, first_row=first,
            ).combine_chunks()  # fmt: skip
            columns[at] = read.cast(pa.string()) if read.type == CODED else read
        return pa.RecordBatch.from_arrays(columns, list(self.source.headers))


def _decimals(field: Field) -> int:
    """Return how many decimals a column of amounts is counted in."""
    return field.decimals if field.type == "money" else 0 if field.type == "int" else 2


def _whole(column: pa.Array) -> Int1D:
    filled = pc.fill_null(pc.cast(column, pa.int64()), 0)
    return np.asarray(filled.to_numpy(zero_copy_only=False), dtype=np.int64)
