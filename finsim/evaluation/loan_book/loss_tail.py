"""Portfolio value at risk and expected shortfall with their sampling error."""

from __future__ import annotations

import numpy as np

from finsim.evaluation.loans import CreditCase
from finsim.evaluation.metric import NEITHER, PASS, STRESS, WARN, Metric, Score
from finsim.extras import Later
from finsim.notation import Float1D
from finsim.records.figures.tail_interval import FEW, tail_mean_interval

stats = Later("scipy.stats", "evaluate")

LEVELS = (0.99, 0.999)
LEAST_BEYOND = 5


def value_at_risk(losses: Float1D, level: float) -> tuple[float, float, float]:
    """Return the quantile of sorted losses with its distribution-free 95 % interval.

    Source: David and Nagaraja 2003, sec. 7.1 (order statistics at binomial ranks).
    """
    draws = len(losses)
    low, high = stats.binom.ppf([0.025, 0.975], draws, level)
    at = int(np.ceil(draws * level)) - 1
    return float(losses[at]), float(losses[int(low) - 1]), float(losses[min(int(high), draws - 1)])


def expected_shortfall(losses: Float1D, level: float) -> tuple[float, float, float]:
    """Return the mean of sorted losses beyond the quantile with its 95 % interval.

    Source of the variance: Manistre and Hancock 2005; few draws beyond: ``records.figures.tail_interval``.
    """
    draws = len(losses)
    at = int(np.ceil(draws * level)) - 1
    beyond = losses[at + 1 :]
    value = float(beyond.mean())
    if len(beyond) <= FEW:
        return value, *tail_mean_interval(losses, level, value)
    variance = (beyond.var(ddof=1) + level * (value - losses[at]) ** 2) / len(beyond)
    half = float(stats.norm.ppf(0.975) * np.sqrt(variance))
    return value, value - half, value + half


def measure(case: CreditCase) -> list[Score]:
    """Return VaR and ES at 99 % and 99.9 %; pass when the interval is within 5 % of the value."""
    if case.losses is None or len(case.losses) == 0:
        return [METRIC.missing("portfolio loss", "no losses were given")]
    ordered = np.sort(np.asarray(case.losses, dtype=np.float64))
    scores = []
    for level in LEVELS:
        for name, figure in (("VaR", value_at_risk), ("ES", expected_shortfall)):
            subject = f"{name} {level:.1%}"
            if len(ordered) * (1.0 - level) < LEAST_BEYOND:
                scores.append(
                    METRIC.missing(subject, f"{len(ordered)} draws leave fewer than {LEAST_BEYOND} beyond")
                )
                continue
            value, low, high = figure(ordered, level)
            verdict, reason = PASS, ""
            if high - low > 2.0 * METRIC.delta * abs(value):
                verdict = WARN
                reason = (
                    f"the interval is {(high - low) / 2 / abs(value):.1%} wide each way; draw more scenarios"
                )
            note = f"mean loss {ordered.mean():.4g}, {len(ordered)} draws"
            scores.append(
                METRIC.scored(
                    subject, value, (low, high), len(ordered), (None, None, None), (verdict, reason), note
                )
            )
    return scores


METRIC = Metric(
    name="loss_tail",
    case="credit",
    use=STRESS,
    unit="minor units",
    lowest=float("-inf"),
    highest=float("inf"),
    best=0.0,
    delta=0.05,
    origin="assumption: a tail figure known to 5 % is good enough to act on",
    order_free=True,
    compute=measure,
    direction=NEITHER,
    summary="Portfolio VaR and ES with their sampling error",
    order=50,
    how=(
        "Value at risk and expected shortfall of the portfolio with the 95 % interval of their "
        "sampling error; a pass means there are enough draws, not that the figure is right."
    ),
    misses="Model error: PD, LGD and correlations are taken as given.",
    estimator="VaR and ES at 99 and 99.9 % with intervals; passes when the interval is within 5 %",
    references="-",
    required=True,
)
