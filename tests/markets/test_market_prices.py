"""Readers: every layout gives the same bars, real traps are met, every fault is placed."""

import gzip

import numpy as np
import pandas as pd
import pytest

from finsim.errors import DataError
from finsim.markets.prices import describe, read_prices

ROWS = 80


def bars(asset="AAA", start="2020-01-01", scale=100.0, rows=ROWS, seed=1):
    random = np.random.default_rng(seed)
    close = scale * np.exp(np.cumsum(random.normal(0, 0.02, rows)))
    opened = close * np.exp(random.normal(0, 0.01, rows))
    return pd.DataFrame(
        {
            "Date": pd.bdate_range(start, periods=rows).strftime("%Y-%m-%d"),
            "Ticker": asset,
            "Open": opened.round(4),
            "High": (np.maximum(opened, close) * 1.01).round(4),
            "Low": (np.minimum(opened, close) * 0.99).round(4),
            "Close": close.round(4),
            "Volume": random.integers(1000, 9000, rows),
        }
    )


def two():
    return pd.concat([bars("AAA"), bars("BBB", seed=2)], ignore_index=True)


def save(frame, path):
    if path.suffix == ".parquet":
        frame.to_parquet(path, index=False)
    else:
        frame.to_csv(path, index=False)
    return path


def test_bundled_prices_are_adjusted(history):
    assert history.assets == ("AAPL", "IBM")
    assert history.close.shape == (1, 3270, 2)
    moves = np.expm1(history.returns()[0, :, 0])
    days = history.dates[1:]
    for split in ("2000-06-21", "2005-02-28"):
        assert abs(moves[days == np.datetime64(split)][0]) < 0.1
    real_crash = moves[days == np.datetime64("2000-09-29")][0]
    assert real_crash == pytest.approx(-0.5187, abs=1e-4)
    assert history.close[0, 0, 0] == pytest.approx(4.186662803811)
    assert history.columns["volume"][0, 0, 0] == round(9616100 * 130.31 / 4.186662803811)
    assert history.notes["adjusted"] is True


@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz", "a.parquet"])
@pytest.mark.parametrize(
    "names",
    [
        {},
        {"Date": "timestamp", "Ticker": "SYMBOL", "Close": "Last Price", "Volume": "vol"},
        {"Open": "o", "High": "h", "Low": "l", "Close": "c", "Volume": "v", "Ticker": "asset"},
    ],
)
def test_long_files_in_any_spelling(tmp_path, name, names):
    found = read_prices(save(two().rename(columns=names), tmp_path / name))
    wanted = bars("BBB", seed=2)
    assert found.assets == ("AAA", "BBB")
    assert found.notes["layout"] == "long"
    for field in ("Open", "High", "Low", "Close", "Volume"):
        np.testing.assert_allclose(found.columns[field.lower()][0, :, 1], wanted[field])


def test_order_of_rows_delimiter_and_byte_mark_do_not_matter(tmp_path):
    plain = read_prices(save(two(), tmp_path / "plain.csv"))
    mixed = two().sample(frac=1, random_state=3).sort_values("Ticker", kind="stable")
    mixed.to_csv(tmp_path / "mixed.csv", index=False, sep=";", encoding="utf-8-sig")
    found = read_prices(tmp_path / "mixed.csv")
    np.testing.assert_array_equal(found.columns["high"], plain.columns["high"])


@pytest.mark.parametrize(
    "form",
    [
        "%m/%d/%Y",
        "%d/%m/%Y",
        "%d.%m.%Y",
        "%Y%m%d",
        "%d-%b-%Y",
        "%Y-%m-%dT00:00:00Z",
        "%Y-%m-%d 16:00:00-05:00",
    ],
)
def test_dates_in_usual_forms(tmp_path, form):
    frame = bars()
    wanted = pd.to_datetime(frame["Date"])
    frame["Date"] = wanted.dt.strftime(form)
    found = read_prices(save(frame.drop(columns="Ticker"), tmp_path / "x.csv"))
    assert found.assets == ("x",)
    np.testing.assert_array_equal(found.dates, wanted.to_numpy().astype("datetime64[D]"))


