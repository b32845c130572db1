"""AMLworld (IBM, "HI-Small_Trans.csv"): transactions, accounts and patterns, as Multi-GNN reads them.

Layout: IBM/Multi-GNN ``format_kaggle_files.py``. ``Is Laundering`` is finsim's ``is_laundering`` alone;
frauds are 0 there and stand in the side file. Entities are named as AMLworld names them: a person is an
``Individual``, a firm that sells to people a ``Sole Proprietorship``, another a ``Corporation``, with the
number of its id; outside owners, whom finsim's banks do not know, have no name. Banks have none either.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from finsim.exports.export_format import Export
from finsim.exports.payments.rows.csv_rows import CsvRows
from finsim.exports.payments.rows.party_lookup import fact, places
from finsim.exports.payments.rows.payment_rows import Payments
from finsim.exports.payments.rows.row_words import cents, cut, glued, hexadecimal, instants, renamed, whole
from finsim.exports.payments.rows.scheme_rows import SIDE, SideFile
from finsim.exports.payments.rows.scheme_shapes import shapes_of

HEADER = (
    "Timestamp,From Bank,Account,To Bank,Account,Amount Received,Receiving Currency,Amount Paid,"
    "Payment Currency,Payment Format,Is Laundering"
)
FORMATS = {
    "card_present": "Credit Card", "card_not_present": "Credit Card", "direct_debit": "ACH",
    "internal": "ACH",
    "instant": "ACH", "ach": "ACH", "wire": "Wire", "cash": "Cash", "cheque": "Cheque",
}  # fmt: skip
CURRENCIES = {
    "USD": "US Dollar", "EUR": "Euro", "CNY": "Yuan", "JPY": "Yen", "GBP": "UK Pound", "CHF": "Swiss Franc",
    "INR": "Rupee", "RUB": "Ruble", "CAD": "Canadian Dollar", "AUD": "Australian Dollar",
    "BRL": "Brazil Real", "MXN": "Mexican Peso", "SAR": "Saudi Riyal", "ILS": "Shekel", "BTC": "Bitcoin",
}  # fmt: skip
"""ISO code -> AMLworld's name; other currencies keep their code."""
FIRST_BANK = 10_000
"""Added to finsim's number of a bank: readers glue bank and account together without a separator, and parse
banks as numbers, so all must have one width and none a leading zero."""
_COLUMNS = (
    "ts", "from_bank", "from_account", "to_bank", "to_account", "amount", "currency", "channel", *SIDE,
)  # fmt: skip


def write(payments: Payments, folder: Path) -> None:
    """Write ``amlworld_Trans.csv``, ``_accounts.csv``, ``_Patterns.txt`` and ``_labels.csv``."""
    shapes = shapes_of(payments)
    blocks: dict[int, list[str]] = {}
    rows, side = folder / "amlworld_Trans.csv", folder / "amlworld_labels.csv"
    with CsvRows(rows, HEADER) as file, SideFile(side, payments) as labels:
        for table in payments.batches(_COLUMNS):
            cells = _cells(table)
            file.write(*cells)
            labels.write(table)
            _collect(table, cells, blocks)
    (folder / "amlworld_Patterns.txt").write_text(_patterns(blocks, shapes), encoding="utf-8")
    _write_accounts(payments, folder / "amlworld_accounts.csv")


def _cells(table: pa.Table) -> list[pa.Array]:
    minute = pc.replace_substring(cut(instants(table["ts"]), 0, 16), "-", "/")
    money, currency = cents(table["amount"]), renamed(table["currency"], CURRENCIES)
    return [
        minute, _bank(table["from_bank"]), hexadecimal(table["from_account"]), _bank(table["to_bank"]),
        hexadecimal(table["to_account"]), money, currency, money, currency,
        renamed(table["channel"], FORMATS, "ACH"), whole(table["is_laundering"]).cast(pa.int8()),
    ]  # fmt: skip


def _bank(column: pa.ChunkedArray) -> pa.Array:
    return pa.array(np.asarray(column).astype(np.int64) + FIRST_BANK)


def _collect(table: pa.Table, cells: list[pa.Array], blocks: dict[int, list[str]]) -> None:
    """Keep the lines of laundering schemes as they stand in the main file, by scheme."""
    scheme = np.asarray(table["instance"])
    found = np.flatnonzero(np.asarray(table["is_laundering"]) & (scheme >= 0))
    lines = pc.binary_join_element_wise(*(cell.take(found).cast(pa.string()) for cell in cells), ",")
    for name, line in zip(scheme[found].tolist(), lines.to_pylist(), strict=True):
        blocks.setdefault(name, []).append(line)


def _patterns(blocks: dict[int, list[str]], shapes: dict[int, str]) -> str:
    found = []
    for scheme, lines in sorted(blocks.items()):
        what = f"LAUNDERING ATTEMPT - {shapes[scheme]}"
        found.append("\n".join([f"BEGIN {what}:  {len(lines)} rows", *lines, f"END {what}"]))
    return "\n\n".join(found) + "\n" * bool(found)


def _write_accounts(payments: Payments, file: Path) -> None:
    accounts = payments.accounts()
    none = pa.nulls(accounts.num_rows, pa.string())
    with CsvRows(file, "Bank Name,Bank ID,Account Number,Entity ID,Entity Name") as rows:
        rows.write(
            none, _bank(accounts["bank_id"]), hexadecimal(accounts["account_id"]),
            hexadecimal(accounts["customer_id"]), _entities(payments, accounts),
        )  # fmt: skip


def _entities(payments: Payments, accounts: pa.Table) -> pa.Array:
    """Return the name of each account's owner; null for one that the table of customers does not know."""
    known, owner = payments.customers, whole(accounts["customer_id"])
    rows = places(known, "customer_id", owner.fill_null(-1))
    firm = pc.equal(fact(known, "kind", rows), "firm")
    sells = pc.not_equal(fact(known, "sector", rows), "business")
    word = pc.if_else(firm, pc.if_else(sells, "Sole Proprietorship #", "Corporation #"), "Individual #")
    return glued(word, owner.cast(pa.string()))


EXPORT = Export(
    name="amlworld",
    summary="IBM AMLworld: Trans, accounts and Patterns, as Multi-GNN reads them",
    write=write,
    options=("scenario", "as_of", "bank", "prevalence"),
    label="is_laundering",
)
