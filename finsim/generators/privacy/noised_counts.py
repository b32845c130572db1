"""Noised counts over entities: all that one puts on keys is clipped; undeclared keys need a threshold.

Symbols: n rows, E entities, K keys.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch

from finsim.errors import PrivacyBudgetError
from finsim.extras import Later
from finsim.generators.privacy.entity_gradients import noised
from finsim.notation import Array, Float1D, Int1D

special = Later("scipy.special", "learn")

MOST_KEYS = 64
"""assumption: an entity names at most so many keys, its commonest."""
NAMING = 0.2
"""assumption: share of delta that pays for naming undeclared words and values."""
_VISIBLE = 12.0


@dataclass(frozen=True)
class Owners:
    """Whose each row is, ``owner`` int64[n], and how much each counts: ``weight`` float64[E] in [0, 1].

    total : sum of the weights, as far as it may be known.
    """

    owner: Int1D
    weight: Float1D
    total: float

    @classmethod
    def of(cls, owner: Int1D, count: int) -> Owners:
        """Return owners who all count the same."""
        return cls(owner, np.ones(count), float(count))

    @classmethod
    def themselves(cls, count: int) -> Owners:
        """Return rows that are entities of their own."""
        return cls.of(np.arange(count, dtype=np.int64), count)

    @property
    def count(self) -> int:
        """Number of entities."""
        return len(self.weight)

    @property
    def are_single(self) -> bool:
        """Whether every row is an entity of its own."""
        return len(self.owner) == self.count and bool((self.owner == np.arange(self.count)).all())


def shares(owners: Owners, keys: Array) -> tuple[Int1D, Int1D, Float1D]:
    """Return (entity, key, share of its rows) for every pair; keys below 0 count as rows only."""
    rows = np.bincount(owners.owner, minlength=owners.count)
    there = keys >= 0
    width = int(keys.max(initial=-1)) + 1
    codes, counts = np.unique(owners.owner[there] * width + keys[there], return_counts=True)
    entity, key = np.divmod(codes, max(width, 1))
    return entity, key, counts / np.maximum(rows[entity], 1)


def clipped_counts(entity: Int1D, key: Int1D, put: Float1D, size: tuple[int, int], bound: float) -> Float1D:
    """Return float64[K]: what entities put on keys, the whole vector of each scaled to a norm of ``bound``.

    size : (E, K). One entity more or less changes the result by at most ``bound``.
    """
    norms = np.sqrt(np.bincount(entity, weights=put**2, minlength=size[0]))
    scale = np.minimum(1.0, bound / np.maximum(norms, 1e-300))
    return np.asarray(np.bincount(key, weights=put * scale[entity], minlength=size[1]), dtype=np.float64)


def with_noise(counts: Float1D, bound: float, sigma: float, draw: np.random.Generator) -> Float1D:
    """Return counts with independent noise of s.d. sigma * bound on each."""
    found: Float1D = noised(
        torch.from_numpy(np.asarray(counts, dtype=np.float64)), bound, sigma, draw
    ).numpy()
    return found


def noised_counts(owners: Owners, keys: Array, size: int, sigma: float, draw: np.random.Generator) -> Float1D:
    """Return float64[size]: the sum of weight times share of rows with each key, noised: one release."""
    entity, key, share = shares(owners, keys)
    put = owners.weight[entity] * share
    return with_noise(clipped_counts(entity, key, put, (owners.count, size), 1.0), 1.0, sigma, draw)


def named(
    owners: Owners, keys: Array, sigma: float, delta: float, draw: np.random.Generator
) -> tuple[Int1D, Float1D]:
    """Return the keys int64[S] that enough entities have, and how much they have of each: 1 release.

    Nobody declared the keys, so that one is there may tell of one entity: it is named when its noised count
    passes what a key of one entity passes with probability ``delta`` at most, whatever the entity has. An
    entity puts the square roots of its shares on its keys: a vector of norm 1. Source: Gopi et al. 2020
    (differentially private set union, weighted Gaussian).
    """
    entity, key, share = shares(owners, keys)
    most = 1 if owners.are_single else MOST_KEYS
    order = np.lexsort((key, -share, entity))
    entity, key, share = entity[order], key[order], share[order]
    first = np.searchsorted(entity, entity, side="left")
    kept = np.arange(len(entity)) - first < most
    entity, key, share = entity[kept], key[kept], share[kept]
    known, place = np.unique(key, return_inverse=True)
    counts = clipped_counts(entity, place, np.sqrt(share), (owners.count, len(known)), 1.0)
    counts = with_noise(counts, 1.0, sigma, draw)
    passed = counts > naming_threshold(sigma, delta, most)
    return known[passed].astype(np.int64), counts[passed]


def naming_threshold(sigma: float, delta: float, most: int) -> float:
    """Return what a count has to exceed: 1, and noise that ``most`` draws exceed with ``delta``."""
    return 1.0 + sigma * float(special.ndtri(1.0 - delta / most)) if delta > 0.0 else math.inf


def refuse_hidden(entities: int, sigma: float) -> None:
    """Raise PrivacyBudgetError, before anything is read, where noise hides what most of the entities have."""
    least = math.ceil(_VISIBLE * sigma)
    if entities < least:
        raise PrivacyBudgetError(
            f"{entities:,} units are hidden by the noise of this epsilon ({sigma:.3g} on every count)",
            place="settings.epsilon",
            expected=f"at least {least:,} units",
            remedy="allow a larger epsilon, give fewer columns or more data",
        )
