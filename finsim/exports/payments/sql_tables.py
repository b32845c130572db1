"""A world of payments for databases: every order with its status, labels apart, money as decimals."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc

from finsim.errors import DataError
from finsim.exports.payments.rows.payment_rows import Payments
from finsim.exports.payments.rows.row_words import MONEY, cents, renamed, whole
from finsim.exports.payments.rows.scheme_rows import scheme_table
from finsim.records.parties.party_tables import OBSERVED

INSTANT, DAY, TEXT = pa.timestamp("us", tz="UTC"), pa.date32(), pa.string()
TABLES = {
    "accounts": pa.schema(
        [
            ("account_id", pa.int64()), ("customer_id", pa.int64()), ("bank_id", pa.int32()), ("kind", TEXT),
            ("opening_balance", MONEY), ("overdraft_limit", MONEY), ("opened", DAY),
            ("joint_customer_id", pa.int64()), ("dormant", DAY),
        ]
    ),
    "customers": pa.schema(
        [
            ("customer_id", pa.int64()), ("kind", TEXT), ("birth_year", pa.int32()), ("segment", TEXT),
            ("town", TEXT), ("country", TEXT), ("income_band", TEXT), ("household_id", pa.int64()),
            ("employer_account", pa.int64()), ("sector", TEXT), ("since", DAY), ("kyc_risk", TEXT),
        ]
    ),
    "addresses": pa.schema(
        [
            ("customer_id", pa.int64()), ("address_id", pa.int64()), ("street", TEXT),
            ("house_number", pa.int16()), ("postcode", TEXT), ("town", TEXT), ("country", TEXT),
            ("valid_from", DAY), ("valid_to", DAY),
        ]
    ),
    "credit_lines": pa.schema(
        [
            ("account_id", pa.int64()), ("customer_id", pa.int64()), ("kind", TEXT),
            ("credit_limit", MONEY), ("drawn", MONEY), ("rate", pa.float64()), ("since", DAY),
        ]
    ),
    "merchants": pa.schema(
        [
            ("merchant_id", pa.int64()), ("account_id", pa.int64()), ("category", TEXT), ("mcc", pa.int32()),
            ("name", TEXT), ("town", TEXT), ("country", TEXT), ("opens", pa.int8()), ("closes", pa.int8()),
        ]
    ),
    "cards": pa.schema(
        [
            ("card_id", pa.int32()), ("account_id", pa.int64()), ("customer_id", pa.int64()), ("kind", TEXT),
            ("issued", DAY), ("expires", DAY), ("ended", DAY), ("end_reason", TEXT),
        ]
    ),
    "devices": pa.schema([("device_id", pa.int32()), ("kind", TEXT), ("os", TEXT), ("first_seen", INSTANT)]),
    "logins": pa.schema(
        [("ts", INSTANT), ("customer_id", pa.int64()), ("device_id", pa.int32()), ("kind", TEXT)]
    ),
    "fx_rates": pa.schema([("date", DAY), ("base", TEXT), ("quote", TEXT), ("rate", pa.float64())]),
    "transactions": pa.schema(
        [
            ("tx_id", pa.int64()), ("ts", INSTANT), ("from_account", pa.int64()), ("to_account", pa.int64()),
            ("from_bank", pa.int32()), ("to_bank", pa.int32()), ("amount", MONEY), ("currency", TEXT),
            ("channel", TEXT), ("device_id", pa.int32()), ("card_id", pa.int32()),
            ("merchant_id", pa.int64()), ("category", TEXT), ("status", TEXT), ("decline_reason", TEXT),
            ("original_id", pa.int64()), ("from_balance_after", MONEY), ("to_balance_after", MONEY),
        ]
    ),
    "labels": pa.schema(
        [
            ("tx_id", pa.int64()), ("purpose", TEXT), ("is_fraud", pa.bool_()), ("is_laundering", pa.bool_()),
            ("taint", pa.float32()), ("known_on", DAY), ("known_by", TEXT), ("narrative", TEXT),
            ("instance", pa.int64()), ("phase", TEXT), ("role", TEXT),
        ]
    ),
    "alerts": pa.schema(
        [
            ("alert_id", pa.int64()), ("tx_id", pa.int64()), ("account_id", pa.int64()),
            ("bank_id", pa.int32()), ("rule", TEXT), ("raised", DAY), ("case_opened", DAY),
            ("outcome", TEXT), ("closed", DAY),
        ]
    ),
    "reports": pa.schema(
        [
            ("report_id", pa.int64()), ("tx_id", pa.int64()), ("account_id", pa.int64()),
            ("bank_id", pa.int32()), ("kind", TEXT), ("reported", DAY), ("outcome", TEXT), ("closed", DAY),
            ("claimed", MONEY),
        ]
    ),
    "account_labels": pa.schema(
        [
            ("account_id", pa.int64()), ("customer_id", pa.int64()), ("is_victim", pa.bool_()),
            ("is_fraud", pa.bool_()), ("is_laundering", pa.bool_()), ("schemes", pa.int32()),
            ("first", DAY), ("known_on", DAY), ("blocked_on", DAY),
        ]
    ),
    "patterns": pa.schema(
        [
            ("instance", pa.int64()), ("narrative", TEXT), ("typology", TEXT), ("decoy", pa.bool_()),
            ("is_fraud", pa.bool_()), ("is_laundering", pa.bool_()), ("start", INSTANT), ("end", INSTANT),
            ("rows", pa.int64()), ("amount", MONEY),
        ]
    ),
}  # fmt: skip
"""Table -> its columns. Without a shop, a scheme, an employer or a birth a cell is null."""
KEYS = {
    "accounts": "account_id", "customers": "customer_id", "merchants": "merchant_id",
    "cards": "card_id", "devices": "device_id", "transactions": "tx_id",
    "labels": "tx_id", "alerts": "alert_id", "reports": "report_id", "account_labels": "account_id",
    "patterns": "instance", "credit_lines": "account_id",
}  # fmt: skip
"""Table -> its primary key; `logins`, `addresses` and `fx_rates` have none."""
# -1 stands for none.
_NONE = (
    "merchant_id", "device_id", "card_id", "original_id", "instance", "employer_account", "birth_year",
    "joint_customer_id", "household_id",
)  # fmt: skip
_SIDES = ("from", "to")
_PARTIES = ("customers", "addresses", "credit_lines", "merchants", "cards", "fx_rates")


def batches(payments: Payments, table: str) -> Iterator[pa.Table]:
    """Yield the rows of one of TABLES in its schema."""
    schema = TABLES[table]
    if table == "accounts":
        yield _as(payments.accounts(), schema)
    elif table in _PARTIES:
        yield _as(getattr(payments, table), schema)
    elif table in ("devices", "logins"):
        for rows in payments.devices() if table == "devices" else payments.logins():
            yield _as(rows, schema)
    elif table in OBSERVED:
        yield _as(payments.observed(table), schema)
    elif table == "patterns":
        yield _as(scheme_table(payments), schema)
    else:
        for rows in payments.batches(schema.names):
            yield _as(_seen(payments, rows), schema)


def _seen(payments: Payments, rows: pa.Table) -> pa.Table:
    """Empty balances, device and card of the side that one bank does not see."""
    if payments.choice.bank is not None and "device_id" in rows.column_names:
        own = pc.is_in(rows["card_id"], payments.cards["card_id"].combine_chunks())
        for name, seen in (("device_id", payments.sees(rows["from_bank"])), ("card_id", own)):
            kept = pc.if_else(seen, rows[name], pa.scalar(-1, pa.int32()))
            rows = rows.set_column(rows.column_names.index(name), name, kept)
    for side in _SIDES if payments.choice.bank is not None else ():
        name = f"{side}_balance_after"
        if name in rows.column_names:
            known = pc.if_else(payments.sees(rows[f"{side}_bank"]), rows[name], None)
            rows = rows.set_column(rows.column_names.index(name), name, known)
    return rows


def _as(rows: pa.Table, schema: pa.Schema) -> pa.Table:
    columns = []
    for field in schema:
        column = rows[field.name]
        if field.type == MONEY:
            columns.append(cents(column))
        elif field.name in _NONE:
            array = whole(column)
            if not pa.types.is_integer(array.type):
                raise DataError(
                    f"{field.name} is {array.type}", place="export", expected="whole numbers",
                    remedy="take the tables of a world as they were made",
                )  # fmt: skip
            known = pc.greater_equal(array, 0)
            columns.append(pc.if_else(known, array, pa.scalar(None, array.type)).cast(field.type))
        elif field.type == TEXT:
            columns.append(renamed(column, {}))
        else:
            columns.append(whole(column).cast(field.type))
    return pa.table(columns, schema=schema)
