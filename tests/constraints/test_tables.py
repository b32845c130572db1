"""Anybody's table: what is read, and what is refused with a place and a remedy."""

import gzip

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from finsim.constraints.checking.check import check
from finsim.constraints.language.column import Column
from finsim.constraints.language.types import FLOAT, INT, TS, Type, money, shown
from finsim.constraints.packs.ruleset import RuleSet
from finsim.constraints.tables.table_files import read_table
from finsim.constraints.tables.typed_columns import Labels, Source, matched
from finsim.errors import DataError

CSV = "date,close,name\n2024-01-01,1.5,a\n2024-01-02,2.5,b\n2024-01-03,,c\n"


def test_csv_csv_gz_and_parquet_give_the_same_table(tmp_path):
    plain, packed, parquet = tmp_path / "t.csv", tmp_path / "t.csv.gz", tmp_path / "t.parquet"
    plain.write_text(CSV)
    packed.write_bytes(gzip.compress(CSV.encode()))
    table = read_table(plain)
    pq.write_table(table, parquet)
    assert table.schema.types == [pa.date32(), pa.float64(), pa.string()]
    assert table["close"].to_pylist() == [1.5, 2.5, None]
    assert read_table(packed).equals(table)
    assert read_table(parquet).equals(table)


def test_a_folder_of_parquet_is_one_table_in_the_order_of_names(tmp_path):
    for number in (2, 1):
        part = pa.table({"x": [number], "c": pa.array([f"w{number}"]).dictionary_encode()})
        pq.write_table(part, tmp_path / f"part-{number}.parquet")
    assert read_table(tmp_path)["x"].to_pylist() == [1, 2]
    assert read_table(tmp_path)["c"].to_pylist() == ["w1", "w2"]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("none.csv", None, "no such file"),
        ("empty.csv", "", "the file is empty"),
        ("head.csv", "a,b\n", "the table has no rows"),
        ("ragged.csv", "a,b\n1,2\n1,2,3\n", "not a CSV table"),
        ("wrong.parquet", "hello", "not a Parquet file"),
        (
            "text.csv",
            "date,close\n2024-01-01,1\n2024-01-02,two\n2024-01-03,3\n",
            "column 'close' holds 'two'",
        ),
        ("text.csv", "close\n1\n\n2\noops\n3\n", "(line 5)"),
    ],
)
def test_what_cannot_be_read_is_refused(tmp_path, name, content, message):
    path = tmp_path / name
    if content is not None:
        path.write_text(content)
    with pytest.raises(DataError) as caught:
        read_table(path)
    assert message in str(caught.value)
    assert str(path) in str(caught.value)
    assert "remedy" in str(caught.value)


def test_text_far_down_a_number_column_is_found_with_row_and_line(tmp_path):
    path = tmp_path / "long.csv"
    lines = [f"{k},{k / 7:.9f}" for k in range(200_000)]
    lines[150_000] = "150000,abc"
    path.write_text("n,x\n" + "\n".join(lines) + "\n")
    with pytest.raises(DataError) as caught:
        read_table(path)
    assert "row 150000 (line 150002)" in str(caught.value)
    assert "column 'x' holds 'abc'" in str(caught.value)


def test_folders_without_parquet_or_with_two_tables_are_refused(tmp_path):
    with pytest.raises(DataError, match="no Parquet files"):
        read_table(tmp_path)
    pq.write_table(pa.table({"x": [1]}), tmp_path / "a.parquet")
    pq.write_table(pa.table({"y": [1]}), tmp_path / "b.parquet")
    with pytest.raises(DataError, match="columns differ"):
        read_table(tmp_path)


def test_names_match_exactly_before_letters_before_aliases():
    columns = {
        "close": Column(FLOAT, alias=("adjclose",)),
        "asset": Column(Type("cat"), alias=("ticker", "name")),
    }
    assert matched(["Adj Close", "Ticker"], columns) == {"close": "Adj Close", "asset": "Ticker"}
    assert matched(["AdjClose", "CLOSE", "name", "Ticker"], columns) == {"close": "CLOSE", "asset": "Ticker"}
    assert matched(["Close", "close"], columns) == {"close": "close"}
    assert matched(["x"], columns) == {}


