"""Fraud Detection Handbook: purchases by card in the nine columns of its simulator, in one Parquet file.

The handbook itself keeps a pickle a day, which other versions of pandas cannot read. ``TX_FRAUD`` is finsim's
``is_fraud``; the scenario of a fraud is 3 for purchases at a distance and 2 for those in the shop, the
handbook's two that fit; 0 without fraud.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from finsim.exports.export_format import Export
from finsim.exports.payments.rows.payment_rows import NANOSECONDS_A_DAY, Payments
from finsim.exports.payments.rows.row_words import coded, nanoseconds
from finsim.exports.payments.rows.scheme_rows import SIDE, SideFile

SCHEMA = pa.schema(
    [
        ("TRANSACTION_ID", pa.int64()),
        ("TX_DATETIME", pa.timestamp("us")),
        ("CUSTOMER_ID", pa.int64()),
        ("TERMINAL_ID", pa.int64()),
        ("TX_AMOUNT", pa.float64()),
        ("TX_TIME_SECONDS", pa.int64()),
        ("TX_TIME_DAYS", pa.int64()),
        ("TX_FRAUD", pa.int64()),
        ("TX_FRAUD_SCENARIO", pa.int64()),
    ]
)
_SECOND = 1_000_000_000
_COLUMNS = ("ts", "from_account", "from_bank", "amount", "channel", "merchant_id", *SIDE)


def write(payments: Payments, folder: Path) -> None:
    """Write ``handbook.parquet`` and ``handbook_labels.csv``; times are counted from the first midnight."""
    midnight: int | None = None
    rows, side = folder / "handbook.parquet", folder / "handbook_labels.csv"
    with pq.ParquetWriter(rows, SCHEMA, compression="zstd") as file, SideFile(side, payments) as labels:
        for table in payments.batches(_COLUMNS):
            if midnight is None:
                first = int(nanoseconds(table["ts"])[0])
                midnight = first - first % NANOSECONDS_A_DAY
            file.write_table(_columns(payments, table, midnight))
            labels.write(table)


def _columns(payments: Payments, table: pa.Table, midnight: int) -> pa.Table:
    time = nanoseconds(table["ts"])
    fraud = np.asarray(table["is_fraud"]).astype(np.int64)
    remote = coded(table["channel"], {"card_not_present": 1}) == 1
    known = payments.sees(table["from_bank"])
    customer = pc.if_else(known, pa.array(payments.lookup.owners(table["from_account"])), None)
    columns = [
        table["tx_id"], pa.array(time // 1_000).cast(pa.timestamp("us")),
        customer, table["merchant_id"],
        np.asarray(table["amount"]) / 100, (time - midnight) // _SECOND,
        (time - midnight) // NANOSECONDS_A_DAY,
        fraud, fraud * np.where(remote, 3, 2),
    ]  # fmt: skip
    return pa.table(columns, schema=SCHEMA)


EXPORT = Export(
    name="handbook",
    summary="Fraud Detection Handbook: purchases by card, its nine columns as Parquet",
    write=write,
    options=("scenario", "as_of", "bank", "prevalence"),
    label="is_fraud",
    rows="cards",
)
