"""Cells of a tape that pandas cannot hold are refused, not fatal."""

import pyarrow as pa
import pytest

from finsim.credit.tape.cells import series_of
from finsim.errors import DataError


def days(*numbers):
    return pa.chunked_array([pa.array(numbers, pa.int32()).cast(pa.date32())])


def test_days_beyond_the_range_of_nanoseconds_are_refused():
    with pytest.raises(DataError, match="2,147,483,647 days from 1970"):
        series_of(days(0, 2_147_483_647))
    assert str(series_of(days(0, 19_000))[1].date()) == "2022-01-08"


def test_whole_numbers_beyond_what_a_float_holds_are_read():
    column = pa.chunked_array([pa.array([2**53 + 1, None], pa.int64())])
    assert series_of(column)[0] == float(2**53)


def test_a_role_whose_cells_are_all_empty_is_not_used(tmp_path):
    from finsim.credit.applications import read_applications

    path = tmp_path / "tape.csv"
    rows = [f"{1000 + k},{36},{k % 2},," for k in range(60)]
    path.write_text("amount,term_months,bad,age,income\n" + "\n".join(rows) + "\n")
    assert not {"age", "income"} & set(read_applications(path).columns)
