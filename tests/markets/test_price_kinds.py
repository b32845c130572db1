"""Reading prices of every kind: vendor exports, quotes, levels and returns, steps, splits, dialects."""

import numpy as np
import pandas as pd
import pytest

import finsim
from finsim.errors import DataError
from finsim.markets.features import decode, encode
from finsim.markets.prices import as_schema, describe, read_prices
from finsim.markets.reading.remarks import found_splits
from finsim.tables import Dialect, Field, Schema

ROWS = 120


def bars(rows=ROWS, seed=1):
    rng = np.random.default_rng(seed)
    close = 100 * np.exp(np.cumsum(rng.normal(0, 0.01, rows)))
    opened = close * np.exp(rng.normal(0, 0.004, rows))
    spread = rng.exponential(0.004, (2, rows))
    high, low = np.maximum(opened, close) * np.exp(spread[0]), np.minimum(opened, close) * np.exp(-spread[1])
    frame = pd.DataFrame({"Open": opened, "High": high, "Low": low, "Close": close})
    return frame.assign(Volume=rng.integers(1000, 9000, rows))


def dates(rows=ROWS):
    return [str(day.date()) for day in pd.bdate_range("2020-01-01", periods=rows)]


def vendor(order, path, assets=("AAA", "7203.T"), single=False):
    """Write a file with two header rows and a row with the name of the index, as downloaders do."""
    frames = {asset: bars(seed=k) for k, asset in enumerate(assets[: 1 if single else 2])}
    columns = [(asset, bar) for asset in frames for bar in ("Close", "High", "Low", "Open", "Volume")]
    if order == "bar first":
        columns.sort(key=lambda pair: pair[1])
        rows = [["Price", *(bar for _, bar in columns)], ["Ticker", *(asset for asset, _ in columns)]]
    else:
        rows = [["Ticker", *(asset for asset, _ in columns)], ["Price", *(bar for _, bar in columns)]]
    rows.append(["Date", *[""] * len(columns)])
    for k, day in enumerate(dates()):
        rows.append([day, *(repr(float(frames[asset][bar].iloc[k])) for asset, bar in columns)])
    path.write_text("\n".join(",".join(row) for row in rows) + "\n")
    return frames


@pytest.mark.parametrize("order", ["bar first", "asset first"])
@pytest.mark.parametrize("single", [False, True])
def test_two_header_rows_give_one_asset_a_ticker(tmp_path, order, single):
    frames = vendor(order, tmp_path / "export.csv", single=single)
    found = read_prices(tmp_path / "export.csv")
    assert set(found.assets) == set(frames)
    for asset, frame in frames.items():
        for bar in ("Open", "High", "Low", "Close", "Volume"):
            column = found.columns[bar.lower()][0, :, found.assets.index(asset)]
            np.testing.assert_allclose(column, frame[bar])
    assert found.notes["remarks"] == []


def test_an_ordinary_header_is_never_taken_for_one_of_two(tmp_path):
    frame = pd.DataFrame({"date": dates(), "close": np.linspace(1, 2, ROWS), "open": 3.0})
    frame.to_csv(tmp_path / "plain.csv", index=False)
    assert read_prices(tmp_path / "plain.csv", "wide").assets == ("close", "open")


def written(path, sep=",", decimal=".", thousands="", form="%Y-%m-%d"):
    def cell(value):
        text = f"{value:,.4f}".replace(",", "T").replace(".", decimal).replace("T", thousands)
        return f'"{text}"' if sep in text else text

    frame = bars() * 100
    stamps = pd.to_datetime(dates()).strftime(form)
    lines = [sep.join(["Date", *frame.columns])]
    lines += [sep.join([day, *map(cell, row)]) for day, row in zip(stamps, frame.to_numpy(), strict=True)]
    path.write_text("\n".join(lines) + "\n")
    return frame


