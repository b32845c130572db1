"""Which rows that name no payee come with a payment of the entity: the fee for a returned debit, say.

Such a word nearly always stands within a short time of a row with one other word of the same column. What
meets by chance is counted weeks apart, and what the calendar brings together in the rows of other entities at
the same time: rent and the fee of a quarter stand on one day, with all of them (own).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from finsim.generators.events.habits.echoes.companion_rows import (
    FURTHER,
    LEAST,
    MOST_WORDS,
    MOSTLY,
    NEARLY,
    REACHES,
    Fact,
    Paid,
    Sequence,
    companions,
)
from finsim.notation import Bool1D, Int1D

NAMELESS = 0.95
"""Share of the rows of a word that name no payee, from which on it may be that of fees (assumption)."""
MOST_FEES = 3
"""Kinds of fees at most (assumption)."""
MOST_SUMS = 6
"""Sums of a word that names nobody, from which on it is no fee of fixed ones (assumption)."""


def fee_facts(paid: Paid) -> list[tuple[Fact, Int1D, Int1D]]:
    """Return what rows without payees come with: each fact, its rows int64[m], and those they come with."""
    found: list[tuple[Fact, Int1D, Int1D]] = []
    if not len(paid.entity) or not paid.nobody.any():
        return found
    for name, words in paid.words.items():
        rows = np.bincount(words)
        alone = (rows > 0) & (np.bincount(words, paid.nobody) >= NAMELESS * rows)
        if not 1 < (rows > 0).sum() <= MOST_WORDS:
            continue
        kinds, word_of = _by_sums(paid, words, alone)
        some = replace(paid, words={name: kinds})
        often = np.bincount(kinds) >= LEAST
        for kind in np.flatnonzero(often & alone[word_of]):
            fact = _best(some, name, int(kind), np.flatnonzero(often))
            if fact is not None:
                one, two = companions(some, fact)
                found.append((replace(fact, said=word_of[fact.said], host=_words(word_of, fact)), one, two))
    found = [one for one in found if len(one[1]) >= LEAST]
    found.sort(key=lambda one: (-int(one[0].met.sum()), one[0].columns))
    kept: list[tuple[Fact, Int1D, Int1D]] = []
    gone: Bool1D = np.zeros(len(paid.time), np.bool_)
    for fact, one, two in found:
        fresh = ~gone[one] & ~gone[two]
        if fresh.all() and len(kept) < MOST_FEES:
            kept.append((fact, one, two))
            gone[one] = True
    return kept


def _by_sums(paid: Paid, words: Int1D, alone: Bool1D) -> tuple[Int1D, Int1D]:
    """Return kinds int64[n] of rows, words parted by sum where they name nobody, and the word of each kind.

    One word may stand for the charge of a returned debit and for the fee of a quarter. Of a word with more
    than ``MOST_SUMS`` sums, and of sums that too few rows have, the kind is the word.
    """
    kinds, word_of = words.copy(), list(range(len(alone)))
    for word in np.flatnonzero(alone):
        rows = np.flatnonzero(words == word)
        sums, many = np.unique(paid.sums[rows], return_counts=True)
        if not 1 < (many >= LEAST).sum() <= MOST_SUMS:
            continue
        for one in sums[many >= LEAST]:
            kinds[rows[paid.sums[rows] == one]] = len(word_of)
            word_of.append(int(word))
    return kinds, np.array(word_of, np.int64)


def _words(word_of: Int1D, fact: Fact) -> tuple[int, ...]:
    return tuple(int(word_of[one]) for one in fact.host)


def _best(paid: Paid, name: str, word: int, hosts: Int1D) -> Fact | None:
    """Return which word rows of a fee come with: of those that find nearly all, the one that is nearest."""
    words, found = paid.words[name], []
    for host in hosts[hosts != word]:
        both = np.flatnonzero((words == word) | (words == host))
        some = replace(paid.take(both), party=paid.entity[both])
        fee = (words[both] == word).astype(np.int64)
        for leads in (False, True):
            sequence = Sequence.of(some, leads, False)
            reach, met = _reach(some, sequence, fee)
            if met:
                found.append(Fact((name,), np.array([[word]]), leads, False, reach, np.array([fee.sum()]),
                                  np.array([met]), (int(host),)))  # fmt: skip
    most = max((int(fact.met[0]) for fact in found), default=0)
    near = [fact for fact in found if fact.met[0] >= NEARLY * most]
    return min(near, key=lambda fact: (fact.reach, -int(fact.met[0])), default=None)


def _reach(paid: Paid, sequence: Sequence, fee: Int1D) -> tuple[int, int]:
    """Return the shortest reach that finds nearly all rows of a fee, and how many; 0 where chance does."""
    mine = fee[sequence.order] == 1
    wait, rows = sequence.following(fee)[1][mine], int(mine.sum())
    best, found = 0, 0
    for reach in REACHES:
        met = int((wait <= reach).sum())
        if met < MOSTLY * rows or met <= FURTHER * best:
            continue
        chance = max(float(sequence.by_chance(reach)[mine].sum()), _others(paid, fee, reach))
        if met - chance >= MOSTLY * rows:
            best, found = met, reach
    return found, best


def _others(paid: Paid, fee: Int1D, reach: int) -> float:
    """Return how many rows of a fee would have a host within reach, on either side, in another entity."""
    mine = fee == 1
    at, hosts = np.sort(paid.time[mine]), np.sort(paid.time[~mine])
    near = np.searchsorted(hosts, at + reach, "right") - np.searchsorted(hosts, at - reach, "left")
    count = len(np.unique(paid.entity))
    return float(np.minimum((near - 1.0) / max(count - 1, 1), 1.0).clip(0.0).sum())
