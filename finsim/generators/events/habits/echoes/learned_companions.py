"""Companions of a log: its rows that come with others, the log without them, and how well they are known."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from finsim.generators.events.habits.echoes.answer_words import ANY, telling_words
from finsim.generators.events.habits.echoes.answering_rows import sides_of
from finsim.generators.events.habits.echoes.companion_law import CompanionLaw
from finsim.generators.events.habits.echoes.companion_rows import (
    FEW,
    MOST_WORDS,
    Fact,
    Paid,
    facts_of,
    sum_laws,
)
from finsim.generators.events.habits.echoes.echo_law import (
    AS_BEFORE,
    number_columns,
    word_columns,
    words_of,
)
from finsim.generators.events.habits.echoes.fee_facts import fee_facts
from finsim.notation import Array, Bool1D, Float1D, Float2D, Int1D
from finsim.records.event_log import EventLog

FIRST_ROWS = 10_000
"""Rows that tell whether a column of numbers has few different ones (assumption)."""
WEIGHT = 1.0
"""Rows by which the rate of words is drawn towards that of fewer words (assumption)."""
MOST_TOLD = 3
"""Columns that tell which rows are hosts, at most (assumption)."""
NEVER = 8.0
"""Hosts that one would expect among the rows of a word from which on none of them is one (assumption)."""

Level = tuple[Array, Float1D, Float1D]


def paid_of(log: EventLog) -> Paid:
    """Return the rows of a log as the search reads them."""
    partner, amount, side = log.part("partner"), log.part("amount"), sides_of(log.events, log.roles)
    payee = np.zeros(log.events.rows, np.int64) if partner is None else partner.astype(np.int64)
    wide, sides = int(payee.max(initial=0)) + 1, int(side.max(initial=0)) + 1
    party = np.where(payee >= 0, (log.entity() * wide + payee) * sides + side, -1)
    words = {name: codes for name, (codes, _) in spoken_words(log).items()}
    sums = np.full(log.events.rows, np.nan) if amount is None else amount
    # Without payees no row is told from the others by naming nobody: payee is 0 there, and nobody is false.
    return Paid(party, np.maximum(payee, 0), log.times, sums, words, partner is not None, log.entity(),
                payee < 0)  # fmt: skip


def spoken_words(log: EventLog) -> dict[str, tuple[Int1D, Float1D]]:
    """Return codes int64[n] from 0 of columns of words and of few whole numbers, and what each stands for."""
    found = {}
    for name in word_columns(log.events, log.roles):
        one = log.events[name]
        found[name] = one.values.astype(np.int64) + 1, np.arange(-1.0, len(one.words))
    for name in number_columns(log.events, log.roles):
        values = log.events[name].values
        some = values[:: max(1, len(values) // FIRST_ROWS)]
        if len(np.unique(some)) <= MOST_WORDS and not (some[np.isfinite(some)] % 1).any():
            known, codes = np.unique(values, return_inverse=True)
            found[name] = codes.reshape(-1).astype(np.int64), known
    return found


def learn_companions(log: EventLog, kept: Bool1D) -> tuple[CompanionLaw, ...]:
    """Return what rows of a log, of those ``kept`` bool[n], come with others, struck from ``kept``."""
    rows = np.flatnonzero(kept)
    paid = paid_of(log).take(rows)
    facts = facts_of(paid)
    left = np.delete(np.arange(len(rows)), _first_rows(facts))
    facts += [(fact, left[one], left[two]) for fact, one, two in fee_facts(paid.take(left))]
    laws = []
    for k, (fact, one, two) in enumerate(facts):
        # Hosts may come with others themselves: those are among the rows while this law is drawn.
        laws.append(_law(log, fact, (rows[one], rows[two]), np.delete(rows, _first_rows(facts[: k + 1]))))
    kept[rows[_first_rows(facts)]] = False
    return tuple(laws)


def _first_rows(facts: Sequence[tuple[Fact, Int1D, Int1D]]) -> Int1D:
    """Return the rows that come with others by any of the facts."""
    return np.concatenate([np.zeros(0, np.int64), *(one for _, one, _ in facts)])


def _law(log: EventLog, fact: Fact, pairs: tuple[Int1D, Int1D], among: Int1D) -> CompanionLaw:
    """Return the law of companions and their hosts; ``among`` are the rows that may be hosts."""
    order = np.lexsort((log.times[pairs[0]], pairs[1]))
    one, two = pairs[0][order], pairs[1][order]
    starts = np.append(np.flatnonzero(np.append(True, two[1:] != two[:-1])), len(two))
    hosts = two[starts[:-1]]
    names = word_columns(log.events, log.roles)
    cells = np.empty((len(one), len(names)), np.int32)
    for k, name in enumerate(names):
        cells[:, k] = _cells(log.events[name].values, one, two)
    amount = log.part("amount")
    sums = np.zeros(log.events.rows) if amount is None else amount
    how, number = sum_laws(sums[one], sums[two])
    lag = log.times[one] - log.times[two]
    kinds = np.stack([log.events[name].values.astype(np.float64) for name in fact.columns], axis=1)
    spoken = spoken_words(log)
    said_values = np.stack(
        [spoken[name][1][code] for name, code in zip(fact.columns, fact.said.T, strict=True)], axis=1
    )
    first = starts[:-1]
    said = np.column_stack([cells[first], how[first], np.diff(starts)])
    told, keys, rate, never = _rates(log, hosts, among)
    host_word = []
    for words in said_values:
        mine = (kinds[one] == words).all(axis=1)
        beside, often = np.unique(kinds[two[mine]], axis=0, return_counts=True)
        host_word.append(beside[np.argmax(often)] if len(often) else words)
    return CompanionLaw(
        fact.leads, np.array([list(log.events.columns).index(name) for name in fact.columns]),
        said_values, fact.rows, fact.met, np.array(host_word),
        fact.same_sum, fact.reach, told, keys, rate, never, starts.astype(np.int64),
        telling_words(words_of(log.events, log.roles, hosts), said, np.zeros(len(hosts), np.int64)),
        lag.astype(np.int64), how.astype(np.int64), number, cells, *_numbers(log, one, two, fact.columns),
        bool(fact.host),
    )  # fmt: skip


def _numbers(log: EventLog, one: Int1D, two: Int1D, told: tuple[str, ...]) -> tuple[Float2D, Array]:
    """Return ``numbers`` and ``as_number``: numbers of their own where few differ from those of the hosts."""
    names = number_columns(log.events, log.roles)
    found, same = np.zeros((len(one), len(names))), np.ones((len(one), len(names)), np.bool_)
    for k, name in enumerate(names):
        here, there = log.events[name].values[one], log.events[name].values[two]
        differs = ~((here == there) | (np.isnan(here) & np.isnan(there)))
        if differs.any() and (name in told or len(np.unique(here[differs])) <= FEW):
            found[:, k], same[:, k] = np.where(differs, here, 0.0), ~differs
    return found, same


def _cells(column: Array, one: Int1D, two: Int1D) -> Array:
    """Return the words of companions int32[m], ``AS_BEFORE`` for their host's if this tells them better."""
    like = np.where(column[one] == column[two], AS_BEFORE, column[one])
    return np.where(_spread(column[one]) < _spread(like), column[one], like).astype(np.int32)


