"""Words for which a column is always empty, or never: a date of default is there for one status alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from finsim.generators.tables.reduction.empty_cells import without_cells
from finsim.notation import Bool1D, Int1D
from finsim.records.mixed_table import WORD, MixedColumn, MixedTable

LEAST_ROWS, LEAST_SHARE, MOST_CHANCE = 30, 0.999, 1e-5
"""A word decides in 30 rows, 99.9 % of them, where chance would once in 100,000 (assumptions)."""
FEW_ROWS = 10
"""Where cells are there for such words alone, and for all of their rows, ten rows of another one, all empty,
tell that it has none (assumption): loans in arrears are few, and have no date of default."""


@dataclass(frozen=True)
class WordsOfEmpty:
    """``target`` is empty for words of the column ``source``, ``empty``, there for those of ``there``.

    ``exact`` are those of ``empty`` without an exception: in a sample, cells of these are emptied.
    """

    source: str
    target: str
    empty: tuple[str, ...]
    there: tuple[str, ...]
    exact: tuple[str, ...]

    def emptied(self, found: Mapping[str, MixedColumn]) -> dict[str, MixedColumn]:
        """Return the target without the cells that no row of the table has."""
        source = found[self.source]
        lacks = np.array([word in self.exact for word in source.words] + [False])[source.values]
        return {self.target: without_cells(found[self.target], lacks)} if lacks.any() else {}


def find_words_of_empty(table: MixedTable) -> Iterator[WordsOfEmpty]:
    """Yield every column that words of another one say to be empty or not, beyond chance."""
    lacking = {name: one.missing() for name, one in table.columns.items()}
    lacking = {name: lacks for name, lacks in lacking.items() if lacks.any() and not lacks.all()}
    for name, column in table.columns.items():
        if column.kind != WORD or not lacking.keys() - {name}:
            continue
        for target, lacks in lacking.items():
            if target == name:
                continue
            found = decided(column.values, len(column.words), lacks)
            if found.empty.any() or found.there.any():
                said = (found.empty, found.there, found.empty & found.exact)
                yield WordsOfEmpty(name, target, *(_words(column, one) for one in said))


class Decided(NamedTuple):
    """Bool1D[K] of words: ``empty`` and ``there`` in all their rows, ``exact`` without an exception."""

    empty: Bool1D
    there: Bool1D
    exact: Bool1D


def decided(codes: Int1D, count: int, lacks: Bool1D) -> Decided:
    """Return which of ``count`` words decide, beyond chance, whether cells are missing; below 0: none."""
    known = codes >= 0
    rows = np.bincount(codes[known], minlength=count)
    gone = np.bincount(codes[known & lacks], minlength=count)
    many = rows >= LEAST_ROWS
    overall = float(lacks.mean())
    # A column empty in 93 % of the rows is so in all 30 of a word by chance.
    empty = many & (gone >= LEAST_SHARE * rows) & (overall**rows < MOST_CHANCE)
    there = many & (rows - gone >= LEAST_SHARE * rows) & ((1.0 - overall) ** rows < MOST_CHANCE)
    if there.any() and (gone == rows)[~there].all() and (gone == 0)[there].all():
        empty |= ~there & (rows >= FEW_ROWS)
    return Decided(empty, there, (gone == 0) | (gone == rows))


def _words(column: MixedColumn, which: Bool1D) -> tuple[str, ...]:
    return tuple(column.words[place] for place in np.flatnonzero(which))
