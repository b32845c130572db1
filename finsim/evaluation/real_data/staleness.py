"""Staleness: how old the training data are, and how far new real data have moved from them."""

from __future__ import annotations

import datetime

import numpy as np

from finsim.evaluation.attacks.row_keys import banded
from finsim.evaluation.metric import FAIL, PASS, STRESS, WARN, Metric, Score
from finsim.evaluation.tables.column_pairs import ColumnPair
from finsim.evaluation.tables.table_case import TableCase
from finsim.notation import Array, Bool1D, Float1D

DAYS = 365.0
BANDS = 10
LEAST = 100
WATCH, ACT = 0.1, 0.25
"""Population stability index: convention of credit scoring (Siddiqi 2006)."""
SUBJECTS = ("days since the last training date", "drift of new real rows")


def measure(case: TableCase) -> list[Score]:
    """Return two scores: the age of the training data, and the drift of the real rows since.

    Real rows (the hold-out too) on or after ``settings.since`` are new; those before it are training.
    """
    when = case.column(case.roles.time)
    if case.settings.since is None:
        return [
            METRIC.missing(subject, "no date from which real rows are new: give --since")
            for subject in SUBJECTS
        ]
    if when is None or when.kind != "date":
        return [METRIC.missing(subject, "no column of dates: give --time") for subject in SUBJECTS]
    since = float((datetime.date.fromisoformat(case.settings.since) - datetime.date(1970, 1, 1)).days)
    days = when.real if when.spare is None else np.concatenate([when.real, when.spare])
    old, new = days < since, days >= since
    if not old.any():
        return [METRIC.missing(subject, f"no real row before {case.settings.since}") for subject in SUBJECTS]
    return [_age(days, old, new, since), _drift(case, old, new)]


def _age(days: Float1D, old: Bool1D, new: Bool1D, since: float) -> Score:
    last = float(days[old].max())
    value = (float(days[new].max()) if new.any() else since) - last
    verdict, reason = PASS, ""
    if value > DAYS:
        verdict, reason = WARN, f"the model has seen nothing of the last {value:.0f} days"
    note = f"last training date {np.datetime64(0, 'D') + int(np.floor(last))}"
    found = METRIC.scored(
        SUBJECTS[0], value, (value, value), int(old.sum()), (0.0, None, DAYS), (verdict, reason), note
    )
    return found


def _drift(case: TableCase, old: Bool1D, new: Bool1D) -> Score:
    if int(new.sum()) < LEAST or int(old.sum()) < LEAST:
        return METRIC.missing(SUBJECTS[1], f"{int(new.sum())} new real rows; needs {LEAST}")
    found = {}
    for column in case.columns:
        if column.name != case.roles.time:
            found[column.name] = _column_drift(case, column, old, new)
    if not found:
        return METRIC.missing(SUBJECTS[1], "no column but the time")
    worst = max(found, key=lambda name: found[name][0])
    value, low, high, floor = found[worst]
    goal = WATCH + floor
    verdict, reason = PASS, ""
    if low > ACT + floor:
        verdict, reason = FAIL, f"{worst} has moved by {value:.2f} ({ACT:g} and more: learn again)"
    elif value > goal:
        verdict, reason = WARN, f"{worst} has moved by {value:.2f} ({WATCH:g} and more: watch)"
    note = f"largest of {len(found)} columns: {worst}; {int(new.sum()):,} new rows, {int(old.sum()):,} before"
    return METRIC.scored(
        SUBJECTS[1], value, (low, high), int(new.sum()), (floor, None, goal), (verdict, reason), note
    )


def _column_drift(
    case: TableCase, column: ColumnPair, old: Bool1D, new: Bool1D
) -> tuple[float, float, float, float]:
    """Return PSI, its interval and the q95 of equal laws at these sizes."""
    real, _, spare = banded(column, BANDS)
    codes = real if spare is None else np.concatenate([real, spare])
    names, place = np.unique(codes, return_inverse=True)
    left, right = (np.bincount(place[side], minlength=len(names)) for side in (old, new))
    rng = case.streams.at("staleness", column.name)
    count = case.settings.bootstrap
    both = (left + right) / (left + right).sum()
    drawn = [rng.multinomial(side.sum(), side / side.sum(), count) for side in (left, right)]
    equal = [rng.multinomial(side.sum(), both, count) for side in (left, right)]
    value = float(stability(left[None], right[None])[0])
    floors, draws = stability(*equal), stability(*drawn)
    spread = draws - np.median(draws)
    low, high = value + np.quantile(spread, [0.025, 0.975])
    return value, max(float(low), 0.0), float(high), float(np.quantile(floors, 0.95))


def stability(left: Array, right: Array) -> Float1D:
    """Return sum (p - q) log(p / q) of counts by band, half a row added to each: float64[B]."""
    shares = [(side + 0.5) / (side + 0.5).sum(axis=1, keepdims=True) for side in (left, right)]
    return np.asarray(((shares[0] - shares[1]) * np.log(shares[0] / shares[1])).sum(axis=1))


METRIC = Metric(
    name="staleness",
    case="table",
    use=STRESS,
    unit="days; population stability index",
    lowest=0.0,
    highest=float("inf"),
    best=0.0,
    delta=0.1,
    origin="population stability index of .1 to watch and .25 to act (convention); one year is an assumption",
    order_free=False,
    compute=measure,
    summary="How old the training data are, and how far new real data have moved",
    order=620,
    how=(
        "Days from the last training date to the newest real date, and the largest population stability "
        "index of a column between the real rows before and since the date given."
    ),
    misses="Changes of dependence that leave the margins alone.",
    estimator="PSI over real deciles or levels, half a row added; multinomial bootstrap; floor: equal laws",
    references="equal laws, q95 / -",
)
