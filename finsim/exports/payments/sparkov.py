"""Sparkov (Kaggle ``fraudTrain.csv``): purchases by card, 23 columns, the first without a name.

``is_fraud`` is finsim's ``is_fraud``. Of the holder come town (``city``, and how many customers live there as
``city_pop``), segment (``job``) and year of birth (``dob`` is its first of July: finsim knows no day); of a
shop its name, with the number that tells it from others. finsim has no names, streets and coordinates of
people and shops: those columns stay empty, and all of them where the world has no table of customers.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from finsim.exports.export_format import Export
from finsim.exports.payments.rows.csv_rows import CsvRows
from finsim.exports.payments.rows.party_lookup import fact, places
from finsim.exports.payments.rows.payment_rows import Payments
from finsim.exports.payments.rows.row_words import (
    cents,
    coded,
    glued,
    instants,
    nanoseconds,
    picked,
    renamed,
    whole,
)
from finsim.exports.payments.rows.scheme_rows import SIDE, SideFile
from finsim.notation import Int1D

HEADER = (
    ",trans_date_trans_time,cc_num,merchant,category,amt,first,last,gender,street,city,state,zip,lat,long,"
    "city_pop,job,dob,trans_num,unix_time,merch_lat,merch_long,is_fraud"
)
FIRST_CARD = 9_000_000_000_000_000
"""Added to the card, or the payer where a world knows no cards: 16 digits of no issuer, below 2^53."""
ON_SITE = {
    "groceries": "grocery_pos", "restaurants": "food_dining", "fuel": "gas_transport",
    "transport": "gas_transport", "retail": "shopping_pos", "online": "shopping_net", "travel": "travel",
    "entertainment": "entertainment", "health": "health_fitness", "digital": "misc_net",
}  # fmt: skip
"""finsim's category of a shop -> Sparkov's; others are misc_pos, by distance misc_net."""
REMOTE = {**ON_SITE, "groceries": "grocery_net", "retail": "shopping_net"}
CATEGORIES = tuple(dict.fromkeys((*ON_SITE.values(), *REMOTE.values(), "misc_pos")))
_COLUMNS = ("ts", "from_account", "card_id", "amount", "channel", "merchant_id", "category", *SIDE)


def write(payments: Payments, folder: Path) -> None:
    """Write ``sparkov.csv`` and ``sparkov_labels.csv``."""
    rows, side = folder / "sparkov.csv", folder / "sparkov_labels.csv"
    count = 0
    with CsvRows(rows, HEADER) as file, SideFile(side, payments) as labels:
        for table in payments.batches(_COLUMNS):
            file.write(*_cells(payments, table, count))
            labels.write(table)
            count += table.num_rows


def _cells(payments: Payments, table: pa.Table, count: int) -> list[pa.Array]:
    none = pa.nulls(table.num_rows, pa.string())
    city, people, job, born = _holder(payments, table)
    remote = coded(table["channel"], {"card_not_present": 1}) == 1
    category = np.where(remote, _codes(table, REMOTE, "misc_net"), _codes(table, ON_SITE, "misc_pos"))
    return [
        pa.array(np.arange(count, count + table.num_rows)), instants(table["ts"]),
        _card(table),
        # Every merchant of the layout begins so, illicit or not.
        glued("fraud_", _shop(payments, table)),
        picked(category, CATEGORIES), cents(table["amount"]), *[none] * 4, city, *[none] * 4, people, job,
        born, whole(table["tx_id"]),
        pa.array(nanoseconds(table["ts"]) // 1_000_000_000), none, none,
        whole(table["is_fraud"]).cast(pa.int8()),
    ]  # fmt: skip


def _card(table: pa.Table) -> pa.Array:
    card = np.asarray(table["card_id"]).astype(np.int64)
    return pa.array(np.where(card >= 0, card, np.asarray(table["from_account"])) + FIRST_CARD)


def _shop(payments: Payments, table: pa.Table) -> pa.Array:
    """Return name and number of each shop, the number alone where the world knows no names."""
    number = whole(table["merchant_id"]).cast(pa.string())
    shops = payments.merchants
    name = fact(shops, "name", places(shops, "merchant_id", table["merchant_id"]))
    return pc.coalesce(pc.binary_join_element_wise(name, number, " "), number)


def _holder(payments: Payments, table: pa.Table) -> tuple[pa.Array, pa.Array, pa.Array, pa.Array]:
    """Return town, its customers, segment and the middle of the year of birth of each holder."""
    known = payments.customers
    rows = places(known, "customer_id", pa.array(payments.lookup.owners(table["from_account"])))
    city, segment = fact(known, "town", rows), fact(known, "segment", rows)
    counts = {str(one["values"]): one["counts"] for one in pc.value_counts(known["town"]).to_pylist()}
    people = renamed(city.dictionary_encode(), {name: str(count) for name, count in counts.items()})
    year = fact(known, "birth_year", rows)
    born = pc.if_else(pc.greater(year, 0), glued(year.cast(pa.string()), "-07-01"), None)
    return city, people, segment, born


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
