"""Amounts that are all multiples of one number stay so."""

import numpy as np
import pytest

from finsim.generators.margins.number_margin import NumberMargin, grain_of


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


def test_a_grain_is_no_chance():
    rng = np.random.default_rng(4)
    assert grain_of(np.unique(rng.integers(1, 900, 30)) * 1.0, 1.0) == 0.0
    assert grain_of(np.array([100.0, 300.0]), 1.0) == 0.0  # two numbers say little
    assert grain_of(np.arange(40) * 0.25, 0.01) == 0.0
    assert grain_of(np.arange(-20, 40) * 12.0, 1.0) == 12.0
