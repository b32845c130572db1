"""Digits of texts that are none of other cells: of an entity, of a counterparty, of both, or of the row."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from finsim.notation import Array, Int1D
from finsim.tables.texts.parts import ENTITY, PAIR, PAYEE, ROW, RUN
from finsim.tables.texts.row_cells import RowCells

DIGITS = re.compile(r"(?<!\d)\d{3,18}(?!\d)")
LEAST_ROWS, LEAST_GROUPS = 20, 10
"""Rows, and groups of several rows, that must show whose digits are (assumptions)."""
TOLD, NEW = 0.95, 0.5
"""Share of rows of several whose digits are their group's, and share of digits that must be met once or
hardly more for numbers of the row (assumptions)."""
LEAST_PAIRS = 1.5
"""Pairs of entity and counterparty for each of one of them from which on digits may be its own."""
LEAST_AGAIN = 3
"""Rows of a form that must hold digits known from others (assumption)."""
LEVELS = (ENTITY, PAYEE, PAIR)
MOST_WORDS = 3
"""Different numbers of a place up to which they are words: 24 hours, form 101."""


def digit_levels(texts: Sequence[str], cells: RowCells) -> dict[tuple[str, int], str]:
    """Return whose the digits at places of texts are: (form of the text, place) -> what ``parts`` calls it.

    Numbers that few rows have, or that nothing tells and many share, are words and stay.
    """
    forms: dict[str, list[int]] = {}
    numbers = [DIGITS.findall(text) for text in texts]
    for row, text in enumerate(texts):
        if numbers[row]:
            forms.setdefault(form_of(text), []).append(row)
    whose = _Whose.of(cells)
    found: dict[tuple[str, int], str] = {}
    for form, rows in forms.items():
        for place in range(len(numbers[rows[0]])) if len(rows) >= LEAST_ROWS else ():
            level = _level([numbers[row][place] for row in rows], np.array(rows), whose)
            if level:
                found[form, place] = level
    found = _as_elsewhere(found, forms, numbers, whose)
    return _counting(found, forms, numbers, whose.owner)


def _counting(
    found: dict[tuple[str, int], str], forms: dict[str, list[int]], numbers: list[list[str]], owner: Int1D
) -> dict[tuple[str, int], str]:
    """Return the levels, numbers of rows that count on as such; those of one width are one count."""
    rows: dict[int, list[int]] = {}
    places: dict[int, list[tuple[str, int]]] = {}
    values: dict[int, list[int]] = {}
    for (form, place), level in found.items():
        if level == ROW:
            width = len(numbers[forms[form][0]][place])
            places.setdefault(width, []).append((form, place))
            rows.setdefault(width, []).extend(forms[form])
            values.setdefault(width, []).extend(int(numbers[row][place]) for row in forms[form])
    for width, mine in rows.items():
        order = np.argsort(mine, kind="stable")
        if _runs(owner[np.array(mine)[order]], np.array(values[width], np.int64)[order]):
            found.update(dict.fromkeys(places[width], RUN))
    return found


def _as_elsewhere(
    found: dict[tuple[str, int], str], forms: dict[str, list[int]], numbers: list[list[str]], whose: _Whose
) -> dict[tuple[str, int], str]:
    """Return the levels, those of rarer texts too that hold the digits of texts whose level is known.

    The mandate of a returned debit is that of the debit.
    """
    known: dict[tuple[str, int, int], str] = {}
    for (form, place), level in found.items():
        if level in LEVELS:
            for row in forms[form]:
                text = numbers[row][place]
                known[level, len(text), int(whose.group(level)[row])] = text
    done = dict(found)
    for form, rows in forms.items():
        for place in range(len(numbers[rows[0]])):
            if found.get((form, place)) in LEVELS or len(rows) < LEAST_AGAIN:
                continue
            for level in LEVELS:
                group = whose.group(level)
                own = [(numbers[row][place], int(group[row])) for row in rows]
                same = sum(known.get((level, len(text), code)) == text for text, code in own)
                if same >= TOLD * len(rows):
                    done[form, place] = level
                    break
    return done


@dataclass(frozen=True)
class _Whose:
    """Codes int64[n] of the entity, the counterparty and both of each row."""

    owner: Int1D
    payee: Int1D
    pair: Int1D

    @classmethod
    def of(cls, cells: RowCells) -> _Whose:
        owner, payee = cells.owner(), cells.payee()
        pair = np.unique(np.stack([owner, payee]), axis=1, return_inverse=True)[1]
        return cls(owner, payee, np.asarray(pair, np.int64).reshape(-1))

    def group(self, level: str) -> Int1D:
        """Return the codes of a level."""
        return {ENTITY: self.owner, PAYEE: self.payee, PAIR: self.pair}[level]


def form_of(text: str) -> str:
    """Return a text with a sign for each digit of its longer numbers."""
    return DIGITS.sub(lambda hit: "#" * len(hit.group()), text)


def _level(texts: Sequence[str], rows: Int1D, whose: _Whose) -> str:
    """Return whose the numbers of rows are, "" for words."""
    values = np.asarray(np.unique(texts, return_inverse=True)[1], np.int64)
    many = len(np.unique(values))
    if many <= MOST_WORDS:
        return ""
    pairs = len(np.unique(whose.pair[rows]))
    for level in LEVELS:
        group = whose.group(level)[rows]
        # What one alone has of each is of both: a mandate, where an entity has one payee of this form.
        if _tells(group, values) and (level == PAIR or pairs >= LEAST_PAIRS * len(np.unique(group))):
            return level
    if many < NEW * len(values):
        return ""
    return ROW


def _tells(group: Int1D, values: Int1D) -> bool:
    """Tell whether rows of a group share their number, and other groups have others."""
    size = int(values.max()) + 1
    key, counts = np.unique(group * size + values, return_counts=True)
    of = key // size
    first = np.concatenate([[True], of[1:] != of[:-1]])
    start = np.flatnonzero(first)
    total, most = np.add.reduceat(counts, start), np.maximum.reduceat(counts, start)
    several = total > 1
    if several.sum() < LEAST_GROUPS:
        return False
    agree = most[several].sum() / total[several].sum()
    usual = _usual(counts, key % size, start)
    return bool(agree >= TOLD and len(np.unique(usual[several])) >= 0.5 * several.sum())


def _usual(counts: Array, values: Int1D, start: Int1D) -> Int1D:
    ends = [*start[1:].tolist(), len(counts)]
    spans = zip(start.tolist(), ends, strict=True)
    return np.array([values[a + int(counts[a:b].argmax())] for a, b in spans])


def _runs(owner: Int1D, numbers: Int1D) -> bool:
    """Tell whether numbers of an entity rise from row to row, mostly by one."""
    order = np.argsort(owner, kind="stable")
    step = np.diff(numbers[order])[np.diff(owner[order]) == 0]
    return bool(len(step) >= LEAST_ROWS and (step > 0).mean() >= TOLD and np.median(step) == 1)
