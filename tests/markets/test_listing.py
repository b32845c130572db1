"""Assets listed later: laws from each asset's own days, dependence from the common ones, nothing invented."""

from dataclasses import replace

import numpy as np
import pytest

from finsim.markets.features import encode
from finsim.markets.listing import complete, cut, lifted
from finsim.records.paths import Paths

T, LATER = 1500, 1050


def history(kinds=()):
    """Three assets; the first moved three times as much before the second was listed."""
    rng = np.random.default_rng(4)
    z = rng.standard_normal((T, 3))
    z[:, 1] = 0.8 * z[:, 0] + 0.6 * z[:, 1]
    size = np.where(np.arange(T) < 800, 0.03, 0.01)[:, None] * [1.0, 1.0, 1.0]
    line = np.cumsum(z * size, axis=0)
    close = np.exp(line) * 100
    if kinds:
        close[:, 2] = line[:, 2]
    close[:LATER, 1] = np.nan
    dates = np.busday_offset("2015-01-02", np.arange(T), roll="forward")
    return Paths(("A", "B", "C"), dates, {"close": close[None]}, kinds=kinds)


def common(whole):
    return cut(whole, np.isfinite(whole.close[0]).all(axis=1))


@pytest.mark.parametrize("kinds", [(), ("price", "price", "difference")])
def test_each_asset_keeps_the_law_of_its_own_days(kinds):
    whole = history(kinds)
    joint = common(whole)
    made = complete(joint, whole)
    own = whole.returns()[0]
    for a in range(3):
        wanted = own[np.isfinite(own[:, a]), a]
        assert made.returns()[0, :, a].std() == pytest.approx(wanted.std(), rel=0.05)
        levels = np.quantile(made.returns()[0, :, a], (0.05, 0.5, 0.95))
        np.testing.assert_allclose(levels, np.quantile(wanted, (0.05, 0.5, 0.95)), atol=wanted.std() / 20)
    assert joint.returns()[0, :, 0].std() < 0.6 * made.returns()[0, :, 0].std()
    np.testing.assert_array_equal(made.dates, joint.dates)
    np.testing.assert_allclose(made.close[0, -1], whole.close[0, -1], rtol=1e-12)


def test_who_moves_with_whom_is_that_of_the_common_days():
    whole = history()
    joint = common(whole)
    ranks = [
        np.argsort(np.argsort(side.returns()[0], axis=0), axis=0) for side in (joint, complete(joint, whole))
    ]
    np.testing.assert_array_equal(*ranks)


def test_an_asset_without_longer_days_stays_as_it_is():
    whole = history()
    joint = common(whole)
    np.testing.assert_allclose(complete(joint, whole).close[0, :, 1], joint.close[0, :, 1], rtol=1e-12)
    assert complete(joint, None) is joint


def test_what_is_held_back_teaches_nothing():
    """Moves of the held-back days of the longest history do not change the laws of the others."""
    whole = history()
    joint = common(whole)
    wild = np.array(whole.close)
    wild[0, -60:, 0] *= np.exp(np.cumsum(np.full(60, 0.2)))
    other = replace(whole, columns={"close": wild})
    kept = [complete(common(one), one, 0.2).returns()[0] for one in (whole, other)]
    learned = len(joint.dates) - 1 - round(0.2 * (len(joint.dates) - 1))
    np.testing.assert_allclose(kept[0][:learned], kept[1][:learned], atol=1e-9)


def test_the_history_with_gaps_itself_is_not_encoded():
    with pytest.raises(Exception, match="bars are missing for B"):
        encode(history())


def test_lifted_values_have_the_law_and_the_order():
    rng = np.random.default_rng(1)
    values, own = rng.standard_normal(400), 3.0 + 2.0 * rng.standard_t(5, 3000)
    found = lifted(values, 300, own)
    np.testing.assert_array_equal(np.argsort(found[:300]), np.argsort(values[:300]))
    np.testing.assert_allclose(np.quantile(found[:300], 0.5), np.quantile(own, 0.5), atol=0.05)
    ties = lifted(np.array([0.0, 0.0, 1.0, 2.0]), 4, np.arange(101.0))
    assert ties[0] == ties[1] == 25.0


def test_whole_bars_stay_valid_and_keep_volume_and_spread():
    rng = np.random.default_rng(9)
    whole = history()
    close = whole.close
    opened = close * np.exp(rng.normal(0, 0.004, close.shape))
    high = np.maximum(opened, close) * np.exp(rng.exponential(0.003, close.shape))
    low = np.minimum(opened, close) * np.exp(-rng.exponential(0.003, close.shape))
    volume = np.where(np.isnan(close), np.nan, rng.integers(1000, 9000, close.shape))
    columns = {"open": opened, "high": high, "low": low, "close": close, "volume": volume}
    columns |= {"bid": close * 0.9995, "ask": close * 1.0005}
    whole = replace(whole, columns=columns)
    joint = common(whole)
    made = complete(joint, whole).columns
    assert (made["low"] > 0).all()
    assert (made["low"] <= np.minimum(made["open"], made["close"])).all()
    assert (made["high"] >= np.maximum(made["open"], made["close"])).all()
    np.testing.assert_array_equal(made["volume"], joint.columns["volume"])
    assert made["volume"].dtype == np.int64
    np.testing.assert_allclose(made["ask"] / made["bid"], 1.0005 / 0.9995, rtol=1e-9)
    wide = np.log(whole.columns["open"][0, 1:, 0] / close[0, :-1, 0])
    found = np.log(made["open"][0, 1:, 0] / made["close"][0, :-1, 0])
    assert found.std() == pytest.approx(wide.std(), rel=0.05)
