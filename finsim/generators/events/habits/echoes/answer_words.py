"""Which words of a row tell what its answer says: a payment by order is answered by other words than a gift.

Its weekday is one of them: what is paid on a Friday may be booked on Monday.

Columns of few words are asked one after the other, as long as they tell more of the answers than they cost
(BIC, Schwarz 1978); a row with words that no learned answer followed has any answer of its kind.
"""

from __future__ import annotations

import numpy as np

from finsim.notation import Array, Int1D

ANY = -3
"""Stands in a column that is not asked."""
MOST_WORDS = 64
"""Words of a column from which on it holds names or remarks (assumption)."""


def telling_words(before: Array, cells: Array, kind: Int1D) -> Array:
    """Return the cells int32[B, C] of answered rows in the columns that tell answers, ``ANY`` in all others.

    ``before`` int32[B, C]: words and weekday of each answered row; ``cells`` int64[B, D]: what its answer
    says, and how many days later; ``kind`` int64[B].
    """
    few = [k for k in range(before.shape[1]) if len(np.unique(before[:, k])) <= MOST_WORDS]
    said = [np.unique(one, return_inverse=True)[1] for one in cells.T if len(np.unique(one)) <= MOST_WORDS]
    asked: list[int] = []
    code, best = _codes(kind), -np.inf
    while len(asked) <= len(few):
        if not asked:
            best = _worth(code, said)
        tried = {k: _worth(_codes(code, before[:, k]), said) for k in few if k not in asked}
        top = max(tried, key=lambda k: tried[k], default=-1)
        if top < 0 or tried[top] <= best:
            break
        best, code = tried[top], _codes(code, before[:, top])
        asked.append(top)
    found = np.full(before.shape, ANY, np.int32)
    found[:, asked] = before[:, asked]
    return found


def matching(told: Array, order: Int1D, cells: Array) -> tuple[Int1D, Int1D, Int1D]:
    """Return the bank by what it is told by, and for each of n rows where its answers begin and how many.

    ``told`` int32[B, C] as above, ``cells`` int32[n, C] of the rows. The answers of a row are
    ``order[begin : begin + wide]``; none where ``wide`` is 0.
    """
    asked = np.flatnonzero((told != ANY).any(axis=0)) if len(told) else np.zeros(0, np.int64)
    if not len(asked):
        none = np.zeros(len(cells), np.int64)
        return order, none, none
    keys = np.unique(np.concatenate([told[:, asked], cells[:, asked]]), axis=0, return_inverse=True)[1]
    keys = keys.reshape(-1)
    of_bank, of_rows = keys[: len(told)], keys[len(told) :]
    found = np.argsort(of_bank, kind="stable")
    begin = np.searchsorted(of_bank[found], of_rows, side="left")
    return found, begin, np.searchsorted(of_bank[found], of_rows, side="right") - begin


def _codes(*keys: Int1D) -> Int1D:
    """Return one code int64[B] for equal keys."""
    code = np.zeros(len(keys[0]), np.int64)
    for key in keys:
        one = np.unique(key, return_inverse=True)[1]
        code = np.unique(code * (int(one.max(initial=0)) + 1) + one, return_inverse=True)[1]
    return code


def _worth(code: Int1D, said: list[Array]) -> float:
    """Return the log likelihood of what is said given ``code``, less what its shares cost."""
    total = 0.0
    rows = np.bincount(code)
    for word in said:
        pairs, counts = np.unique(code * (int(word.max(initial=0)) + 1) + word, return_counts=True)
        of = pairs // (int(word.max(initial=0)) + 1)
        total += float((counts * np.log(counts / rows[of])).sum())
        total -= 0.5 * np.log(max(len(code), 2)) * (len(np.unique(word)) - 1) * len(rows)
    return total
