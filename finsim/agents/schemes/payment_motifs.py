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

    pairs: ``count`` payments between random members. fan_out: every payee is paid by one payer.
    fan_in: every payer pays one payee. bipartite: every payer pays ``degree`` payees. chain: payers,
    ``hops`` layers of via, payees. cycle: payers through via and back. scatter_gather: payers to all
    via to payees. gather_scatter: payers to one via, which pays all payees.
    """
    return _MOTIFS[motif](shape, rng)


def _pairs(shape: Shape, rng: np.random.Generator) -> list[Edge]:
    return [
        Edge(
            shape.payers[int(rng.integers(len(shape.payers)))],
            shape.payees[int(rng.integers(len(shape.payees)))],
        )
        for _ in range(shape.count)
    ]


def _spread(payers: Sequence[Member], payees: Sequence[Member], layer: int) -> list[Edge]:
    """Connect two groups so that everybody takes part: the larger side goes round the smaller one."""
    size = max(len(payers), len(payees))
    return [Edge(payers[i % len(payers)], payees[i % len(payees)], layer) for i in range(size)]


def _fan_out(shape: Shape, rng: np.random.Generator) -> list[Edge]:
    return [Edge(shape.payers[i % len(shape.payers)], payee) for i, payee in enumerate(shape.payees)]


def _fan_in(shape: Shape, rng: np.random.Generator) -> list[Edge]:
    return [Edge(payer, shape.payees[i % len(shape.payees)]) for i, payer in enumerate(shape.payers)]


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
    ring = [shape.payers[0], *shape.via, shape.payers[0]]
    return [Edge(a, b, layer) for layer, (a, b) in enumerate(pairwise(ring))]


def _scatter_gather(shape: Shape, rng: np.random.Generator) -> list[Edge]:
    inward = [Edge(shape.payers[i % len(shape.payers)], node, 0) for i, node in enumerate(shape.via)]
    return inward + [Edge(node, shape.payees[i % len(shape.payees)], 1) for i, node in enumerate(shape.via)]


def _gather_scatter(shape: Shape, rng: np.random.Generator) -> list[Edge]:
    centre = shape.via[0]
    return [Edge(payer, centre, 0) for payer in shape.payers] + [
        Edge(centre, payee, 1) for payee in shape.payees
    ]


_MOTIFS: dict[str, Callable[[Shape, np.random.Generator], list[Edge]]] = {
    "pairs": _pairs,
    "fan_out": _fan_out,
    "fan_in": _fan_in,
    "bipartite": _bipartite,
    "chain": _chain,
    "cycle": _cycle,
    "scatter_gather": _scatter_gather,
    "gather_scatter": _gather_scatter,
}
