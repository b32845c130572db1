"""A detector trained on one part of a transaction world and tested on another; shared by several metrics."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from finsim.evaluation.learner import fitted_scores
from finsim.evaluation.settings import Settings
from finsim.evaluation.utility.payment_histories import features
from finsim.evaluation.utility.transaction_arrays import Events, events, pattern_flags, sampled
from finsim.notation import Array, Bool1D, Float1D, Int1D
from finsim.randomness import Streams

TRAIN_SHARE = 0.7
LEAST_ROWS = 20
LEAST_SCHEMES = 5


@dataclass(frozen=True)
class Detection:
    """Scores of the test rows with their weights and labels: all arrays [m].

    ``instance`` is -1 for rows of no scheme; ``decoy`` marks rows of benign look-alikes.
    """

    score: Float1D
    weight: Float1D
    illicit: Bool1D
    instance: Int1D
    decoy: Bool1D
    setting: str

    def alerted(self, budget: float) -> Float1D:
        """Return the share of each row that is alerted when ``budget`` of all rows may be: float64[m].

        Rows are alerted from the highest score down; rows of one score share what is left.
        """
        _, rank = np.unique(-self.score, return_inverse=True)
        mass = np.bincount(rank, weights=self.weight)
        left = budget * self.weight.sum() - (np.cumsum(mass) - mass)
        return np.asarray(np.clip(left / mass, 0.0, 1.0)[rank])


@dataclass(frozen=True)
class TransactionCase:
    """What the transaction metrics see: the world, its schemes, and the detection (or why there is none)."""

    events: Events
    schemes: Mapping[int, dict[str, Any]]
    expected: Mapping[str, float] | None
    detection: Detection | None
    why: str
    streams: Streams
    settings: Settings


def transaction_case(
    rows: pa.Table | pd.DataFrame,
    accounts: pa.Table | pd.DataFrame,
    patterns: pa.Table | pd.DataFrame,
    streams: Streams,
    settings: Settings,
    test: tuple[pa.Table | pd.DataFrame | None, pa.Table | pd.DataFrame | None] = (None, None),
    expected: Mapping[str, float] | None = None,
) -> TransactionCase:
    """Read the tables, split them and train the detector; ``test`` is (rows, patterns) of another world."""
    world = events(rows, accounts)
    schemes = pattern_flags(patterns)
    if test[0] is None:
        detection, why = _within(world, schemes, streams, settings)
    else:
        other = events(test[0], accounts)
        detection, why = _across(world, schemes, other, pattern_flags(test[1]), streams, settings)
    return TransactionCase(world, schemes, expected, detection, why, streams, settings)


def _within(
    world: Events, schemes: Mapping[int, dict[str, Any]], streams: Streams, settings: Settings
) -> tuple[Detection | None, str]:
    """Train on the first 70 % of rows, test on the rest without schemes that began before the cut."""
    cut = int(TRAIN_SHARE * world.rows)
    early = np.arange(world.rows) < cut
    begun = np.unique(world.instance[early & (world.instance >= 0)])
    late = ~early & ~np.isin(world.instance, begun)
    setting = "trained on synthetic rows, tested on a held-out later period of the same synthetic world"
    return _detect(world, early, world, late, schemes, streams, settings, setting)


def _across(
    world: Events,
    schemes: Mapping[int, dict[str, Any]],
    other: Events,
    other_schemes: Mapping[int, dict[str, Any]],
    streams: Streams,
    settings: Settings,
) -> tuple[Detection | None, str]:
    setting = "trained on synthetic rows, tested on the rows given as test set"
    everything, all_other = np.ones(world.rows, dtype=bool), np.ones(other.rows, dtype=bool)
    del schemes
    return _detect(world, everything, other, all_other, other_schemes, streams, settings, setting)


def _detect(
    world: Events,
    train: Bool1D,
    other: Events,
    test: Bool1D,
    schemes: Mapping[int, dict[str, Any]],
    streams: Streams,
    settings: Settings,
    setting: str,
) -> tuple[Detection | None, str]:
    marked = test & other.illicit
    found = (int((train & world.illicit).sum()), int(marked.sum()), len(np.unique(other.instance[marked])))
    if found[0] < LEAST_ROWS or found[1] < LEAST_ROWS or found[2] < LEAST_SCHEMES:
        return None, (
            f"{found[0]} illicit rows to train on, {found[1]} in {found[2]} schemes to test on; "
            f"needs {LEAST_ROWS}, {LEAST_ROWS} and {LEAST_SCHEMES}"
        )
    decoys = np.array([i for i, scheme in schemes.items() if scheme["decoy"]], dtype=np.int64)
    decoy = np.isin(other.instance, decoys)
    rows, _ = sampled(train, train & world.illicit, world.tx_id, settings.max_rows)
    held, weight = sampled(test, test & (other.illicit | decoy), other.tx_id, settings.max_rows)
    if other is world:
        both = np.concatenate([rows, held])
        described = features(world, both)
        left, right = described[: len(rows)], described[len(rows) :]
    else:
        left, right = features(world, rows), features(other, held)
    score = fitted_scores(left, world.illicit[rows], right, streams.word("detector"))
    return Detection(score, weight, other.illicit[held], other.instance[held], decoy[held], setting), ""


def scheme_draws(instance: Int1D, draws: int, rng: np.random.Generator) -> tuple[Array, Array]:
    """Return scheme codes of rows [m] and bootstrap counts of schemes [draws, S]."""
    names, codes = np.unique(instance, return_inverse=True)
    chosen = rng.integers(0, len(names), (draws, len(names)))
    return codes, np.stack([np.bincount(row, minlength=len(names)) for row in chosen])


def mean_draws(codes: Array, counts: Array, values: Array) -> Float1D:
    """Return bootstrap means of row values [m], whole schemes resampled: float64[draws]."""
    schemes = counts.shape[1]
    sums = np.bincount(codes, weights=values, minlength=schemes)
    return np.asarray((counts @ sums) / (counts @ np.bincount(codes, minlength=schemes)))
