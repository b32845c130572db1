"""What ordinary life tells of every account: rows, sums, partners, first day, and the money that it needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from finsim.agents.payment_orders import Orders
from finsim.engine.learned_payments.life_orders import Places
from finsim.notation import NANOS_PER_DAY, Array, Bool1D, Float1D, Int1D

_HOURS = 24
_OWN_TIMES = 6
NEVER = 2**62


@dataclass(frozen=True)
class EntityFacts:
    """Facts of accounts by position, entities first: shape [A] unless said; sums in minor units.

    ``need`` int64[E]: how far below its begin an entity's own payments bring its balance. ``hours``
    int64[24] of free rows, ``daily`` int64[D] of all; ``amounts`` of rows and ``times`` (ns of the day) of
    free ones are samples (see ``ordinary_rows``); ``own`` times of the day of entities from ``own_start``
    int64[E + 1].
    """

    rows_out: Int1D
    rows_in: Int1D
    sum_out: Int1D
    sum_in: Int1D
    logs_in: Float1D
    partners_out: Int1D
    partners_in: Int1D
    first: Int1D
    to_shops: Int1D
    need: Int1D
    hours: Int1D
    daily: Int1D
    amounts: Int1D
    times: Int1D
    own_start: Int1D
    own: Int1D

    def save(self, file: Path) -> None:
        """Write the facts; equal facts give equal bytes."""
        with file.open("wb") as stream:
            np.savez(stream, **{one.name: getattr(self, one.name) for one in fields(self)})

    @classmethod
    def load(cls, file: Path) -> EntityFacts:
        """Read facts that ``save`` wrote."""
        with np.load(file, allow_pickle=False) as stored:
            return cls(*(stored[one.name] for one in fields(cls)))


_SAMPLED = 4_096
_SUMMED = (
    "rows_out", "rows_in", "sum_out", "sum_in", "logs_in", "partners_out", "partners_in", "to_shops", "need",
    "hours", "daily",
)  # fmt: skip


def facts_of(orders: Orders, places: Places, start: int, days: int, free: Bool1D) -> EntityFacts:
    """Return the facts of the payments of some entities; other accounts count as those that are paid.

    ``start`` (ns) and ``days`` bound the period; times of the day are those of ``free`` rows, bool[n].
    ``first`` is the first day of an account, from its start.
    """
    total = places.total
    payer, payee = orders.payer.astype(np.int64), orders.payee.astype(np.int64)
    amount, ts = orders.amount, orders.ts
    day = (ts - start) // NANOS_PER_DAY
    late = (ts - start) % NANOS_PER_DAY
    first = np.full(total, NEVER)
    for side in (payer, payee):
        np.minimum.at(first, side, day)
    step = max(1, len(ts) // _SAMPLED)
    chosen = late[free]
    apart = max(1, len(chosen) // _SAMPLED)
    own_start, own = _own_times(payer[free], chosen, places.entities)
    return EntityFacts(
        np.bincount(payer, minlength=total), np.bincount(payee, minlength=total),
        _sums(payer, amount, total), _sums(payee, amount, total),
        np.bincount(payee, weights=np.log(amount), minlength=total).astype(np.float64),
        _partners(payer, payee, total), _partners(payee, payer, total), first,
        np.bincount(payer[orders.merchant >= 0], minlength=total), _needs(orders, places.entities),
        np.bincount(chosen * _HOURS // NANOS_PER_DAY, minlength=_HOURS), np.bincount(day, minlength=days),
        amount[::step][:_SAMPLED], chosen[::apart][:_SAMPLED], own_start, own,
    )  # fmt: skip


def merged(parts: Sequence[EntityFacts]) -> EntityFacts:
    """Return the facts of all shards of a world."""
    found: dict[str, Array] = {name: sum(getattr(one, name) for one in parts) for name in _SUMMED}
    found["first"] = np.minimum.reduce([one.first for one in parts])
    for name in ("amounts", "times", "own"):  # entities of a shard follow those of the one before
        found[name] = np.concatenate([getattr(one, name) for one in parts])
    sizes = sum(np.diff(one.own_start) for one in parts)
    found["own_start"] = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    return EntityFacts(**found)


def _sums(side: Int1D, amount: Int1D, total: int) -> Int1D:
    found = np.zeros(total, dtype=np.int64)
    np.add.at(found, side, amount)
    return found


def _partners(side: Int1D, other: Int1D, total: int) -> Int1D:
    """Return how many different accounts stand on the other side."""
    pairs = np.unique(side * total + other)
    return np.bincount(pairs // total, minlength=total)


def _needs(orders: Orders, entities: int) -> Int1D:
    """Return the deepest fall of each entity's balance by its own payments, in order of time."""
    payer, payee = orders.payer.astype(np.int64), orders.payee.astype(np.int64)
    out, into = payer < entities, (payee < entities) & (payer >= entities)
    who = np.concatenate([payer[out], payee[into]])
    moved = np.concatenate([-orders.amount[out], orders.amount[into]])
    ts = np.concatenate([orders.ts[out], orders.ts[into]])
    order = np.lexsort((ts, who))
    who, moved = who[order], moved[order]
    running = np.cumsum(moved)
    begins = np.flatnonzero(np.diff(who, prepend=-1))
    before = np.concatenate([[0], running])[begins]
    lowest = np.minimum.reduceat(running, begins) - before if len(begins) else np.zeros(0, dtype=np.int64)
    found = np.zeros(entities, dtype=np.int64)
    found[who[begins]] = np.maximum(-lowest, 0)
    return found


def _own_times(payer: Int1D, late: Int1D, entities: int) -> tuple[Int1D, Int1D]:
    """Return at most six times of the day per entity."""
    inside = np.flatnonzero(payer < entities)
    order = inside[np.argsort(payer[inside], kind="stable")]
    who = payer[order]
    place = np.arange(len(who)) - np.searchsorted(who, who, side="left")
    kept = order[place < _OWN_TIMES]
    sizes = np.bincount(payer[kept], minlength=entities)
    return np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64), late[kept]


def chosen_entities(facts: EntityFacts, entities: int, chosen: Int1D) -> EntityFacts:
    """Return the facts of a world whose entities are those at ``chosen``, of the first ``entities``.

    The accounts outside keep their facts, in proportion.
    """
    grown = len(chosen) / max(entities, 1)

    def spread(values: Array, scales: bool) -> Array:
        rest = values[entities:]
        scaled = np.rint(rest * grown).astype(rest.dtype) if scales and rest.dtype.kind == "i" else rest
        return np.concatenate([values[:entities][chosen], scaled])

    found = {one.name: getattr(facts, one.name) for one in fields(facts)}
    for name in ("rows_out", "rows_in", "sum_out", "sum_in", "partners_out", "partners_in", "to_shops"):
        found[name] = spread(found[name], True)
    found["logs_in"] = np.concatenate([facts.logs_in[:entities][chosen], facts.logs_in[entities:] * grown])
    found["first"] = spread(facts.first, False)
    found["need"] = facts.need[chosen]
    sizes = np.diff(facts.own_start)[chosen]
    starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    rows = np.repeat(facts.own_start[:-1][chosen] - starts[:-1], sizes) + np.arange(starts[-1])
    found |= {"own_start": starts, "own": facts.own[rows.astype(np.int64)]}
    return EntityFacts(**found)
