"""``Standing``: standing payments of a learned ledger, and those of new entities in their ordinary life."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from finsim.generators.events.habits.generations import Links, anchors_of
from finsim.generators.events.habits.ledger import DAY, Ledger
from finsim.generators.events.habits.standing.cells import Pool, learn_pools
from finsim.generators.events.habits.standing.draws import Paid, Window, paid
from finsim.generators.events.habits.standing.hands import Hand, deal_hand
from finsim.generators.events.habits.standing.holes.filled_words import holes
from finsim.generators.events.habits.standing.holes.hole_law import HoleLaw, learn_holes
from finsim.generators.events.habits.standing.laws import Laws, learn_laws
from finsim.generators.events.habits.standing.losses import hole_losses, known_series, standing_losses
from finsim.generators.events.habits.standing.series import find_series, payees_of, with_told_words
from finsim.generators.events.habits.standing.series_table import Series
from finsim.generators.events.stored_arrays import arrays_of, item_of
from finsim.notation import Array, Bool1D, Float1D, Int1D
from finsim.randomness import Streams
from finsim.records.event_log import EventLog
from finsim.records.mixed_table import MISSING_WORD, MixedColumn, MixedTable

FAR = 10**9
MILLI = 1_000_000


@dataclass(frozen=True)
class Standing:
    """The laws of standing series, the pools of other columns, and which columns tell payee and kind.

    ``alone`` : the ledger had no other rows, and new entities have none.
    """

    laws: Laws
    pools: list[Pool]
    names: tuple[str, ...]
    kind_columns: tuple[str, ...]
    others: tuple[str, ...]
    alone: bool = False

    def arrays(self) -> dict[str, Array]:
        """Return all arrays by name."""
        found = self.laws.arrays()
        for k, one in enumerate(self.pools):
            found.update(arrays_of(f"standing.pool.{k}", one))
        return found

    def facts(self) -> dict[str, Any]:
        """Return what is not an array."""
        found = {"names": list(self.names), "kinds": list(self.kind_columns), "others": list(self.others)}
        return {**found, **({"alone": True} if self.alone else {})}

    def split_losses(self, log: EventLog) -> tuple[EventLog, Float1D]:
        """Return the ordinary life of a log, and the nats of its standing payments by entity float64[E]."""
        told = known_series(self.laws, self.kind_columns, log)
        pools = dict(zip(self.others, self.pools, strict=True))
        nats = standing_losses(self.laws, pools, log, told)
        if not self.laws.holes.is_none:
            lost = holes(log, with_told_words(log), (*self.kind_columns, *self.names))
            nats = nats + hole_losses(self.laws, lost, log, told)
        return without_rows(log, told[2]), nats

    @classmethod
    def restored(cls, arrays: Mapping[str, Array], facts: Mapping[str, Any]) -> Standing:
        """Return what ``arrays`` and ``facts`` wrote; raises KeyError for a part that lacks."""
        pools = [item_of(Pool, f"standing.pool.{k}", arrays) for k in range(len(facts["others"]))]
        names, kinds, others = (tuple(facts[one]) for one in ("names", "kinds", "others"))
        return cls(Laws.restored(arrays), pools, names, kinds, others, bool(facts.get("alone", False)))


def without_standing(log: EventLog) -> tuple[EventLog, Series | None]:
    """Return the log of ordinary life, and the standing series taken out of it; None where none is found.

    Entities stay, also those without an ordinary row.
    """
    found = find_series(with_told_words(log))
    if not len(found.entity):
        return log, None
    return without_rows(log, (found.of_row >= 0) | (found.odd >= 0)), found


def without_rows(log: EventLog, gone: Bool1D) -> EventLog:
    """Return the log without the rows bool[n]; entities stay."""
    rows = np.flatnonzero(~gone)
    starts = np.searchsorted(rows, log.starts).astype(np.int64)
    return replace(log, events=log.events.take(rows), starts=starts)


def learn_standing(log: EventLog, found: Series, alike: Int1D, streams: Streams) -> Standing:
    """Return the law of the series of a log; ``alike`` int64[E] says which entities may take each other's."""
    roles = log.roles
    step = log.events[str(roles.amount)].step
    told_log = with_told_words(log)
    payee = payees_of(told_log, found.names, found.target_cells)
    laws = learn_laws(Ledger.read(log), found, payee, alike, step, streams.under("law"))
    laws = replace(laws, holes=_learned_holes(found, payee, holes(log, told_log, _told(found))))
    told = {roles.time, roles.amount, *found.names, *found.kind_columns}
    others = tuple(name for name in log.events.columns if name not in told)
    pools = learn_pools(
        log, list(others), found.kinds()[1], found.of_row, laws.law.kinds, streams.under("pools")
    )
    alone = bool(((found.of_row >= 0) | (found.odd >= 0)).all())
    return Standing(laws, pools, found.names, found.kind_columns, others, alone)


