"""Typed Arrow columns -> plain arrays -> the same Arrow columns, with nulls, zones and grids."""

import datetime as dt
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finsim.errors import DataError
from finsim.records.mixed_table import MISSING_TIME, NUMBER, TIME, WORD, MixedColumn, MixedTable, joined
from finsim.tables.learning.mixed_columns import arrow_column, arrow_table, mixed_column, mixed_table
from finsim.tables.new_ids.id_form import IdForm

DAY = 86_400 * 10**9
CELLS = {
    pa.int64(): st.integers(-(2**40), 2**40),
    pa.float64(): st.floats(-1e12, 1e12, allow_nan=False),
    pa.decimal128(38, 2): st.decimals(-(10**9), 10**9, places=2),
    pa.decimal128(38, 0): st.decimals(-(10**9), 10**9, places=0),
    pa.bool_(): st.booleans(),
    pa.string(): st.text(max_size=6),
    pa.date32(): st.dates(dt.date(1700, 1, 1), dt.date(2200, 1, 1)),
    pa.timestamp("ns", tz="UTC"): st.integers(-(10**18), 10**18),
    pa.timestamp("us"): st.integers(-(10**15), 10**15),
    pa.duration("s"): st.integers(-(10**6), 10**6),
}


@pytest.mark.parametrize("kind", CELLS, ids=str)
def test_cells_come_back_as_they_were(kind):
    @settings(deadline=None)
    @given(st.lists(st.none() | CELLS[kind], max_size=30))
    def check(cells):
        plain = pa.int64() if pa.types.is_timestamp(kind) else kind
        column = pa.chunked_array([pa.array(cells, plain).cast(kind)])
        found = mixed_column(column)
        assert found.missing().tolist() == [cell is None for cell in cells]
        assert arrow_column(found, kind).to_pylist() == column.to_pylist()

    check()


def test_a_dictionary_with_words_that_no_cell_has_keeps_the_others():
    words = pa.array(["b", "a", "unused"])
    column = pa.DictionaryArray.from_arrays(pa.array([0, None, 1, 0], pa.int32()), words)
    found = mixed_column(pa.chunked_array([column, column]))
    assert found.words == ("a", "b")
    assert found.values.tolist() == [1, -1, 0, 1] * 2
    assert arrow_column(found, column.type).to_pylist() == [*column.to_pylist()] * 2


@pytest.mark.parametrize(
    ("cells", "step"),
    [([1.0, 2.5], 0.1), ([0.25, 3.62], 0.01), ([3.0, -7.0], 1.0), ([np.pi, 2.0], 0.0), ([None, None], 1.0)],
)
def test_floats_tell_their_decimal_grid(cells, step):
    assert mixed_column(pa.chunked_array([pa.array(cells, pa.float64())])).step == pytest.approx(step)


def test_money_and_dates_have_the_grid_of_their_type():
    money = pa.chunked_array([pa.array([Decimal("1.00")], pa.decimal128(38, 2))])
    assert mixed_column(money).step == pytest.approx(0.01)
    days = pa.chunked_array([pa.array([dt.date(2024, 2, 29), None], pa.date32())])
    found = mixed_column(days)
    assert (found.kind, found.step) == (TIME, DAY)
    assert found.values[1] == MISSING_TIME
    minutes = pa.chunked_array([pa.array([dt.datetime(2024, 1, 1, 10, 30)], pa.timestamp("us"))])
    assert mixed_column(minutes).step == 60 * 10**9


def test_what_cannot_be_learned_is_refused_all_at_once():
    table = pa.table({"a": [[1]], "b": [{"c": 1}], "d": [1]})
    with pytest.raises(DataError) as found:
        mixed_table(table)
    assert "'a'" in str(found.value)
    assert "'b'" in str(found.value)
    with pytest.raises(DataError, match="infinite"):
        mixed_table(pa.table({"a": [1.0, np.inf]}))
    with pytest.raises(DataError, match="1678"):
        mixed_column(pa.chunked_array([pa.array([dt.date(1500, 1, 1)], pa.date32())]))


def test_a_table_comes_out_under_other_headers_and_types():
    table = pa.table({"when": pa.array([dt.date(2024, 1, 2)]), "n": pa.array([3], pa.int64())})
    schema = pa.schema([("Tag", pa.timestamp("ms")), ("Anzahl", pa.float32())])
    found = arrow_table(mixed_table(table), schema, ["when", "n"])
    assert found.schema == schema
    assert found.to_pylist() == [{"Tag": dt.datetime(2024, 1, 2), "Anzahl": 3.0}]


