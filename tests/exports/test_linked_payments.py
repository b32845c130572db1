"""Links between payments in exports: to rows that are handed over alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

import finsim
from finsim.exports.payments.rows.handed_originals import among_handed
from finsim.exports.payments.rows.known_rows import named_by
from finsim.records.columns import DAY


def test_links_to_rows_that_are_left_out_are_left_out() -> None:
    rows = pa.table({"tx_id": [0, 2, 3, 5, 8], "original_id": [-1, 0, 1, 3, 2]})
    for size in (1, 2, 5):
        parts = [rows.slice(low, size) for low in range(0, 5, size)]
        found = pa.concat_tables(among_handed([rows.slice(0, 0), *parts]))
        assert found["original_id"].to_pylist() == [-1, 0, -1, 3, 2]
        assert found["tx_id"].equals(rows["tx_id"])
    without = rows.drop_columns(["original_id"])
    assert next(among_handed([without])).equals(without)


def test_a_thinned_export_refers_to_its_own_rows(world: Path, truth: pd.DataFrame, tmp_path: Path) -> None:
    def links(place: str, **options: Any) -> pd.DataFrame:
        finsim.export(world, "postgres", output=tmp_path / place, **options)
        found = pd.read_csv(tmp_path / place / "postgres_transactions.csv", usecols=["tx_id", "original_id"])
        return found.dropna()

    whole = links("whole")
    told = truth[truth["original_id"] >= 0]
    assert whole["tx_id"].tolist() == told["tx_id"].tolist()
    assert whole["original_id"].tolist() == told["original_id"].tolist()
    some = links("some", prevalence=1.6 * (truth["is_fraud"] | truth["is_laundering"]).mean())
    ids = set(pd.read_csv(tmp_path / "some" / "postgres_transactions.csv", usecols=["tx_id"])["tx_id"])
    assert 0 < len(some) < len(whole)
    assert set(some["original_id"]) <= ids
    lost = whole[whole["tx_id"].isin(ids) & ~whole["tx_id"].isin(some["tx_id"])]
    assert len(lost)
    assert not set(lost["original_id"]) & ids


def test_blocks_are_known_from_their_day_on() -> None:
    day = pd.Timestamp("2026-02-01")
    later = pa.array([day, day + pd.Timedelta("9D"), None, day + pd.Timedelta("9D")], DAY)
    blocked = pa.array([day + pd.Timedelta("1D"), day, day, None], DAY)
    told = pa.table({"account_id": [1, 2, 3, 4], "known_on": later, "blocked_on": blocked})
    found = named_by(told, day.date()).to_pydict()
    assert found["account_id"] == [1, 2, 3]
    assert [one is None for one in found["known_on"]] == [False, True, True]
    assert [one is None for one in found["blocked_on"]] == [True, False, False]