def test_whole_numbers_beyond_the_floats_are_read_as_the_nearest_like_written_digits(tmp_path):
    frame = bars().drop(columns="Ticker")
    frame["Volume"] = frame["Volume"].astype("int64")
    frame.loc[3, "Volume"] = 2**53 + 1
    written, stored = (read_prices(save(frame, tmp_path / name)) for name in ("a.csv", "a.parquet"))
    np.testing.assert_array_equal(written.columns["volume"], stored.columns["volume"])
    assert stored.columns["volume"][0, 3, 0] == 2.0**53


def test_parquet_with_dates_as_index_and_zone(tmp_path):
    frame = bars().drop(columns="Ticker")
    frame["Date"] = pd.to_datetime(frame["Date"]).dt.tz_localize("America/New_York")
    frame.set_index("Date").to_parquet(tmp_path / "y.parquet")
    found = read_prices(tmp_path / "y.parquet")
    assert str(found.dates[0]) == "2020-01-01"


def test_adjusted_close_alone_or_as_bars(tmp_path):
    frame = bars().drop(columns="Ticker")
    frame["Adj Close"] = frame["Close"] / 4
    found = read_prices(save(frame, tmp_path / "a.csv"))
    np.testing.assert_allclose(found.columns["low"][0, :, 0], frame["Low"] / 4)
    np.testing.assert_array_equal(found.columns["volume"][0, :, 0], frame["Volume"] * 4)
    renamed = frame.drop(columns=["Adj Close"]).rename(
        columns={name: f"Adj{name}" for name in ("Open", "High", "Low", "Close")}
    )
    found = read_prices(save(renamed, tmp_path / "b.csv"))
    np.testing.assert_allclose(found.close[0, :, 0], frame["Close"])
    assert found.notes["adjusted"] is False


def test_panel_of_closes_with_a_late_listing(tmp_path):
    panel = pd.DataFrame({"date": bars()["Date"], "C": bars()["Close"], "V": bars(seed=2)["Close"]})
    panel.loc[:9, "V"] = np.nan
    found = read_prices(save(panel, tmp_path / "panel.csv"))
    assert found.assets == ("C", "V")
    assert set(found.columns) == {"close"}
    assert found.notes["dropped_rows"] == {"C": 10, "V": 0}
    np.testing.assert_allclose(found.close[0, :, 1], panel["V"][10:])


def test_panel_as_pandas_writes_it(tmp_path):
    frame = bars().set_index("Date")[["Close"]].rename(columns={"Close": "SPY"})
    frame["NA"] = frame["SPY"] * 2
    frame.rename_axis(None).to_csv(tmp_path / "p.csv")
    assert read_prices(tmp_path / "p.csv").assets == ("SPY", "NA")


def test_undated_benchmark_layout(tmp_path):
    frame = bars().drop(columns=["Date", "Ticker"])
    frame.insert(4, "Adj_Close", frame["Close"])
    found = read_prices(save(frame, tmp_path / "stock_data.csv"))
    assert found.notes["layout"] == "timegan"
    assert found.notes["synthetic_dates"] is True
    assert found.assets == ("stock_data",)
    assert np.is_busday(found.dates).all()
    np.testing.assert_allclose(found.close[0, :, 0], frame["Close"])


def test_own_bars_come_back(tmp_path, history):
    columns = {name: np.concatenate([v, v * 2])[:, :70] for name, v in history.columns.items()}
    own = type(history)(history.assets, history.dates[:70], columns, 8)
    own.to_pandas().to_parquet(tmp_path / "bars.parquet")
    found = read_prices(tmp_path / "bars.parquet")
    assert found.first_path == 8
    assert found.assets == history.assets
    for name, values in columns.items():
        np.testing.assert_array_equal(found.columns[name], values)


def test_unequal_spans_meet_on_common_dates(tmp_path):
    frame = pd.concat([bars("AAA", rows=100), bars("BBB", start="2020-02-03", rows=100, seed=2)])
    found = read_prices(save(frame, tmp_path / "a.csv"))
    assert str(found.dates[0]) == "2020-02-03"
    assert found.notes["dropped_rows"] == {"AAA": 23, "BBB": 23}


