"""``HoleLaw``: which words of standing payments lack, though payee and kind tell them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from finsim.notation import Array, Bool1D, Float1D, Float2D, Int1D, Int2D

MOST_PATTERNS = 64
PRIOR = 20.0
"""Rows that the rates of a kind count among those of one of its payees (assumption)."""


@dataclass(frozen=True)
class HoleLaw:
    """Patterns int64[P, C] of cells that lack (1) in C columns; the first one lacks none.

    shares float64[G, P] : cumulative, by groups of a kind and a payee.
    """

    patterns: Int2D
    shares: Float2D

    @classmethod
    def none(cls) -> HoleLaw:
        """Return the law of payments in which nothing lacks, as models of before have it."""
        return cls(np.zeros((1, 0), np.int64), np.ones((1, 1)))

    @property
    def is_none(self) -> bool:
        """Whether no cell ever lacks."""
        return len(self.patterns) < 2

    def drawn(self, payee: Int1D, draws: Float1D) -> Bool1D:
        """Return the cells bool[n, C] that lack in payments; payee int64[n], draws float64[n] uniform."""
        if self.is_none:
            return np.zeros((len(payee), self.patterns.shape[1]), np.bool_)
        which = (draws[:, None] >= self.shares[payee]).sum(axis=1)
        return np.asarray(self.patterns[np.minimum(which, len(self.patterns) - 1)] > 0)

    def chances(self, lost: Array, payee: Int1D) -> Float1D:
        """Return the share float64[n] of payments whose cells lack as bool[n, C] says, 0 of unseen ones."""
        found = np.zeros(len(payee))
        each = np.diff(self.shares, axis=1, prepend=0.0)
        for k, one in enumerate(self.patterns):
            rows = (lost == (one > 0)).all(axis=1)
            found[rows] = each[payee[rows], k]
        return found


def learn_holes(lost: Array, payee: Int1D, kind: Int1D) -> HoleLaw:
    """Return the law of rows whose cells lack as bool[n, C] says; kind int64[G] of each payee int64[n].

    Rates of a payee are drawn towards those of its kind.
    """
    nothing = np.zeros((1, lost.shape[1]), np.int64)
    if not lost.any():
        return HoleLaw(nothing, np.ones((len(kind), 1)))
    found, of, many = np.unique(lost[lost.any(axis=1)], axis=0, return_inverse=True, return_counts=True)
    kept = np.argsort(-many, kind="stable")[: MOST_PATTERNS - 1]
    place = np.zeros(len(found), np.int64)  # of a pattern that is too rare nothing lacks
    place[kept] = np.arange(len(kept)) + 1
    code = np.zeros(len(lost), np.int64)
    code[lost.any(axis=1)] = place[of.reshape(-1)]
    size = len(kept) + 1
    own = np.bincount(payee * size + code, minlength=len(kind) * size).reshape(-1, size).astype(np.float64)
    of_kind = np.zeros((int(kind.max(initial=0)) + 1, size))
    np.add.at(of_kind, kind, own)
    common = of_kind / np.maximum(of_kind.sum(axis=1, keepdims=True), 1.0)
    shares = own + PRIOR * common[kind]
    shares = shares / np.maximum(shares.sum(axis=1, keepdims=True), 1e-9)
    return HoleLaw(np.concatenate([nothing, found[kept].astype(np.int64)]), np.cumsum(shares, axis=1))
