"""Accounts are new where their first row is later than so many rows let expect."""

from __future__ import annotations

import numpy as np

from finsim.agents.population.first_seen import is_new


def test_few_rows_say_little_and_many_rows_much() -> None:
    first, rows = np.array([50, 50, 50, 0, 99, 5]), np.array([3, 6, 40, 40, 1, 40])
    assert is_new(first, rows, 100).tolist() == [False, False, True, False, False, False]
    assert is_new(np.array([12]), np.array([40]), 100).tolist() == [True]


def test_what_is_never_seen_is_not_new() -> None:
    assert is_new(np.array([2**62, 100, 101]), np.array([0, 90, 90]), 100).tolist() == [False, False, False]


def test_accounts_that_were_there_all_the_time_are_rarely_called_new() -> None:
    rng = np.random.default_rng(3)
    rows = rng.integers(1, 60, 4_000)
    first = np.array([int(rng.random(one).min() * 365) for one in rows])
    assert is_new(first, rows, 365).mean() < 0.015
    late = first // 2 + 183  # all of them opened in the middle
    assert is_new(late, rows, 365)[rows >= 20].all()
