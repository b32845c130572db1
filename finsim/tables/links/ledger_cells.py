"""``LedgerCells``: the numbers, words and days of rows, as links between numbers are looked for in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from finsim.notation import Bool1D, Float1D, Int1D

MOST_WORDS = 200
"""Words of a column that may say how numbers are linked; one with more names things (assumption)."""
LEAST_OF_WORD = 10
"""Rows of a word that is told apart (assumption)."""
_DECIMALS, _MULTIPLES = 4, 0.99


@dataclass(frozen=True)
class LedgerCells:
    """n rows: numbers float64[n] by name (NaN lacks), words by name as (codes int64[n], -1 lacks; words).

    ``day`` int64[n] days since 1970, None without a date.
    """

    numbers: Mapping[str, Float1D]
    words: Mapping[str, tuple[Int1D, Sequence[str]]]
    day: Int1D | None = None

    @property
    def rows(self) -> int:
        """The number of rows."""
        return len(next(iter(self.numbers.values()))) if self.numbers else 0

    def taken(self, rows: Int1D | Bool1D) -> LedgerCells:
        """Return some of the rows."""
        return LedgerCells(
            {name: one[rows] for name, one in self.numbers.items()},
            {name: (codes[rows], words) for name, (codes, words) in self.words.items()},
            None if self.day is None else self.day[rows],
        )


@dataclass(frozen=True)
class Context:
    """A column of words of a row: those told apart; any other is one more, a missing cell another."""

    name: str
    words: tuple[str, ...]

    @property
    def size(self) -> int:
        """The number of codes."""
        return len(self.words) + 2

    def codes(self, cells: LedgerCells) -> Int1D:
        """Return int64[n], the places of the words of rows."""
        if self.name not in cells.words:
            return np.full(cells.rows, self.size - 2)
        codes, words = cells.words[self.name]
        place = {word: k for k, word in enumerate(self.words)}
        known = np.array([*(place.get(str(word), self.size - 2) for word in words), self.size - 1])
        return np.asarray(known[np.where(codes < 0, len(words), codes)], dtype=np.int64)


def contexts_of(cells: LedgerCells) -> list[Context]:
    """Return the columns of few words."""
    found = []
    for name, (codes, words) in cells.words.items():
        count = np.bincount(codes[codes >= 0], minlength=len(words))
        kept = np.flatnonzero(count >= LEAST_OF_WORD)
        if 2 <= len(kept) <= MOST_WORDS and count[kept].sum() >= 0.5 * max(len(codes), 1):
            found.append(Context(name, tuple(str(words[int(k)]) for k in kept)))
    return found


def decimals_of(values: Float1D) -> int:
    """Return the decimals at which nearly all numbers are written, at most four."""
    there = values[~np.isnan(values)]
    for digits in range(_DECIMALS):
        if (np.abs(there - np.round(there, digits)) < 1e-6).mean() >= _MULTIPLES:
            return digits
    return _DECIMALS


def months(day: Int1D) -> Int1D:
    """Return months since 1970 of days since 1970."""
    return np.asarray(day.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64))
