"""``IdForm``: what identifiers look like, so that new ones can be made in the same form."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pyarrow as pa

_NUMBERED = re.compile(r"^(.*?)(\d+)(\D*)$")
_MOST = 18
DENSE = 1.5
"""Whole numbers are counted when their range holds at most 1.5 numbers each (assumption)."""


def is_counted(low: float, high: float, count: int) -> bool:
    """Tell whether so many different whole numbers leave so few gaps that new ones can only follow them."""
    return high - low + 1 <= DENSE * count


@dataclass(frozen=True)
class IdForm:
    """A prefix, a number of at least ``width`` digits that begins after ``last``, and a suffix.

    ``last`` is the greatest number among the known identifiers, so that no new one is an old one.
    """

    prefix: str = ""
    width: int = 0
    last: int = 0
    suffix: str = ""

    @classmethod
    def of(cls, known: Sequence[str]) -> IdForm:
        """Return the form that most of the known identifiers have."""
        parts = [match.groups() for word in known if (match := _NUMBERED.match(word))]
        ends = Counter((head, tail) for head, digits, tail in parts if len(digits) <= _MOST)
        (head, tail), most = ends.most_common(1)[0] if ends else (("", ""), 0)
        if 2 * most <= len(known):
            return cls(prefix="new-", width=len(str(len(known))))
        numbers = [digits for one, digits, other in parts if (one, other) == (head, tail)]
        widths = {len(digits) for digits in numbers}
        padded = len(widths) == 1 and any(digits.startswith("0") for digits in numbers)
        return cls(head, widths.pop() if padded else 0, max(int(digits) for digits in numbers), tail)

    def new(self, first: int, count: int) -> list[str]:
        """Return identifiers ``first`` to ``first + count`` of a run."""
        return [
            f"{self.prefix}{self.last + 1 + first + place:0{self.width}d}{self.suffix}"
            for place in range(count)
        ]

    def cells(self, first: int, count: int, kind: pa.DataType) -> pa.Array:
        """Return new identifiers as cells of a type of the table."""
        plain = kind.value_type if pa.types.is_dictionary(kind) else kind
        if pa.types.is_integer(plain):
            return pa.array(np.arange(count, dtype=np.int64) + self.last + 1 + first).cast(kind)
        words = pa.array(self.new(first, count), pa.string())
        return words.dictionary_encode().cast(kind) if pa.types.is_dictionary(kind) else words.cast(kind)

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return asdict(self)
