"""Amounts that are all multiples of one number stay so."""

import numpy as np
import pytest

from finsim.generators.margins.grains import grain_of
from finsim.generators.margins.number_margin import NumberMargin


@pytest.mark.parametrize("smooth", [True, False])
def test_every_multiple_of_a_grain_stays_one(smooth):
    rng = np.random.default_rng(3)
    values = np.round(rng.lognormal(9, 0.6, 1_500) / 250) * 250
    margin = NumberMargin.fit(values, 1.0, smooth)
    assert margin.grain == 250.0
    drawn = NumberMargin.from_state("m", margin.state("m")).values(rng.random(20_000), rng.random(20_000))
    assert (drawn % 250 == 0).all()
    assert (drawn % 1_000 == 0).mean() == pytest.approx((values % 1_000 == 0).mean(), abs=0.05)
    assert drawn.min() >= values.min()
    assert drawn.max() <= values.max()


def _grain(values, step):
    return grain_of(*np.unique(np.asarray(values, dtype=float), return_counts=True), step)


def test_a_grain_is_no_chance():
    rng = np.random.default_rng(4)
    assert _grain(rng.integers(1, 900, 30), 1.0).size == 0.0
    assert _grain([100.0, 300.0], 1.0).size == 0.0  # two numbers say little
    assert _grain(np.arange(-20, 40) * 12.0, 1.0) == (12.0, False)
    assert _grain(np.arange(40) * 0.25, 0.01) == (0.25, False)
    assert _grain(np.arange(40), 0.01).size == 0.0  # whole cents


def test_a_rounding_that_people_do_is_no_grain():
    rng = np.random.default_rng(5)
    hundreds = np.where(
        rng.random(3_000) < 0.97, rng.integers(10, 900, 3_000) * 100, rng.integers(1, 9_000, 3_000)
    )
    assert _grain(hundreds, 1.0).size == 0.0  # the levels of rounding tell it
    assert _grain(rng.integers(1_000, 90_000, 3_000), 1.0).size == 0.0
    some = np.where(rng.random(3_000) < 0.9, rng.integers(4, 400, 3_000) * 250, rng.integers(1, 9_000, 3_000))
    assert _grain(some, 1.0).size == 0.0  # a tenth are none


@pytest.mark.parametrize(
    ("grain", "step", "scale"), [(250.0, 1.0, 1.0), (0.05, 0.01, 0.0002), (2.5, 0.01, 0.01)]
)
@pytest.mark.parametrize("smooth", [True, False])
def test_the_share_off_a_grain_is_that_of_the_data(grain, step, scale, smooth):
    rng = np.random.default_rng(6)
    whole = rng.lognormal(9, 0.6, 2_000) * scale
    on_grid = np.round(np.round(whole / grain) * grain, 2)
    values = np.where(rng.random(2_000) < 0.03, np.round(np.round(whole / step) * step, 2), on_grid)

    def off(cells):
        return (np.abs(cells / grain - np.round(cells / grain)) > 1e-6).mean()

    margin = NumberMargin.fit(values, step, smooth)
    drawn = NumberMargin.from_state("m", margin.state("m")).values(rng.random(40_000), rng.random(40_000))
    assert off(drawn) == pytest.approx(off(values), abs=0.008)
    assert np.array_equal(drawn, np.round(drawn, 2))
    assert drawn.min() >= values.min()
    assert drawn.max() <= values.max()
    low, high = margin.rounding_places(values)
    rest = ~np.isin(values, margin.atoms)
    is_off = np.abs(values / grain - np.round(values / grain)) > 1e-6
    assert (low[rest & is_off] >= margin.rounding[:, -1].min()).all()
    assert (high[rest & is_off] == 1.0).all()
