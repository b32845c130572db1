"""New entities and their events, from what was learned."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from finsim.generators.events.habits.cells.columns import DRAWS
from finsim.generators.events.habits.generations import (
    Dealt,
    Generation,
    anchors_of,
    other_lives,
    outers_within,
)
from finsim.generators.events.habits.learned import NO_LAW, Learned
from finsim.generators.events.habits.ledger import DAY, NANOS
from finsim.generators.events.habits.liked_payees import FIRST_RUN
from finsim.generators.events.habits.places.visits import placed
from finsim.generators.events.habits.profiles import DRAWS as LIFE_DRAWS
from finsim.generators.events.habits.profiles import NewLives, Profiles, donors, new_lives
from finsim.kernels.events.active_days import Spans, draw_days
from finsim.kernels.events.payment_laws import Habits, Law, Offers, Payments
from finsim.kernels.events.payments import draw_payments, draw_sizes
from finsim.kernels.xoshiro import fill_uniforms
from finsim.notation import Array, Float1D, Float2D, Int1D
from finsim.randomness import Streams
from finsim.records.event_log import EventLog

AMOUNT_DRAWS = 5


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
    they are smoothed; ``dealt`` int64[S] as in ``Generation``.
    """

    anchor: Int1D
    starts: Int1D
    link: Int1D
    payees_of: Int1D
    more: Float1D
    place: list[tuple[Int1D, Int1D]]
    generation: Int1D
    life: Int1D
    dealt: Int1D


def crowd(known: Learned, wanted: Wanted, streams: Streams, log: EventLog, dealt: Dealt) -> Crowd:
    """Return anchors and offers of the wanted entities, from the generations that they belong to.

    ``dealt`` holds the last generation, and is written: one is dealt once for all blocks of all calls.
    """
    links = known.parts.links
    size = len(links.order)
    number = wanted.number // size
    anchors, sizes, link, places = [], [], [], []
    payees_of, more, life, own = [], [], [], []
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
        own.append(drawn.dealt[slots])
        other = other_lives(links.sized, known.parts.law.kind, links.group, inner.at("whose life"))
        life.append(other[drawn.anchor[slots]])
        # The slots of a call are one run of places.
        offered = drawn.offers(int(slots[0]), int(slots[-1]) + 1)
        sizes.append(offered[0])
        link.append(offered[1])
        places.append((drawn.place, links.part[drawn.anchor]))
    starts = np.concatenate([[0], np.cumsum(np.concatenate(sizes))]).astype(np.int64)
    return Crowd(
        np.concatenate(anchors), starts, np.concatenate(link), np.concatenate(payees_of),
        np.concatenate(more), places, number, np.concatenate(life), np.concatenate(own),
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
        Profiles(parts.lives, parts.law, parts.returns, parts.levels, parts.clock, parts.links.group),
        parts.links.order, (group.anchor, group.life, group.payees_of, group.more), draws, parts.activity,
        wanted.days,
    )  # fmt: skip
    starts, days, sizes = _days(known, lives, wanted, streams)
    row_starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    events = _payments(known, lives, group, wanted, starts, sizes, streams)
    entity = np.repeat(np.arange(len(wanted.number)), row_starts[starts[1:]] - row_starts[starts[:-1]])
    day = np.repeat(days, sizes)
    if known.places is not None:
        who = wanted.number, group.anchor, entity
        events = placed(known.places, events, who, day, streams.under("places"))
    if not log.partner_is_entity:  # else the rows choose, as they name entities (rows_of_lives.py)
        none = int(known.ledger_facts["payees"]) - 1
        payee = outers_within(parts.links, events.payee, parts.links.part[group.anchor][entity], none, 0)
        events = events._replace(payee=payee)
    time = _times(known, day, events.second, log, wanted.days)
    if int(known.ledger_facts["first_law"]) != NO_LAW:
        events.like[:] = _kept_first(events, row_starts[starts][entity])
    return Lived(lives, group, events, entity, time, row_starts[starts], draws)


def donors_of(known: Learned, log: EventLog, total: int, streams: Streams) -> Int1D:
    """Return who gives the attributes of each entity of a run of ``total``, int64[total], as in ``lived``."""
    links, found = known.parts.links, [np.zeros(0, np.int64)]
    size = len(links.order)
    for first in range(0, total, max(size, 1)):
        count = min(size, total - first)
        inner = streams.under("generation", first // size)
        anchor = anchors_of(links, count if log.partner_is_entity else size, inner.at("anchors"))[0][:count]
        draws = np.empty((count, LIFE_DRAWS))
        fill_uniforms(np.uint64(streams.word("lives")), first, draws)
        found.append(donors(known.parts.lives, links.group, links.order, anchor, draws)[1])
    return np.concatenate(found)


def _kept_first(events: Payments, begin: Int1D) -> Int1D:
    """Return the rows int64[n] whose amounts are repeated, of another payee the first one of the entity.

    ``begin`` int64[n] is that row.
    """
    other = (events.like >= 0) & (events.payee != events.payee[np.maximum(events.like, 0)])
    return np.where(other, begin, events.like)


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
        np.ascontiguousarray(activity.sizes), activity.edges,
        activity.day_tilts(days, weekday)[found], sizes,
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
    clock, crowds = parts.clock, parts.crowds
    offers = Offers(
        group.starts, parts.links.payee[group.link], _liking(known, lives, group), clock.of_link[group.link],
        np.ascontiguousarray(known.popular), parts.links.sort[group.anchor],
    )  # fmt: skip
    law = Law(
        parts.returns.fixed, crowds.sticky, parts.returns.older, clock.seconds, clock.waits,
        int(known.ledger_facts["is_dated"]), np.stack([crowds.stays_by, crowds.doubles_by]), crowds.paired,
        crowds.busy, clock.laws, clock.usual, clock.of_payee,
    )  # fmt: skip
    columns = sum(one.takes_draws for one in [*known.early, *known.late])
    out = Payments(
        np.zeros(n), np.empty(n, np.int64), np.empty(n, np.int64), np.empty(n, np.int64),
        np.empty(n, np.int64),
        np.empty((n, AMOUNT_DRAWS + DRAWS * columns + (known.shown is not None))),
    )  # fmt: skip
    seed = np.uint64(streams.word("payments"))
    draw_payments(seed, wanted.number, starts, sizes, habits, offers, law, out)
    return out


def _liking(known: Learned, lives: NewLives, group: Crowd) -> Float1D:
    """Return how much each offer is liked: its runs but the first, more alike where payees are few."""
    discount, runs = np.repeat(lives.rates[-1], np.diff(group.starts)), known.parts.links.runs[group.link]
    return np.where(discount < 0, (runs - discount) * known.worth[group.link], runs - FIRST_RUN)


def _times(known: Learned, day: Int1D, second: Array, log: EventLog, days: int) -> Int1D:
    origin, grid = int(known.ledger_facts["origin"]), known.parts.clock.grid
    time = origin + day * DAY
    if not known.ledger_facts["is_dated"]:
        time = time + np.floor(second * NANOS).astype(np.int64) // grid * grid
    last = log.end if days == int(known.ledger_facts["days"]) else origin + days * DAY
    return np.clip(time, log.begin, last - 1)