def _spread(words: Array) -> float:
    counts = np.unique(words, return_counts=True)[1]
    shares = counts / max(counts.sum(), 1)
    return -float((shares * np.log(shares)).sum())


def _rates(log: EventLog, hosts: Int1D, among: Int1D) -> tuple[Int1D, Array, Float1D, Array]:
    """Return the columns that tell which rows are hosts, their words and rates, and words of no host.

    One more column as long as it tells more than it costs (BIC).
    """
    cells = words_of(log.events, log.roles, among)[:, :-1]
    hit = np.isin(among, hosts).astype(np.float64)
    few = [k for k in range(cells.shape[1]) if 1 < len(np.unique(cells[:, k])) <= MOST_WORDS]
    told, levels = _told(cells, hit, few)
    never = []
    may = np.ones(len(hit), np.bool_)
    rates = levels[-1][2]
    for k in few:
        words, code = np.unique(cells[:, k], return_inverse=True)
        expected, hits = np.bincount(code, rates), np.bincount(code, hit)
        gone = (hits == 0) & (expected >= NEVER)
        never += [(k, int(word)) for word in words[gone]]
        may &= ~gone[code]
    if never:
        levels = _levels(cells[may], hit[may], told)
    keys = [np.pad(one, ((0, 0), (0, len(told) - one.shape[1])), constant_values=ANY) for one, _, _ in levels]
    rate = np.concatenate([one for _, one, _ in levels])
    return (np.array(told, np.int64), np.concatenate(keys).astype(np.int32), rate,
            np.array(never, np.int32).reshape(-1, 2))  # fmt: skip


def _told(cells: Array, hit: Float1D, few: list[int]) -> tuple[list[int], list[Level]]:
    """Return the columns that tell which rows are hosts, and their rates."""
    told: list[int] = []
    code = np.zeros(len(hit), np.int64)
    best = _worth(code, hit)
    while len(told) < MOST_TOLD:
        tried = {k: _worth(_codes(code, cells[:, k]), hit) for k in few if k not in told}
        top = max(tried, key=lambda k: tried[k], default=-1)
        if top < 0 or tried[top] <= best:
            break
        told.append(top)
        best, code = tried[top], _codes(code, cells[:, top])
    return told, _levels(cells, hit, told)


def _levels(cells: Array, hit: Float1D, told: list[int]) -> list[Level]:
    """Return for none, one, ... of the columns: words, their rate of hosts, and the rate of each row."""
    code, usual = np.zeros(len(hit), np.int64), np.full(len(hit), hit.mean() if len(hit) else 0.0)
    found = [(np.zeros((1, 0), np.int32), usual[:1], usual)]
    for k, column in enumerate(told):
        code = _codes(code, cells[:, column])
        rows, hits = np.bincount(code), np.bincount(code, hit)
        rate = (hits + WEIGHT * np.bincount(code, usual) / rows) / (rows + WEIGHT)
        rate = np.where(hits > 0, rate, 0.0)
        usual = rate[code]
        found.append((cells[np.unique(code, return_index=True)[1]][:, told[: k + 1]], rate, usual))
    return found


def _codes(code: Int1D, word: Array) -> Int1D:
    wide = int(word.max(initial=0)) + 2
    return np.unique(code * wide + word + 1, return_inverse=True)[1].reshape(-1)


def _worth(code: Int1D, hit: Float1D) -> float:
    """Return the log likelihood of being a host given ``code``, less what its rates cost."""
    rows, hits = np.bincount(code), np.bincount(code, hit)
    rate = (hits / np.maximum(rows, 1)).clip(1e-9, 1.0 - 1e-9)
    gain = float((hits * np.log(rate) + (rows - hits) * np.log1p(-rate)).sum())
    return gain - 0.5 * float(np.log(max(len(hit), 2))) * int((rows > 0).sum())
