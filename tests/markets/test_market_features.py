"""Features: real bars come back, any real features are valid bars, levels do not drift."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from finsim.errors import RecordError
from finsim.markets.features import NO_SHADOW, Encoding, decode, encode, recode
from finsim.markets.prices import read_prices
from finsim.records.paths import Paths
from finsim.records.trading_calendar import NYSE


def dates(count):
    return np.busday_offset("2030-01-01", np.arange(count), roll="forward")


def assert_valid(paths):
    bars = paths.columns
    assert all(np.isfinite(values).all() for values in bars.values())
    assert (bars["low"] > 0).all()
    assert (bars["low"] <= np.minimum(bars["open"], bars["close"])).all()
    assert (bars["high"] >= np.maximum(bars["open"], bars["close"])).all()
    assert bars["volume"].dtype == np.int64
    assert (bars["volume"] >= 0).all()


def test_real_bars_come_back(history, encoded):
    features, encoding = encoded
    back = decode(features[None], encoding.replay(), history.dates[1:])
    for name in ("open", "high", "low", "close"):
        np.testing.assert_allclose(back.columns[name], history.columns[name][:, 1:], rtol=1e-12)
    np.testing.assert_array_equal(back.columns["volume"], history.columns["volume"][:, 1:])


def test_exact_zero_shadows_come_back_as_equal_prices(history, encoded):
    features, encoding = encoded
    back = decode(features[None], encoding.replay(), history.dates[1:]).columns
    real = {name: values[:, 1:] for name, values in history.columns.items()}
    for side, best in (("high", np.maximum), ("low", np.minimum)):
        bare = real[side] == best(real["open"], real["close"])
        assert 0.01 < bare.mean() < 0.1
        np.testing.assert_array_equal(back[side] == best(back["open"], back["close"]), bare)


@pytest.mark.parametrize(
    "name",
    [
        "market_daily/sp500_ohlcv_1950_2018.csv.gz",
        "market_daily/us_equity12_adjclose_1990_2020.csv.gz",
        "market_daily/us_etf_stock_ohlcv_1998_2020.parquet",
        "timegan_stock/stock_data.csv.gz",
    ],
)
def test_other_real_data_come_back(shared, name):
    real = read_prices(shared / name)
    features, encoding = encode(real)
    assert features.shape == (len(real.dates) - 1, len(encoding.channels))
    back = decode(features[None], encoding.replay(), real.dates[1:])
    for field in back.columns:
        np.testing.assert_allclose(back.columns[field], real.columns[field][:, 1:], rtol=1e-12)


@settings(deadline=None, max_examples=40)
@given(arrays(np.float64, (2, 7, 10), elements=st.floats(allow_nan=False, allow_infinity=False)))
def test_any_finite_features_decode_to_valid_bars(encoded, x):
    assert_valid(decode(x, encoded[1], dates(7)))


@settings(deadline=None, max_examples=40)
@given(
    arrays(np.float64, (2, 7, 10), elements=st.floats(-3, 3)),
    st.sampled_from([0.01, 0.05, 1 / 3, 0.25, 1.0]),
)
def test_ticks_keep_bars_valid(encoded, x, tick):
    paths = decode(x, encoded[1], dates(7), tick=tick)
    assert_valid(paths)
    for name in ("open", "high", "low", "close"):
        counts = paths.columns[name] / tick
        np.testing.assert_allclose(counts, np.rint(counts), rtol=1e-9)


@settings(deadline=None, max_examples=60)
@given(arrays(np.float64, (2, 6, 10), elements=st.floats(-0.4, 2.0)))
def test_recode_reverses_decode(encoded, x):
    encoding = encoded[1]
    part = encoding.split(x)
    part[..., :2] /= 10
    part[..., 2:4] = np.where(part[..., 2:4] < 0.02, NO_SHADOW, part[..., 2:4])
    paths = decode(x, encoding, dates(6))
    back = recode(paths, encoding)
    prices, volume = encoding.split(back - x)[..., :4], encoding.split(back - x)[..., 4]
    np.testing.assert_allclose(prices, 0, atol=1e-9)
    np.testing.assert_array_less(np.abs(volume), 0.51 / (1 + paths.columns["volume"]) + 1e-9)


def test_generated_shadows_below_zero_are_bare_bars(encoded):
    x = np.full((1, 4, 10), -0.01)
    paths = decode(x, encoded[1], dates(4)).columns
    np.testing.assert_array_equal(paths["high"], np.maximum(paths["open"], paths["close"]))
    np.testing.assert_array_equal(paths["low"], np.minimum(paths["open"], paths["close"]))


def test_decoding_starts_at_the_last_close_and_does_not_drift(history, encoded, sampled):
    encoding = encoded[1]
    assert encoding.last_close == tuple(history.close[0, -1])
    paths = decode(np.zeros((1, 3, 10)), encoding, dates(3))
    np.testing.assert_allclose(paths.close[0], np.tile(encoding.last_close, (3, 1)), rtol=1e-12)
    volume = np.log1p(decode(sampled, encoding, dates(sampled.shape[1])).columns["volume"])
    years = [np.median(part) for part in np.array_split(volume, 10, axis=1)]
    recent = np.median(np.log1p(history.columns["volume"][0, -252:]))
    assert max(years) - min(years) < 0.15
    assert abs(np.mean(years) - recent) < 0.25


def test_encoding_survives_json(encoded):
    encoding = encoded[1]
    assert Encoding.from_dict(json.loads(json.dumps(encoding.to_dict()))) == encoding
    with pytest.raises(RecordError, match="not a market encoding"):
        Encoding.from_dict({"assets": ["A"]})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("shadow_scale", [[0.01, 0.01], [0.01, 0.0]]),
        ("shadow_scale", [[0.01, 0.01], [0.01, -0.1]]),
        ("shadow_scale", [[0.01, 0.01]]),
        ("last_close", [0.0, 10.0]),
        ("last_close", [10.0, float("nan")]),
        ("first_close", [10.0]),
        ("first_close", ["ten", 10.0]),
        ("sigma", [0.01, -0.01]),
        ("sigma", [0.01]),
    ],
)
def test_an_encoding_with_numbers_that_no_fit_gives_is_refused(encoded, name, value):
    told = json.loads(json.dumps(encoded[1].to_dict()))
    (told["body"] if name == "sigma" else told)[name] = value
    with pytest.raises(RecordError, match="not a market encoding"):
        Encoding.from_dict(told)


def test_a_difference_may_be_below_zero(encoded):
    told = json.loads(json.dumps(encoded[1].to_dict())) | {
        "series": ["difference", "price"],
        "last_close": [-0.4, 10.0],
    }
    assert Encoding.from_dict(told).last_close == (-0.4, 10.0)


def test_kinds(history):
    closes = Paths(history.assets, history.dates, {"close": history.close})
    features, encoding = encode(closes)
    assert encoding.kind == "close"
    assert encoding.channels == ("AAPL.return", "IBM.return")
    bars = {name: values for name, values in history.columns.items() if name != "volume"}
    features, encoding = encode(Paths(history.assets, history.dates, bars))
    assert encoding.kind == "ohlc"
    assert features.shape[1] == 8
    assert set(decode(features[None], encoding, history.dates[1:]).columns) == set(bars)


def test_frozen_prices_and_zero_volume_are_encoded(history):
    columns = {name: np.full_like(values, 5) for name, values in history.columns.items()}
    columns["volume"][:, ::3] = 0
    features, encoding = encode(Paths(history.assets, history.dates, columns))
    assert np.isfinite(features).all()
    back = decode(features[None], encoding.replay(), history.dates[1:])
    for name, values in columns.items():
        np.testing.assert_allclose(back.columns[name], values[:, 1:], rtol=1e-12)


def test_refusals(history, encoded):
    features, encoding = encoded
    bad = features[None].copy()
    bad[0, 17, 3] = np.nan
    with pytest.raises(RecordError, match=r"nan in path 0, row 17, AAPL\.lower"):
        decode(bad, encoding, history.dates[1:])
    with pytest.raises(RecordError, match="shape"):
        decode(features[None, :, :5], encoding, history.dates[1:])
    with pytest.raises(RecordError, match="tick"):
        decode(features[None], encoding, history.dates[1:], tick=0.0)
    two = replace(history, columns={n: np.repeat(v, 2, axis=0) for n, v in history.columns.items()})
    with pytest.raises(RecordError, match="2 paths"):
        encode(two)
    with pytest.raises(RecordError, match="paths of"):
        recode(replace(history, assets=("A", "B")), encoding)


def crypto(weekend, steps=400):
    """Return bars of every day of the week whose volume at weekends is larger by ``weekend`` in logs."""
    draw, days = np.random.default_rng(3), np.datetime64("2030-01-05") + np.arange(steps)  # a Saturday first
    close = np.exp(0.01 * draw.standard_normal(steps).cumsum())[None, :, None]
    logs = 9.0 + 0.3 * draw.standard_normal(steps) + weekend * (np.arange(steps) % 7 < 2)
    volume = np.exp(logs)[None, :, None].astype(np.int64)
    columns = {"open": close, "high": 1.01 * close, "low": 0.99 * close, "close": close, "volume": volume}
    return Paths(("X",), days, columns, calendar=replace(NYSE, weekdays="1111111", nyse_holidays=False))


def test_volume_is_measured_against_its_weekday():
    bars = crypto(-0.8)
    features, encoding = encode(bars)
    (found,) = encoding.volume_weekdays
    raw = np.log(bars.columns["volume"][0, :, 0])
    wanted = raw[np.arange(400) % 7 < 2].mean() - raw[np.arange(400) % 7 > 1].mean()
    assert np.mean(found[5:]) - np.mean(found[:5]) == pytest.approx(wanted, abs=0.03)
    assert abs(sum(found)) < 0.05
    weekend = np.isin(np.arange(1, 400) % 7, (0, 1))
    assert abs(features[weekend, 4].mean() - features[~weekend, 4].mean()) < 0.1
    back = decode(features[None], encoding.replay(), bars.dates[1:])
    np.testing.assert_array_equal(back.columns["volume"], bars.columns["volume"][:, 1:])
    np.testing.assert_allclose(recode(back, encoding.replay()), features[None], atol=1e-6)
    made = decode(np.zeros((1, 14, 5)), encoding, encoding.calendar.after(bars.dates[-1], 14))
    logs = np.log(made.columns["volume"][0, :, 0])
    days = (made.dates.astype("datetime64[D]").astype(int) + 3) % 7
    assert np.allclose(logs - logs.mean(), (np.array(found) - np.mean(found))[days], atol=0.01)
    assert Encoding.from_dict(json.loads(json.dumps(encoding.to_dict()))) == encoding


def test_weekdays_that_do_not_differ_are_not_told():
    assert encode(crypto(0.0))[1].volume_weekdays == ()
    assert "volume_weekdays" not in encode(crypto(0.0))[1].to_dict()
    assert encode(crypto(-0.8, steps=100))[1].volume_weekdays == ()  # too few weeks
