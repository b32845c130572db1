"""Sums that end as prices do: their share is kept, elsewhere nothing is moved."""

from __future__ import annotations

import numpy as np
import pytest

from finsim.generators.margins.number_margin import NumberMargin
from finsim.generators.margins.price_endings import PriceEndings
from finsim.notation import Float1D, Int1D


def cents(values: Float1D) -> Int1D:
    return np.asarray(np.round(np.abs(values) * 100).astype(np.int64) % 100)


def prices(rng: np.random.Generator, count: int) -> Float1D:
    """Half of the sums below 20 end in .99, a fifth of the others in .49, one in ten is whole."""
    plain = np.exp(rng.normal(3.0, 0.8, count))
    draw = rng.random(count)
    sums = np.where(plain < 20, np.where(draw < 0.5, np.floor(plain) + 0.99, plain), plain)
    sums = np.where((plain >= 20) & (draw < 0.2), np.floor(plain) + 0.49, sums)
    return np.round(np.where(draw > 0.9, np.round(plain), sums), 2)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_endings_are_met_as_often_and_where_they_were(sign: float) -> None:
    rng = np.random.default_rng(5)
    learned = sign * prices(rng, 20_000)
    margin = NumberMargin.fit(learned, 0.01)
    made = margin.values(rng.random(20_000), rng.random(20_000))
    for ending in (99, 49, 0, 37):
        for small in (True, False):
            real = (cents(learned) == ending)[(np.abs(learned) < 19) == small].mean()
            own = (cents(made) == ending)[(np.abs(made) < 19) == small].mean()
            assert own == pytest.approx(real, abs=0.02)
    assert np.sign(made).tolist() == [sign] * len(made)
    own, real = (np.quantile(side, [0.1, 0.5, 0.9]) for side in (made, learned))
    assert own == pytest.approx(real, rel=0.07)


def test_sums_that_end_anywhere_have_no_endings() -> None:
    rng = np.random.default_rng(6)
    for count in (60, 600, 20_000):
        sums = np.sort(np.round(rng.uniform(5, 500, count), 2))
        assert not len(PriceEndings.fit(sums, 0.01).cents)


def test_bins_of_few_sums_have_the_share_of_all() -> None:
    rng = np.random.default_rng(9)
    sums = np.round(np.sort(rng.uniform(5, 500, 240)), 2)
    priced = rng.random(240) < 0.3
    sums[priced] = np.floor(sums[priced]) + 0.99
    shares = PriceEndings.fit(np.sort(sums), 0.01).shares
    assert shares[:, -1].mean() == pytest.approx(priced.mean(), abs=0.06)
    assert shares[:, -1].min() > 0.15


def test_a_move_goes_to_the_nearest_such_sum_and_leaves_rounded_ones() -> None:
    endings = PriceEndings(np.array([99]), np.full((24, 1), 0.5))
    values = np.array([10.2, 10.6, -3.7, 0.1, 25.0])
    moved = endings.moved(values, np.zeros(5, np.int64), np.full(5, 0.2), np.array([True] * 4 + [False]))
    assert moved.tolist() == [9.99, 10.99, -3.99, 0.99, 25.0]
    still = endings.moved(values, np.zeros(5, np.int64), np.full(5, 0.6), np.array([True] * 5))
    assert still.tolist() == values.tolist()


def test_endings_are_kept_in_a_model_file() -> None:
    learned = prices(np.random.default_rng(7), 5_000)
    margin = NumberMargin.fit(learned, 0.01)
    assert 49 in margin.endings.cents  # of .99 each sum below 20 is an atom of its own
    again = NumberMargin.from_state("amount", margin.state("amount"))
    places, draws = np.random.default_rng(8).random((2, 500))
    assert (again.values(places, draws) == margin.values(places, draws)).all()
