"""Words that are mostly the entity's own: the town where it shops, the number of its card.

Most rows of an entity have one word there, whatever the payee, among rows of one kind: those with a cell,
or with words of one form (``CARD 1234`` beside ``RENT``). Learned as they are, such words would go with
pairs and mix in a new entity, which has pairs of many. So they are marked before anything is learned, and
the rows of a new entity that come out marked get a word of its own (``words_of_new.py``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from finsim.generators.events.habits.cells.columns import DETERMINED, LEAST_FILLED, PAIRED
from finsim.generators.events.habits.cells.usual_cells import share_usual, usual_codes
from finsim.notation import Array, Float1D, Int1D
from finsim.randomness import Streams
from finsim.records.event_log import EventLog
from finsim.records.mixed_table import WORD, MixedColumn

NUMBER_OF = re.compile(r"\d+")
MARK = "\x00own "
LEAST_ENTITIES, LEAST_ROWS, LEAST_PAYEES, MOST_KINDS = 10, 3.0, 1.5, 16
"""Entities with rows of a kind, rows and payees of each on average, kinds of a column (assumptions)."""
BEYOND = 0.5
"""Part of the way to 1 that the entity tells beyond the commonest word and the payee (assumption)."""
LEAST_NAMES, NAMES_EACH, MOST_DIGITS = 4_096, 20, 18
"""Names made anew that are ready, at least, and for each learned entity (assumptions)."""
FIXED = ("time", "amount", "partner", "category", "channel", "direction", "currency")


@dataclass(frozen=True)
class OwnKind:
    """A kind of rows of a column: those with words of a form, of any with an empty one; and their own words.

    ``words`` are those that several entities have as their own, none where each has one for itself; then
    ``made`` says that new ones are ``head``, one of ``numbers`` int64 in ``width`` digits, and ``tail``;
    those of the learned ones are none of them. ``share`` float64[W] of entities. Sparse counts of pairs of a
    payee p and a word w, by p W + w in order: ``key`` int64[K], ``owners`` entities with the own word that
    have the payee, ``rows`` of the payee.
    """

    column: str
    form: str
    words: tuple[str, ...]
    made: bool
    head: str
    tail: str
    width: int
    numbers: Int1D
    share: Float1D
    key: Int1D
    owners: Int1D
    rows: Int1D

    @property
    def mark(self) -> str:
        """The word that stands for the own one."""
        return f"{MARK}{self.form}"

    def arrays(self, prefix: str) -> dict[str, Array]:
        """Return the arrays by name."""
        return {f"{prefix}.{name}": getattr(self, name) for name in ARRAYS}

    def facts(self) -> dict[str, Any]:
        """Return what is not an array."""
        return {
            "column": self.column, "form": self.form, "words": list(self.words), "made": self.made,
            "head": self.head, "tail": self.tail, "width": self.width,
        }  # fmt: skip

    @classmethod
    def restored(cls, facts: Mapping[str, Any], prefix: str, arrays: Mapping[str, Array]) -> OwnKind:
        """Return the kind that ``arrays`` and ``facts`` wrote."""
        parts: dict[str, Any] = {name: arrays[f"{prefix}.{name}"] for name in ARRAYS}
        return cls(**{**facts, **parts, "words": tuple(facts["words"])})


ARRAYS = ("numbers", "share", "key", "owners", "rows")


def learn_own(log: EventLog, streams: Streams) -> list[OwnKind]:
    """Return the kinds of rows of a log in which words are the entity's own."""
    fixed = {name for part, name in log.roles.named().items() if part in FIXED}
    found = []
    for name, column in log.events.columns.items():
        if column.kind == WORD and column.words and name not in fixed:
            for form, rows in _kinds(log, column):
                found.append(_kind(log, name, form, rows, streams.at(name, form)))
    return found


