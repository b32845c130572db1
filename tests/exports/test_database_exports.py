"""DuckDB and PostgreSQL: every order with its status, money as decimals, labels apart."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest

import finsim

duckdb = pytest.importorskip("duckdb")
Handed = Callable[[str], Path]


def opened(handed_over: Handed, name: str) -> duckdb.DuckDBPyConnection:
    """Open the database; PostgreSQL's SQL is run by DuckDB, which shares its types and its COPY."""
    if name == "duckdb":
        return duckdb.connect(str(handed_over("duckdb") / "payments.duckdb"), read_only=True)
    database = duckdb.connect()
    folder = handed_over("postgres")
    for statement in (folder / "postgres_schema.sql").read_text().replace("\n\\copy", ";\nCOPY").split(";\n"):
        if statement.strip():
            place = statement.strip().replace("'postgres_", f"'{folder}/postgres_")
            database.execute(place.replace("WITH (FORMAT csv, HEADER)", "(FORMAT csv, HEADER)"))
    return database


@pytest.mark.parametrize("name", ["duckdb", "postgres"])
def test_tables_hold_every_row_and_cent(
    handed_over: Handed, world: Path, truth: pd.DataFrame, name: str
) -> None:
    with opened(handed_over, name) as database:
        database.execute("SET TimeZone = 'UTC'")
        rows = database.sql("FROM transactions ORDER BY tx_id").df()
        labels = database.sql("FROM labels ORDER BY tx_id").df()
        accounts = database.sql("FROM accounts ORDER BY account_id").df()
        total = database.sql("SELECT sum(amount) FROM transactions WHERE status = 'posted'").fetchall()
        kinds = dict(database.sql("SELECT column_name, column_type FROM (DESCRIBE transactions)").fetchall())
    assert len(rows) == len(labels) == len(truth)
    assert total == [(Decimal(int(truth["amount"][truth["status"] == "posted"].sum())).scaleb(-2),)]
    assert kinds["amount"] == "DECIMAL(19,2)"
    assert kinds["ts"] == "TIMESTAMP WITH TIME ZONE"
    for column in ("amount", "from_balance_after", "to_balance_after"):
        assert (rows[column].astype(float) * 100).round().astype("int64").tolist() == truth[column].tolist()
    assert rows["ts"].dt.tz_convert("UTC").astype(truth["ts"].dtype).tolist() == truth["ts"].tolist()
    for column in ("channel", "status", "from_account", "to_bank"):
        assert rows[column].tolist() == truth[column].tolist()
    assert rows["merchant_id"].isna().tolist() == (truth["merchant_id"] < 0).tolist()
    assert labels["is_fraud"].tolist() == truth["is_fraud"].tolist()
    assert labels["instance"].isna().tolist() == (truth["instance"] < 0).tolist()
    stored = pd.read_parquet(world / "accounts.parquet")
    assert pd.to_datetime(accounts["opened"]).tolist() == stored["opened"].tolist()
    assert not [column for column in (*rows, *labels) if column.startswith("_fs")]
    assert {"narrative", "instance", "is_fraud", "order_id"}.isdisjoint(rows)


@pytest.mark.parametrize("name", ["duckdb", "postgres"])
def test_customers_and_merchants_are_there_and_join(handed_over: Handed, world: Path, name: str) -> None:
    with opened(handed_over, name) as database:
        for table in ("customers", "merchants", "cards", "devices", "logins"):
            found = database.sql(f"FROM {table}").df()
            stored = pd.read_parquet(world / f"{table}.parquet")
            assert list(found.columns) == list(stored.columns)
            for column in stored:
                plain = stored[column].astype(object).where(stored[column].notna() & (stored[column] != -1))
                same = found[column].astype(object).where(found[column].notna())
                if column not in ("since", "first_seen", "ts"):
                    assert same.fillna("").tolist() == plain.fillna("").tolist(), column
        joined = "accounts JOIN customers USING (customer_id)"
        (count,) = database.sql(
            f"SELECT count(*) FROM {joined} WHERE accounts.kind <> 'external'"
        ).fetchall()[0]
        (sales,) = database.sql(
            "SELECT count(*) FROM transactions JOIN merchants USING (merchant_id)"
        ).fetchall()[0]
    assert count == (pd.read_parquet(world / "accounts.parquet")["kind"].astype(str) != "external").sum()
    assert sales == (pd.read_parquet(world / "transactions.parquet")["merchant_id"] >= 0).sum()


