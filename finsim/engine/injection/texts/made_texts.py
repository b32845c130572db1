"""Texts of a ledger that are made of other cells of their row: lent as templates, filled from the added row.

``TESCO STORES 14DEC`` lent by the row of another day, or merchant, would name a day and a merchant that the
added row has not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from finsim.engine.injection.added_rows import Added, stored_cells
from finsim.engine.injection.following.second_days import second_columns
from finsim.engine.injection.ledger_rows import Ledger
from finsim.engine.injection.ledger_sample import LedgerSample
from finsim.engine.injection.local_clock import to_wall
from finsim.notation import Float1D, Int1D
from finsim.randomness import Streams
from finsim.tables.cells.stored import is_text
from finsim.tables.texts.filling import filled, known_digits
from finsim.tables.texts.learned_texts import FoundText, found_texts
from finsim.tables.texts.row_cells import MISSING_TIME, RowCells, coded

_SIDES = ("to_account", "merchant")


@dataclass(frozen=True)
class MadeTexts:
    """What texts are made of, and the digits that the entities, counterparties and pairs of the sample have.

    ``sample`` has templates in place of them.
    """

    sample: LedgerSample
    found: tuple[FoundText, ...] = ()
    known: tuple[Mapping[tuple[int, str, str], str], ...] = ()

    @classmethod
    def of(cls, sample: LedgerSample, ledger: Ledger, streams: Streams) -> MadeTexts:
        """Find what the texts of a sample are made of; its times are UTC."""
        taken = {part.header for part in ledger.columns.parts.values()}
        names = [one.name for one in sample.cells.schema if is_text(one.type) and one.name not in taken]
        if not names:
            return cls(sample)
        rows = _row_cells(sample.cells, sample.time, sample.amount / ledger.scale, sample.zone, ledger)
        found = found_texts(rows, names, streams)
        cells = sample.cells
        for one in found:
            cells = _put(cells, one.law.column, one.templates)
        known = tuple(known_digits(one.law, one.digits, rows) for one in found)
        return cls(replace(sample, cells=cells), tuple(found), known)

    def filled(self, added: Added, ledger: Ledger, streams: Streams) -> Added:
        """Return added rows with their templates filled from their own cells."""
        if not self.found or not added.cells.num_rows:
            return added
        cells = added.cells
        sums = np.asarray(ledger.amounts(cells).fill_null(0).to_numpy(zero_copy_only=False)) / ledger.scale
        rows = _row_cells(cells, added.time, sums, self.sample.zone, ledger)
        rows = rows.without([one.law.column for one in self.found])
        for one, known in zip(self.found, self.known, strict=True):
            codes, words = coded(cells[one.law.column])
            texts = [*words, None]
            templates = [texts[code] for code in codes.tolist()]
            made = filled(one.law, templates, rows, streams.word("texts", one.law.column), known)
            cells = _put(cells, one.law.column, made)
        return replace(added, cells=cells)

    def told(self) -> tuple[str, ...]:
        """Return in words what texts are made of."""
        return tuple(one.law.told() for one in self.found)


def _row_cells(table: pa.Table, time: Int1D, sums: Float1D, zone: str, ledger: Ledger) -> RowCells:
    """Return the cells of rows, days and times on the clock of the ledger."""
    parts = ledger.columns.parts
    seconds = second_columns(ledger)
    out = {parts[role].header for role in ("date", "amount", "credit") if role in parts}
    out |= {part.header for part in seconds}
    rest = table.select([name for name in table.column_names if name not in out])
    partner = [parts[role].header for role in _SIDES if role in parts]
    found = RowCells.of(rest, parts["from_account"].header, partner)
    times = {parts["date"].header: to_wall(time, zone), **{
        part.header: _times(ledger.typed(table, part), zone if part.field.type == "ts" else "")
        for part in seconds
    }}  # fmt: skip
    numbers = {**found.numbers, parts["amount"].header: np.abs(sums)}
    return replace(found, times=times, numbers=numbers)


def _times(cells: pa.ChunkedArray | pa.Array, zone: str) -> Int1D:
    zoned = pa.types.is_timestamp(cells.type) and cells.type.tz
    whole = pc.cast(pc.cast(cells, pa.timestamp("ns", "UTC" if zoned else None), safe=False), pa.int64())
    plain = whole.combine_chunks() if isinstance(whole, pa.ChunkedArray) else whole
    lacks = np.asarray(plain.is_null().to_numpy(zero_copy_only=False), np.bool_)
    values = np.asarray(plain.fill_null(0).to_numpy(zero_copy_only=False), np.int64)
    return np.where(lacks, MISSING_TIME, to_wall(values, zone) if zoned and zone else values)


def _put(table: pa.Table, name: str, texts: Sequence[str | None]) -> pa.Table:
    at = table.schema.get_field_index(name)
    kind = table.schema.field(at).type
    cells = stored_cells(pa.array(texts, pa.string()), kind)
    return table.set_column(at, table.schema.field(at), cells)
