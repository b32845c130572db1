"""Whether rows that should answer an earlier row do: refunds have a purchase, transfers their second side."""

from __future__ import annotations

import numpy as np

from finsim.evaluation.events.entity_resamples import (
    Counts,
    EntityWeights,
    compared,
    entity_weights,
    hits,
    rates_gap,
)
from finsim.evaluation.events.event_case import EventCase, EventSide
from finsim.evaluation.events.useless_twins import scattered
from finsim.evaluation.metric import DETECTOR, Metric, Score
from finsim.evaluation.tables.column_pairs import ColumnPair
from finsim.notation import Array, Bool1D, Float1D, Float2D, Int1D

REACHES = (62.0, 10.0, 3.0, 1.0)
"""Days within which rows answer (assumption: payments are paid back in two months); what is paid each month
is told only within days, before time run back meets the payment of the next month."""
LEAST = 20  # rows that tell a word of answers
MOSTLY, MOST_CHANCE, BOTH = 0.6, 0.25, 0.5
"""Share of the rows of a word that answer earlier rows, chance taken off; the most that is met by chance, per
answer; share of payments between entities on both sides: from which on a side is asked for (assumptions)."""
ANSWERS, SECOND = "answers of earlier rows", "second sides of transfers"


def measure(case: EventCase) -> list[Score]:
    """Return differences of the share of answers with an earlier row, and of transfers on both sides."""
    why = case.why or ("" if case.columns.amount else "there is no amount on both sides")
    if why:
        return [METRIC.missing(ANSWERS, why), METRIC.missing(SECOND, why)]
    weights = entity_weights(case)
    if not case.columns.partner:
        nobody = "there is no counterparty on both sides: whose the second side is cannot be told"
        return [_of_answers(case, weights), METRIC.missing(SECOND, nobody)]
    return [_of_answers(case, weights), _of_second_sides(case, weights)]


def _of_answers(case: EventCase, weights: EntityWeights) -> Score:
    real, found = case.sides[0], None
    best = 0.0
    for pair in case.rows.columns:
        if not pair.is_category or pair.name == case.columns.partner:
            continue
        word = pair.real[real.sequences.order].astype(np.int64) + 1
        wait, wait_back = answered(real, word)
        rows = np.bincount(word)
        net, within = 0.0, np.zeros(len(rows))
        for reach in REACHES:
            hit, chance = np.bincount(word, wait <= reach), np.bincount(word, wait_back <= reach)
            good = (hit >= LEAST) & (hit - chance >= MOSTLY * rows) & (chance <= MOST_CHANCE * hit)
            good &= within == 0
            good[0] = False
            net += float((hit - chance)[good].sum())
            within[good] = reach
        if net > best:
            best, found = net, (pair, within)
    if found is None:
        reason = "no word of the real rows is of rows that mostly answer an earlier one (same pair and sum)"
        return METRIC.missing(ANSWERS, reason)
    pair, within = found
    told = ", ".join(pair.levels[word - 1] for word in np.flatnonzero(within)[:3].tolist())
    note = f"{case.columns.told}; answers are rows with {pair.name} {told}"
    return compared(
        METRIC, case, weights, ANSWERS, _rates(case, pair, within), rates_gap, [scattered(case)], note
    )


def _rates(case: EventCase, pair: ColumnPair, within: Float1D) -> Counts:
    def counts(side: EventSide) -> Float2D:
        cells = _cells(case, pair, side)
        word = cells[side.sequences.order].astype(np.int64) + 1
        longest = within[np.where(word < len(within), word, 0)]
        return hits(side, longest > 0, answered(side, word)[0] <= longest)

    return counts


def _cells(case: EventCase, pair: ColumnPair, side: EventSide) -> Array:
    """Return the codes of a column on a side; a useless twin has those of the real rows."""
    if side is case.sides[1]:
        return pair.own
    if side is case.held_out and pair.spare is not None:
        return pair.spare
    return pair.real


