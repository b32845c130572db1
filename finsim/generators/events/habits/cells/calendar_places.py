"""Where the day of a payment lies in its week and month, as a context of waits: on Fridays, at month ends."""

from __future__ import annotations

import numpy as np

from finsim.generators.events.habits.cells.contexts import LEAST_SHARE, information
from finsim.generators.events.habits.cells.number_law import LEAST
from finsim.generators.events.habits.ledger import DAY
from finsim.notation import Bool1D, Int1D

CALENDAR = "day of the calendar"
"""Name of the context, in a model's facts too; no column is called so, as columns stand before it."""
PLACES, LAST_DAYS = 14, 3
SLOTS = PLACES + 1
"""Places of days, and one for places of few rows together."""
LEAST_TOLD = 0.01
"""Nats that the day must tell beyond the other context (assumption)."""


def calendar_place(times: Int1D) -> Int1D:
    """Return int64[n], the weekday from Monday, 7 more on the last three days of a month."""
    days = times // DAY
    dates = days.astype("datetime64[D]")
    left = ((dates.astype("datetime64[M]") + 1).astype("datetime64[D]") - dates).astype(np.int64)
    return np.asarray((days + 3) % 7 + 7 * (left <= LAST_DAYS))


def with_calendar(context: Int1D, times: Int1D) -> Int1D:
    """Return a context of the day too."""
    return context * SLOTS + calendar_place(times)


def tells_days(target: Int1D, context: Int1D, times: Int1D) -> bool:
    """Tell whether the day tells a target int64[n] what its other context does not."""
    shares = np.bincount(target) / max(len(target), 1)
    entropy = -float((shares[shares > 0] * np.log(shares[shares > 0])).sum())
    alone = information(target, context)
    gain = information(target, np.unique(with_calendar(context, times), return_inverse=True)[1]) - alone
    return gain > max(LEAST_TOLD, LEAST_SHARE * max(entropy - alone, 0.0))


def few_alone(context: Int1D, present: Bool1D) -> Int1D:
    """Return a context with calendar in which days of few filled rows are one day of their other context."""
    filled = np.bincount(context[present], minlength=int(context.max(initial=0)) + 1)
    return np.where(filled[context] >= LEAST, context, context // SLOTS * SLOTS + PLACES)


def place_of_few(place: Int1D, context: Int1D, present: Bool1D) -> Int1D:
    """Return the law of each level of a context, days of few filled rows that of these days together."""
    size = (int(context.max(initial=0)) // SLOTS + 1) * SLOTS
    filled = np.bincount(context[present], minlength=size)
    level = np.arange(size)
    told = np.where(filled >= LEAST, level, level // SLOTS * SLOTS + PLACES)
    found = place[np.minimum(told, len(place) - 1)]
    return np.append(found, place[-1])
