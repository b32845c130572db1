"""Columns that are a function of one other column: a code and its name, a year and its date."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import exp, lgamma

import numpy as np

from finsim.generators.tables.reduction.column_cells import (
    Plain,
    as_numbers,
    coded,
    column_of,
    plain_cell,
)
from finsim.generators.tables.reduction.identities import LEAST_ROWS, LEAST_SHARE, LEAST_SHARE_ODD
from finsim.generators.tables.reduction.rare_words import pooled_word
from finsim.notation import Array, Bool1D, Float1D, Int1D
from finsim.records.mixed_table import NUMBER, TIME, WORD, MixedColumn, MixedTable

SCREENED = 4_000
MOST_STEPS = 64
LEAST_REPEATS = 0.5
LEAST_NEAR = 0.9
"""Share of all rows that the nearest key tells, those of rare numbers too: fixed rates that hardly repeat are
none of the trackers' (assumption)."""
CHANCE = 1e-9  # assumption: of a step function among all pairs of columns of a table


@dataclass(frozen=True)
class Follower:
    """``target`` follows ``source``: ``cells[i]`` where the source is ``keys[i]``.

    Words: by the word, else one of ``rare_cells``, drawn with ``rare_weights`` (what rare words lead to,
    cells too rare pooled), or ``usual`` where there are none. Numbers and times: the nearest key; with
    ``is_steps`` the last key at or below it (the first cell stands below the first key, so there is one more
    cell than keys).
    ``lacking`` is the cell where the source is missing.
    """

    target: str
    source: str
    keys: tuple[float | str, ...]
    cells: tuple[Plain, ...]
    usual: Plain
    lacking: Plain
    is_steps: bool = False
    rare_cells: tuple[Plain, ...] = ()
    rare_weights: tuple[int, ...] = ()

    def listed(self) -> list[Plain]:
        """Return all cells that can come out, in the order of ``places``."""
        return [*self.cells, self.usual, self.lacking, *self.rare_cells]

    def drawn(self, source: MixedColumn, uniform: Float1D) -> Array:
        """Return ``places``, those of rare words by uniform numbers, one a cell."""
        found = self.places(source)
        if not self.rare_cells:
            return found
        running = np.cumsum(self.rare_weights)
        rare = np.searchsorted(running, uniform * running[-1], side="right") + len(self.cells) + 2
        return np.asarray(np.where(found == len(self.cells), rare, found))

    def places(self, source: MixedColumn) -> Array:
        """Return for every cell of the source the place of its follower in ``listed``, without a draw."""
        usual, lacking = len(self.cells), len(self.cells) + 1
        if source.kind == WORD:
            known = {key: index for index, key in enumerate(self.keys)}
            turned = np.array([known.get(word, usual) for word in source.words] + [lacking], np.int64)
            return np.asarray(turned[source.values])
        values = source.values.astype(np.float64)
        keys = np.array(self.keys, dtype=np.float64)
        if not len(keys):
            found = np.full(len(values), usual)
        elif self.is_steps:
            found = np.searchsorted(keys, values, side="right")
        else:
            found = np.searchsorted((keys[1:] + keys[:-1]) / 2, values)
        return np.asarray(np.where(source.missing(), lacking, found))


