"""The place where an entity lives, and its visits to other places, from words that its payees have (own)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from finsim.generators.events.habits.cells.columns import PAYEE, ColumnLaw
from finsim.generators.events.habits.ledger import Ledger
from finsim.generators.events.habits.places.local_payees import Visited, local_payees
from finsim.generators.events.habits.restaurant import Runs
from finsim.notation import Float1D, Int1D
from finsim.records.event_log import EventLog
from finsim.records.mixed_table import WORD

NO_PLACES = ("category", "channel", "direction", "currency")
NONE = -1
LEAST_ROWS, LEAST_ENTITIES, LEAST_SHARE, BEYOND = 3, 8, 0.25, 0.4
"""Runs that tell a home, entities that live at a place, share of runs at local payees, and part of the way
to 1 that homes tell the place of runs beyond chance (assumptions)."""
MOST_CELLS = 50_000_000
FINER = 0.9
"""Of the best told column as much makes one with more words the better one (assumption)."""


@dataclass(frozen=True)
class Places:
    """Homes, local payees and visits.

    home int64[E], the place of each learned entity, -1 for none. place, kind int64[P] of each payee, the
    place -1 for payees of none. Payees that several entities have, by place and kind: ``order`` int64[K],
    those of cell c = place * kinds + kind in ``order[edges[c]:edges[c + 1]]``, with cumulative weights
    ``share``. Entities by home: how many visits each made, ``many`` int64[H], those of home h in
    ``many[of_home[h]:of_home[h + 1]]``; visits by home of who made them: first day, days after it and place,
    ``visit`` int64[V, 3], in ``visit[from_home[h]:from_home[h + 1]]``. ``days`` int64[1] of the period.
    """

    home: Int1D
    place: Int1D
    kind: Int1D
    order: Int1D
    edges: Int1D
    share: Float1D
    many: Int1D
    of_home: Int1D
    visit: Int1D
    from_home: Int1D
    days: Int1D

    @property
    def kinds(self) -> int:
        """Kinds of payees."""
        return int(self.kind.max(initial=0)) + 1


def learn_places(log: EventLog, ledger: Ledger, runs: Runs, told: Sequence[ColumnLaw]) -> Places | None:
    """Return where entities of a ledger live, None where no word of the payees is a place.

    A column of places is told by the payee, most runs at local payees (see ``local_payees``) are at the word
    where the entity has most of them, and entities live at several. ``told`` : the laws of columns.
    """
    if log.roles.partner is None or log.partner_is_entity:
        return None
    fixed = {name for part, name in log.roles.named().items() if part in NO_PLACES}
    kind = _kinds(log, told, ledger.payees)
    best: tuple[float, Places | None] = 0.0, None
    columns = [law for law in told if law.how == PAYEE and law.column.kind == WORD and law.name not in fixed]
    for law in sorted(columns, key=lambda one: -len(one.column.words)):
        words = len(law.column.words)
        if words < 2 or words * ledger.count > MOST_CELLS:
            continue
        lift, found = _learned(ledger, runs, np.asarray(law.cells, dtype=np.int64), kind)
        if found is not None and lift * FINER > best[0]:
            best = lift, found
    return best[1]


def _kinds(log: EventLog, told: Sequence[ColumnLaw], payees: int) -> Int1D:
    """Return the category int64[P] of payees, where they tell it; one for all where not."""
    for law in told:
        if law.how == PAYEE and law.name == log.roles.category:
            return np.unique(law.cells, return_inverse=True)[1].astype(np.int64)
    return np.zeros(payees, np.int64)


def _learned(ledger: Ledger, runs: Runs, word: Int1D, kind: Int1D) -> tuple[float, Places | None]:
    """Return how far beyond chance homes tell places, and the places; None where they do not enough."""
    word = (
        np.append(word, NONE)[: ledger.payees] if len(word) < ledger.payees else word[: ledger.payees].copy()
    )
    word[-1] = NONE  # a missing counterparty
    seen = Visited.read(ledger, runs, word)
    if not len(seen.word):
        return 0.0, None
    local = local_payees(seen, kind)
    place = np.where(local, word, NONE)
    inside = local[seen.payee]
    if inside.sum() < LEAST_SHARE * len(runs.payee):
        return 0.0, None
    seen = Visited(*(one[inside] for one in (seen.entity, seen.payee, seen.word, seen.day)))
    words = int(word.max()) + 1
    counts = np.bincount(seen.entity * words + seen.word, minlength=ledger.count * words)
    counts = counts.reshape(ledger.count, words)
    home = np.where(counts.sum(axis=1) >= LEAST_ROWS, counts.argmax(axis=1), NONE)
    lived = np.bincount(home[home >= 0], minlength=words)
    if (lived >= LEAST_ENTITIES).sum() < 2:
        return 0.0, None
    known = home[seen.entity] >= 0
    at_home = float((home[seen.entity] == seen.word)[known].mean())
    share = np.bincount(seen.word, minlength=words) / len(seen.word)
    chance = float((share**2).sum())
    lift = (at_home - chance) / max(1.0 - chance, 1e-9)
    if lift < BEYOND:
        return 0.0, None
    return lift, _places(ledger, runs, seen, home, place, kind)


def _places(ledger: Ledger, runs: Runs, seen: Visited, home: Int1D, place: Int1D, kind: Int1D) -> Places:
    words, kinds = int(place.max()) + 1, int(kind.max(initial=0)) + 1
    weight = np.bincount(runs.payee, minlength=ledger.payees)
    several = (
        np.bincount(runs.link_payee, minlength=ledger.payees) >= 2
    )  # names of others' alone are made anew
    payees = np.flatnonzero((place >= 0) & several)
    cell = place[payees] * kinds + kind[payees]
    order = np.argsort(cell, kind="stable")
    payees, cell = payees[order], cell[order]
    edges = np.searchsorted(cell, np.arange(words * kinds + 1)).astype(np.int64)
    share = np.cumsum(weight[payees]).astype(np.float64)
    first, last, there = _visits(seen, home)
    owner = seen.entity[first]
    homes = home[owner]
    by_home = np.argsort(homes, kind="stable")
    visit = np.stack([seen.day[first], seen.day[last] - seen.day[first], there], axis=1)[by_home]
    many = np.bincount(owner, minlength=ledger.count)
    people = np.argsort(home, kind="stable")
    people = people[home[people] >= 0]
    places = np.arange(words + 1)
    return Places(
        home, place, kind, payees, edges, share,
        many[people], np.searchsorted(home[people], places).astype(np.int64),
        visit.astype(np.int64), np.searchsorted(homes[by_home], places).astype(np.int64),
        np.array([ledger.days], np.int64),
    )  # fmt: skip


def _visits(seen: Visited, home: Int1D) -> tuple[Int1D, Int1D, Int1D]:
    """Return first and last run and place of each visit: consecutive local runs at one place but home."""
    away = (home[seen.entity] >= 0) & (seen.word != home[seen.entity])
    new = np.ones(len(away), dtype=np.bool_)
    new[1:] = (seen.entity[1:] != seen.entity[:-1]) | (seen.word[1:] != seen.word[:-1])
    first = np.flatnonzero(new)
    last = np.append(first[1:], len(away)) - 1
    is_visit = away[first]
    first, last = first[is_visit], last[is_visit]
    return first, last, seen.word[first]
