"""What payers could not cover: counted as rows pass, in a run and in a search backwards."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow as pa

from finsim.records.legs import is_word

SHORTFALL = "liquidity.shortfall_rate"
"""Payments that the payer's account could not cover, over all that were asked for, by number."""
REASONS = ("funds", "returned")


class Shortfalls:
    """Payment rows: ``asked`` counts all, ``short`` those declined for want of money at the payer's.

    A card beyond its line and a blocked account are not short of money.
    """

    def __init__(self) -> None:
        self.asked = 0
        self.short = 0

    def watch(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Yield every batch after counting it."""
        for batch in batches:
            reason = batch["decline_reason"]
            self.asked += batch.num_rows
            for word in REASONS:
                self.short += int(np.count_nonzero(is_word(reason, word).fill_null(False).to_numpy(False)))
            yield batch

    def measures(self) -> dict[str, float]:
        """Return the shortfall rate by its name; nothing where nothing was asked for."""
        return {SHORTFALL: self.short / self.asked} if self.asked else {}
