"""Tail reach: real days that lie beyond the most extreme synthetic day of all paths.

A generator whose tails were capped, or that never leaves what it usually sees, has many paths and no
crash among them. Averages over paths do not show it; the reach does.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from finsim.evaluation.case import PathCase
from finsim.evaluation.columns import RETURN
from finsim.evaluation.fidelity.empirical import curves
from finsim.evaluation.metric import STRESS, Evidence, Metric, Score
from finsim.notation import Float1D, Float2D, Int2D

TINY = 1e-12
CUT = 0.01
YEAR = 252
_SIGN = {"losses": -1.0, "gains": 1.0}


def beyond(own: Float2D, real: Float2D, side: str) -> Float1D:
    """Return the real mass beyond the extreme synthetic value, from distribution functions [b, G]."""
    if side == "losses":
        first = np.argmax(own > TINY, axis=-1)
        before = np.concatenate([np.zeros((len(real), 1)), real], axis=1)
        return np.asarray(np.take_along_axis(before, first[:, None], axis=1)[:, 0])
    last = np.argmax(own >= 1.0 - TINY, axis=-1)
    return np.asarray(1.0 - np.take_along_axis(real, last[:, None], axis=1)[:, 0])


def _resampled(case: PathCase, index: int, side: str) -> Evidence:
    both = curves(case, RETURN, index).functions()
    found = both.found
    draws = len(found.synthetic_draws)
    real = found.real[None]
    value = float(beyond(found.synthetic[None], real, side)[0])
    mine = beyond(found.synthetic_draws, np.repeat(real, draws, axis=0), side)
    floors = beyond(found.twin_draws, found.real_draws, side)
    spare = None if both.holdout is None else float(beyond(both.holdout[None], real, side)[0])
    return Evidence(value, mine, floors, spare, not case.synthetic.many)


def reach_evidence(real: Float2D, own: Float2D, draws: Int2D) -> Evidence:
    """Compare real rows [R, T] beyond all synthetic ones with each path's rows beyond all others'.

    The interval is reflected: fewer paths reach less far, so a resample of them overstates the value.
    """
    tops = own.max(axis=1)
    first, second = np.partition(tops, -2)[[-1, -2]]
    others = np.where(tops == first, second, first)
    shares = (own > others[:, None]).mean(axis=1)
    value = float((real > first).mean())
    reached = tops[draws].max(axis=1)
    fewer = 1.0 - np.searchsorted(np.sort(real.ravel()), reached, side="right") / real.size
    low = max(2.0 * value - float(np.quantile(fewer, 0.975)), 0.0)
    return Evidence(value, fewer, shares, interval=(min(low, value), value))


def chance_of_years(real: Float2D, own: Float2D, margin: float, year: int) -> float:
    """Return the chance that real rows lie beyond all synthetic ones in as many years as they do here.

    The largest of all years is a real one with the share that real rows have of all; rows of one year
    come together, years do not, so that the chance of k years is the k-th power. 1 within the margin.
    """
    found = real > own.max()
    if found.mean() <= margin:
        return 1.0
    years = sum(int(path[k : k + year].any()) for path in found for k in range(0, found.shape[1], year))
    return float((real.size / (real.size + own.size)) ** years)


def measure(case: PathCase) -> list[Score]:
    """Return one score an asset and side; ceiling: a synthetic side without its outer 1 % on each side."""
    scores = []
    rows = case.synthetic.count * case.synthetic.steps
    for index, asset in case.assets():
        for side, sign in _SIGN.items():
            subject = f"{asset} {side}"
            if rows < case.real.steps // 4:
                reason = f"{rows} synthetic days cannot reach as far as {case.real.steps} real ones"
                scores.append(METRIC.powerless(subject, reason))
            elif case.ranked:
                real, own = (sign * one.column(RETURN, index) for one in (case.real, case.synthetic))
                evidence = reach_evidence(real, own, case.resamples.own)
                note = f"{rows} synthetic days, {real.size} real ones"
                found = METRIC.compared(subject, evidence, ceiling=CUT, n=rows, note=note)
                scores.append(replace(found, p=chance_of_years(real, own, METRIC.delta, YEAR)))
            else:
                found = METRIC.compared(subject, _resampled(case, index, side), ceiling=CUT, n=rows)
                scores.append(replace(found, p=None))
    return scores


METRIC = Metric(
    name="tail_reach",
    case="paths",
    use=STRESS,
    unit="share of real days",
    lowest=0.0,
    highest=1.0,
    best=0.0,
    delta=0.002,
    origin="assumption: two real days in a thousand may lie beyond all synthetic ones",
    order_free=True,
    compute=measure,
    era=0.013,
    summary="Real days beyond the most extreme synthetic day",
    order=120,
    how=(
        "Share of real days that lie beyond the most extreme synthetic day of all paths; the ceiling "
        "is a synthetic side without its outer hundredth."
    ),
    misses="Sees only whether the extremes are reached, not how often; see hill and expected_shortfall.",
    estimator=(
        "share of real days beyond the most extreme day of all synthetic paths; its chance is the real "
        "share of all days, to the power of the years with such days"
    ),
    references="days of each path beyond all others / 1 % cut off",
    required=True,
)
