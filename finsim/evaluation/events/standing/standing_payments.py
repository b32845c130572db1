"""How many rows are standing payments, once a month or a week, and on which days of the month they come."""

from __future__ import annotations

import numpy as np

from finsim.evaluation.events.entity_resamples import (
    Counts,
    EntityWeights,
    cells_of,
    compared,
    edges_of,
    entity_weights,
    hits,
    rates_gap,
    shares_gap,
    tallied,
)
from finsim.evaluation.events.event_case import EventCase, EventSide
from finsim.evaluation.events.standing.changing_payments import Rhythm, away_from_usual, rhythms
from finsim.evaluation.events.standing.sums_of_payees import (
    counts_of_months,
    counts_of_prices,
    monthly_payees,
    prices_of,
)
from finsim.evaluation.events.useless_twins import scattered
from finsim.evaluation.metric import DETECTOR, Metric, Score
from finsim.notation import Bool1D, Float1D, Float2D, Int1D

LEAST_SERIES = 20
MONTH, MONTHS, WEEK, WEEKS = (26.0, 36.0), 3, (6.0, 8.0), 6
"""Days between payments of a series, and how many payments it has at least (assumptions)."""
ALL, SPREADS = 31, 12
LARGE = 5
"""Standing rows of an entity in a month from which on it is asked whether they come together (assumption)."""


def measure(case: EventCase) -> list[Score]:
    """Return how far standing rows, their days, rows paid together, and bills of changing sums are apart."""
    why = case.why
    if not why and case.columns.amount is None:
        why = "there is no amount on both sides"
    if why:
        return [METRIC.missing("standing rows", why)]
    weights, useless = entity_weights(case), [scattered(case)]
    changing = [*_changing(case, weights, useless), *_of_payees(case, weights, useless)]
    found = _count(case.sides[0])
    if found < LEAST_SERIES:
        why = (
            f"{found} standing series on the real side (one sum once a month or a week); needs {LEAST_SERIES}"
        )
        return [METRIC.missing("standing rows", why), *changing]
    note = f"{found} series on the real side"
    share = compared(METRIC, case, weights, "standing rows", _shares, rates_gap, useless, note)
    days = compared(METRIC, case, weights, "day of the month", _days, shares_gap, useless)
    if _together(case.sides[0])[:, 2].sum() < LEAST_SERIES:
        return [share, days, *changing]
    together = compared(METRIC, case, weights, "paid together", _together, rates_gap, useless)
    return [share, days, together, *changing]


def _changing(case: EventCase, weights: EntityWeights, useless: list[EventSide]) -> list[Score]:
    """Return the scores of changing sums, where the real side has enough of them."""
    monthly, weekly = (int(one.regular.sum()) for one in _rhythms(case.sides[0]))
    found = []
    if monthly >= LEAST_SERIES:
        note = f"{monthly} pairs on the real side"
        found.append(
            compared(METRIC, case, weights, "a month apart", _in_rhythm(0), rates_gap, useless, note)
        )
        edges = edges_of(away_from_usual(case.sides[0], _rhythms(case.sides[0])[0])[1], SPREADS)
        found.append(compared(METRIC, case, weights, "spread of sums", _spreads(edges), shares_gap, useless))
    if weekly >= LEAST_SERIES:
        note = f"{weekly} pairs on the real side"
        found.append(compared(METRIC, case, weights, "one weekday", _in_rhythm(1), rates_gap, useless, note))
    return found


def _of_payees(case: EventCase, weights: EntityWeights, useless: list[EventSide]) -> list[Score]:
    """Return the scores of prices of payees and of their months, where the real side has enough of them."""
    found, real = [], case.sides[0]
    prices, payees = prices_of(real, in_series(real)[0]), monthly_payees(real)
    if len(prices):
        counts = counts_of_prices(prices, lambda side: in_series(side)[0][:, None].astype(np.float64))
        note = f"{len(prices)} prices on the real side"
        found.append(compared(METRIC, case, weights, "sums of payees", counts, shares_gap, useless, note))
    if len(payees):
        note = f"{len(payees)} payees on the real side"
        months = counts_of_months(payees)
        found.append(compared(METRIC, case, weights, "months", months, shares_gap, useless, note))
    return found


def _rhythms(side: EventSide) -> tuple[Rhythm, Rhythm]:
    return rhythms(side, in_series(side)[0])


def _in_rhythm(which: int) -> Counts:
    def counts(side: EventSide) -> Float2D:
        one = _rhythms(side)[which]
        return hits(side, one.paid, one.kept)

    return counts


def _spreads(edges: Float1D) -> Counts:
    def counts(side: EventSide) -> Float2D:
        rows, away = away_from_usual(side, _rhythms(side)[0])
        entity = side.sequences.entity()[rows]
        return tallied(entity, cells_of(away, edges), side.sequences.count, 2 * len(edges) + 1)

    return counts


