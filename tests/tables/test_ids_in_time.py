"""Identifiers between real ones: in order of time where these are, over the whole range where not."""

from __future__ import annotations

import numpy as np
import pytest

from finsim.tables.new_ids.ids_in_time import IdsInTime

ROWS, NEW = 2_000, 300
TIME = np.arange(ROWS) * 60
RNG = np.random.default_rng


def made(known: list[str], time: np.ndarray = TIME) -> tuple[list[str], np.ndarray]:
    """Return new identifiers, and between which real rows they belong."""
    place = np.sort(RNG(1).integers(0, len(known), NEW))
    ids = IdsInTime.of(known, time)
    assert ids is not None
    found = ids.new(time[place], lambda words: ~np.isin(words, known), RNG(2))
    assert found is not None
    assert len(set(found)) == NEW
    assert not set(found) & set(known)
    return found, place


def test_numbers_that_rise_with_time_stand_between_their_neighbours() -> None:
    numbers = 200_000 + np.cumsum(RNG(3).integers(3, 40, ROWS))
    found, place = made([f"OP{one}" for one in numbers])
    assert {one[:2] for one in found} == {"OP"}
    new = np.array([int(one[2:]) for one in found])
    above = numbers[np.minimum(place + 2, ROWS - 1)]  # one further where several want the same gap
    assert (new > numbers[np.maximum(place - 1, 0)]).all()
    assert (new[place < ROWS - 2] < above[place < ROWS - 2]).all()


def test_numbers_that_do_not_rise_spread_as_the_real_ones() -> None:
    low, high = RNG(4).choice(10**5, ROWS // 2, replace=False), 10**8 + RNG(5).choice(10**5, ROWS // 2)
    numbers = RNG(6).permutation(np.concatenate([low, high]))
    new = np.array([int(one[1:]) for one in made([f"R{one:09d}" for one in numbers])[0]])
    assert (new > 10**8).mean() == pytest.approx(0.5, abs=0.1)
    ranks = np.searchsorted(np.sort(numbers), new) / ROWS
    assert np.histogram(ranks, 4, (0, 1))[0] == pytest.approx(NEW / 4, abs=25)


def test_disorder_is_as_large_as_that_of_the_real_ones() -> None:
    numbers = np.argsort(np.argsort(np.arange(ROWS) + RNG(7).normal(0, 50, ROWS))) * 10
    new = np.array([int(one) for one in made([str(one) for one in numbers])[0]]) / 10
    place = np.sort(RNG(1).integers(0, ROWS, NEW))
    assert (new - place).std() == pytest.approx((numbers / 10 - np.arange(ROWS)).std(), rel=0.2)


def test_a_day_within_an_identifier_is_that_of_the_row() -> None:
    """The counters of a day leave no gap, so a new one follows the last of its day."""
    known = [f"2024{100 + row // 50}-{row % 50:04d}" for row in range(ROWS)]
    found, place = made(known)
    assert [one[:7] for one in found] == [known[row][:7] for row in place]
    assert min(int(one[8:]) for one in found) == 50
    assert {len(one) for one in found} == {len(known[0])}


@pytest.mark.parametrize(
    "known", [["card", "cash"] * 50, [f"{n:032x}"[::-1] for n in RNG(8).integers(1, 10**9, 90)]]
)
def test_what_has_no_number_of_its_own_is_left_to_others(known: list[str]) -> None:
    assert IdsInTime.of(known, np.arange(len(known))) is None


def test_numbers_on_a_grid_are_known() -> None:
    ids = IdsInTime.of([f"OP{200_000 + 7 * n}" for n in range(ROWS)], TIME)
    assert ids is not None
    assert ids.apart == 7
