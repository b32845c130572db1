"""What fraud takes of all that is paid: counted as rows pass, in a run and in a search backwards."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow as pa

from finsim.records.legs import is_word

FRAUD_LOSS = "fraud.loss_rate"
"""Posted fraud over all posted payments, by amount."""


class FraudLosses:
    """Amounts of posted rows, in minor units: ``paid`` of all, ``lost`` of those that are part of a fraud."""

    def __init__(self) -> None:
        self.paid = 0
        self.lost = 0

    def watch(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Yield every batch after counting it."""
        for batch in batches:
            posted = is_word(batch["status"], "posted").to_numpy(False)
            amount = np.where(posted, batch["amount"].to_numpy(), 0)
            self.paid += int(amount.sum())
            self.lost += int(amount[batch["is_fraud"].to_numpy(False)].sum())
            yield batch

    def measures(self) -> dict[str, float]:
        """Return the loss rate by its name; nothing where nothing was paid."""
        return {FRAUD_LOSS: self.lost / self.paid} if self.paid else {}
