"""Pay days of each pay rhythm, moved off weekends and holidays."""

from __future__ import annotations

import numpy as np

from finsim.notation import DAY, MONTH, Dates1D

PAY_GROUPS = (
    "monthly_end", "monthly_25", "semi_monthly", "biweekly_a", "biweekly_b", "weekly",
    "wednesday_2", "wednesday_3", "wednesday_4", "benefit",
)  # fmt: skip
PAYS_PER_MONTH = np.array([1.0, 1.0, 2.0, 26 / 12, 26 / 12, 52 / 12, 1.0, 1.0, 1.0, 26 / 12])
_FRIDAY_A = np.datetime64("2026-01-02")


def pay_days(group: str, first: np.datetime64, last: np.datetime64, closed: Dates1D) -> Dates1D:
    """Return the pay days of a rhythm in ``[first, last]``: datetime64[D], sorted.

    A pay day on a weekend or on a day of ``closed`` moves to the business day before.
    """
    months = np.arange(first.astype("datetime64[M]") - MONTH, last.astype("datetime64[M]") + 2 * MONTH)
    ends = (months + MONTH).astype("datetime64[D]") - DAY
    begin = months.astype("datetime64[D]")
    if group == "monthly_end":
        due = ends
    elif group == "monthly_25":
        due = begin + 24 * DAY
    elif group == "semi_monthly":
        due = np.sort(np.concatenate([begin + 14 * DAY, ends]))
    elif group.startswith("wednesday"):
        week = int(group[-1]) - 1
        due = np.busday_offset(begin, week, roll="forward", weekmask="Wed")
    else:
        days = np.arange(first - 14 * DAY, last + 15 * DAY)
        weeks = (days - _FRIDAY_A).astype(np.int64)
        period, phase = {"weekly": (7, 0), "biweekly_a": (14, 0), "biweekly_b": (14, 7), "benefit": (14, 5)}[
            group
        ]
        due = days[weeks % period == phase]
    moved = np.busday_offset(due, 0, roll="backward", holidays=closed)
    kept: Dates1D = moved[(moved >= first) & (moved <= last)]
    return kept
