"""SAML-D (``SAML-D.csv``): twelve columns with one of 28 names of behaviour for every row.

Layout and names: five public readers of the data set of Oztas et al. (2023). ``Is_laundering`` is finsim's
``is_laundering`` alone. The locations are the countries of payer and payee, customers of the study's banks;
of others the country is not known, and the cell empty.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa

from finsim.exports.export_format import Export
from finsim.exports.payments.rows.csv_rows import CsvRows
from finsim.exports.payments.rows.party_lookup import fact, places
from finsim.exports.payments.rows.payment_rows import Payments
from finsim.exports.payments.rows.row_words import cents, coded, cut, instants, picked, renamed, whole
from finsim.exports.payments.rows.scheme_rows import SIDE, SideFile
from finsim.exports.payments.rows.scheme_shapes import shapes_of
from finsim.notation import Int1D

HEADER = (
    "Time,Date,Sender_account,Receiver_account,Amount,Payment_currency,Received_currency,"
    "Sender_bank_location,Receiver_bank_location,Payment_type,Is_laundering,Laundering_type"
)
CURRENCIES = {
    "GBP": "UK pounds", "EUR": "Euro", "USD": "US dollar", "CHF": "Swiss franc", "AED": "Dirham",
    "INR": "Indian rupee", "PKR": "Pakistani rupee", "NGN": "Naira", "TRY": "Turkish lira", "JPY": "Yen",
    "MXN": "Mexican Peso", "ALL": "Albanian lek", "MAD": "Moroccan dirham",
}  # fmt: skip
"""ISO code -> SAML-D's name; other currencies keep their code."""
COUNTRIES = {
    "GB": "UK", "US": "USA", "CH": "Switzerland", "AE": "UAE", "IN": "India", "PK": "Pakistan",
    "NG": "Nigeria", "TR": "Turkey", "JP": "Japan", "MX": "Mexico", "AL": "Albania", "MA": "Morocco",
}  # fmt: skip
"""ISO code of a country -> SAML-D's name; others keep their code."""
TYPES = ("Cash Deposit", "Cash Withdrawal", "Cheque", "ACH", "Credit card", "Debit card")
NORMAL = (
    "Normal_Cash_Deposits", "Normal_Cash_Withdrawal", "Normal_Periodical", "Normal_Small_Fan_Out",
    "Normal_Fan_Out", "Normal_Fan_In", "Normal_Group",
)  # fmt: skip
DECOYS = {"payroll": "Normal_Fan_Out", "marketplace": "Normal_Fan_In"}
"""Typology of a benign look-alike -> its name; others are Normal_Group."""
NAMED = {
    "structuring": "Structuring", "smurfing": "Smurfing", "cash_deposit": "Deposit-Send",
    "cash_withdrawal": "Cash_Withdrawal", "layering": "Layered_Fan_Out", "over_invoicing": "Over-Invoicing",
}  # fmt: skip
OF_SHAPE = {
    "FAN-OUT": "Fan_Out", "FAN-IN": "Fan_In", "GATHER-SCATTER": "Gather-Scatter",
    "SCATTER-GATHER": "Scatter-Gather", "CYCLE": "Cycle", "BIPARTITE": "Bipartite",
    "STACK": "Stacked Bipartite", "RANDOM": "Behavioural_Change_1",
}  # fmt: skip
_COLUMNS = ("ts", "from_account", "to_account", "amount", "currency", "channel", *SIDE)


def write(payments: Payments, folder: Path) -> None:
    """Write ``saml-d.csv`` and ``saml-d_labels.csv``."""
    names = laundering_names(payments)
    rows, side = folder / "saml-d.csv", folder / "saml-d_labels.csv"
    with CsvRows(rows, HEADER) as file, SideFile(side, payments) as labels:
        for table in payments.batches(_COLUMNS):
            file.write(*_cells(payments, table, names))
            labels.write(table)


def laundering_names(payments: Payments) -> dict[int, str]:
    """Return scheme -> SAML-D's name of its laundering: by its typology, else by its shape."""
    return {
        scheme: NAMED.get(payments.typologies[scheme], OF_SHAPE[shape])
        for scheme, shape in shapes_of(payments).items()
    }


def _cells(payments: Payments, table: pa.Table, names: dict[int, str]) -> list[pa.Array]:
    time, money = instants(table["ts"]), cents(table["amount"])
    currency = renamed(table["currency"], CURRENCIES)
    locations = [_country(payments, table, side) for side in ("from", "to")]
    kinds = _types(payments, table)
    return [
        cut(time, 11, 19), cut(time, 0, 10), whole(table["from_account"]), whole(table["to_account"]), money,
        currency, currency, *locations, picked(kinds, TYPES), whole(table["is_laundering"]).cast(pa.int8()),
        _behaviour(payments, table, kinds, names),
    ]  # fmt: skip


def _country(payments: Payments, table: pa.Table, side: str) -> pa.Array:
    """Return where the bank of one side's customer is, null for owners outside."""
    known = payments.customers
    owners = pa.array(payments.lookup.owners(table[f"{side}_account"]))
    return renamed(fact(known, "country", places(known, "customer_id", owners)), COUNTRIES)


def _types(payments: Payments, table: pa.Table) -> Int1D:
    """Return the position of each row's payment type in TYPES."""
    channel = coded(table["channel"], {"card_present": 1, "card_not_present": 1, "cheque": 2, "cash": 3})
    into_cash = payments.lookup.are(table["to_account"], "external")
    on_card = payments.lookup.are(table["from_account"], "card")
    card, cash = np.where(on_card, 4, 5), np.where(into_cash, 1, 0)
    return np.select([channel == 1, channel == 2, channel == 3], [card, 2, cash], 3)


def _behaviour(payments: Payments, table: pa.Table, kinds: Int1D, names: dict[int, str]) -> pa.Array:
    """Return the name of behaviour of each row: laundering by scheme, decoys by typology, life by kind."""
    periodical = coded(table["channel"], {"direct_debit": 1}) == 1
    codes = np.select([kinds == 0, kinds == 1, periodical], [0, 1, 2], 3)
    scheme = np.asarray(table["instance"])
    laundering = np.asarray(table["is_laundering"])
    words = list(NORMAL)
    for one in np.unique(scheme[scheme >= 0]).tolist():
        mine = scheme == one
        words.append(names.get(one, ""))
        codes[mine & laundering] = len(words) - 1
        decoy = NORMAL.index(DECOYS.get(payments.typologies[one], "Normal_Group"))
        codes[mine & ~laundering] = decoy
    return picked(codes, tuple(words))


EXPORT = Export(
    name="saml-d",
    summary="SAML-D: one CSV with a name of behaviour for every row",
    write=write,
    options=("scenario", "as_of", "bank", "prevalence"),
    label="is_laundering",
)
