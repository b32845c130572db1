"""The own words of new entities, in place of the marks of ``marked_words.py``.

A word that several have is drawn by the payees that the new entity has: cash machines of one town tell that
it lives there. A word that each has for itself, such as the number of a card, is made anew in the same form.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from finsim.generators.events.habits.known.marked_words import MARK, OwnKind, own_words
from finsim.kernels.xoshiro import fill_uniforms
from finsim.notation import Array, Float1D, Int1D
from finsim.randomness import Streams
from finsim.records.event_log import EventLog
from finsim.records.mixed_table import MixedColumn

WEIGHT = 1.0
"""Entities of a payee that count for those of the common shares (assumption)."""
STANDS_ENTITIES, STANDS_ROWS = 3, 10
"""Entities and rows of a payee from which on it shows what words it has (assumption)."""
STANDS = 0.9
"""Share of the rows of a payee in one town from which on it stands there (assumption)."""
MOST_NAMES = 200_000
"""Names made anew of a kind; further entities have those of earlier ones (assumption)."""
PLAIN = "new-"


def with_own_words(
    log: EventLog, kinds: Sequence[OwnKind], numbers: tuple[int, int, int], streams: Streams
) -> EventLog:
    """Return a sample with own words in place of marks.

    numbers : the number of the first entity in the run, how many the run has, and how many of them are
    partners: no log of a part of a run tells that itself.
    """
    events, entity = log.events, log.entity()
    for kind in kinds:
        column = events[kind.column]
        rows = np.flatnonzero(column.values == column.words.index(kind.mark))
        if kind.made:
            names = _names(kind, numbers[1], column.words)
            code = (entity[rows] + numbers[0]) % max(len(names), 1)
        else:
            names = list(kind.words)
            draws, at = np.empty((log.count, 1)), streams.under("own", kind.column, kind.form)
            if log.count:
                fill_uniforms(np.uint64(at.word("draws")), numbers[0], draws)
            code = _shared(kind, _payees(log, numbers[2])[rows], entity[rows], draws[:, 0])
        events = events.with_columns({kind.column: _put(column, rows, code, names)})
    for name in {kind.column for kind in kinds}:
        events = events.with_columns({name: _without_marks(events[name])})
    return replace(log, events=events)


def _payees(log: EventLog, insiders: int) -> Int1D:
    partner = log.part("partner")
    assert partner is not None
    return partner.astype(np.int64) - insiders


def _shared(kind: OwnKind, payee: Int1D, entity: Int1D, draws: Float1D) -> Int1D:
    """Return places int64[n] in the words of the kind; payee, entity int64[n] of the marked rows."""
    size = len(kind.share)
    count = len(draws)
    payees, inverse = np.unique(payee, return_inverse=True)
    owners, rows = (_table(kind, payees, one, size) for one in (kind.owners, kind.rows))
    many = owners.sum(axis=1, keepdims=True)
    ratio = (owners + WEIGHT * kind.share) / ((many + WEIGHT) * kind.share)
    pair, times = np.unique(entity * len(payees) + inverse, return_counts=True)
    score = np.tile(np.log(kind.share), (count, 1))
    np.add.at(score, pair // len(payees), np.log2(1.0 + times)[:, None] * np.log(ratio)[pair % len(payees)])
    chance = np.exp(score - score.max(axis=1, keepdims=True))
    reach = np.cumsum(chance, axis=1)
    own = np.minimum((draws[:, None] * reach[:, -1:] >= reach).sum(axis=1), size - 1)
    word = own[entity]
    # What stands in one town is never in another.
    stands = (many[:, 0] >= STANDS_ENTITIES) & (rows.sum(axis=1) >= STANDS_ROWS)
    stands &= rows.max(axis=1, initial=0.0) >= STANDS * rows.sum(axis=1)
    away = stands[inverse] & (rows[inverse, word] == 0)
    return np.asarray(np.where(away, rows.argmax(axis=1)[inverse], word))


def _table(kind: OwnKind, payees: Int1D, counts: Int1D, size: int) -> Array:
    """Return the counts float64[P, W] of payees, 0 of those never learned and of the missing one."""
    found = np.zeros((len(payees), size))
    place = np.searchsorted(payees, kind.key // size)
    there = place < len(payees)
    there[there] = payees[place[there]] == (kind.key // size)[there]
    found[place[there], kind.key[there] % size] = counts[there]
    return found


def _names(kind: OwnKind, count: int, known: tuple[str, ...]) -> list[str]:
    """Return so many names in the form of the kind, none of them known, again where they are too few."""
    if len(kind.numbers):
        numbers = kind.numbers[:count].tolist()
        return [f"{kind.head}{number:0{kind.width}d}{kind.tail}" for number in numbers]
    taken, number = set(known), 0
    found: list[str] = []
    # Of words without a form of numbers nothing can be told but that they are new.
    while len(found) < min(count, MOST_NAMES):
        name, number = f"{PLAIN}{number}", number + 1
        if name not in taken:
            found.append(name)
    return found


def _put(column: MixedColumn, rows: Int1D, code: Int1D, names: list[str]) -> MixedColumn:
    """Return the column with words ``names[code]`` in rows; words that it has stay where they are."""
    place = {word: k for k, word in enumerate(column.words)}
    new = [name for name in dict.fromkeys(names) if name not in place]
    place.update({name: len(column.words) + k for k, name in enumerate(new)})
    values = column.values.copy()
    if len(rows):
        values[rows] = np.array([place[name] for name in names], np.int32)[code]
    return replace(column, words=(*column.words, *new)).with_values(values)


def _without_marks(column: MixedColumn) -> MixedColumn:
    kept = np.array([not word.startswith(MARK) for word in column.words], dtype=np.bool_)
    place = np.append(np.where(kept, np.cumsum(kept) - 1, -1), -1)
    words = tuple(word for word in column.words if not word.startswith(MARK))
    return MixedColumn(column.kind, place[column.values].astype(np.int32), words, column.step)


def own_losses(log: EventLog, kinds: Sequence[OwnKind]) -> Float1D:
    """Return nats float64[E] that tell the own words of each entity, once each; the log is not marked."""
    found = np.zeros(log.count)
    for kind in kinds:
        column = log.events[kind.column]
        rows, own = own_words(log, column, kind.form)
        have = np.unique(log.entity()[rows])
        if kind.made:
            found[have] += np.log(max(len(kind.numbers), len(column.words), 2))
            continue
        nats = dict(zip(kind.words, -np.log(kind.share), strict=True))
        rest = float(np.log(max(len(column.words), 2))) - float(np.log(kind.share.min(initial=1.0)))
        found[have] += [nats.get(column.words[own[e]], rest) for e in have.tolist()]
    return found
