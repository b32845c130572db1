"""Neo4j: accounts and payments as ``neo4j-admin database import full`` reads them.

Layout: Neo4j operations manual, import. Headers are the first line of each file; money is a number of units
of the currency; instants are in UTC. ``illicit`` says fraud or laundering.
"""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from finsim.exports.export_format import Export
from finsim.exports.payments.rows.csv_rows import CsvRows
from finsim.exports.payments.rows.payment_rows import ILLICIT, Payments
from finsim.exports.payments.rows.row_words import cents, cut, glued, instants, renamed, whole
from finsim.exports.payments.rows.scheme_rows import SIDE, SideFile

ACCOUNTS = (
    "account_id:ID(Account){id-type:long},bank_id:int,customer_id:long,kind:string,opened:date,"
    "opening_balance:double,:LABEL"
)
PAYMENTS = (
    ":START_ID(Account),tx_id:long,ts:datetime,amount:double,currency:string,channel:string,illicit:boolean,"
    ":END_ID(Account),:TYPE"
)
_COLUMNS = ("from_account", "to_account", "ts", "amount", "currency", "channel", ILLICIT, *SIDE)


def write(payments: Payments, folder: Path) -> None:
    """Write ``neo4j_accounts.csv``, ``neo4j_payments.csv`` and ``neo4j_labels.csv``."""
    accounts = payments.accounts()
    with CsvRows(folder / "neo4j_accounts.csv", ACCOUNTS) as file:
        day = accounts["opened"].cast(pa.timestamp("us")).cast(pa.string())
        file.write(
            whole(accounts["account_id"]), whole(accounts["bank_id"]), whole(accounts["customer_id"]),
            renamed(accounts["kind"], {}), cut(whole(day), 0, 10), cents(accounts["opening_balance"]),
            pa.repeat("Account", accounts.num_rows),
        )  # fmt: skip
    rows, side = folder / "neo4j_payments.csv", folder / "neo4j_labels.csv"
    with CsvRows(rows, PAYMENTS) as file, SideFile(side, payments) as labels:
        for table in payments.batches(_COLUMNS):
            time = instants(table["ts"], "us")
            file.write(
                whole(table["from_account"]), whole(table["tx_id"]),
                glued(cut(time, 0, 10), "T", cut(time, 11, 26), "Z"), cents(table["amount"]),
                renamed(table["currency"], {}), renamed(table["channel"], {}), whole(table[ILLICIT]),
                whole(table["to_account"]), pa.repeat("PAYS", table.num_rows),
            )  # fmt: skip
            labels.write(table)


EXPORT = Export(
    name="neo4j",
    summary="Neo4j: accounts and payments for neo4j-admin database import",
    write=write,
    options=("scenario", "as_of", "bank", "prevalence", "instance"),
)
