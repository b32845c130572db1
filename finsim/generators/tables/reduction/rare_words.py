"""Rare words of a column stand together as one: a word of one person is not learned, nor emitted."""

from __future__ import annotations

import numpy as np

from finsim.records.mixed_table import MISSING_WORD, MixedColumn

POOLED = "other"


def pooled_word(words: tuple[str, ...]) -> str:
    """Return the word that rare words of a column become: one that is not among them."""
    name = POOLED
    while name in words:
        name = f"{name} (rare)"
    return name


def pooled(column: MixedColumn, least: int) -> tuple[MixedColumn, str]:
    """Return a word column without words that stand fewer than ``least`` times, and the word in their place.

    The word is ``other``, or ``other (rare)`` where that is a word of the column; "" where none is rare.
    """
    counts = np.bincount(column.values[column.values >= 0], minlength=len(column.words))
    rare = (counts > 0) & (counts < least)
    kept = np.flatnonzero(counts >= least)
    words = tuple(column.words[code] for code in kept)
    turned = np.full(len(counts) + 1, MISSING_WORD, np.int32)
    turned[kept] = np.arange(len(kept))
    name = ""
    if rare.any():
        name = pooled_word(column.words)
        turned[:-1][rare] = len(kept)
        words = (*words, name)
    return MixedColumn(column.kind, turned[column.values], words, column.step), name
