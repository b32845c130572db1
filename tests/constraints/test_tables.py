"""Columns of a table under a pack: which headers they are, and cells as rules take them."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from finsim.constraints.checking.check import check
from finsim.constraints.language.column_declaration import Column
from finsim.constraints.language.types import FLOAT, INT, TS, Type, money, shown
from finsim.constraints.packs.ruleset import RuleSet
from finsim.constraints.tables.label_codes import Labels
from finsim.constraints.tables.typed_columns import Source, headers_of
from finsim.errors import DataError
from finsim.tables import Field


def test_names_match_exactly_before_letters_before_aliases():
    columns = {
        "close": Column(FLOAT, alias=("adjclose",)),
        "asset": Column(Type("cat"), alias=("ticker", "name")),
    }

    def matched(names):
        return headers_of(pa.schema([pa.field(name, pa.int64()) for name in names]), columns)

    assert matched(["Adj Close", "Ticker"]) == {"close": "Adj Close", "asset": "Ticker"}
    assert matched(["AdjClose", "CLOSE", "name"]) == {"close": "CLOSE", "asset": "name"}
    assert matched(["Close", "close"]) == {"close": "close"}
    assert matched(["x"]) == {}
    with pytest.raises(DataError, match="'asset' may be 'TICKER' or 'Name'"):
        matched(["TICKER", "Name"])


def source(kind, data, unit=""):
    return Source("t", pa.table({"x": data}), {"x": Column(kind, reading=Field("", unit=unit))}, Labels())


@pytest.mark.parametrize(
    ("kind", "data", "message"),
    [
        (FLOAT, pa.array(["1.5", "two"]), "row 1: column 'x' holds 'two'; expected numbers"),
        (INT, pa.array([1.0, 2.5]), "row 1: column 'x' holds 2.5; expected whole numbers"),
        (money("USD"), pa.array([1.505]), "holds 1.505; expected amounts"),
        (money("USD"), pa.array([1]), "declare `unit: minor`"),
        (TS, pa.array(["2024-01-01", "soon"]), "row 1: column 'x' holds 'soon'; expected times"),
        (Type("date"), pa.array([True]), "column 'x' holds bool, which cannot be read as date"),
        (Type("bool"), pa.array([0, 2]), "row 1: column 'x' holds 2; expected true or false"),
        (INT, pa.array([10**18 + 1]), "row 0: column 'x' holds 1000000000000000001"),
        (FLOAT, pa.array([[1.0]]), "column 'x' holds list<item: double>"),
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
        (money("USD"), pa.array([1.5]), [150]),
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
    assert [labels.text(code) for code in found.whole("x").values] == ["a", "b", "b", "c"]


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
