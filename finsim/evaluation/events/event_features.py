"""What a classifier sees of each row: the row, and what the entity did before it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from finsim.evaluation.events.amounts import ROUND, multiple
from finsim.evaluation.events.degrees import links
from finsim.evaluation.events.event_case import EventCase, EventSide, Sequences
from finsim.evaluation.events.event_repeats import as_before, keys, seen_before
from finsim.evaluation.tables.column_pairs import ColumnPair
from finsim.notation import Array, Float1D, Float2D, Int1D

POOLED = 30
MOST_SHARED = 4
RECENT = (1.0, 7.0, 30.0)
SIDES = ("real", "own", "spare")


@dataclass(frozen=True)
class Described:
    """Features float64[n, F] (NaN where missing) with their names, and int64[n] the entity of each row."""

    values: Float2D
    names: tuple[str, ...]
    entity: Int1D

    def only(self, entities: Int1D) -> Described:
        """Return the rows of some entities."""
        kept = np.isin(self.entity, entities)
        return Described(self.values[kept], self.names, self.entity[kept])


def event_features(
    case: EventCase, side: EventSide, role: str, left_out: tuple[str | None, ...] = ()
) -> Described:
    """Describe every row of a side; ``role`` (real, own, spare) names where its other columns are.

    Nothing of later rows is used, so the same features serve a detector; ``left_out`` are columns it must
    not see, such as the label.
    """
    sequences = side.sequences
    found: dict[str, Array] = {}
    _times(found, sequences, case.has_clock)
    if side.amount is not None:
        _sizes(found, side)
    if side.partner is not None:
        _partners(found, side, min(one.sequences.count for one in case.sides))
    if side.channel is not None:
        found[str(case.columns.channel)] = _pooled(side.channel)
    told = {case.columns.amount, case.columns.partner, case.columns.channel, case.rows.roles.time, *left_out}
    told |= {case.columns.sides.into} if case.columns.sides else set()
    for pair in case.rows.columns:
        if pair.name not in told:
            found[pair.name] = _other(pair, role)[sequences.order]
    # Last digits of running sums depend on the rest of the side, and would give it away.
    stacked: Float2D = np.stack([np.asarray(one, dtype=np.float64) for one in found.values()], axis=1)
    values: Float2D = np.asarray(np.round(stacked, 9), dtype=np.float64)
    return Described(values, tuple(found), sequences.entity())


def _times(found: dict[str, Array], sequences: Sequences, clock: bool) -> None:
    entity, days = sequences.entity(), sequences.days
    first = sequences.start[:-1][entity]
    age = np.arange(len(days)) - first
    gap = np.full(len(days), np.nan)
    gap[1:] = np.where(entity[1:] == entity[:-1], np.diff(days), np.nan)
    found["rows before"] = np.log1p(age)
    found["days since last row"] = np.log1p(gap)
    found["days since first row"] = days - days[first]
    mean = np.where(age > 1, (days - days[first]) / np.maximum(age, 1), np.nan)
    found["gap over own mean"] = np.log1p(gap) - np.log1p(mean)
    found["weekday"] = np.mod(np.floor(days) + 3.0, 7.0)
    if clock:
        found["hour"] = np.floor((days - np.floor(days)) * 24.0 + 1e-7)
    is_timed = len(days) > 0 and bool(np.isfinite(days).all())
    for span in RECENT:
        found[f"rows in {span:g} days"] = np.full(len(days), np.nan)
        if is_timed:
            place = days - days.min() + entity * (float(np.ptp(days)) + 2.0 * span)
            before = np.searchsorted(place, place - span, side="right")
            found[f"rows in {span:g} days"] = np.log1p(np.arange(len(days)) - before)


def _sizes(found: dict[str, Array], side: EventSide) -> None:
    assert side.amount is not None
    size = np.log1p(np.abs(side.amount))
    found["amount"] = size
    found["below 0"] = np.where(np.isfinite(side.amount), side.amount < 0, np.nan)
    found["amount over own mean"] = size - _mean_before(size, side.sequences)
    found["roundness"] = np.sum([multiple(side.amount, unit) for unit in ROUND], axis=0)
    key = keys(side, "amount")
    found["same amount as before"], found["amount had before"] = as_before(side, key), seen_before(side, key)


def _partners(found: dict[str, Array], side: EventSide, entities: int) -> None:
    """Add what repeats, and by how many of as many entities on each side a counterparty is shared.

    The exact number of a large counterparty would be the fingerprint of its side.
    """
    assert side.partner is not None
    found["same counterparty as before"] = as_before(side, side.partner)
    found["counterparty had before"] = seen_before(side, side.partner)
    entity, partner, _ = links(side)
    among = partner[entity < entities]
    degree = np.minimum(np.bincount(among, minlength=int(side.partner.max(initial=0)) + 1), MOST_SHARED)
    found["entities of the counterparty"] = np.where(
        side.partner >= 0, degree[np.maximum(side.partner, 0)], np.nan
    )
    new = ~seen_before(side, side.partner) & (side.partner >= 0)
    found["counterparties before"] = np.log1p(_sum_before(new.astype(np.float64), side.sequences))


def _sum_before(values: Float1D, sequences: Sequences) -> Float1D:
    """Return the sum of the values of earlier rows of the same entity."""
    total = np.concatenate([[0.0], np.cumsum(values)])[:-1]
    return np.asarray(total - total[sequences.start[:-1][sequences.entity()]])


def _mean_before(values: Float1D, sequences: Sequences) -> Float1D:
    known = np.isfinite(values)
    total = _sum_before(np.where(known, values, 0.0), sequences)
    count = _sum_before(known.astype(np.float64), sequences)
    return np.where(count > 0, total / np.maximum(count, 1.0), np.nan)


def _pooled(codes: Array) -> Float1D:
    """Return codes by decreasing frequency, the rare ones as one; missing is NaN."""
    return np.where(codes < 0, np.nan, np.minimum(codes, POOLED)).astype(np.float64)


def _other(pair: ColumnPair, role: str) -> Float1D:
    """Return a further column as numbers: categories by decreasing real frequency, the rare ones pooled."""
    values: Array = getattr(pair, role)
    if not pair.is_category:
        return np.where(np.isfinite(values), values, np.nan)
    counts = np.bincount(pair.real[pair.real >= 0], minlength=len(pair.levels))
    rank = np.empty(max(len(pair.levels), 1), dtype=np.int64)
    rank[np.argsort(-counts, kind="stable")] = np.arange(len(counts))
    return _pooled(np.where(values < 0, -1, rank[np.maximum(values, 0)]))
