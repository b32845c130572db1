"""Numbers of groups in a stream: by a table of keys where these are numbers close together, else by hash."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from finsim.notation import Array, Int1D

_ROOM, _PER_KEY = 65_536, 16
"""Places that a table of keys may have in any case, and for each key that has come."""


class GroupSlots:
    """Gives every key of a stream its number: 0, 1, ... in the order in which keys come first."""

    def __init__(self) -> None:
        self._count = 0
        self._first_key = 0
        self._table = np.empty(0, dtype=np.int32)  # by key - first_key: slot, -1 for none
        self._hashed: dict[object, int] | None = None

    def __len__(self) -> int:
        """Return how many keys have come."""
        return self._count

    def of_numbers(self, keys: Array) -> Int1D:
        """Return the slot of each key, whole numbers that differ from one another: int64[N]."""
        if self._hashed is not None or not self._holds(keys):
            return self.of_objects(keys.tolist())
        places = keys - self._first_key
        slots: Int1D = self._table[places].astype(np.int64)
        new = np.flatnonzero(slots < 0)
        slots[new] = self._count + np.arange(len(new))
        self._table[places[new]] = slots[new]
        self._count += len(new)
        return slots

    def of_objects(self, keys: Sequence[object]) -> Int1D:
        """Return the slot of each key, of any kind: int64[N]."""
        if self._hashed is None:
            known = np.flatnonzero(self._table >= 0)
            numbers = (known + self._first_key).tolist()
            self._hashed = dict(zip(numbers, self._table[known].tolist(), strict=True))
            self._table = self._table[:0]
        slots = self._hashed
        found = np.array([slots.setdefault(key, len(slots)) for key in keys], dtype=np.int64)
        self._count = len(slots)
        return found

    def _holds(self, keys: Array) -> bool:
        """Whether the table holds these keys, made larger where it may be."""
        if not len(keys):
            return True
        low, high = int(keys.min()), int(keys.max())
        had = len(self._table)
        if had:
            low, high = min(low, self._first_key), max(high, self._first_key + had - 1)
        size = high - low + 1
        if size == had:
            return True
        if size > _ROOM + _PER_KEY * (self._count + len(keys)):
            return False
        larger = np.full(size, -1, dtype=np.int32)
        if had:
            larger[self._first_key - low : self._first_key - low + had] = self._table
        self._first_key, self._table = low, larger
        return True
