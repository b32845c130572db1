"""Rows in batches of a fixed size: what is drawn for a row depends on its number alone."""

from __future__ import annotations

from collections.abc import Callable

from finsim.errors import FitError
from finsim.records.mixed_table import MixedTable, joined


def in_batches(count: int, first: int, batch: int, make: Callable[[int], MixedTable]) -> MixedTable:
    """Return rows ``first`` to ``first + count`` of a sample whose batches ``make(number)`` makes whole.

    Raises FitError for a negative count or first row.
    """
    if count < 0 or first < 0:
        raise FitError(f"asked for {count} rows from row {first}", place="sample", expected="0 or more")
    start, stop = first // batch, max(first // batch, (first + count - 1) // batch)
    parts = []
    for number in range(start, stop + 1):
        low, high = max(first - number * batch, 0), min(first + count - number * batch, batch)
        parts.append(make(number).take(slice(low, high)))
    return joined(parts)