def find_followers(table: MixedTable, least: int) -> Iterator[Follower]:
    """Yield columns that follow another one, sources with few values first; see ``Follower``.

    A source value that stands for fewer than ``least`` rows has no cell of its own.
    """
    if table.rows < LEAST_ROWS:
        return
    codes = {name: coded(column)[0] for name, column in table.columns.items()}
    sizes = {name: int(one.max()) + 1 for name, one in codes.items()}
    some = {name: one[:: max(1, table.rows // SCREENED)] for name, one in codes.items()}
    names = sorted(table.columns, key=lambda name: sizes[name])
    for target in table.columns:
        for source in names:
            if source == target or sizes[source] < sizes[target] or sizes[target] < 2:
                continue
            if _follows(some[source], some[target], True) and _follows(codes[source], codes[target], False):
                found = _follower(table, source, target, (codes[source], codes[target]), least)
                if _holds(found, table, codes[target]):
                    yield found
    for target in names:
        if 2 <= sizes[target] <= MOST_STEPS:
            yield from _steps(table, target, codes[target], sizes)


def _follows(source: Int1D, target: Int1D, is_screen: bool) -> bool:
    """Tell whether equal sources have equal targets: judged on rows whose source stands more than once."""
    width = int(target.max()) + 1
    pairs, counts = np.unique(source * width + target, return_counts=True)
    of = pairs // width
    total = np.bincount(of, weights=counts)
    most = np.zeros(len(total))
    np.maximum.at(most, of, counts)
    repeated = total >= 2
    rows = total[repeated].sum()
    lost = rows - most[repeated & (most >= 2)].sum()
    if rows < LEAST_REPEATS * len(source) or lost > (1 - LEAST_SHARE) * rows + (2 if is_screen else 0):
        return False
    mode = int(np.bincount(target).argmax())
    odd = counts[(pairs % width != mode) & repeated[of]].sum()
    return bool(is_screen or (odd >= LEAST_ROWS and lost <= (1 - LEAST_SHARE_ODD) * odd))


def _holds(follower: Follower, table: MixedTable, target: Int1D) -> bool:
    """Tell whether a rule brings the column back; cells too rare for one of their own do not count."""
    source = table[follower.source]
    places = follower.places(source)
    made = column_of(follower.listed(), places, table[follower.target].kind, table[follower.target].step)
    mine, back = (_spelled(one) for one in (table[follower.target], made))
    judged = np.ones(len(places), np.bool_)
    if source.kind == WORD:
        judged = places != len(follower.cells)
    elif not follower.is_steps:
        judged = source.missing() | np.isin(source.values, np.array(follower.keys, source.values.dtype))
        if (mine == back).mean() < LEAST_NEAR:
            return False
    odd = judged & (target != np.bincount(target).argmax())
    return bool(
        judged.any()
        and (mine == back)[judged].mean() >= LEAST_SHARE
        and odd.sum() >= LEAST_ROWS
        and (mine == back)[odd].mean() >= LEAST_SHARE_ODD
    )


def _spelled(column: MixedColumn) -> Array:
    """Return cells that can be compared between columns of different words."""
    if column.kind == WORD:
        return np.array([*column.words, ""], dtype=object)[column.values]
    return np.nan_to_num(column.values, nan=np.inf) if column.kind == NUMBER else column.values


def _follower(
    table: MixedTable, source: str, target: str, codes: tuple[Int1D, Int1D], least: int
) -> Follower:
    width = int(codes[1].max()) + 1
    pairs, row, counts = np.unique(codes[0] * width + codes[1], return_index=True, return_counts=True)
    size = np.bincount(codes[0])
    best: dict[int, tuple[int, int]] = {}
    for pair, at, count in zip(pairs.tolist(), row.tolist(), counts.tolist(), strict=True):
        if count > best.get(pair // width, (0, 0))[0]:
            best[pair // width] = (count, at)
    column, follower = table[source], table[target]
    lacking: Plain = plain_cell(follower, int(row[counts.argmax()]))
    usual = lacking
    pooled = np.flatnonzero(size[codes[0]] < least)
    common = np.bincount(codes[1])
    rare: dict[Plain, int] = {}
    if len(pooled) and column.kind == WORD:
        rare = _led_to(follower, codes[1][pooled], pooled, common >= least)
    if len(pooled):
        mine = np.bincount(codes[1][pooled], minlength=width)
        if common[int(mine.argmax())] >= least:
            usual = plain_cell(follower, int(pooled[codes[1][pooled] == mine.argmax()][0]))
        elif follower.kind == WORD:
            usual = pooled_word(follower.words)
    keys: list[float | str] = []
    cells: list[Plain] = []
    for code, (_, at) in sorted(best.items()):
        key = plain_cell(column, at)
        if key is None:
            lacking = plain_cell(follower, at)
        elif size[code] >= least:
            keys.append(key)
            cells.append(plain_cell(follower, at))
    return Follower(
        target, source, tuple(keys), tuple(cells), usual, lacking,
        rare_cells=tuple(rare), rare_weights=tuple(rare.values()),
    )  # fmt: skip


def _led_to(target: MixedColumn, codes: Int1D, rows: Int1D, is_common: Bool1D) -> dict[Plain, int]:
    """Return cell -> rows, over rows of rare words; words that are rare themselves are pooled."""
    found: dict[Plain, int] = {}
    for code, first, count in zip(*np.unique(codes, return_index=True, return_counts=True), strict=True):
        if is_common[code]:
            cell = plain_cell(target, int(rows[first]))
        elif target.kind == WORD:
            cell = pooled_word(target.words)
        else:
            continue
        found[cell] = found.get(cell, 0) + int(count)
    return found


def _chance_of_blocks(counts: Int1D) -> float:
    """Return the chance that rows in random order have equal values side by side: K! c_1! ... c_K! / N!.

    Values that hardly repeat stand so in any order, and say nothing of a rule.
    """
    some = counts[counts > 0]
    logs = lgamma(len(some) + 1) + sum(lgamma(one + 1) for one in some.tolist()) - lgamma(some.sum() + 1)
    return float(exp(min(logs, 0.0)))


def _steps(table: MixedTable, target: str, codes: Int1D, sizes: dict[str, int]) -> Iterator[Follower]:
    """Yield sources of numbers or times of which a column with few values is a step function."""
    column = table[target]
    gone = column.missing()
    present = np.bincount(codes[~gone], minlength=sizes[target])
    if present.sum() - present.max() < LEAST_ROWS or _chance_of_blocks(present) > CHANCE:
        return
    for source, other in table.columns.items():
        if source == target or other.kind not in (NUMBER, TIME) or sizes[source] <= sizes[target]:
            continue
        if as_numbers(other) is None or not np.array_equal(gone, other.missing()):
            continue
        low = np.full(sizes[target], np.inf)
        high = np.full(sizes[target], -np.inf)
        np.minimum.at(low, codes[~gone], other.values[~gone].astype(np.float64))
        np.maximum.at(high, codes[~gone], other.values[~gone].astype(np.float64))
        order = np.flatnonzero(present)[np.argsort(low[present > 0], kind="stable")]
        if (high[order[:-1]] < low[order[1:]]).all():
            rows = [int(np.flatnonzero(codes == code)[0]) for code in order]
            cells = tuple(plain_cell(column, row) for row in rows)
            keys = tuple(float(one) for one in low[order[1:]])
            yield Follower(target, source, keys, cells, cells[0], None, is_steps=True)
