"""Whether balances run on: that of each row is the one before and the amount between, as in the real rows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from finsim.evaluation.events.entity_resamples import Counts, compared, entity_weights, rates_gap
from finsim.evaluation.events.event_case import EventCase, EventSide
from finsim.evaluation.events.useless_twins import scattered
from finsim.evaluation.metric import DETECTOR, Metric, Score
from finsim.evaluation.tables.column_pairs import CATEGORY, DATE, NUMBER, ColumnPair
from finsim.notation import NANOS_PER_DAY, Array, Float1D, Float2D, Int1D
from finsim.tables.statements.running_balance import (
    HALF_A_CENT,
    MOST_WORDS,
    RunningBalance,
    Statement,
    follow,
    running_balance,
)
from finsim.tables.statements.two_sides import two_sides

SUBJECT = "balances"
TIME = "the time"


def measure(case: EventCase) -> list[Score]:
    """Return the difference of the shares of rows whose balance does not follow from the one before."""
    if case.why:
        return [METRIC.missing(SUBJECT, case.why)]
    real, found = case.sides[0], []
    weights = None
    sums = _sums(case)
    for pair in case.rows.columns:
        if pair.kind != NUMBER or pair.name in sums:
            continue
        how = running_balance(_statement(case, real, sums), pair.real[real.sequences.order], HALF_A_CENT)
        if how is not None:
            weights = entity_weights(case) if weights is None else weights
            note = f"in order of {how.time}, {how.holds:.1%} of real rows follow"
            counts = _counts(case, pair, how, sums)
            found.append(
                compared(METRIC, case, weights, pair.name, counts, rates_gap, [scattered(case)], note)
            )
    return found or [METRIC.missing(SUBJECT, "no column of the real rows is a running balance")]


def _sums(case: EventCase) -> tuple[str, ...]:
    """Return the columns of the amount: two where debits and credits have their own; none where it lacks."""
    numbers = {one.name: (one.name, one.real) for one in case.rows.columns if one.kind == NUMBER}
    sides = two_sides(numbers)
    if sides is not None:
        return sides.out, sides.into
    return (case.columns.amount,) if case.columns.amount else ()


def _statement(case: EventCase, side: EventSide, sums: tuple[str, ...]) -> Statement:
    """Return the rows of a side in the order of their entities and times."""
    order, columns = side.sequences.order, case.rows.columns
    times = {TIME: _nanos(side.sequences.days)}
    words = {}
    for one in columns:
        if one.kind == DATE and one.name != case.rows.roles.time:
            times[one.name] = _nanos(cells(case, one, side)[order])
        elif one.kind == CATEGORY and len(one.levels) < MOST_WORDS:
            words[one.name] = cells(case, one, side)[order].astype(np.int64) + 1
    named = {one.name: one for one in columns}
    amount = np.full(len(order), np.nan)
    if sums and all(name in named for name in sums):
        values = [np.asarray(cells(case, named[name], side)[order], np.float64) for name in sums]
        amount = values[0]
        if len(sums) == 2:
            sides = two_sides({name: (name, named[name].real) for name in sums})
            assert sides is not None
            amount = sides.together(*values)
    return Statement(side.sequences.entity(), times, amount, words)


def _nanos(days: Float1D) -> Array:
    return np.round(np.nan_to_num(days) * (NANOS_PER_DAY / 1e3)).astype(np.int64) * 1_000


def cells(case: EventCase, pair: ColumnPair, side: EventSide) -> Array:
    """Return the cells of a column on a side; a useless twin has those of the real rows."""
    if side is case.sides[1]:
        return pair.own
    if side is case.held_out and pair.spare is not None:
        return pair.spare
    return pair.real


def _counts(case: EventCase, pair: ColumnPair, how: RunningBalance, sums: tuple[str, ...]) -> Counts:
    """Return a function of a side: rows that do not follow and rows that could, by entity.

    Rows of one time may stand either way round, as files are sorted: the way that more rows follow counts.
    """

    def counts(side: EventSide) -> Float2D:
        rows = _statement(case, side, sums)
        level = cells(case, pair, side)[side.sequences.order]
        best: tuple[Int1D, Int1D] | None = None
        move = how.moves(rows.amount, rows.words)
        for back in (False, True):
            order = replace(how, back=back).order(rows.account, rows.times)
            filled = order[~np.isnan(level[order])]
            later = filled[1:][rows.account[filled[1:]] == rows.account[filled[:-1]]]
            held = follow(level[order], move[order], rows.account[order], how.before, HALF_A_CENT)
            if best is None or (held == 0).sum() < (best[1] == 0).sum():
                best = later, held
        assert best is not None
        entity, count = rows.account[best[0]], side.sequences.count
        lost, asked = (
            np.bincount(entity, one.astype(np.float64), count) for one in (best[1] == 0, best[1] >= 0)
        )
        return np.stack([lost, asked], axis=1).astype(np.float64)

    return counts


METRIC = Metric(
    name="running_balance",
    case="events",
    use=DETECTOR,
    unit="share",
    lowest=0.0,
    highest=1.0,
    best=0.0,
    delta=0.05,
    origin="assumption: one row in twenty beyond real ones, as files lack some rows",
    order_free=True,
    compute=measure,
    summary="Whether balances add up from row to row",
    order=67,
    how=(
        "Columns of numbers in which 95 % of the real rows are the balance of the row before and the amount "
        "(signs by the amount, by debits and credits, or by a word); the share of rows that do not follow."
    ),
    misses="How high balances are, and where they may not go.",
    estimator="rate over rows, whole entities resampled",
    references="resampled real entities, or the hold-out / random entities and times",
)