def _told(found: Series) -> tuple[str, ...]:
    return (*found.kind_columns, *found.names)


def _learned_holes(found: Series, payee: Int1D, lost: Array) -> HoleLaw:
    """Return the law of the holes bool[n, C] of a ledger; payee int64[T] of targets."""
    rows, kind = np.flatnonzero(found.of_row >= 0), found.kinds()[1]
    of_payee = np.column_stack([kind, payee[found.target]])
    groups, group = np.unique(of_payee, axis=0, return_inverse=True)  # those of ``StandingLaw.offer_payee``
    return learn_holes(lost[rows], group.reshape(-1)[found.of_row[rows]], groups[:, 0])


@dataclass(frozen=True)
class Asked:
    """Entities ``first`` to first + S - 1 of ``total`` of a sample, and its window of time."""

    first: int
    total: int
    window: Window


def with_standing(
    known: Standing, links: Links, log: EventLog, lived: tuple[MixedTable, Int1D], asked: Asked,
    streams: Streams, hands: dict[tuple[int, int], Hand],
) -> tuple[MixedTable, Int1D]:  # fmt: skip
    """Return the events and starts int64[S + 1] of new entities with their standing payments among them.

    lived : events and starts of ordinary life. ``hands`` holds the last generation, and is written.
    """
    if known.alone:
        lived = lived[0].take(np.zeros(0, np.int64)), np.zeros_like(lived[1])
    events, starts = lived
    size, count = len(links.order), len(starts) - 1
    times = events[log.roles.time].values
    begin, end = _ordinary_life(times, starts, asked.window)
    tables, owners = [], []
    for g in range(asked.first // size, (asked.first + count - 1) // size + 1 if count else 0):
        inner = streams.under("generation", g)
        hand = _hand(known, links, log, asked, (g, size), inner, hands)
        low, high = max(g * size, asked.first), min((g + 1) * size, asked.first + count)
        part = slice(int(hand.starts[low - g * size]), int(hand.starts[high - g * size]))
        series = np.arange(part.start, part.stop)
        entity = np.searchsorted(hand.starts, series, side="right") - 1 + g * size - asked.first
        new = paid(known.laws, hand, part, (begin[entity], end[entity]), asked.window, inner, streams)
        owner = entity[new.series - part.start]
        tables.append(_cells(known, log, lived, (new, hand, owner), (g * size, asked.total)))
        owners.append(owner)
    return merged(lived, tables, owners, log.roles.time)


def _hand(
    known: Standing, links: Links, log: EventLog, asked: Asked, of: tuple[int, int], streams: Streams,
    hands: dict[tuple[int, int], Hand],
) -> Hand:  # fmt: skip
    generation, size = of
    full = min(size, asked.total - generation * size) if log.partner_is_entity else size
    key = streams.word("which"), full
    drawn = hands.get(key)
    if drawn is None:
        is_entity = np.zeros(len(known.laws.law.offer_kind), np.bool_)
        to = np.full(len(is_entity), -1)
        if log.partner_is_entity:
            to = known.laws.law.offer_cells[:, known.names.index(str(log.roles.partner))]
            is_entity = (to >= 0) & (to < size)
        anchor = anchors_of(links, full, streams.at("anchors"))[0]
        drawn = deal_hand(known.laws.law, anchor, is_entity, to, streams.under("standing"))
    hands.clear()
    hands[key] = drawn
    return drawn


def _ordinary_life(times: Int1D, starts: Int1D, window: Window) -> tuple[Int1D, Int1D]:
    """Return first and last ordinary day int64[S]; far outside the period where there is none."""
    there = np.diff(starts) > 0
    begin = np.full(len(there), window.begin // DAY - 1)
    end = np.full(len(there), window.end // DAY + FAR)
    begin[there] = times[starts[:-1][there]] // DAY
    end[there] = times[starts[1:][there] - 1] // DAY
    return begin, end


def _cells(
    known: Standing, log: EventLog, lived: tuple[MixedTable, Int1D], new: tuple[Paid, Hand, Int1D],
    places: tuple[int, int],
) -> MixedTable:  # fmt: skip
    """Return the rows of payments; places : number of the generation's first entity, and entities in all."""
    (events, starts), (rows, hand, owner) = lived, new
    kind, offer = hand.kind[rows.series], hand.offer[rows.series]
    found: dict[str, MixedColumn] = {}
    for name, column in events.columns.items():
        if name == log.roles.time:
            cells: Array = rows.time
        elif name == log.roles.amount:
            cells = rows.amount
        elif name in known.kind_columns:
            cells = known.laws.law.words[kind, known.kind_columns.index(name)]
        elif name in known.names:
            cells = known.laws.law.offer_cells[offer, known.names.index(name)]
            if name == log.roles.partner and log.partner_is_entity:
                outer = np.where(cells < 0, cells, cells - log.count + places[1])
                payee = hand.payee[rows.series]
                cells = np.where(payee >= 0, payee + places[0], outer)
        else:
            pool = known.pools[known.others.index(name)]
            cells = pool.drawn(column, kind, rows.time, (rows.draw, rows.of_series))
            if pool.of_entity.any():
                cells = pool.of_own(column, kind, (starts[owner], starts[owner + 1]), rows.draw, cells)
        found[name] = column.with_values(cells)
    return _with_holes(known, MixedTable(found, len(rows.time)), offer, rows.hole)


def _with_holes(known: Standing, table: MixedTable, offer: Int1D, draw: Float1D) -> MixedTable:
    """Return the rows without the words that lack in them; offer int64[n], draw float64[n] of each."""
    law = known.laws.holes
    if law.is_none:
        return table
    lost = law.drawn(known.laws.law.offer_payee[offer], draw)
    changed = {}
    for k, name in enumerate((*known.kind_columns, *known.names)):
        cells = table[name].values
        changed[name] = table[name].with_values(np.where(lost[:, k], MISSING_WORD, cells).astype(cells.dtype))
    return table.with_columns(changed)


def merged(
    lived: tuple[MixedTable, Int1D], tables: list[MixedTable], owners: list[Int1D], time: str
) -> tuple[MixedTable, Int1D]:
    """Return rows of ordinary life and further rows, by entity and time."""
    events, starts = lived
    owner = np.concatenate(owners) if owners else np.zeros(0, np.int64)
    if not len(owner):
        return lived
    added = {name: np.concatenate([one[name].values for one in tables]) for name in events.columns}
    order = np.lexsort((added[time], owner))
    owner = owner[order]
    low = min(int(added[time].min()), int(events[time].values.min()) if events.rows else FAR * DAY)
    # Times lie on whole milliseconds: before all ordinary rows of theirs they are in order.
    span = 40_000 * (DAY // MILLI)
    of = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    old = of * span + (events[time].values - low) // MILLI
    at = np.searchsorted(old, owner * span + (added[time][order] - low) // MILLI, side="left")
    at = at + np.arange(len(at))
    kept = np.ones(events.rows + len(at), np.bool_)
    kept[at] = False
    columns = {}
    for name, column in events.columns.items():
        cells = np.empty(len(kept), column.values.dtype)
        cells[kept], cells[at] = column.values, added[name][order]
        columns[name] = column.with_values(cells)
    many = np.bincount(owner, minlength=len(starts) - 1)
    return MixedTable(columns, len(kept)), starts + np.concatenate([[0], np.cumsum(many)])
