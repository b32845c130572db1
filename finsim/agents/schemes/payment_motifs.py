"""Motifs of a phase: who pays whom among the members of its roles, as edges in layers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from finsim.agents.schemes.role_casting import Member


@dataclass(frozen=True)
class Edge:
    """One payment relation; layer k + 1 pays out what layer k paid in."""

    payer: Member
    payee: Member
    layer: int = 0


@dataclass(frozen=True)
class Shape:
    """Members of a phase's roles and its numbers: payments of pairs, hops of a chain, payees per payer."""

    payers: Sequence[Member]
    payees: Sequence[Member]
    via: Sequence[Member]
    count: int
    hops: int
    degree: int


def edges(motif: str, shape: Shape, rng: np.random.Generator) -> list[Edge]:
    """Return the edges of a motif, payers in order.

    Everybody takes part, but for payees of pairs, bipartite and the end of a chain, who are drawn.
    pairs: ``count`` payments between random members, never to oneself. fan_out, fan_in: every payer pays and
    every payee is paid, the larger side once each. bipartite: every payer pays ``degree`` payees. chain:
    payers, ``hops`` layers of via, payees. cycle: each payer through all via and back. scatter_gather: payers
    to all via to payees. gather_scatter: payers to via, which pay all payees. random_walk: each payer pays a
    random payee, who pays another one, ``hops`` payments in all.
    """
    return _MOTIFS[motif](shape, rng)


def _pairs(shape: Shape, rng: np.random.Generator) -> list[Edge]:
    found = []
    for _ in range(shape.count):
        payer = shape.payers[int(rng.integers(len(shape.payers)))]
        at = int(rng.integers(len(shape.payees)))
        # One role on both sides: the next member stands in for the payer itself.
        payee = shape.payees[at] if shape.payees[at] != payer else shape.payees[(at + 1) % len(shape.payees)]
        found.append(Edge(payer, payee))
    return [edge for edge in found if edge.payer != edge.payee]


def _spread(payers: Sequence[Member], payees: Sequence[Member], layer: int) -> list[Edge]:
    """Connect two groups so that everybody takes part: the larger side goes round the smaller one."""
    size = max(len(payers), len(payees))
    return [Edge(payers[i % len(payers)], payees[i % len(payees)], layer) for i in range(size)]


def _fan(shape: Shape, rng: np.random.Generator) -> list[Edge]:
    return _spread(shape.payers, shape.payees, 0)


def _bipartite(shape: Shape, rng: np.random.Generator) -> list[Edge]:
    size = min(shape.degree, len(shape.payees))
    return [
        Edge(payer, shape.payees[int(i)])
        for payer in shape.payers
        for i in rng.choice(len(shape.payees), size=size, replace=False)
    ]


def _chain(shape: Shape, rng: np.random.Generator) -> list[Edge]:
    hops = max(1, min(shape.hops, len(shape.via)))
    cuts = np.array_split(np.arange(len(shape.via)), hops)
    groups = [list(shape.payers), *([shape.via[int(i)] for i in cut] for cut in cuts), list(shape.payees)]
    found: list[Edge] = []
    for layer, (payers, payees) in enumerate(pairwise(groups)):
        last = layer == len(groups) - 2
        found += (
            [Edge(p, payees[int(rng.integers(len(payees)))], layer) for p in payers]
            if last
            else _spread(payers, payees, layer)
        )
    return found


def _cycle(shape: Shape, rng: np.random.Generator) -> list[Edge]:
    rings = [[payer, *shape.via, payer] for payer in shape.payers]
    return [Edge(a, b, layer) for ring in rings for layer, (a, b) in enumerate(pairwise(ring))]


def _through(shape: Shape, rng: np.random.Generator) -> list[Edge]:
    return _spread(shape.payers, shape.via, 0) + _spread(shape.via, shape.payees, 1)


def _walk(shape: Shape, rng: np.random.Generator) -> list[Edge]:
    found: list[Edge] = []
    for payer in shape.payers:
        here = payer
        for layer in range(max(1, shape.hops)):
            others = [one for one in shape.payees if one != here]
            found.append(Edge(here, others[int(rng.integers(len(others)))], layer))
            here = found[-1].payee
    return found


_MOTIFS: dict[str, Callable[[Shape, np.random.Generator], list[Edge]]] = {
    "pairs": _pairs,
    "fan_out": _fan,
    "fan_in": _fan,
    "bipartite": _bipartite,
    "chain": _chain,
    "cycle": _cycle,
    "scatter_gather": _through,
    "gather_scatter": _through,
    "random_walk": _walk,
}
