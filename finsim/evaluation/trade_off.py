"""``TradeOff``: fidelity, utility and attack bound of a scorecard, each one figure with its interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from finsim.evaluation.metric import Score
from finsim.evaluation.metric_catalog import METRICS
from finsim.evaluation.uses import BACKTEST, DETECTOR, SHARE, STRESS


@dataclass(frozen=True)
class Figure:
    """A figure with its 95 % interval and the number of scores behind it."""

    value: float
    low: float
    high: float
    scores: int


@dataclass(frozen=True)
class TradeOff:
    """Three figures that pull against each other; None where no score gives one.

    ``fidelity`` and ``utility``: mean of (ceiling - value) / (ceiling - floor), clipped to 0..1, over the
    scores that have both: 1 is as good as real data, 0 no better than a useless twin. ``attack``: the
    largest rate of a copy check or attack, with the largest upper bound. Source: own.
    """

    fidelity: Figure | None
    utility: Figure | None
    attack: Figure | None


def trade_off(scores: Sequence[Score]) -> TradeOff:
    """Return the three figures of a scorecard."""
    return TradeOff(
        _normalized([score for score in scores if score.use in (BACKTEST, STRESS)]),
        _normalized([score for score in scores if score.use == DETECTOR]),
        _attack([score for score in scores if score.use == SHARE]),
    )


def _normalized(scores: list[Score]) -> Figure | None:
    """Average over metrics, so that one with many subjects counts once; intervals are averaged as well."""
    by_metric: dict[str, list[tuple[float, float, float]]] = {}
    for score in scores:
        if score.value is None or score.floor is None or score.ceiling is None:
            continue
        span = score.ceiling - score.floor
        if abs(span) < 1e-12:
            continue
        ends = (score.value, *(score.value if end is None else end for end in (score.low, score.high)))
        value, *rest = (min(max((score.ceiling - end) / span, 0.0), 1.0) for end in ends)
        by_metric.setdefault(score.metric, []).append((value, min(rest), max(rest)))
    if not by_metric:
        return None
    means = [[sum(column) / len(rows) for column in zip(*rows, strict=True)] for rows in by_metric.values()]
    value, low, high = (sum(column) / len(means) for column in zip(*means, strict=True))
    return Figure(value, low, high, sum(len(rows) for rows in by_metric.values()))


def _attack(scores: list[Score]) -> Figure | None:
    rates = [score for score in scores if score.high is not None and _is_rate(score.metric)]
    if not rates:
        return None
    worst = max(rates, key=lambda score: score.high or 0.0)
    value, low, high = worst.value or 0.0, worst.low or 0.0, worst.high or 0.0
    return Figure(value, low, high, len(rates))


def _is_rate(metric: str) -> bool:
    """Tell whether a metric is a share of records that an attack hits: from 0, the best, to 1."""
    if metric not in METRICS:
        return False
    found = METRICS.load(metric)
    return bool((found.lowest, found.best, found.highest) == (0.0, 0.0, 1.0))
