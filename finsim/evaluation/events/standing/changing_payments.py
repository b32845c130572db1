"""Payments of changing sums that come once a month, such as bills, and payees of one weekday."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from finsim.evaluation.events.event_case import EventSide
from finsim.notation import Bool1D, Float1D, Int1D

MONTH, LENGTHS = (26.0, 36.0), (365.2425 / 12, 7.0)
LEAST = 4, 8
"""Payments of a pair, at least: paid about once a month, about once a week (assumptions)."""
ABOUT = (0.6, 1.5)
"""Payments a period, between first and last, of pairs paid about once in one (assumption)."""
MOST = 0.75
"""Share of gaps of about a month, of payments on one weekday, that tell a pair (assumption)."""
CHANGED = 0.5
"""Share of payments with another sum than the one before, at least, where sums change (assumption)."""


@dataclass(frozen=True)
class Rhythm:
    """Rows of pairs: ``paid`` bool[n], those of pairs paid about once a period; ``kept``, those in rhythm.

    of int64[n] : the pair of each row, -1 for none; regular bool[P], pairs with most of their rows in rhythm.
    """

    paid: Bool1D
    kept: Bool1D
    of: Int1D
    regular: Bool1D


def rhythms(side: EventSide, left_out: Bool1D) -> tuple[Rhythm, Rhythm]:
    """Return rows of pairs paid once a month that are a month apart, and once a week that are on one weekday.

    left_out bool[n] : rows of series of one sum. A pair is an entity, a counterparty and a sign.
    """
    assert side.amount is not None
    days, rows = side.sequences.days, len(side.sequences.days)
    usable = np.flatnonzero(np.isfinite(side.amount) & np.isfinite(days) & ~left_out)
    partner = np.zeros(rows, np.int64) if side.partner is None else side.partner + 1
    key = side.sequences.entity() * (int(partner.max(initial=0)) + 1) + partner
    code = np.unique(2 * key[usable] + (side.amount[usable] < 0), return_inverse=True)[1].reshape(-1)
    day = np.floor(days[usable]).astype(np.int64)
    order = np.lexsort((day, code))
    at, code, day = usable[order], code[order], day[order]
    size = np.bincount(code)
    start = np.cumsum(size) - size
    inside = np.diff(code, prepend=-1) == 0
    gap = np.where(inside, np.diff(day, prepend=0), 0)
    again = side.amount[at] == np.roll(side.amount[at], 1)
    changes = np.bincount(code, inside & ~again, len(size)) > CHANGED * (size - 1)
    span = day[start + size - 1] - day[start] if len(size) else np.zeros(0, np.int64)
    weekday = (day + 3) % 7
    counts = np.bincount(code * 7 + weekday, minlength=7 * len(size)).reshape(-1, 7)
    in_month = inside & (gap >= MONTH[0]) & (gap <= MONTH[1])
    kept = (in_month, weekday == np.argmax(counts, axis=1)[code])
    found = []
    for one, base, length, least in zip(kept, (inside, inside | True), LENGTHS, LEAST, strict=True):
        rate = (size - 1) * length / np.maximum(span, 1)
        some = changes & (size >= least) & (rate >= ABOUT[0]) & (rate <= ABOUT[1])
        many = np.bincount(code, base, len(size))
        regular = some & (np.bincount(code, one, len(size)) >= MOST * many)
        of, flags = np.full(rows, -1), np.zeros((2, rows), np.bool_)
        of[at] = np.where(some[code], code, -1)
        flags[0, at], flags[1, at] = some[code] & base, some[code] & base & one
        found.append(Rhythm(flags[0], flags[1], of, regular))
    return found[0], found[1]


def away_from_usual(side: EventSide, rhythm: Rhythm) -> tuple[Int1D, Float1D]:
    """Return rows of regular pairs, and how far sums are from the middle one of the pair, in logarithms."""
    assert side.amount is not None
    rows = np.flatnonzero(rhythm.of >= 0)
    rows = rows[rhythm.regular[rhythm.of[rows]] & (side.amount[rows] != 0)]
    if not len(rows):
        return rows, np.zeros(0)
    size = np.log(np.abs(side.amount[rows]))
    pair = np.unique(rhythm.of[rows], return_inverse=True)[1].reshape(-1)
    order = np.lexsort((size, pair))
    many = np.bincount(pair)
    middle = size[order][np.cumsum(many) - many + (many - 1) // 2]
    return rows, np.abs(size - middle[pair])
