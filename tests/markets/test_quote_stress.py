"""Scenarios on quotes and levels: the spread widens as stated, levels move in their own unit."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from by_hand import drivers

from finsim.errors import ScenarioError
from finsim.markets.features import encode
from finsim.markets.measures import measure
from finsim.markets.prices import read_prices
from finsim.markets.shard import bars
from finsim.markets.stress import is_still
from finsim.records.calendar import Clock
from finsim.tables import Dialect, Field, Schema

ROWS = 500
CLOCK = Clock(date(2025, 12, 31), 120, 90, 6)


@pytest.fixture(scope="module")
def quoted():
    rng = np.random.default_rng(2)
    size = 0.004 * np.exp(0.8 * np.sin(np.arange(ROWS) / 30))
    middle = 1.3 * np.exp(np.cumsum(size * rng.standard_normal(ROWS)))
    half = 0.02 * size * np.exp(0.1 * rng.standard_normal(ROWS)) / 2
    dates = pd.bdate_range("2020-01-01", periods=ROWS).strftime("%Y-%m-%d")
    return encode(read_prices(pd.DataFrame({"date": dates, "bid": middle - half, "ask": middle + half})))


@pytest.fixture(scope="module")
def levels():
    rng = np.random.default_rng(3)
    dates = pd.bdate_range("2020-01-01", periods=ROWS).strftime("%Y-%m-%d")
    frame = pd.DataFrame({"date": dates, "Y": np.cumsum(rng.normal(0, 0.05, ROWS))})
    frame["P"] = 50 * np.exp(np.cumsum(rng.normal(0, 0.01, ROWS)))
    schema = Schema({"Y": Field("float", as_="difference")}, Dialect(), "prices")
    return encode(read_prices(frame, schema=schema))


def log_spread(paths):
    return np.log(np.log(paths.columns["ask"] / paths.columns["bid"]))


def made(encoded, scenario, betas=None):
    features, encoding = encoded
    rows = np.stack([features[k : k + CLOCK.sessions] for k in (0, 90, 180)])
    return bars(rows, encoding, scenario, betas)


def test_a_stated_multiple_moves_the_spread_alone(quoted):
    calm, wide = made(quoted, drivers(CLOCK)), made(quoted, drivers(CLOCK, spread_mult=3.0))
    np.testing.assert_array_equal(wide.close, calm.close)
    moved = log_spread(wide) - log_spread(calm)
    np.testing.assert_allclose(moved[:, 1:], np.log(3.0), atol=1e-6)
    np.testing.assert_allclose(moved[:, 0], 0.0, atol=1e-12)
    assert is_still(drivers(CLOCK, spread_mult=3.0))
    assert not is_still(drivers(CLOCK, spread_mult=3.0), quoted=True)


def test_the_spread_widens_with_volatility_by_the_elasticity_of_the_history(quoted):
    (elasticity,) = quoted[1].body.spread_elasticity
    assert 0.6 < elasticity <= 1.0  # the spread was made in proportion to volatility
    calm, wild = made(quoted, drivers(CLOCK)), made(quoted, drivers(CLOCK, vol_mult=2.0))
    moved = log_spread(wild) - log_spread(calm)
    np.testing.assert_allclose(moved[:, 1:], elasticity * np.log(2.0), atol=1e-6)


def test_levels_follow_an_anchor_only_with_a_beta_and_in_their_unit(levels):
    scenario = drivers(CLOCK, [(40, -0.3), (100, -0.1)])
    free, tied = made(levels, scenario), made(levels, scenario, {"Y": 4.0})
    calm = made(levels, drivers(CLOCK))
    np.testing.assert_allclose(free.close[..., 0], calm.close[..., 0], atol=1e-9)
    for session, move in ((40, -0.3), (100, -0.1)):
        np.testing.assert_allclose(tied.close[:, session, 0] - tied.close[:, 0, 0], 4.0 * move, atol=1e-9)
        np.testing.assert_allclose(tied.close[:, session, 1] / tied.close[:, 0, 1] - 1, move, atol=1e-9)
    found = measure(tied, scenario, {"Y": 4.0})
    assert found["equity.quarter_error"] < 1e-9
    assert found["equity.max_drawdown"] >= 0.3
    assert "equity.corr63_peak" not in found
    with pytest.raises(ScenarioError, match="P would move"):
        made(levels, scenario, {"P": 4.0})


def test_a_jump_of_a_level_is_in_its_unit(levels):
    jump = np.zeros(CLOCK.sessions)
    jump[10] = -0.2
    calm, hit = made(levels, drivers(CLOCK)), made(levels, drivers(CLOCK, jump=jump), {"Y": 5.0})
    moved = hit.close - calm.close
    np.testing.assert_allclose(moved[:, :10, 0], 0.0, atol=1e-9)
    np.testing.assert_allclose(moved[:, 10:, 0], 5.0 * np.expm1(-0.2), atol=1e-9)
    np.testing.assert_allclose(hit.close[:, 10:, 1] / calm.close[:, 10:, 1], np.exp(-0.2), rtol=1e-9)
