"""Amounts of added rows in the one column, or the two, in which a ledger has them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from finsim.engine.injection.ledger_columns import LedgerColumns, Part
from finsim.notation import Bool1D, Cents1D


def sided_sums(amounts: Cents1D, columns: LedgerColumns) -> Iterator[tuple[Part, Cents1D, Bool1D]]:
    """Yield each column of the amount, its sums int64[m], and in which rows it has one, bool[m].

    The side of two on which nothing moves is 0 where real rows have 0 there, else empty.
    """
    sides, amount = columns.sides, columns.parts["amount"]
    every = np.ones(len(amounts), dtype=np.bool_)
    if sides is None:
        yield amount, amounts, every
        return
    is_in = amounts > 0
    out_sign, in_sign = sides.signs
    yield amount, np.where(is_in, 0, -amounts * out_sign), ~is_in | sides.zeros[0]
    yield columns.parts["credit"], np.where(is_in, amounts * in_sign, 0), is_in | sides.zeros[1]
