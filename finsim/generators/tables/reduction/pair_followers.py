"""Columns that are a function of two others with few values: the rate of a class in a month."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from finsim.generators.tables.reduction.column_cells import Plain, coded, column_of, plain_cell
from finsim.generators.tables.reduction.identities import LEAST_ROWS, LEAST_SHARE_ODD
from finsim.notation import Array, Int1D
from finsim.records.mixed_table import WORD, MixedColumn, MixedTable

MOST_VALUES, MOST_SOURCES = 64, 40
ROWS_OF_PAIR = 20
"""Pairs of sources stand for 20 rows on average at least (assumption)."""
SCREENED = 400
LEAST_SHARE, MOST_ALONE = 0.997, 0.98
"""A function of two holds in 99.7 % of the rows, and one column alone tells less than 98 % (assumptions)."""


@dataclass(frozen=True)
class PairFollower:
    """``target`` follows two columns: ``cells[table[i * len(seconds) + j]]`` for the values i and j of them.

    ``firsts`` and ``seconds`` are the values of the two; a number is taken for the nearest one, a word that
    is not among them for ``usual``, a place in ``cells`` too. A pair that stands for too few rows has the
    commonest cell of its first value.
    """

    target: str
    first: str
    second: str
    firsts: tuple[Plain, ...]
    seconds: tuple[Plain, ...]
    cells: tuple[Plain, ...]
    table: tuple[int, ...]
    usual: int

    def column(self, first: MixedColumn, second: MixedColumn, kind: str, step: float) -> MixedColumn:
        """Return the column that follows."""
        one, other = _places(first, self.firsts), _places(second, self.seconds)
        known = (one >= 0) & (other >= 0)
        found = np.array(self.table, np.int64)[np.maximum(one, 0) * len(self.seconds) + np.maximum(other, 0)]
        return column_of(list(self.cells), np.where(known, found, self.usual), kind, step)


def _places(column: MixedColumn, cells: tuple[Plain, ...]) -> Int1D:
    """Return the place of every cell among ``cells``, -1 where there is none."""
    known = {cell: place for place, cell in enumerate(cells)}
    if column.kind == WORD:
        turned = np.array([known.get(word, -1) for word in column.words] + [known.get(None, -1)], np.int64)
        return np.asarray(turned[column.values])
    present = [(float(cell), place) for cell, place in known.items() if cell is not None]
    keys = np.array(sorted(present)).reshape(-1, 2)
    found = np.full(len(column), -1, np.int64)
    if len(keys):
        at = np.searchsorted((keys[1:, 0] + keys[:-1, 0]) / 2, column.values.astype(np.float64))
        found = keys[at, 1].astype(np.int64)
    found[column.missing()] = known.get(None, -1)
    return found


def find_pair_followers(table: MixedTable, least: int) -> Iterator[PairFollower]:
    """Yield columns that follow two others of at most 64 values, pairs of few values first."""
    if table.rows < LEAST_ROWS:
        return
    codes = {name: coded(column)[0] for name, column in table.columns.items()}
    sizes = {name: int(one.max()) + 1 for name, one in codes.items()}
    sources = [name for name in codes if 2 <= sizes[name] <= MOST_VALUES]
    sources = sorted(sources, key=lambda name: sizes[name])[:MOST_SOURCES]
    targets = [name for name in codes if 3 <= sizes[name] <= table.rows / ROWS_OF_PAIR]
    some = np.arange(0, table.rows, max(1, table.rows // SCREENED))
    pairs = sorted(combinations(sources, 2), key=lambda pair: sizes[pair[0]] * sizes[pair[1]])
    for first, second in pairs:
        if sizes[first] * sizes[second] > MOST_VALUES * MOST_VALUES:
            continue
        joint = codes[first] * sizes[second] + codes[second]
        used = len(np.unique(joint))
        if used * ROWS_OF_PAIR > table.rows:
            continue
        order = some[np.argsort(joint[some], kind="stable")]
        same = np.diff(joint[order]) == 0
        for target in targets:
            # A function of two columns has more values than either: else it is one of them, or chance.
            if target in (first, second) or sizes[target] <= min(sizes[first], sizes[second]):
                continue
            differs = np.diff(codes[target][order]) != 0
            if (same & differs).sum() > 0.02 * same.sum() or not _holds(joint, codes[target]):
                continue
            alone = (_told(codes[source], codes[target]) for source in (first, second))
            if max(alone) >= MOST_ALONE:
                continue
            names = (first, second) if sizes[first] >= sizes[second] else (second, first)
            yield _follower(table, target, names, (codes[names[0]], codes[names[1]], codes[target]), least)


def _holds(joint: Int1D, target: Int1D) -> bool:
    """Tell whether equal pairs have equal targets, in the rows without the commonest target too."""
    most = _commonest(joint, target)
    right = most[joint] == target
    odd = target != np.bincount(target).argmax()
    wrong_odd = (~right & odd).sum()
    return bool(
        right.mean() >= LEAST_SHARE and odd.sum() >= LEAST_ROWS
        and wrong_odd <= (1 - LEAST_SHARE_ODD) * odd.sum()
    )  # fmt: skip


def _told(source: Int1D, target: Int1D) -> float:
    """Return the share of rows whose target is the commonest one of their source."""
    return float((_commonest(source, target)[source] == target).mean())


def _commonest(source: Int1D, target: Int1D) -> Int1D:
    """Return the commonest target of every source code, 0 where a code has none."""
    width = int(target.max()) + 1
    pairs, counts = np.unique(source * width + target, return_counts=True)
    order = np.argsort(counts, kind="stable")
    found = np.zeros(int(source.max()) + 1, np.int64)
    found[pairs[order] // width] = pairs[order] % width
    return found


def _follower(
    table: MixedTable, target: str, names: tuple[str, str], codes: tuple[Int1D, Int1D, Int1D], least: int
) -> PairFollower:
    one, other, mine = codes
    listed: list[tuple[Plain, ...]] = []
    for name in (*names, target):
        rows: Array = coded(table[name])[1]
        listed.append(tuple(plain_cell(table[name], int(row)) for row in rows))
    width = len(listed[1])
    joint = one * width + other
    counts = np.bincount(joint, minlength=len(listed[0]) * width)
    found = np.zeros(len(counts), np.int64)
    best = _commonest(joint, mine)
    found[: len(best)] = best
    usual = _commonest(one, mine)
    found = np.where(counts >= least, found, np.repeat(usual, width))
    kept = np.unique(np.append(found, np.bincount(mine).argmax()))
    place = np.searchsorted(kept, found)
    return PairFollower(
        target, *names, listed[0], listed[1], tuple(listed[2][code] for code in kept.tolist()),
        tuple(place.tolist()), int(np.searchsorted(kept, np.bincount(mine).argmax())),
    )  # fmt: skip