def marked(log: EventLog, kinds: Sequence[OwnKind]) -> EventLog:
    """Return the log in which the word that an entity has most often in rows of a kind is its mark."""
    events, entity = log.events, log.entity()
    for kind in kinds:
        column = events[kind.column]
        rows = np.flatnonzero(in_form(column, kind.form))
        word = column.values[rows].astype(np.int64)
        values = column.values.copy()
        if len(rows):
            usual = usual_codes(word, entity[rows], log.count)
            values[rows[word == usual[entity[rows]]]] = len(column.words)
        column = replace(column, words=(*column.words, kind.mark)).with_values(values)
        events = events.with_columns({kind.column: column})
    return replace(log, events=events)


def own_codes(log: EventLog, kinds: Sequence[OwnKind]) -> list[Int1D]:
    """Return the own word int64[E] of each entity, by kind whose words several have; the last for none."""
    found = []
    for kind in kinds:
        if not kind.made:
            rows, own = own_words(log, log.events[kind.column], kind.form)
            place = {word: k for k, word in enumerate(kind.words)}
            code = np.full(log.count, len(kind.words), np.int64)
            words = log.events[kind.column].words
            for e in np.unique(log.entity()[rows]).tolist():
                code[e] = place.get(words[own[e]], len(kind.words))
            found.append(code)
    return found


def form_of(word: str) -> str:
    """Return a word with ``#`` for each number, nothing for a word without one."""
    return NUMBER_OF.sub("#", word) if NUMBER_OF.search(word) else ""


def in_form(column: MixedColumn, form: str) -> Array:
    """Return bool[n], the cells with words of a form; with any but marks for an empty one."""
    fits = [not one.startswith(MARK) and (not form or form_of(one) == form) for one in column.words]
    there = np.array([*fits, False], dtype=np.bool_)
    return np.asarray(there[column.values])


def own_words(log: EventLog, column: MixedColumn, form: str) -> tuple[Int1D, Int1D]:
    """Return the rows of a kind, and the usual word of each entity among them."""
    rows = np.flatnonzero(in_form(column, form))
    return rows, usual_codes(column.values[rows].astype(np.int64), log.entity()[rows], log.count)


def _kinds(log: EventLog, column: MixedColumn) -> list[tuple[str, Int1D]]:
    """Return the forms, and their rows, whose words entities tell; all words, or those of some forms."""
    filled = np.flatnonzero(column.values >= 0)
    if not len(filled):
        return []
    entity = log.entity()
    if _is_own(log, column, filled, LEAST_PAYEES):
        alone = share_usual(column.values[filled].astype(np.int64), entity[filled])
        is_entity = alone >= DETERMINED and len(filled) >= LEAST_FILLED * len(entity)
        return [] if is_entity else [("", filled)]
    forms = np.array([form_of(word) for word in column.words])
    names, code = np.unique(forms, return_inverse=True)
    many = np.bincount(code[column.values[filled]], minlength=len(names))
    found = []
    for k in np.argsort(-many, kind="stable")[:MOST_KINDS].tolist():
        rows = filled[code[column.values[filled]] == k]
        if names[k] and len(rows) < len(filled) and _is_own(log, column, rows, 1.0):
            found.append((str(names[k]), rows))
    return found


def _is_own(log: EventLog, column: MixedColumn, rows: Int1D, payees: float) -> bool:
    """Tell whether entities tell the words of rows, far better than the commonest word and the payees do.

    Of all words of a column those that go with one payee each are the pair's: there must be several. Of one
    form they may: the number of a mandate is made anew for each entity.
    """
    entity, partner = log.entity()[rows], log.part("partner")
    owners = len(np.unique(entity))
    if owners < LEAST_ENTITIES or len(rows) < LEAST_ROWS * owners or partner is None:
        return False
    payee = partner[rows].astype(np.int64) + 1
    pairs = len(np.unique(entity * (int(payee.max()) + 1) + payee))
    word = column.values[rows].astype(np.int64)
    if pairs < payees * owners or len(np.unique(word)) < 3:
        return False
    alone = max(float(np.bincount(word).max()) / len(word), share_usual(word, payee))
    told = share_usual(word, entity)
    return told >= PAIRED and told >= alone + BEYOND * (1.0 - alone)


