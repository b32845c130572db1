"""Who is like whom: an order of the entities in which neighbours live alike and share payees."""

from __future__ import annotations

import numpy as np

from finsim.notation import Array, Float1D, Float2D, Int1D
from finsim.randomness import Streams

FACTORS, ROUNDS, LEAF = 4, 6, 2
FEW = 4.0
MANY_RUNS, MAIN_SHARE = 8, 0.15
"""Runs, and share of those of its entity, from which on a link is a main one (assumptions)."""
LINKS, RUNS = 2.0, 4.0
"""What numbers of payees and of runs count beside the kinds of payees, in an order by size (assumptions)."""
HOME = 3.0
"""How far entities with other words of their own lie from each other, in s.d. of factors (assumption)."""


def payee_factors(entity: Int1D, payee: Int1D, counts: Float1D, streams: Streams) -> Float2D:
    """Return float64[E, FACTORS], where an entity lies by the payees it has, in columns of unit spread.

    entity, payee int64[L], links; counts float64[L]. Source: correspondence analysis (Greenacre 1984) by
    subspace iteration (Halko et al. 2011).
    """
    left, right = int(entity.max(initial=0)) + 1, int(payee.max(initial=0)) + 1
    weight = np.log1p(counts)
    rows = np.sqrt(np.maximum(np.bincount(entity, weight, left), 1e-12))
    columns = np.sqrt(np.maximum(np.bincount(payee, weight, right), 1e-12))
    cell = weight / rows[entity] / columns[payee]
    width = FACTORS + 1
    basis = streams.at("community").standard_normal((right, width))
    for _ in range(ROUNDS):
        basis, _ = np.linalg.qr(_spread(entity, payee, cell, basis, left))
        basis, _ = np.linalg.qr(_spread(payee, entity, cell, basis, right))
    found = _spread(entity, payee, cell, basis, left) / rows[:, None]
    found = found[:, 1 : min(width, found.shape[1])]
    found = np.clip(found - np.median(found, axis=0), *np.quantile(found, [0.02, 0.98], axis=0))
    spread = found.std(axis=0)
    return np.asarray(found / np.where(spread > 1e-12, spread, 1.0))


def word_factors(entity: Int1D, word: Int1D, count: int) -> Float2D:
    """Return float64[E, 2], the main components of the shares of words of each entity, the first of spread 1.

    Entities with few rows lie near the middle.
    """
    size = int(word.max(initial=0)) + 1
    found = np.bincount(entity * size + word, minlength=count * size).reshape(count, size).astype(np.float64)
    usual = found.sum(axis=0) / max(found.sum(), 1.0)
    share = (found + FEW * usual) / (found.sum(axis=1, keepdims=True) + FEW) - usual
    _, axes = np.linalg.eigh(share.T @ share)
    parts = share @ axes[:, ::-1][:, :2]
    return np.asarray(parts / max(float(parts[:, 0].std()), 1e-9))


def home_points(home: Int1D) -> Float2D:
    """Return where entities lie by a word of their own int64[E], float64[E, W]: far from those of others."""
    here = home[:, None] == np.arange(int(home.max(initial=0)) + 1)
    return np.asarray(HOME * here.astype(np.float64))


def main_links(entity: Int1D, runs: Float1D, count: int) -> Array:
    """Return bool[L], true for links with a large part of the runs of their entity."""
    whole = np.bincount(entity, runs, count)
    return np.asarray((runs >= MANY_RUNS) & (runs >= MAIN_SHARE * whole[entity]))


def order_by_size(entity: Int1D, kind: Int1D, runs: Float1D, count: int) -> Int1D:
    """Return an order int64[E] in which neighbours have about as many payees, of like kinds, and runs.

    entity, kind int64[L], runs float64[L] of links.
    """
    sizes = []
    for weight, many in (
        (LINKS, np.bincount(entity, minlength=count)),
        (RUNS, np.bincount(entity, runs, count)),
    ):
        log = np.log(many + 1.0)
        sizes.append(weight * (log - log.mean()) / max(float(log.std()), 1e-12))
    return order_alike(np.concatenate([np.stack(sizes, axis=1), word_factors(entity, kind, count)], axis=1))


def _spread(to: Int1D, of: Int1D, cell: Float1D, values: Array, count: int) -> Float2D:
    """Return the product of the sparse matrix of links with a thin one."""
    return np.stack([np.bincount(to, cell * column[of], count) for column in values.T], axis=1)


def order_alike(points: Float2D) -> Int1D:
    """Return an order int64[E] of points in which neighbours are near.

    Leaves of a k-d tree from left to right.

    Source: Bentley 1975; the widest column is halved at its median.
    """
    found: list[Array] = []
    waiting = [np.arange(len(points))]
    while waiting:
        part = waiting.pop()
        if len(part) <= LEAF:
            found.append(part)
            continue
        inside = points[part]
        widest = int((inside.max(axis=0) - inside.min(axis=0)).argmax())
        ranked = part[np.argsort(inside[:, widest], kind="stable")]
        waiting += [ranked[len(part) // 2 :], ranked[: len(part) // 2]]
    return np.concatenate(found).astype(np.int64) if found else np.zeros(0, np.int64)
