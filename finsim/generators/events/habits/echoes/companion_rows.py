"""Which rows come with another one: a pre-authorisation before its completion, a decline before its retry.

Such a row has a word, or two, that nearly always stand within a short time of another row of the same entity
and payee. What meets by chance is counted at other times of the same pair, and of other words at the same
payees (own).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import combinations

import numpy as np

from finsim.generators.events.habits.echoes.answering_rows import NANOS_PER_DAY, NONE
from finsim.notation import Array, Bool1D, Float1D, Int1D

LEAST, LEAST_WORD, MOSTLY = 30, 10, 0.5
"""Rows of a fact that come with others at least, those of one of its words, and their share of its rows
beyond chance (assumptions)."""
HOUR = NANOS_PER_DAY // 24
REACHES = (HOUR // 6, HOUR, 6 * HOUR, NANOS_PER_DAY, 3 * NANOS_PER_DAY, 10 * NANOS_PER_DAY)
"""How far apart they may be; ten days reach over a stay in a hotel (assumption)."""
FURTHER, NEARLY = 1.05, 0.9
"""How many times more a longer reach must find, and share of the best find that is as good (assumptions)."""
TOLD_SUM = 1.0
"""Nats of a sum up to which the other row tells it: of two rows that come together it is the one that comes
with the other, whose sum is drawn as any (assumption)."""
MOST_WORDS = 64
"""Words of a column from which on it holds names or remarks (assumption)."""
MOST_FACTS, MOST_CHAIN = 4, 8
"""Facts of a ledger, and rows one after the other that come with one, at most (assumptions)."""
FEW = 8
"""Different sums that are sums of their own; more are shares of the other row's sum (assumption)."""
SAME, OWN, SHARE = 0, 1, 2


@dataclass(frozen=True)
class Paid:
    """Rows n of a ledger. ``party`` int64[n] codes of entity, payee and side, -1 where the payee lacks.

    ``payee`` int64[n] from 0; ``time`` int64[n] ns; ``sums`` float64[n], NaN where one lacks; ``words``:
    int64[n] from 0 by column. ``named``: whether payees are told apart; if not, equal sums alone tell.
    ``entity`` int64[n] and ``nobody`` bool[n], rows that name no payee where others do: empty where fees are
    not asked of.
    """

    party: Int1D
    payee: Int1D
    time: Int1D
    sums: Float1D
    words: Mapping[str, Int1D]
    named: bool = True
    entity: Int1D = field(default_factory=lambda: np.zeros(0, np.int64))
    nobody: Bool1D = field(default_factory=lambda: np.zeros(0, np.bool_))

    def take(self, rows: Array) -> Paid:
        """Return some rows."""
        words = {name: one[rows] for name, one in self.words.items()}
        whose = (self.entity[rows], self.nobody[rows]) if len(self.entity) else (self.entity, self.nobody)
        return Paid(
            self.party[rows], self.payee[rows], self.time[rows], self.sums[rows], words, self.named, *whose
        )


@dataclass(frozen=True)
class Fact:
    """Rows with one of some words, ``said`` int64[G, P] of ``columns``, come with another row.

    ``leads``: before it, else after it; at most ``reach`` ns apart, with the same sum if ``same_sum``.
    ``rows`` and ``met`` int64[G]: rows of each word, and how many of them come with another. ``host``: the
    words of the row that they come with, whoever is paid there; empty for any row at their own payee.
    """

    columns: tuple[str, ...]
    said: Array
    leads: bool
    same_sum: bool
    reach: int
    rows: Int1D
    met: Int1D
    host: tuple[int, ...] = ()


