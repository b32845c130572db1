"""Values in a model folder: numbers of the training data that stand unchanged in the model's files."""

from __future__ import annotations

import numpy as np

from finsim.evaluation.attacks.model_case import ModelCase
from finsim.evaluation.attacks.risk_scores import risk_score
from finsim.evaluation.metric import SHARE, Metric, Score
from finsim.notation import Array, Bool1D

LEAST = 100


def measure(case: ModelCase) -> list[Score]:
    """Return one score: the share of training values that stand in the files, beyond that of later values."""
    subject = "training values"
    sides = [np.asarray(part, dtype=np.float32).ravel() for part in (case.train, case.spare)]
    names, counts = np.unique(np.concatenate(sides), return_counts=True)
    alone = names[counts == 1]
    train, spare = (part[np.isin(part, alone)] for part in sides)
    if min(len(train), len(spare)) < LEAST:
        reason = f"fewer than {LEAST} values that stand once in training or hold-out"
        return [METRIC.missing(subject, reason)]
    kept = stored(case)
    met = [(int(_in(part, kept).sum()), len(part)) for part in (train, spare)]
    note = f"{len(kept):,} different numbers in {len(case.arrays)} arrays, compared as 32-bit numbers"
    return [risk_score(METRIC, subject, met[0], met[1], note)]


def stored(case: ModelCase) -> Array:
    """Return the different numbers in all arrays of the model: float32[m], sorted."""
    parts = [np.asarray(array, dtype=np.float32).ravel() for array in case.arrays.values()]
    return np.unique(np.concatenate(parts)) if parts else np.empty(0, np.float32)


def _in(values: Array, known: Array) -> Bool1D:
    return np.asarray(np.isin(values, known))


METRIC = Metric(
    name="model_values",
    case="model",
    use=SHARE,
    unit="excess share",
    lowest=0.0,
    highest=1.0,
    best=0.0,
    delta=0.05,
    origin="assumption: 5 points of stored values beyond values that the generator never saw",
    order_free=True,
    compute=measure,
    summary="Do numbers of the training data stand in the model's files",
    order=700,
    how=(
        "Of the values that stand once in the real data: how many more of the training values than of later "
        "ones are found unchanged among the numbers of the model folder."
    ),
    misses="Values that are stored scaled, rounded or spread over weights; see model_membership.",
    estimator="(share of training values met - share of held-out ones) / (1 - the latter), Newcombe interval",
    references="0 / 1",
    required=True,
)
