"""Contexts: what is known of a row before a column of it is drawn, as small codes."""

from __future__ import annotations

import numpy as np

from finsim.notation import Array, Float1D, Int1D
from finsim.records.mixed_table import WORD, MixedColumn

POOL, AMOUNT_BINS = 32, 24
REST, RESTS = "rest of the amount", 1_001
"""What tens leave of a sum, in hundredths: 51.00 at a machine is 50 and a fee of 1; asked of fees alone."""
LEAST_TOLD, LEAST_SHARE = 2e-3, 0.1
"""Nats that a context tells of a column, or share of what there is to tell of a rare one (assumptions)."""


def pooled_words(column: MixedColumn) -> Int1D:
    """Return int64[W + 1], the code of each word and of a missing cell.

    The most frequent apart, the rest one.
    """
    counts = np.bincount(
        np.where(column.values < 0, len(column.words), column.values), minlength=len(column.words) + 1
    )
    rank = np.empty(len(counts), np.int64)
    rank[np.argsort(-counts, kind="stable")] = np.arange(len(counts))
    return np.minimum(rank, POOL - 1)


def levels(column: MixedColumn) -> Int1D:
    """Return int64[N], the words of a column, a missing cell as one more word."""
    assert column.kind == WORD
    return np.where(column.values < 0, len(column.words), column.values).astype(np.int64)


def amount_edges(amount: Float1D) -> Float1D:
    """Return borders between bins of amounts; a lacking amount is beyond the last."""
    present = amount[~np.isnan(amount)]
    if not len(present):
        return np.zeros(0)
    return np.unique(np.quantile(present, np.linspace(0.0, 1.0, AMOUNT_BINS)[1:-1]))


def amount_bin(amount: Float1D, edges: Float1D) -> Int1D:
    """Return the bin of each amount, ``len(edges) + 1`` for a lacking one."""
    return np.where(np.isnan(amount), len(edges) + 1, np.searchsorted(edges, amount, side="left")).astype(
        np.int64
    )


def amount_contexts(amount: Float1D, law: Int1D, edges: Float1D) -> dict[str, Int1D]:
    """Return what an amount tells of the columns after it: its law, bin, sign, and what tens leave."""
    sign = np.where(np.isnan(amount), 0, np.sign(np.nan_to_num(amount)) + 2).astype(np.int64)
    hundredths = np.round(np.abs(np.nan_to_num(amount)) * 100.0) % 1_000.0
    rest = np.where(np.isnan(amount), RESTS - 1, hundredths).astype(np.int64)
    return {"law": law, "amount": amount_bin(amount, edges), "sign of the amount": sign, REST: rest}


def without_rest(contexts: dict[str, Int1D]) -> dict[str, Int1D]:
    """Return the contexts of words, which what is left of a sum does not tell."""
    return {name: codes for name, codes in contexts.items() if name != REST}


def information(first: Int1D, second: Int1D) -> float:
    """Return the mutual information of two codes in nats, less what chance gives (Miller 1955)."""
    a, b = int(first.max(initial=0)) + 1, int(second.max(initial=0)) + 1
    table = np.bincount(first * b + second, minlength=a * b).reshape(a, b).astype(np.float64)
    total = float(table.sum())
    if total < 1:
        return 0.0
    expected = table.sum(axis=1, keepdims=True) * table.sum(axis=0, keepdims=True) / total
    some = table > 0
    found = float((table[some] * np.log(table[some] / expected[some])).sum() / total)
    rows, columns = (table.sum(axis=1) > 0).sum(), (table.sum(axis=0) > 0).sum()
    return found - float((rows - 1) * (columns - 1)) / (2.0 * total)


def best_contexts(target: Int1D, contexts: dict[str, Int1D], most: int) -> list[str]:
    """Return the contexts that tell most of a target, at most ``most``, best first."""
    worth = {name: information(target, codes) for name, codes in contexts.items()}
    shares = np.bincount(target) / max(len(target), 1)
    entropy = -float((shares[shares > 0] * np.log(shares[shares > 0])).sum())
    least = min(LEAST_TOLD, LEAST_SHARE * entropy)
    told = [name for name in sorted(worth, key=lambda one: -worth[one]) if worth[name] > least]
    return told[:most]


def two_contexts(target: Int1D, contexts: dict[str, Int1D]) -> dict[str, Int1D]:
    """Return the context that tells most of a target, and the one that tells most beside it."""
    found = best_contexts(target, contexts, 1)
    if found:
        first, beside = contexts[found[0]], {}
        for name, codes in contexts.items():
            both = np.unique(first * (int(codes.max()) + 1) + codes, return_inverse=True)[1]
            beside[name] = information(target, both)
        found += sorted(beside.keys() - set(found), key=lambda one: (-beside[one], one))[:1]
    return {name: contexts[name] for name in found}


def last_kept(first: Array, kept: Array) -> Int1D:
    """Return for each row the last row up to it that is kept; first rows of entities always are."""
    return np.maximum.accumulate(np.where(kept | first, np.arange(len(kept)), 0))
