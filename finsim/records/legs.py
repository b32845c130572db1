"""The two-sided view of posted payments: one leg for the payer, one for the payee."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from finsim.errors import RecordError
from finsim.notation import Int1D

LEG_SCHEMA = pa.schema(
    [
        ("account_id", pa.int64()),
        ("ts", pa.timestamp("ns", tz="UTC")),
        ("tx_id", pa.int64()),
        ("signed", pa.int64()),
        ("balance_after", pa.int64()),
        ("opening_balance", pa.int64()),
        ("overdraft_limit", pa.int64()),
        ("external", pa.bool_()),
    ]
)

READ = ["from_account", "to_account", "amount", "ts", "tx_id", "from_balance_after", "to_balance_after"]

_SPARE = 1_000_000  # places that a table of account numbers may have beside those of a few per row


def is_word(column: pa.Array | pa.ChunkedArray, word: str) -> pa.Array:
    """Return in which rows a text column has a word; null where it is null. Codes are compared, not texts."""
    whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if not pa.types.is_dictionary(whole.type):
        return pc.equal(whole, word)
    codes = np.flatnonzero(pc.equal(whole.dictionary, word).to_numpy(zero_copy_only=False))
    if len(codes) == 1:
        return pc.equal(whole.indices, pa.scalar(codes[0], whole.indices.type))
    return pc.equal(whole.cast(pa.string()), word)


def legs(rows: pa.Table, accounts: pa.Table) -> pa.Table:
    """Return two rows per posted payment in LEG_SCHEMA, sorted by account_id, ts, tx_id.

    ``rows`` follow TRANSACTION_SCHEMA and ``accounts`` ACCOUNT_SCHEMA. ``signed`` is the amount in
    minor units, negative for the payer; a payment to oneself gives the payer's leg first. Declined
    rows moved no money and have no legs. An account that ``accounts`` does not list has null
    opening_balance, overdraft_limit and external. Raises RecordError when an account, an amount, a
    tx_id or a ts is null.
    """
    posted = rows.select(READ).filter(is_word(rows["status"], "posted"))
    payer, payee, amount = (_whole(posted, name) for name in ("from_account", "to_account", "amount"))
    moment, number = _whole(posted, "ts"), _whole(posted, "tx_id")
    owners, code = _numbered(_by_turns(payer, payee))
    order = _stable_order(code, moment, number)
    row = order >> 1
    listed = _account_rows(owners, _whole(accounts, "account_id"))
    counts = np.bincount(code, minlength=len(owners))
    account = listed.take(pa.array(np.repeat(np.arange(len(owners)), counts)))
    left, received = (posted[name].combine_chunks() for name in ("from_balance_after", "to_balance_after"))
    return pa.table(
        [
            np.repeat(owners, counts),
            pa.array(moment[row], LEG_SCHEMA.field("ts").type),
            number[row],
            _by_turns(-amount, amount)[order],
            _balances(left, received, order),
            accounts["opening_balance"].take(account),
            accounts["overdraft_limit"].take(account),
            pc.equal(accounts["kind"], "external").take(account),
        ],
        schema=LEG_SCHEMA,
    )


def _by_turns(payers: Int1D, payees: Int1D) -> Int1D:
    """Return what belongs to the legs 2*row (payer) and 2*row + 1 (payee)."""
    return np.stack([payers, payees], axis=1).ravel()


def _balances(payers: pa.Array, payees: pa.Array, order: Int1D) -> pa.Array:
    """Return the balance after each leg; null where it is not told."""
    if not payers.null_count and not payees.null_count and payers.type == payees.type == pa.int64():
        return pa.array(_by_turns(payers.to_numpy(), payees.to_numpy())[order])
    return pa.concat_arrays([payers, payees]).take(pa.array((order >> 1) + (order & 1) * len(payers)))


def _numbered(numbers: Int1D) -> tuple[Int1D, Int1D]:
    """Return the different numbers in order, and the place of each row's number among them."""
    low, high = (int(numbers.min()), int(numbers.max())) if len(numbers) else (0, 0)
    if high - low > 4 * len(numbers) + _SPARE:
        found, place = np.unique(numbers, return_inverse=True)
        return found, place.reshape(-1)
    there = np.zeros(high - low + 1, dtype=bool)
    there[numbers - low] = True
    return np.flatnonzero(there) + low, (np.cumsum(there) - 1)[numbers - low]


def _whole(table: pa.Table, name: str) -> Int1D:
    column = table[name].combine_chunks()
    if column.null_count:
        raise RecordError(
            f"{column.null_count} nulls",
            place=name,
            expected="a value in every row",
            remedy="drop those rows",
        )
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.timestamp("ns", tz=column.type.tz))
    values: Int1D = column.cast(pa.int64()).to_numpy()
    return values


def _stable_order(code: Int1D, moment: Int1D, number: Int1D) -> Int1D:
    """Return the order of legs 2*row (payer) and 2*row + 1 (payee) by owner code, moment, number."""
    later = np.diff(moment)
    in_time = None
    if not np.all((later > 0) | ((later == 0) & (np.diff(number) > 0))):
        rows = np.lexsort((number, moment))
        in_time = _by_turns(2 * rows, 2 * rows + 1)
    # numpy sorts 16-bit keys in linear time: low halves first, then high halves
    low = (code if in_time is None else code[in_time]).astype(np.uint16)
    order = np.argsort(low, kind="stable")
    order = order if in_time is None else in_time[order]
    if code.size and code.max() > 0xFFFF:
        order = order[np.argsort((code[order] >> 16).astype(np.uint16), kind="stable")]
    return order


def _account_rows(owners: Int1D, listed: Int1D) -> pa.Array:
    """Return for each owner its row in ``listed``, null where it is not there."""
    by_number = np.argsort(listed, kind="stable")
    place = np.searchsorted(listed, owners, sorter=by_number)
    found = by_number[np.minimum(place, len(listed) - 1)] if len(listed) else np.zeros_like(place)
    missing = listed[found] != owners if len(listed) else np.ones(len(owners), dtype=bool)
    return pa.array(found, pa.int64(), mask=missing)
