"""New entities and their events, from what was learned."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from finsim.generators.events.habits.amounts import normal
from finsim.generators.events.habits.columns import DRAWN, DRAWS, ColumnLaw, Rows
from finsim.generators.events.habits.contexts import amount_bin, levels
from finsim.generators.events.habits.generations import (
    Dealt,
    Generation,
    other_lives,
    outers_within,
    within_part,
)
from finsim.generators.events.habits.known.sampled_words import sampled_words
from finsim.generators.events.habits.learned import NO_LAW, Learned, free_words, laws_of_rows
from finsim.generators.events.habits.ledger import DAY, NANOS
from finsim.generators.events.habits.profiles import DRAWS as LIFE_DRAWS
from finsim.generators.events.habits.profiles import OF_COLUMNS, OF_ROUNDING, NewLives, Profiles, new_lives
from finsim.generators.events.habits.rounding import rounding_draws
from finsim.kernels.events.active_days import Spans, draw_days
from finsim.kernels.events.payments import Habits, Law, Offers, Payments, draw_payments, draw_sizes
from finsim.kernels.xoshiro import fill_uniforms
from finsim.notation import Array, Float1D, Float2D, Int1D
from finsim.randomness import Streams
from finsim.records.event_log import EventLog
from finsim.records.mixed_table import MixedColumn, MixedTable

AMOUNT_DRAWS = 5
FIRST_RUN = 0.95
"""The first run of a payee is no return to it; a little is left, so that any may come again (assumption)."""


@dataclass(frozen=True)
class Wanted:
    """Entities ``number`` int64[S] of a run (increasing) over so many days.

    Of ``total`` where payees are entities.
    """

    number: Int1D
    days: int
    total: int


@dataclass(frozen=True)
class Crowd:
    """Anchors int64[S] and offers of entities: links int64[...] between starts.

    ``payees_of`` and ``more`` as in ``Generation``, ``place`` with the part of each new entity;
    ``generation`` int64[S] of each entity; life int64[S], the learned entities whose lives are theirs before
    they are smoothed.
    """

    anchor: Int1D
    starts: Int1D
    link: Int1D
    payees_of: Int1D
    more: Float1D
    place: list[tuple[Int1D, Int1D]]
    generation: Int1D
    life: Int1D


def crowd(known: Learned, wanted: Wanted, streams: Streams, log: EventLog, dealt: Dealt) -> Crowd:
    """Return anchors and offers of the wanted entities, from the generations that they belong to.

    ``dealt`` holds the last generation, and is written: one is dealt once for all blocks of all calls.
    """
    links = known.parts.links
    size = len(links.order)
    number = wanted.number // size
    anchors, sizes, link, places = [], [], [], []
    payees_of, more, life = [], [], []
    for g in np.unique(number):
        full = min(size, wanted.total - int(g) * size) if log.partner_is_entity else size
        inner = streams.under("generation", int(g))
        key = inner.word("which"), full
        drawn = dealt.get(key) or Generation.draw(links, full, inner)
        dealt.clear()
        dealt[key] = drawn
        slots = wanted.number[number == g] - g * size
        anchors.append(drawn.anchor[slots])
        payees_of.append(drawn.payees_of[slots])
        more.append(drawn.more[slots])
        other = other_lives(links.sized, known.parts.law.kind, links.part, inner.at("whose life"))
        life.append(other[drawn.anchor[slots]])
        # The slots of a call are one run of places.
        offered = drawn.offers(int(slots[0]), int(slots[-1]) + 1)
        sizes.append(offered[0])
        link.append(offered[1])
        places.append((drawn.place, links.part[drawn.anchor]))
    starts = np.concatenate([[0], np.cumsum(np.concatenate(sizes))]).astype(np.int64)
    return Crowd(
        np.concatenate(anchors), starts, np.concatenate(link), np.concatenate(payees_of),
        np.concatenate(more), places, number, np.concatenate(life),
    )  # fmt: skip


@dataclass(frozen=True)
class Lived:
    """Payments before their cells: of whom (``entity`` int64[n], places among the wanted), when, to whom.

    starts int64[S + 1] where each entity begins.
    """

    lives: NewLives
    group: Crowd
    events: Payments
    entity: Int1D
    time: Int1D
    starts: Int1D
    draws: Float2D


def lived(known: Learned, log: EventLog, wanted: Wanted, streams: Streams, dealt: Dealt) -> Lived:
    """Return the payments of the wanted entities; ``dealt`` as in ``crowd``."""
    parts = known.parts
    group = crowd(known, wanted, streams, log, dealt)
    draws = np.empty((len(wanted.number), LIFE_DRAWS))
    first = int(wanted.number[0])
    fill_uniforms(np.uint64(streams.word("lives")), first, draws)
    lives = new_lives(
        Profiles(parts.lives, parts.law, parts.returns, parts.levels, parts.clock.hours, parts.links.part),
        parts.links.order, (group.anchor, group.life, group.payees_of, group.more), draws, parts.activity,
        wanted.days,
    )  # fmt: skip
    starts, days, sizes = _days(known, lives, wanted, streams)
    row_starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    events = _payments(known, lives, group, wanted, starts, sizes, streams)
    entity = np.repeat(np.arange(len(wanted.number)), row_starts[starts[1:]] - row_starts[starts[:-1]])
    time = _times(known, np.repeat(days, sizes), events.second, log, wanted.days)
    if int(known.ledger_facts["first_law"]) != NO_LAW:
        events.like[:] = _kept_first(events, row_starts[starts][entity])
    return Lived(lives, group, events, entity, time, row_starts[starts], draws)


def _kept_first(events: Payments, begin: Int1D) -> Int1D:
    """Return the rows int64[n] whose amounts are repeated, of another payee the first one of the entity.

    ``begin`` int64[n] is that row.
    """
    other = (events.like >= 0) & (events.payee != events.payee[np.maximum(events.like, 0)])
    return np.where(other, begin, events.like)


def live(
    known: Learned, log: EventLog, wanted: Wanted, streams: Streams, dealt: Dealt
) -> tuple[MixedTable, Int1D, Int1D]:
    """Return the events of the wanted entities, int64[S + 1] where each begins, and their donors int64[S].

    ``dealt`` as in ``crowd``.
    """
    one = lived(known, log, wanted, streams, dealt)
    table = _table(known, log, one)
    if log.roles.partner is not None:
        partner = _partners(log, known, one.group, wanted, one.entity, one.events.payee)
        column = log.events[log.roles.partner]
        words = sampled_words(known, log, wanted.total)
        table = table.with_columns({log.roles.partner: MixedColumn(column.kind, partner, words, column.step)})
    ordered = {name: table[name] for name in log.events.columns}
    return MixedTable(ordered, table.rows), one.starts, one.lives.donor


def _days(known: Learned, lives: NewLives, wanted: Wanted, streams: Streams) -> tuple[Int1D, Int1D, Int1D]:
    """Return starts int64[S + 1] of active days, the days, and the payments on each.

    A shorter period than the learned one is the beginning of it: days are drawn in the learned one and cut.
    """
    activity = known.parts.activity
    days = max(wanted.days, int(known.ledger_facts["days"]))
    weekday = (np.arange(days) + int(known.ledger_facts["origin"]) // DAY + 3) % 7
    calendar = activity.calendar(days, weekday)
    starts = np.concatenate([[0], np.cumsum(lives.active)]).astype(np.int64)
    found = np.zeros(starts[-1], np.int64)
    there = lives.active > 0
    found[starts[:-1][there]] = lives.first[there]
    spans = Spans(starts, lives.burst, activity.own_weekdays(lives.weekdays))
    draw_days(
        np.uint64(streams.word("days")), wanted.number, spans, lives.last, calendar,
        np.ascontiguousarray(activity.factor), found,
    )  # fmt: skip
    if wanted.days < days:
        inside = found < wanted.days
        starts = np.concatenate([[0], np.cumsum(inside)])[starts]
        found = found[inside]
    sizes = np.empty(len(found), np.int64)
    draw_sizes(
        np.uint64(streams.word("sizes")), wanted.number, starts, lives.size_group,
        np.ascontiguousarray(activity.sizes), activity.edges, sizes,
    )  # fmt: skip
    return starts, found, sizes


def _payments(
    known: Learned,
    lives: NewLives,
    group: Crowd,
    wanted: Wanted,
    starts: Int1D,
    sizes: Int1D,
    streams: Streams,
) -> Payments:
    parts, n = known.parts, int(sizes.sum())
    habits = Habits(*map(np.ascontiguousarray, (*lives.rates, lives.hours)))
    offers = Offers(group.starts, parts.links.payee[group.link], _liking(known, lives, group), known.popular)
    crowds = parts.crowds
    law = Law(
        parts.returns.fixed, crowds.sticky, parts.returns.older, parts.clock.seconds, parts.clock.waits,
        int(known.ledger_facts["is_dated"]), np.stack([crowds.stays_by, crowds.doubles_by]), crowds.paired,
        crowds.busy,
    )  # fmt: skip
    columns = sum(one.how == DRAWN for one in [*known.early, *known.late])
    out = Payments(
        np.zeros(n), np.empty(n, np.int64), np.empty(n, np.int64), np.empty(n, np.int64),
        np.empty(n, np.int64),
        np.empty((n, AMOUNT_DRAWS + DRAWS * columns)),
    )  # fmt: skip
    seed = np.uint64(streams.word("payments"))
    draw_payments(seed, wanted.number, starts, sizes, habits, offers, law, out)
    return out


def _liking(known: Learned, lives: NewLives, group: Crowd) -> Float1D:
    """Return how much each offer is liked: its runs but the first, more alike where payees are few."""
    discount = np.repeat(lives.rates[-1], np.diff(group.starts))
    return known.parts.links.runs[group.link] - np.where(discount < 0, discount, FIRST_RUN)


def _times(known: Learned, day: Int1D, second: Array, log: EventLog, days: int) -> Int1D:
    origin, grid = int(known.ledger_facts["origin"]), known.parts.clock.grid
    time = origin + day * DAY
    if not known.ledger_facts["is_dated"]:
        time = time + np.floor(second * NANOS).astype(np.int64) // grid * grid
    last = log.end if days == int(known.ledger_facts["days"]) else origin + days * DAY
    return np.clip(time, log.begin, last - 1)


def _early(known: Learned, log: EventLog, one: Lived) -> tuple[Rows, dict[str, MixedColumn], int]:
    """Return rows with the contexts before the amount, the early columns, and how many draws are used."""
    events, entity = one.events, one.entity
    first = np.ones(len(entity), dtype=np.bool_)
    first[1:] = entity[1:] != entity[:-1]
    contexts = (
        {}
        if known.ledger_facts["is_dated"]
        else {"hour": np.minimum(events.second // 3_600, 23).astype(np.int64)}
    )
    rows = Rows(
        events.payee, _links(known, one.group, events), one.lives.donor[entity], one.time, first,
        normal(np.ascontiguousarray(one.draws[:, OF_COLUMNS]))[entity], contexts,
    )  # fmt: skip
    contexts["payee group"] = known.payee_context[events.payee]
    found: dict[str, MixedColumn] = {}
    return rows, found, _filled(known.early, rows, events.uniforms, AMOUNT_DRAWS, found)


def _table(known: Learned, log: EventLog, one: Lived) -> MixedTable:
    """Return all columns but the partner."""
    parts, events = known.parts, one.events
    rows, found, used = _early(known, log, one)
    contexts = rows.contexts
    found[log.roles.time] = log.events[log.roles.time].with_values(one.time)
    free = [contexts[name] for name in free_words(log, known.early)]
    law = laws_of_rows(known, events.payee, free, rows.first)
    if log.roles.amount is not None:
        limit = one.lives.limit[one.entity]
        draws = events.uniforms[:, 1:3].copy()
        rounds = one.draws[one.entity, OF_ROUNDING]
        draws[:, 0] = rounding_draws(
            parts.amounts.rounding, rounds, events.uniforms[events.met, 4], draws[:, 0]
        )
        amount = parts.amounts.cells(law, _scores(known, one), limit, draws)
        amount = amount[_repeated(events, amount, parts.groups.cases(free))]
        column = log.events[log.roles.amount]
        found[log.roles.amount] = column.with_values(amount)
        contexts["amount"] = amount_bin(amount, known.edges)
    else:
        contexts["amount"] = amount_bin(np.full(len(one.entity), np.nan), known.edges)
    contexts["law"] = law
    _filled(known.late, rows, events.uniforms, used, found)
    return MixedTable(found, len(one.entity))


def laws_and_scores(known: Learned, log: EventLog, one: Lived) -> tuple[Int1D, Float1D]:
    """Return the law of amounts of each row and its score before the map of the law.

    A row that repeats an amount of its payee has the score of that row, one that repeats another's is left
    out.
    """
    rows = _early(known, log, one)[0]
    free = [rows.contexts[name] for name in free_words(log, known.early)]
    law = laws_of_rows(known, one.events.payee, free, rows.first)
    like = np.where(one.events.like >= 0, one.events.like, np.arange(len(law)))
    own = one.events.payee == one.events.payee[like]
    return law[own], _scores(known, one)[like][own]


def _links(known: Learned, group: Crowd, events: Payments) -> Int1D:
    """Return the learned link that tells each row's pair columns.

    The offered one, or another of the payee.
    """
    links, switch = known.parts.links, known.ledger_facts["switch"]
    order = np.argsort(links.payee, kind="stable")
    begin = np.searchsorted(links.payee[order], events.payee, side="left")
    wide = np.searchsorted(links.payee[order], events.payee, side="right") - begin
    draw = events.uniforms[:, 3]
    is_new = events.met == np.arange(len(draw))
    away = ~is_new & (draw < switch) | (events.offer < 0)
    inner = np.where(is_new | (switch <= 0), draw, draw / max(switch, 1e-9)) % 1.0
    other = order[np.minimum(begin + (inner * wide).astype(np.int64), len(order) - 1)]
    if not len(group.link):
        return other
    return np.where(away, other, group.link[np.maximum(events.offer, 0)])


def _scores(known: Learned, one: Lived) -> Float1D:
    """Return scores float64[n]: the level of the entity, of its payee and of the payment."""
    links, events, group, entity = known.parts.links, one.events, one.group, one.entity
    draws = events.uniforms
    offered = events.offer >= 0
    link = (
        group.link[np.where(offered, events.offer, 0)] if len(group.link) else np.zeros(len(entity), np.int64)
    )
    doubt = np.where(offered, links.doubt[link], links.doubt.max(initial=0.0))
    own = np.where(offered, links.effect[link], 0.0) + doubt * normal(
        np.ascontiguousarray(draws[events.met, 3])
    )
    level = one.lives.level[entity]
    single = known.parts.levels.singles(level, normal(np.ascontiguousarray(draws[:, 0])))
    return np.asarray(level + own + one.lives.spread[entity] * single)


def _repeated(events: Payments, amount: Float1D, case: Int1D | int) -> Int1D:
    """Return the row int64[n] whose amount each row has, its own or an earlier one.

    One of another payee must have the same sign, and the same ``case`` of direction and currency.
    """
    own = np.arange(len(amount))
    like = np.where(events.like >= 0, events.like, own)
    same = np.sign(amount) == np.sign(amount[like])
    if not isinstance(case, int):
        same &= case == case[like]
    return np.where(same | (events.payee == events.payee[like]), like, own)


def _filled(
    laws: list[ColumnLaw], rows: Rows, uniforms: Float2D, used: int, found: dict[str, MixedColumn]
) -> int:
    """Draw columns one after the other; words join the contexts. Returns how many draws are used by then."""
    for law in laws:
        cells = law.drawn(rows, uniforms[:, used : used + DRAWS])
        used += DRAWS * (law.how == DRAWN)
        found[law.name] = law.column.with_values(cells)
        if law.pool is not None:
            rows.contexts[law.name] = law.pool[levels(found[law.name])]
    return used


def _partners(
    log: EventLog, known: Learned, group: Crowd, wanted: Wanted, entity: Int1D, payee: Int1D
) -> Array:
    """Return the words of the payees int32[n]; where they are entities, places among all sampled ones."""
    none, links = int(known.ledger_facts["payees"]) - 1, known.parts.links
    found = np.where(payee == none, -1, payee)
    if log.partner_is_entity:
        size = len(links.order)
        payee = outers_within(links, payee, links.part[group.anchor][entity], none)
        is_entity = (payee < size) & (payee != none)
        generation = group.generation[entity]
        found = np.where(is_entity, 0, np.where(payee == none, -1, payee - size + wanted.total))
        some_pay_themselves = bool((links.entity == links.payee).any())
        for g, (place, part) in zip(np.unique(group.generation), group.place, strict=True):
            rows = np.flatnonzero(is_entity & (generation == g))
            anchor = group.anchor[entity[rows]]
            slot = within_part(place[payee[rows]], part, links.part[anchor])
            own = slot == wanted.number[entity[rows]] - g * size
            if some_pay_themselves:
                own &= payee[rows] != anchor
            slot = np.where(own, (slot + 1) % len(part), slot)
            found[rows] = g * size + within_part(slot, part, links.part[anchor])
    return found.astype(np.int32)
