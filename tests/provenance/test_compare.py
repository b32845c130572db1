"""Comparison of runs: identical means bytes; otherwise the first difference is named exactly."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from miniature_run import build

from finsim.errors import ProvenanceError
from finsim.provenance import compare_tables as compare
from finsim.provenance.compare_tables import Comparison, TableComparison
from finsim.provenance.verify import compare_runs

BARS = "bars/scenario=base/bars.parquet"


def of(compared: Comparison, name: str) -> TableComparison:
    return next(item for item in compared.tables if item.table == name)


def test_a_run_made_again_is_identical(finished: Path, tmp_path: Path) -> None:
    compared = compare_runs(finished, build(tmp_path / "again"))
    assert compared.identical
    assert len(compared.tables) == 18
    assert "18 of 18 tables identical: every table is identical" in compared.to_text()
    json.dumps(compared.to_dict())


def test_another_seed_differs_where_it_should(finished: Path, tmp_path: Path) -> None:
    compared = compare_runs(finished, build(tmp_path / "other", seed=8))
    assert not compared.identical
    same = [item.table for item in compared.tables if item.identical]
    assert same == [
        f"{t}/scenario={s}/{t}.parquet"
        for t in ("accounts", "labels", "patterns")
        for s in ("base", "gfc-2008")
    ]
    assert not compared.all_differ


@pytest.fixture
def loose(run: Path) -> Path:
    """Return a run without a manifest, whose tables a test may rewrite."""
    (run / "manifest.json").unlink()
    return run


def test_a_damaged_table_is_named_and_not_read(run: Path, finished: Path) -> None:
    data = bytearray((run / BARS).read_bytes())
    data[-30] ^= 255
    (run / BARS).write_bytes(bytes(data))
    found = of(compare_runs(finished, run), BARS).found
    assert found == f"changed since {run} was written: the footer was changed"


def rewrite(path: Path, column: str, row: int, value: Any, group: int = 16) -> Any:
    table = pq.read_table(path)
    values = table[column].to_pylist()
    before, values[row] = values[row], value
    at = table.column_names.index(column)
    array = pa.array(values, table.schema.field(column).type)
    pq.write_table(table.set_column(at, table.schema.field(at), array), path, row_group_size=group)
    return before


@given(st.integers(0, 23), st.sampled_from(["open", "close", "volume", "asset", "path"]))
@settings(deadline=None, max_examples=20)
def test_the_first_changed_value_is_found(
    finished: Path, tmp_path_factory: pytest.TempPathFactory, row: int, column: str
) -> None:
    other = tmp_path_factory.mktemp("other")
    (other / BARS).parent.mkdir(parents=True)
    (other / BARS).write_bytes((finished / BARS).read_bytes())
    value: Any = {"asset": "MSFT", "volume": -5, "path": 77}.get(column, 0.125)
    before = rewrite(other / BARS, column, row, value)
    found = of(compare_runs(finished, other), BARS)
    assert found.difference is not None
    assert (found.difference.row, found.difference.column) == (row, column)
    assert (found.difference.a, found.difference.b) == (before, value)
    assert found.difference.row_group == row // 16


def test_the_first_row_wins_over_the_first_column(loose: Path, finished: Path) -> None:
    rewrite(loose / BARS, "open", 9, 1.0)
    rewrite(loose / BARS, "volume", 3, 1)
    found = of(compare_runs(finished, loose), BARS)
    assert found.difference is not None
    assert (found.difference.row, found.difference.column) == (3, "volume")


def test_values_far_apart_are_found_batch_by_batch(
    loose: Path, finished: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Memory is bounded by a batch; row groups of another size must not shift the rows."""
    monkeypatch.setattr(compare, "BATCH_ROWS", 5)
    rewrite(loose / BARS, "close", 22, 3.5, group=7)
    found = of(compare_runs(finished, loose), BARS)
    assert found.difference is not None
    assert (found.difference.row, found.difference.row_group, found.difference.column) == (22, 1, "close")


def test_equal_values_in_other_bytes_are_not_identical(loose: Path, finished: Path) -> None:
    pq.write_table(pq.read_table(loose / BARS), loose / BARS, compression="snappy")
    found = of(compare_runs(finished, loose), BARS)
    assert (found.identical, found.found, found.difference) == (False, "equal values, different bytes", None)


@pytest.mark.parametrize(
    ("values", "other", "row"),
    [
        ([1.0, np.nan, 2.0], [1.0, np.nan, 3.0], 2),
        ([1.0, np.nan], [1.0, None], 1),
        ([0.0, 1.0], [-0.0, 1.0], 0),
        ([1.0, 2.0], [1.0, np.nextafter(2.0, 3.0)], 1),
    ],
)
def test_nan_null_and_signed_zero(tmp_path: Path, values: list[Any], other: list[Any], row: int) -> None:
    for name, column in (("a", values), ("b", other)):
        (tmp_path / name / "bars" / "scenario=base").mkdir(parents=True)
        pq.write_table(pa.table({"x": pa.array(column, pa.float64())}), tmp_path / name / BARS)
    found = of(compare_runs(tmp_path / "a", tmp_path / "b"), BARS)
    assert found.difference is not None
    assert found.difference.row == row


def write(path: Path, table: pa.Table) -> None:
    pq.write_table(table, path)


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda t: t.drop_columns(["volume"]), "different columns: volume"),
        (lambda t: t.select(t.column_names[::-1]), "the columns stand in another order"),
        (lambda t: t.set_column(7, "volume", t["volume"].cast(pa.int32())), "volume is int64 against int32"),
        (lambda t: t.slice(0, 20), "24 rows against 20; the shorter is the beginning"),
        (lambda t: t.slice(1), "24 rows against 23; row 0"),
        (lambda t: t.slice(0, 0), "24 rows against 0"),
    ],
)
def test_shapes_that_differ_are_told(loose: Path, finished: Path, change, found: str) -> None:
    write(loose / BARS, change(pq.read_table(loose / BARS)))
    assert of(compare_runs(finished, loose), BARS).found.startswith(found)


def test_a_table_on_one_side_only_is_told(loose: Path, finished: Path) -> None:
    (loose / BARS).unlink()
    found = of(compare_runs(finished, loose), BARS)
    assert (found.rows_a, found.rows_b) == (24, None)
    assert found.found == f"missing in {loose}"
    assert of(compare_runs(loose, finished), BARS).rows_a is None


def test_folders_without_tables_and_broken_tables_are_bad_input(
    loose: Path, finished: Path, tmp_path: Path
) -> None:
    with pytest.raises(ProvenanceError, match="no tables here"):
        compare_runs(finished, tmp_path / "none")
    (loose / BARS).write_bytes(b"PAR1 but no more")
    with pytest.raises(ProvenanceError, match="not readable Parquet"):
        compare_runs(finished, loose)
