"""Expected credit loss under IFRS 9: over twelve months and over life, by loan and stage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from finsim.credit.conditional import MONTHS_PER_YEAR
from finsim.credit.factors import class_z
from finsim.credit.months.seasoning import multipliers
from finsim.credit.months.stages import LOW_RISK
from finsim.credit.recovery import follows_frye_jacobs, price_indices
from finsim.credit.schedule import balances
from finsim.credit.settings import Settings
from finsim.credit.text_codes import coded
from finsim.extras import Later
from finsim.notation import Float1D, Float2D, Int1D
from finsim.records.drivers import Drivers

special = Later("scipy.special", "credit")

STAGES = (1, 2)
_LEAST = 1e-12
_BLOCK = 1_000


@dataclass(frozen=True)
class CreditLoss:
    """Per loan, at the jump-off day: ``twelve`` and ``lifetime`` ECL [N] in minor units, ``hazard`` [N].

    ``hazard`` is the cumulative hazard over the rest of the loan's life, ``usual`` that at its own PD.
    """

    twelve: Float1D
    lifetime: Float1D
    hazard: Float1D
    usual: Float1D


def discounted_losses(exposure: Float2D, monthly: Float2D, lgd: Float2D, rate: Float1D) -> Float2D:
    """Return the expected discounted loss of each month and loan: float64 [T, n].

    ``exposure`` [T, n] is the balance before the payment of the month, ``monthly`` the default probability of
    those still there, ``lgd`` the share lost, ``rate`` [n] the effective rate a year (rate / 12 a month). A
    default falls on the month's end. Source: IFRS 9 5.5.17 and B5.5.44.
    """
    alive = np.cumprod(1.0 - monthly, axis=0)
    before = np.vstack([np.ones((1, monthly.shape[1])), alive[:-1]])
    month = np.arange(1, len(monthly) + 1)[:, None]
    discount = (1.0 + rate / MONTHS_PER_YEAR) ** -month
    found: Float2D = before * monthly * lgd * exposure * discount
    return found


def credit_losses(loans: pa.Table, drivers: Drivers, settings: Settings) -> CreditLoss:
    """Return the ECL of each loan of a book under one scenario, at the jump-off day.

    The hazard of a month has the PD Phi(Phi^-1(PD) - sqrt(rho) z), z the scenario's of the month with the
    sector factor averaged out; beyond the clock z fades by ``months_autocorrelation`` a year. LGD is its mean
    given a default then. Early repayment is not counted. Source: IFRS 9 5.5; the path of z is own.
    """
    parts = [
        _of_block(loans.slice(first, _BLOCK), drivers, settings) for first in range(0, loans.num_rows, _BLOCK)
    ]
    columns = ("twelve", "lifetime", "hazard", "usual")
    none = np.empty(0)
    return CreditLoss(*(np.concatenate([none, *(getattr(one, name) for one in parts)]) for name in columns))


def _of_block(loans: pa.Table, drivers: Drivers, settings: Settings) -> CreditLoss:
    kind, classes = coded(loans, "loan_class")
    pd_, rho, lgd, rate = (loans[name].to_numpy() for name in ("pd", "rho", "lgd", "rate"))
    left = loans["term_months"].to_numpy().astype(np.int64) - loans["months_on_book"].to_numpy()
    months = int(max(left.max(initial=1), MONTHS_PER_YEAR))
    shift = np.sqrt(rho) * _onwards(class_z(drivers, classes), months, settings)[:, kind]
    index = _held(price_indices(drivers, classes), months)[:, kind]
    default = special.ndtr(special.ndtri(pd_) - shift)
    loss = np.where(
        follows_frye_jacobs(drivers, classes)[kind],
        special.ndtr(special.ndtri(pd_ * np.maximum(lgd, _LEAST)) - shift),
        default * lgd,
    )
    mean_lgd = np.clip(1.0 - index + index * loss / np.maximum(default, 1e-300), 0.0, 1.0)
    open_ = np.arange(1, months + 1)[:, None] <= left
    hazard = -np.log1p(-default) / MONTHS_PER_YEAR * multipliers(loans, months, settings) * open_
    path = balances(loans["balance"].to_numpy(), rate, loans["payment"].to_numpy(), left, months)[:-1]
    lost = discounted_losses(path.astype(np.float64), -np.expm1(-hazard), mean_lgd, rate)
    usual = -np.log1p(-pd_) / MONTHS_PER_YEAR * np.maximum(left, 0)
    return CreditLoss(lost[:MONTHS_PER_YEAR].sum(axis=0), lost.sum(axis=0), hazard.sum(axis=0), usual)


def _onwards(z: Float2D, months: int, settings: Settings) -> Float2D:
    """Return z over ``months``; past its end it fades by the annual memory of the factor."""
    beyond = np.arange(1, max(months - len(z), 0) + 1)[:, None] / MONTHS_PER_YEAR
    return np.vstack([z, z[-1:] * settings.months_autocorrelation**beyond])[:months]


def _held(paths: Float2D, months: int) -> Float2D:
    return np.vstack([paths, np.repeat(paths[-1:], max(months - len(paths), 0), axis=0)])[:months]


def opening_stages(found: CreditLoss, pd: Float1D, settings: Settings) -> Int1D:
    """Return the stage of each loan at the jump-off day, none of them late: int64 [N], 1 or 2.

    Stage 2: the hazard to come is more than ``stage_two_ratio`` of the usual one, and the PD is not below
    .3 % (low credit risk). Source: IFRS 9 5.5.3 to 5.5.10; the ratio is that of the months' stages.
    """
    ratio = found.hazard / np.maximum(found.usual, _LEAST)
    return np.where((ratio > settings.stage_two_ratio) & (pd >= LOW_RISK), 2, 1)


def allowance(found: CreditLoss, stage: Int1D) -> Float1D:
    """Return the allowance of each loan: 12-month ECL in stage 1, lifetime ECL in stage 2: float64 [N]."""
    return np.where(stage == 1, found.twelve, found.lifetime)


def by_stage(loans: pa.Table, found: CreditLoss, stage: Int1D) -> list[dict[str, float]]:
    """Return one record a stage: loans, balance, ECL of twelve months and of life, allowance."""
    held = allowance(found, stage)
    balance = loans["balance"].to_numpy()
    records = []
    for one in STAGES:
        own = stage == one
        sums: Mapping[str, float] = {
            "loans": float(own.sum()),
            "balance": float(balance[own].sum()),
            "ecl_12m": float(found.twelve[own].sum()),
            "ecl_lifetime": float(found.lifetime[own].sum()),
            "allowance": float(held[own].sum()),
        }
        records.append({"stage": float(one), **sums})
    return records
