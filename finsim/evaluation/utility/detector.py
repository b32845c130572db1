"""Detector recall at fixed alert budgets, and average precision, on rows the detector never saw."""

from __future__ import annotations

from math import ceil

import numpy as np

from finsim.evaluation.metric import DETECTOR, FAIL, HIGHER, NO_POWER, PASS, WARN, Metric, Score
from finsim.evaluation.utility.alerts import LEAST_ALERTED
from finsim.evaluation.utility.detection import Detection, TransactionCase, scheme_draws
from finsim.notation import Array, Float1D, Float2D
from finsim.records.display.fact_words import counted

TOO_EASY = 0.98
LIFT = 5.0
"""Recall over that of alerts at random below which nothing of use was learned (assumption)."""


def recalls(found: Detection, budget: float, counts: Array, codes: Array) -> tuple[float, Float1D]:
    """Return the recall of illicit rows at an alert budget and its draws over schemes."""
    hit = found.alerted(budget)[found.illicit]
    caught = np.bincount(codes, weights=hit, minlength=counts.shape[1])
    size = np.bincount(codes, minlength=counts.shape[1]).astype(np.float64)
    return float(hit.mean()), (counts @ caught) / (counts @ size)


def average_precision(found: Detection, positive: Float2D) -> Float1D:
    """Return the average precision per row of weights of the illicit rows: [B, P] -> [B].

    Source: sum over positives, from the highest score down, of precision at each, as scikit-learn
    computes it; equal scores are taken together.
    """
    _, rank = np.unique(-found.score, return_inverse=True)
    levels = rank.max() + 1
    negative = np.cumsum(np.bincount(rank[~found.illicit], found.weight[~found.illicit], minlength=levels))
    place = rank[found.illicit]
    order = np.argsort(place, kind="stable")
    ordered, sorted_place = positive[:, order], place[order]
    running = np.cumsum(ordered, axis=1)
    last = np.searchsorted(sorted_place, sorted_place, side="right") - 1
    above = running[:, last]
    with np.errstate(invalid="ignore"):
        precision = np.where(above > 0, above / (above + negative[sorted_place]), 0.0)
    return np.asarray((ordered * precision).sum(axis=1) / running[:, -1])


def measure(case: TransactionCase) -> list[Score]:
    """Return recall of rows at each alert budget, schemes caught at the middle one, average precision.

    There is no real labelled set unless the user gives one as test rows, so the note says what was
    tested on what; ceiling is what alerts at random find.
    """
    found = case.detection
    if found is None:
        return [METRIC.missing("recall and precision", case.why)]
    rng = case.streams.at("detector", "schemes")
    codes, counts = scheme_draws(found.instance[found.illicit], case.settings.bootstrap, rng)
    scores = []
    for budget in case.settings.budgets:
        value, draws = recalls(found, budget, counts, codes)
        note = f"{found.setting}; {int(found.illicit.sum())} illicit rows"
        if budget == _middle(case):
            note += f"; by narrative: {_by_narrative(case, found, budget)}"
        scores.append(_score(f"recall of rows at {budget:.1%} alerts", value, draws, found, budget, note))
    scores.append(_caught(case, found, counts, codes))
    weights = np.concatenate([np.ones((1, len(codes))), counts[:, codes]])
    precision = average_precision(found, weights)
    scores.append(_score("average precision", float(precision[0]), precision[1:], found, None, found.setting))
    return scores


def _middle(case: TransactionCase) -> float:
    return sorted(case.settings.budgets)[len(case.settings.budgets) // 2]


def _caught(case: TransactionCase, found: Detection, counts: Array, codes: Array) -> Score:
    """Return the share of schemes with at least one alerted row (expected, where a tie shares alerts)."""
    budget = _middle(case)
    hit = found.alerted(budget)[found.illicit]
    best = np.zeros(counts.shape[1])
    np.maximum.at(best, codes, hit)
    draws = (counts @ best) / counts.sum(axis=1)
    subject = f"schemes with an alert at {budget:.1%} alerts"
    return _score(subject, float(best.mean()), draws, found, budget, found.setting)


def _by_narrative(case: TransactionCase, found: Detection, budget: float) -> str:
    hit = found.alerted(budget)[found.illicit]
    instance = found.instance[found.illicit]
    names = np.array([case.schemes.get(int(i), {}).get("narrative", "unknown") for i in instance])
    return ", ".join(f"{name} {hit[names == name].mean():.2f}" for name in np.unique(names))


def _score(
    subject: str, value: float, draws: Float1D, found: Detection, budget: float | None, note: str
) -> Score:
    """Judge a recall at an alert budget, or an average precision (None), beside alerts at random.

    What the interval does not tell from chance has no power where it reaches ``LIFT`` times as far, or where
    the budget alerts too few rows.
    """
    low, high = (float(v) for v in np.quantile(draws, [0.025, 0.975]))
    illicit, rows = int(found.illicit.sum()), float(found.weight.sum())
    chance = illicit / rows if budget is None else budget
    schemes = len(np.unique(found.instance[found.illicit]))
    tested = f"{counted(illicit, 'illicit row')} of {counted(schemes, 'scheme')}"
    verdict, reason = PASS, ""
    if low > chance:
        if budget is None and value >= TOO_EASY:
            verdict, reason = WARN, f"{value:.3f}: schemes are separated almost perfectly, real ones are not"
    elif budget is not None and budget * rows < LEAST_ALERTED:
        verdict = NO_POWER
        reason = f"{budget * rows:.2g} rows alerted; needs {ceil(LEAST_ALERTED / budget):,} test rows"
    elif value > chance and high >= LIFT * chance:
        verdict = NO_POWER
        reason = (
            f"{value:.3g} is above alerts at random ({chance:.3g}), but {tested} are too few to tell: the "
            f"interval is {low:.3g} to {high:.3g}"
        )
    else:
        verdict, reason = FAIL, f"no better than alerts at random ({chance:.3g}) on {tested}"
    return METRIC.scored(
        subject, value, (low, high), schemes, (None, chance, chance), (verdict, reason), note
    )


METRIC = Metric(
    name="detector",
    case="transactions",
    use=DETECTOR,
    unit="share",
    lowest=0.0,
    highest=1.0,
    best=1.0,
    delta=0.0,
    origin="better than alerts at random; above 0.98 average precision the world is a toy (assumption)",
    order_free=True,
    compute=measure,
    direction=HIGHER,
    summary="Recall of a detector at fixed alert budgets",
    order=10,
    how=(
        "Boosted trees learn on one part of the accounts' history and rank the rows of another; "
        "recall is the share of illicit rows (or of schemes) among the highest-ranked share of rows "
        "named by the alert budget."
    ),
    misses=(
        "Trained and tested on synthetic rows unless real test rows were given: it says the schemes "
        "can be learned, not that real ones would be found. Near 1 the schemes are too easy."
    ),
    estimator=(
        "boosted trees on 33 causal features, trained on the first 70 % of rows and tested on later "
        "schemes (or on rows given): recall at alert budgets of .1, .5 and 1 % of all rows, schemes "
        "caught, average precision; bootstrap over schemes; no power where five times the recall of chance "
        "cannot be told from it"
    ),
    references="none: no real labels / alerts at random",
    required=True,
)