def in_series(side: EventSide) -> tuple[Bool1D, int]:
    """Return bool[n], rows of series: one sum of an entity to a payee, each gap about a month or a week.

    Also how many series there are.
    """
    assert side.amount is not None
    days, rows = side.sequences.days, len(side.sequences.days)
    usable = np.flatnonzero(np.isfinite(side.amount) & np.isfinite(days))
    sums = np.unique(side.amount[usable], return_inverse=True)[1].astype(np.int64)
    partner = np.zeros(rows, np.int64) if side.partner is None else side.partner + 1
    code = np.unique(partner[usable], return_inverse=True)[1] * (int(sums.max(initial=0)) + 1) + sums
    code = np.unique(code, return_inverse=True)[1].astype(np.int64)
    key = side.sequences.entity()[usable] * (int(code.max(initial=0)) + 1) + code
    order = np.lexsort((days[usable], key))
    _, starts, sizes = np.unique(key[order], return_index=True, return_counts=True)
    of = np.repeat(np.arange(len(starts)), sizes)
    # Whole days: an hour more or less makes no month shorter.
    gap = np.diff(np.floor(days[usable][order]), prepend=0.0)
    gap[starts] = np.nan
    regular = np.zeros(len(starts), dtype=np.bool_)
    for (low, high), least in ((MONTH, MONTHS), (WEEK, WEEKS)):
        outside = np.bincount(of, (gap < low) | (gap > high), len(starts))
        regular |= (outside == 0) & (sizes >= least)
    found = np.zeros(rows, dtype=np.bool_)
    found[usable[order]] = regular[of]
    return found, int(regular.sum())


def day_of_month(days: Int1D) -> Int1D:
    """Return the day of the month, from 0 on, of days since 1970."""
    day = days.astype("datetime64[D]")
    return np.asarray((day - day.astype("datetime64[M]")).astype(np.int64))


def _count(side: EventSide) -> int:
    return in_series(side)[1]


def _shares(side: EventSide) -> Float2D:
    return hits(side, np.ones(len(side.sequences.days), dtype=np.bool_), in_series(side)[0])


def _days(side: EventSide) -> Float2D:
    rows = np.flatnonzero(in_series(side)[0])
    cell = day_of_month(np.floor(side.sequences.days[rows]).astype(np.int64))
    return tallied(side.sequences.entity()[rows], cell, side.sequences.count, ALL)


def _together(side: EventSide) -> Float2D:
    """Return float64[E, 4]: of standing rows in months with many, those on the commonest day, hour; rows."""
    rows = np.flatnonzero(in_series(side)[0])
    owner, time = side.sequences.entity()[rows], side.sequences.days[rows]
    day = np.floor(time).astype(np.int64)
    month = day.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    _, first, group, size = np.unique(
        np.stack([owner, month]), axis=1, return_index=True, return_inverse=True, return_counts=True
    )
    group, large = group.reshape(-1), size >= LARGE
    sums = []
    for value in (day_of_month(day), np.floor((time - day) * 24 + 1e-6).astype(np.int64)):
        key, many = np.unique(group * ALL + value, return_counts=True)
        best = np.zeros(len(size), np.int64)
        np.maximum.at(best, key // ALL, many)
        sums.append(np.bincount(owner[first], best * large, side.sequences.count))
    base = np.bincount(owner[first], size * large, side.sequences.count)
    return np.stack([*sums, base, base], axis=1)


METRIC = Metric(
    name="standing_payments",
    case="events",
    use=DETECTOR,
    unit="probability",
    lowest=0.0,
    highest=1.0,
    best=0.0,
    delta=0.05,
    origin="assumption: five points of probability beyond resampled real entities",
    order_free=False,
    compute=measure,
    summary="How many rows are standing payments, and on which days of the month they come",
    order=64,
    how=(
        "A series is one sum of an entity to one counterparty, three times or more about a month apart or "
        "six times or more a week apart. Difference of the shares of rows in series; half the sum of "
        "differences of their shares by day of the month; of months of an entity with five and more standing "
        "rows, as employers have, the larger difference of the shares on the commonest day and hour. Of "
        "pairs of entity and counterparty with changing sums: of those paid about once a month, the share of "
        "gaps of 26 to 36 days, and how far sums lie from the middle one; of those about once a week, the "
        "share of payments on their commonest weekday. Half the sum of differences of the shares of standing "
        "rows by payee and price (a sum that three entities pay), and of rows by payee and calendar month, "
        "of payees that are paid once a month."
    ),
    misses="Quarterly and yearly payments, and bills of fewer than four payments.",
    estimator="a rate and total variation over rows, whole entities resampled",
    references="resampled real entities, or the hold-out / random entities and even times",
)