def _kind(log: EventLog, name: str, form: str, rows: Int1D, rng: np.random.Generator) -> OwnKind:
    column, entity = log.events[name], log.entity()
    own = own_words(log, column, form)[1]
    have = np.unique(entity[rows])
    owners = np.bincount(own[have], minlength=len(column.words))
    common = np.flatnonzero(owners >= 2)
    none = np.zeros(0, np.int64)
    if 2 * owners[common].sum() < len(have):
        words = [column.words[k] for k in np.flatnonzero(owners)]
        head, tail, width, numbers = _made_like(words, column.words, rng)
        return OwnKind(name, form, (), True, head, tail, width, numbers, np.zeros(0), none, none, none)
    place = np.full(len(column.words), -1)
    place[common] = np.arange(len(common))
    share = owners[common] / owners[common].sum()
    key, many, seen = _by_payee(log, column.values, rows, place, own)
    words = [column.words[k] for k in common]
    return OwnKind(name, form, tuple(words), False, "", "", 0, none, share, key, many, seen)


def _made_like(
    words: list[str], known: tuple[str, ...], rng: np.random.Generator
) -> tuple[str, str, int, Int1D]:
    """Return beginning, end, width and numbers of new words; no numbers where words have no one form.

    Half of the free numbers at most: all of them would tell which ones are not free.
    """
    forms = {form_of(word) for word in words}
    form = forms.pop() if len(forms) == 1 else ""
    if form.count("#") != 1:
        return "", "", 0, np.zeros(0, np.int64)
    head, tail = form.split("#")
    texts = [word[len(head) : len(word) - len(tail)] for word in known if form_of(word) == form]
    texts = [one for one in texts if len(one) <= MOST_DIGITS]
    if not texts:
        return "", "", 0, np.zeros(0, np.int64)
    taken = np.array([int(one) for one in texts], np.int64)
    low, high = int(taken.min()), int(taken.max())
    wanted = max(LEAST_NAMES, NAMES_EACH * len(words))
    tried = np.unique(rng.integers(low, high + 1, 2 * wanted))
    free = rng.permutation(tried[~np.isin(tried, taken)])
    is_padded = any(one.startswith("0") for one in texts)
    room = max((high - low + 1 - len(np.unique(taken))) // 2, 0)
    return head, tail, max(map(len, texts)) if is_padded else 0, free[: min(wanted, room)].astype(np.int64)


def _by_payee(
    log: EventLog, values: Array, rows: Int1D, place: Int1D, own: Int1D
) -> tuple[Int1D, Int1D, Int1D]:
    """Return pairs of payee and word, the entities with this own word that have it, and rows of both."""
    entity, partner = log.entity(), log.part("partner")
    assert partner is not None
    payee = partner.astype(np.int64) - (log.count if log.partner_is_entity else 0)
    word = place[values[rows]]
    size = int(place.max()) + 1
    there = payee[rows] >= 0
    both = there & (word >= 0)
    seen, rows_of = np.unique(payee[rows][both] * size + word[both], return_counts=True)
    of_own = place[own[entity[rows]]]
    both = there & (of_own >= 0)
    pair = np.unique(np.stack([entity[rows][both], payee[rows][both] * size + of_own[both]]), axis=1)[1]
    met, owners_of = np.unique(pair, return_counts=True)
    key = np.union1d(seen, met).astype(np.int64)
    many, cells = np.zeros(len(key), np.int64), np.zeros(len(key), np.int64)
    many[np.searchsorted(key, met)], cells[np.searchsorted(key, seen)] = owners_of, rows_of
    return key, many, cells
