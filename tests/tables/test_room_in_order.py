"""New numbers keep an order that real ones keep, and what has no room is counted."""

from __future__ import annotations

import numpy as np

from finsim.tables.new_ids.room_in_order import SOON, Room, room_in_order

MINUTE = 60 * 1_000_000_000


def made(number: np.ndarray, when: np.ndarray, time: np.ndarray) -> Room:
    rng = np.random.default_rng(3)
    room = room_in_order((number, when), time, MINUTE, rng.random(len(time)), rng)
    assert not np.isin(room.number, number).any()
    assert len(np.unique(room.number)) == len(time)
    return room


def test_numbers_and_times_rise_together_where_gaps_have_room() -> None:
    rng = np.random.default_rng(1)
    number = 500 + np.cumsum(rng.integers(1, 9, 3_000))  # an eighth of the gaps has no number
    when = np.cumsum(rng.integers(0, 4, 3_000)) * MINUTE
    time = np.sort(rng.integers(0, when[-1] // MINUTE, 400)) * MINUTE
    room = made(number, when, time)
    assert not room.out.any()
    assert ((room.time >= time) & (room.time <= time + SOON)).all()
    assert (room.time == time).mean() > 0.8
    both, order = np.append(number, room.number), np.append(when, room.time)
    assert (np.diff(order[np.argsort(both)]) >= 0).all()
    assert (room.behind == np.searchsorted(number, room.number) - 1).all()


def test_rows_without_room_keep_their_time_and_are_counted() -> None:
    number, when = np.array([10, 12, 13, 20]), np.array([0, 60, 120, 1_000]) * MINUTE
    room = made(number, when, np.array([5, 5, 30, 60]) * MINUTE)
    assert room.out.tolist() == [False, True, True, True]
    assert room.time.tolist() == [5 * MINUTE, 5 * MINUTE, 30 * MINUTE, 60 * MINUTE]
    assert room.number[0] == 11
    assert room.behind.tolist() == [0, 0, 0, 1]
    assert ((room.number[1:] > 13) & (room.number[1:] < 20)).all()
