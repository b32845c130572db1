"""Readers of tables: pandas, polars, DuckDB, HuggingFace datasets, each in two lines of a user's code."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
from small_study import SCENARIOS

from finsim.records.run_layout import WORLD_OF, table_file

# warnings of the clients are not ours
pytestmark = [pytest.mark.filterwarnings("ignore"), pytest.mark.sweep]


def rows(folder: Path, table: str) -> list[int]:
    return [pq.read_metadata(table_file(folder, table, label)).num_rows for label in SCENARIOS]


@pytest.mark.parametrize("table", WORLD_OF)
def test_pandas(folder: Path, table: str) -> None:
    frame = pd.read_parquet(folder / table)
    counts = frame["scenario"].value_counts(sort=False)
    assert [counts[label] for label in SCENARIOS] == rows(folder, table)
    assert "object" not in {
        str(kind) for name, kind in frame.dtypes.items() if name in ("date", "opened", "month")
    }


@pytest.mark.parametrize("table", WORLD_OF)
def test_polars(folder: Path, table: str) -> None:
    pl = pytest.importorskip("polars")
    counts = pl.scan_parquet(folder / table).group_by("scenario").len().sort("scenario").collect()
    assert counts.rows() == list(zip(SCENARIOS, rows(folder, table), strict=True))


@pytest.mark.parametrize("table", WORLD_OF)
def test_duckdb(folder: Path, table: str) -> None:
    duckdb = pytest.importorskip("duckdb")
    counts = duckdb.sql(
        f"SELECT scenario, count(*) FROM '{folder}/{table}/*/*.parquet' GROUP BY 1 ORDER BY 1"
    )
    assert counts.fetchall() == list(zip(SCENARIOS, rows(folder, table), strict=True))


@pytest.mark.parametrize("table", WORLD_OF)
def test_huggingface(folder: Path, table: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    datasets = pytest.importorskip("datasets", reason="datasets is not installed")
    found = datasets.load_dataset(str(folder), table, cache_dir=str(tmp_path))
    assert {name: part.num_rows for name, part in found.items()} == dict(
        zip(("base", "gfc_2008_0.5"), rows(folder, table), strict=True)
    )


def test_a_csv_for_postgres_copy_has_no_commas_too_many(folder: Path, tmp_path: Path) -> None:
    """COPY ... (FORMAT csv, HEADER) reads what DuckDB writes; here DuckDB reads it back strictly."""
    duckdb = pytest.importorskip("duckdb")
    duckdb.sql(f"COPY (FROM '{folder}/transactions/*/*.parquet') TO '{tmp_path}/t.csv'")
    read = duckdb.sql(f"FROM read_csv('{tmp_path}/t.csv', strict_mode=true)")
    assert sum(rows(folder, "transactions")) == len(read.fetchall())
    assert read.columns == [*pq.read_schema(table_file(folder, "transactions", "base")).names, "scenario"]