def source(kind, data):
    return Source("t", pa.table({"x": data}), {"x": Column(kind)}, Labels())


@pytest.mark.parametrize(
    ("kind", "data", "message"),
    [
        (FLOAT, pa.array(["1.5", "two"]), "row 1: column 'x' is not numbers: 'two'"),
        (INT, pa.array([1.0, 2.5]), "row 1: column 'x' is not whole numbers: 2.5"),
        (money("USD"), pa.array([1.5]), "store cents"),
        (TS, pa.array(["2024-01-01", "soon"]), "row 1: column 'x' is not times: 'soon'"),
        (Type("date"), pa.array([True]), "column 'x' is not dates"),
        (Type("bool"), pa.array([0, 2]), "column 'x' is not true or false"),
        (INT, pa.array([10**18 + 1]), "row 0: column 'x' holds 1000000000000000001"),
        (FLOAT, pa.array([[1.0]]), "column 'x' is not numbers"),
    ],
)
def test_cells_of_another_type_are_refused_with_table_column_and_row(kind, data, message):
    with pytest.raises(DataError) as caught:
        source(kind, data).whole("x")
    assert "table t" in str(caught.value)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("kind", "data", "values"),
    [
        (FLOAT, pa.array([1, None], pa.int16()), [1.0, np.nan]),
        (FLOAT, pa.array(["1.5", None]), [1.5, np.nan]),
        (INT, pa.array([1.0, 2.0]), [1, 2]),
        (money("USD"), pa.array([1.25, 2.5]).cast(pa.decimal128(10, 3)), [125, 250]),
        (money("JPY"), pa.array([7], pa.uint8()), [7]),
        (Type("date"), pa.array(["1970-01-11"]), [10]),
        (Type("date"), pa.array([86_400], pa.timestamp("s")), [1]),
        (TS, pa.array([1], pa.date32()), [86_400 * 10**9]),
        (TS, pa.array([1], pa.timestamp("ms", tz="UTC")), [10**6]),
        (Type("bool"), pa.array([0, 1]), [False, True]),
        (Type("cat"), pa.array(["a", "b", "a"]).dictionary_encode(), [0, 1, 0]),
        (Type("cat"), pa.array([5, 6]), [0, 1]),
        (Type("dur"), pa.array([1], pa.duration("s")), [10**9]),
    ],
)
def test_cells_of_near_types_are_converted(kind, data, values):
    assert np.array_equal(source(kind, data).block("x", slice(None)).values, values, equal_nan=kind == FLOAT)


def test_chunks_with_their_own_dictionaries_share_labels():
    chunks = [pa.array(["a", "b"]).dictionary_encode(), pa.array(["b", "c"]).dictionary_encode()]
    labels = Labels()
    found = Source("t", pa.table({"x": pa.chunked_array(chunks)}), {"x": Column(Type("cat"))}, labels)
    assert [labels.texts[code] for code in found.whole("x").values] == ["a", "b", "b", "c"]


def test_values_are_shown_as_a_reader_writes_them():
    assert shown(money("USD"), 123_456_789) == "1,234,567.89 USD"
    assert shown(money("USD", exact=False), 12.5) == "0.125000 USD"
    assert shown(TS, 1_767_225_600 * 10**9) == "2026-01-01"
    assert shown(TS, 1_767_225_600 * 10**9 + 1_500_000_000) == "2026-01-01T00:00:01.5Z"
    assert shown(Type("dur"), 90_061 * 10**9) == "1d 1h 1min 1s"
    assert shown(Type("dur"), -1) == "-1ns"
    assert shown(FLOAT, np.nan) == "null"
    assert shown(Type("bool"), True) == "true"


def test_a_frame_with_pandas_types_is_checked():
    frame = pd.DataFrame({"date": pd.to_datetime(["2024-01-01", "2024-01-02"]), "close": [1.0, np.nan]})
    report = check(frame, RuleSet.load("ohlcv"))
    assert report["bars.complete"].first[0].row == 1
    assert report["positive_close"].unknown == 1
