"""An attacker who has the real data and neither model nor synthetic rows: what it tells is no leak.

Training and hold-out may be of different markets or people. Source: blind baselines (Das et al. 2024).
"""

from __future__ import annotations

import numpy as np

from finsim.evaluation.learner import fitted_scores, fold_of
from finsim.notation import Array, Bool1D, Float1D, Int1D
from finsim.randomness import Streams

FOLDS, ITERATIONS, ROWS = 3, 40, 8_000


def blind_scores(rows: Array, member: Bool1D, group: Int1D, streams: Streams) -> Float1D:
    """Return out-of-fold scores of boosted trees that tell members by their rows alone: float64[n].

    Rows of one ``group`` share a fold; each model learns from at most 8,000 rows.
    """
    rng = streams.at("blind attacker")
    fold = fold_of(group, FOLDS, rng)
    scores = np.full(len(rows), 0.5)
    for k in range(FOLDS):
        known = np.flatnonzero(fold != k)
        known = known if len(known) <= ROWS else rng.choice(known, ROWS, replace=False)
        asked = np.flatnonzero(fold == k)
        if len(asked) and member[known].any() and not member[known].all():
            seed = streams.word("blind attacker", k)
            scores[asked] = fitted_scores(
                np.asarray(rows[known], np.float64),
                member[known],
                np.asarray(rows[asked], np.float64),
                seed,
                ITERATIONS,
            )
    return scores