@pytest.mark.parametrize(
    ("signs", "option", "remedy"),
    [
        ({"sep": ";", "decimal": ","}, "sep=;,decimal=,", "--csv decimal=,"),
        ({"thousands": ","}, "thousands=,", "--csv thousands=,"),
        (
            {"sep": ";", "decimal": ",", "thousands": ".", "form": "%d.%m.%Y"},
            "decimal=,,thousands=.",
            "--csv",
        ),
    ],
)
def test_dialects_are_read_when_declared_and_refused_once_when_not(tmp_path, signs, option, remedy):
    frame = written(tmp_path / "d.csv", **signs)
    found = read_prices(tmp_path / "d.csv", schema=as_schema(None, option))
    np.testing.assert_allclose(found.close[0, :, 0], frame["Close"].round(4))
    with pytest.raises(DataError) as caught:
        read_prices(tmp_path / "d.csv")
    assert len(caught.value.problems) == 1
    assert remedy in str(caught.value)


@pytest.mark.parametrize(("unit", "size"), [("s", 1), ("ms", 1000), ("us", 10**6), ("ns", 10**9)])
def test_epoch_times_need_a_declared_unit(tmp_path, unit, size):
    frame = bars()
    seconds = pd.to_datetime(dates()).to_numpy().astype("datetime64[s]").astype(np.int64)
    frame.insert(0, "Date", seconds * size)
    frame.to_csv(tmp_path / "epoch.csv", index=False)
    with pytest.raises(DataError, match=f"unit: {unit}") as caught:
        read_prices(tmp_path / "epoch.csv")
    assert len(caught.value.problems) == 1
    schema = Schema({"Date": Field("ts", unit=unit, role="date")}, Dialect(), "prices")
    assert [str(day) for day in read_prices(tmp_path / "epoch.csv", schema=schema).dates] == dates()


def quoted():
    frame, rng = bars(), np.random.default_rng(2)
    half = rng.uniform(0.0001, 0.001, ROWS)[:, None] / 2
    middle = frame[["Open", "High", "Low", "Close"]]
    return middle * (1 - half), middle * (1 + half)


@pytest.mark.parametrize(
    "form",
    ["{side}{bar}", "{bar} {side}", "{side}_{bar}", "{side}.{bar}", "{side}.{letter}", "{letter}_{side}",
     "{side} {bar} price"],
)  # fmt: skip
def test_bid_and_ask_bars_are_one_asset(form):
    frame = pd.DataFrame({"Gmt time": dates()})
    for side, prices in zip(("Bid", "Ask"), quoted(), strict=True):
        for bar in prices:
            frame[form.format(side=side, bar=bar, letter=bar[0])] = prices[bar]
    found = read_prices(frame)
    assert len(found.assets) == 1
    assert set(found.columns) == {"open", "high", "low", "close", "bid", "ask"}
    bid, ask = quoted()
    np.testing.assert_allclose(found.columns["ask"][0, :, 0], ask["Close"])
    np.testing.assert_allclose(found.close[0, :, 0], np.sqrt(bid["Close"] * ask["Close"]))
    features, encoding = encode(found)
    back = decode(features[None], encoding.replay(), found.dates[1:])
    for field in back.columns:
        np.testing.assert_allclose(back.columns[field], found.columns[field][:, 1:], rtol=1e-9)


def test_any_features_give_an_ask_above_the_bid():
    bid, ask = quoted()
    frame = pd.DataFrame({"date": dates(), "bid": bid["Close"], "ask": ask["Close"]})
    _, encoding = encode(read_prices(frame))
    features = np.random.default_rng(3).normal(0, 50, (4, 30, len(encoding.channels)))
    made = decode(features, encoding, np.datetime64("2030-01-01") + np.arange(30)).columns
    assert (made["ask"] > made["bid"]).all()


def test_one_side_alone_is_refused_and_an_asset_may_be_called_bid():
    bid, _ = quoted()
    one_side = bid.add_prefix("Bid").assign(Date=dates())
    with pytest.raises(DataError, match=r"BidOpen.* are one side of a quote"):
        read_prices(one_side)
    panel = pd.DataFrame({"date": dates(), "AAPL": bid["Close"], "BID": bid["Open"]})
    assert read_prices(panel).assets == ("AAPL", "BID")
    crossed = pd.DataFrame({"date": dates(), "bid": bid["Close"] * 2, "ask": bid["Close"]})
    with pytest.raises(DataError, match="is below bid"):
        read_prices(crossed)


