"""New entities from folded weights: tokens by the kernel, then days, counterparties, amounts and columns."""

from __future__ import annotations

import numpy as np

from finsim.generators.events.network.event_fields import DAY, EventFields
from finsim.kernels.events.event_memory import FIRST_RANK
from finsim.kernels.events.event_network import FIRST_FREE, HOUR, IDENTITY, POINTER, Calendar, Weights
from finsim.kernels.events.event_walk import walk_entities
from finsim.notation import Array, Float2D, Int1D, Int2D
from finsim.randomness import Streams
from finsim.records.event_log import EventLog
from finsim.records.mixed_table import MISSING_TIME, NUMBER, TIME, WORD, MixedColumn, MixedTable

HOUR_LENGTH = 3_600 * 10**9
MOST_OVER, MOST_SPARE = 4, 50


class Walked:
    """Tokens of the events of a block of entities: see ``walk_entities``."""

    def __init__(self, lengths: Int1D, tokens: Int2D, days: Int1D, slots: Int1D, roots: Int1D) -> None:
        """Hold the arrays."""
        self.lengths, self.tokens, self.days, self.slots, self.roots = lengths, tokens, days, slots, roots
        self.entity = np.repeat(np.arange(len(lengths)), lengths)
        self.starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)


def walked(
    net: Weights, calendar: Calendar, context: Float2D, goals: Float2D, seeds: Array, popular: int
) -> Walked:
    """Draw the events of entities with contexts float64[E, C] and whole goals [E, 3]; seeds uint64[E]."""
    shared: Array = np.empty((len(seeds), len(net.bias)), dtype=np.float32)
    for e in range(len(seeds)):  # One by one: the bytes of a matrix product depend on its shape.
        shared[e] = net.bias + (context[e].astype(np.float32)[:, None] * net.context).sum(axis=0)
    limits = (MOST_OVER * np.maximum(goals[:, 0], 1.0)).astype(np.int64) + MOST_SPARE
    rows = int(limits.max(initial=0) + 2 * goals[:, 0].clip(0).sum() + MOST_SPARE)
    while True:
        out = (
            np.zeros(len(seeds), dtype=np.int64), np.zeros((rows, len(net.rows) - 1), dtype=np.int64),
            np.zeros(rows, dtype=np.int64), np.zeros(rows, dtype=np.int64), np.zeros(rows, dtype=np.int64),
        )  # fmt: skip
        done = walk_entities(net, calendar, shared, goals, seeds, popular, limits, out)
        if done == len(seeds):
            break
        rows *= 2
    size = int(out[0].sum())
    return Walked(out[0], *(one[:size] for one in out[1:]))


def decoded(
    found: Walked, fields: EventFields, log: EventLog, block: tuple[int, int], streams: Streams
) -> MixedTable:
    """Return the events of one block of entities (its number, its size) as a table like that of ``log``."""
    like, roles, begin = log.events, log.roles, log.begin
    n = len(found.days)
    draw = streams.at("cells")
    columns: dict[str, Array] = {
        roles.time: _times(found, fields, begin, like[roles.time].step, draw.random(n))
    }
    if roles.partner is not None and fields.partner is not None:
        codes = _partners(found, fields, block)
        columns[roles.partner] = codes.astype(np.int32)
        places = fields.partner.brought(codes, draw.random(n))
        for k, name in enumerate(fields.bound):
            columns[name] = _picked(places[:, k], fields.palettes[name], like[name].kind)
    for place, name in enumerate(fields.names(), start=FIRST_FREE):
        tokens = found.tokens[:, place]
        if name == "amount":
            assert fields.amount is not None
            assert roles.amount is not None
            new = fields.amount.values(tokens, found.tokens[:, place + 1], draw.random((n, 3)))
            root = np.maximum(found.roots, 0)
            columns[roles.amount] = np.where(found.roots >= 0, new[root], np.nan) if n else new
        elif name.startswith("word "):
            column = name.removeprefix("word ")
            columns[column] = fields.words[column].codes(tokens, draw.random(n))
        elif name.startswith("number "):
            column = name.removeprefix("number ")
            values: Array = fields.numbers[column].values(tokens, None, draw.random((n, 3)))
            if like[column].kind == TIME:
                columns[column] = _as_times(values, columns[roles.time], like[column].step)
            else:
                columns[column] = values
    return MixedTable({name: one.with_values(columns[name]) for name, one in like.columns.items()}, n)


def _times(found: Walked, fields: EventFields, begin: int, step: float, draws: Array) -> Int1D:
    """Return the instants: whole days, or a moment of the hour, not before the event before."""
    base = (begin // DAY + found.days) * DAY
    if not fields.clock:
        return base
    hour = base + found.tokens[:, HOUR] * HOUR_LENGTH
    spread = hour + (draws * HOUR_LENGTH).astype(np.int64)
    # Events of one hour of an entity share it: their moments are sorted.
    order = np.lexsort((spread, hour, found.entity))
    spread = spread[order]
    unit = int(step) if 1 <= step <= HOUR_LENGTH else 1
    return np.asarray(spread // unit * unit)


def _partners(found: Walked, fields: EventFields, block: tuple[int, int]) -> Int1D:
    """Return the counterparty of every event: new ones are dealt, slots say which they are later."""
    assert fields.partner is not None
    is_new = found.tokens[:, POINTER] > FIRST_RANK + fields.ranks
    rows = np.flatnonzero(is_new)
    dealt = fields.partner.dealt(found.tokens[rows, IDENTITY], found.entity[rows], *block)
    # Slots of an entity are numbered in the order of their first events.
    first = np.searchsorted(found.entity[rows], np.arange(len(found.lengths)))
    at = first[found.entity] + found.slots
    return (
        np.where(found.slots >= 0, dealt[np.minimum(np.maximum(at, 0), max(len(dealt) - 1, 0))], -1)
        if len(dealt)
        else np.full(len(found.slots), -1)
    )


def _picked(places: Int1D, palette: Array, kind: str) -> Array:
    """Return the cells at places of a palette, missing where -1."""
    missing = {NUMBER: np.nan, WORD: -1, TIME: MISSING_TIME}[kind]
    if not len(palette):
        return np.full(len(places), missing)
    found = palette[np.maximum(places, 0)]
    return np.where(places >= 0, found, np.asarray(missing).astype(found.dtype))


def _as_times(days: Array, times: Int1D, step: float) -> Int1D:
    """Return instants so many days after the events, missing where NaN."""
    known = ~np.isnan(days)
    found = np.full(len(days), MISSING_TIME, dtype=np.int64)
    unit = max(int(step), 1)
    found[known] = (times[known] + np.round(days[known] * DAY).astype(np.int64)) // unit * unit
    return found


def entity_table(like: MixedTable, parents: Int2D, shares: Array) -> MixedTable:
    """Return attributes of new entities: words of the first parent, numbers between both, on their grid."""
    columns: dict[str, MixedColumn] = {}
    for name, column in like.columns.items():
        left, right = column.values[parents[:, 0]], column.values[parents[:, 1]]
        if column.kind == WORD:
            columns[name] = column.with_values(left)
            continue
        grid = column.step or 0.0
        values: Array = left.astype(np.float64) + shares * (
            right.astype(np.float64) - left.astype(np.float64)
        )
        values = np.round(values / grid) * grid if grid > 0 else values
        lost = column.missing()[parents].any(axis=1)
        if column.kind == NUMBER:
            columns[name] = column.with_values(np.where(lost, left, values))
        else:
            columns[name] = column.with_values(np.where(lost, left, values.astype(np.int64)))
    return MixedTable(columns, len(parents))
