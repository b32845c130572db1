"""When standing series begin and end: with the period, with their entity's life, in between; and pauses."""

from __future__ import annotations

import numpy as np

from finsim.generators.events.habits.ledger import DAY, Ledger
from finsim.generators.events.habits.standing.periods import LENGTHS, MOST_SHIFT, due
from finsim.generators.events.habits.standing.series_table import Series
from finsim.notation import Array, Bool1D, Float1D, Int1D

WITH_PERIOD, WITH_LIFE, BETWEEN = 0, 1, 2
WHERE = 17
"""Quantiles of where in the period series begin or end."""


def learn_ends(
    ledger: Ledger, found: Series, kind: Int1D, period: Int1D, span: tuple[Int1D, Int1D]
) -> tuple[Array, Array]:
    """Return float64[K, 2, 2, 2]: by kind, beginning or end, and whether the life has one within the period.

    Cumulative shares of series that begin (end) with the period, and with the ordinary life of their entity.
    Further, float64[K, 2, WHERE] : quantiles of where in the period others begin (end), from its edge, 0 to
    1.
    span : the numbers of the first and the last period int64[N] of series, pauses beside them with them.
    """
    begin, end = ledger.origin // DAY, ledger.origin // DAY + ledger.days
    low, high = ordinary_days(ledger.entity, ledger.day + begin, found.of_row < 0, ledger.count)
    counts = np.zeros((len(period), 2, 2, 3))
    grid = np.linspace(0.0, 1.0, WHERE)
    where = np.tile(grid, (len(period), 2, 1))
    for one in np.unique(period):
        some = np.flatnonzero(period[kind] == one)
        length, slack = LENGTHS[one], MOST_SHIFT[one]
        opens = due(int(one), found.phase[some], span[0][some])
        closes = due(int(one), found.phase[some], span[1][some])
        lives = low[found.entity[some]] - begin, end - 1 - high[found.entity[some]]
        for side, (at, life) in enumerate(zip((opens - begin, end - 1 - closes), lives, strict=True)):
            how = np.where((at >= life) & (at - life <= length), WITH_LIFE, BETWEEN)
            how[at < length + slack] = WITH_PERIOD
            np.add.at(counts[:, side], (kind[some], is_late(life, length), how), 1.0)
            # Before its first payment a series was there for half a period in the middle.
            place = np.clip((at - length / 2) / ledger.days, 0.0, 1.0)
            for k in np.unique(kind[some[how == BETWEEN]]):
                where[k, side] = np.quantile(place[(how == BETWEEN) & (kind[some] == k)], grid)
    whole = counts.sum(axis=2, keepdims=True)
    counts = np.where(counts.sum(axis=3, keepdims=True) > 0, counts, whole)
    return np.cumsum(counts, axis=3)[..., :2] / counts.sum(axis=3, keepdims=True), where


def is_late(life: Int1D, length: float | Float1D) -> Int1D:
    """Return 1 where a life begins more than a period after the beginning (or ends so before the end)."""
    return np.asarray(life > length).astype(np.int64)


def ordinary_days(entity: Int1D, day: Int1D, ordinary: Bool1D, count: int) -> tuple[Int1D, Int1D]:
    """Return first and last day int64[E] of the ordinary rows; -1 and a far day where there is none."""
    far = int(day.max(initial=0)) + 1_000_000
    low, high = np.full(count, far), np.full(count, -1)
    np.minimum.at(low, entity[ordinary], day[ordinary])
    np.maximum.at(high, entity[ordinary], day[ordinary])
    return np.where(low == far, -1, low), np.where(high == -1, far, high)


def drawn_spans(
    laws: tuple[Array, Array], kind: Int1D, lengths: Float1D, life: tuple[Int1D, Int1D],
    days: tuple[int, int, int], draws: Array,
) -> tuple[Int1D, Int1D]:  # fmt: skip
    """Return the first and last day int64[M] on which a payment of new series may be due.

    life : first and last ordinary days int64[M] of their entities; days : first day, learned end and end of
    the sample; draws float64[M, 4].
    """
    (ends, where), (begin, learned, end) = laws, days
    length = learned - begin
    at_share = draws[:, 2:] * (WHERE - 1)
    low = np.clip(at_share.astype(np.int64), 0, WHERE - 2)
    found = []
    for side, (at, edge) in enumerate(((life[0] - begin, begin - 15), (end - 1 - life[1], end + 15))):
        share = ends[kind, side, is_late(at, lengths)]
        how = (draws[:, side, None] >= share).sum(axis=1)
        one = low[:, side]
        left, right = (where[kind, side, cell] for cell in (one, one + 1))
        away = np.floor((left + (at_share[:, side] - one) * (right - left)) * length).astype(np.int64)
        between = begin + away if side == 0 else learned - 1 - away
        whole = np.full(len(kind), edge)
        found.append(np.select([how == WITH_PERIOD, how == WITH_LIFE], [whole, life[side]], between))
    return found[0], found[1]
