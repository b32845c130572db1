"""IFRS 9 stages: a clear rise of the lifetime PD, 30 days late as a backstop, exit after probation."""

from __future__ import annotations

import numpy as np

from finsim.credit.conditional import MONTHS_PER_YEAR
from finsim.credit.months.monthly_risk import MonthlyRisk
from finsim.credit.months.outlook import known_point
from finsim.credit.settings import Settings
from finsim.extras import Later
from finsim.notation import Array, Float2D, Int1D, Int2D

special = Later("scipy.special", "credit")

PROBATION = 3
LOW_RISK = 0.003
_EXIT = 0.8


def lifetime_ratio(risk: MonthlyRisk, left: Int1D, settings: Settings) -> Float2D:
    """Return the hazard over the rest of each loan's life over that expected at origination: [T, n].

    Both are for the same months to come. Now it is that of ``outlook.known_point`` year by year; at
    origination it was that of PD, which is its mean over all that can be known. Source: own.
    """
    rest = np.maximum(left - np.arange(len(risk.z))[:, None], 1) / MONTHS_PER_YEAR
    usual = -np.log1p(-risk.pd)
    total = np.zeros_like(risk.z)
    for year in range(int(np.ceil(rest.max(initial=1.0)))):
        length = np.clip(rest - year, 0.0, 1.0)
        if not length.any():
            break
        total += length * -special.log_ndtr(-known_point(risk, year, settings))
    found: Float2D = total / (rest * usual)
    return found


def stages(risk: MonthlyRisk, left: Int1D, overdue: Int2D, defaulted: Array, settings: Settings) -> Int2D:
    """Return the stage of each loan and month: int64 [T, n], 1, 2 or 3.

    A loan enters stage 2 when its lifetime ratio passes ``stage_two_ratio`` (never while its PD for 12 months
    is below .3 %: low credit risk) or it is 30 days late. It leaves when for three months (probation) it
    has been neither late nor above .8 of that ratio. Stage 3 is default.
    Source: IFRS 9 5.5.3 to 5.5.11; threefold PD and .3 % as in the EBA's stress tests (methodological note,
    credit risk); probation and exit are an assumption.
    """
    ratio = lifetime_ratio(risk, left, settings)
    low = risk.annual < LOW_RISK
    late = overdue >= 30
    entered = (ratio > settings.stage_two_ratio) & ~low
    stays = (ratio > _EXIT * settings.stage_two_ratio) & ~low
    found = np.ones(ratio.shape, dtype=np.int64)
    second = np.zeros(ratio.shape[1], dtype=bool)
    calm = np.zeros(ratio.shape[1], dtype=np.int64)
    for t in range(len(ratio)):
        calm = np.where(late[t] | stays[t], 0, calm + 1)
        second = entered[t] | late[t] | (second & (calm <= PROBATION))
        found[t] = np.where(defaulted[t], 3, np.where(second, 2, 1))
    return found
