"""Annuity loans to the cent: payment and balances."""

from __future__ import annotations

import numpy as np

from finsim.notation import Array, Cents1D, Float1D, Int1D, Int2D

MONTHS_PER_YEAR = 12


def annuity(amount: Array, rate: Array, months: Array) -> Float1D:
    """Return the level monthly payment of a loan, in the units of ``amount``, not rounded.

    ``rate`` is a decimal per year, charged as rate / 12 a month; a rate of 0 gives amount / months.
    """
    monthly = np.asarray(rate, dtype=np.float64) / MONTHS_PER_YEAR
    safe = np.where(monthly > 0.0, monthly, 1.0)
    discount = -np.expm1(-np.asarray(months, dtype=np.float64) * np.log1p(safe))
    found: Float1D = np.where(monthly > 0.0, amount * safe / discount, np.asarray(amount) / months)
    return found


def payment(amount: Cents1D, rate: Float1D, months: Int1D) -> Cents1D:
    """Return the level monthly payment rounded to whole minor units: int64 of the shape of ``amount``."""
    return np.rint(annuity(amount, rate, months)).astype(np.int64)


def balances(start: Cents1D, rate: Float1D, due: Cents1D, left: Int1D, months: int) -> Int2D:
    """Return the balance after 0 .. ``months`` payments: int64 [months + 1, N], minor units.

    Interest of a month is rate / 12 of the balance, rounded to the cent; the last of the ``left``
    payments clears the loan, so the schedule ends at exactly 0.
    """
    path = np.empty((months + 1, len(start)), dtype=np.int64)
    path[0] = start
    monthly = rate / MONTHS_PER_YEAR
    for month in range(1, months + 1):
        before = path[month - 1]
        interest = np.rint(before * monthly).astype(np.int64)
        after = np.maximum(before + interest - due, 0)
        path[month] = np.where(month >= left, 0, after)
    return path


def balance_after(start: Cents1D, rate: Float1D, due: Cents1D, left: Int1D, paid: Int1D) -> Cents1D:
    """Return the balance after ``paid`` payments of each loan: int64 [N], minor units."""
    path = balances(start, rate, due, left, int(paid.max(initial=0)))
    return path[paid, np.arange(len(start))]
