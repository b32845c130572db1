"""The first pass: complete histories of a bounded, random part of the entities, and counts of everything.

Entities are chosen by a hash of their name below a threshold that is lowered while too many rows are kept
(adaptive sampling, Flajolet 1990): which ones are kept does not depend on how the rows come in batches.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from finsim.engine.injection.ledger_columns import ACCOUNTS, LedgerColumns
from finsim.engine.injection.ledger_rows import Ledger, LedgerRows
from finsim.engine.injection.local_clock import to_wall, zone_of_times
from finsim.errors import DataError, Problem
from finsim.notation import NANOS_PER_DAY, Array, Bool1D, Int1D
from finsim.tables.cells.hashing import hashed
from finsim.tables.cells.stored import is_text
from finsim.tables.far_times import far_words
from finsim.tables.new_ids.known_ids import KnownIds

MOST_ROWS = 300_000
MOST_DAYS = 3_660
_MOST_REFERENCES = 2  # columns of 64 MB each
_DISTINCT, _LEAST_KNOWN = 0.95, 50
_GRAINS = (NANOS_PER_DAY, 60_000_000_000, 1_000_000_000, 1_000_000, 1_000, 1)


@dataclass(frozen=True)
class LedgerSample:
    """What the first pass found.

    ``cells`` are the kept rows as written out, in the order of the file, n of them; ``row`` their numbers
    in the file, ``nth`` those among rows that are ``known``; ``time`` ns UTC, ``amount``, ``known`` as in
    ``LedgerRows``; ``payer_kept`` and ``payee_kept`` say which side's history is
    kept whole. ``rows`` and ``entities`` count the whole table.
    ``daily`` int64[D] rows per day from ``first_day`` (days since 1970). ``grain`` ns: all times are
    multiples of it. Days and grain are those of the clock of ``zone``. ``in_order`` : times never fall.
    ``references`` are the values of the whole table of columns, by place, whose values seem never to occur
    twice.
    """

    cells: pa.Table
    row: Int1D
    time: Int1D
    amount: Int1D
    known: Bool1D
    payer_kept: Bool1D
    payee_kept: Bool1D
    rows: int
    entities: int
    first_day: int
    daily: Int1D
    grain: int
    in_order: bool
    ids: KnownIds | None
    zone: str = ""
    references: Mapping[int, KnownIds] = field(default_factory=dict)
    nth: Int1D = field(default_factory=lambda: np.zeros(0, np.int64))

    @property
    def begin(self) -> int:
        """The first midnight of the period, ns on the clock of the zone."""
        return self.first_day * NANOS_PER_DAY

    def on_its_clock(self) -> LedgerSample:
        """Return the sample with times on the clock of its zone."""
        return replace(self, time=to_wall(self.time, self.zone)) if self.zone else self


@dataclass
class _Pass:
    """The first pass under way."""

    ledger: Ledger
    salt: int
    most_rows: int
    limit: int = 1 << 64
    parts: list[tuple[LedgerRows, Array, Array, Int1D, Int1D]] = field(default_factory=list)
    held: int = 0
    names: list[Array] = field(default_factory=list)
    days: dict[int, int] = field(default_factory=dict)
    rows: int = 0
    usable: int = 0
    last: int = -(2**63)
    in_order: bool = True
    grain: int = 0
    ids: KnownIds | None = None
    zone: str = ""
    references: dict[int, KnownIds] = field(default_factory=dict)

    def take(self, rows: LedgerRows) -> None:
        """Count a batch, and keep its rows of the chosen entities."""
        names = entity_names(rows.cells, self.ledger.columns)
        payer = hashed(names[0], self.salt)
        payee = hashed(names[1], self.salt) if len(names) > 1 else np.zeros_like(payer)
        self._count(rows, payer, payee)
        kept = self._chosen(payer) | self._chosen(payee)
        places = np.flatnonzero(kept & rows.known)
        nth = self.usable + np.cumsum(rows.known) - 1
        self.usable += int(rows.known.sum())
        numbers = rows.first + places, nth[places]
        self.parts.append((_some(rows, places), payer[places], payee[places], *numbers))
        self.held += len(places)
        while self.held > self.most_rows and self.limit > 1 << 40:
            self.limit = self.limit * 7 // 8
            self._thin()

    def _chosen(self, hashes: Array) -> Bool1D:
        chosen: Bool1D = (hashes > 0) & (hashes <= np.uint64(min(self.limit, (1 << 64) - 1)))
        return chosen

    def _thin(self) -> None:
        parts = []
        for rows, *known in self.parts:
            places = np.flatnonzero(self._chosen(known[0]) | self._chosen(known[1]))
            payer, payee, number, nth = (one[places] for one in known)
            parts.append((_some(rows, places), payer, payee, number, nth))
        self.parts = parts
        self.held = sum(len(number) for *_, number in parts)

    def _count(self, rows: LedgerRows, payer: Array, payee: Array) -> None:
        self.rows += len(rows.time)
        for side in (payer, payee):
            self.names.append(np.unique(side[side > 0]))
        if len(self.names) > 64:
            self.names = [np.unique(np.concatenate(self.names))]
        time = rows.time[rows.known]
        if len(time):
            self.in_order &= bool(np.all(np.diff(time) >= 0)) and int(time[0]) >= self.last
            self.last = int(time[-1])
            time = to_wall(time, self._zone(rows))
            day, count = np.unique(time // NANOS_PER_DAY, return_counts=True)
            for one, times in zip(day.tolist(), count.tolist(), strict=True):
                self.days[one] = self.days.get(one, 0) + times
            self.grain = int(np.gcd(self.grain, np.gcd.reduce(time)))
        if "id" in self.ledger.columns.parts:
            column = rows.cells.column(self.ledger.columns.parts["id"].at)
            self.ids = self.ids or KnownIds.of(column.type)
            self.ids.note(column)
        if self.rows == len(rows.time):
            places = never_twice(rows.cells, self.ledger.columns)[:_MOST_REFERENCES]
            self.references = {at: KnownIds.of(rows.cells.column(at).type) for at in places}
        for at, known in self.references.items():
            known.note(rows.cells.column(at))

    def _zone(self, rows: LedgerRows) -> str:
        columns = self.ledger.columns
        kind = rows.cells.column(columns.parts["date"].at).type
        self.zone = zone_of_times(columns, self.ledger.source.dialect, kind)
        return self.zone

    def whole(self) -> LedgerSample:
        """Return what was found. Raises DataError for a table without usable rows, or of too many years."""
        place = self.ledger.source.place
        if not self.days:
            raise DataError("no row has a time, an amount and an entity", place=place)
        first, last = min(self.days), max(self.days)
        if last - first + 1 > MOST_DAYS:
            raise DataError.of(self._too_long(last - first + 1))
        daily = np.zeros(last - first + 1, dtype=np.int64)
        daily[np.fromiter(self.days, np.int64) - first] = np.fromiter(self.days.values(), np.int64)
        payer, payee, number, nth = (np.concatenate([part[k] for part in self.parts]) for k in range(1, 5))
        rows = [part[0] for part in self.parts]
        cells = pa.Table.from_batches([one.cells for one in rows]).unify_dictionaries().combine_chunks()
        return LedgerSample(
            cells, number, np.concatenate([one.time for one in rows]),
            np.concatenate([one.amount for one in rows]), np.concatenate([one.known for one in rows]),
            self._chosen(payer), self._chosen(payee), self.rows,
            len(np.unique(np.concatenate(self.names))), first, daily,
            next(grain for grain in _GRAINS if self.grain % grain == 0), self.in_order, self.ids, self.zone,
            self.references, nth,
        )  # fmt: skip

    def _too_long(self, days: int) -> list[Problem]:
        """Return each row whose time lies far from all others, else that the period is too long."""
        source, header = self.ledger.source, self.ledger.columns.parts["date"].header
        name = next(name for name, bound in source.bound.items() if bound == header)
        wanted = f"at most {MOST_DAYS:,} days"
        return [
            Problem(place, found, wanted, "correct the cell, or drop the row")
            for place, found in far_words(source, header, source.table([name])[name])
        ] or [
            Problem(source.place, f"the times reach over {days:,} days", wanted,
                    "drop rows with a wrong date, or split the file")
        ]  # fmt: skip


def entity_names(
    cells: pa.RecordBatch | pa.Table, columns: LedgerColumns
) -> list[pa.Array | pa.ChunkedArray]:
    """Return who pays and, between accounts, who is paid, in one type: whole numbers or text."""
    sides = ("from_account", "to_account") if columns.layout == ACCOUNTS else ("from_account",)
    found = [cells.column(columns.parts[side].at) for side in sides]
    if all(pa.types.is_integer(one.type) for one in found):
        return found
    return [one.cast(pa.string()) if not pa.types.is_dictionary(one.type) else one for one in found]


def never_twice(cells: pa.RecordBatch | pa.Table, columns: LedgerColumns) -> tuple[int, ...]:
    """Return the places of columns of text or whole numbers whose values hardly ever occur twice."""
    taken = {part.at for part in columns.parts.values()}
    found = []
    for at, column in enumerate(cells.columns):
        kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
        if at in taken or not (is_text(kind) or pa.types.is_integer(kind)):
            continue
        known = column.drop_null()
        if len(known) >= _LEAST_KNOWN and len(pc.unique(known)) >= _DISTINCT * len(known):
            found.append(at)
    return tuple(found)


def _some(rows: LedgerRows, places: Int1D) -> LedgerRows:
    if len(places) == len(rows.time):
        return rows
    cells = rows.cells.take(pa.array(places))
    return LedgerRows(rows.first, cells, rows.time[places], rows.amount[places], rows.known[places])


def sample_ledger(ledger: Ledger, salt: int, most_rows: int = MOST_ROWS) -> LedgerSample:
    """Read a table once and return its sample; ``salt`` chooses the entities.

    Raises DataError for cells that cannot be read and for a table without usable rows.
    """
    found = _Pass(ledger, salt, most_rows)
    for rows in ledger.rows():
        found.take(rows)
    return found.whole()
