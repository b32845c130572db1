"""Slots of groups: 0, 1, ... as keys come first, whether a table or a hash keeps them."""

from __future__ import annotations

import numpy as np
import pytest

from finsim.constraints.tables.group_slots import GroupSlots


def by_hash(batches: list[list[int]]) -> list[list[int]]:
    known: dict[int, int] = {}
    return [[known.setdefault(key, len(known)) for key in batch] for batch in batches]


@pytest.mark.parametrize("spread", [50, 5_000, 10**7, 2**62])
@pytest.mark.parametrize("seed", range(4))
def test_slots_are_those_of_a_hash(spread: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    batches = [np.unique(rng.integers(-spread, spread, 40)).tolist() for _ in range(30)]
    batches.insert(3, [])
    slots = GroupSlots()
    found = [slots.of_numbers(np.array(batch, dtype=np.int64)).tolist() for batch in batches]
    assert found == by_hash(batches)
    assert len(slots) == len({key for batch in batches for key in batch})


def test_numbers_keep_their_slots_when_other_keys_come() -> None:
    slots = GroupSlots()
    assert slots.of_numbers(np.array([5, 7])).tolist() == [0, 1]
    assert slots.of_numbers(np.array([-3, 7])).tolist() == [2, 1]  # below the first key
    assert slots.of_objects([None, 7, "x"]).tolist() == [3, 1, 4]
    assert slots.of_numbers(np.array([5, 9])).tolist() == [0, 5]


def test_far_apart_keys_take_no_table() -> None:
    slots = GroupSlots()
    slots.of_numbers(np.array([0, 2**61]))
    assert slots.of_numbers(np.array([2**61, 1])).tolist() == [1, 2]
    assert len(slots._table) == 0
    close = GroupSlots()
    close.of_numbers(np.arange(100_000, 101_000))
    assert close._hashed is None
