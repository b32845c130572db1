"""How well habits know an entity.

A density of its events, each given those before and nothing of its profile.

What the sampler draws once for an entity is integrated out: groups as mixtures, levels and favourites by
what its earlier events say. First day, last day and number of active days come from smoothed histograms.
"""

from __future__ import annotations

import numpy as np

from finsim.errors import FitError
from finsim.generators.events.habits.amounts import normal
from finsim.generators.events.habits.cells.columns import DRAWN, ENTITY, PAYEE, ColumnLaw
from finsim.generators.events.habits.cells.contexts import amount_contexts, levels
from finsim.generators.events.habits.cells.kinds_of_sums import free_words
from finsim.generators.events.habits.cells.word_law import WordLaw
from finsim.generators.events.habits.clock import HOUR_WEIGHT
from finsim.generators.events.habits.days.activity import Lives
from finsim.generators.events.habits.days.crowded_days import chances, size_classes
from finsim.generators.events.habits.days.day_sizes import bins_of, states_before
from finsim.generators.events.habits.echoes.echo_losses import echo_losses
from finsim.generators.events.habits.known.private_words import words_digest
from finsim.generators.events.habits.learned import Learned, laws_of_rows
from finsim.generators.events.habits.ledger import Ledger, sums_by
from finsim.kernels.events.active_days import Calendar, Spans, day_losses
from finsim.notation import Array, Float1D, Int1D
from finsim.records.event_log import EventLog
from finsim.records.mixed_table import WORD

LEAST = 1e-9
TOLD = 0.98
HALF_PERCENT = 0.005
UNSEEN = 0.01
"""Chance of an hour that the law of a payee does not know (assumption)."""


