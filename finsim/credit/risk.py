"""Value at risk and expected shortfall with their sampling error; Vasicek closed forms."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from finsim.call_errors import public
from finsim.errors import DataError
from finsim.extras import Later
from finsim.notation import Float1D
from finsim.records.figures.loss_tail import LEAST_BEYOND, quantile_of, shortfall_of
from finsim.records.figures.tail_interval import FEW, tail_mean_interval

integrate = Later("scipy.integrate", "credit")
special = Later("scipy.special", "credit")
stats = Later("scipy.stats", "credit")

_CONFIDENCE = 0.95
_Z95 = 1.959963984540054


@dataclass(frozen=True)
class Risk:
    """A risk figure with its 95 % interval and standard error, in the units of the losses."""

    value: float
    low: float
    high: float
    level: float
    standard_error: float


@public
def value_at_risk(losses: Float1D, level: float) -> Risk:
    """Return the ``level`` quantile of simulated losses.

    The value is the order statistic of rank ceil(M level). The interval is distribution-free: the order
    statistics whose ranks are the 2.5 % and 97.5 % points of a binomial(M, level); the standard error
    is its width over 3.92. Source: David and Nagaraja 2003, sec. 7.1.

    Args:
        losses: one loss a draw, float64[draws], in any unit.
        level: between 0 and 1, such as 0.99.

    Returns:
        A Risk: value, interval and standard error in the unit of the losses.

    Raises:
        DataError: when there are too few draws for the level, and for losses that are no numbers.

    Example:
        >>> import finsim, numpy
        >>> finsim.value_at_risk(numpy.arange(1000.0), 0.99).value
        989.0

    """
    ordered = _ordered(losses, level)
    draws = len(ordered)
    tail = (1.0 - _CONFIDENCE) / 2.0
    low, high = stats.binom.ppf([tail, 1.0 - tail], draws, level)
    lower = float(ordered[max(int(low) - 1, 0)])
    upper = float(ordered[min(int(high), draws - 1)])
    return Risk(quantile_of(ordered, level), lower, upper, level, (upper - lower) / (2.0 * _Z95))


@public
def expected_shortfall(losses: Float1D, level: float) -> Risk:
    """Return the mean of the worst 1 - ``level`` of simulated losses.

    The rank at the quantile enters with its fraction (Acerbi and Tasche 2002, def. 2.6). Variance:
    (Var[L | L > VaR] + level (ES - VaR)^2) / (M (1 - level)); source: Manistre and Hancock 2005. The
    interval is 1.96 of its roots each way, or that of a Pareto tail where few draws lie beyond
    (``records.figures.tail_interval``): wider, and longer upwards.

    Args:
        losses: one loss a draw, float64[draws], in any unit.
        level: between 0 and 1, such as 0.99.

    Returns:
        A Risk: value, interval and standard error in the unit of the losses.

    Raises:
        DataError: when there are too few draws for the level, and for losses that are no numbers.

    Example:
        >>> import finsim, numpy
        >>> finsim.expected_shortfall(numpy.arange(1000.0), 0.99).value
        994.5

    """
    ordered = _ordered(losses, level)
    found = shortfall_of(ordered, level)
    value, beyond, mass = found.value, found.beyond, len(ordered) * (1.0 - level)
    spread = float(beyond.var(ddof=1)) if len(beyond) > 1 else 0.0
    error = float(np.sqrt((spread + level * (value - found.quantile) ** 2) / mass))
    ends = value - _Z95 * error, value + _Z95 * error
    if round(mass) <= FEW:
        ends = tail_mean_interval(ordered, level, value)
    return Risk(value, *ends, level, error)


def _ordered(losses: Float1D, level: float) -> Float1D:
    if not 0.0 < level < 1.0:
        raise DataError(f"level {level}", place="risk", expected="between 0 and 1", remedy="use 0.99")
    drawn = np.asarray(losses)
    if drawn.ndim != 1 or drawn.dtype.kind not in "iuf":
        raise DataError(
            f"losses of type {type(losses).__name__}",
            place="risk: losses",
            expected="one number a draw",
            remedy="give run.portfolio.losses",
        )
    if len(losses) * (1.0 - level) < LEAST_BEYOND:
        needed = int(np.ceil(LEAST_BEYOND / (1.0 - level)))
        raise DataError(
            f"{len(losses)} draws for level {level}",
            place="risk",
            expected=f"at least {needed} (five beyond the quantile)",
            remedy="ask for more draws",
        )
    return np.sort(drawn)


def vasicek_quantile(pd: float, rho: float, level: float) -> float:
    """Return the ``level`` quantile of the default rate of an infinitely fine homogeneous book.

    Phi((Phi^-1(PD) + sqrt(rho) Phi^-1(level)) / sqrt(1 - rho)). Source: Vasicek 2002, eq. 4.
    """
    return float(special.ndtr((special.ndtri(pd) + np.sqrt(rho) * special.ndtri(level)) / np.sqrt(1.0 - rho)))


def vasicek_es(pd: float, rho: float, level: float) -> float:
    """Return the mean default rate beyond its ``level`` quantile: float.

    E[Phi((Phi^-1(PD) - sqrt(rho) Z) / sqrt(1 - rho)); Z < Phi^-1(1 - level)] / (1 - level), by quadrature;
    equal to Phi2(Phi^-1(PD), Phi^-1(1 - level); sqrt(rho)) / (1 - level). Source: Vasicek 2002, own step.
    """
    spread = np.sqrt(1.0 - rho)
    corner = special.ndtri(1.0 - level)

    def inner(z: float) -> float:
        chance = special.ndtr((special.ndtri(pd) - np.sqrt(rho) * z) / spread)
        return float(chance * np.exp(-0.5 * z * z) / np.sqrt(2.0 * np.pi))

    joint = integrate.quad(inner, corner - 12.0, corner, epsabs=1e-14, epsrel=1e-12, limit=200)[0]
    return float(joint) / (1.0 - level)


def finite_pool_quantile(count: int, pd: float, rho: float, level: float) -> float:
    """Return the exact ``level`` quantile of the default rate of ``count`` equal loans.

    The default count is a binomial mixed over the factor; its distribution function is integrated
    numerically and inverted over whole counts. Source: Vasicek 2002; reference b1.
    """

    def below(defaults: int) -> float:
        def given(z: float) -> float:
            chance = special.ndtr((special.ndtri(pd) - np.sqrt(rho) * z) / np.sqrt(1.0 - rho))
            return float(
                stats.binom.cdf(defaults, count, chance) * np.exp(-0.5 * z * z) / np.sqrt(2.0 * np.pi)
            )

        return float(
            integrate.quad(given, -9.0, 9.0, limit=400, epsabs=1e-11, points=[-4.0, -2.0, 0.0, 2.0])[0]
        )

    low, high = -1, count
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if below(middle) >= level else (middle, high)
    return high / count


def granularity(count: int, pd: float, rho: float, level: float) -> float:
    """Return the first-order add-on to the quantile for a pool of ``count`` equal loans.

    Source: Gordy 2003; Martin and Wilde 2002, LGD = 1. A report, not an oracle: it need not be closer
    than the limit for small pools.
    """
    q = vasicek_quantile(pd, rho, level)
    point = special.ndtri(q)
    density = np.exp(-0.5 * point * point) / np.sqrt(2.0 * np.pi)
    slope = (np.sqrt((1.0 - rho) / rho) * special.ndtri(level) - point) / density
    return float(0.5 * (slope * q * (1.0 - q) + 2.0 * q - 1.0) / count)
