"""Digits of identifiers that the row says: year, month or day of a date, or the code in another column."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

import numpy as np

from finsim.notation import NANOS_PER_DAY, Array, Bool1D, Int1D
from finsim.records.mixed_table import NUMBER, TIME, WORD, MixedColumn, MixedTable

LEAST_ROWS, SOME_ROWS = 30, 2_000
LEAST_SAID, LEAST_ALIKE, LEAST_COUNTED = 0.99, 0.9, 0.2
"""A part is said in 99 % of the rows; nine tenths have as many numbers; the counter is the last number of a
fifth as many values as any (assumptions)."""
MOST_LEVELS, MOST_DIGITS = 64, 40
LOOKED, LEAST_SEEN = 64, 0.9
"""Nine tenths of the first 64 rows, and of those that do not say the commonest (assumptions)."""
COUNTER, FIRST_HOLE = "\uf8ff", 0xE000
"""Holes of a form: characters of private use, which no identifier has."""
_DIGITS = re.compile("([0-9]+)")
_PARTS = {"year": (0, 4), "month": (5, 7), "day": (8, 10), "year of two digits": (2, 4)}
_QUARTER, _CELL = "quarter", "cell"


@dataclass(frozen=True)
class Said:
    """``part`` of the date in ``column``, or the whole cell, as ``width`` digits."""

    column: str
    part: str
    width: int

    def texts(self, column: MixedColumn) -> list[str]:
        """Return the digits of each row; of a row without such digits, those of the row before it."""
        found, good = _texts(column, self.part, self.width)
        if not good.any():
            return ["0" * self.width] * len(column)
        nearest = np.maximum.accumulate(np.where(good, np.arange(len(good)), -1))
        return [str(one) for one in found[np.where(nearest < 0, int(good.argmax()), nearest)]]


class Parted(NamedTuple):
    """What surrounds the counter of an identifier, with holes, and the digits of the counter."""

    form: str
    digits: str


@dataclass(frozen=True)
class Places:
    """Where in identifiers of ``count`` pieces what is said stands (piece, from, to), and the counter.

    Pieces are texts and numbers in turn; the counter ends at 0 where it goes to the end of its number.
    """

    count: int
    holes: tuple[tuple[int, int, int], ...]
    said: tuple[Said, ...]
    counter: tuple[int, int, int]

    def parted(self, text: str) -> Parted | None:
        """Return form and counter; None for an identifier without these places."""
        pieces = _DIGITS.split(text)
        piece, begin, end = self.counter
        if len(pieces) != self.count or any(len(pieces[one[0]]) < one[2] for one in self.holes):
            return None
        digits = pieces[piece][begin : end or None]
        if not digits:
            return None
        marks = [(*self.counter[:2], begin + len(digits), COUNTER)] if piece == self.counter[0] else []
        marks += [(*hole, chr(FIRST_HOLE + at)) for at, hole in enumerate(self.holes)]
        for where, low, high, mark in sorted(marks, reverse=True):
            pieces[where] = f"{pieces[where][:low]}{mark}{pieces[where][high:]}"
        return Parted("".join(pieces), digits)


def find_places(texts: Sequence[str], table: MixedTable, rows: Int1D) -> Places | None:
    """Return the places of identifiers of some rows of a table; None where these are not alike."""
    some = np.unique(np.linspace(0, len(texts) - 1, min(SOME_ROWS, len(texts))).astype(np.int64))
    parted = [_DIGITS.split(texts[at]) for at in some.tolist()]
    count, often = Counter(map(len, parted)).most_common(1)[0]
    is_alike = np.array([len(one) == count for one in parted])
    if count < 3 or often < LEAST_ALIKE * len(parted) or often < LEAST_ROWS:
        return None
    mine = [one for one in parted if len(one) == count]
    longest = max(len(piece) for one in mine for piece in one[1::2])
    if longest > MOST_DIGITS or any(re.search("[\ue000-\uf8ff]", "".join(one)) for one in mine):
        return None
    there = table.take(rows[some[is_alike]])
    found = list(_said(mine, there))
    holes = tuple(hole for hole, _ in found)
    counter = _counter(mine, holes)
    return None if counter is None else Places(count, holes, tuple(one for _, one in found), counter)


def levels(column: MixedColumn) -> tuple[Array, list[str]] | None:
    """Return the place of each cell among the texts of a column of words, or of few whole numbers."""
    if column.kind == WORD:
        return column.values, list(column.words)
    if column.kind != NUMBER:
        return None
    there = ~np.isnan(column.values)
    known = np.unique(column.values[there])
    if not len(known) or len(known) > MOST_LEVELS or (known != np.round(known)).any():
        return None
    places = np.where(there, np.searchsorted(known, np.where(there, column.values, known[0])), -1)
    return places, [f"{one:.0f}" for one in known]


def _texts(column: MixedColumn, part: str, width: int) -> tuple[Array, Bool1D]:
    """Return the digits of each row, and which rows have so many."""
    if part == _CELL:
        found = levels(column)
        if found is None:
            return np.full(len(column), ""), np.zeros(len(column), np.bool_)
        texts = np.array([*found[1], ""])[found[0]]
        fits = np.array([re.fullmatch(f"[0-9]{{{width}}}", one) is not None for one in (*found[1], "")])
        return texts, np.asarray(fits[found[0]])
    lacks = column.missing()
    days = np.where(lacks, 0, column.values) // NANOS_PER_DAY
    words = np.datetime_as_string(days.astype("datetime64[D]"))
    if part == _QUARTER:
        return np.array([str((int(one[5:7]) + 2) // 3) for one in words]), np.asarray(~lacks)
    low, high = _PARTS[part]
    return np.array([one[low:high] for one in words]), np.asarray(~lacks)


def _list(column: MixedColumn, part: str, width: int) -> list[str]:
    return [str(one) for one in _texts(column, part, width)[0]]


def _candidates(table: MixedTable) -> Iterator[tuple[Said, list[str]]]:
    """Yield what rows say in digits, what is least likely by chance first."""
    widths = {**{part: high - low for part, (low, high) in _PARTS.items()}, _QUARTER: 1}
    for part, width in widths.items():
        for name, column in table.columns.items():
            if column.kind == TIME:
                yield Said(name, part, width), _list(column, part, width)
    for name, column in table.columns.items():
        found = levels(column)
        sizes = {len(one) for one in found[1]} if found else set()
        if found and len(sizes) == 1 and all(map(_DIGITS.fullmatch, found[1])) and (size := sizes.pop()) > 1:
            yield Said(name, _CELL, size), _list(column, _CELL, size)


def _said(pieces: list[list[str]], table: MixedTable) -> Iterator[tuple[tuple[int, int, int], Said]]:
    """Yield where what is said stands; of several columns that say it the one that says most parts so far."""
    taken: list[tuple[int, int, int]] = []
    used: set[str] = set()
    same_part = groupby(_candidates(table), key=lambda one: one[0].part)
    for candidates in [list(group) for _, group in same_part]:
        for piece in range(1, len(pieces[0]), 2):
            numbers = [one[piece] for one in pieces]
            for begin in range(max(map(len, numbers))):
                free = [
                    (_share(numbers, begin, texts), said.column in used, said)
                    for said, texts in candidates
                    if not any(piece == at and begin < high and low < begin + said.width
                               for at, low, high in taken)
                ]  # fmt: skip
                share, _, said = max(free, key=lambda one: one[:2], default=(0.0, False, None))
                if said is not None and share >= LEAST_SAID:
                    taken.append((piece, begin, begin + said.width))
                    used.add(said.column)
                    yield taken[-1], said


def _share(numbers: list[str], begin: int, texts: list[str]) -> float:
    """Return in which share of rows digits are what is said; 0 where one constant would be as well."""
    width = len(texts[0])
    holds = [one[begin : begin + width] == text for one, text in zip(numbers[:LOOKED], texts, strict=False)]
    if sum(holds) < LEAST_SEEN * len(holds):
        return 0.0
    holds = [one[begin : begin + width] == text for one, text in zip(numbers, texts, strict=True)]
    usual = Counter(texts).most_common(1)[0][0]
    rare = [held for held, text in zip(holds, texts, strict=True) if text != usual]
    return sum(holds) / len(holds) if rare and sum(rare) >= LEAST_SEEN * len(rare) else 0.0


def _counter(pieces: list[list[str]], holes: tuple[tuple[int, int, int], ...]) -> tuple[int, int, int] | None:
    """Return where the counter stands: what is left of a number, the last that has many values."""
    found = []
    for piece in range(1, len(pieces[0]), 2):
        mine = sorted(hole[1:] for hole in holes if hole[0] == piece)
        for begin, end in zip([0, *(high for _, high in mine)], [*(low for low, _ in mine), 0], strict=True):
            many = len({one[piece][begin : end or None] for one in pieces}) if begin != end or not end else 0
            found.append((many, (piece, begin, end)))
    most = max(many for many, _ in found)
    return next((place for many, place in reversed(found) if many > 1 and many >= LEAST_COUNTED * most), None)
