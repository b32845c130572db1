"""Sparkov (Kaggle ``fraudTrain.csv``): purchases by card, 23 columns, the first without a name.

``is_fraud`` is finsim's ``is_fraud``. finsim has no names, homes and places of people and shops: those
columns stay empty.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa

from finsim.exports.export_format import Export
from finsim.exports.payments.rows.csv_rows import CsvRows
from finsim.exports.payments.rows.payment_rows import Payments
from finsim.exports.payments.rows.row_words import cents, coded, glued, instants, nanoseconds, picked, whole
from finsim.exports.payments.rows.scheme_rows import SIDE, SideFile
from finsim.notation import Int1D

HEADER = (
    ",trans_date_trans_time,cc_num,merchant,category,amt,first,last,gender,street,city,state,zip,lat,long,"
    "city_pop,job,dob,trans_num,unix_time,merch_lat,merch_long,is_fraud"
)
FIRST_CARD = 9_000_000_000_000_000
"""Added to the paying account: 16 digits of no issuer, below 2^53, so that a float keeps them."""
ON_SITE = {
    "groceries": "grocery_pos", "restaurants": "food_dining", "fuel": "gas_transport",
    "transport": "gas_transport", "retail": "shopping_pos", "online": "shopping_net", "travel": "travel",
    "entertainment": "entertainment", "health": "health_fitness", "digital": "misc_net",
}  # fmt: skip
"""finsim's category of a shop -> Sparkov's; others are misc_pos, by distance misc_net."""
REMOTE = {**ON_SITE, "groceries": "grocery_net", "retail": "shopping_net"}
CATEGORIES = tuple(dict.fromkeys((*ON_SITE.values(), *REMOTE.values(), "misc_pos")))
_COLUMNS = ("ts", "from_account", "amount", "channel", "merchant_id", "category", *SIDE)


def write(payments: Payments, folder: Path) -> None:
    """Write ``sparkov.csv`` and ``sparkov_labels.csv``."""
    rows, side = folder / "sparkov.csv", folder / "sparkov_labels.csv"
    count = 0
    with CsvRows(rows, HEADER) as file, SideFile(side, payments) as labels:
        for table in payments.batches(_COLUMNS):
            file.write(*_cells(table, count))
            labels.write(table)
            count += table.num_rows


def _cells(table: pa.Table, count: int) -> list[pa.Array]:
    none = pa.nulls(table.num_rows, pa.string())
    remote = coded(table["channel"], {"card_not_present": 1}) == 1
    category = np.where(remote, _codes(table, REMOTE, "misc_net"), _codes(table, ON_SITE, "misc_pos"))
    return [
        pa.array(np.arange(count, count + table.num_rows)), instants(table["ts"]),
        pa.array(np.asarray(table["from_account"]) + FIRST_CARD),
        # Every merchant of the layout begins so, illicit or not.
        glued("fraud_", whole(table["merchant_id"]).cast(pa.string())),
        picked(category, CATEGORIES), cents(table["amount"]), *[none] * 12, whole(table["tx_id"]),
        pa.array(nanoseconds(table["ts"]) // 1_000_000_000), none, none,
        whole(table["is_fraud"]).cast(pa.int8()),
    ]  # fmt: skip


def _codes(table: pa.Table, words: Mapping[str, str], default: str) -> Int1D:
    places = {name: CATEGORIES.index(word) for name, word in words.items()}
    return coded(table["category"], places, CATEGORIES.index(default))


EXPORT = Export(
    name="sparkov",
    summary="Sparkov (Kaggle fraudTrain.csv): purchases by card",
    write=write,
    options=("scenario", "as_of", "bank", "prevalence"),
    label="is_fraud",
    rows="cards",
)
