"""Schemes in the shared real and benchmark tables: rows kept, nothing given away by a column."""

from __future__ import annotations

import gzip
import io
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from made_ledgers import ACCOUNTS_ONLY

import finsim

pytestmark = pytest.mark.slow


def real_rows(made: object) -> pa.Table:
    rows = pq.read_table(made.transactions)  # type: ignore[attr-defined]
    return rows.filter(pa.compute.equal(rows["instance"], -1))


def test_purchasing_cards_keep_every_cell(shared: Path, tmp_path: Path) -> None:
    file = shared / "transactions" / "purchasing_cards_2010_half_a.csv.gz"
    made = finsim.inject(
        file, narratives="card_testing_escalation", output=tmp_path / "out", seed=1, progress=False
    )
    text = pd.read_csv(io.BytesIO(gzip.decompress(file.read_bytes())), dtype=str)
    kept = real_rows(made).to_pandas()[list(text)]
    for name in ("card_id", "merchant_id", "merchant_kind", "merchant_state", "trans_type"):
        assert kept[name].equals(text[name].astype(kept[name].dtype)), name
    assert (kept["date"].astype(str) == text["date"]).all()
    assert (kept["amount"].astype(float) == text["amount"].astype(float)).all()
    for one in made.separations:
        assert one.column_auc <= 0.75
        assert one.pair_auc <= 0.75


def test_the_card_handbook_keeps_every_cell(shared: Path, tmp_path: Path) -> None:
    whole = pq.read_table(shared / "synthetic_fraud" / "handbook_cards_cust0_599.parquet")
    ledger = whole.drop_columns(["TX_FRAUD", "TX_FRAUD_SCENARIO"])
    pq.write_table(ledger, tmp_path / "cards.parquet")
    made = finsim.inject(
        tmp_path / "cards.parquet", narratives="card_testing_escalation", rate=0.002,
        output=tmp_path / "out", seed=1, progress=False,
    )  # fmt: skip
    kept = real_rows(made).select(ledger.column_names)
    assert kept.cast(ledger.schema).equals(ledger.replace_schema_metadata(ledger.schema.metadata))
    assert max(max(one.column_auc, one.pair_auc) for one in made.separations) <= 0.75


def test_transfers_between_accounts_keep_every_cell(shared: Path, tmp_path: Path) -> None:
    file = shared / "synthetic_fraud" / "amlsim_20K_fanin200cycle200" / "transactions.csv.gz"
    (tmp_path / "mule_ring.yaml").write_text(ACCOUNTS_ONLY)
    schema = tmp_path / "aml.schema.yaml"
    schema.write_text(
        "finsim: schema/1\nkind: payments\ncolumns:\n  sourceNodeId: {type: id, role: from_account}\n"
        "  targetNodeId: {type: id, role: to_account}\n  value: {type: money, ccy: USD, role: amount}\n"
        "  time: {type: date, unit: days, role: date}\n"
    )
    made = finsim.inject(
        file, narratives=f"{tmp_path / 'mule_ring.yaml'},payroll_fan_out", rate=0.005, schema=schema,
        output=tmp_path / "out", seed=1, progress=False,
    )  # fmt: skip
    text = pd.read_csv(file)
    kept = real_rows(made).to_pandas()
    assert (kept["sourceNodeId"].astype(int) == text["sourceNodeId"]).all()
    assert (kept["targetNodeId"].astype(int) == text["targetNodeId"]).all()
    assert (kept["value"].astype(float) == text["value"]).all()
    days = pd.to_datetime(kept["time"]).to_numpy().astype("datetime64[D]").astype(int)
    assert (days == text["time"]).all()
    assert max(one.column_auc for one in made.separations) <= 0.80


def test_a_purchase_log_without_merchants_takes_card_stories(shared: Path, tmp_path: Path) -> None:
    file = shared / "transactions" / "cdnow_master.csv.gz"
    made = finsim.inject(
        file, narratives="card_testing_escalation", rate=0.005, output=tmp_path / "out", seed=1,
        progress=False,
    )  # fmt: skip
    text = pd.read_csv(file)
    kept = real_rows(made).to_pandas()
    assert (kept["customer_id"].astype(int) == text["customer_id"]).all()
    assert (kept["amount"].astype(float) == text["amount"]).all()
    assert any("purchases at the one who keeps the table" in one for one in made.remarks)
    assert max(max(one.column_auc, one.pair_auc) for one in made.separations) <= 0.75


def test_a_ring_of_accounts_is_not_told_by_a_column(shared: Path, tmp_path: Path) -> None:
    file = shared / "synthetic_fraud" / "amlsim_20K_fanin200cycle200" / "transactions.csv.gz"
    schema = tmp_path / "aml.schema.yaml"
    schema.write_text(
        "finsim: schema/1\nkind: payments\ncolumns:\n  sourceNodeId: {type: id, role: from_account}\n"
        "  targetNodeId: {type: id, role: to_account}\n  value: {type: money, ccy: USD, role: amount}\n"
        "  time: {type: date, unit: days, role: date}\n"
    )
    made = finsim.inject(
        file, narratives="account_ring_layering", rate=0.005, schema=schema, output=tmp_path / "out", seed=1,
        progress=False,
    )  # fmt: skip
    assert max(max(one.column_auc, one.pair_auc) for one in made.separations) <= 0.75