def answered(side: EventSide, word: Int1D) -> tuple[Float1D, Float1D]:
    """Return how many days float64[n] each row answers the row before of its parties and sum; inf for none.

    The row before is of the other party, or has another ``word`` int64[n] or sign. The second array is what
    chance finds: the same with time run back.
    """
    low, high, own = _parties(side)
    assert side.amount is not None
    sign = side.amount < 0
    rows = np.flatnonzero((high >= 0) & (np.nan_to_num(side.amount) != 0) & np.isfinite(side.sequences.days))
    sums = np.unique(np.abs(side.amount[rows]), return_inverse=True)[1]
    days = side.sequences.days[rows]
    order = np.lexsort((days, sums, high[rows], low[rows]))
    rows, sums, days = rows[order], sums[order], days[order]
    same = (np.diff(low[rows]) == 0) & (np.diff(high[rows]) == 0) & (np.diff(sums) == 0)
    other = (np.diff(own[rows]) != 0) | (np.diff(word[rows]) != 0) | (sign[rows][1:] != sign[rows][:-1])
    wait = np.diff(days)
    same &= other & (wait > 0)
    before, after = np.full(len(word), np.inf), np.full(len(word), np.inf)
    before[rows[1:][same]] = wait[same]
    after[rows[:-1][same]] = wait[same]
    return before, after


def _parties(side: EventSide) -> tuple[Int1D, Int1D, Int1D]:
    """Return the smaller and the larger code of the two parties of each row, and whose row it is.

    Where rows name nobody, all have one other party.
    """
    entity = side.sequences.entity()
    if side.partner is None:
        return entity, np.zeros(len(entity), dtype=np.int64), entity
    own = -2 - entity
    if side.owner is not None:
        own = np.where(side.owner[entity] >= 0, side.owner[entity], own)
    low, high = np.minimum(own, side.partner), np.maximum(own, side.partner)
    return low, np.where(side.partner < 0, -1, high), own


def both_sides(side: EventSide) -> tuple[Bool1D, Bool1D]:
    """Return bool[n] rows whose partner is an entity, and those that the partner has too at their time."""
    low, high, own = _parties(side)
    assert side.amount is not None
    assert side.partner is not None
    owners = own[side.sequences.start[:-1][side.sequences.lengths() > 0]]
    inside = np.isin(side.partner, owners[owners >= 0]) & (side.partner != own)
    rows = np.flatnonzero(inside & np.isfinite(side.amount) & np.isfinite(side.sequences.days))
    sums = np.unique(np.abs(side.amount[rows]), return_inverse=True)[1]
    keys = np.stack(
        [low[rows], high[rows], sums, np.unique(side.sequences.days[rows], return_inverse=True)[1]]
    )
    place = np.unique(keys, axis=1, return_inverse=True)[1].reshape(-1)
    mine = own[rows] == low[rows]
    size = int(place.max(initial=-1)) + 1
    one, two = np.bincount(place[mine], minlength=size) > 0, np.bincount(place[~mine], minlength=size) > 0
    found = np.zeros(len(own), dtype=np.bool_)
    found[rows] = (one & two)[place]
    return inside, found


def _of_second_sides(case: EventCase, weights: EntityWeights) -> Score:
    inside, found = both_sides(case.sides[0])
    if inside.sum() < LEAST or found[inside].mean() < BOTH:
        reason = (
            f"{int(found.sum())} of {int(inside.sum())} real payments between entities stand on both sides"
        )
        return METRIC.missing(SECOND, reason)

    def counts(side: EventSide) -> Float2D:
        base, both = both_sides(side)
        return hits(side, base, both)

    return compared(METRIC, case, weights, SECOND, counts, rates_gap, [scattered(case)], case.columns.told)


METRIC = Metric(
    name="answered_rows",
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
    summary="Whether refunds have their purchase, and transfers both of their sides",
    order=31,
    how=(
        "Words of the real rows that mostly answer an earlier row (the same two parties, or one account "
        "where nobody is named, and one sum, the other way, within 62 days; what is met with time run back "
        "is taken off): the difference of the share "
        "that does. Where real payments between entities stand on both sides: of the share that does."
    ),
    misses="Answers in part; how long they take.",
    estimator="rates over rows, whole entities resampled",
    references="resampled real entities, or the hold-out / random entities and counterparties",
)
