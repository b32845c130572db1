"""Cells of a tape that pandas cannot hold are refused, not fatal."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import csv

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


@pytest.mark.parametrize(
    ("header", "is_word"),
    [
        ("branch_id", True), ("customer_ref", True), ("PostCode", True), ("numero_cliente", True),
        ("region_code", True), ("IBAN", True), ("turnover", False), ("dependents_no", False), ("grid", False),
    ],
)  # fmt: skip
@pytest.mark.parametrize("is_stored", [False, True])
def test_whole_numbers_that_name_something_are_words_and_never_quantities(
    tmp_path, header: str, is_word: bool, is_stored: bool
):
    from finsim.credit.applications import read_applications

    cells = [1_000 + k % 7 for k in range(60)]
    table = pa.table({"amount": [1_000.0 + k for k in range(60)], "term_months": [36] * 60,
                      "bad": [k % 2 for k in range(60)], header: cells})  # fmt: skip
    path = tmp_path / ("tape.parquet" if is_stored else "tape.csv")
    (pq.write_table if is_stored else csv.write_csv)(table, path)
    found = read_applications(path)[header]
    assert list(found) == ([str(one) for one in cells] if is_word else cells)


def test_a_pd_of_nothing_is_not_said_to_be_percent(tmp_path):
    from finsim.credit.applications import read_applications

    path = tmp_path / "tape.csv"
    for cells, said in ((["0", "0.1"], "correct or drop"), (["1", "12.5"], "write 0.125 for 12.5 %")):
        rows = [f"{1000 + k},36,{cells[k % 2]}" for k in range(60)]
        path.write_text("amount,term_months,pd\n" + "\n".join(rows) + "\n")
        with pytest.raises(DataError) as caught:
            read_applications(path)
        assert said in caught.value.problems[0].remedy
