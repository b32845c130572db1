"""Payees of a place: those that are paid between payments to others of the same place (own)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from finsim.generators.events.habits.ledger import Ledger, sums_by
from finsim.generators.events.habits.restaurant import Runs
from finsim.notation import Array, Bool1D, Int1D

NEAR_DAYS, ROUNDS = 3, 3
"""Days within which payments to two payees tell whether they are of one place (assumption)."""
LOCAL, FEW = 0.5, 4.0
"""Share of its runs beside one of its place that makes a payee local, and runs of its kind that count as
much as its own (assumptions)."""


@dataclass(frozen=True)
class Visited:
    """Runs of payments at payees with a word: entity, payee, word and day of each, int64[R], in order."""

    entity: Int1D
    payee: Int1D
    word: Int1D
    day: Int1D

    @classmethod
    def read(cls, ledger: Ledger, runs: Runs, word: Int1D) -> Visited:
        """Return the runs at payees with a word; ``word`` int64[P] of each payee, -1 for none."""
        told = word[runs.payee] >= 0
        row = runs.row[told]
        return cls(runs.entity[told], runs.payee[told], word[runs.payee[told]], ledger.day[row])


def local_payees(seen: Visited, kind: Int1D) -> Bool1D:
    """Return bool[P], payees whose runs stand beside runs at other payees of their word; kind int64[P].

    First all payees are neighbours, then only those that were found to be local.
    """
    payees = len(kind)
    found = np.ones(payees, dtype=np.bool_)
    for _ in range(ROUNDS):
        beside = _has_neighbour(seen, found[seen.payee]).astype(np.float64)
        size = np.bincount(seen.payee, minlength=payees)
        own = sums_by(seen.payee, beside, payees)
        of_kind = kind[seen.payee]
        many = np.maximum(np.bincount(of_kind, minlength=int(kind.max(initial=0)) + 1), 1)
        usual = sums_by(of_kind, beside, len(many)) / many
        found = (size > 0) & ((own + FEW * usual[kind]) / (size + FEW) >= LOCAL)
    return np.asarray(found)


def _has_neighbour(seen: Visited, counts: Bool1D) -> Array:
    """Return bool[R]: whether the run before or after at another payee that ``counts`` has the same word."""
    found = np.zeros(len(seen.entity), dtype=np.bool_)
    rows = np.arange(len(seen.entity))
    for way in (1, -1):
        near = _next(seen, counts) if way == 1 else _next(_turned(seen), counts[::-1])
        other = near if way == 1 else (len(rows) - 1 - near)[::-1]
        there = (near < len(rows)) if way == 1 else (near < len(rows))[::-1]
        at = np.where(there, other, 0)
        same = (seen.entity[at] == seen.entity) & (seen.word[at] == seen.word)
        found |= there & same & (np.abs(seen.day[at] - seen.day) <= NEAR_DAYS)
    return found


def _turned(seen: Visited) -> Visited:
    return Visited(seen.entity[::-1], seen.payee[::-1], seen.word[::-1], seen.day[::-1])


def _next(seen: Visited, counts: Bool1D) -> Int1D:
    """Return the next run that counts and is at another payee than each run, the number of runs for none."""
    size = len(seen.payee)
    # The next one that counts; where it is at the same payee, the next at another payee than that one.
    place = np.where(counts, np.arange(size), size)
    after = np.append(np.minimum.accumulate(place[::-1])[::-1][1:], size) if size else place
    chosen = np.flatnonzero(counts)
    if not len(chosen):
        return np.full(size, size)
    payee = seen.payee[chosen]
    last = np.append(np.flatnonzero(payee[1:] != payee[:-1]), len(chosen) - 1)
    leaves = np.append(chosen, size)[last[np.searchsorted(last, np.arange(len(chosen)))] + 1]
    order = np.searchsorted(chosen, np.minimum(after, size - 1))
    is_there = after < size
    order = np.where(is_there, order, 0)
    same = is_there & (seen.payee[np.where(is_there, after, 0)] == seen.payee)
    return np.where(same, leaves[order], after).astype(np.int64)
