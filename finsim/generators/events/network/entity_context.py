"""What the network is told of an entity: goals and a summary of its life; new ones mix two neighbors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from finsim.generators.events.network.event_encoding import Encoded
from finsim.kernels.events.event_network import FIRST_FREE, GAP, HOUR, IDENTITY, MONTH, POINTER, WEEKDAY
from finsim.notation import Array, Float1D, Float2D, Int1D
from finsim.records.mixed_table import NUMBER, WORD, MixedTable

MOST_SHARES = 12
NEIGHBORS = 5
MOST_MIXED = 0.3
GOAL_BLUR, DAY_BLUR = 0.1, 0.01
"""How far goals are blurred: of log(1 + events), and of the period for days (assumption)."""
MOST_ATTRIBUTE_WORDS = 12
POINTER_GROUPS = 4


@dataclass(frozen=True)
class EntityContexts:
    """Contexts float64[E, C] of the training entities, goals float64[E, 3] (log events, first and last day).

    near int64[E, N] neighbors of each entity; ``spread`` [C] the scale of each coordinate, by which a new
    context is blurred. An entity without events has goals of no events (its first day is the period's end).
    """

    contexts: Float2D
    goals: Float2D
    near: Int1D
    spread: Float1D

    @classmethod
    def fit(cls, data: Encoded, entities: MixedTable, days: int, size: int) -> EntityContexts:
        """Summarize the entities: shares of tokens, means, attributes; principal axes of all."""
        goals = goals_of(data, days)
        blocks = [_standard(goals * np.array([1.0, 3.0 / days, 3.0 / days]), 1.0)]
        entity = data.entity()
        fixed = (GAP, WEEKDAY, MONTH, HOUR, POINTER, IDENTITY)
        blocks += [
            _shares(data.tokens[:, place], entity, data.count)
            for place in (*fixed, *range(FIRST_FREE, data.tokens.shape[1]))
        ]
        blocks += _attributes(entities)
        features = np.concatenate([one for one in blocks if one.shape[1]], axis=1)
        centered = features - features.mean(axis=0)
        _, _, axes = np.linalg.svd(centered, full_matrices=False)
        axes = axes[: min(size, len(axes))]
        axes *= np.sign(axes[np.arange(len(axes)), np.abs(axes).argmax(axis=1)])[:, None]
        contexts = centered @ axes.T
        contexts = contexts / max(float(contexts.std(axis=0).max(initial=0.0)), 1e-9)
        if contexts.shape[1] < size:
            contexts = np.pad(contexts, ((0, 0), (0, size - contexts.shape[1])))
        return cls(contexts, goals, _near(contexts), contexts.std(axis=0))

    def drawn(
        self, first: int, rng: np.random.Generator, blur: float, days: int
    ) -> tuple[Float1D, Float1D, Int1D, float]:
        """Return context, blurred goals, the two entities mixed, the share of the second."""
        second = int(self.near[first, rng.integers(self.near.shape[1])])
        share = MOST_MIXED * float(rng.random())
        noise = rng.standard_normal(self.contexts.shape[1])
        context = (1.0 - share) * self.contexts[first] + share * self.contexts[second]
        # Goals of two entities mixed would shrink, and the largest entities be lost: the days are those of
        # the second, so that no new entity has all that a learned one has, and all are blurred.
        goals = self.goals[first] + rng.standard_normal(3) * np.array(
            [GOAL_BLUR, DAY_BLUR * days, DAY_BLUR * days]
        )
        if min(self.goals[first, 0], self.goals[second, 0]) > 0.0:
            goals[1:] += self.goals[second, 1:] - self.goals[first, 1:]
        goals[0], goals[1:] = max(goals[0], 0.0), np.clip(goals[1:], 0.0, days)
        goals[2] = max(goals[1], goals[2])
        return context + blur * self.spread * noise, goals, np.array([first, second]), share

    def nearest(self, data: Encoded, days: int, count: int) -> tuple[Array, Float2D, Float2D]:
        """Return int64[E', n] the training entities nearest by goals, all contexts, all whole goals."""
        found = nearest_goals(goals_of(data, days), self.goals, days, count)
        return found, self.contexts, whole_goals(self.goals, days, days)

    def state(self) -> dict[str, Array]:
        """Return the arrays."""
        names = ("contexts", "goals", "near", "spread")
        return {f"context.{name}": getattr(self, name) for name in names}

    @classmethod
    def from_state(cls, arrays: Mapping[str, Array]) -> EntityContexts:
        """Return the contexts that ``state`` wrote."""
        return cls(*(arrays[f"context.{name}"] for name in ("contexts", "goals", "near", "spread")))


def whole_goals(goals: Float2D, period: int, days: int) -> Float2D:
    """Return goals in whole numbers for a period of another length: events, first day, last day."""
    scale = days / period
    found = np.empty_like(goals)
    found[:, 0] = np.round(np.exp(goals[:, 0]) - 1.0)
    found[:, 0] = np.round(found[:, 0] * scale) if scale != 1.0 else found[:, 0]
    found[:, 1:] = np.round(goals[:, 1:] * scale)
    return found


def nearest_goals(theirs: Float2D, ours: Float2D, days: int, count: int) -> Array:
    """Return int64[E', n], for each of their goals the nearest of ours."""
    scale = np.array([1.0, 3.0 / days, 3.0 / days])
    theirs, ours = theirs * scale, ours * scale
    keep = min(count, len(ours))
    found = np.empty((len(theirs), keep), dtype=np.int64)
    for e, one in enumerate(theirs):
        found[e] = np.argsort(((ours - one) ** 2).sum(axis=1), kind="stable")[:keep]
    return found


def goals_of(data: Encoded, days: int) -> Float2D:
    """Return log(1 + events), first and last day; an entity without events begins when the period ends."""
    size = np.diff(data.starts)
    found = np.full((data.count, 3), float(days))
    found[:, 0] = np.log1p(size)
    there = size > 0
    found[there, 1] = data.days[data.starts[:-1][there]]
    found[there, 2] = data.days[data.starts[1:][there] - 1]
    return found


def _standard(values: Float2D, weight: float) -> Float2D:
    """Return columns with mean 0 and s.d. ``weight``; constant ones are 0."""
    scale = values.std(axis=0)
    return np.asarray(weight * (values - values.mean(axis=0)) / np.where(scale > 1e-9, scale, np.inf))


def _shares(tokens: Int1D, entity: Int1D, count: int) -> Float2D:
    """Return the square root of the shares of tokens, common ones each, neighbors in order pooled."""
    found, size = np.unique(tokens, return_counts=True)
    if len(found) < 2:
        return np.zeros((count, 0))
    # Ordered tokens are cut into groups of about equal numbers of events.
    edges = np.searchsorted(np.cumsum(size) / size.sum(), np.linspace(0, 1, MOST_SHARES + 1)[1:-1])
    group = np.zeros(int(found.max()) + 1, dtype=np.int64)
    group[found] = np.searchsorted(np.unique(edges), np.arange(len(found)), side="left")
    width = int(group.max()) + 1
    counts = np.bincount(entity * width + group[tokens], minlength=count * width).reshape(count, width)
    share = np.sqrt(counts / np.maximum(counts.sum(axis=1, keepdims=True), 1))
    return np.asarray(2.0 * (share - share.mean(axis=0)))


def _attributes(entities: MixedTable) -> list[Float2D]:
    """Return attributes as numbers: words by their commonest, numbers by their ranks."""
    found = []
    for column in entities.columns.values():
        missing = column.missing()
        if column.kind == WORD:
            size = np.bincount(column.values[~missing], minlength=1)
            top = np.argsort(-size, kind="stable")[:MOST_ATTRIBUTE_WORDS]
            found.append(_standard((column.values[:, None] == top).astype(np.float64), 0.7))
        else:
            values = column.values if column.kind == NUMBER else column.values.astype(np.float64)
            ranks = np.zeros(len(values))
            ranks[~missing] = np.unique(values[~missing], return_inverse=True)[1]
            found.append(_standard(np.column_stack([ranks, missing.astype(np.float64)]), 0.7))
    return found


def _near(contexts: Float2D) -> Array:
    """Return int64[E, N] the nearest other entities of each; itself where it is alone."""
    count = len(contexts)
    if count == 1:
        return np.zeros((1, 1), dtype=np.int64)
    keep = min(NEIGHBORS, count - 1)
    found = np.empty((count, keep), dtype=np.int64)
    norm = (contexts**2).sum(axis=1)
    for first in range(0, count, 512):
        rows = slice(first, min(first + 512, count))
        distance = norm[rows, None] + norm - 2.0 * contexts[rows] @ contexts.T
        distance[np.arange(rows.stop - first), np.arange(first, rows.stop)] = np.inf
        found[rows] = np.argpartition(distance, keep - 1, axis=1)[:, :keep]
    found.sort(axis=1)
    return found
