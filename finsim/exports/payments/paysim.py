"""PaySim (Kaggle ``PS_..._log.csv``): mobile money with the balances of both sides before and after.

Layout: the Kaggle file, whose ``oldbalanceOrg`` lacks the i of ``newbalanceOrig``. ``isFraud`` is finsim's
``is_fraud`` alone; finsim has no flag of its own: ``isFlaggedFraud`` is 0.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from finsim.exports.export_format import Export
from finsim.exports.payments.rows.csv_rows import CsvRows
from finsim.exports.payments.rows.payment_rows import NANOSECONDS_A_DAY, Payments
from finsim.exports.payments.rows.row_words import cents, coded, glued, nanoseconds, picked, whole
from finsim.exports.payments.rows.scheme_rows import SIDE, SideFile
from finsim.notation import Int1D

HEADER = (
    "step,type,amount,nameOrig,oldbalanceOrg,newbalanceOrig,nameDest,oldbalanceDest,newbalanceDest,isFraud,"
    "isFlaggedFraud"
)
TYPES = ("PAYMENT", "TRANSFER", "CASH_OUT", "CASH_IN", "DEBIT")
_HOUR = NANOSECONDS_A_DAY // 24
_COLUMNS = (
    "ts", "from_account", "to_account", "from_bank", "to_bank", "amount", "channel", "merchant_id",
    "from_balance_after", "to_balance_after", *SIDE,
)  # fmt: skip


def write(payments: Payments, folder: Path) -> None:
    """Write ``paysim.csv`` and ``paysim_labels.csv``; hours count from the first row's midnight, UTC."""
    midnight: int | None = None
    rows, side = folder / "paysim.csv", folder / "paysim_labels.csv"
    with CsvRows(rows, HEADER) as file, SideFile(side, payments) as labels:
        for table in payments.batches(_COLUMNS):
            if midnight is None:
                first = int(nanoseconds(table["ts"])[0])
                midnight = first - first % NANOSECONDS_A_DAY
            file.write(*_cells(payments, table, midnight))
            labels.write(table)


def _cells(payments: Payments, table: pa.Table, midnight: int) -> list[pa.Array]:
    step = (nanoseconds(table["ts"]) - midnight) // _HOUR + 1
    amount = np.asarray(table["amount"])
    ends = []
    for side, sign in (("from", 1), ("to", -1)):
        after = np.asarray(table[f"{side}_balance_after"])
        seen = payments.sees(table[f"{side}_bank"])
        balances = (after + sign * amount, after)
        ends += [pc.if_else(seen, cents(pa.array(balance)), None) for balance in balances]
    return [
        pa.array(step), picked(_types(payments, table), TYPES), cents(table["amount"]),
        _name(payments, table["from_account"]), *ends[:2], _name(payments, table["to_account"]), *ends[2:],
        whole(table["is_fraud"]).cast(pa.int8()), pa.array(np.zeros(table.num_rows, np.int8)),
    ]  # fmt: skip


def _types(payments: Payments, table: pa.Table) -> Int1D:
    channel = coded(table["channel"], {"cash": 1, "direct_debit": 2})
    into_cash = payments.lookup.are(table["to_account"], "external")
    bought = np.asarray(table["merchant_id"]) >= 0
    return np.select(
        [(channel == 1) & into_cash, channel == 1, channel == 2, bought], [2, 3, 4, 0], default=1
    )


def _name(payments: Payments, accounts: pa.ChunkedArray) -> pa.Array:
    kind = picked(payments.lookup.are(accounts, "merchant").astype(np.int64), ("C", "M"))
    return glued(kind, whole(accounts).cast(pa.string()))


EXPORT = Export(
    name="paysim",
    summary="PaySim: one CSV with the balances of both sides before and after",
    write=write,
    options=("scenario", "as_of", "bank", "prevalence"),
    label="is_fraud",
)
