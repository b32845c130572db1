"""Identifiers of text that are numbered in series: ``TX000123`` and ``P-77`` are of two with a last each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from finsim.notation import Array, Int1D
from finsim.tables.new_ids.id_form import LEAST_SHARE, NUMBERED, is_counted

_MOST = 16  # series; more are no series but names
_LOOKED_AT = 256
Ends = tuple[str, str]


def ends_of(word: str) -> Ends:
    """Return what surrounds the last number of a text; all of it and nothing where it has none."""
    match = NUMBERED.fullmatch(word)
    return (match[1], match[3]) if match else (word, "")


@dataclass
class IdSeries:
    """Numbers between the same two ends: how many, from ``low`` to ``high``, how long they are written.

    ``padded``: one begins with a zero. ``late``: rows before were not counted, so others may be above.
    """

    ends: Ends
    late: bool = False
    count: int = 0
    low: int = 0
    high: int = -1
    widths: set[int] = field(default_factory=set)
    padded: bool = False

    def note(self, texts: pa.Array) -> Array:
        """Count the texts of this series, and return which they are: bool[n]."""
        head, tail = self.ends
        mine = pc.and_(
            pc.and_(pc.starts_with(texts, head), pc.ends_with(texts, tail)),
            pc.greater(pc.utf8_length(texts), len(head) + len(tail)),
        )
        inner = pc.utf8_slice_codeunits(texts, len(head), -len(tail) if tail else None)
        mine = pc.and_(mine, pc.match_substring_regex(inner, r"\A[0-9]+\z"))
        inner = inner.filter(mine)
        if len(inner):
            self.widths |= set(pc.unique(pc.utf8_length(inner)).to_pylist())
            self.padded |= bool(pc.any(pc.starts_with(inner, "0")).as_py())
            low, high = _least_and_greatest(pc.utf8_ltrim(inner, "0"))
            self.low, self.high = (min(self.low, low), max(self.high, high)) if self.count else (low, high)
            self.count += len(inner)
        return np.asarray(mine.to_numpy(zero_copy_only=False), dtype=np.bool_)

    @property
    def is_dense(self) -> bool:
        """Whether its numbers leave so few gaps that new ones can only follow them."""
        return self.count > 0 and is_counted(self.low, self.high, self.count)

    def following(self, first: int, count: int) -> list[str]:
        """Return the texts behind the greatest number, from the ``first`` of these on."""
        width = min(self.widths) if self.padded and len(self.widths) == 1 else 0
        begin = self.high + 1 + first
        return [f"{self.ends[0]}{number:0{width}d}{self.ends[1]}" for number in range(begin, begin + count)]


@dataclass
class ManySeries:
    """The series of a column that is read batch by batch; ``total`` counts all of its texts."""

    series: list[IdSeries] = field(default_factory=list)
    total: int = 0

    def note(self, texts: pa.Array) -> None:
        """Count the texts of a batch; what is in no known series and frequent begins one."""
        first = not self.total
        self.total += len(texts)
        left = texts
        for one in self.series:
            left = left.filter(pa.array(~one.note(left)))
        if len(self.series) >= _MOST or len(left) <= LEAST_SHARE / 2 * len(texts):
            return
        some = np.linspace(0, len(left) - 1, min(_LOOKED_AT, len(left))).astype(np.int64)
        seen = Counter(map(ends_of, left.take(pa.array(some)).to_pylist()))
        for ends, often in seen.most_common(_MOST - len(self.series)):
            if often >= LEAST_SHARE * len(some):
                made = IdSeries(ends, late=not first)
                left = left.filter(pa.array(~made.note(left)))
                self.series.append(made)

    @property
    def dense(self) -> list[IdSeries]:
        """Those that new texts can only follow, the longest first; no small part of the column."""
        found = [one for one in self.series if one.is_dense and one.count >= LEAST_SHARE * self.total]
        return sorted(found, key=lambda one: -one.count)

    @property
    def counted(self) -> bool:
        """Whether most texts are in such series."""
        return 2 * sum(one.count for one in self.dense) > self.total


def codes_in(series: Sequence[IdSeries], words: Sequence[str | None], default: int) -> Int1D:
    """Return in which of some series each text is: int64[n], -1 for none, ``default`` where it is missing."""
    place = {one.ends: at for at, one in enumerate(series)}
    return np.array(
        [default if word is None else place.get(ends_of(word), -1) for word in words], dtype=np.int64
    )


def _least_and_greatest(bare: pa.Array) -> tuple[int, int]:
    """Return the least and the greatest of numbers written without zeros before them, of any length."""
    size = pc.utf8_length(bare)
    ends = pc.min_max(size)
    low, high = (pc.min_max(bare.filter(pc.equal(size, ends[name])))[name].as_py() for name in ("min", "max"))
    return int(low or 0), int(high or 0)
