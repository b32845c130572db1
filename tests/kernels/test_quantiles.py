"""Quantiles by partition against sorting, on values that partitions find hard."""

import numpy as np
import pytest

from finsim.constraints.evaluating import group_quantiles as module

RNG = np.random.default_rng(4)
HARD = {
    "any": lambda n: RNG.normal(size=n),
    "equal": np.zeros,
    "rising": lambda n: np.arange(n) * 1.0,
    "falling": lambda n: np.arange(n)[::-1] * 1.0,
    "organ pipe": lambda n: np.minimum(np.arange(n), np.arange(n)[::-1]) * 1.0,
    "few": lambda n: RNG.integers(0, 3, n) * 1.0,
    "gaps": lambda n: np.where(RNG.random(n) < 0.5, np.nan, RNG.choice([np.inf, -np.inf, 0, 1.0], n)),
    "far apart": lambda n: RNG.choice([-1.5e308, 1.5e308, 0.0], n),
    "saw": lambda n: np.tile(np.arange(40.0), n // 40 + 1)[:n],
}


def naive(x, share, key):
    """The quantile of each row's group by its definition."""
    found = {}
    for group in set(key.tolist()):
        values = sorted(value for value in x[key == group].tolist() if value == value)
        if not values:
            found[group] = np.nan
            continue
        place = (len(values) - 1) * share
        below, above = values[int(place)], values[min(int(place) + 1, len(values) - 1)]
        part = place - int(place)
        found[group] = below if part == 0 or below == above else below + (above - below) * part
    return np.array([found[one] for one in key.tolist()])


@pytest.mark.parametrize("name", HARD)
@pytest.mark.parametrize("limit", [0, 10**9])
def test_a_partition_finds_what_sorting_finds(name, limit, monkeypatch):
    monkeypatch.setattr(module, "SORTED_ROWS", limit)
    for n in (1, 2, 17, 400):
        for groups in (1, 5, n):
            x, key = HARD[name](n), RNG.integers(0, groups, n)
            for share in (0.0, 0.25, 0.5, 0.9, 0.99, 1.0):
                for one in (key, np.sort(key)):
                    found = module.group_quantiles(x, share, one)
                    np.testing.assert_array_equal(found, naive(x, share, one))


def test_of_no_rows():
    assert module.group_quantiles(np.zeros(0), 0.5, np.zeros(0, np.int64)).shape == (0,)


def test_a_partition_that_goes_on_too_long_is_sorted(monkeypatch):
    from finsim.kernels import quantiles

    select = getattr(quantiles._select, "py_func", quantiles._select)
    monkeypatch.setattr(quantiles, "_ROUNDS", 0)  # so that the second partition is one too many
    values = RNG.normal(size=300)
    wanted = np.sort(values)[200]
    select(values, 0, 300, 200)
    assert values[200] == wanted
    assert values[:200].max() <= wanted <= values[201:].min()


@pytest.mark.parametrize("name", [*HARD, "a sample that misleads"])
def test_a_long_range_is_parted_by_a_sample(name):
    from finsim.kernels import quantiles

    for n in (1_023, 1_024, 1_500, 20_000):
        if name in HARD:
            known = HARD[name](n)
        else:
            known = RNG.normal(size=n)
            known[:: max(1, n // int(0.5 * n ** (2 / 3)))] = 99.0
        known = known[known == known]
        order = np.sort(known)
        for wanted in (0, 1, len(known) // 2, len(known) * 9 // 10, len(known) - 1):
            values = known.copy()
            quantiles._select(values, 0, len(values), wanted)
            assert values[wanted] == order[wanted]
            assert np.all(values[:wanted] <= order[wanted])
            assert np.all(values[wanted:] >= order[wanted])


def test_a_pivot_lies_beside_the_wanted_rank_on_the_short_side():
    from finsim.kernels import quantiles

    before, size = np.full(7_000, -99.0), 100_000
    values = RNG.normal(size=size)
    order, all_values = np.sort(values), np.concatenate((before, values))
    for wanted in (1_000, 50_000, 90_000, 99_000):
        pivot = quantiles._pivot(all_values, len(before), len(all_values) - 1, len(before) + wanted)
        place = np.searchsorted(order, pivot)
        beyond = wanted - place if 2 * wanted > size else place - wanted
        assert 0 < beyond < 10_000


@pytest.mark.parametrize("size", [0, 1, 2, 3, 5, 8, 31, 32, 33, 100, 128])
def test_lanes_are_sorted_each_for_itself(size):
    from finsim.kernels.quantiles import LANES, sort_lanes

    cells = np.append(RNG.integers(0, 9, size * LANES) * 1.0, [-9.0])
    wanted = np.sort(cells[:-1].reshape(size, LANES), axis=0)
    sort_lanes(cells, size)
    np.testing.assert_array_equal(cells[:-1].reshape(size, LANES), wanted)
    assert cells[-1] == -9


@pytest.mark.parametrize("size", [1, 30, 128, 129])
@pytest.mark.parametrize("groups", [31, 32, 33, 70])
def test_groups_side_by_side(size, groups, monkeypatch):
    monkeypatch.setattr(module, "SORTED_ROWS", 0)
    key = np.repeat(np.arange(groups), RNG.integers(max(1, size - 5), size + 1, groups))
    for make in (HARD["any"], HARD["gaps"]):
        x = make(len(key))
        for share in (0.0, 0.37, 0.9, 1.0):
            np.testing.assert_array_equal(module.group_quantiles(x, share, key), naive(x, share, key))
            order = RNG.permutation(len(key))
            found = module.group_quantiles(x[order], share, key[order])
            np.testing.assert_array_equal(found, naive(x, share, key)[order])
