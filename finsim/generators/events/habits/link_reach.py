"""How far links must go so that no new entity has the payees of a learned one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from finsim.generators.events.habits.generations import SWEEPS, Links, deal, handed_out
from finsim.kernels.events.link_swaps import nearest_shares
from finsim.notation import Float1D, Float2D, Int1D
from finsim.randomness import Streams

FIRST, REFERENCES = 8, 2_000
ASKED, LEAST_PAYEES = 1_000, 3
PLACES = (0.5, 0.9)
"""Quantiles of the nearest share that may not be above those of real entities, by more than one standard
error of the latter (assumption)."""


def with_reach(links: Links, payees: int, streams: Streams) -> Links:
    """Return the links with the shortest reach whose payees are as far from learned ones as real ones are.

    The measure: the highest share of payees (Jaccard) that an entity has in common with any learned one,
    at ``PLACES``; for a learned entity with any other one. Searched by halves among the 8, 16, 32, ...
    nearest entities, up to all: the farther links go, the less is left of a learned entity.
    """
    count = len(links.order)
    asked = _asked(links, count, streams)
    wide = _wide(count)
    radii = _radii(links.points, wide, streams)
    if not len(asked):
        return mixed(replace(links, reach=radii[-1]), streams)
    null = nearest(links, links.entity, payees, asked, asked)
    error = [np.sqrt(place * (1.0 - place) / len(null)) for place in PLACES]
    goal = np.quantile(null, np.minimum(np.add(PLACES, error), 1.0))
    low, high = 0, len(wide) - 1
    best = None
    while low < high:
        middle = (low + high) // 2
        tried = mixed(replace(links, reach=radii[middle]), streams)
        own = nearest(
            links,
            handed_out(tried, tried.dealt, streams.under("reach")),
            payees,
            asked,
            np.full(len(asked), -1),
        )
        if (np.quantile(own, PLACES) <= goal).all():
            best, high = tried, middle
        else:
            low = middle + 1
    return mixed(replace(links, reach=radii[high]), streams) if best is None else best


def mixed(links: Links, streams: Streams) -> Links:
    """Return the links with the state that generations begin with: so many swaps that no home is left."""
    return replace(links, dealt=deal(links, streams.under("reach"), SWEEPS))


def expected_swaps(links: int, count: int) -> float:
    """Return how many swaps the search offers, on average, to as many links of ``count`` entities."""
    return links * SWEEPS * max(float(np.log2(len(_wide(count)))), 1.0)


def _wide(count: int) -> list[int]:
    """Return numbers of nearest entities that are tried: 8, 16, 32, ... up to all."""
    found = [FIRST]
    while found[-1] < count:
        found.append(2 * found[-1])
    return found


def _radii(points: Float2D, wide: list[int], streams: Streams) -> Float2D:
    """Return float64[W, E], squares of the distances to about the ``wide``-th nearest entities."""
    count = len(points)
    rng = streams.at("references")
    known = points if count <= REFERENCES else points[np.sort(rng.permutation(count)[:REFERENCES])]
    most = len(known) - 1
    place = [min(max(round(w * len(known) / max(count, 1)), 1), most) if count > 1 else 0 for w in wide]
    found = np.ones((len(wide), count))
    length = (known**2).sum(axis=1)
    for start in range(0, count, 512):
        part = points[start : start + 512]
        square = (part**2).sum(axis=1)[:, None] + length - 2.0 * (part @ known.T)
        found[:, start : start + 512] = np.partition(square, sorted(set(place)), axis=1)[:, place].T
    return np.maximum(found, 1e-9)


def _asked(links: Links, count: int, streams: Streams) -> Int1D:
    """Return the entities that are asked for, at most so many, of several payees each."""
    some = np.flatnonzero(np.bincount(links.entity, minlength=count) >= LEAST_PAYEES)
    rng = streams.at("asked")
    return np.sort(rng.permutation(some)[:ASKED]).astype(np.int64)


def nearest(links: Links, owner: Int1D, payees: int, asked: Int1D, barred: Int1D) -> Float1D:
    """Return the highest share of payees that entities int64[Q], with links of ``owner``, have in common.

    With any learned entity but that of ``barred`` int64[Q] (-1: with all).
    """
    count = len(links.order)
    starts = np.concatenate([[0], np.cumsum(np.bincount(links.entity, minlength=count))])
    by_payee = np.argsort(links.payee, kind="stable")
    owners = np.concatenate([[0], np.cumsum(np.bincount(links.payee, minlength=payees))])
    by_owner = np.argsort(owner, kind="stable")
    begin = np.searchsorted(owner[by_owner], asked, side="left")
    size = np.searchsorted(owner[by_owner], asked, side="right") - begin
    asked_starts = np.concatenate([[0], np.cumsum(size)]).astype(np.int64)
    rows = np.repeat(begin - asked_starts[:-1], size) + np.arange(asked_starts[-1])
    out = np.zeros(len(asked))
    nearest_shares(
        starts.astype(np.int64), owners.astype(np.int64), links.entity[by_payee],
        asked_starts, links.payee[by_owner[rows]], barred, out,
    )  # fmt: skip
    return out
