"""Levels of columns under differential privacy: words that are named, numbers from noised counts.

What is told of a column without noise is its name, kind and grid.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from finsim.generators.privacy.noised_counts import Owners
from finsim.generators.privacy.private_numbers import NUMBER_RELEASES, NumberLaw
from finsim.generators.privacy.private_words import WordLaw, word_releases
from finsim.generators.tables.column_facts import ColumnFacts
from finsim.generators.tables.column_levels import ColumnLevels, level_edges
from finsim.notation import NANOS_PER_DAY, Float1D
from finsim.randomness import Streams
from finsim.records.mixed_table import NUMBER, TIME, WORD, MixedColumn, MixedTable

COUNTED = (
    "words, common values, ranges, laws and roundings of columns, how often cells lack, from noised counts",
    "every update of the network",
    "early stop, held-out rows and loss curves: there are none",
)
NOT_COUNTED = ("names, kinds and grids of the columns (whole numbers, cents, days), which ids are made anew",)


@dataclass(frozen=True)
class PrivateColumn:
    """The levels of a column, its cells in their words, and the share of every level."""

    levels: ColumnLevels
    cells: MixedColumn
    shares: Float1D


def releases(table: MixedTable, owners: Owners) -> tuple[int, int]:
    """Return how many noised counts the columns take, and how many of them name words or values."""
    words = sum(column.kind == WORD for column in table.columns.values())
    numbers = len(table.columns) - words
    return word_releases(owners) * words + NUMBER_RELEASES * numbers, len(table.columns)


def private_column(
    column: MixedColumn, bins: int, owners: Owners, noise: tuple[float, float], streams: Streams
) -> PrivateColumn:
    """Return a column from noised counts; ``noise`` : multiplier, and delta for naming."""
    if column.kind == WORD:
        return _words(column, owners, noise, streams)
    values, step = _plain(column)
    law = NumberLaw.fit(values, step, owners, noise, streams, is_days=column.kind == TIME)
    low, high = law.low, law.high
    if column.kind == TIME:
        unit = int(column.step or 1)
        low, high = (round(end * NANOS_PER_DAY) // unit * unit for end in (low, max(high, low)))
        # Times of a table are counted in steps from the first that can be drawn.
        shift, size = low / NANOS_PER_DAY, NANOS_PER_DAY / (column.step or 1e9)
        law = law.moved(shift, size, 1.0 if column.step else 0.0)
    margin = law.margin()
    facts = ColumnFacts(column.kind, (), column.step, low, high, bool(law.lacks > 0.0), is_empty=False)
    edges = level_edges(margin, bins)
    origin = int(low) if column.kind == TIME else 0
    levels = ColumnLevels(facts, len(edges), margin, origin, edges)
    shares = np.append(law.lacks, (1.0 - law.lacks) * np.diff(edges))
    return PrivateColumn(levels, _inside(column, low, high), shares)


def _words(
    column: MixedColumn, owners: Owners, noise: tuple[float, float], streams: Streams
) -> PrivateColumn:
    law = WordLaw.fit(column.values, owners, noise, streams)
    words = law.words(column.words)
    cells = MixedColumn(WORD, law.places(column.values, len(column.words)), words, column.step)
    lacks = bool(law.shares[0] > 0.0)
    facts = ColumnFacts(WORD, words, column.step, 0, len(words) - 1, lacks, is_empty=False)
    place = np.arange(len(words), dtype=np.int64)
    levels = ColumnLevels(facts, 1 + len(words), level_of=1 + place, word_of=place)
    return PrivateColumn(levels, cells, law.shares[: 1 + len(words)])


def _plain(column: MixedColumn) -> tuple[Float1D, float]:
    """Return cells as numbers, NaN where missing; times as days since 1970."""
    if column.kind == NUMBER:
        return column.values, column.step
    days = column.values / NANOS_PER_DAY
    days[column.missing()] = np.nan
    return days, column.step / NANOS_PER_DAY


def _inside(column: MixedColumn, low: float, high: float) -> MixedColumn:
    """Return a column whose cells are moved into the range of its law."""
    if column.kind == NUMBER:
        return column.with_values(np.clip(column.values, low, high))
    found = np.clip(column.values, int(low), int(high))
    return column.with_values(np.where(column.missing(), column.values, found))
