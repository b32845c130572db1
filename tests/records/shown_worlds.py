"""Records made by hand, from empty to huge, for the tests of how they show themselves."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from finsim.records.paths import FIELDS, Paths
from finsim.records.portfolio import MONTH_SCHEMA, Portfolio
from finsim.records.transactions import ACCOUNT_SCHEMA, PATTERN_SCHEMA, TRANSACTION_SCHEMA, Transactions

WILD = '<b onmouseover="x()">Größe 漢字 & "Söhne"\n\t\u202e' + "n" * 200
"""A name with markup, quotes, other scripts, ends of lines, a mark that turns text around, and length."""


def column(kind: pa.DataType, rows: int, seed: int) -> pa.Array:
    rng = np.random.default_rng(seed)
    if pa.types.is_dictionary(kind):
        return pa.array([f"word {k}" for k in rng.integers(0, 3, rows)], kind)
    if pa.types.is_list(kind):
        return pa.array([list(range(40))] * rows, kind)
    if pa.types.is_boolean(kind):
        return pa.array(rng.random(rows) < 0.1)
    if pa.types.is_timestamp(kind):
        hours = np.datetime64("2023-11-14T22", "h") + np.arange(rows)
        return pa.array(hours.astype("datetime64[ns]")).cast(pa.timestamp("ns", kind.tz)).cast(kind)
    return pa.array(rng.integers(0, 100, rows).astype(np.int32)).cast(kind)


def table(schema: pa.Schema, rows: int, **known: pa.Array) -> pa.Table:
    parts = [
        known[field.name].cast(field.type) if field.name in known else column(field.type, rows, place)
        for place, field in enumerate(schema)
    ]
    return pa.Table.from_arrays(parts, schema=schema)


def transactions(rows: int, narratives: int = 2, currencies: tuple[str, ...] = ("USD",)) -> Transactions:
    """A world with amounts up to 2^46 minor units, one shop in three missing, and wild names."""
    rng = np.random.default_rng(3)
    names = [f"{k}{WILD}" for k in range(narratives)]
    shops = pa.array([None if k % 3 == 0 else k for k in range(rows)], pa.int64())
    money = [currencies[k % len(currencies)] for k in range(rows)]
    payments = table(
        pa.schema([field.with_nullable(True) for field in TRANSACTION_SCHEMA]),
        rows,
        amount=pa.array(rng.integers(1, 2**46, rows)),
        currency=pa.array(money, pa.string()),
        merchant_id=shops,
        status=pa.array(["declined" if k % 4 == 0 else "posted" for k in range(rows)], pa.string()),
    )
    kinds = pa.array(["external" if k % 5 == 0 else "current" for k in range(rows)], pa.string())
    return Transactions(
        payments,
        table(ACCOUNT_SCHEMA, rows, kind=kinds),
        table(PATTERN_SCHEMA, narratives, narrative=pa.array(names, pa.string())),
    )


def paths(count: int, steps: int, assets: int, name: str = "asset") -> Paths:
    rng = np.random.default_rng(4)
    shape = (count, steps, assets)
    prices = {field: rng.uniform(1, 2, shape) for field in FIELDS[:4]}
    dates = np.datetime64("2026-01-05") + np.arange(steps)
    volume = rng.integers(0, 99, shape)
    return Paths(tuple(f"{name} {k}" for k in range(assets)), dates, {**prices, "volume": volume})


def portfolio(
    loans: int, months: int = 3, draws: int = 1_000, currencies: tuple[str, ...] = ("EUR",)
) -> Portfolio:
    rng = np.random.default_rng(5)
    ids = np.arange(loans)
    book = pa.table(
        {
            "loan_id": ids,
            "loan_class": pa.array([f"{k % 30}{WILD}" for k in ids], pa.string()).dictionary_encode(),
            "balance": rng.integers(0, 2**40, loans),
            "currency": pa.array([currencies[k % len(currencies)] for k in ids], pa.string()),
            "pd": rng.uniform(0, 0.1, loans),
            "opened": pa.array(ids.astype(np.int32)).cast(pa.date32()),
            "_fs_src": pa.array(ids).cast(pa.uint8(), safe=False),
        }
    )
    panel = table(
        pa.schema([field.with_nullable(True) for field in MONTH_SCHEMA]),
        loans * months,
        loan_id=pa.array(np.repeat(ids, months)),
        month=pa.array(np.tile(np.arange(months, dtype=np.int32) * 30, loans)).cast(pa.date32()),
        status=pa.array(
            ["default" if k % 50 == 7 else "current" for k in range(loans * months)], pa.string()
        ),
    )
    return Portfolio(book, panel, rng.uniform(0, 1e9, draws))
