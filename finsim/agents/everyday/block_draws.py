"""Random numbers in blocks: the very numbers that one draw of all would give, a block at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from finsim.notation import Float1D, Int1D

_CHUNK = 65_536
_PER_COUNTER = 4
"""Doubles that Philox makes of one counter."""


class BlockDraws:
    """The draws of a process of ``total`` entries, given out block by block, in the order of the process.

    A process calls these methods in the same order in every block, each for all entries of the block. The
    numbers are those of ``rng`` if each call were made once for all entries: the first block notes where
    every call begins, and each call goes on from there by itself. ``rng`` is at the end of all calls after
    the first block. Source: own.
    """

    def __init__(self, rng: np.random.Generator, total: int) -> None:
        self._rng, self._total = rng, total
        self._calls: list[np.random.Generator] = []
        self._call, self._size = 0, 0

    def begin(self, size: int) -> None:
        """Begin the next block, of ``size`` entries."""
        self._call, self._size = 0, size

    def random(self) -> Float1D:
        """Return uniform numbers in [0, 1): float64[size]."""
        return self._next(pass_doubles).random(self._size)

    def standard_normal(self) -> Float1D:
        """Return standard normal numbers: float64[size]."""
        return self._next(_drawn(lambda rng, size: rng.standard_normal(size))).standard_normal(self._size)

    def exponential(self, scale: float) -> Float1D:
        """Return exponential numbers of mean ``scale``: float64[size]."""
        passing = _drawn(lambda rng, size: rng.standard_exponential(size))
        return self._next(passing).exponential(scale, self._size)

    def integers(self, low: int, high: int) -> Int1D:
        """Return whole numbers in [low, high): int64[size]."""
        passing = _drawn(lambda rng, size: rng.integers(low, high, size))
        return self._next(passing).integers(low, high, self._size)

    def _next(self, passing: Callable[[np.random.Generator, int], None]) -> np.random.Generator:
        """Return the generator of the next call of this block."""
        if self._size == self._total:  # the only block
            return self._rng
        if self._call == len(self._calls):
            self._calls.append(_copied(self._rng))
            passing(self._rng, self._total)
        self._call += 1
        return self._calls[self._call - 1]


def _copied(rng: np.random.Generator) -> np.random.Generator:
    copied = np.random.Generator(np.random.Philox(0))
    copied.bit_generator.state = rng.bit_generator.state
    return copied


def _drawn(draw: Callable[[np.random.Generator, int], Any]) -> Callable[[np.random.Generator, int], None]:
    """Return a way to pass over draws of which nobody knows how many words they take: make them."""

    def passing(rng: np.random.Generator, count: int) -> None:
        for first in range(0, count, _CHUNK):
            draw(rng, min(_CHUNK, count - first))

    return passing


def pass_doubles(rng: np.random.Generator, count: int) -> None:
    """Leave a Philox generator where ``rng.random(count)`` would, without making the numbers."""
    bits = rng.bit_generator
    assert isinstance(bits, np.random.Philox)
    state = bits.state
    left = _PER_COUNTER - state["buffer_pos"]
    if count > left:
        counters, count = divmod(count - left, _PER_COUNTER)
        bits.advance(counters)
        # `advance` forgets the half word that draws of 32 bits keep for later.
        passed = bits.state
        passed["has_uint32"], passed["uinteger"] = state["has_uint32"], state["uinteger"]
        bits.state = passed
    rng.random(count)
