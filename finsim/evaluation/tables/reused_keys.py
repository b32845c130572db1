"""Ids and keys of the real side that stand on the synthetic side again, beside what counting explains."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

_NUMBERED = re.compile(r"(?s)(.*?)([0-9]+)\Z")


@dataclass(frozen=True)
class ReusedKeys:
    """A key column: its different values a side, how many real ones are synthetic ones too, and by chance."""

    name: str
    real: int
    own: int
    met: int
    chance: float


def reused_keys(real: pa.Table, own: pa.Table, names: Iterable[str]) -> tuple[ReusedKeys, ...]:
    """Count the reuse in each column that both sides have, every real and synthetic row looked at.

    Both sides may count their rows from one on: a real number within the range of the synthetic ones with the
    same beginning is met by chance with the share of that range that they fill. Other values are not.
    """
    found = []
    for name in dict.fromkeys(names):
        if name in real.column_names and name in own.column_names:
            known, made = (set(_texts(side[name])) for side in (real, own))
            found.append(ReusedKeys(name, len(known), len(made), len(known & made), by_counting(known, made)))
    return tuple(found)


def _texts(column: pa.ChunkedArray) -> list[str]:
    return [str(value) for value in pc.unique(column).drop_null().to_pylist()]


def by_counting(known: set[str], made: set[str]) -> float:
    """Return how many known values that end in a number stand among made ones where both count their rows."""
    groups: dict[str, list[int]] = {}
    for prefix, number in filter(None, map(_numbered, made)):
        groups.setdefault(prefix, []).append(number)
    ranges = {
        prefix: (min(numbers), max(numbers), len(numbers) / (max(numbers) - min(numbers) + 1))
        for prefix, numbers in groups.items()
        if len(numbers) > 1
    }
    expected = 0.0
    for prefix, number in filter(None, map(_numbered, known)):
        low, high, share = ranges.get(prefix, (0, -1, 0.0))
        expected += min(share, 1.0) if low <= number <= high else 0.0
    return expected


def _numbered(text: str) -> tuple[str, int] | None:
    """Return beginning and number of a text that ends in digits, of at most 40."""
    found = _NUMBERED.match(text[-200:])
    return None if found is None or len(found[2]) > 40 else (found[1], int(found[2]))
