"""Recall of the label at fixed alert budgets, of trees trained on synthetic and on earlier real rows."""

from __future__ import annotations

from functools import partial
from math import ceil
from typing import Any

import numpy as np

from finsim.evaluation.metric import Metric, Score
from finsim.evaluation.settings import Settings
from finsim.evaluation.utility.higher_is_better import at_least
from finsim.evaluation.utility.label_models import (
    drawn_weights,
    learned,
    null_figures,
    shuffled,
    told,
    twin_models,
)
from finsim.evaluation.utility.label_rows import LabelSplit
from finsim.notation import Bool1D, Float1D, Float2D
from finsim.randomness import Streams

LEAST_FOUND = 20
LEAST_ALERTED = 5
"""Rows that a budget must alert: whether the first row or two have the label is a matter of luck. With labels
of pure noise 2 of 12 sets of 600 rows failed at .6 rows alerted."""


def recalls(chances: Float1D, label: Bool1D, weights: Float2D, budget: float) -> Float1D:
    """Return the share of labeled rows among the highest ``budget`` of all rows: float64[1 + B].

    Rows of one score share what is left of the budget.
    """
    order = np.argsort(-chances, kind="stable")
    last = np.flatnonzero(np.append(np.diff(chances[order]) != 0, True))
    found = []
    for weight in weights[:, order]:
        total = np.concatenate([[0.0], np.cumsum(weight)[last]])
        hits = np.concatenate([[0.0], np.cumsum(weight * label[order])[last]])
        found.append(np.interp(budget * total[-1], total, hits) / hits[-1] if hits[-1] > 0 else np.nan)
    return np.asarray(found)


def alert_scores(metric: Metric[Any], split: LabelSplit, streams: Streams, settings: Settings) -> list[Score]:
    """Return recalls at each budget; floor: trained on earlier real rows, ceiling: shuffled labels."""
    positive = int(split.test.label.sum())
    if positive < LEAST_FOUND:
        why = f"{positive} test rows have the label; needs {LEAST_FOUND}"
        return [metric.missing("recall of alerts", why)]
    rng, seed = streams.at("utility", metric.name), streams.word("utility", metric.name)
    weights = drawn_weights(split.test, settings.bootstrap, rng)
    own, real = learned(split.own, split.test, seed), learned(split.train, split.test, seed)
    twins = twin_models(split.train, split.test, streams, metric.name)
    useless = learned(shuffled(split.train, rng), split.test, seed)
    scores = []
    for budget in settings.budgets:
        subject = split.named(f"recall at {budget:.1%} alerts")
        alerted = budget * len(split.test.label)
        if alerted < LEAST_ALERTED:
            rows = ceil(LEAST_ALERTED / budget)
            scores.append(metric.powerless(subject, f"{alerted:.2g} rows alerted; needs {rows:,} test rows"))
            continue
        figure = partial(recalls, label=split.test.label, weights=weights, budget=budget)
        found, beside = figure(own), figure(real)
        # The noise of a recall near 0 would go below it, and a share of that would be no margin at all.
        floors = np.clip(null_figures(beside, [figure(one) for one in twins]), 0.0, 1.0)
        ceiling = max(float(figure(useless)[0]), budget)
        note = f"{split.told}; {positive} rows with the label; trained on real rows {told(beside)}"
        margin = metric.delta * float(np.median(floors))
        scores.append(at_least(metric, subject, found, floors, ceiling, positive, note, margin))
    return scores
