"""Whole entities copied: cards a good part of whose rows stand, unlike any other, on one training card.

A handful of copied cards is a handful of independent findings, however many rows they have, and matches of
rows come a card at a time by chance too. But chance matches of rows that nobody else comes near are one or
two a card: hardly a real card has a quarter of its rows on one other.
"""

from __future__ import annotations

import numpy as np

from finsim.notation import Array, Bool1D, Int1D

SHARE, LEAST = 0.25, 3
"""Part of its rows, and rows at least, that a copied entity shares with one training entity; assumption."""


def copied_entities(matched: Bool1D, who: Int1D, source: Int1D) -> tuple[int, int]:
    """Return how many entities share enough rows with one training entity, and of how many.

    ``matched`` bool[n] tells which rows equal a training row, ``who`` int64[n] is the entity of each row and
    ``source`` int64[matched] the training entity that each matched row equals.
    """
    codes, sizes = np.unique(who, return_inverse=True, return_counts=True)[1:]
    pairs, shared = np.unique(np.stack([codes[matched], source]), axis=1, return_counts=True)
    enough = shared >= np.maximum(SHARE * sizes[pairs[0]], LEAST)
    return len(np.unique(pairs[0][enough])), len(sizes)


def partner_in(keys: Array) -> Int1D:
    """Return the other row of each row whose key stands twice, int64[n]; any row for other keys."""
    order = np.argsort(keys, kind="stable")
    same = keys[order[1:]] == keys[order[:-1]]
    partner = np.arange(len(keys), dtype=np.int64)
    partner[order[1:][same]] = order[:-1][same]
    partner[order[:-1][same]] = order[1:][same]
    return partner
