"""The score of a figure where more is better, judged by what real data reach in its place."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np

from finsim.evaluation.metric import NO_POWER, PASS, WARN, Metric, Score, apart, useless_reaches
from finsim.evaluation.tail_probability import exceedance
from finsim.notation import Float1D


def at_least(
    metric: Metric[Any],
    subject: str,
    figures: Float1D,
    floors: Float1D,
    ceiling: float,
    n: int,
    note: str,
    margin: float | None = None,
) -> Score:
    """Return the score; goal = 5 % quantile of ``floors`` (what real data reach) less the margin.

    ``figures`` float64[1 + B] are the value and its draws; the margin is ``delta`` unless given. p is the
    chance that real data fall as far short.
    The goal has no power where a useless twin (``ceiling``) reaches it.
    """
    value = float(figures[0])
    if not math.isfinite(value) or not np.isfinite(floors).all():
        return metric.missing(subject, "the statistic is undefined on these rows (too few or all equal)")
    draws = figures[1:][np.isfinite(figures[1:])]
    spread = draws - np.median(draws)
    floors = np.clip(floors, metric.lowest, metric.highest)
    margin = metric.delta if margin is None else max(margin, 0.0)
    low, high = (float(v) for v in value + np.quantile(spread, [0.025, 0.975]))
    goal = float(np.quantile(floors, 0.05)) - margin
    judged = (PASS, "")
    if goal <= metric.lowest:
        where = "at" if goal == metric.lowest else "below"
        judged = (NO_POWER, f"the goal would be {where} {metric.lowest:g} ({goal:.3g}): nothing misses it")
    elif value < goal:
        judged = (WARN, "{} is below the goal {}".format(*apart(value, goal)))
    elif ceiling >= goal:
        judged = (NO_POWER, useless_reaches(ceiling, goal))
    interval = (max(low, metric.lowest), min(high, metric.highest))
    references = (float(np.median(floors)), ceiling, goal)
    score = metric.scored(subject, value, interval, n, references, judged, note)
    return replace(score, p=exceedance(-(value + margin), -floors))
