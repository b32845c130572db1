"""``Learned``: all that habits know of a ledger, and how it is learned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np

from finsim.generators.events.habits.amounts import LEAST_ROWS, Amounts, Levels, learn_amounts
from finsim.generators.events.habits.cells.columns import (
    EARLY,
    ENTITY,
    PAIR,
    PAYEE,
    ColumnLaw,
    learn_columns,
    switches,
    told_columns,
)
from finsim.generators.events.habits.cells.contexts import (
    POOL,
    amount_contexts,
    amount_edges,
    levels,
    pooled_words,
)
from finsim.generators.events.habits.cells.kinds_of_sums import LAWFUL, free_words, sum_word, with_signs
from finsim.generators.events.habits.cells.mixed_words import loose_words
from finsim.generators.events.habits.cells.open_days import (
    OpenDays,
    open_day_arrays,
    open_day_facts,
    restored_open_days,
)
from finsim.generators.events.habits.cells.shown_rows import Shown, shown_together
from finsim.generators.events.habits.clock import Clock, learn_clock
from finsim.generators.events.habits.community import (
    home_points,
    main_links,
    order_alike,
    order_by_size,
    payee_factors,
    word_factors,
)
from finsim.generators.events.habits.days.activity import Activity, Lives, learn_activity
from finsim.generators.events.habits.days.crowded_days import Crowds, crowded_lives, learn_crowds
from finsim.generators.events.habits.echoes.learned_echoes import NO_ECHOES, Echoes
from finsim.generators.events.habits.generations import Links, groups_of, pays_back, runs_of
from finsim.generators.events.habits.ledger import DAY, NANOS, Ledger
from finsim.generators.events.habits.life_law import LifeLaw, learn_lives
from finsim.generators.events.habits.liked_payees import popular_payees, worth_of_kinds
from finsim.generators.events.habits.link_reach import with_reach
from finsim.generators.events.habits.payee_groups import PayeeGroups, currency_parts, learn_groups
from finsim.generators.events.habits.payee_hours import PayeeHours, learn_payee_hours
from finsim.generators.events.habits.places.home_places import Places, learn_places
from finsim.generators.events.habits.profiles import own_numbers
from finsim.generators.events.habits.restaurant import Returns, Runs, learn_returns
from finsim.generators.events.habits.rounding import roundings_alike
from finsim.generators.events.stored_arrays import arrays_of, item_of
from finsim.notation import Array, Float1D, Float2D, Int1D
from finsim.randomness import Streams
from finsim.records.event_log import EventLog
from finsim.records.mixed_table import WORD

NO_LAW, ONE_SUM = -1, 0.5
"""Share of first payments to a payee that repeat a sum from which on first sums have a law (assumption)."""
OWN = 7
"""Columns of ``_points`` that the payees have no part in."""


@dataclass(frozen=True)
class Parts:
    """The arrays of a fit, part by part.

    ``popular`` float64[S, P] cumulative shares of payees, by sort; ``edges`` of bins of amounts; learned_days
    and origin of the period.
    """

    lives: Lives
    law: LifeLaw
    activity: Activity
    returns: Returns
    crowds: Crowds
    amounts: Amounts
    levels: Levels
    clock: Clock
    groups: PayeeGroups
    links: Links


@dataclass(frozen=True)
class Learned:
    """Parts and laws of the other columns, early ones before the amount, late ones after it.

    worth float64[L], see ``worth_of_kinds``. ``shown``: what pairs show together. ``echoes``: how rows are
    answered. ``open_days``: of further dates that have closed ones. ``places``: where entities pay.
    """

    parts: Parts
    early: list[ColumnLaw]
    late: list[ColumnLaw]
    popular: Float2D
    edges: Float1D
    payee_context: Int1D
    worth: Float1D
    ledger_facts: Mapping[str, Any]
    shown: Shown | None = None
    echoes: Echoes = NO_ECHOES
    open_days: Mapping[str, OpenDays] = field(default_factory=dict)
    places: Places | None = None

    def arrays(self) -> dict[str, Array]:
        """Return all arrays by name."""
        found: dict[str, Array] = {
            "popular": self.popular,
            "edges": self.edges,
            "context": self.payee_context,
            "worth": self.worth,
        }
        if self.shown is not None:
            found.update(arrays_of("shown", self.shown))
        if self.places is not None:
            found.update(arrays_of("places", self.places))
        for one in fields(self.parts):
            found.update(arrays_of(one.name, getattr(self.parts, one.name)))
        for k, law in enumerate([*self.early, *self.late]):
            found.update(law.arrays(f"column.{k}"))
        names = [law.name for law in [*self.early, *self.late]]
        return {**found, **self.echoes.arrays(), **open_day_arrays(self.open_days, names)}

    def facts(self) -> dict[str, Any]:
        """Return what is not an array."""
        return {
            "early": [law.facts() for law in self.early], "late": [law.facts() for law in self.late],
            "ledger": dict(self.ledger_facts), "turned": open_day_facts(self.open_days),
        }  # fmt: skip

    @classmethod
    def restored(cls, arrays: Mapping[str, Array], facts: Mapping[str, Any], log: EventLog) -> Learned:
        """Return what ``arrays`` and ``facts`` wrote; ``log`` has the columns, without rows."""
        kinds = {
            "lives": Lives, "law": LifeLaw, "activity": Activity, "returns": Returns, "crowds": Crowds,
            "amounts": Amounts, "levels": Levels, "clock": Clock, "groups": PayeeGroups, "links": Links,
        }  # fmt: skip
        parts = Parts(**{name: item_of(kind, name, arrays) for name, kind in kinds.items()})
        laws = [
            ColumnLaw.restored(one, log.events[one["name"]], f"column.{k}", arrays)
            for k, one in enumerate([*facts["early"], *facts["late"]])
        ]
        cut = len(facts["early"])
        return cls(
            parts, laws[:cut], laws[cut:],
            arrays["popular"], arrays["edges"], arrays["context"], arrays["worth"], facts["ledger"],
            item_of(Shown, "shown", arrays) if "shown.ends" in arrays else None,
            Echoes.restored(arrays),
            restored_open_days(arrays, [law.name for law in laws], facts.get("turned", {})),
            item_of(Places, "places", arrays) if "places.home" in arrays else None,
        )  # fmt: skip


def learn(log: EventLog, streams: Streams, homes: Sequence[Int1D] = (), sort: Int1D | None = None) -> Learned:
    """Learn the habits of a log without private words; ``homes`` int64[E], words of entities' own.

    ``sort`` int64[E] of each entity, one for all if left out.
    """
    ledger = Ledger.read(log)
    runs = Runs.read(ledger)
    lives, activity = learn_activity(ledger, crowded_lives(ledger, runs))
    links_of_rows = _links_of_rows(ledger, runs)
    main = {log.roles.time, log.roles.amount, log.roles.partner}
    names = [name for name in log.events.columns if name not in main]
    by_part = log.roles.named()
    first_names = [by_part[part] for part in EARLY if part in by_part]
    contexts = {} if ledger.is_dated else {"hour": np.minimum(ledger.second // 3_600, 23).astype(np.int64)}
    payee_context = learn_groups(ledger.payee, ledger.payees, [], []).group
    contexts["payee group"] = payee_context[ledger.payee]
    told = told_columns(log, ledger, names, links_of_rows, contexts)
    clock = learn_clock(ledger, _grid(log), links_of_rows, _hours(ledger, runs, links_of_rows, told), streams)
    of_pairs = {law.name for law in told}
    of_sums = sum_word(log, contexts["payee group"], {law.name for law in told if law.how in (PAYEE, ENTITY)})
    first_names += [of_sums] if of_sums and of_sums not in first_names else []
    drawn = [[name for name in some if name not in of_pairs] for some in (first_names, names)]
    early = [*told, *learn_columns(log, ledger, drawn[0], contexts, streams.under("early"))]
    early, loose = loose_words(log, early, ledger, links_of_rows)
    early = with_signs(log, early)
    groups = _groups(log, ledger, early, of_sums)
    lawful = [contexts[name] for name in free_words(log, early, of_sums)]
    law = groups.laws_of(ledger.payee, lawful)
    laws, first_law = groups.laws, NO_LAW
    is_apart = bool(of_sums or loose)  # then no sum is that of all that an account pays
    if not is_apart and keeps_one_sum(ledger, links_of_rows):
        laws, first_law = laws + 1, laws
        law = np.where(usual_sums(ledger), first_law, law)
    step = log.events[log.roles.amount].step if log.roles.amount else 0.0
    alone = np.broadcast_to(groups.cases(lawful), law.shape)
    under = streams.under("amounts")
    amounts, level, chance = learn_amounts(ledger, law, laws, links_of_rows, step, under, alone)
    alike = roundings_alike(ledger, law, links_of_rows, first_times(ledger), amounts.laws)
    amounts = replace(amounts, rounding=alike)
    returns = learn_returns(ledger, runs, chance)
    crowds = learn_crowds(ledger, runs, returns, chance)
    edges = amount_edges(ledger.amount)
    late_contexts = {**contexts, **amount_contexts(ledger.amount, law, edges)}
    late_names = [name for name in drawn[1] if name not in drawn[0]]
    late = learn_columns(log, ledger, late_names, late_contexts, streams.under("late"))
    counts = runs_of(runs.link, len(runs.link_entity))
    points = _points(ledger, lives, level, runs, counts, streams)
    two = pays_back(runs.link_entity, runs.link_payee, ledger.count, log.partner_is_entity)
    ties = tie_points(log, ledger, points[:, OWN:], told, homes)
    kind = 2 * _trades(log, told, runs) + crowds.crowded[runs.link_payee]
    leads = main_links(runs.link_entity, counts, ledger.count) | (crowds.crowded[runs.link_payee] > 0)
    sized = order_by_size(runs.link_entity, kind, counts, ledger.count)
    own = own_numbers(returns, crowds, level, clock.burst)
    law_of_lives = learn_lives(lives, activity.shares, own)
    part = currency_parts(log, early, ledger.count, runs)
    sort = np.zeros(ledger.count, np.int64) if sort is None else sort
    near, akin, by_size = (one[np.argsort(groups_of(part, sort)[one], kind="stable")] for one in
                          (order_alike(points), order_alike(ties), sized))  # fmt: skip
    links = Links(
        runs.link_entity, runs.link_payee, counts, level.effect, level.doubt, near, two,
        ties, np.ones(ledger.count), np.arange(len(counts)), akin, kind,
        leads.astype(np.int64), by_size, part, sort,
    )  # fmt: skip
    links = with_reach(links, ledger.payees, streams.under("links"))
    parts = Parts(lives, law_of_lives, activity, returns, crowds, amounts, level, clock, groups, links)
    switch = switches(log, [*early, *late], links_of_rows, ledger.payee, ledger.payees)
    facts = {
        "switch": switch,
        "first_law": first_law,
        "origin": ledger.origin,
        "days": ledger.days,
        "is_dated": ledger.is_dated,
        "payees": ledger.payees,
        "of_sums": of_sums,
        "apart": is_apart,
    }
    early, shown = shown_together(log, early, links_of_rows, len(counts), loose)
    return Learned(parts, early, late, popular_payees(links, ledger.payees), edges, payee_context,
                   worth_of_kinds(links, returns.discount), facts, shown,
                   places=learn_places(log, ledger, runs, told))  # fmt: skip


def keeps_one_sum(ledger: Ledger, link: Int1D) -> bool:
    """Tell whether entities mostly pay a new payee a sum that they paid before.

    Then its usual sum is most of what an entity pays, and has a law of its own: sums that are paid once are
    a small part of the rows, and most of the different ones.
    """
    rows = np.unique(link, return_index=True)[1]
    rows = rows[~ledger.is_first()[rows]]
    code = np.unique(ledger.amount, return_inverse=True)[1].astype(np.int64)
    key = ledger.entity * (int(code.max(initial=0)) + 1) + code
    new = np.zeros(len(key), dtype=np.bool_)
    new[np.unique(key, return_index=True)[1]] = True
    there = ~np.isnan(ledger.amount[rows])
    is_many = bool((~new[rows] & there).mean() >= ONE_SUM) if len(rows) else False
    return is_many and int(ledger.is_first().sum()) >= LEAST_ROWS


def first_times(ledger: Ledger) -> Array:
    """Return bool[n], the rows in which an entity pays a sum for the first time."""
    code = np.unique(ledger.amount, return_inverse=True)[1].astype(np.int64)
    key = ledger.entity * (int(code.max(initial=0)) + 1) + code
    found = np.zeros(len(key), dtype=np.bool_)
    found[np.unique(key, return_index=True)[1]] = True
    return found & ~np.isnan(ledger.amount)


def usual_sums(ledger: Ledger) -> Array:
    """Return bool[n], the first row in which each entity pays the sum that it pays most often."""
    code = np.unique(ledger.amount, return_inverse=True)[1].astype(np.int64)
    key = ledger.entity * (int(code.max(initial=0)) + 1) + code
    _, first, count = np.unique(key, return_index=True, return_counts=True)
    order = np.lexsort((first, -count, ledger.entity[first]))
    rows = first[order]
    found = np.zeros(len(key), dtype=np.bool_)
    found[rows[np.unique(ledger.entity[rows], return_index=True)[1]]] = True
    return found


def laws_of_rows(known: Learned, payee: Int1D, words: list[Int1D], first: Array) -> Int1D:
    """Return the law of the amount of each row; ``first`` bool[n] are first rows, of usual sums if any."""
    law, first_law = known.parts.groups.laws_of(payee, words), int(known.ledger_facts["first_law"])
    return law if first_law == NO_LAW else np.where(first, first_law, law)


def _groups(log: EventLog, ledger: Ledger, early: list[ColumnLaw], of_sums: str | None) -> PayeeGroups:
    by_part = log.roles.named()
    lawful = {by_part[part] for part in LAWFUL if part in by_part}
    told = [law.cells.astype(np.int64) for law in early if law.how == PAYEE and law.name in lawful]
    free = []
    for name in free_words(log, early, of_sums):
        column = log.events[name]
        if column.kind == WORD:
            free.append(np.minimum(pooled_words(column)[levels(column)], POOL - 1))
    return learn_groups(ledger.payee, ledger.payees, told, free)


def _trades(log: EventLog, told: list[ColumnLaw], runs: Runs) -> Int1D:
    """Return the category of each link int64[L] where payees or pairs tell it, else 0."""
    for law in told:
        if law.how in (PAYEE, PAIR) and law.name == log.roles.category and law.pool is not None:
            return of_links(law, runs)
    return np.zeros(len(runs.link_payee), np.int64)


def _hours(ledger: Ledger, runs: Runs, link: Int1D, told: list[ColumnLaw]) -> PayeeHours:
    """Return at what hours payees are paid, by the words that they and pairs tell."""
    words = {
        law.name: of_links(law, runs) for law in told if law.how in (PAYEE, PAIR) and law.pool is not None
    }
    hour = np.minimum(ledger.second // 3_600, 23).astype(np.int64)
    return learn_payee_hours(hour, link, runs.link_payee, ledger.payees, words)


def of_links(law: ColumnLaw, runs: Runs) -> Int1D:
    """Return the pooled word int64[L] that each pair has in a column that payees or pairs tell."""
    assert law.pool is not None
    word = np.where(law.cells < 0, len(law.pool) - 1, law.cells)
    return np.asarray(law.pool[word[runs.link_payee] if law.how == PAYEE else word])


def _links_of_rows(ledger: Ledger, runs: Runs) -> Int1D:
    """Return the link of every row."""
    sizes = np.diff(np.append(runs.row, len(ledger.day)))
    return np.repeat(runs.link, sizes)


def _points(
    ledger: Ledger, lives: Lives, level: Levels, runs: Runs, counts: Float1D, streams: Streams
) -> Float2D:
    """Return where entities lie: how active, when, how much, with whom; columns of unit spread."""
    many = np.log(np.maximum(lives.active, 0.5))
    ties = np.bincount(runs.link_entity, minlength=ledger.count)
    visits = np.bincount(runs.entity, minlength=ledger.count)
    own = np.stack([
        2.0 * _standard(many), _standard(lives.size), _standard(lives.first.astype(np.float64)),
        _standard(lives.last.astype(np.float64)), _standard(np.log((ties + 0.5) / (visits + 1.0))),
        _standard(level.level), 0.5 * _standard(level.spread),
    ], axis=1)  # fmt: skip
    if ledger.payees < 3:
        return own
    shared = np.zeros((ledger.count, 0))
    factors = payee_factors(runs.link_entity, runs.link_payee, counts, streams)
    shared = np.zeros((ledger.count, factors.shape[1]))
    shared[: len(factors)] = factors
    return np.concatenate([own, shared], axis=1)


def tie_points(
    log: EventLog, ledger: Ledger, factors: Float2D, told: list[ColumnLaw], homes: Sequence[Int1D] = ()
) -> Float2D:
    """Return where entities lie by payees, by the words that payees tell, and by own words: float64[E, D]."""
    words = [
        word_factors(ledger.entity, pooled_words(one)[levels(one)], ledger.count)
        for one in (log.events[law.name] for law in told if law.how in (PAYEE, PAIR))
        if one.kind == WORD
    ]
    own = [home_points(one) for one in homes]
    return np.concatenate([factors, *words, np.zeros((ledger.count, 1)), *own], axis=1)


def _standard(values: Float1D) -> Float1D:
    spread = values.std()
    return np.asarray((values - values.mean()) / (spread if spread > 1e-12 else 1.0))


def _grid(log: EventLog) -> int:
    """Return the grid of the times in nanoseconds: that of the column, else the coarsest that all lie on."""
    step = int(log.events[log.roles.time].step)
    if step > 0:
        return step
    for grid in (DAY, 3_600 * NANOS, 60 * NANOS, NANOS, 1_000_000, 1_000):
        if (log.times % grid == 0).all():
            return grid
    return 1