def test_open_outside_the_range_widens_the_bar_and_is_told(tmp_path):
    frame = bars()
    frame.loc[5, "Open"] = frame.loc[5, "High"] + 1
    found = read_prices(save(frame, tmp_path / "a.csv"))
    assert found.columns["high"][0, 5, 0] == found.columns["open"][0, 5, 0]
    assert describe(found)["notes"]["widened_bars"] == 1


def test_bars_without_volume(tmp_path):
    frame = bars()
    frame["Volume"] = 0
    found = read_prices(save(frame, tmp_path / "a.csv"))
    assert "volume" not in found.columns
    assert found.notes["without_volume"] is True


def test_describe(history):
    facts = describe(history)
    assert facts["sessions"] == 3270
    assert facts["first_date"] == "2000-03-01"
    assert facts["assets"]["AAPL"]["worst_day"]["date"] == "2000-09-29"
    assert facts["assets"]["IBM"]["volatility"] == pytest.approx(0.28, abs=0.01)


def _set(row, column, value):
    def change(frame):
        frame[column] = frame[column].astype(object)
        frame.loc[row, column] = value
        return frame

    return change


FAULTS = [
    (_set(3, "Close", -3.5), ":5, row 4, column Close", "price -3.5", "above zero"),
    (_set(0, "Low", 0), ":2, row 1, column Low", "price 0", "above zero"),
    (_set(9, "Open", "n.a.?"), ", row 9 (line 11)", "column 'Open' holds 'n.a.?'", "numbers"),
    (_set(9, "Close", "1,234.5"), ", row 9 (line 11)", "column 'Close' holds '1,234.5'", "--csv thousands=,"),
    (_set(7, "High", 1.0), ":9, row 8, column High", "high 1 is below low", "at or above low"),
    (_set(79, "Close", None), ":81, row 80, column Close", "empty", "fill the cell"),
    (_set(4, "Volume", -5), ":6, row 5, column Volume", "volume -5", "at or above zero"),
    (_set(4, "Close", np.inf), ":6, row 5, column Close", "inf", "finite"),
    (_set(4, "Close", 1e300), ":6, row 5, column Close", "1e+300", "at most 1e+130"),
    (_set(4, "Close", 1e-300), ":6, row 5, column Close", "price 1e-300", "above zero"),
    (_set(4, "Volume", 1e300), ":6, row 5, column Volume", "1e+300", "at most 1e+130"),
    (
        _set(6, "Date", "2020-01-01"),
        ":8, row 7, column Date",
        "2020-01-01 appears twice for AAA",
        "delete one",
    ),
    (_set(6, "Date", "soon"), ":8, row 7, column Date", "'soon' is not a date", "2020-12-31"),
    (_set(6, "Ticker", None), ":8, row 7, column Ticker", "empty", "asset's name"),
]


@pytest.mark.parametrize(("change", "place", "found", "advice"), FAULTS)
def test_faults_are_placed(tmp_path, change, place, found, advice):
    path = save(change(bars()), tmp_path / "bad.csv")
    with pytest.raises(DataError) as caught:
        read_prices(path)
    text = str(caught.value)
    assert f"{path}{place}" in text
    assert found in text
    assert advice in text
    assert caught.value.exit_code == 2


def test_all_faults_at_once_in_file_order_and_capped(tmp_path):
    frame = bars()
    for change in (FAULTS[4][0], FAULTS[0][0], _set(6, "Date", "2020-01-01")):
        frame = change(frame)
    with pytest.raises(DataError) as caught:
        read_prices(save(frame, tmp_path / "bad.csv"))
    lines = [problem.place.split(":")[1].split(",")[0] for problem in caught.value.problems]
    assert lines == sorted(lines, key=int)
    assert {"5", "8", "9"} <= set(lines)
    frame["Volume"] = -1.0
    with pytest.raises(DataError, match="more faults") as caught:
        read_prices(save(frame, tmp_path / "worse.csv"))
    assert len(caught.value.problems) == 21


def test_blank_lines_do_not_shift_places(tmp_path):
    lines = bars().to_csv(index=False).splitlines()
    lines[5] = lines[5].replace(lines[5].split(",")[5], "-1.5")
    lines.insert(3, "")
    (tmp_path / "b.csv").write_text("\n".join(lines) + "\n\n")
    with pytest.raises(DataError, match=r"b\.csv:7, row 5, column Close"):
        read_prices(tmp_path / "b.csv")


