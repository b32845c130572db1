"""Pairs of payer and payee: codes, the payments before and after in one pair, and what came before.

Twins: ``tests/naive/payments.py``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from finsim.kernels.kernel import kernel
from finsim.kernels.payments.account_history import HOUR
from finsim.kernels.xoshiro import mixed
from finsim.notation import Array, Bool1D, Int1D, Nanos1D

NONE = -1


@kernel
def slot_of(key: Any, keys: Int1D) -> Any:
    """Return where a key stands in a table, or the free place for it.

    keys : int64[2^k] with free places of -1. Open addressing; source: Knuth, TAOCP 3, section 6.4.
    """
    mask = len(keys) - 1
    place = np.int64(mixed(np.uint64(key)) >> np.uint64(1)) & mask
    while keys[place] != key and keys[place] != NONE:
        place = (place + 1) & mask
    return place


@kernel
def code_pairs(first: Int1D, second: Int1D, accounts: int, keys: Int1D, codes: Int1D, out: Int1D) -> int:
    """Write a code 0..P-1 for each pair of accounts, in the order in which they come; return P.

    keys : int64[2^k], more than N places, all -1; codes : of the same shape; both written. out : int64[N].
    """
    count = 0
    for i in range(len(first)):
        key = first[i] * accounts + second[i]
        place = slot_of(key, keys)
        if keys[place] == NONE:
            keys[place], codes[place] = key, count
            count += 1
        out[i] = codes[place]
    return count


@kernel
def find_pairs(first: Int1D, second: Int1D, accounts: int, keys: Int1D, codes: Int1D, out: Int1D) -> None:
    """Write the code of each pair of accounts, -1 for one that never comes; the table is left as it is."""
    for i in range(len(first)):
        place = slot_of(first[i] * accounts + second[i], keys)
        out[i] = codes[place] if keys[place] != NONE else NONE


@kernel
def link_pairs(pair: Int1D, posted: Bool1D, latest: Int1D, before: Int1D, after: Int1D) -> None:
    """Write the posted rows before and after each posted row in its pair, -1 where there is none.

    latest : int64[P], all -1, written. before, after : int64[N], all -1, written.
    """
    for i in range(len(pair)):
        if posted[i]:
            earlier = latest[pair[i]]
            before[i] = earlier
            if earlier != NONE:
                after[earlier] = i
            latest[pair[i]] = i


@kernel
def key_history(
    time: Nanos1D, amount: Int1D, posted: Bool1D, asked: Int1D, told: Int1D, state: Int1D, out: Array
) -> None:
    """Write what is known of the key ``asked`` before each row; the row itself then counts for ``told``.

    Both are codes [N] of keys, ``asked`` -1 where there is none; rows of one time do not see each other.
    state : int64[keys, 4], zeros, written. out : float32[N, 4], written: posted rows, hours since the last
    and the first, amount over their mean.
    """
    begin = 0
    while begin < len(time):
        end = begin
        while end < len(time) and time[end] == time[begin]:
            count = state[asked[end], 0] if asked[end] != NONE else 0
            out[end, 0] = count
            out[end, 1:] = np.nan
            if count:
                total = state[asked[end], 1]
                out[end, 1] = (time[end] - state[asked[end], 2]) / HOUR
                out[end, 2] = (time[end] - state[asked[end], 3]) / HOUR
                if total > 0:
                    out[end, 3] = float(amount[end]) * count / total
            end += 1
        for i in range(begin, end):
            if posted[i]:
                mine = state[told[i]]
                if mine[0] == 0:
                    mine[3] = time[i]
                mine[0] += 1
                mine[1] += amount[i]
                mine[2] = time[i]
        begin = end
