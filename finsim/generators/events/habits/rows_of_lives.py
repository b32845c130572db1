"""The rows of new entities: amounts and cells of the payments of their lives."""

from __future__ import annotations

import numpy as np

from finsim.generators.events.habits.amounts import normal
from finsim.generators.events.habits.cells.columns import DRAWS, ColumnLaw, Rows
from finsim.generators.events.habits.cells.contexts import amount_contexts, levels
from finsim.generators.events.habits.cells.kinds_of_sums import free_words
from finsim.generators.events.habits.generations import Dealt, outers_within, within_part
from finsim.generators.events.habits.known.sampled_words import sampled_words, single_payees
from finsim.generators.events.habits.learned import Learned, laws_of_rows
from finsim.generators.events.habits.living import AMOUNT_DRAWS, Crowd, Lived, Wanted, lived
from finsim.generators.events.habits.profiles import OF_COLUMNS, OF_ROUNDING
from finsim.generators.events.habits.rounding import rounding_draws
from finsim.kernels.events.payment_laws import Payments
from finsim.notation import Array, Float1D, Float2D, Int1D
from finsim.randomness import Streams
from finsim.records.event_log import EventLog
from finsim.records.mixed_table import MixedColumn, MixedTable


def live(
    known: Learned, log: EventLog, wanted: Wanted, streams: Streams, dealt: Dealt
) -> tuple[MixedTable, Int1D, Int1D]:
    """Return the events of the wanted entities, int64[S + 1] where each begins, and their donors int64[S].

    ``dealt`` as in ``crowd``.
    """
    one = lived(known, log, wanted, streams, dealt)
    table = _table(known, log, one)
    if log.roles.partner is not None:
        partner = _partners(log, known, one, wanted)
        column = log.events[log.roles.partner]
        words = sampled_words(known, log, wanted.total)
        table = table.with_columns({log.roles.partner: MixedColumn(column.kind, partner, words, column.step)})
    ordered = {name: table[name] for name in log.events.columns}
    return MixedTable(ordered, table.rows), one.starts, one.lives.donor


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
    link = _links(known, one.group, events)
    case = None if known.shown is None else known.shown.cases(link, events.uniforms[:, -1])
    rows = Rows(
        events.payee, link, one.lives.donor[entity], one.time, first,
        normal(np.ascontiguousarray(one.draws[:, OF_COLUMNS]))[entity], contexts, case,
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
    free = [contexts[name] for name in free_words(log, known.early, known.ledger_facts.get("of_sums"))]
    law = laws_of_rows(known, events.payee, free, rows.first)
    if log.roles.amount is not None:
        limit = one.lives.limit[one.entity]
        draws = events.uniforms[:, 1:3].copy()
        rounds = one.draws[one.entity, OF_ROUNDING]
        draws[:, 0] = rounding_draws(
            parts.amounts.rounding, rounds, events.uniforms[events.met, 4], draws[:, 0]
        )
        amount = parts.amounts.cells(law, _scores(known, one), limit, draws)
        apart = bool(known.ledger_facts.get("apart", False))  # models of before have not
        amount = amount[_repeated(events, amount, parts.groups.cases(free), apart)]
        amount = _signed(amount, known.early, found)
        column = log.events[log.roles.amount]
        found[log.roles.amount] = column.with_values(amount)
    else:
        amount = np.full(len(one.entity), np.nan)
    contexts.update(amount_contexts(amount, law, known.edges))
    _filled(known.late, rows, events.uniforms, used, found)
    return MixedTable(found, len(one.entity))


def _signed(amount: Float1D, early: list[ColumnLaw], found: dict[str, MixedColumn]) -> Float1D:
    """Return amounts float64[n] with signs that the words before them have: a credit is never below 0."""
    may = np.ones((len(amount), 2), dtype=np.bool_)
    for law in early:
        if law.signs is not None:
            may &= law.signs[levels(found[law.name])] > 0
    wrong = ((amount < 0) & ~may[:, 0] & may[:, 1]) | ((amount > 0) & ~may[:, 1] & may[:, 0])
    return np.where(wrong, -amount, amount)


def laws_and_scores(known: Learned, log: EventLog, one: Lived) -> tuple[Int1D, Float1D]:
    """Return the law of amounts of each row and its score before the map of the law.

    A row that repeats an amount of its payee has the score of that row, one that repeats another's is left
    out.
    """
    rows = _early(known, log, one)[0]
    free = [rows.contexts[name] for name in free_words(log, known.early, known.ledger_facts.get("of_sums"))]
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
    if known.shown is not None:
        begin = np.minimum(begin, len(order) - 1)
        other = known.shown.by_rows(order, (begin, np.minimum(begin + wide, len(order))), inner)
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


def _repeated(events: Payments, amount: Float1D, case: Int1D | int, apart: bool) -> Int1D:
    """Return the row int64[n] whose amount each row has, its own or an earlier one.

    One of another payee must have the same sign, and the same ``case`` of direction and currency; of the same
    payee too where sums of one payee are of kinds ``apart``, as a shop's that pays out cash.
    """
    own = np.arange(len(amount))
    like = np.where(events.like >= 0, events.like, own)
    same = np.sign(amount) == np.sign(amount[like])
    if not isinstance(case, int):
        same &= case == case[like]
    if not apart:
        same |= events.payee == events.payee[like]
    return np.where(same, like, own)


def _filled(
    laws: list[ColumnLaw], rows: Rows, uniforms: Float2D, used: int, found: dict[str, MixedColumn]
) -> int:
    """Draw columns one after the other; words join the contexts. Returns how many draws are used by then."""
    for law in laws:
        cells = law.drawn(rows, uniforms[:, used : used + DRAWS])
        used += DRAWS * law.takes_draws
        found[law.name] = law.column.with_values(cells)
        if law.pool is not None:
            rows.contexts[law.name] = law.pool[levels(found[law.name])]
    return used


def _partners(log: EventLog, known: Learned, one: Lived, wanted: Wanted) -> Array:
    """Return the words of the payees int32[n]; where they are entities, places among all sampled ones."""
    group, entity, payee = one.group, one.entity, one.events.payee
    none, links = int(known.ledger_facts["payees"]) - 1, known.parts.links
    found = np.where(payee == none, -1, payee)
    single = single_payees(known, log)
    if len(single):
        twin = np.full(none + 1, -1)
        twin[single] = none + np.arange(len(single))
        others = one.events.offer - group.starts[entity] >= group.dealt[entity]
        found = np.where(others & (twin[payee] >= 0), twin[payee], found)
    if log.partner_is_entity:
        size = len(links.order)
        payee = outers_within(links, payee, links.part[group.anchor][entity], none, size)
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
