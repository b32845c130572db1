"""Expected credit loss under IFRS 9: over twelve months and over life, by loan and stage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from finsim.credit.conditional import MONTHS_PER_YEAR, cumulative_hazard
from finsim.credit.factors import class_z, left_of_month, left_of_year
from finsim.credit.months.arrears import roll_rates
from finsim.credit.months.quality import MEMORY, quality_variance
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


@dataclass(frozen=True)
class Seen:
    """What is known of N loans at a reporting date, ``month`` months after the jump-off.

    ``factor`` [N]: the sector factor of the year that this month belongs to; ``overdue`` [N]: days past due;
    ``quality`` [N]: each borrower's y, averaged out where it is None.
    """

    month: int
    factor: Float1D
    overdue: Int1D
    quality: Float1D | None = None

    def part(self, first: int, count: int) -> Seen:
        """Return what is known of some of the loans."""
        own = slice(first, first + count)
        quality = None if self.quality is None else self.quality[own]
        return Seen(self.month, self.factor[own], self.overdue[own], quality)


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


def credit_losses(
    loans: pa.Table, drivers: Drivers, settings: Settings, seen: Seen | None = None
) -> CreditLoss:
    """Return the ECL of each loan of a book under one scenario, at the jump-off day or a later date.

    The hazard of a month has the PD Phi(Phi^-1(PD) - sqrt(rho) z), z the scenario's of the month with the
    sector factor averaged out; beyond the clock z fades as the factor does (``factors.left_of_month``). LGD
    is its mean given a default then. Early repayment is not counted. With ``seen``, ``loans`` hold balance
    and ``months_on_book`` of that date: of the sector factor of the year eta is known, n years later b eta of
    it (``factors.left_of_year``), so the PD is Phi((Phi^-1(PD) - sqrt(rho) (z + b eta)) / sqrt(1 - rho b^2)),
    and likewise of the borrower's quality (``_of_quality``), which LGD does not follow; a loan in arrears
    first rolls on or makes good (``months/arrears.py``). Source: IFRS 9 5.5; the path of z is own.
    """
    known = seen or Seen(0, np.zeros(loans.num_rows), np.zeros(loans.num_rows, dtype=np.int64))
    parts = [
        _of_block(loans.slice(first, _BLOCK), drivers, settings, known.part(first, _BLOCK))
        for first in range(0, loans.num_rows, _BLOCK)
    ]
    columns = ("twelve", "lifetime", "hazard", "usual")
    none = np.empty(0)
    return CreditLoss(*(np.concatenate([none, *(getattr(one, name) for one in parts)]) for name in columns))


def _of_block(loans: pa.Table, drivers: Drivers, settings: Settings, seen: Seen) -> CreditLoss:
    kind, classes = coded(loans, "loan_class")
    pd_, rho, lgd, rate = (loans[name].to_numpy() for name in ("pd", "rho", "lgd", "rate"))
    left = loans["term_months"].to_numpy().astype(np.int64) - loans["months_on_book"].to_numpy()
    months = int(max(left.max(initial=1), MONTHS_PER_YEAR))
    keep = _memory(seen.month, months, settings)
    path = _onwards(class_z(drivers, classes), seen.month, months, settings)[:, kind]
    z = path + keep * seen.factor
    shift, spread = np.sqrt(rho) * z, np.sqrt(1.0 - rho * keep * keep)
    index = _held(price_indices(drivers, classes), seen.month, months)[:, kind]
    default = special.ndtr((special.ndtri(pd_) - shift) / spread)
    chance = default
    if seen.quality is not None:
        chance = _of_quality(pd_, shift, rho * keep * keep, settings.quality_drift * (1.0 - rho), seen)
    loss = np.where(
        follows_frye_jacobs(drivers, classes)[kind],
        special.ndtr((special.ndtri(pd_ * np.maximum(lgd, _LEAST)) - shift) / spread),
        default * lgd,
    )
    mean_lgd = np.clip(1.0 - index + index * loss / np.maximum(default, 1e-300), 0.0, 1.0)
    open_ = np.arange(1, months + 1)[:, None] <= left
    hazard = cumulative_hazard(chance) / MONTHS_PER_YEAR * multipliers(loans, months, settings) * open_
    owed = balances(loans["balance"].to_numpy(), rate, loans["payment"].to_numpy(), left, months)[:-1]
    monthly = _rolled(-np.expm1(-hazard), z, seen.overdue, settings)
    lost = discounted_losses(owed.astype(np.float64), monthly, mean_lgd, rate)
    usual = -np.log1p(-pd_) / MONTHS_PER_YEAR * np.maximum(left, 0)
    late = cumulative_hazard(monthly).sum(axis=0)
    total = np.where(seen.overdue > 0, late, hazard.sum(axis=0))
    return CreditLoss(lost[:MONTHS_PER_YEAR].sum(axis=0), lost.sum(axis=0), total, usual)


def _of_quality(pd_: Float1D, shift: Float2D, known: Float2D, own: Float1D, seen: Seen) -> Float2D:
    """Return the PD of the months to come with the borrower's quality known too: float64 [months, n].

    m^(j/12) y is left of it after j months. ``known`` [months, n] is the variance of what is known of the
    factor, ``own`` [n] the share of quality in the whole risk.
    """
    assert seen.quality is not None
    kept = MEMORY ** (np.arange(1, len(shift) + 1)[:, None] / MONTHS_PER_YEAR)
    spread = np.sqrt(1.0 - known - own * quality_variance(np.array(seen.month)) * kept * kept)
    found: Float2D = special.ndtr((special.ndtri(pd_) - shift - np.sqrt(own) * kept * seen.quality) / spread)
    return found


def _memory(month: int, months: int, settings: Settings) -> Float2D:
    """Return how much of the year's sector factor is left in the months after a date: [months, 1].

    Nothing at the jump-off, where none has been seen yet.
    """
    if month == 0:
        return np.zeros((months, 1))
    year = (month - 1 + np.arange(1, months + 1)) // MONTHS_PER_YEAR - (month - 1) // MONTHS_PER_YEAR
    found: Float2D = left_of_year(year, settings)[:, None]
    return found


def _rolled(monthly: Float2D, z: Float2D, overdue: Int1D, settings: Settings) -> Float2D:
    """Return the default probabilities of the months with those of the chain for loans in arrears.

    60 days late: r in the next month. 30 days late: none in the next, 1 / (1 / r + c) in the one after, c the
    loans that make good early, per default.
    """
    if not overdue.any():
        return monthly
    rates, found = roll_rates(z[:2], settings), monthly.copy()
    r, early = rates.to_default, rates.cured_early
    found[0] = np.where(overdue >= 60, r[0], np.where(overdue >= 30, 0.0, monthly[0]))
    found[1] = np.where((overdue >= 30) & (overdue < 60), 1.0 / (1.0 / r[1] + early[1]), monthly[1])
    return found


def _onwards(z: Float2D, first: int, months: int, settings: Settings) -> Float2D:
    """Return z over ``months`` after month ``first``; past its end it fades as the factor does."""
    beyond = np.arange(1, max(first + months - len(z), 0) + 1)[:, None]
    return np.vstack([z, z[-1:] * left_of_month(beyond, settings)])[first : first + months]


def _held(paths: Float2D, first: int, months: int) -> Float2D:
    held = np.vstack([paths, np.repeat(paths[-1:], max(first + months - len(paths), 0), axis=0)])
    return held[first : first + months]


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
