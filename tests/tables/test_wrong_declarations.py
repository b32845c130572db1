"""A schema that is wrong of a whole column or file: one refusal, with what reads every cell."""

import pytest

from finsim.errors import DataError
from finsim.tables import load_schema, preview

HEADER = "Nr;Am;Betrag"
READ = 'read: {sep: ";", decimal: ",", thousands: "."'
SCHEMA = f"""finsim: schema/1
kind: payments
{READ}, skip_rows: 1}}
columns:
  Nr: {{type: id}}
  Am: {{type: ts, format: "%d.%m.%y %H:%M"}}
  Betrag: {{type: money, ccy: EUR}}
"""


def _rows(count, odd=0):
    """Return rows of many different times; the last ``odd`` of them have a time without a year."""
    return [
        f"{i};{1 + i % 28:02d}.{1 + i // 28 % 12:02d}.{25 + i // 336:02d} 08:00;1.{i % 900 + 100},50"
        if i < count - odd else f"{i};nie;7,00"
        for i in range(count)
    ]  # fmt: skip


def _seen(folder, schema, rows):
    (folder / "t.csv").write_text("\n".join(["Stand von heute", HEADER, *rows]) + "\n")
    (folder / "s.yaml").write_text(schema)
    return preview(folder / "t.csv", load_schema(folder / "s.yaml"))


@pytest.mark.parametrize(
    ("right", "wrong", "name", "remedy"),
    [
        ("%y", "%Y", "Am", 'declare `format: "%d.%m.%y %H:%M"`, which reads every cell'),
        ('decimal: ",", thousands: "."', 'decimal: ".", thousands: ","', "Betrag",
         'declare `decimal: ","` and `thousands: "."` under `read:`'),
        ('decimal: ",", thousands: "."', 'decimal: "."', "Betrag",
         'declare `decimal: ","` and `thousands: "."` under `read:`'),
    ],
)  # fmt: skip
def test_a_column_that_is_declared_wrongly_is_refused_once_with_what_reads_it(
    tmp_path, right, wrong, name, remedy
):
    assert _seen(tmp_path, SCHEMA, _rows(500)).ok
    seen = _seen(tmp_path, SCHEMA.replace(right, wrong), _rows(500))
    assert seen.columns[name].refused == 500
    assert seen.columns[name].first == ["(refused)"] * 5
    (told,) = seen.refusals
    assert told.count("row 0 (line 3)") == 1
    assert remedy in told
    assert told.endswith("and 499 more in this column")


def test_where_no_declaration_reads_every_cell_the_cells_are_named(tmp_path):
    seen = _seen(tmp_path, SCHEMA.replace("%y", "%Y"), _rows(500, odd=3))
    assert seen.columns["Am"].refused == 500
    assert "which reads every cell" not in "".join(seen.refusals)
    assert [told.count("more in this column") for told in seen.refusals] == [0, 0, 1]
    few = _seen(tmp_path, SCHEMA, _rows(500, odd=5))
    assert few.columns["Am"].refused == 5
    assert few.refusals[-1].endswith("and 2 more in this column")


def test_cells_are_not_counted_twice_where_there_are_too_many_to_tell_apart(tmp_path):
    """400 odd cells, all different, beside good ones: 300 are told apart, and there may be more."""
    rows = [f"{i};01.01.25 08:00;x{i}" for i in range(400)] + _rows(100)
    seen = _seen(tmp_path, SCHEMA, rows)
    column = seen.columns["Betrag"]
    assert 300 <= column.refused <= 400
    assert column.is_least
    assert f"{column.refused:,}+" in seen.to_text()
    assert "and at least " in seen.to_text()


@pytest.mark.parametrize(
    ("right", "wrong", "remedy"),
    [
        ('sep: ";"', 'sep: ","', 'declare `sep: ";"` under `read:`'),
        ("skip_rows: 1", "skip_rows: 0", "declare `skip_rows: 1` under `read:`"),
        ("skip_rows: 1", "skip_rows: 2", "declare `skip_rows: 1` under `read:`"),
    ],
)
def test_a_wrong_separator_or_header_line_is_one_refusal(tmp_path, right, wrong, remedy):
    with pytest.raises(DataError) as error:
        _seen(tmp_path, SCHEMA.replace(right, wrong), _rows(20))
    (problem,) = error.value.problems
    assert problem.remedy.startswith(remedy)
    assert "line 2 then has 3 columns" in problem.remedy


def test_another_file_is_not_taken_for_one_that_is_read_wrongly(tmp_path):
    """A column that no line holds is named as before."""
    seen = _seen(tmp_path, SCHEMA.replace("Betrag:", "Wert:"), _rows(20))
    assert len(seen.absent) == 1
    (tmp_path / "t.csv").write_text("a,b\n1,2\n")
    seen = preview(tmp_path / "t.csv", _plain(tmp_path))
    assert len(seen.absent) == 3


def _plain(folder):
    (folder / "p.yaml").write_text(
        SCHEMA.replace("skip_rows: 1", "skip_rows: 0")
        .replace('";"', '","')
        .replace('decimal: ","', 'decimal: "."')
        .replace('thousands: "."', 'thousands: ""')
    )
    return load_schema(folder / "p.yaml")
