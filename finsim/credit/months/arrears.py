"""Arrears as a chain: 30 days late, 60 days late, then default or made good."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from finsim.credit.settings import Settings
from finsim.extras import Later
from finsim.notation import Float2D, Int1D, Int2D

special = Later("scipy.special", "credit")

DEFAULT_AFTER = 3  # a default is 90 days past due: two months of arrears come before it


@dataclass(frozen=True)
class RollRates:
    """Probabilities of the chain at a factor z, of the shape of z.

    ``to_default``: 60 days late now, 90 next month. ``cured_early``: months of 30 days late that are made
    good in the next month, per default.
    """

    to_default: Float2D
    cured_early: Float2D


def roll_rates(z: Float2D, settings: Settings) -> RollRates:
    """Return the roll rates: both steps of the chain are likelier when z is low.

    60 to 90 is ``roll_to_default`` +- .10, between them Phi(-z). Loans 30 days late and made good are
    ``late_ratio`` x (1.25 - .5 Phi(-z)) per default, so 30 to 60 is about .34 at z = 0 and .38 at z = -2.
    Source: assumption (the usual ranges of collections: .30 to .45 and .55 to .75).
    """
    low = special.ndtr(-z)
    swing = 0.2 * (low - 0.5)
    return RollRates(
        np.clip(settings.roll_to_default + swing, 0.05, 0.95), settings.late_ratio * (1.25 - 0.5 * low)
    )


def missed_instalments(
    uniform: Float2D, monthly: Float2D, rates: RollRates, first_missed: Int1D, end: Int1D
) -> Int2D:
    """Return how many instalments each loan is behind at each month end, but for its default: int64 [T, n].

    ``uniform`` decides: below ``monthly`` a loan defaults, up to ``monthly`` / r it was 60 days late the
    month before and makes good now, up to ``cured_early`` x ``monthly`` above that it is 30 days late now and
    makes good in the next month. So the share r of those 60 days late defaults, and the default rate is what
    ``monthly`` says. An episode that would meet another, the default's own run-up (from ``first_missed``
    on) or the ``end`` of the loan does not take place.
    """
    months, count = uniform.shape
    near = np.minimum(monthly / rates.to_default, 1.0)
    close = np.minimum(near + rates.cured_early * monthly, 1.0)
    cured_late = (uniform >= monthly) & (uniform < near)
    cured_early = (uniform >= near) & (uniform < close)
    behind = np.zeros((months, count), dtype=np.int64)
    free = np.full(count, -DEFAULT_AFTER)  # the month index from which the next episode may begin
    stop = np.minimum(first_missed, end) - 1  # month index of the first month that is not free
    for t in range(months):
        late = cured_late[t] & (t < stop) & (t - 2 >= free)
        if t >= 1:
            behind[t - 1, late] = 2
        if t >= 2:
            behind[t - 2, late] = 1
        early = cured_early[t] & (t + 1 < stop) & (t >= free) & ~late
        behind[t, early] = 1
        free = np.where(late, t + 1, np.where(early, t + 2, free))
    return behind
