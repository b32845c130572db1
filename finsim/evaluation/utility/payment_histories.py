"""Features of past payments: counts, amounts and gaps by payer, payee and pair, no look-ahead."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from finsim.evaluation.utility.transaction_arrays import DAY, Events
from finsim.notation import Array, Float1D, Float2D, Int1D

HOUR = DAY // 24
NEVER = 400 * DAY


@dataclass(frozen=True)
class History:
    """Rows grouped by a key, in time order inside a group.

    ``order`` int64[n] sorts rows by (key, time); ``stamp`` int64[n] is key * span + time in that
    order; ``first`` int64[n] is the place where the own group begins.
    """

    order: Int1D
    stamp: Int1D
    first: Int1D
    span: int


def history(key: Int1D, time: Int1D) -> History:
    """Group rows that are already in time order by a whole-number key 0..K-1."""
    order = np.argsort(key, kind="stable")
    span = int(time[-1]) + NEVER
    ordered = key[order]
    stamp = ordered * span + time[order]
    fresh = np.append(True, ordered[1:] != ordered[:-1])
    first = np.maximum.accumulate(np.where(fresh, np.arange(len(order)), 0))
    return History(order, stamp, first, span)


def before(past: History) -> Int1D:
    """Return how many earlier rows have the same key: int64[n] in row order."""
    return _unsorted(past, np.arange(len(past.order)) - past.first)


def since(past: History) -> Int1D:
    """Return milliseconds since the last row of the same key, 400 days if there is none."""
    gap = np.diff(past.stamp, prepend=past.stamp[:1])
    fresh = past.first == np.arange(len(gap))
    return _unsorted(past, np.where(fresh, NEVER, gap))


def total(past: History, values: Float1D, window: int | None = None) -> Float1D:
    """Return the sum of ``values`` over earlier rows of the same key, in the last ``window`` ms if given."""
    running = np.concatenate([[0.0], np.cumsum(values[past.order])])
    place = np.arange(len(past.order))
    start = past.first
    if window is not None:
        start = np.maximum(start, np.searchsorted(past.stamp, past.stamp - window, side="left"))
    return _unsorted(past, running[place] - running[start])


def total_of(past: History, values: Float1D, key: Int1D, time: Int1D, window: int) -> Float1D:
    """Return the sum of ``values`` over rows of ``past`` with another key, before each time.

    ``key`` and ``time`` int64[m] say whose history and when; rows at that very time do not count.
    """
    running = np.concatenate([[0.0], np.cumsum(values[past.order])])
    order = np.argsort(key, kind="stable")
    stamp = key[order] * past.span + time[order]
    stop = np.searchsorted(past.stamp, stamp, side="left")
    start = np.searchsorted(past.stamp, np.maximum(stamp - window, key[order] * past.span), side="left")
    found = np.empty(len(key))
    found[order] = running[stop] - running[start]
    return found


def _unsorted(past: History, values: Array) -> Array:
    found = np.empty(len(values), dtype=values.dtype)
    found[past.order] = values
    return found


NAMES = (
    "amount", "hour", "weekday", "round", "channel", "same_bank", "to_merchant", "payer_kind", "payee_kind",
    "payer_age", "payer_count", "payer_gap", "payer_1h", "payer_24h", "payer_7d", "payer_sum_24h",
    "payer_sum_7d", "payer_ratio", "payer_declines_24h", "payer_payees", "payer_new_payees_24h",
    "payer_inflow_24h", "payer_inflow_7d", "payee_count", "payee_gap", "payee_24h", "payee_sum_24h",
    "payee_sum_7d", "payee_ratio", "payee_payers", "payee_new_payers_24h", "pair_count", "pair_gap",
)  # fmt: skip


def features(rows: Events, chosen: Int1D) -> Float2D:
    """Return the features ``NAMES`` of the chosen rows: float64[m, 33].

    All are known to the bank before it decides on a payment: no ids, no labels, no status of the row
    itself, no balances after it. Sums and gaps are on a log scale.
    """
    one = np.ones(rows.rows)
    pair_key = np.unique(rows.payer * rows.accounts + rows.payee, return_inverse=True)[1]
    payer, payee = history(rows.payer, rows.time), history(rows.payee, rows.time)
    pair = history(pair_key, rows.time)
    pair_count = before(pair)
    fresh = (pair_count == 0).astype(np.float64)
    sent, received = before(payer), before(payee)
    paid = np.where(rows.declined, 0.0, rows.amount)
    inflow = [total_of(payee, paid, rows.payer[chosen], rows.time[chosen], days * DAY) for days in (1, 7)]
    columns: list[Array] = [
        *_own(rows, chosen),
        sent[chosen],
        _log(since(payer)[chosen]),
        total(payer, one, HOUR)[chosen],
        total(payer, one, DAY)[chosen],
        total(payer, one, 7 * DAY)[chosen],
        _log(total(payer, paid, DAY)[chosen]),
        _log(total(payer, paid, 7 * DAY)[chosen]),
        _ratio(rows.amount, total(payer, rows.amount), sent)[chosen],
        total(payer, rows.declined.astype(np.float64), DAY)[chosen],
        total(payer, fresh)[chosen],
        total(payer, fresh, DAY)[chosen],
        _log(inflow[0]),
        _log(inflow[1]),
        received[chosen],
        _log(since(payee)[chosen]),
        total(payee, one, DAY)[chosen],
        _log(total(payee, paid, DAY)[chosen]),
        _log(total(payee, paid, 7 * DAY)[chosen]),
        _ratio(rows.amount, total(payee, rows.amount), received)[chosen],
        total(payee, fresh)[chosen],
        total(payee, fresh, DAY)[chosen],
        pair_count[chosen],
        _log(since(pair)[chosen]),
    ]
    return np.stack([np.asarray(column, dtype=np.float64) for column in columns], axis=1)


def _own(rows: Events, chosen: Int1D) -> list[Array]:
    """Return what the payment itself says."""
    from finsim.evaluation.utility.transaction_arrays import codes_of

    table = rows.table
    clock = rows.clock[chosen] // 1_000_000
    amount = rows.amount[chosen]
    nothing = np.zeros(len(chosen))
    channel = codes_of(table["channel"])[chosen] if "channel" in table.column_names else nothing
    merchant = codes_of(table["merchant_id"])[chosen] >= 0 if "merchant_id" in table.column_names else nothing
    bank = nothing
    if {"from_bank", "to_bank"} <= set(table.column_names):
        bank = np.asarray(table["from_bank"].to_numpy() == table["to_bank"].to_numpy())[chosen]
    age = clock / DAY - rows.opened[rows.payer[chosen]]
    return [
        _log(amount),
        (clock % DAY) / HOUR,
        (clock // DAY + 3) % 7,
        (amount % 100 == 0).astype(np.float64),
        channel,
        bank,
        merchant,
        rows.kind[rows.payer[chosen]],
        rows.kind[rows.payee[chosen]],
        age,
    ]


def _log(values: Array) -> Float1D:
    return np.log1p(np.maximum(values, 0.0))


def _ratio(amount: Float1D, earlier: Float1D, count: Int1D) -> Float1D:
    """Return log(amount / mean of the earlier amounts), 0 where there are none."""
    mean = earlier / np.maximum(count, 1)
    return np.where((count > 0) & (mean > 0), np.log1p(amount) - np.log1p(mean), 0.0)
