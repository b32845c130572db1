"""Rows that nobody else comes near: matches there are hardly chance, however many other rows are alike.

A courier's fee stands on a hundred cards, an afternoon at one till on two; such rows are met by chance, a
card at a time, and hide copies of other rows. A training row that no other entity agrees with in all
columns but one has no such company.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from finsim.evaluation.attacks.row_keys import Cells, column_words
from finsim.notation import Array, Int1D


def entities_agreeing(cells: Sequence[Cells], who: tuple[Int1D, Int1D | None], asked: Int1D) -> Int1D:
    """Return in how many entities some real row has all values but one of each asked training row.

    It is the most over the columns, the row's own entity counted: 1 where no other comes near. ``who`` are
    the entities of the training and of the held-out rows; ``asked`` numbers of training rows.
    """
    train, spare = who
    others = np.empty(0, np.int64) if spare is None else spare
    # A held-out entity is another one than a training entity, whatever their codes.
    owner = np.concatenate([2 * train, 2 * others + 1])
    words = [_known(column) for column in column_words(cells)]
    whole = np.sum(words, axis=0, dtype=np.uint64)
    most = np.ones(len(asked), np.int64)
    for column in words:
        keys = whole - column
        most = np.maximum(most, _entities_of(keys, owner, keys[asked]))
    return most


def expected_matches(cells: Sequence[Cells], who: Int1D, rows: int) -> float:
    """Return how many of ``rows`` new rows equal a training row by chance, told by those that nearly do.

    It is (pairs of training rows, of different entities, that agree in all columns but one, and not in that
    one) x (chance that two cells of that one are equal), for the column with most such pairs, so that it is
    known where no two rows are equal yet; equal rows are ties, which no match is counted with. ``who``
    int64[n] is the entity of each training row. Source: own.
    """
    words = [column[0] for column in column_words(cells)]
    whole: Array = np.asarray(np.sum(words, axis=0, dtype=np.uint64))
    owner = who.astype(np.uint64)
    same = _pairs(whole) - _pairs(np.stack([whole, owner], axis=1))
    most, chance = 0.0, 0.0
    for column, sides in zip(words, cells, strict=True):
        keys = whole - column
        apart = _pairs(keys) - _pairs(np.stack([keys, owner], axis=1)) - same
        if apart > most:
            most, chance = apart, _pairs(sides[0]) / (len(owner) * (len(owner) - 1) / 2.0)
    return 2.0 * rows * most * chance / max(len(owner) - 1, 1)


def _pairs(keys: Array) -> float:
    """Return the number of pairs of equal keys, [n] or [n, 2]."""
    counts = np.unique(keys, axis=0, return_counts=True)[1].astype(np.float64)
    return float((counts * (counts - 1.0) / 2.0).sum())


def _known(sides: Cells) -> Array:
    return np.concatenate([side for side in (sides[0], sides[2]) if side is not None])


def _entities_of(keys: Array, owner: Int1D, asked: Array) -> Int1D:
    """Return the number of different owners of each asked key."""
    kept = np.isin(keys, asked)
    keys, owner = keys[kept], owner[kept]
    order = np.lexsort((owner, keys))
    keys, owner = keys[order], owner[order]
    first = np.ones(len(keys), dtype=bool)
    first[1:] = (keys[1:] != keys[:-1]) | (owner[1:] != owner[:-1])
    names, counts = np.unique(keys[first], return_counts=True)
    return np.asarray(counts[np.searchsorted(names, asked)], dtype=np.int64)
