"""``KnownIds``: the ids of a table that is read batch by batch, and others in their form among them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from finsim.notation import Array
from finsim.randomness import Streams
from finsim.tables.cells.hashing import hashed
from finsim.tables.new_ids.id_form import is_counted

_BITS = 26
_SHAPES = 256


@dataclass
class KnownIds:
    """The ids of a table: their range, some of them, and a filter that knows which may be taken.

    ``seen`` bool[2^26] marks hashes (Bloom 1970 with one hash): an id that is not marked does not occur.
    """

    is_whole: bool
    seen: Array = field(default_factory=lambda: np.zeros(1 << _BITS, dtype=np.bool_), repr=False)
    count: int = 0
    low: int = 2**63 - 1
    high: int = -(2**63)
    shapes: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, kind: pa.DataType) -> KnownIds:
        """Return the ids of no rows."""
        return cls(bool(pa.types.is_integer(kind)))

    def note(self, ids: pa.Array) -> None:
        """Remember the ids of a batch."""
        ids = ids.drop_null()
        if not len(ids):
            return
        self.seen[_places(ids)] = True
        self.count += len(ids)
        if self.is_whole:
            ends = pc.min_max(ids)
            self.low, self.high = min(self.low, ends["min"].as_py()), max(self.high, ends["max"].as_py())
        elif len(self.shapes) < _SHAPES:
            self.shapes += [str(one) for one in ids[: _SHAPES - len(self.shapes)].to_pylist()]

    @property
    def counted(self) -> bool:
        """Whether the ids are whole numbers without gaps, so that new ones can only follow them."""
        return self.is_whole and is_counted(self.low, self.high, self.count)

    def fresh(self, count: int, kind: pa.DataType, streams: Streams) -> pa.Array:
        """Return so many ids that are not taken: the next numbers, or others of the same form."""
        if self.counted or not self.count:
            return pa.array(np.arange(count) + self.high + 1 if self.count else np.arange(count)).cast(kind)
        rng, found = streams.at("ids"), dict[str | int, None]()
        for _ in range(1_000):
            if len(found) >= count:
                break
            drawn = self._drawn(2 * count + 16, rng)
            values = pa.array(drawn, kind if self.is_whole else pa.string())
            free = ~self.seen[_places(values)]
            found |= dict.fromkeys(one for one, is_free in zip(drawn, free, strict=True) if is_free)
        chosen = list(found)[:count]
        if len(chosen) < count:  # their form has no room: number them
            chosen += [f"{self.shapes[0]}-{number}" for number in range(count - len(chosen))]
        return pa.array(chosen, pa.int64() if self.is_whole else pa.string()).cast(kind)

    def _drawn(self, count: int, rng: np.random.Generator) -> Sequence[str | int]:
        if self.is_whole:
            return [int(one) for one in rng.integers(self.low, self.high, count, endpoint=True)]
        first = self.shapes[0]
        alike = [one for one in self.shapes if len(one) == len(first)]
        letters = [sorted({one[place] for one in alike}) for place in range(len(first))]
        pools = [_alphabet(one) for one in letters]
        return ["".join(pool[int(rng.integers(len(pool)))] for pool in pools) for _ in range(count)]


def _places(ids: pa.Array) -> Array:
    return (hashed(ids, 0) >> np.uint64(64 - _BITS)).astype(np.int64)


def _alphabet(letters: list[str]) -> str:
    """Return what may stand in one place: the letter that always does, all digits, or all letters seen."""
    if len(letters) == 1:
        return letters[0]
    return "0123456789" if all(one.isdigit() for one in letters) else "".join(letters)
