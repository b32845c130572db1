"""Which purchase each refund of ordinary life gives back, by order ids."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import pyarrow as pa

from finsim.notation import Int1D, Nanos1D


@dataclass(frozen=True)
class RefundLinks:
    """Refunds and their sales, int64[N]: ``refund`` and ``sale`` are order ids, ``ts`` of the sale."""

    refund: Int1D
    sale: Int1D
    ts: Nanos1D

    def __len__(self) -> int:
        """Return the number of refunds."""
        return len(self.refund)

    def moved(self, first: int) -> RefundLinks:
        """Return the same links where all order ids are higher by ``first``."""
        return RefundLinks(self.refund + first, self.sale + first, self.ts)

    def to_arrow(self) -> pa.Table:
        """Return the links as a table of whole numbers."""
        return pa.table({one.name: getattr(self, one.name) for one in fields(self)})

    @staticmethod
    def from_arrow(table: pa.Table) -> RefundLinks:
        """Return the links of a table written from ``to_arrow``."""
        return RefundLinks(*(table[one.name].to_numpy() for one in fields(RefundLinks)))


def all_links(parts: Sequence[RefundLinks]) -> RefundLinks:
    """Return the links of all parts."""
    none = np.zeros(0, dtype=np.int64)
    return RefundLinks(
        *(np.concatenate([none, *(getattr(part, one.name) for part in parts)]) for one in fields(RefundLinks))
    )
