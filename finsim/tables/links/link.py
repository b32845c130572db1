"""``Link``: how a number of a row follows from another one, by the words of the row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from finsim.notation import Array, Bool1D, Float1D, Float2D, Int1D
from finsim.tables.links.ledger_cells import Context, LedgerCells, months

FREE, EMPTY, FIRST_CONSTANT = 0, 1, 2
ANY = -1
"""Kind of a row that says nothing: both numbers are 0."""
MOST_FREE = 0.02
"""Share of the rows of a word that may not follow, for the others to be computed (assumption)."""
LEAST_ROWS = 10
"""Rows in which a word, or words together, say how numbers are linked (assumption)."""
SPREAD = 5e-4
"""By how much a rate of the day or month may be off, relative (assumption: rates of four digits)."""
_BLOCK = 100_000


@dataclass(frozen=True)
class Rates:
    """The rate by word and period: table float64[words, periods] (NaN unseen) from period ``first`` on.

    ``context`` says the word; ``is_rate`` bool by its code: the words that have rates; periods are months, or
    days where ``daily``.
    """

    context: Context
    table: tuple[tuple[float, ...], ...]
    first: int
    daily: bool
    is_rate: tuple[bool, ...]

    def of(self, cells: LedgerCells) -> Float1D:
        """Return the rate float64[n] of rows, the nearest period's where theirs has none; NaN without."""
        code, period = self._places(cells)
        table = np.array(self.table, dtype=np.float64)
        for row in table:
            there = np.flatnonzero(~np.isnan(row))
            if len(there):
                row[:] = row[there[np.abs(np.arange(len(row))[:, None] - there[None, :]).argmin(axis=1)]]
        period = np.clip(period, 0, table.shape[1] - 1)
        return np.asarray(np.where(np.array(self.is_rate)[code], table[code, period], np.nan))

    def seen(self, cells: LedgerCells) -> Bool1D:
        """Return bool[n], rows whose word had a rate in their very period."""
        code, period = self._places(cells)
        table = np.array(self.table, dtype=np.float64)
        inside = (period >= 0) & (period < table.shape[1])
        return np.asarray(inside & ~np.isnan(table[code, np.clip(period, 0, table.shape[1] - 1)]))

    def _places(self, cells: LedgerCells) -> tuple[Int1D, Int1D]:
        code = self.context.codes(cells)
        day = np.zeros(len(code), np.int64) if cells.day is None else cells.day
        return code, (day if self.daily else months(day)) - self.first


