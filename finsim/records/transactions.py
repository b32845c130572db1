"""``Transactions``: payment rows with ground truth, the accounts behind them and the injected schemes."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
import pyarrow as pa

_TEXT = pa.dictionary(pa.int32(), pa.string())

TRANSACTION_SCHEMA = pa.schema(
    [
        ("tx_id", pa.int64()),
        ("ts", pa.timestamp("ns", tz="UTC")),
        ("from_account", pa.int64()),
        ("to_account", pa.int64()),
        ("from_bank", pa.int32()),
        ("to_bank", pa.int32()),
        ("amount", pa.int64()),
        ("currency", _TEXT),
        ("channel", _TEXT),
        ("purpose", _TEXT),
        ("merchant_id", pa.int64()),
        ("status", _TEXT),
        ("from_balance_after", pa.int64()),
        ("to_balance_after", pa.int64()),
        ("is_fraud", pa.bool_()),
        ("is_laundering", pa.bool_()),
        ("narrative", _TEXT),
        ("instance", pa.int64()),
        ("phase", _TEXT),
        ("role", _TEXT),
        ("order_id", pa.int64()),
        ("_fs_src", pa.uint8()),
        ("_fs_seq", pa.uint32()),
    ]
)

ACCOUNT_SCHEMA = pa.schema(
    [
        ("account_id", pa.int64()),
        ("customer_id", pa.int64()),
        ("bank_id", pa.int32()),
        ("kind", _TEXT),
        ("opening_balance", pa.int64()),
        ("overdraft_limit", pa.int64()),
        ("opened", pa.date32()),
    ]
)

PATTERN_SCHEMA = pa.schema(
    [
        ("instance", pa.int64()),
        ("narrative", _TEXT),
        ("typology", _TEXT),
        ("decoy", pa.bool_()),
        ("is_fraud", pa.bool_()),
        ("is_laundering", pa.bool_()),
        ("start", pa.timestamp("ns", tz="UTC")),
        ("end", pa.timestamp("ns", tz="UTC")),
        ("rows", pa.int64()),
        ("posted_rows", pa.int64()),
        ("declined_rows", pa.int64()),
        ("amount", pa.int64()),
        ("accounts", pa.list_(pa.int64())),
        ("stopped_by", _TEXT),
    ]
)


@dataclass(frozen=True)
class Transactions:
    """A transaction world: rows in time order (ties by ``tx_id``), accounts and scheme instances.

    Amounts and balances are int64 minor units. A declined row moves no money. Benign rows have null
    ``narrative``, ``phase`` and ``role`` and instance -1. Accounts of kind ``external`` (employers,
    cash, fees, the outside world) may have negative balances; the sum over all accounts is constant.
    """

    rows: pa.Table
    accounts: pa.Table
    patterns: pa.Table

    def to_pandas(self) -> pd.DataFrame:
        """Return the rows as a DataFrame; money stays in minor units."""
        frame: pd.DataFrame = self.rows.to_pandas()
        return frame