def declared(**kinds):
    return Schema({name: Field("float", as_=kind) for name, kind in kinds.items()}, Dialect(), "prices")


def test_levels_and_returns_are_declared_or_refused_with_that_remedy():
    rng = np.random.default_rng(5)
    panel = pd.DataFrame({"Date": dates(), "Y": rng.normal(0, 1, ROWS), "R": rng.normal(0, 0.01, ROWS)})
    panel["P"] = bars()["Close"]
    with pytest.raises(DataError, match=r"as: difference.*as: return") as caught:
        read_prices(panel)
    assert len(caught.value.problems) == 2
    found = read_prices(panel, schema=declared(Y="difference", R="return"))
    assert found.kinds == ("difference", "return", "price")
    moves = found.returns()[0]
    np.testing.assert_allclose(moves[:, 0], np.diff(panel["Y"]))
    np.testing.assert_allclose(moves[:, 1], np.log1p(panel["R"][1:]))
    np.testing.assert_allclose(moves[:, 2], np.diff(np.log(panel["P"])))
    features, encoding = encode(found)
    back = decode(features[None], encoding.replay(), found.dates[1:])
    np.testing.assert_allclose(back.close, found.close[:, 1:], atol=1e-9)
    assert describe(found)["assets"]["Y"]["worst_day"]["return"] == pytest.approx(np.diff(panel["Y"]).min())
    with pytest.raises(DataError, match="return -2"):
        read_prices(panel.assign(R=-2.0), schema=declared(Y="difference", R="return"))


def test_a_schema_names_what_is_not_there(tmp_path):
    frame = pd.DataFrame({"Date": dates(), "DGS10": bars()["Close"]})
    with pytest.raises(DataError, match=r"no column for DSG10.*\n.*did you mean 'DGS10'"):
        read_prices(frame, schema=declared(DSG10="difference"))


def test_headers_in_any_script_by_role():
    names = {
        "日付": "date",
        "始値": "open",
        "高値": "high",
        "安値": "low",
        "終値": "close",
        "出来高": "volume",
    }
    frame = bars().assign(Date=dates())[["Date", "Open", "High", "Low", "Close", "Volume"]]
    frame.columns = list(names)
    fields = {role: Field("date" if role == "date" else "float", source=name) for name, role in names.items()}
    found = read_prices(frame, schema=Schema(fields, Dialect(), "prices"))
    assert found.is_ohlcv
    np.testing.assert_allclose(found.columns["high"][0, :, 0], frame["高値"])


@pytest.mark.parametrize("new", [2, 3, 7, 10, 20])
@pytest.mark.parametrize("reverse", [False, True])
def test_splits_are_found_and_crashes_are_not(new, reverse):
    frame = bars()
    ratio = new if reverse else 1 / new
    for bar in ("Open", "Close"):
        frame.loc[60:, bar] *= ratio
    words = f"1-for-{new}" if reverse else f"{new}-for-1"
    assert found_splits(frame["Close"].to_numpy(), frame["Open"].to_numpy()) == [(60, words)]
    assert found_splits(frame["Close"].to_numpy(), None) == [(60, words)]
    opened = frame["Open"].to_numpy().copy()
    opened[60] = frame["Close"][59]  # fell during the session
    assert found_splits(frame["Close"].to_numpy(), opened) == []


def test_remarks_name_splits_holes_and_still_columns():
    panel = pd.DataFrame({"Date": dates(), "A": bars()["Close"], "B": 5.0, "C": bars(seed=2)["Close"]})
    panel.loc[60:, "C"] /= 4
    panel = panel.drop(index=range(30, 48))
    said = " ".join(read_prices(panel).notes["remarks"])
    assert "C: the price of 2020-03-25" in said
    assert "4-for-1" in said
    assert "1 hole of more than 10 daily bars: 2020-02-11 to 2020-03-09" in said
    assert "B never moves" in said
    quiet = pd.DataFrame({"Date": dates(), "A": bars()["Close"]})
    assert read_prices(quiet).notes["remarks"] == []