@dataclass(frozen=True)
class Sequence:
    """Rows ``order`` int64[m] by ``group`` and ``time`` int64[m], backwards for rows that follow."""

    order: Int1D
    group: Int1D
    time: Int1D

    @classmethod
    def of(cls, paid: Paid, leads: bool, same_sum: bool) -> Sequence:
        """Return the rows of a pair (and sum) one after the other."""
        usable = paid.party >= 0
        group = paid.party
        if same_sum:
            usable &= np.isfinite(paid.sums)
            sums = np.unique(paid.sums, return_inverse=True)[1].reshape(-1)
            group = paid.party * (int(sums.max(initial=0)) + 1) + sums
        rows = np.flatnonzero(usable)
        group = np.unique(group[rows], return_inverse=True)[1].reshape(-1)
        order = np.lexsort((paid.time[rows], group))
        order = order if leads else order[::-1]
        time = paid.time[rows[order]]
        return cls(rows[order], group[order], time if leads else -time)

    def following(self, kind: Int1D) -> tuple[Int1D, Int1D]:
        """Return the place int64[m] of the group's next row of another ``kind``, -1, and how far it is."""
        there = kind[self.order]
        changes = (self.group[1:] != self.group[:-1]) | (there[1:] != there[:-1])
        heads = np.append(np.flatnonzero(changes) + 1, len(there))
        following = heads[np.concatenate([[0], np.cumsum(changes)])] if len(there) else heads[:0]
        inside = np.minimum(following, len(there) - 1)
        found = (following < len(there)) & (self.group[inside] == self.group)
        wait = np.where(found, self.time[inside] - self.time, np.iinfo(np.int64).max)
        return np.where(found, following, NONE), wait

    def by_chance(self, reach: int) -> Float1D:
        """Return float64[m], how often a row of the group stands within reach of its time, weeks apart."""
        week, second = 7 * NANOS_PER_DAY, 1_000_000_000
        later = week * -(-(reach + NANOS_PER_DAY) // week)
        earlier = -week * -(-(2 * reach + NANOS_PER_DAY) // week)
        time = (self.time - self.time.min(initial=0)) // second
        span = int(time.max(initial=0)) + (later - earlier) // second + 1
        sign = 1 if len(self.group) < 2 or self.group[0] <= self.group[-1] else -1
        key = sign * self.group * span + time
        found = np.zeros(len(key))
        for shift in (later, earlier):
            at = np.searchsorted(key, key + shift // second, "right")
            inside = np.minimum(at, len(key) - 1)
            wait = key[inside] - key - shift // second
            found += 0.5 * ((at < len(key)) & (wait <= reach // second) & (self.group[inside] == self.group))
        return found


@dataclass
class _Search:
    """A search under way; ``near``: how far the next row is of each sequence; chance is counted once."""

    paid: Paid
    sequences: dict[tuple[bool, bool], Sequence]
    near: dict[tuple[bool, bool], Int1D]
    chance: dict[tuple[bool, bool, int], Float1D]

    def tried(self, columns: tuple[str, ...], leads: bool, same_sum: bool) -> list[Fact]:
        """Return what words of columns tell: words that come equally near together, few or none.

        The shortest reach that finds nearly all is that of a word.
        """
        codes, said = _kinds(self.paid, columns)
        sequence = self.sequences[leads, same_sum]
        wait, wait_any = sequence.following(codes)[1], self.near[leads, same_sum]
        there, rows = codes[sequence.order], np.bincount(codes, minlength=len(said))
        best, near = np.zeros(len(said), np.int64), np.zeros(len(said), np.int64)
        for reach in REACHES:
            hit = wait <= reach
            met = np.bincount(there, hit, len(said)).astype(np.int64)
            further = (met >= LEAST_WORD) & (met >= MOSTLY * rows) & (met > FURTHER * best)
            for k in np.flatnonzero(further):
                chance = max(float(self._chance(leads, same_sum, reach)[there == k].sum()) / rows[k],
                             self._others(codes, sequence, wait_any <= reach, int(k)))  # fmt: skip
                if met[k] - chance * rows[k] >= MOSTLY * rows[k]:
                    best[k], near[k] = met[k], reach
        groups = [near == reach for reach in np.unique(near[near > 0])]
        return [
            Fact(columns, said[one], leads, same_sum, int(near[one][0]), rows[one], best[one])
            for one in groups
            if best[one].sum() >= LEAST
        ]

    def _chance(self, leads: bool, same_sum: bool, reach: int) -> Float1D:
        key = leads, same_sum, reach
        if key not in self.chance:
            self.chance[key] = self.sequences[leads, same_sum].by_chance(reach)
        return self.chance[key]

    def _others(self, codes: Int1D, sequence: Sequence, hit: Bool1D, kind: int) -> float:
        """Return the share of rows of other words, at the payees of a word, that stand as near to any row."""
        payee, mine = self.paid.payee, codes == kind
        own = np.bincount(payee[mine & (self.paid.party >= 0)], minlength=int(payee.max()) + 1).astype(
            np.float64
        )
        rows = np.bincount(payee[~mine], minlength=len(own))
        at = sequence.order[hit]
        hits = np.bincount(payee[at[~mine[at]]], minlength=len(own))
        own[rows == 0] = 0.0
        return float((own * hits / np.maximum(rows, 1)).sum() / max(own.sum(), 1.0))


def facts_of(paid: Paid) -> list[tuple[Fact, Int1D, Int1D]]:
    """Return what rows of words come with others: each fact, its rows int64[m], and those they come with.

    One after the other, each among the rows that those before have left; few, or none.
    """
    found: list[tuple[Fact, Int1D, Int1D]] = []
    left = np.arange(len(paid.time))
    while len(found) < MOST_FACTS:
        best = _best(paid.take(left))
        if best is None:
            break
        fact, one, two = best
        found.append((fact, left[one], left[two]))
        left = np.delete(left, one)
    return found


def companions(paid: Paid, fact: Fact) -> tuple[Int1D, Int1D]:
    """Return rows int64[m] that come with another by a fact, and which: the end of a chain."""
    if fact.host:
        both = np.flatnonzero(_has_one_of(paid, fact.columns, np.array([*fact.said, fact.host])))
        some = replace(paid.take(both), party=paid.entity[both])
        one, two = companions(some, replace(fact, host=()))
        return both[one], both[two]
    worded = has_words(paid, fact)
    sequence = Sequence.of(paid, fact.leads, fact.same_sum)
    following, wait = sequence.following(_kinds(paid, fact.columns)[0])
    there = worded[sequence.order]
    at = np.where(wait <= fact.reach, following, NONE)
    ends = np.where(there, at, NONE)
    for _ in range(MOST_CHAIN):
        again = np.flatnonzero((ends >= 0) & there[np.maximum(ends, 0)])
        if not len(again):
            break
        ends[again] = at[ends[again]]
    ends = np.where((ends >= 0) & ~there[np.maximum(ends, 0)], ends, NONE)
    rows = np.flatnonzero(ends >= 0)
    return sequence.order[rows], sequence.order[ends[rows]]


def has_words(paid: Paid, fact: Fact) -> Bool1D:
    """Return bool[n], the rows with the words of a fact."""
    return _has_one_of(paid, fact.columns, fact.said)


def _has_one_of(paid: Paid, columns: tuple[str, ...], said: Array) -> Bool1D:
    found = np.zeros(len(paid.time), np.bool_)
    for words in said:
        same = np.ones(len(found), np.bool_)
        for name, word in zip(columns, words, strict=True):
            same &= paid.words[name] == word
        found |= same
    return found


def sum_laws(one: Float1D, two: Float1D) -> tuple[Int1D, Float1D]:
    """Return how sums follow from those of ``two`` (``SAME``, ``OWN``, ``SHARE``) int64[m], and a number."""
    same = (one == two) | (np.isnan(one) & np.isnan(two))
    few = len(np.unique(one[~same])) <= FEW
    shared = ~same & (two != 0) & np.isfinite(two) & np.isfinite(one) & (not few)
    how = np.where(same, SAME, np.where(shared, SHARE, OWN))
    return how, np.where(shared, one / np.where(shared, two, 1.0), np.where(same, 1.0, one))


def _best(paid: Paid) -> tuple[Fact, Int1D, Int1D] | None:
    """Return the fact that most rows tell, of one column if any does, and its pairs of rows."""
    ways = [(leads, same) for same in (True, False) for leads in (True, False) if same or paid.named]
    sequences = {way: Sequence.of(paid, *way) for way in ways}
    near = {way: one.following(np.arange(len(paid.time)))[1] for way, one in sequences.items()}
    search = _Search(paid, sequences, near, {})
    if max((int((wait <= REACHES[-1]).sum()) for wait in near.values()), default=0) < LEAST:
        return None
    for asked in _columns(paid):
        facts = [fact for columns in asked for way in ways for fact in search.tried(columns, *way)]
        judged = []
        for fact in facts:
            one, two = companions(paid, fact)
            if len(one) >= LEAST:
                judged.append((_nats(paid.sums[one], paid.sums[two]), (fact, one, two)))
        told = [one for one in judged if one[0] <= TOLD_SUM] or judged
        most = max((len(one) for _, (_, one, _) in told), default=0)
        best = [one for one in told if len(one[1][1]) >= NEARLY * most]
        if best:
            return min(best, key=lambda one: (one[0], -len(one[1][1])))[1]
    return None


def _columns(paid: Paid) -> Iterator[list[tuple[str, ...]]]:
    """Yield single columns of few words, then pairs of them."""
    few = [name for name, one in paid.words.items() if 1 < len(np.unique(one)) <= MOST_WORDS]
    yield [(name,) for name in few]
    yield list(combinations(few, 2))


def _kinds(paid: Paid, columns: tuple[str, ...]) -> tuple[Int1D, Array]:
    """Return the code int64[n] of the words of each row, and the words int64[K, P] of each code."""
    words = np.stack([paid.words[name] for name in columns], axis=1)
    code = np.zeros(len(words), np.int64)
    for one in words.T:
        code = code * (int(one.max(initial=0)) + 1) + one
    _, first, codes = np.unique(code, return_index=True, return_inverse=True)
    return codes.reshape(-1), words[first]


def _nats(one: Float1D, two: Float1D) -> float:
    """Return how much is to tell of sums that follow from others, in nats, to a tenth."""
    how, number = sum_laws(one, two)
    _, counts = np.unique(np.stack([how, np.round(number, 4)]), axis=1, return_counts=True)
    shares = counts / max(counts.sum(), 1)
    return round(-float((shares * np.log(shares)).sum()), 1)
