"""What a float or 64 bits of nanoseconds cannot hold is refused with its row before anything is learned."""

import pytest

import finsim as fs
from finsim.errors import DataError
from finsim.tables import Field, open_table
from finsim.tables.learning.held_cells import refuse_unheld

EXACT = 2**53


def refused(tmp_path, cells, field, others=(), **keys):
    path = tmp_path / "t.csv"
    lines = ["n,k", *(f"{cell},{other}" for cell, other in zip(cells, others or "abcdefgh", strict=False))]
    path.write_text("\n".join(lines) + "\n")
    fields = {"n": field, "k": Field("ts", null=True) if others else Field("cat")}
    source = open_table(path, fields)
    try:
        refuse_unheld(source, source.table(list(fields)), **keys)
    except DataError as error:
        return error.problems
    return ()


@pytest.mark.parametrize("cell", [EXACT, -EXACT, 2**62, EXACT + 2, 0])
def test_whole_numbers_that_floats_hold_are_learned(tmp_path, cell):
    assert refused(tmp_path, [5, cell], Field("int")) == ()


@pytest.mark.parametrize("cell", [EXACT + 1, -EXACT - 1, 2**62 + 1, 1234567890123456789])
def test_whole_numbers_that_floats_do_not_hold_are_refused_with_their_line(tmp_path, cell):
    (problem,) = refused(tmp_path, [5, cell, cell], Field("int"))
    assert problem.place.endswith("t.csv, row 1 (line 3)")
    assert problem.found == f"column 'n' holds {cell}, and 1 more cells such"
    assert "9,007,199,254,740,992" in problem.expected
    assert "type: id" in problem.remedy


@pytest.mark.parametrize(
    ("cell", "is_held"), [("90071992547409.92", 1), ("90071992547409.93", 0), ("0.07", 1)]
)
def test_money_is_held_to_its_last_cent(tmp_path, cell, is_held):
    assert (refused(tmp_path, ["1.10", cell], Field("money", ccy="EUR")) == ()) == bool(is_held)


def test_times_too_far_apart_are_refused_with_the_odd_one(tmp_path):
    cells = ["2024-01-01", "1700-01-01", "2024-01-03", "2024-01-02"]
    (problem,) = refused(tmp_path, cells, Field("ts"), times=["n"])
    assert problem.place.endswith("row 1 (line 3)")
    assert "'n' holds 1700-01-01" in problem.found
    assert "2024-01" in problem.found
    assert refused(tmp_path, ["1750-01-01", *cells[2:]], Field("ts"), times=["n"]) == ()


def test_times_whose_middle_is_near_to_all_are_refused_at_both_ends(tmp_path):
    cells = ["1850-01-01", "1700-01-01", "2010-01-03", "1850-01-02", "1851-01-01"]
    found = refused(tmp_path, cells, Field("ts"), times=["n"])
    assert [one.place.rsplit(", ", 1)[1] for one in found] == ["row 1 (line 3)", "row 2 (line 4)"]


def test_times_of_two_columns_are_reckoned_from_one_another(tmp_path):
    days = ["2024-01-01", "2024-01-02", "2024-01-03"]
    (problem,) = refused(tmp_path, days, Field("ts"), ["", "2024-01-05", "1690-05-06"], times=["n", "k"])
    assert "row 2" in problem.place
    assert "'k' holds 1690-05-06" in problem.found


def test_fit_refuses_an_event_of_another_century_with_its_row(tmp_path):
    path = tmp_path / "t.csv"
    rows = [f"a{i % 4},{'1700' if i == 9 else '2024'}-01-{i % 28 + 1:02d} 10:00:00,{i}.5" for i in range(60)]
    path.write_text("account,time,amount\n" + "\n".join(rows) + "\n")
    with pytest.raises(DataError, match=r"row 9 \(line 11\)"):
        fs.fit(path, id="account", time="time", kind="events", generator="habits")