def test_volume_beyond_int64_is_kept(tmp_path):
    frame = bars().assign(Date=dates())
    frame["Volume"] = frame["Volume"] * 1e16
    found = read_prices(frame)
    assert found.columns["volume"].dtype == np.float64
    features, encoding = encode(found)
    back = decode(features[None], encoding.replay(), found.dates[1:])
    np.testing.assert_allclose(back.columns["volume"][0, :, 0], frame["Volume"][1:], rtol=1e-9)


def coins(scale=0.001):
    """Return daily bars of a coin: a volume of three decimals, at times below one."""
    frame = bars().assign(Date=dates())
    frame["Volume"] = np.round(frame["Volume"] * scale, 3)
    return frame


def test_volumes_of_coins_keep_their_decimals_and_whole_ones_stay_whole():
    frame = coins()
    found = read_prices(frame)
    np.testing.assert_array_equal(found.columns["volume"][0, :, 0], frame["Volume"])
    features, encoding = encode(found)
    assert encoding.volume_decimals == 3
    back = decode(features[None], encoding.replay(), found.dates[1:]).columns["volume"]
    np.testing.assert_array_equal(back[0, :, 0], frame["Volume"][1:])
    whole = read_prices(frame.assign(Volume=1000 * frame["Volume"].round(3)))
    assert whole.columns["volume"].dtype == np.int64
    assert encode(whole)[1].volume_decimals == 0


def test_whole_volumes_stay_whole_when_prices_are_adjusted_and_coins_do_not():
    frame = bars().assign(Date=dates())
    frame["Adj Close"] = frame["Close"] * 0.7
    found = read_prices(frame).columns["volume"]
    assert found.dtype == np.int64
    np.testing.assert_array_equal(found[0, :, 0], np.rint(frame["Volume"] / 0.7))
    coin = coins().assign(**{"Adj Close": frame["Close"] * 0.7})
    np.testing.assert_allclose(read_prices(coin).columns["volume"][0, :, 0], coin["Volume"] / 0.7)


def test_coins_are_fitted_sampled_and_exported_with_their_decimals(tmp_path):
    frame = coins(1e-4)
    body = finsim.fit(frame, "bootstrap", seed=1, progress=False, output=tmp_path / "model")
    file = tmp_path / "bars.parquet"
    finsim.sample(tmp_path / "model", paths=2, steps=70, seed=1, output=file, progress=False)
    made = pd.read_parquet(file)["volume"]
    assert made.dtype == np.float64
    assert made.between(0.5 * frame["Volume"].min(), 2.0 * frame["Volume"].max()).all()
    assert (made % 1.0 > 0.0).mean() > 0.9
    assert np.array_equal(made.round(3), made)
    assert (
        finsim.sample(body, paths=2, steps=70, seed=1, progress=False).schema.field("volume").type == "double"
    )
    finsim.export(file, "backtesting", path=0, output=tmp_path / "out")
    told = next(pd.read_csv(one) for one in (tmp_path / "out").rglob("*.csv"))
    np.testing.assert_array_equal(told["Volume"], made[:70])


def test_instants_keep_their_zone_and_days_their_date():
    frame = bars()
    stamps = pd.date_range("2024-03-01 00:00", periods=ROWS, freq="h", tz="UTC")
    found = read_prices(frame.assign(Date=stamps))
    assert found.dates[1] == np.datetime64("2024-03-01T01:00")
    assert found.calendar.adjective == "1-hour"
    evening = pd.bdate_range("2024-01-01 20:00", periods=ROWS, tz="America/New_York")
    daily = read_prices(frame.assign(Date=evening))
    assert str(daily.dates[0]) == "2024-01-01"


