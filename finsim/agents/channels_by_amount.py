"""Channels that a ledger pays sums of some size by, for payments that have to look like its own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from finsim.notation import Array, Cents1D, Float1D

_ALIKE = 25  # rows of the ledger nearest in amount, one of which lends its channel
_MOST = 200_000


@dataclass(frozen=True)
class ChannelsByAmount:
    """Rows of a ledger: ``amounts`` int64[K], sorted, and their ``channels`` int8[K]."""

    amounts: Cents1D
    channels: Array

    @classmethod
    def of(cls, amounts: Cents1D, channels: Array) -> ChannelsByAmount:
        """Return rows in order of amount, evenly thinned where they are very many."""
        order = np.argsort(amounts, kind="stable")
        order = order[:: max(1, len(order) // _MOST)]
        return cls(amounts[order].astype(np.int64), channels[order].astype(np.int8))

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.amounts)

    def near(self, sums: Cents1D, u: Float1D) -> Array:
        """Return for each sum the channel of a row near it in amount, of any row where it is 0: int8[m].

        ``u`` float64[m] in [0, 1] chooses among the rows. There has to be a row.
        """
        most = len(self.amounts)
        middle = np.searchsorted(self.amounts, sums, side="left")
        equal = np.searchsorted(self.amounts, sums, side="right")
        width = np.where(sums > 0, np.clip(equal - middle, min(_ALIKE, most), most), most)
        first = np.clip(np.where(equal - middle >= width, middle, middle - width // 2), 0, most - width)
        return np.asarray(self.channels[first + np.minimum(u * width, width - 1).astype(np.int64)])
