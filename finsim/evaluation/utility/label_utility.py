"""Train on synthetic rows, test on real ones: how well they tell the label, beside real rows."""

from __future__ import annotations

import numpy as np

from finsim.evaluation.metric import DETECTOR, HIGHER, Metric, Score
from finsim.evaluation.tables.table_case import TableCase
from finsim.evaluation.utility.higher_is_better import at_least
from finsim.evaluation.utility.label_models import (
    areas,
    drawn_weights,
    learned,
    null_figures,
    precisions,
    shuffled,
    told,
    twin_models,
)
from finsim.evaluation.utility.label_rows import MOST_ROWS, label_split


def measure(case: TableCase) -> list[Score]:
    """Return the AUC of trees trained on synthetic rows; its floor are trees trained on real rows."""
    split = label_split(case, MOST_ROWS)
    if isinstance(split, str):
        return [METRIC.missing("AUC of the label", split)]
    streams, label = case.streams, split.test.label
    rng, seed = streams.at("utility", "label"), streams.word("utility", "label")
    weights = drawn_weights(split.test, case.settings.bootstrap, rng)
    own, real = learned(split.own, split.test, seed), learned(split.train, split.test, seed)
    twins = twin_models(split.train, split.test, streams, "label")
    useless = learned(shuffled(split.train, rng), split.test, seed)
    found, beside = areas(own, label, weights), areas(real, label, weights)
    floors = null_figures(beside, [areas(one, label, weights) for one in twins])
    ceiling = max(float(areas(useless, label, weights)[0]), 0.5)
    low, high = np.quantile(found[1:] - beside[1:], [0.025, 0.975])
    note = (
        f"{split.told}; trained on real rows {told(beside)}, difference {found[0] - beside[0]:+.3f} "
        f"[{low:+.3f}, {high:+.3f}]; average precision {told(precisions(own, label, weights))}, "
        f"on real rows {told(precisions(real, label, weights))}, by chance {label.mean():.3f}"
    )
    subject = "AUC of the label"
    return [at_least(METRIC, subject, found, floors, ceiling, len(label), note)]


METRIC = Metric(
    name="label_utility",
    case="table",
    use=DETECTOR,
    unit="AUC",
    lowest=0.0,
    highest=1.0,
    best=1.0,
    delta=0.02,
    origin="assumption: two points of AUC below training on real rows, beyond the noise of both",
    order_free=True,
    compute=measure,
    direction=HIGHER,
    summary="Train on synthetic, test on real: how well the label is told",
    order=810,
    how=(
        "Boosted trees learn the label on synthetic rows and rank real rows that were kept apart; the floor "
        "is the same trees trained on real rows, which are no test rows either. Differences are paired: both "
        "rank the same test rows in every resample."
    ),
    misses="Other models than boosted trees; a label that only history tells (see the alert recalls).",
    estimator="AUC of boosted trees, bootstrap over the same test entities; noise of training by refits",
    references="trained on real rows / on shuffled labels",
    required=True,
)
