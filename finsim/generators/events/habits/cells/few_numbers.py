"""Numbers of few values, such as fees: drawn as words are, by all that tells them and only as met."""

from __future__ import annotations

import numpy as np

from finsim.generators.events.habits.cells.contexts import RESTS
from finsim.generators.events.habits.cells.usual_cells import share_usual, usual_codes
from finsim.generators.events.habits.ledger import Ledger
from finsim.notation import Float1D, Int1D
from finsim.records.mixed_table import NUMBER, MixedColumn

MOST_VALUES = 32
LEAST_ROWS, LEAST_ENTITIES = 5, 2
"""Rows and entities that have a value, for it to be one of the few (assumptions)."""
COMMON = 0.99
"""Share of the cells that have one of the few values, at least (assumption)."""
LEAST_OFF, LEFT = 0.002, 0.65
"""Share of cells that are not as those of their payee or pair from which on words are asked, and the part of
them that a word leaves untold at most (assumptions)."""


MOSTLY = 0.5
"""Share of the rows of a rest of a sum that have one value, for it to tell it (assumption)."""


def few_values(column: MixedColumn, ledger: Ledger) -> Float1D | None:
    """Return the values of a column of numbers in order, None where there are many."""
    if column.kind != NUMBER:
        return None
    rows = np.flatnonzero(~np.isnan(column.values))
    found, codes, count = np.unique(column.values[rows], return_inverse=True, return_counts=True)
    kept = count >= LEAST_ROWS
    if not 2 <= kept.sum() <= MOST_VALUES or count[kept].sum() < COMMON * len(rows):
        return None
    pairs = np.unique(codes.astype(np.int64) * ledger.count + ledger.entity[rows])
    kept &= np.bincount(pairs // ledger.count, minlength=len(found)) >= LEAST_ENTITIES
    if kept.sum() < 2 or count[kept].sum() < COMMON * len(rows):
        return None
    return np.asarray(found[kept], dtype=np.float64)


def few_told_by_words(column: MixedColumn, ledger: Ledger, group: Int1D, by_words: list[Int1D]) -> bool:
    """Tell whether words tell most of the cells of few values that are not the usual ones of their group.

    group int64[n]: the payee or pair; ``by_words`` int64[n] each: a word of the row within its kind of payee.
    A fee is that of a bank's machine, and that of a kind of transfer whoever is paid.
    """
    few = few_values(column, ledger)
    if few is None:
        return False
    codes = as_words(column.values, few)
    off = float((codes != usual_codes(codes, group, int(group.max(initial=0)) + 1)[group]).mean())
    return off > LEAST_OFF and any(1.0 - share_usual(codes, one) <= LEFT * off for one in by_words)


def as_words(values: Float1D, few: Float1D) -> Int1D:
    """Return the place of the nearest of the few for each number, int64[n]; ``len(few)`` where it lacks."""
    middle = (few[1:] + few[:-1]) / 2
    codes = np.searchsorted(middle, np.nan_to_num(values), side="left")
    return np.where(np.isnan(values), len(few), codes).astype(np.int64)


def telling_rests(codes: Int1D, rest: Int1D) -> Int1D:
    """Return int64[RESTS], groups of rests of sums: its own where most of its rows have one rare value.

    codes, rest int64[n]: the value and the rest of each row. What is left of the sum says the fee in it; all
    other rests are one group.
    """
    usual = int(np.bincount(codes).argmax())
    size = np.bincount(rest, minlength=RESTS)
    most = np.zeros(RESTS, np.int64)
    for code in np.flatnonzero(np.bincount(codes)):
        if code != usual:
            most = np.maximum(most, np.bincount(rest[codes == code], minlength=RESTS))
    tells = (most >= LEAST_ROWS) & (most > MOSTLY * size)
    return np.where(tells, np.cumsum(tells), 0).astype(np.int64)
