"""Where tables lie, what users call them, and payments in two files of one order."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from finsim.agents.settings import NarrativeUse, Settings
from finsim.agents.simulate import simulate
from finsim.errors import RecordError
from finsim.randomness import Streams
from finsim.records.columns import DAY, column, facts_of, stored
from finsim.records.run_layout import (
    WORLD_OF,
    named_table,
    place_of,
    run_and_scenario,
    scenario_label,
    scenarios_of,
    table_file,
    table_path,
)
from finsim.records.storage import digest_file, write_table
from finsim.records.transaction_files import read_rows, row_batches, row_files, write_rows
from finsim.records.transactions import FEATURE_SCHEMA, LABEL_SCHEMA, TRANSACTION_SCHEMA, Transactions

LABELS = ("base", "gfc-2008@0.5", "my stress", "50%", "a=b", "Krise_ü", "x@1e-05", "a+b")


@pytest.fixture(scope="module")
def world() -> Transactions:
    settings = Settings(accounts=400, days=10, narratives=(NarrativeUse("account_takeover", count=3),))
    return simulate(settings, Streams(3))


@given(st.sampled_from(sorted(WORLD_OF)), st.text(min_size=1, max_size=12).filter(lambda s: s.strip(".")))
def test_a_path_tells_its_table_and_scenario(table: str, label: str) -> None:
    assert place_of(table_path(table, label)) == (table, label)


@pytest.mark.parametrize(
    "path", ["bars/base/bars.parquet", "bars/scenario=base/other.parquet", "x/scenario=a/x.parquet"]
)
def test_other_paths_are_no_tables(path: str) -> None:
    assert place_of(path) == ("", "")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("bars", ("bars", "")),
        ("bars/base", ("bars", "base")),
        ("bars/scenario=gfc-2008@0.5/bars.parquet", ("bars", "gfc-2008@0.5")),
        ("market/base/bars", ("bars", "base")),
        ("drivers/base/months", ("driver_months", "base")),
        ("credit/base/months", ("months", "base")),
    ],
)
def test_names_that_users_type(text: str, found: tuple[str, str]) -> None:
    assert named_table(text) == found


def test_labels_and_their_order() -> None:
    assert scenario_label("my/own.yaml", 0.5) == "own@0.5"
    study = {"resolved": {"scenarios": ["b", {"name": "a.yaml", "severity": 2.0}]}}
    assert scenarios_of({"scenarios": {"a@2": {}, "b": {}, "c": {}}, "study": study}) == ("b", "a@2", "c")


def test_a_scenarios_folder_names_run_and_scenario(tmp_path: Path) -> None:
    file = table_file(tmp_path, "transactions", "50%")
    assert run_and_scenario(file.parent) == (tmp_path, "50%")
    assert run_and_scenario(tmp_path) == (tmp_path, "")


def test_clients_find_the_scenario_of_every_label(tmp_path: Path) -> None:
    table = pa.table({"x": [1, 2]})
    for label in LABELS:
        write_table(table_file(tmp_path, "losses", label), table.schema, [table])
    assert sorted(pd.read_parquet(tmp_path / "losses")["scenario"].unique()) == sorted(LABELS)
    found = pl.scan_parquet(tmp_path / "losses").select("scenario").unique().collect()
    assert sorted(found["scenario"]) == sorted(LABELS)


def test_rows_come_back_as_they_were(world: Transactions, tmp_path: Path) -> None:
    files = row_files(tmp_path, "base")
    assert write_rows(files, [world.rows], 1000) == world.rows.num_rows
    assert read_rows(files).schema.equals(world.rows.schema)
    assert read_rows(files).to_pylist() == world.rows.to_pylist()
    assert pq.read_schema(files[0]).equals(FEATURE_SCHEMA, check_metadata=False)
    assert pq.read_schema(files[1]).equals(LABEL_SCHEMA, check_metadata=False)
    part = pa.Table.from_batches(row_batches(files, ("role", "amount", "tx_id")))
    assert part.to_pylist() == world.rows.select(["role", "amount", "tx_id"]).to_pylist()
    assert {*FEATURE_SCHEMA.names, *LABEL_SCHEMA.names} == set(TRANSACTION_SCHEMA.names)


def test_bytes_do_not_depend_on_batches(world: Transactions, tmp_path: Path) -> None:
    whole, cut = row_files(tmp_path, "a"), row_files(tmp_path, "b")
    write_rows(whole, [world.rows], 500)
    write_rows(cut, world.rows.to_batches(max_chunksize=77), 500)
    assert [digest_file(file) for file in whole] == [digest_file(file) for file in cut]


def test_files_that_do_not_belong_together_are_refused(world: Transactions, tmp_path: Path) -> None:
    files, others = row_files(tmp_path, "a"), row_files(tmp_path, "b")
    write_rows(files, [world.rows], 1000)
    write_rows(others, [world.rows.slice(5)], 1000)
    with pytest.raises(RecordError, match="different tx_id"):
        read_rows((files[0], others[1]))
    write_rows(others, [world.rows], 400)
    with pytest.raises(RecordError, match="row groups"):
        read_rows((files[0], others[1]))


def test_an_unfinished_pair_leaves_nothing(world: Transactions, tmp_path: Path) -> None:
    broken = world.rows.set_column(0, "tx_id", pa.nulls(world.rows.num_rows, pa.int64()))
    with pytest.raises(RecordError, match="nulls"):
        write_rows(row_files(tmp_path, "a"), [broken])
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_facts_of_a_column() -> None:
    field = column("opened", DAY, "when", null="never opened")
    assert facts_of(field) == {
        "description": "when",
        "unit": "day",
        "zone": "none: a calendar day",
        "role": "feature",
        "null": "never opened",
    }
    assert field.nullable
    assert facts_of(pa.field("x", pa.int8()))["role"] == ""
    ts = stored(TRANSACTION_SCHEMA).field("ts")
    assert (str(ts.type), facts_of(ts)["unit"]) == ("timestamp[us, tz=UTC]", "us since 1970")
