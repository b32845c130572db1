"""A cell means the same in text and in Parquet, and what is no value of its type is refused, not empty."""

from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from finsim.errors import DataError
from finsim.tables import Dialect, Field, open_table


def read(table, field, path):
    """Read one column of a table that is written to a file."""
    if path.suffix == ".parquet":
        pq.write_table(table, path)
    else:
        path.write_text("\n".join(["x", *map(repr, table["x"].to_pylist())]) + "\n")
    return open_table(path, {"x": field}, Dialect()).table()["x"].to_pylist()


@pytest.mark.parametrize(("unit", "places"), [("percent", 2), ("bp", 4)])
@pytest.mark.parametrize("size", [1e-3, 1.0, 100.0, 1e6])
@pytest.mark.parametrize("digits", [0, 2, 5, 9])
def test_shares_are_the_same_floats_from_text_and_parquet(unit, places, size, digits, tmp_path):
    cells = [0.57, -0.57, *np.round(np.random.default_rng(digits).uniform(-size, size, 500), digits).tolist()]
    table, field = pa.table({"x": cells}), Field("ratio", unit=unit)
    wanted = [float(Decimal(repr(cell)).scaleb(-places)) for cell in cells]
    assert read(table, field, tmp_path / "t.parquet") == wanted
    assert read(table, field, tmp_path / "t.csv") == wanted


@pytest.mark.parametrize("cell", [9.004, 9_000_000.004, 123_456_789.995, 1e12 + 0.003])
@pytest.mark.parametrize("name", ["t.parquet", "t.csv"])
def test_a_fraction_of_a_cent_is_refused_whatever_the_amount(cell, name, tmp_path):
    with pytest.raises(DataError, match="row 1"):
        read(pa.table({"x": [1.5, cell]}), Field("money", ccy="USD"), tmp_path / name)


@pytest.mark.parametrize("cell", [0.1 + 0.2, 9_000_000.01, 123_456_789_012.35, 1e12 + 0.01])
def test_floats_that_are_whole_cents_are_money(cell, tmp_path):
    found = read(pa.table({"x": [cell]}), Field("money", ccy="USD"), tmp_path / "t.parquet")
    assert found == [Decimal(f"{cell:.2f}")]


@pytest.mark.parametrize("cell", ["1:75:00", "0:00:99", "1:2:3"])
@pytest.mark.parametrize("gaps", [False, True])
def test_a_clock_that_runs_over_is_no_duration(cell, gaps, tmp_path):
    path = tmp_path / "t.csv"
    path.write_text(f"x\n0:30:00\n{cell}\n")
    with pytest.raises(DataError, match="row 1"):
        open_table(path, {"x": Field("dur", null=gaps)}, Dialect()).table()


@pytest.mark.parametrize("kind", ["cat", "id"])
@pytest.mark.parametrize("turn", [0, 1])
def test_parts_of_a_folder_may_store_text_in_different_ways(kind, turn, tmp_path):
    plain = pa.array(["a", None, "b", "a"])
    ways = [plain, plain.dictionary_encode(), plain.cast(pa.large_string())]
    for place, cells in enumerate(ways[turn:] + ways[:turn]):
        pq.write_table(pa.table({"x": cells, "n": [1, 2, 3, 4]}), tmp_path / f"part{place}.parquet")
    source = open_table(tmp_path, {"x": Field(kind, null=True), "n": Field("int")}, Dialect())
    assert source.table()["x"].to_pylist() == plain.to_pylist() * 3
    parts = [pa.Table.from_batches([batch]) for batch in source.as_stored(["x", "n"])]
    assert pa.concat_tables(parts).column("x").to_pylist() == plain.to_pylist() * 3


@pytest.mark.parametrize("cell", ["5%%", "%", "5 % %"])
def test_one_sign_of_percent_is_enough(cell, tmp_path):
    path = tmp_path / "t.csv"
    path.write_text(f"x\n5 %\n{cell}\n")
    with pytest.raises(DataError, match="row 1"):
        open_table(path, {"x": Field("ratio")}, Dialect()).table()


@pytest.mark.parametrize("space", [" ", "\u00a0", "\u202f"])
def test_a_space_before_the_percent_sign_parts_no_thousands(space, tmp_path):
    path = tmp_path / "t.csv"
    path.write_text(f"x;m\n3,25{space}%;1{space}000,50\n1{space}200{space}%;7\n")
    dialect = Dialect(sep=";", decimal=",", thousands=" ")
    found = open_table(path, {"x": Field("ratio"), "m": Field("float")}, dialect).table()
    assert found.to_pydict() == {"x": [0.0325, 12.0], "m": [1000.5, 7.0]}
    path.write_text(f"x;m\n3{space}25{space}%;1\n")
    with pytest.raises(DataError, match="row 0"):
        open_table(path, {"x": Field("ratio"), "m": Field("float")}, dialect).table()
