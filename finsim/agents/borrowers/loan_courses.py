"""The course of each customer's loan: instalments paid, missed and made good, and the month of default."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import pyarrow as pa

from finsim.notation import Array, Cents1D, Int1D

NEVER = 1 << 20
"""The month of what does not happen."""


@dataclass(frozen=True)
class LoanCourses:
    """Loans of customers, L of them, over M months of the scenario's clock (month 1 is column 0).

    ``person``: position in ``Population.people``; ``loan``: number of the loan in the book. ``payment``:
    instalment in minor units. ``left``: instalments still due at the jump-off. ``paid``: int8[L, M],
    instalments paid in the month, more than one where arrears are made good. ``missed``: bool[L, M], the
    debit of the month came back. ``default``: month of default, ``NEVER`` where there is none.
    """

    person: Int1D
    loan: Int1D
    payment: Cents1D
    left: Int1D
    paid: Array
    missed: Array
    default: Int1D

    def __len__(self) -> int:
        """Return the number of loans."""
        return len(self.person)

    def take(self, rows: Array) -> LoanCourses:
        """Return the loans at ``rows``."""
        return LoanCourses(*(getattr(self, field.name)[rows] for field in fields(self)))

    def as_planned(self) -> LoanCourses:
        """Return the same loans with every instalment paid when it is due."""
        month = np.arange(1, self.paid.shape[1] + 1)
        due = month[None, :] <= self.left[:, None]
        never = np.full(len(self), NEVER)
        return replace(self, paid=due.astype(np.int8), missed=np.zeros_like(due), default=never)

    def to_arrow(self) -> pa.Table:
        """Return the loans as a table, one row each; lists hold the months."""
        columns: dict[str, Any] = {}
        for field in fields(self):
            values = getattr(self, field.name)
            if values.ndim == 2:
                flat = pa.array(np.ascontiguousarray(values, dtype=np.int8).ravel())
                columns[field.name] = pa.FixedSizeListArray.from_arrays(flat, values.shape[1])
            else:
                columns[field.name] = pa.array(values)
        return pa.table(columns)

    @staticmethod
    def from_arrow(table: pa.Table) -> LoanCourses:
        """Return the loans of a table that ``to_arrow`` made."""

        def months(name: str) -> Array:
            column = table[name].combine_chunks()
            found: Array = column.flatten().to_numpy().reshape(len(column), column.type.list_size)
            return found

        return LoanCourses(
            person=table["person"].to_numpy(),
            loan=table["loan"].to_numpy(),
            payment=table["payment"].to_numpy(),
            left=table["left"].to_numpy(),
            paid=months("paid"),
            missed=months("missed").astype(np.bool_),
            default=table["default"].to_numpy(),
        )


def paid_and_missed(behind: Array, ended: Array) -> tuple[Array, Array]:
    """Return how many instalments each loan pays in each month, and whether its debit comes back.

    ``behind``: int[L, M], unpaid instalments at the end of the month (3 in the month of default);
    ``ended``: bool[L, M], months after the loan's last one. What was behind and is no longer was paid.
    """
    before = np.concatenate([np.zeros((len(behind), 1), behind.dtype), behind[:, :-1]], axis=1)
    paid = np.where(ended, 0, before + 1 - behind)
    missed = ~ended & (paid <= 0)
    return np.maximum(paid, 0).astype(np.int8), missed