def test_a_table_from_arrow_and_polars_is_read_alike():
    pl = pytest.importorskip("polars")
    import pyarrow as pa

    frame = bars().assign(Date=dates())
    wanted = read_prices(frame)
    for table in (pa.Table.from_pandas(frame), pl.from_pandas(frame)):
        np.testing.assert_array_equal(read_prices(table).close, wanted.close)


@pytest.mark.parametrize("far", [1e300, -1e300, np.inf, -np.inf])
def test_a_level_beyond_what_bars_can_give_back_is_refused(far):
    frame = pd.DataFrame({"date": dates(), "Y": np.linspace(-1, 1, ROWS)})
    frame.loc[7, "Y"] = far
    with pytest.raises(DataError, match=r"row 8, column Y: .*at most 1e\+130"):
        read_prices(frame, schema=declared(Y="difference"))


def test_days_that_are_made_up_are_told_and_rows_of_several_assets_need_their_own():
    frame = bars().drop(columns="Date", errors="ignore").assign(open_ms=np.arange(ROWS) * 300_000)
    found = read_prices(frame)
    assert found.notes["synthetic_dates"]
    (said,) = (one for one in found.notes["remarks"] if "No column of dates" in one)
    assert "'open_ms' not used" in said
    assert "2000-01-03" in said
    with pytest.raises(DataError, match=r"no column of dates among .*'open_ms'"):
        read_prices(frame.assign(Ticker=["A", "B"] * (ROWS // 2)))


def test_rows_without_dates_beside_words_that_nothing_reads_are_refused():
    frame = bars().drop(columns="Date", errors="ignore")
    for name, cells in (("Kuerzel", ["ALPHA", "BETA"]), ("Datum", ["2021-03-01", "2021-03-02"])):
        with pytest.raises(DataError, match=rf"no column of dates was found, and '{name}' is not read"):
            read_prices(frame.assign(**{name: cells * (ROWS // 2)}))
    assert read_prices(frame.assign(n=["1.5", "2"] * (ROWS // 2))).notes["synthetic_dates"]


def test_two_header_rows_that_are_declared_are_read_in_any_language(tmp_path):
    frame = pd.DataFrame({"AAA": bars()["Close"], "BBB": bars()["Close"] * 2})
    rows = [f"{day},{a:.4f},{b:.4f}" for day, a, b in zip(dates(), frame["AAA"], frame["BBB"], strict=True)]
    path = tmp_path / "t.csv"
    path.write_text("\n".join(["Datum,Schlusskurs,", ",AAA,BBB", *rows]) + "\n", encoding="utf-8")
    columns = {
        "Datum": Field("date", role="date"),
        "a": Field("float", source="Schlusskurs AAA"),
        "b": Field("float", source="Schlusskurs BBB"),
    }
    found = read_prices(path, schema=Schema(columns, Dialect(header_rows=2), "prices"))
    np.testing.assert_allclose(found.close[0], frame.to_numpy(), atol=1e-4)


@pytest.mark.parametrize("bars", [["Open", "High", "Low", "Close", "Volume"], ["Adj Close"], ["Close"]])
@pytest.mark.parametrize("is_bar_first", [True, False])
@pytest.mark.parametrize("name", ["Date", None])
def test_a_frame_with_columns_of_two_levels_holds_the_bars_of_each_asset(
    bars: list[str], is_bar_first: bool, name: str | None
) -> None:
    closes = 100 + np.arange(70) % 9
    shift = {"High": 2.0, "Low": -2.0, "Volume": 900.0}
    columns = {
        (bar, asset) if is_bar_first else (asset, bar): closes * size + shift.get(bar, 0.0)
        for bar in bars
        for size, asset in ((1.0, "AAA"), (3.0, "B B"))
    }
    frame = pd.DataFrame(columns, index=pd.bdate_range("2020-01-01", periods=70, name=name))
    found = read_prices(frame)
    assert found.assets == ("AAA", "B B")
    assert np.allclose(found.close, np.column_stack([closes, closes * 3.0]))
    assert str(found.dates[0])[:10] == "2020-01-01"
