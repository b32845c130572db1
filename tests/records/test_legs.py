"""The two-sided view of payments against its plain twin, on random and nasty tables."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from naive import legs as naive

from finsim.errors import RecordError
from finsim.records.legs import LEG_SCHEMA, legs
from finsim.records.transactions import ACCOUNT_SCHEMA, TRANSACTION_SCHEMA


def rows_table(rows: list[dict[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist(rows, schema=TRANSACTION_SCHEMA)


def accounts_table(accounts: list[dict[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist(accounts, schema=ACCOUNT_SCHEMA)


def some(seed: int, count: int, numbers: list[int], ordered: bool = True) -> tuple[pa.Table, pa.Table]:
    rng = np.random.default_rng(seed)
    times = rng.integers(0, max(2, count // 2), count)
    rows = [
        {
            "tx_id": int(tx),
            "ts": int(times[i]) * 10**9,
            "from_account": int(rng.choice(numbers)),
            "to_account": int(rng.choice(numbers)),
            "amount": int(rng.integers(1, 10**12)),
            "status": "posted" if rng.random() < 0.8 else "declined",
            "from_balance_after": int(rng.integers(-(10**9), 10**9)),
            "to_balance_after": int(rng.integers(-(10**9), 10**9)),
        }
        for i, tx in enumerate(rng.permutation(count))
    ]
    if ordered:
        rows.sort(key=lambda row: (row["ts"], row["tx_id"]))
    listed = rng.permutation(numbers)[: max(1, len(numbers) - 2)]
    accounts = [
        {
            "account_id": int(number),
            "opening_balance": int(number) * 3,
            "overdraft_limit": int(number) % 7,
            "kind": "external" if number % 3 == 0 else "current",
        }
        for number in listed
    ]
    return rows_table(rows), accounts_table(accounts)


def as_tuples(table: pa.Table) -> list[tuple[Any, ...]]:
    return list(zip(*(table[name].to_pylist() for name in table.column_names), strict=True))


@given(st.integers(0, 10**6), st.integers(0, 60), st.booleans(), st.sampled_from([3, 9, 40]))
@settings(deadline=None, max_examples=40)
def test_legs_are_those_of_the_plain_twin(seed: int, count: int, ordered: bool, accounts: int) -> None:
    numbers = np.random.default_rng(seed).choice(10**12, accounts, replace=False).tolist()
    rows, listed = some(seed, count, numbers, ordered)
    found = legs(rows, listed)
    assert found.schema == LEG_SCHEMA
    assert as_tuples(found) == naive.legs(rows.to_pylist(), listed.to_pylist())


def test_more_accounts_than_a_sixteen_bit_code_holds() -> None:
    count = 70_000
    numbers = np.arange(count, dtype=np.int64)
    rows = pa.table(
        {
            "tx_id": numbers,
            "ts": pa.array(numbers[::-1] * 0, pa.timestamp("ns", tz="UTC")),
            "from_account": numbers[::-1].copy(),
            "to_account": np.roll(numbers, 1),
            "amount": numbers + 1,
            "from_balance_after": numbers,
            "to_balance_after": -numbers,
            "status": pa.array(["posted"] * count),
        }
    )
    accounts = accounts_table(
        [{"account_id": 5, "opening_balance": 1, "overdraft_limit": 2, "kind": "current"}]
    )
    found = legs(rows, accounts)
    order = np.lexsort((found["tx_id"].to_numpy(), found["account_id"].to_numpy()))
    assert np.array_equal(order, np.arange(2 * count))
    assert found["opening_balance"].null_count == 2 * count - 2
    assert found["signed"].to_numpy().sum() == 0


def test_a_payment_to_oneself_has_the_payers_leg_first() -> None:
    row = {"tx_id": 1, "ts": 5, "from_account": 9, "to_account": 9, "amount": 4, "status": "posted"}
    table = rows_table([{**row, "from_balance_after": 6, "to_balance_after": 10}])
    found = legs(table, accounts_table([]))
    assert found["signed"].to_pylist() == [-4, 4]
    assert found["balance_after"].to_pylist() == [6, 10]
    assert found["external"].to_pylist() == [None, None]


def test_empty_tables_and_chunks() -> None:
    assert legs(rows_table([]), accounts_table([])).schema == LEG_SCHEMA
    rows, accounts = some(1, 40, [1, 2, 3, 4, 5])
    parts = pa.concat_tables([rows.slice(i, 7) for i in range(0, 40, 7)])
    assert legs(parts, pa.concat_tables([accounts.slice(0, 1), accounts.slice(1)])) == legs(rows, accounts)


def test_other_time_units_become_nanoseconds() -> None:
    rows, accounts = some(2, 20, [1, 2, 3])
    micros = rows.set_column(1, "ts", rows["ts"].cast(pa.timestamp("us", tz="UTC")))
    assert legs(micros, accounts) == legs(rows, accounts)


@pytest.mark.parametrize("name", ["from_account", "to_account", "amount", "ts", "tx_id"])
def test_a_null_is_refused_with_its_column(name: str) -> None:
    rows, accounts = some(3, 10, [1, 2, 3])
    rows = rows.set_column(rows.column_names.index("status"), "status", pa.array(["posted"] * 10))
    column = pa.array([None, *rows[name].to_pylist()[1:]], rows.schema.field(name).type)
    with pytest.raises(RecordError, match=f"{name}: 1 nulls"):
        legs(rows.set_column(rows.column_names.index(name), name, column), accounts)


def test_account_numbers_may_lie_far_apart() -> None:
    rows, accounts = some(3, 40, [-(2**60), -5, 0, 2**60, 2**60 + 1])
    assert as_tuples(legs(rows, accounts)) == naive.legs(rows.to_pylist(), accounts.to_pylist())