@pytest.mark.parametrize("name", ["duckdb", "postgres"])
def test_patterns_are_counted_from_the_rows(handed_over: Handed, world: Path, name: str) -> None:
    with opened(handed_over, name) as database:
        database.execute("SET TimeZone = 'UTC'")
        found = database.sql("FROM patterns ORDER BY instance").df()
    stored = pd.read_parquet(world / "patterns.parquet").sort_values("instance").reset_index(drop=True)
    for column in ("instance", "narrative", "typology", "decoy", "is_fraud", "is_laundering", "rows"):
        assert found[column].tolist() == stored[column].astype(object).tolist(), column
    assert (found["amount"].astype(float) * 100).round().astype("int64").tolist() == stored["amount"].tolist()
    for column in ("start", "end"):
        assert (
            found[column].dt.tz_convert("UTC").astype(stored[column].dtype).tolist()
            == stored[column].tolist()
        )


def test_patterns_show_nothing_that_was_not_known(world: Path, truth: pd.DataFrame, tmp_path: Path) -> None:
    day = truth["ts"].max().date() - pd.Timedelta("2D")
    finsim.export(world, "duckdb", output=tmp_path / "out", as_of=day)
    with duckdb.connect(str(tmp_path / "out" / "payments.duckdb"), read_only=True) as database:
        found = database.sql('SELECT instance, rows, "end" FROM patterns').df().set_index("instance")
    known = truth[(truth["ts"].dt.date <= day) & (truth["known_on"].dt.date <= day)]
    known = known[(known["status"] == "posted") & (known["instance"] >= 0)]
    assert found["rows"].sort_index().to_dict() == known.groupby("instance").size().to_dict()
    assert len(known) > 5
    assert found["end"].max().date() <= day


def test_alerts_and_claims_are_as_they_stood(world: Path, truth: pd.DataFrame, tmp_path: Path) -> None:
    day = truth["ts"].max().normalize().tz_localize(None) - pd.Timedelta("4D")
    finsim.export(world, "duckdb", output=tmp_path / "out", as_of=day.date())
    finsim.export(world, "duckdb", output=tmp_path / "own", as_of=day.date(), bank=1)
    with duckdb.connect(str(tmp_path / "out" / "payments.duckdb"), read_only=True) as database:
        made = {name: database.sql(f"FROM {name}").df() for name in ("alerts", "reports", "account_labels")}
    with duckdb.connect(str(tmp_path / "own" / "payments.duckdb"), read_only=True) as database:
        own = {name: database.sql(f"FROM {name}").df() for name in made}
    accounts = pd.read_parquet(world / "accounts.parquet").set_index("account_id")["bank_id"]
    later = 0
    for name, begun in (("alerts", "raised"), ("reports", "reported"), ("account_labels", "known_on")):
        stored, found = pd.read_parquet(world / f"{name}.parquet"), made[name]
        stored = stored[stored[begun] <= day].reset_index(drop=True)
        assert found["account_id"].tolist() == stored["account_id"].tolist()
        assert len(own[name]) == (accounts[stored["account_id"]] == 1).sum() < len(found)
        for date, columns in (("closed", ("closed", "outcome")), ("case_opened", ("case_opened",))):
            if date in stored:
                open_still = ~(stored[date] <= day)
                later += (stored[date] > day).sum()
                for column in columns:
                    assert found[column].isna().tolist() == open_still.tolist()
    assert later > 0
    assert sum(map(len, own.values())) > 0


def test_the_schema_names_only_files_that_are_there(handed_over: Handed) -> None:
    folder = handed_over("postgres")
    text = (folder / "postgres_schema.sql").read_text()
    named = re.findall(r"^\\copy \w+ FROM '([^']+)' WITH \(FORMAT csv, HEADER\)$", text, re.MULTILINE)
    assert sorted(named) == sorted(file.name for file in folder.glob("*.csv"))
    assert text.count("PRIMARY KEY") == len(named) - 3 == 12  # logins, addresses and rates have none
