"""The hazard of each loan and month, so that the default rate of a year has the law of the loss draws."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from finsim.credit.conditional import MONTHS_PER_YEAR, default_point, loss_shift, sensitivity
from finsim.credit.factors import annual_factors, class_z, sector_factors, trailing_factors
from finsim.credit.months.quality import moved_by_quality
from finsim.credit.months.seasoning import multipliers
from finsim.credit.recovery import follows_frye_jacobs, price_indices, stressed_lgd
from finsim.credit.settings import Settings
from finsim.credit.text_codes import coded
from finsim.extras import Later
from finsim.notation import Float1D, Float2D
from finsim.randomness import Streams
from finsim.records.drivers import Drivers

special = Later("scipy.special", "credit")


@dataclass(frozen=True)
class Known:
    """What a bank knows at month ends: float64 [T, n] each; ``variance`` [T] that of ``factor``.

    ``scenario`` is the scenario's z of the month, ``factor`` the sector factor of the last twelve months
    (``factors.trailing_factors``), ``quality`` the borrower's y (``quality.py``).
    """

    scenario: Float2D
    factor: Float2D
    variance: Float1D
    quality: Float2D


@dataclass(frozen=True)
class MonthlyRisk:
    """What each loan faces in each month: float64 [T, n] each; ``pd`` and ``rho`` of the loan: [n].

    ``annual`` is the PD for 12 months at the month's hazard, ``monthly`` that of the month, ``lgd`` the mean
    loss given default, ``z`` the factor of the year plus the scenario's of the month.
    """

    annual: Float2D
    monthly: Float2D
    lgd: Float2D
    z: Float2D
    pd: Float1D
    rho: Float1D
    known: Known


def monthly_risk(
    book: pa.Table, drivers: Drivers, streams: Streams, settings: Settings, quality: Float2D
) -> MonthlyRisk:
    """Return the risk of the loans of a shard in the months of the clock; ``quality``: [T, n], of borrowers.

    The sector factor of a year is standard normal, so the default rate of months 1 to 12 (13 to 24, ...) has
    Vasicek's law with the loan's own asset correlation, as the draws of ``losses`` have. Within the year the
    cumulative hazard is spread by the monthly path of the sector; the scenario adds to the factor month by
    month and leaves that spread alone, so a harder scenario never lowers a hazard. LGD follows the factor
    alone. Source: own.
    """
    sector, sectors = coded(book, "sector")
    kind, classes = coded(book, "loan_class")
    months = drivers.clock.months
    years = -(-months // MONTHS_PER_YEAR)
    paths = sector_factors(sectors, years * MONTHS_PER_YEAR, streams, settings)
    yearly = annual_factors(paths, settings)[:months, sector]
    pd_, rho, lgd = (book[name].to_numpy() for name in ("pd", "rho", "lgd"))
    alpha, beta = default_point(pd_, rho), sensitivity(rho)
    scenario = class_z(drivers, classes)[:, kind]
    z = scenario + yearly
    point = alpha - beta * z
    share = _shares(alpha - beta * paths[:, sector], years)[:months]
    own = moved_by_quality(point, quality, settings)
    hazard = _hazard(own) * share * multipliers(book, months, settings)
    follows = follows_frye_jacobs(drivers, classes)[kind]
    index = price_indices(drivers, classes)[:, kind]
    loss_rate = stressed_lgd(point, lgd, loss_shift(pd_, lgd, rho), follows, index)
    seen, variance = trailing_factors(paths, settings)
    known = Known(scenario, seen[:months, sector], variance[:months], quality)
    annual = -np.expm1(-MONTHS_PER_YEAR * hazard)
    return MonthlyRisk(annual, -np.expm1(-hazard), loss_rate, z, pd_, rho, known)


def _hazard(point: Float2D) -> Float2D:
    """Return the cumulative hazard of 12 months at a conditional default point."""
    found: Float2D = -special.log_ndtr(-point)
    return found


def _shares(point: Float2D, years: int) -> Float2D:
    """Return the share of each month in the hazard of its year: [T, n], 1 in the sum of a year."""
    hazard = _hazard(point).reshape(years, MONTHS_PER_YEAR, point.shape[1])
    share: Float2D = (hazard / hazard.sum(axis=1, keepdims=True)).reshape(point.shape)
    return share