def test_columns_that_do_not_fit_are_refused():
    with pytest.raises(DataError, match="float32"):
        MixedColumn(NUMBER, np.zeros(2, np.float32))
    with pytest.raises(DataError, match="codes"):
        MixedColumn(WORD, np.array([0, 2], np.int32), ("a", "b"))
    with pytest.raises(DataError, match="lengths"):
        MixedTable({"a": MixedColumn(NUMBER, np.zeros(2))}, 3)


def test_tables_are_taken_and_joined_by_rows():
    table = MixedTable({"a": MixedColumn(NUMBER, np.arange(4.0)), "b": MixedColumn(TIME, np.arange(4))}, 4)
    back = joined([table.take(slice(0, 1)), table.take(np.array([1, 2, 3]))])
    assert back.digest() == table.digest()
    assert table.take(np.array([True, False, True, False])).rows == 2
    assert table.without("a").digest() != table.digest()


@pytest.mark.parametrize(
    ("known", "new"),
    [
        (["LN0007", "LN0042"], ["LN0043", "LN0044"]),
        (["7", "42"], ["43", "44"]),
        (["C1", "C9", "C10"], ["C11", "C12"]),
        (["a-1x", "a-3x"], ["a-4x", "a-5x"]),
        (["anna", "bea"], ["new-1", "new-2"]),
        (["1" * 30, "2" * 30], ["2" * 29 + "3", "2" * 29 + "4"]),
        ([], ["new-1", "new-2"]),
    ],
)
def test_new_identifiers_have_the_form_of_the_old_ones_and_are_none_of_them(known, new):
    form = IdForm.of(known)
    assert form.new(0, 2) == new
    assert not set(form.new(0, 100)) & set(known)
    assert form.new(1, 1) == new[1:]
    assert IdForm(**form.to_dict()) == form


def test_whole_numbers_are_new_whole_numbers():
    form = IdForm.of(["12", "40"])
    assert form.cells(0, 2, pa.int32()).to_pylist() == [41, 42]
    assert form.cells(1, 1, pa.dictionary(pa.int32(), pa.string())).to_pylist() == ["42"]


@pytest.mark.parametrize(
    "kind",
    [
        pa.decimal128(38, 18),
        pa.decimal128(38, 30),
        pa.decimal128(38, 2),
        pa.decimal128(20, 4),
        pa.decimal256(60, 30),
    ],
    ids=str,
)
def test_decimals_of_many_digits_come_back_to_the_digits_of_a_float(kind):
    words = ["202.06", "-0.01", "12345.67", "0.00", "99999.99"]
    column = pa.chunked_array([pa.array([*map(Decimal, words), None], kind)])
    assert arrow_column(mixed_column(column), kind).to_pylist() == column.to_pylist()
    beyond = pa.chunked_array([pa.array([Decimal(10 ** (kind.precision - kind.scale) - 1)], kind)])
    found = arrow_column(mixed_column(beyond), kind).to_pylist()
    assert float(found[0]) == pytest.approx(float(beyond[0].as_py()))


@pytest.mark.parametrize(
    "kind",
    [pa.int8(), pa.uint8(), pa.int16(), pa.uint16(), pa.int32(), pa.uint32(), pa.int64(), pa.uint64()],
    ids=str,
)
def test_whole_numbers_and_decimals_stay_within_their_type(kind):
    ends = np.iinfo(str(kind))
    found = mixed_column(pa.chunked_array([pa.array([ends.min, ends.max, None], kind)]))
    assert arrow_column(found, kind).to_pylist() == [
        ends.min, pytest.approx(ends.max, rel=1e-15), None,
    ]  # fmt: skip
    wide = MixedColumn(NUMBER, np.array([-1e50, 1e50, 3.0]), step=1.0)
    assert arrow_column(wide, kind).to_pylist() == [ends.min, pytest.approx(ends.max, rel=1e-15), 3]
    assert arrow_column(wide, pa.decimal128(4, 2)).to_pylist() == [
        Decimal("-99.99"),
        Decimal("99.99"),
        Decimal(3),
    ]
    assert float(arrow_column(wide, pa.decimal128(38, 2)).to_pylist()[0]) == pytest.approx(-1e36)
