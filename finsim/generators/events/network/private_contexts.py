"""What the network is told of an entity under differential privacy: figures drawn from a noised law.

No entity is kept. A figure is a public function of the entity's own tokens; its law are noised counts, what
ties figures is a noised correlation of their scores (a Gaussian copula). Symbols: E entities, F figures.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from finsim.extras import Later
from finsim.generators.events.network.entity_context import goals_of, nearest_goals, whole_goals
from finsim.generators.events.network.event_encoding import Encoded
from finsim.generators.events.network.event_fields import EventFields
from finsim.generators.privacy.noised_counts import with_noise
from finsim.generators.privacy.private_numbers import Grid, merged
from finsim.kernels.events.event_memory import FIRST_RANK, LAST, SAME_BEFORE
from finsim.kernels.events.event_network import FIRST_FREE, GAP, IDENTITY, POINTER, WEEKDAY
from finsim.notation import Array, Float1D, Float2D
from finsim.randomness import Streams

special = Later("scipy.special", "learn")

CONTEXT_RELEASES = 2
GOALS = 3
_BINS, _FARTHEST, _SEEN = 24, 2.5, 1.5
TOP_WORDS = 2
REFERENCES = 512


@dataclass(frozen=True)
class PrivateContexts:
    """Edges [B + 1] and mass [B] of every figure, and the correlation float64[F, F] of their scores.

    The first three are goals: events (as they are), first and last day (in shares of the period).
    """

    edges: tuple[Float1D, ...]
    mass: tuple[Float1D, ...]
    scores: Float2D

    @classmethod
    def fit(
        cls, figures: Float2D, counts: tuple[Float1D, Float1D], sigma: float, streams: Streams
    ) -> PrivateContexts:
        """Learn from figures float64[E, F] in ``CONTEXT_RELEASES`` releases; counts: law of the events."""
        entities, size = figures.shape
        grid = Grid(np.linspace(0.0, 1.0, _BINS + 1), np.zeros(_BINS, dtype=np.int64))
        # All counts of an entity are one vector: F ones, of norm sqrt(F).
        bound = np.sqrt(size - 1.0)
        table = np.stack(
            [np.bincount(grid.places(column), minlength=_BINS) for column in figures.T[1:]]
        ).astype(np.float64)
        noisy = with_noise(table.ravel(), bound, sigma, streams.at("laws")).reshape(table.shape)
        laws = [counts, *(merged(row, sigma * bound, grid) for row in noisy)]
        edges = tuple(np.asarray(one[0]) for one in laws)
        mass = tuple(np.asarray(one[1]) / one[1].sum() for one in laws)
        plain = cls(edges, mass, np.eye(size))
        scores = np.clip(plain.scored(figures), -_FARTHEST, _FARTHEST)
        # A product of scores of norm sqrt(F) has norm F; few entities are moved by this bound.
        norms = np.linalg.norm(scores, axis=1, keepdims=True)
        scores = scores * np.minimum(1.0, np.sqrt(size) / np.maximum(norms, 1e-300))
        moment = with_noise((scores.T @ scores).ravel(), float(size), sigma, streams.at("ties"))
        return cls(edges, mass, _correlation(moment.reshape(size, size) / entities, sigma * size / entities))

    @property
    def size(self) -> int:
        """Number of figures."""
        return len(self.edges)

    def scored(self, figures: Float2D) -> Float2D:
        """Return the scores of figures: normal quantiles of the middle of their bin."""
        found = np.empty(figures.shape)
        for k, (edges, mass) in enumerate(zip(self.edges, self.mass, strict=True)):
            part = np.clip(np.searchsorted(edges, figures[:, k], side="right") - 1, 0, len(mass) - 1)
            found[:, k] = special.ndtri(np.cumsum(mass)[part] - 0.5 * mass[part])
        return found

    def drawn(self, count: int, days: int, streams: Streams) -> tuple[Float2D, Float2D]:
        """Return contexts float64[count, F] and goals [count, 3] of new entities; each has its own address.

        Goals are log(1 + events), first and last day, as those of training entities are.
        """
        root = np.linalg.cholesky(self.scores)
        normal = np.stack([streams.at("context", e).standard_normal(self.size) for e in range(count)])
        # Row by row: the bytes of a matrix product depend on its shape.
        places = special.ndtr(np.stack([(root * one).sum(axis=1) for one in normal]))
        figures = np.stack(
            [np.interp(places[:, k], np.append(0.0, np.cumsum(mass)), edges)
             for k, (edges, mass) in enumerate(zip(self.edges, self.mass, strict=True))], axis=1,
        )  # fmt: skip
        goals = np.stack([
            np.log1p(np.floor(np.maximum(figures[:, 0], 1.0))), figures[:, 1] * days,
            np.maximum(figures[:, 1], figures[:, 2]) * days,
        ], axis=1)  # fmt: skip
        return self.scored(figures), goals

    def nearest(self, data: Encoded, days: int, count: int) -> tuple[Array, Float2D, Float2D]:
        """Return as ``EntityContexts.nearest`` does, of drawn entities in place of known ones."""
        contexts, goals = self.drawn(REFERENCES, days, Streams(0).under("references"))
        return (
            nearest_goals(goals_of(data, days), goals, days, count),
            contexts,
            whole_goals(goals, days, days),
        )

    def state(self) -> dict[str, Array]:
        """Return the arrays."""
        found: dict[str, Array] = {"context.scores": self.scores}
        for k, (edges, mass) in enumerate(zip(self.edges, self.mass, strict=True)):
            found |= {f"context.edges.{k}": edges, f"context.mass.{k}": mass}
        return found

    @classmethod
    def from_state(cls, arrays: Mapping[str, Array]) -> PrivateContexts:
        """Return the contexts that ``state`` wrote."""
        scores = arrays["context.scores"]
        parts = [
            tuple(arrays[f"context.{name}.{k}"] for k in range(len(scores))) for name in ("edges", "mass")
        ]
        return cls(parts[0], parts[1], scores)


def figures_of(data: Encoded, fields: EventFields, days: int) -> Float2D:
    """Return the figures of entities, float64[E, F]: of an entity's own tokens, all but the first in [0, 1].

    Events; first and last day; mean and spread of the place of amounts among tokens; shares of new
    counterparties, of the one before, of repeated amounts, of a second event on a day, of weekends, and of
    the commonest words of every column and kinds of counterparties.
    """
    size = np.diff(data.starts)
    entity, tokens = data.entity(), data.tokens

    def mean(values: Array) -> Float1D:
        return np.bincount(entity, weights=values, minlength=data.count) / np.maximum(size, 1)

    there = size > 0
    first, last = np.full(data.count, 1.0), np.full(data.count, 1.0)
    first[there] = data.days[data.starts[:-1][there]] / days
    last[there] = (data.days[data.starts[1:][there] - 1] + 0.5) / days
    found = [size.astype(np.float64), first, last]
    if fields.amount is not None:
        at = FIRST_FREE + fields.names().index("amount")
        # A repeated amount has no place of its own: the middle.
        place = np.where(tokens[:, at] > SAME_BEFORE, tokens[:, at] / max(fields.amount.size - 1, 1), 0.5)
        middle = mean(place)
        found += [middle, np.minimum(2.0 * np.sqrt(mean((place - middle[entity]) ** 2)), 1.0)]
        found += [mean((tokens[:, at] > 0) & (tokens[:, at] <= SAME_BEFORE))]
    if fields.partner is not None:
        found += [mean(tokens[:, POINTER] > FIRST_RANK + fields.ranks), mean(tokens[:, POINTER] == LAST)]
        sizes = np.diff(fields.partner.decks)
        largest = np.argsort(-sizes, kind="stable")[: TOP_WORDS if len(sizes) > 1 else 0]
        names = 1 + len(fields.partner.popular)
        found += [mean(tokens[:, IDENTITY] == names + kind) for kind in largest]
    found += [mean(tokens[:, GAP] == 0), mean(tokens[:, WEEKDAY] >= 5)]
    for free, name in enumerate(fields.names(), start=FIRST_FREE):
        if name.startswith("word "):
            found += [mean(tokens[:, free] == word) for word in range(1, 1 + TOP_WORDS)]
    return np.stack(found, axis=1)


def _correlation(moment: Float2D, noise: float) -> Float2D:
    """Return a correlation of a noised moment: what does not stand out of the noise is 0."""
    moment = 0.5 * (moment + moment.T)
    scale = np.sqrt(np.clip(np.diag(moment), 0.25, None))
    found = moment / scale[:, None] / scale
    found = np.where(np.abs(found) > _SEEN * noise, found, 0.0)
    np.fill_diagonal(found, 1.0)
    values, axes = np.linalg.eigh(np.clip(found, -0.95, 0.95) + 0.05 * np.eye(len(found)))
    found = (axes * np.maximum(values, 0.05)) @ axes.T
    scale = np.sqrt(np.diag(found))
    return np.asarray(found / scale[:, None] / scale)
