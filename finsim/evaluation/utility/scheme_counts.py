"""Scheme counts: whether each narrative appears at the study's rate."""

from __future__ import annotations

from collections import Counter

from finsim.evaluation.metric import DETECTOR, FAIL, PASS, TARGET, Metric, Score
from finsim.evaluation.utility.detection import TransactionCase
from finsim.extras import Later

stats = Later("scipy.stats", "evaluate")

LEVEL = 0.99


def measure(case: TransactionCase) -> list[Score]:
    """Return one score per planned narrative; [low, high] is the 99 % Poisson interval of the plan.

    value = number of schemes, goal = the planned number.
    """
    if case.expected is None:
        return [METRIC.missing("schemes", "no planned numbers were given")]
    seen = Counter(scheme["narrative"] for scheme in case.schemes.values())
    scores = []
    for name in sorted({*case.expected, *seen}):
        planned, count = float(case.expected.get(name, 0.0)), seen[name]
        low, high = (float(v) for v in stats.poisson.interval(LEVEL, planned)) if planned > 0 else (0.0, 0.0)
        inside = low <= count <= high
        reason = "" if inside else f"{count} schemes; the plan of {planned:.1f} gives {low:.0f} to {high:.0f}"
        scores.append(
            METRIC.scored(
                name,
                float(count),
                (low, high),
                count,
                (None, None, planned),
                (PASS if inside else FAIL, reason),
                "low and high are the 99 % interval of the planned number",
            )
        )
    return scores


METRIC = Metric(
    name="scheme_counts",
    case="transactions",
    use=DETECTOR,
    unit="schemes",
    lowest=0.0,
    highest=float("inf"),
    best=0.0,
    delta=0.0,
    origin="99 % Poisson interval of the study's rate",
    order_free=True,
    compute=measure,
    direction=TARGET,
    summary="Number of schemes against the planned rate",
    order=40,
    how=(
        "Number of injected schemes of one story against the number its rate plans; the interval is "
        "the 99 % Poisson interval of the plan, and the goal is a target, not a limit."
    ),
    misses="Whether the planned rate is that of any real bank.",
    estimator="schemes by narrative against the planned number; `low`, `high` are its 99 % Poisson interval",
    references="-",
)