def test_interior_blanks_of_a_panel_are_faults(tmp_path):
    panel = pd.DataFrame({"date": bars()["Date"], "A": bars()["Close"], "B": bars(seed=2)["Close"]})
    panel.loc[40, "B"] = np.nan
    panel.loc[50, "A"] = -2
    with pytest.raises(DataError) as caught:
        read_prices(save(panel, tmp_path / "panel.csv"))
    places = [problem.place.split(":")[1] for problem in caught.value.problems]
    assert places == ["42, row 41, column B", "52, row 51, column A"]


def test_a_column_of_text_is_one_fault(tmp_path):
    panel = pd.DataFrame({"date": bars()["Date"], "A": bars()["Close"], "sector": "tech"})
    with pytest.raises(
        DataError, match=r"p\.csv, row 0 \(line 2\): column 'sector' holds 'tech', and so do"
    ) as caught:
        read_prices(save(panel, tmp_path / "p.csv"))
    assert len(caught.value.problems) == 1


def test_parquet_faults_name_the_row(tmp_path):
    frame = bars()
    frame.loc[3, "Close"] = -1.0
    with pytest.raises(DataError, match=r"bad\.parquet, row 4, column Close: price -1"):
        read_prices(save(frame, tmp_path / "bad.parquet"))


def _text(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


HEADER = "Date,Open,High,Low,Close,Volume\n"


@pytest.mark.parametrize(
    ("name", "content", "found"),
    [
        ("empty.csv", "", "the file is empty"),
        ("blank.csv", "\n", "no header"),
        ("header.csv", HEADER, "no rows"),
        ("few.csv", bars(rows=59).to_csv(index=False), "59 dates"),
        ("odd.csv", "a,b\n1,2\n", "the columns are a, b"),
        ("twice.csv", "date,close,close\n2020-01-01,1,2\n", "'close' appears twice"),
        ("ragged.csv", HEADER + "2020-01-01,1,1,1,1,1\n2020-01-02,1,1,1,1,1,7\n", "7 cells"),
        ("longer.csv", HEADER + "2020-01-01,1,1,1,1,1,7\n" * 70, "7 cells"),
        ("binary.csv", b"a,\x00\x01" * 50, "zero bytes"),
        ("broken.csv.gz", gzip.compress(HEADER.encode(), mtime=0)[:-9], "not a text table"),
        ("fake.csv.gz", "plain", "the columns are plain"),
        ("fake.parquet", "plain", "not a Parquet file"),
        ("prices.xlsx", "PK", "a file that ends in '.xlsx'"),
    ],
)
def test_unusable_files(tmp_path, name, content, found):
    path = _text(tmp_path, name, content)
    with pytest.raises(DataError) as caught:
        read_prices(path)
    assert found in str(caught.value)
    assert str(path) in str(caught.value)
    assert caught.value.problems[0].remedy


def test_missing_file_and_unknown_layout_get_suggestions(tmp_path):
    path = save(bars(), tmp_path / "prices.csv")
    with pytest.raises(DataError, match=r"did you mean 'prices\.csv'"):
        read_prices(tmp_path / "price.csv")
    with pytest.raises(DataError, match="did you mean 'long'"):
        read_prices(path, "lomg")
    with pytest.raises(DataError, match="the columns are"):
        read_prices(path, "bars")


def test_ambiguous_dates_are_refused(tmp_path):
    frame = bars(rows=72)
    frame["Date"] = [f"{1 + i % 12:02d}/{1 + i // 12 % 12:02d}/{2020 + i // 144}" for i in range(72)]
    with pytest.raises(DataError, match="month/day and as day/month"):
        read_prices(save(frame, tmp_path / "a.csv"))


def test_own_bars_with_a_hole_are_refused(tmp_path, history):
    frame = type(history)(
        history.assets, history.dates[:70], {n: v[:, :70] for n, v in history.columns.items()}
    )
    frame.to_pandas().drop(index=33).to_parquet(tmp_path / "bars.parquet")
    with pytest.raises(DataError, match="139 rows"):
        read_prices(tmp_path / "bars.parquet")
