"""Synthetic rows with 10, 30 and 100 % of the real ones added, beside these real rows alone: do they hurt."""

from __future__ import annotations

import numpy as np

from finsim.evaluation.metric import DETECTOR, HIGHER, Metric, Score
from finsim.evaluation.tables.table_case import TableCase
from finsim.evaluation.utility.higher_is_better import at_least
from finsim.evaluation.utility.label_models import (
    areas,
    drawn_weights,
    joined,
    learned,
    null_figures,
    share_of,
    shuffled,
    told,
    twin_models,
)
from finsim.evaluation.utility.label_rows import MOST_ROWS, LabelSplit, label_split
from finsim.notation import Float1D, Float2D

SHARES = (0.1, 0.3, 1.0)
REFITS = 2
CHANCE = 0.5
"""AUC of a model that tells nothing: beside one that is no better no synthetic row can hurt."""


def measure(case: TableCase) -> list[Score]:
    """Return one AUC a share of real rows; nothing where no label is given."""
    if case.roles.label is None:
        return []
    split = label_split(case, MOST_ROWS)
    if isinstance(split, str):
        return [METRIC.missing("AUC with real rows added", split)]
    rng = case.streams.at("utility", "hybrid")
    weights = drawn_weights(split.test, case.settings.bootstrap, rng)
    return [_at(case, split, weights, share) for share in SHARES]


def _at(case: TableCase, split: LabelSplit, weights: Float2D, share: float) -> Score:
    streams, label = case.streams, split.test.label
    rng, seed = streams.at("utility", "hybrid", int(100 * share)), streams.word("utility", "hybrid")
    subject = split.named(f"AUC with {share:.0%} of the real rows added")
    added = share_of(split.train, share, rng)
    if not added.fits:
        return METRIC.missing(
            subject, f"{len(added.label)} real rows, {int(added.label.sum())} with the label"
        )

    def figures(chances: Float1D) -> Float1D:
        return areas(chances, label, weights)

    found = figures(learned(joined(split.own, added), split.test, seed))
    alone = figures(learned(added, split.test, seed))
    if np.quantile(alone[1:], 0.025) <= CHANCE:
        why = f"{len(added.label)} real rows alone do not tell the label: AUC {told(alone)} holds {CHANCE}"
        return METRIC.powerless(subject, why)
    floors = null_figures(
        alone, [figures(one) for one in twin_models(added, split.test, streams, subject, REFITS)]
    )
    ceiling = max(float(figures(learned(shuffled(added, rng), split.test, seed))[0]), 0.5)
    low, high = np.quantile(found[1:] - alone[1:], [0.025, 0.975])
    gain = float(found[0] - alone[0])
    what = "hurt" if high < 0 else "help" if low > 0 else "make no sure difference"
    note = (
        f"{split.told}; {len(added.label)} real rows alone {told(alone)}, difference {gain:+.3f} "
        f"[{low:+.3f}, {high:+.3f}]: the synthetic rows {what}"
    )
    return at_least(METRIC, subject, found, floors, ceiling, len(label), note)


METRIC = Metric(
    name="label_hybrid",
    case="table",
    use=DETECTOR,
    unit="AUC",
    lowest=0.0,
    highest=1.0,
    best=1.0,
    delta=0.02,
    origin="assumption: two points of AUC below the same real rows alone, beyond the noise of both",
    order_free=True,
    compute=measure,
    direction=HIGHER,
    summary="Real rows added to the synthetic ones: do the synthetic rows help or hurt",
    order=815,
    how=(
        "Boosted trees learn the label on all synthetic rows and 10, 30 and 100 % of the real training rows, "
        "and rank real rows that were kept apart. The floor is the same share of real rows alone: below it "
        "the synthetic rows hurt. label_utility is the point without real rows."
    ),
    misses="Weights: every row counts the same, wherever it comes from.",
    estimator=(
        "AUC of boosted trees, bootstrap over the same test entities; noise of training by refits; no power "
        "where the real rows alone are not above .5"
    ),
    references="the same real rows alone / shuffled labels",
)
