"""A critic of utility: a target model learns from drawn rows and is judged on real rows kept back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from finsim.generators.tables.boosting.level_booster import Boosting, grown
from finsim.generators.tables.boosting.refined_rows import RefinedRows
from finsim.notation import Array, Bool1D, Float1D, Float2D
from finsim.randomness import Streams

CANDIDATES = (1.0, 1.25, 1.5, 2.0, 3.0)
TARGET, TREES = Boosting(depth=3, rate=0.1, ridge=5.0, least=10.0), 60
CHOOSING, JUDGING, RESAMPLED = 4, 6, 400
"""Samples drawn to choose from and to judge, resamples of the interval (assumptions)."""
MOST_DRAWN = 10_000


def criticized(
    law: RefinedRows, count: int, chooses: Array, judges: Array, streams: Streams
) -> Mapping[str, Any]:
    """Return the sharpness of the outcome's law that serves a target model best, and what it gains.

    Candidates are compared on the real rows ``chooses``; the uplift over sharpness 1 and its interval of
    95 % (rows and samples resampled) are from ``judges``, rows that chose nothing. Both int32[N, C];
    ``count`` rows are drawn each time, 10,000 at most. Source: own.
    """
    assert law.label is not None
    column = law.label.column
    levels = np.concatenate([chooses, judges])
    target = int(np.bincount(levels[:, column]).argmax())
    laws = {one: replace(law, label=law.label.sharpened(one, levels)) for one in CANDIDATES}
    size = min(count, MOST_DRAWN)
    found = {}
    for one, turned in laws.items():
        scores = _scores(turned, target, size, chooses, CHOOSING, streams.under("choose"))
        truth = chooses[:, column] != target
        found[one] = float(np.mean([_auc(row, truth) for row in scores]))
    best = max(CANDIDATES, key=lambda one: (found[one], -one))
    truth = judges[:, column] != target
    own = _scores(laws[best], target, size, judges, JUDGING, streams.under("judge"))
    plain = _scores(laws[1.0], target, size, judges, JUDGING, streams.under("judge"))
    ends = _interval(own, plain, truth, streams.at("interval"))
    aucs = [float(np.mean([_auc(row, truth) for row in rows])) for rows in (plain, own)]
    return {"sharpness": best, "plain": aucs[0], "chosen": aucs[1], "uplift": aucs[1] - aucs[0],
            "low": ends[0], "high": ends[1], "rows": len(judges)}  # fmt: skip


def _scores(law: RefinedRows, target: int, size: int, real: Array, samples: int, streams: Streams) -> Float2D:
    """Return the log odds of real rows by target models of as many samples, float64[samples, N]."""
    assert law.label is not None
    column = law.label.column
    hidden = law.told(real)
    found = []
    for number in range(samples):
        drawn = law.draw(size, {}, 1, streams.at("sample", number))
        truth = drawn[:, column] != target
        found.append(grown(law.told(drawn), truth, np.ones(size), TREES, TARGET).of(hidden))
    return np.stack(found)


def _interval(own: Float2D, plain: Float2D, truth: Bool1D, rng: np.random.Generator) -> tuple[float, float]:
    found = []
    for _ in range(RESAMPLED):
        rows = rng.integers(0, len(truth), len(truth))
        sample, other = rng.integers(0, len(own)), rng.integers(0, len(plain))
        if 0 < truth[rows].sum() < len(rows):
            found.append(_auc(own[sample][rows], truth[rows]) - _auc(plain[other][rows], truth[rows]))
    if not found:
        return -1.0, 1.0
    low, high = np.quantile(found, [0.025, 0.975])
    return float(low), float(high)


def _auc(scores: Float1D, truth: Bool1D) -> float:
    """Return the area under the ROC curve, ties by half; .5 where one class is missing."""
    positive = int(truth.sum())
    if positive in (0, len(truth)):
        return 0.5
    _, place, counts = np.unique(scores, return_inverse=True, return_counts=True)
    rank = np.cumsum(counts) - (counts - 1) / 2.0
    total = float(rank[place][truth].sum())
    return (total - positive * (positive + 1) / 2.0) / (positive * (len(truth) - positive))


def utility_line(found: Mapping[str, Any]) -> str:
    """Return the sentence of a model's report on its critic."""
    said = (
        f"critic: a target model of drawn rows, judged on {found['rows']:,} real rows that chose nothing: "
        f"AUC {found['plain']:.3f} -> {found['chosen']:.3f} with sharpness {found['sharpness']:g}, uplift "
        f"{found['uplift']:+.3f} (95 %: {found['low']:+.3f} to {found['high']:+.3f})"
    )
    return said if found["low"] > 0 else f"{said}; no uplift is shown"
