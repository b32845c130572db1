"""How entities share their counterparties: a statistic of the graph, resampled by halves of the entities."""

from __future__ import annotations

import numpy as np

from finsim.evaluation.events.event_case import EventCase, EventSide
from finsim.evaluation.metric import Evidence, Metric, Score
from finsim.notation import Bool1D, Float1D, Float2D, Int1D

TOP = (0.01, 0.1, 0.5)
Links = tuple[Int1D, Int1D]
Graph = tuple[Int1D, Int1D, int]
"""Entity and counterparty of each link, and the number of entities."""


def links(side: EventSide) -> tuple[Int1D, Int1D, Int1D]:
    """Return entity, counterparty and number of rows of each pair that meets."""
    assert side.partner is not None
    kept = side.partner >= 0
    width = int(side.partner.max(initial=0)) + 1
    joint, counts = np.unique(side.sequences.entity()[kept] * width + side.partner[kept], return_counts=True)
    return joint // width, joint % width, counts


def degree_score(metric: Metric[EventCase], case: EventCase, useless: EventSide) -> Score:
    """Return the largest difference of the shares of links that shared counterparties have.

    A link is a pair that meets. Both sides have as many entities. A degree depends on all entities, so draws
    are random halves of them, whose statistic varies about the whole as the whole does about the truth.
    """
    real, own = _graph(case.sides[0]), _graph(case.sides[1])
    size = min(real[2], own[2])
    rng = case.streams.at("events", "degrees")
    value = _apart(_some(real, size, rng), _some(own, size, rng))
    half, times = max(size // 2, 1), case.settings.bootstrap
    draws = np.array([_apart(_some(real, half, rng), _some(own, half, rng)) for _ in range(times)])
    floors = np.array([_apart(_some(real, half, rng), _some(real, half, rng)) for _ in range(times)])
    spare = None
    if case.held_out is not None:
        held = _graph(case.held_out)
        common = min(size, held[2])
        spare = _apart(_some(real, common, rng), _some(held, common, rng))
        floors = floors + max(spare - float(np.median(floors)), 0.0)
    ceiling = _apart(_some(real, size, rng), _some(_graph(useless), size, rng))
    return metric.compared(
        "shared counterparties", Evidence(value, draws, floors, spare), ceiling=ceiling, n=size,
        note=f"{size} entities of each side",
    )  # fmt: skip


def _graph(side: EventSide) -> Graph:
    return (*links(side)[:2], side.sequences.count)


def _some(graph: Graph, entities: int, rng: np.random.Generator) -> Float1D:
    """Return the statistic of ``entities`` random entities of a side."""
    count = graph[2]
    chosen = np.zeros(count, dtype=bool)
    chosen[rng.permutation(count)[:entities]] = True
    return degree_shares(graph[:2], chosen)


def degree_shares(pairs: Links, chosen: Bool1D) -> Float1D:
    """Return shares of links: of the most shared 1, 10, 50 % of counterparties, of those of one entity."""
    degree = np.bincount(pairs[1][chosen[pairs[0]]])
    degree = np.sort(degree[degree > 0])[::-1]
    if len(degree) == 0:
        return np.full(len(TOP) + 1, np.nan)
    held = np.concatenate([[0.0], np.cumsum(degree) / degree.sum()])
    place = np.arange(len(degree) + 1) / len(degree)
    return np.append(np.interp(TOP, place, held), (degree == 1).sum() / degree.sum())


def _apart(left: Float1D, right: Float1D) -> float:
    """Return the largest difference; 1 where one side has no counterparty, NaN where none has."""
    known: Float2D = np.isfinite(np.stack([left, right]))
    if not known.any():
        return float("nan")
    return float(np.abs(left - right).max()) if known.all() else 1.0