@dataclass(frozen=True)
class Level:
    """Words of some contexts (``of``, places) together: key int64[C] sorted, counts [C, kinds] of rows."""

    of: tuple[int, ...]
    key: tuple[int, ...]
    counts: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Link:
    """A number ``name`` that is empty, one of ``constants``, or ``source`` times a factor or a rate.

    Kinds of rows: 0 free, 1 empty, then the constants, the factors, and the rate at last. ``levels``: what
    kinds rows of such words have, from none to any one, two and then more of the first together.
    ``unsigned``: the number follows from the source without its sign, as a fee of a refund may.
    """

    name: str
    source: str
    decimals: int
    constants: tuple[float, ...]
    factors: tuple[float, ...]
    rates: Rates | None
    contexts: tuple[Context, ...]
    levels: tuple[Level, ...] = ()
    unsigned: bool = False

    @property
    def kinds(self) -> int:
        """The number of kinds of rows."""
        return FIRST_CONSTANT + len(self.constants) + len(self.factors) + 1

    def values(self, cells: LedgerCells) -> Float2D:
        """Return float64[kinds, n]: the number of each row if it were of each kind; NaN for none."""
        source = cells.numbers[self.source]
        source = np.abs(source) if self.unsigned else source
        rate = np.full(len(source), np.nan) if self.rates is None else self.rates.of(cells)
        found = np.full((self.kinds, len(source)), np.nan)
        for k, value in enumerate(self.constants):
            found[FIRST_CONSTANT + k] = value
        for k, factor in enumerate(self.factors):
            found[FIRST_CONSTANT + len(self.constants) + k] = np.round(source * factor, self.decimals)
        found[-1] = np.round(source * rate, self.decimals)
        return found

    def fits(self, cells: LedgerCells, target: Float1D) -> Array:
        """Return bool[kinds, n]: whether a number is what each kind says, up to its last digit."""
        last = 10.0**-self.decimals
        told = self.values(cells)
        room = np.full(told.shape, 0.51 * last)
        for k, factor in enumerate(self.factors):  # halves are rounded in several ways
            room[FIRST_CONSTANT + len(self.constants) + k] += 0.0 if factor == 1.0 else 0.5 * last
        room[-1] = last + SPREAD * np.abs(np.nan_to_num(target))
        found = np.abs(told - target) <= room
        found[FREE] = False
        found[EMPTY] = np.isnan(target)
        return np.asarray(found)

    def cell(self, cells: LedgerCells) -> tuple[Int1D, Float2D]:
        """Return the place int64[n] of the words of each row, and shares float64[places, kinds] of its kinds.

        Those of the most words together that were seen often enough; what any one of the words never has, or
        some of them, is taken out, one word before several: a declined payment at an inn has no tip, though
        none was seen there. All shares are 0 where rows of such words do not follow.
        """
        codes = [one.codes(cells) for one in self.contexts]
        every = tuple(range(len(codes)))
        _, first, place = np.unique(joint(codes, self.contexts, every, cells.rows), True, True)
        codes = [one[first] for one in codes]
        overall = np.ones(self.kinds)
        shares = np.zeros((len(first), self.kinds))
        may = np.ones_like(shares, dtype=np.bool_)
        may[:, FREE] = False
        for level in self.levels:
            key, known = joint(codes, self.contexts, level.of, len(first)), np.array(level.key)
            at = np.minimum(np.searchsorted(known, key), len(known) - 1)
            counts = np.array(level.counts, dtype=np.float64).reshape(len(known), self.kinds)
            if not level.of:
                overall = counts[0]
            counts = counts[at]
            expected = MOST_FREE * counts.sum(axis=1)
            # Words of few rows may have two standard errors more.
            there, follows = known[at] == key, counts[:, FREE] <= expected + 2.0 * np.sqrt(expected)
            if level.of == every[: len(level.of)]:
                shares[there] = counts[there] * follows[there, None]
            fewer = may & ((counts > 0) | ~(there & follows)[:, None])
            may = np.where((fewer & (overall > 0)).any(axis=1, keepdims=True), fewer, may)
        shares[:, FREE] = 0.0
        told = shares.any(axis=1, keepdims=True)
        some = (shares * may).any(axis=1, keepdims=True)
        shares = np.where(some, shares, told * overall) * may
        return place.astype(np.int64), shares / np.maximum(shares.sum(axis=1, keepdims=True), 1e-300)

    def computed(self, cells: LedgerCells, draws: Float1D) -> Float1D:
        """Return the numbers float64[n]: what follows is computed, others stay; draws in [0, 1)."""
        parts = [
            self._computed(
                cells.taken(np.arange(low, min(low + _BLOCK, cells.rows))), draws[low : low + _BLOCK]
            )
            for low in range(0, cells.rows, _BLOCK)
        ]
        return np.concatenate([*parts, np.zeros(0)])

    def _computed(self, cells: LedgerCells, draws: Float1D) -> Float1D:
        place, shares = self.cell(cells)
        until = np.cumsum(shares, axis=1)
        follows = until[place, -1] > 0
        until[:, -1] = np.where(shares[:, -1] > 0, 1.0, until[:, -1])
        kind = np.minimum((until[place] <= draws[:, None]).sum(axis=1), self.kinds - 1)
        kind = np.where(shares[place, kind] > 0, kind, shares.argmax(axis=1)[place])
        found = self.values(cells)[kind, np.arange(cells.rows)]
        kept = ~follows | (np.isnan(found) & (kind != EMPTY))
        return np.asarray(np.where(kept, cells.numbers[self.name], found + 0.0))

    def broken(self, cells: LedgerCells) -> tuple[Bool1D, Bool1D]:
        """Return (asked, broken) bool[n]: rows whose words say what follows, and those that are else."""
        place, shares = self.cell(cells)
        may = self.fits(cells, cells.numbers[self.name]).T & (shares[place] > 0)
        asked = (shares.sum(axis=1)[place] > 0) & ~np.isnan(cells.numbers[self.source])
        if self.rates is not None:
            asked &= (shares[place, -1] == 0) | self.rates.seen(cells)
        return asked, asked & ~may.any(axis=1)

    def facts(self) -> dict[str, Any]:
        """Return the link as plain values, None for a rate that was not seen."""
        found = asdict(self)
        if self.rates is not None:
            table = [[None if np.isnan(x) else x for x in row] for row in self.rates.table]
            found["rates"]["table"] = table
        return found

    @classmethod
    def restored(cls, facts: Mapping[str, Any]) -> Link:
        """Return a link from its plain values."""
        rates = facts["rates"]
        if rates is not None:
            table = tuple(tuple(np.nan if x is None else float(x) for x in row) for row in rates["table"])
            rates = Rates(
                _context(rates["context"]), table, int(rates["first"]), bool(rates["daily"]),
                tuple(rates["is_rate"]),
            )  # fmt: skip
        levels = tuple(
            Level(tuple(one["of"]), tuple(one["key"]), tuple(tuple(row) for row in one["counts"]))
            for one in facts["levels"]
        )
        return cls(
            facts["name"], facts["source"], int(facts["decimals"]), tuple(facts["constants"]),
            tuple(facts["factors"]), rates, tuple(_context(one) for one in facts["contexts"]), levels,
            bool(facts["unsigned"]),
        )  # fmt: skip


def joint(codes: list[Int1D], contexts: tuple[Context, ...], of: tuple[int, ...], rows: int) -> Int1D:
    """Return int64[n], one key for the words of some contexts."""
    key = np.zeros(rows, np.int64)
    for k in of:
        key = key * contexts[k].size + codes[k]
    return key


def _context(facts: Mapping[str, Any]) -> Context:
    return Context(facts["name"], tuple(facts["words"]))
