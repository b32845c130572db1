"""Classifier two-sample test on entities: boosted trees, folds and resamples by entity, floor and ceiling."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from finsim.evaluation.events.event_case import EventCase, EventSide
from finsim.evaluation.events.event_features import SIDES, Described
from finsim.evaluation.events.useless_twins import scattered
from finsim.evaluation.learner import (
    centered_logit,
    chances,
    fitted,
    leaf_rows,
    side_folds,
    weighted_auc,
)
from finsim.evaluation.metric import Evidence, Metric, Score
from finsim.notation import Array, Float1D, Float2D, Int1D

FOLDS = 3
ITERATIONS = 60
HALVES = 3
AT_ONCE = 25
TOLD = 3
SPREAD = 1.25
"""Standard errors of a cross-validated AUC over those of the same scores resampled: folds share rows."""
CERTAIN = 1.645
"""Standard errors of the hold-out's AUC that are its noise and raise no goal."""
Describe = Callable[[EventCase, EventSide, str], Described]


@dataclass(frozen=True)
class Judged:
    """The AUC of one comparison and its draws over entities, float64[B]."""

    value: float
    draws: Float1D


def told_apart(
    metric: Metric[EventCase], case: EventCase, subject: str, describe: Describe, most_rows: int
) -> Score:
    """Return the cross-validated AUC of synthetic against real.

    The floor are random halves of the real entities, their noise brought to the size of the sides, or the
    hold-out where that is told more easily beyond its noise; the ceiling is real rows dealt to random
    entities. At most ``most_rows`` rows of a side, whole entities.
    """
    described = [
        _some(case, describe(case, side, role), role, most_rows)
        for side, role in zip(case.sides, SIDES, strict=False)
    ]
    real, own = described[0], described[1]
    found = judged(case, real, own, metric.name, "value")
    halves = []
    for k in range(HALVES):
        names = np.unique(real.entity)
        rng = case.streams.at("events", metric.name, "halves", k)
        left = rng.permutation(names)[: len(names) // 2]
        rest = np.setdiff1d(names, left)
        halves.append(judged(case, real.only(left), real.only(rest), metric.name, f"floor {k}"))
    middle = max(float(np.mean([half.value for half in halves])), 0.5)
    floors = np.concatenate([half.draws - np.median(half.draws) for half in halves])
    floors = middle + SPREAD * _size(real, own) * floors
    spare = None
    if len(described) > 2:
        held = judged(case, real, described[2], metric.name, "hold-out")
        spare = held.value
        # Only what noise does not explain: the noise of the value is in the floors already.
        floors = floors + max(spare - middle - CERTAIN * SPREAD * float(np.std(held.draws)), 0.0)
    twin = _some(case, describe(case, scattered(case), "real"), "ceiling", most_rows)
    ceiling = judged(case, real, twin, metric.name, "ceiling").value
    evidence = Evidence(max(found.value, 0.5), found.draws, floors, spare)
    note = (
        f"{len(real.entity)} real and {len(own.entity)} synthetic rows; alone tell most: {_most(real, own)}"
    )
    n = len(np.unique(own.entity))
    score = metric.compared(subject, evidence, ceiling=ceiling, n=n, note=note)
    return replace(score, floor=middle if spare is None else max(spare, middle))


def _size(real: Described, own: Described) -> float:
    """Return how much smaller the noise of both whole sides is than that of halves of the real one."""
    count, other = len(np.unique(real.entity)), len(np.unique(own.entity))
    return float(np.sqrt((1.0 / count + 1.0 / other) / (4.0 / count)))


def judged(case: EventCase, left: Described, right: Described, *address: str) -> Judged:
    """Return the pooled out-of-fold AUC of ``right`` against ``left``, entities alike, and its draws."""
    values = np.concatenate([left.values, right.values])
    label = np.repeat([False, True], [len(left.entity), len(right.entity)])
    group = np.concatenate([left.entity, right.entity + int(left.entity.max(initial=0)) + 1])
    rng = case.streams.at("events", *address)
    fold, seed = side_folds(label, group, FOLDS, rng), case.streams.word("events", *address)
    scores = np.zeros(len(label))
    for k in range(FOLDS):
        held = fold == k
        model = fitted(values[~held], label[~held], seed + k, ITERATIONS, leaf_rows(group[~held]))
        scores[held] = centered_logit(chances(model, values[held]))
    draws = grouped_auc(scores, label, group, case.settings.bootstrap, rng)
    return Judged(float(weighted_auc(scores, label, alike(group)[None])[0]), draws)


def alike(group: Int1D) -> Float1D:
    """Return float64[n] weights by which every entity counts alike, however many rows it has.

    A few busy entities would decide the AUC, and their habits its noise: up to three times as much on 150.
    """
    codes, sizes = np.unique(group, return_inverse=True, return_counts=True)[1:]
    return np.asarray(1.0 / sizes[codes])


def grouped_auc(scores: Float1D, label: Array, group: Int1D, draws: int, rng: np.random.Generator) -> Float1D:
    """Return AUCs of resampled entities that count alike, each side by itself: float64[draws]."""
    names, codes = np.unique(group, return_inverse=True)
    side = np.zeros(len(names), dtype=bool)
    side[codes] = label
    weight = alike(group)
    found = []
    for start in range(0, draws, AT_ONCE):
        size = min(AT_ONCE, draws - start)
        counts: Float2D = np.zeros((size, len(names)))
        for part in (np.flatnonzero(side), np.flatnonzero(~side)):
            counts[:, part] = rng.multinomial(len(part), np.full(len(part), 1.0 / len(part)), size)
        found.append(weighted_auc(scores, np.asarray(label), counts[:, codes] * weight))
    return np.concatenate(found)


def _some(case: EventCase, whole: Described, role: str, most: int) -> Described:
    """Return random entities with at most ``most`` rows together (at least one)."""
    if len(whole.entity) <= most:
        return whole
    names, sizes = np.unique(whole.entity, return_counts=True)
    order = case.streams.at("events", "rows", role).permutation(len(names))
    kept = order[: max(1, int(np.searchsorted(np.cumsum(sizes[order]), most, side="right")))]
    return whole.only(names[kept])


def _most(real: Described, own: Described) -> str:
    """Return the features that tell the sides apart best by themselves."""
    worth = []
    label = np.repeat([False, True], [len(real.entity), len(own.entity)])
    for k, name in enumerate(real.names):
        column = np.concatenate([real.values[:, k], own.values[:, k]])
        column = np.where(np.isfinite(column), column, -1e12)
        area = float(weighted_auc(column, label, np.ones((1, len(label))))[0])
        worth.append((max(area, 1.0 - area), name))
    worth.sort(key=lambda one: -one[0])
    return ", ".join(f"{name} {area:.3f}" for area, name in worth[:TOLD])


def unfit(case: EventCase, sides: Sequence[EventSide], least: int) -> str:
    """Return why the sides cannot be told apart by trees, or nothing."""
    if case.why:
        return case.why
    if not np.isfinite(sides[0].sequences.days).any():
        return "no times that both sides have (--time)"
    sizes = [side.sequences.count for side in sides]
    small = min(sizes, default=0)
    return f"{small} entities on one side; needs {least}" if small < least else ""
