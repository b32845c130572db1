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
from finsim.evaluation.utility.label_rows import MOST_ROWS, LabelSplit, class_splits, left_out
from finsim.notation import Float1D, Float2D

SUBJECT = "AUC of the label"


def measure(case: TableCase) -> list[Score]:
    """Return the AUC of trees trained on synthetic rows; its floor are trees trained on real rows.

    Of an outcome it is that of its default; of more than two other classes the mean of the AUC of each
    against the rest.
    """
    splits = class_splits(case, MOST_ROWS)
    if isinstance(splits, str):
        return [METRIC.missing(SUBJECT, splits)]
    rng = case.streams.at("utility", "label")
    weights = drawn_weights(splits[0].test, case.settings.bootstrap, rng)
    parts = [_figures(case, split, weights, rng) for split in splits]
    found, beside, floors, useless, precise, usual = (
        np.mean([part[k] for part in parts], axis=0) for k in range(len(parts[0]))
    )
    low, high = np.quantile(found[1:] - beside[1:], [0.025, 0.975])
    note = (
        f"{_classes(splits, parts)}; trained on real rows {told(beside)}, difference "
        f"{found[0] - beside[0]:+.3f} [{low:+.3f}, {high:+.3f}]; average precision {told(precise)}, "
        f"on real rows {told(usual)}, by chance {np.mean([split.test.label.mean() for split in splits]):.3f}"
    )
    ceiling = max(float(useless[0]), 0.5)
    without = tuple(dict.fromkeys(name for split in splits for name in split.without))
    subject = splits[0].named(SUBJECT) if len(splits) == 1 else f"{SUBJECT}{left_out(without)}"
    return [at_least(METRIC, subject, found, floors, ceiling, len(splits[0].test.label), note)]


def _figures(
    case: TableCase, split: LabelSplit, weights: Float2D, rng: np.random.Generator
) -> tuple[Float1D, ...]:
    """Return AUC of the synthetic and the real model, of twins, of a useless one, and both precisions."""
    streams, label, seed = case.streams, split.test.label, case.streams.word("utility", "label")
    own, real = learned(split.own, split.test, seed), learned(split.train, split.test, seed)
    twins = twin_models(split.train, split.test, streams, "label")
    useless = learned(shuffled(split.train, rng), split.test, seed)
    beside = areas(real, label, weights)
    return (
        areas(own, label, weights),
        beside,
        null_figures(beside, [areas(one, label, weights) for one in twins]),
        areas(useless, label, weights),
        precisions(own, label, weights),
        precisions(real, label, weights),
    )


def _classes(splits: list[LabelSplit], parts: list[tuple[Float1D, ...]]) -> str:
    """Return in words what was told from what."""
    if len(splits) == 1:
        return splits[0].told
    listed = ", ".join(
        f"{split.told.partition(';')[0]} {part[0][0]:.3f} (real {part[1][0]:.3f})"
        for split, part in zip(splits, parts, strict=True)
    )
    how = splits[0].told.partition("; ")[2]
    return f"mean of {len(splits)} classes, each against the rest: {listed}; {how}"


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
        "rank the same test rows in every resample. A column that tells the real label by itself (AUC .99 or "
        "more, such as a date that only defaults have) is left out and named: with it any twin that keeps it "
        "reaches 1."
    ),
    misses="Other models than boosted trees; a label that only history tells (see the alert recalls).",
    estimator=(
        "AUC of boosted trees, of an outcome that of its default, of more than two other classes the mean "
        "over each against the rest; bootstrap over the same test entities; noise of training by refits; "
        "without columns that by themselves tell the real label (AUC .99)"
    ),
    references="trained on real rows / on shuffled labels",
    required=True,
)
