"""False alarms on decoys: how often benign look-alikes of a scheme are alerted."""

from __future__ import annotations

import numpy as np

from finsim.evaluation.metric import DETECTOR, Metric, Score, verdict_below
from finsim.evaluation.utility.detection import LEAST_SCHEMES, TransactionCase, mean_draws, scheme_draws

LIMIT = 0.20


def measure(case: TransactionCase) -> list[Score]:
    """Return the share of decoy rows alerted at the middle alert budget; floor: of all benign rows.

    No power below ``LEAST_SCHEMES`` look-alikes: the rows of one are alerted together.
    """
    found = case.detection
    budget = sorted(case.settings.budgets)[len(case.settings.budgets) // 2]
    subject = f"decoy rows at {budget:.1%} alerts"
    if found is None:
        return [METRIC.missing(subject, case.why)]
    if not found.decoy.any():
        return [METRIC.missing(subject, "no decoy rows in the test part")]
    few = len(np.unique(found.instance[found.decoy]))
    if few < LEAST_SCHEMES:
        return [METRIC.powerless(subject, f"{few} decoy schemes in the test part; needs {LEAST_SCHEMES}")]
    hit = found.alerted(budget)
    rng = case.streams.at("decoys", "schemes")
    codes, counts = scheme_draws(found.instance[found.decoy], case.settings.bootstrap, rng)
    schemes = counts.shape[1]
    low, high = np.quantile(mean_draws(codes, counts, hit[found.decoy]), [0.025, 0.975])
    benign = ~found.illicit & ~found.decoy
    floor = float(np.average(hit[benign], weights=found.weight[benign]))
    value = float(hit[found.decoy].mean())
    verdict, reason = verdict_below(value, float(low), LIMIT)
    note = f"{schemes} decoy schemes, {int(found.decoy.sum())} rows; {found.setting}"
    return [
        METRIC.scored(
            subject, value, (float(low), float(high)), schemes, (floor, 1.0, LIMIT), (verdict, reason), note
        )
    ]


METRIC = Metric(
    name="decoys",
    case="transactions",
    use=DETECTOR,
    unit="share",
    lowest=0.0,
    highest=1.0,
    best=0.0,
    delta=LIMIT,
    origin="assumption: more than one look-alike in five alerted swamps the alert queue",
    order_free=True,
    compute=measure,
    summary="False alarms on benign look-alikes",
    order=20,
    how=(
        "Share of rows of benign look-alikes that the detector alerts at the middle alert budget; the"
        " floor is that of all benign rows."
    ),
    misses="Knows only the look-alikes that the study injects.",
    estimator="share of rows of benign look-alikes alerted at .5 %",
    references="of all benign rows / 1",
)
