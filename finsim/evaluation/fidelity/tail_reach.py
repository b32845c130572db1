"""Tail reach: real days that lie beyond the most extreme synthetic day of all paths.

A generator whose tails were capped, or that never leaves what it usually sees, has many paths and no
crash among them. Averages over paths do not show it; the reach does.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from finsim.evaluation.case import PathCase
from finsim.evaluation.columns import RETURN
from finsim.evaluation.fidelity.empirical import Curves, curves
from finsim.evaluation.metric import FAIL, STRESS, WARN, Evidence, Metric, Score
from finsim.notation import Float1D, Float2D

TINY = 1e-12
SIDES = ("losses", "gains")


def beyond(own: Float2D, real: Float2D, side: str) -> Float1D:
    """Return the real mass beyond the extreme synthetic value, from distribution functions [b, G]."""
    if side == "losses":
        first = np.argmax(own > TINY, axis=-1)
        before = np.concatenate([np.zeros((len(real), 1)), real], axis=1)
        return np.asarray(np.take_along_axis(before, first[:, None], axis=1)[:, 0])
    last = np.argmax(own >= 1.0 - TINY, axis=-1)
    return np.asarray(1.0 - np.take_along_axis(real, last[:, None], axis=1)[:, 0])


def _evidence(case: PathCase, found: Curves, side: str) -> Evidence:
    draws = len(found.synthetic_draws)
    real = found.real[None]
    value = float(beyond(found.synthetic[None], real, side)[0])
    mine = beyond(found.synthetic_draws, np.repeat(real, draws, axis=0), side)
    floors = beyond(found.twin_draws, found.real_draws, side)
    spare = None if found.holdout is None else float(beyond(found.holdout[None], real, side)[0])
    return Evidence(value, mine, floors, spare, not case.synthetic.many)


def measure(case: PathCase) -> list[Score]:
    """Return one score an asset and side; ceiling: a synthetic side without its outer 1 % on each side."""
    scores = []
    rows = case.synthetic.count * case.synthetic.steps
    for index, asset in case.assets():
        found = curves(case, RETURN, index)
        for side in SIDES:
            subject = f"{asset} {side}"
            if rows < case.real.steps // 4:
                scores.append(METRIC.missing(subject, f"{rows} synthetic rows, {case.real.steps} real ones"))
                continue
            note = f"{rows} synthetic days, {case.real.steps} real ones"
            score = METRIC.compared(subject, _evidence(case, found, side), ceiling=0.01, n=rows, note=note)
            if score.verdict == FAIL and not case.synthetic.many:
                score = replace(score, verdict=WARN, reason=f"{score.reason}; one path may be a calm era")
            scores.append(score)
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
    estimator="share of real days beyond the most extreme day of all synthetic paths",
    references="same / 1 % cut off",
    required=True,
)
