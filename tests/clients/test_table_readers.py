"""Plain readers of tables: folders with a column ``scenario``, dates as dates, whole numbers whole."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

from finsim.engine.finished_run import Run
from finsim.records.columns import LABEL, facts_of, with_roles
from finsim.records.run_layout import WORLD_OF

SCENARIOS = {"base", "gfc-2008@0.5"}
TABLES = tuple(WORLD_OF)


def rows_of(run: Run, table: str) -> dict[str, int]:
    """Return scenario -> rows, as the manifest counts them."""
    return {label: run.tables_of(label).rows()[table] for label in run.scenarios}


@pytest.mark.parametrize("table", TABLES)
def test_pandas(run: Run, folder: Path, table: str) -> None:
    frame = pd.read_parquet(f"{folder}/{table}")
    assert frame["scenario"].value_counts().to_dict() == rows_of(run, table)
    for scenario in SCENARIOS:
        for field in pq.read_schema(run.file(table, scenario)):
            kind = str(frame[field.name].dtype)
            if pa.types.is_integer(field.type):
                assert kind == str(field.type), field
            if pa.types.is_timestamp(field.type):
                assert kind.startswith("datetime64"), field
            assert kind != "object" or pa.types.is_list(field.type), field


@pytest.mark.parametrize("table", TABLES)
def test_one_file_has_the_columns_of_the_page_alone(run: Run, table: str) -> None:
    assert "scenario" not in pq.read_schema(run.file(table)).names


@pytest.mark.parametrize("table", TABLES)
def test_polars(run: Run, folder: Path, table: str) -> None:
    polars = pytest.importorskip("polars", reason="polars is not installed")
    frame = polars.scan_parquet(f"{folder}/{table}").collect()
    assert dict(frame["scenario"].value_counts().iter_rows()) == rows_of(run, table)


@pytest.mark.parametrize("table", TABLES)
def test_duckdb(run: Run, folder: Path, table: str) -> None:
    duckdb = pytest.importorskip("duckdb", reason="DuckDB is not installed")
    counted = duckdb.sql(f"select scenario, count(*) from '{folder}/{table}/*/*.parquet' group by all")
    assert dict(counted.fetchall()) == rows_of(run, table)


@pytest.mark.parametrize("table", TABLES)
def test_pyarrow(run: Run, folder: Path, table: str) -> None:
    read = ds.dataset(f"{folder}/{table}", partitioning="hive").to_table()
    assert {row["values"]: row["counts"] for row in read["scenario"].value_counts().to_pylist()} == rows_of(
        run, table
    )


@pytest.mark.parametrize("table", TABLES)
def test_huggingface(run: Run, folder: Path, table: str, tmp_path: Path, lenient: None) -> None:
    datasets = pytest.importorskip("datasets", reason="HuggingFace datasets is not installed")
    found = datasets.load_dataset(str(folder), table, cache_dir=str(tmp_path))
    assert next(iter(found.values())).column_names == pq.read_schema(run.file(table)).names
    assert [len(split) for split in found.values()] == [*rows_of(run, table).values()]
    assert list(found) == ["base", "gfc_2008_0.5"]


def test_spark(run: Run, folder: Path, lenient: None) -> None:
    sql = pytest.importorskip("pyspark.sql", reason="Spark is not installed")
    session = sql.SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").getOrCreate()
    try:
        for table in TABLES:
            counted = session.read.parquet(f"{folder}/{table}").groupBy("scenario").count().collect()
            assert {row["scenario"]: row["count"] for row in counted} == rows_of(run, table)
    finally:
        session.stop()


def test_postgres_copy(run: Run, tmp_path: Path) -> None:
    """The database of the DSN in FINSIM_POSTGRES gets the payments by COPY, from a CSV that pandas writes."""
    psycopg = pytest.importorskip("psycopg", reason="psycopg is not installed")
    if not os.environ.get("FINSIM_POSTGRES"):
        pytest.skip("FINSIM_POSTGRES names no database")
    kinds: dict[str, Any] = {"int64": "bigint", "int32": "integer", "bool": "boolean"}
    rows = run.tables["transactions"]
    columns = [f"{field.name} {kinds.get(str(field.type), 'text')}" for field in rows.schema]
    columns = [name.replace("ts text", "ts timestamptz") for name in columns]
    with psycopg.connect(os.environ["FINSIM_POSTGRES"]) as base, base.cursor() as cursor:
        cursor.execute(f"create temporary table payments ({', '.join(columns)})")
        with cursor.copy("copy payments from stdin with (format csv, header match)") as copy:
            copy.write(rows.to_pandas().to_csv(index=False))
        cursor.execute("select count(*), sum(amount), min(ts), count(category) from payments")
        told = cursor.fetchone() or ()
    frame = rows.to_pandas()
    assert (int(told[0]), int(told[1])) == (len(frame), int(frame["amount"].sum()))
    assert told[2] == frame["ts"].min().to_pydatetime()
    assert int(told[3]) == int(frame["category"].notna().sum())


@pytest.mark.parametrize("scenario", sorted(SCENARIOS))
@pytest.mark.parametrize("table", TABLES)
def test_every_column_says_what_it_is(run: Run, table: str, scenario: str) -> None:
    stored = pq.read_table(run.file(table, scenario), partitioning=None)
    for field in stored.schema:
        facts = facts_of(field)
        assert facts["description"], field.name
        assert facts["role"] in ("feature", "label", "key", "internal"), field.name
        assert (
            bool(facts["unit"]) or not pa.types.is_floating(field.type) or facts["null"] == "gap in the tape"
        )
        assert bool(facts["zone"]) == pa.types.is_timestamp(field.type), field.name
        assert field.nullable == bool(facts["null"]), field.name
        assert field.nullable or stored[field.name].null_count == 0, field.name
        if pa.types.is_integer(field.type):
            assert not field.nullable, f"{field.name} would be read as floats"


def test_answers_are_apart_from_what_a_bank_knows(run: Run) -> None:
    assert with_roles(run.tables["transactions"].schema, LABEL) == []
    assert with_roles(run.tables["accounts"].schema, LABEL) == []
    for table, keys in (("labels", ["tx_id"]), ("patterns", [])):
        schema = run.tables[table].schema
        assert [name for name in schema.names if name not in with_roles(schema, LABEL)] == keys
    months = run.tables["months"].schema
    assert {"status", "loss", "balance", "pd", "lgd", "stage"} <= set(with_roles(months, LABEL))
