"""``KnownIds``: the ids of a table that is read batch by batch, and others in their form among them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from finsim.notation import Array
from finsim.randomness import Streams
from finsim.tables.cells.hashing import hashed
from finsim.tables.new_ids.id_form import is_counted, numbers_as
from finsim.tables.new_ids.id_series import IdSeries, ManySeries

_BITS = 26
_SHAPES = 256
_WIDER = (pa.int64(), pa.uint64())


@dataclass
class KnownIds:
    """The ids of a table: their range, some of them, and a filter that knows which may be taken.

    ``is_whole``: whole numbers of an integer type; ``is_number``: of any type of numbers. ``seen`` bool[2^26]
    marks hashes (Bloom 1970 with one hash): an id that is not marked does not occur. ``count``, ``low`` and
    ``high`` are those of ids that are numbers, ``texts`` the series of those that are text; ``total`` counts
    all ids.
    """

    is_whole: bool
    is_number: bool = False
    seen: Array = field(default_factory=lambda: np.zeros(1 << _BITS, dtype=np.bool_), repr=False)
    count: int = 0
    low: int = 0
    high: int = -1
    shapes: list[str] = field(default_factory=list)
    texts: ManySeries = field(default_factory=ManySeries)
    total: int = 0

    @classmethod
    def of(cls, kind: pa.DataType) -> KnownIds:
        """Return the ids of no rows."""
        kind = kind.value_type if pa.types.is_dictionary(kind) else kind
        whole = bool(pa.types.is_integer(kind))
        return cls(whole, whole or bool(pa.types.is_floating(kind) or pa.types.is_decimal(kind)))

    def note(self, ids: pa.Array) -> None:
        """Remember the ids of a batch."""
        ids = ids.drop_null()
        if not len(ids):
            return
        self.seen[_places(ids)] = True
        self.total += len(ids)
        if self.is_number:
            ids = ids.dictionary.take(ids.indices) if pa.types.is_dictionary(ids.type) else ids
            if not self.is_whole:
                ids = ids.filter(pc.is_finite(ids))
            if not len(ids):
                return
            ends = pc.min_max(ids)
            self._count(len(ids), math.floor(ends["min"].as_py()), math.ceil(ends["max"].as_py()))
            return
        if len(self.shapes) < _SHAPES:
            some = np.linspace(0, len(ids) - 1, min(_SHAPES - len(self.shapes), len(ids))).astype(np.int64)
            self.shapes += [str(one) for one in ids.take(pa.array(some)).to_pylist()]
        plain = ids.dictionary.take(ids.indices) if pa.types.is_dictionary(ids.type) else ids
        self.texts.note(plain.cast(pa.string()))

    def _count(self, number: int, low: int, high: int) -> None:
        self.low, self.high = (min(self.low, low), max(self.high, high)) if self.count else (low, high)
        self.count += number

    @property
    def counted(self) -> bool:
        """Whether the ids are numbers without gaps, so that new ones can only follow them.

        Numbers of a type with fractions follow the last in any case.
        """
        if self.is_number and not self.is_whole:
            return True
        if not self.is_number:
            return self.texts.counted
        return 2 * self.count > self.total and is_counted(self.low, self.high, self.count)

    def taken(self, ids: pa.Array) -> Array:
        """Return bool[n]: which ids the table has, or may have."""
        return np.asarray(self.seen[_places(ids)])

    def fresh(self, count: int, kind: pa.DataType, streams: Streams) -> pa.Array:
        """Return so many ids that are not taken: the next numbers, or others of the same form.

        In ``kind`` without its dictionary, or in a wider type of whole numbers where that has no room and no
        dictionary. Raises OverflowError where none has.
        """
        if pa.types.is_dictionary(kind):
            return self._fresh(count, kind.value_type, (), streams)
        wider = (_WIDER if self.low >= 0 else _WIDER[:1]) if self.is_whole else ()
        return self._fresh(count, kind, wider, streams)

    def _fresh(
        self, count: int, kind: pa.DataType, wider: Sequence[pa.DataType], streams: Streams
    ) -> pa.Array:
        if self.is_number and (self.counted or not self.count):
            return self._next(count, (kind, *wider))
        if self.counted and not self.is_number:
            return pa.array(self._following(count), pa.string()).cast(kind)
        rng, found = streams.at("ids"), dict[str | int, None]()
        for _ in range(1_000 if self.count or self.shapes else 0):
            if len(found) >= count:
                break
            drawn = self._drawn(2 * count + 16, rng)
            values = pa.array(drawn, kind if self.is_whole else pa.string())
            free = ~self.seen[_places(values)]
            found |= dict.fromkeys(one for one, is_free in zip(drawn, free, strict=True) if is_free)
        chosen = list(found)[:count]
        if len(chosen) < count:  # their form has no room: go on behind the last
            if self.is_whole:
                return self._next(count, (kind, *wider))
            chosen = list(self._following(count))
        return pa.array(chosen, kind if self.is_whole else pa.string()).cast(kind)

    def _next(self, count: int, kinds: Sequence[pa.DataType]) -> pa.Array:
        numbers = range(self.high + 1, self.high + 1 + count)
        for kind in kinds:
            found = numbers_as(numbers, kind)
            if found is not None:
                return found
        raise OverflowError(f"ids go on behind {self.high} and do not fit {kinds[0]}")

    def following(self, one: IdSeries, count: int) -> list[str]:
        """Return so many texts that go on behind the last of a series, none of them taken."""
        if not one.late:
            return one.following(0, count)
        found: list[str] = []
        first = 0
        while len(found) < count:
            drawn = one.following(first, 2 * count)
            found += self._free(drawn)
            first += len(drawn)
        return found[:count]

    def _following(self, count: int) -> Sequence[str]:
        """Return texts that go on behind the last of the longest series, or of the first text's form."""
        longest = max(self.texts.dense or self.texts.series, key=lambda one: one.count, default=None)
        if longest is not None and longest.count:
            return self.following(longest, count)
        if not self.shapes:
            return IdSeries(("", "")).following(0, count)
        found: list[str] = []
        number = 0
        while len(found) < count:
            drawn = [f"{self.shapes[0]}-{number + more}" for more in range(2 * count)]
            found += self._free(drawn)
            number += len(drawn)
        return found[:count]

    def _free(self, words: list[str]) -> list[str]:
        free = ~self.seen[_places(pa.array(words, pa.string()))]
        return [one for one, is_free in zip(words, free, strict=True) if is_free]

    def _drawn(self, count: int, rng: np.random.Generator) -> Sequence[str | int]:
        if self.is_whole:
            dtype = np.uint64 if self.high > 2**63 - 1 else np.int64
            return [int(one) for one in rng.integers(self.low, self.high, count, dtype=dtype, endpoint=True)]
        sizes, often = np.unique([len(one) for one in self.shapes], return_counts=True)
        found = [
            word
            for size, number in zip(sizes, rng.multinomial(count, often / often.sum()), strict=True)
            for word in _words_like([one for one in self.shapes if len(one) == size], int(number), rng)
        ]
        return found if len(sizes) == 1 else [found[at] for at in rng.permutation(len(found)).tolist()]


def _places(ids: pa.Array) -> Array:
    return (hashed(ids, 0) >> np.uint64(64 - _BITS)).astype(np.int64)


def _alphabet(letters: list[str]) -> str:
    """Return what may stand in one place: the letter that always does, all digits, or all letters seen."""
    if len(letters) == 1:
        return letters[0]
    return "0123456789" if all(one in "0123456789" for one in letters) else "".join(letters)


def _words_like(alike: list[str], count: int, rng: np.random.Generator) -> list[str]:
    """Return texts with, in each place, a letter that some of equally long texts may have there."""
    pools = [_alphabet(sorted({one[place] for one in alike})) for place in range(len(alike[0]))]
    drawn = [[pool[at] for at in rng.integers(len(pool), size=count).tolist()] for pool in pools]
    return ["".join(one) for one in zip(*drawn, strict=True)] or [""] * count