def entity_losses(known: Learned, own: EventLog, log: EventLog) -> Float1D:
    """Return nats per event of every entity float64[E] (0 without events); ``own`` has the learned columns.

    Raises FitError for other columns, words or another period than the learned ones.
    """
    if words_digest(log) != known.ledger_facts["words"] or (log.begin, log.end) != (own.begin, own.end):
        raise FitError(
            "the log has other columns, words or days", place="entity losses", expected="those of the fit"
        )
    sizes = log.lengths()
    log, of_echoes = echo_losses(known.echoes, log)
    if not log.events.rows:
        return np.zeros(log.count)
    ledger = Ledger.read(log)
    row = np.zeros(log.events.rows)
    before = rows_before(ledger.entity, ledger.payee, ledger.payees)
    contexts: dict[str, Int1D] = {}
    if not known.ledger_facts["is_dated"]:
        hour = np.minimum(ledger.second // 3_600, 23).astype(np.int64)
        contexts["hour"] = hour
        row -= np.log(_hours(known, ledger, hour))
    if log.roles.partner is not None:
        row -= np.log(_payees(known, ledger, before))
    contexts["payee group"] = known.payee_context[ledger.payee]
    row += _words(known.early, log, ledger, contexts)
    free = [contexts[name] for name in free_words(log, known.early, known.ledger_facts.get("of_sums"))]
    law = laws_of_rows(known, ledger.payee, free, ledger.is_first())
    if log.roles.amount is not None:
        row -= np.log(_amounts(known, ledger, law, before))
    late = {**contexts, **amount_contexts(ledger.amount, law, known.edges)}
    row += _words(known.late, log, ledger, late)
    whole = sums_by(ledger.entity, row, ledger.count) + _days(known, ledger)
    return np.asarray((whole + of_echoes) / np.maximum(sizes, 1))


def rows_before(entity: Int1D, payee: Int1D, payees: int) -> Int1D:
    """Return int64[n], the row of the entity's last payment to the same payee, -1 without one."""
    key = entity * payees + payee
    order = np.argsort(key, kind="stable")
    found = np.full(len(key), -1)
    same = key[order][1:] == key[order][:-1]
    found[order[1:][same]] = order[:-1][same]
    return found


def _counts_before(entity: Int1D, code: Int1D) -> Int1D:
    """Return how often the entity had the code in earlier rows."""
    key = entity * (int(code.max(initial=0)) + 1) + code
    order = np.argsort(key, kind="stable")
    starts = np.flatnonzero(np.append(True, np.diff(key[order]) != 0))
    found = np.empty(len(key), np.int64)
    found[order] = np.arange(len(key)) - np.repeat(starts, np.diff(np.append(starts, len(key))))
    return found


def _adaptive(entity: Int1D, code: Int1D, common: Float1D, weight: float) -> Float1D:
    """Return the chance of each code under a Dirichlet law around the common shares."""
    share = (common + 0.5) / (common + 0.5).sum()
    age = _counts_before(entity, np.zeros(len(entity), np.int64))
    return np.asarray((_counts_before(entity, code) + weight * share[code]) / (age + weight))


def _hours(known: Learned, ledger: Ledger, hour: Int1D) -> Float1D:
    """Return the chance of each hour: a Dirichlet law around that of its payee."""
    clock = known.parts.clock
    share = (1.0 - UNSEEN) * clock.laws[clock.of_payee[ledger.payee], hour] + UNSEEN / 24.0
    age = _counts_before(ledger.entity, np.zeros(len(hour), np.int64))
    return np.asarray((_counts_before(ledger.entity, hour) + HOUR_WEIGHT * share) / (age + HOUR_WEIGHT))


def _payees(known: Learned, ledger: Ledger, before: Int1D) -> Float1D:
    """Return the chance of each payee.

    That of the row before on its day, or a restaurant's over popularity.
    """
    returns, links = known.parts.returns, known.parts.links
    degree = np.bincount(links.payee, minlength=ledger.payees) + 0.5
    age = _counts_before(ledger.entity, np.zeros(len(ledger.entity), np.int64))
    seen = _counts_before(ledger.entity, ledger.payee)
    new = np.cumsum(before < 0) - 1
    tables = new - new[ledger.starts[:-1][ledger.entity]] + (before >= 0)
    strength, discount = float(np.exp(np.mean(np.log(returns.strength)))), float(np.median(returns.discount))
    old = (seen - discount) / (age + strength)
    fresh = (strength + discount * tables) / (age + strength) * (degree / degree.sum())[ledger.payee]
    chance = np.where(before < 0, fresh, old)
    crowds, new_day = known.parts.crowds, ledger.is_new_day()
    day = np.cumsum(new_day) - 1
    factor = crowds.sticky[np.roll(ledger.payee, 1)] * crowds.stays_by[size_classes(np.bincount(day)[day])]
    usual = np.full(len(factor), float(crowds.stays.mean()))
    stay = np.where(new_day, 0.0, chances(usual, factor))
    held = before == np.arange(len(before)) - 1
    return np.asarray(np.maximum(stay * (held & (before >= 0)) + (1.0 - stay) * chance, LEAST))


def _words(laws: list[ColumnLaw], log: EventLog, ledger: Ledger, contexts: dict[str, Int1D]) -> Float1D:
    """Return -log of the chances of the words of columns; they join the contexts."""
    first, total = ledger.is_first(), np.zeros(len(ledger.day))
    for law in laws:
        if log.events[law.name].kind != WORD:
            continue
        word = levels(log.events[law.name])
        if law.how == DRAWN:
            assert isinstance(law.law, WordLaw)
            chance = law.law.chances(word, [contexts[name] for name in law.parents], ledger.entity, first)
        elif law.empty is None:
            chance = _told_chances(law, word, ledger, np.arange(len(word)))
        else:
            gone = word == len(law.column.words)
            chance = law.empty.chances(gone, contexts, (ledger.entity, first))
            rows = np.flatnonzero(~gone)
            chance[rows] *= _told_chances(law, word, ledger, rows)
        total -= np.log(np.maximum(chance, LEAST))
        if law.pool is not None:
            contexts[law.name] = law.pool[word]
    return total


def _told_chances(law: ColumnLaw, word: Int1D, ledger: Ledger, rows: Int1D) -> Float1D:
    """Return the chances of the words of ``rows`` in a column that is told: mostly what was told before."""
    word, entity, payee, size = word[rows], ledger.entity[rows], ledger.payee[rows], len(law.column.words) + 1
    if law.how == ENTITY:
        first = np.append(True, entity[1:] != entity[:-1])[: len(word)]
        guess = np.where(first, -1, np.concatenate([[0], word])[: len(word)])
    else:
        last = rows_before(entity, payee, ledger.payees)
        by_payee = law.cells[payee] if law.how == PAYEE else np.full(len(word), -1)
        by_payee = np.where(by_payee < 0, size - 1, by_payee) if law.how == PAYEE else by_payee
        guess = np.where(last >= 0, word[np.maximum(last, 0)], by_payee)
    spread = _adaptive(entity, word, np.zeros(size), 2.0)
    return np.where(guess < 0, spread, TOLD * (guess == word) + (1.0 - TOLD) * spread)


def _amounts(known: Learned, ledger: Ledger, law: Int1D, before: Int1D) -> Float1D:
    """Return the chance of each amount within half a percent.

    Given the entity's earlier scores and repeats.
    """
    amounts, amount = known.parts.amounts, ledger.amount
    mass, score = np.full(len(amount), LEAST), np.zeros(len(amount))
    near = np.abs(np.nan_to_num(amount)) * HALF_PERCENT
    for k in np.unique(law):
        rows = np.flatnonzero((law == k) & ~np.isnan(amount))
        margin, none = amounts.laws[k], np.zeros(len(rows))
        low = margin.uniform(amount[rows] - near[rows], none)
        high = margin.uniform(amount[rows] + near[rows], none + 1.0)
        mass[rows] = np.maximum(high - low, LEAST) * (1.0 - amounts.missing[k])
        score[rows] = normal(np.clip((low + high) / 2, 1e-6, 1 - 1e-6))
        lacking = np.flatnonzero((law == k) & np.isnan(amount))
        mass[lacking] = max(float(amounts.missing[k]), LEAST)
    present = ~np.isnan(amount)
    apart = float(np.clip(known.parts.levels.level.var(), 1e-3, 0.9))
    total = np.concatenate([[0.0], np.cumsum(np.where(present, score, 0.0))])
    number = np.concatenate([[0], np.cumsum(present)])
    begin = ledger.starts[:-1][ledger.entity]
    at = np.arange(len(amount))
    heard, count = total[at] - total[begin], number[at] - number[begin]
    trust = apart / (count * apart + 1.0 - apart)
    middle, variance = trust * heard, (1.0 - apart) * (1.0 + trust)
    ratio = np.exp(-0.5 * (score - middle) ** 2 / variance + 0.5 * score**2) / np.sqrt(variance)
    fresh = np.where(present, np.minimum(mass * ratio, 1.0), mass)
    again = (before >= 0) & (amount == amount[np.maximum(before, 0)])
    chance = np.where(before >= 0, float(known.parts.returns.remembers.mean()), 0.0)
    kept = at > begin
    kept[1:] &= amount[1:] == amount[:-1]
    keep = np.where(at > begin, float(known.parts.returns.keeps.mean()), 0.0)
    fresh = keep * kept + (1.0 - keep) * fresh
    return np.asarray(np.maximum(chance * again + (1.0 - chance) * fresh, LEAST))


def _days(known: Learned, ledger: Ledger) -> Float1D:
    """Return -log of the chances of active days and of the payments on each, by entity."""
    activity, lives = known.parts.activity, known.parts.lives
    new = ledger.is_new_day()
    entity, day = ledger.entity[new], ledger.day[new]
    active = np.bincount(entity, minlength=ledger.count)
    starts = np.concatenate([[0], np.cumsum(active)]).astype(np.int64)
    there = active > 0
    calendar: Calendar = activity.calendar(ledger.days, ledger.weekdays(ledger.days))
    groups, inside = len(activity.factor), np.empty((len(activity.factor), ledger.count))
    spans = Spans(starts, np.zeros(ledger.count, np.int64), np.ones((ledger.count, 7)))
    for k in range(groups):
        day_losses(spans, calendar, day, np.ascontiguousarray(activity.factor[k]), inside[k])
    share = np.bincount(lives.burst, minlength=groups) + 0.5
    found = _mixed(inside, share / share.sum())
    found[there] += _ends(
        lives, day[starts[:-1][there]], day[starts[1:][there] - 1], active[there], ledger.days
    )
    sizes = np.diff(np.append(np.flatnonzero(new), len(new)))
    tilts = activity.day_tilts(ledger.days, ledger.weekdays(ledger.days))[day]
    return np.asarray(found + _sizes(known, lives, entity, sizes, tilts, ledger.count))


def _sizes(known: Learned, lives: Lives, entity: Int1D, sizes: Int1D, tilts: Float1D, count: int) -> Float1D:
    """Return -log of the chances of the payments on each active day, by entity; tilts float64[n]."""
    activity = known.parts.activity
    ends = np.concatenate([np.zeros((*activity.sizes.shape[:2], 1)), activity.sizes], axis=2)
    chosen, state = bins_of(sizes), states_before(entity, sizes)
    share = ends[:, state, chosen + 1] ** (1.0 / tilts) - ends[:, state, chosen] ** (1.0 / tilts)
    each = -np.log(np.maximum(share / np.diff(activity.edges)[chosen], LEAST))
    groups = np.bincount(activity.size_group(lives.size, lives.crowded), minlength=len(ends)) + 0.5
    return _mixed(np.stack([sums_by(entity, one, count) for one in each]), groups / groups.sum())


def _ends(lives: Lives, first: Int1D, last: Int1D, active: Int1D, days: int) -> Float1D:
    """Return -log of the chances of first day, last day and number of active days."""
    some = lives.active > 0
    begin = np.bincount(lives.first[some], minlength=days) + 0.2
    finish = np.bincount(lives.last[some], minlength=days) + 0.2
    left = np.cumsum(finish[::-1])[::-1]
    alone = ((lives.active[some] == 1).sum() + 0.5) / (some.sum() + 1.0)
    later = np.maximum(left[np.minimum(first + 1, days - 1)], LEAST)
    chance = begin[first] / begin.sum()
    chance = chance * np.where(last > first, (1.0 - alone) * finish[last] / later, alone)
    most = int(max(lives.active.max(), active.max(), 2)) + 1
    width = 2.0 ** np.arange(0, np.ceil(np.log2(most)) + 1)
    law = np.histogram(lives.active[some], np.append(width, width[-1] * 2))[0] + 0.5
    law = law / law.sum() / width
    number = law[np.floor(np.log2(active)).astype(np.int64)]
    room = np.cumsum(np.repeat(law, width.astype(np.int64)))
    # From 2 days on: a life of one day was told apart already.
    fits = np.maximum(room[np.minimum(last - first + 1, len(room)) - 1] - law[0], LEAST)
    return np.asarray(-np.log(chance) - np.where(last > first, np.log(np.minimum(number / fits, 1.0)), 0.0))


def _mixed(losses: Array, share: Float1D) -> Float1D:
    """Return -log of the mixture of exp(-losses) [groups, E]."""
    low = losses.min(axis=0)
    return np.asarray(low - np.log((share[:, None] * np.exp(low - losses)).sum(axis=0)))
