"""Every cell means what Python's csv module and its declared type say, whatever stands around it."""

import random

import pyarrow as pa
import pytest
from naive.table_cells import Refused, meaning
from tables.dialect_files import random_table

from finsim.errors import DataError
from finsim.tables import Dialect, Field, open_table

pytestmark = pytest.mark.sweep


def values(column):
    """Return a column as the oracle writes it."""
    if pa.types.is_date32(column.type):
        return column.cast(pa.int32()).to_pylist()
    return (column.cast(pa.int64()) if pa.types.is_timestamp(column.type) else column).to_pylist()


def compared(seed, folder):
    """Read one random table and compare it cell by cell with the oracle; return whether it was read."""
    way, fields, rows, data = random_table(seed)
    path = folder / f"t{seed}.csv"
    path.write_bytes(data)
    wanted, refused = [], set()
    for number, row in enumerate(rows):
        for (header, field), cell in zip(fields.items(), row, strict=True):
            try:
                wanted.append(meaning(cell, field, way.dialect))
            except Refused:
                wanted.append(None)
                refused.add((number, header))
    source = open_table(path, fields, way.dialect)
    if refused:
        with pytest.raises(DataError) as caught:
            source.table()
        for problem in caught.value.problems:
            row = int(problem.place.split(", row ")[1].split(" ")[0])
            named = [one for one, header in refused if f"column {header!r} holds" in problem.found]
            assert row in named, (seed, problem, rows[row])
        assert len(caught.value.problems) == min(20, len(refused)), seed
        return False
    table = source.table()
    found = [values(table[header]) for header in fields]
    for at, (header, field) in enumerate(fields.items()):
        mine = [wanted[number * len(fields) + at] for number in range(len(rows))]
        assert found[at] == mine, (seed, header, field, [row[at] for row in rows])
    return True


@pytest.mark.parametrize("seed", range(0, 300, 20))
def test_every_cell_is_read_as_declared(seed, tmp_path):
    for one in range(seed, seed + 20):
        compared(one, tmp_path)


@pytest.mark.slow
def test_every_cell_of_ten_thousand_tables_is_read_as_declared(tmp_path):
    read = 0
    for seed in range(1_000, 11_000):
        read += compared(seed, tmp_path)
        (tmp_path / f"t{seed}.csv").unlink()
    assert read > 4_000


def test_a_row_means_the_same_alone(tmp_path):
    for seed in range(40):
        way, fields, rows, data = random_table(seed)
        path, alone = tmp_path / f"t{seed}.csv", tmp_path / f"alone{seed}.csv"
        path.write_bytes(data)
        try:
            table = open_table(path, fields, way.dialect).table()
        except DataError:
            continue
        at = random.Random(seed).randrange(len(rows))
        whole = table.slice(at, 1)
        alone.write_bytes(one_row(seed, at))
        found = open_table(alone, fields, way.dialect).table()
        assert [values(found[name]) for name in fields] == [values(whole[name]) for name in fields]


def one_row(seed, at):
    """Return the file of a random table with one of its rows only."""
    import csv
    import io

    way, fields, rows, _ = random_table(seed)
    out = io.StringIO(newline="")
    out.write("".join(f"a report{way.ends}" for _ in range(way.dialect.skip_rows)))
    writer = csv.writer(out, delimiter=way.dialect.sep or ",", lineterminator=way.ends, quoting=way.quoting)
    writer.writerows([list(fields), rows[at]])
    return out.getvalue().encode(way.encoding)


def test_a_number_that_means_empty_is_empty_in_its_column_only(tmp_path):
    (tmp_path / "t.csv").write_text("x,y\n0,0\n-999,-999\n")
    fields = {"x": Field("float", nulls=("-999",)), "y": Field("float")}
    table = open_table(tmp_path / "t.csv", fields).table()
    assert table.to_pydict() == {"x": [0.0, None], "y": [0.0, -999.0]}


@pytest.mark.parametrize(
    "field", [Field("float"), Field("ratio"), Field("ratio", unit="percent"), Field("float", unit="bp")]
)
@pytest.mark.parametrize("thousands", ["", ","])
def test_a_cell_that_says_nan_is_empty_whatever_the_unit(tmp_path, field, thousands):
    (tmp_path / "t.csv").write_text("x;y\nNaN;1\n5;2\n;3\nnan;4\n")
    table = open_table(
        tmp_path / "t.csv", {"x": field, "y": Field("int")}, Dialect(sep=";", thousands=thousands)
    ).table()
    assert [cell is None for cell in table["x"].to_pylist()] == [True, False, True, True]
