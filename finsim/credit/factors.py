"""Systematic factors: random ones per sector, and the scenario's own per loan class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np

from finsim.credit.conditional import MONTHS_PER_YEAR
from finsim.credit.reference_parameters import CLASSES, LINKED_LIKE
from finsim.credit.settings import Settings
from finsim.errors import ScenarioError, did_you_mean
from finsim.notation import Array, Float1D, Float2D
from finsim.randomness import Streams
from finsim.records.drivers import Drivers

FACTOR = "credit_factor"
"""The macro variable that is z itself: it moves every class by its own number, whatever the betas."""


def sector_factors(sectors: Sequence[str], months: int, streams: Streams, settings: Settings) -> Float2D:
    """Return one path of the sector factors: float64 [months, sectors], standard normal margins.

    eta_k = sqrt(c) common + sqrt(1 - c) own_k, each a stationary AR(1) in months whose means over two years
    in a row have the correlation ``months_autocorrelation``; two sectors have correlation c, so any number of
    them is positive definite. A sector's path depends on its name and the seed, not on the other sectors.
    """
    common = _autoregression(streams.at("factor", "common"), months, settings)
    shared, own = _weights(settings)
    paths = [
        shared * common + own * _autoregression(streams.at("factor", "sector", name), months, settings)
        for name in sectors
    ]
    return np.column_stack(paths) if paths else np.empty((months, 0))


def annual_factors(paths: Float2D, settings: Settings) -> Float2D:
    """Return the factor of the year of each month: float64 [months, sectors], months a multiple of 12.

    The mean of the monthly path over each year, over its standard deviation: standard normal.
    """
    deviation = np.sqrt(_of_years(_monthly_memory(settings.months_autocorrelation))[0])
    years = len(paths) // MONTHS_PER_YEAR
    means = paths.reshape(years, MONTHS_PER_YEAR, paths.shape[1]).mean(axis=1) / deviation
    found: Float2D = np.repeat(means, MONTHS_PER_YEAR, axis=0)
    return found


def trailing_factors(paths: Float2D, settings: Settings) -> tuple[Float2D, Float1D]:
    """Return the factor of the last twelve months, float64 [months, sectors], and its variance [months].

    The sum of the monthly path over the months since the jump-off, at most twelve, in units of the annual
    factor: at the end of a year it is that year's, and its correlation with the year to come is
    ``months_autocorrelation``. Before the first year is over less is known: the variance is below 1.
    """
    memory = _monthly_memory(settings.months_autocorrelation)
    year, months = _of_years(memory)[0] * MONTHS_PER_YEAR**2, len(paths)
    total = np.vstack([np.zeros((1, paths.shape[1])), np.cumsum(paths, axis=0)])
    end = np.arange(1, months + 1)
    count = np.minimum(end, MONTHS_PER_YEAR)
    lag = np.arange(1 - MONTHS_PER_YEAR, MONTHS_PER_YEAR)
    weight = np.maximum(count[:, None] - np.abs(lag), 0)
    variance: Float1D = (weight * memory ** np.abs(lag)).sum(axis=1) / year
    return (total[end] - total[end - count]) / np.sqrt(year), variance


def left_of_year(years: Array, settings: Settings) -> Array:
    """Return the share of a year's factor that is expected ``years`` (0, 1, ...) later, of that shape.

    The correlation of two means of the monthly AR(1) over years so far apart: 1, a, a m^12, a m^24, ... with
    a the ``months_autocorrelation`` and m the monthly memory.
    """
    memory, apart = _monthly_memory(settings.months_autocorrelation), np.asarray(years, dtype=np.float64)
    beyond = memory ** (MONTHS_PER_YEAR * np.maximum(apart - 1.0, 0.0))
    found: Array = np.where(apart == 0.0, 1.0, settings.months_autocorrelation * beyond)
    return found


def left_of_month(months: Array, settings: Settings) -> Array:
    """Return the share of a month's factor that is expected ``months`` later: m to that power."""
    found: Array = _monthly_memory(settings.months_autocorrelation) ** np.asarray(months, dtype=np.float64)
    return found


def annual_draws(sectors: Sequence[str], draws: int, streams: Streams, settings: Settings) -> Float2D:
    """Return independent one-year factors, correlated across sectors as above: float64 [draws, sectors]."""
    return of_normals(annual_normals(sectors, draws, streams), settings)


def annual_normals(sectors: Sequence[str], draws: int, streams: Streams) -> Float2D:
    """Return the independent normals of one-year factors, common first: float64 [draws, 1 + sectors]."""
    own = [streams.at("sector", name).standard_normal(draws) for name in sectors]
    return np.column_stack([streams.at("common").standard_normal(draws), *own])


def of_normals(normals: Float2D, settings: Settings) -> Float2D:
    """Return the sector factors of ``annual_normals``: float64 [draws, sectors]."""
    shared, own = _weights(settings)
    found: Float2D = np.ascontiguousarray(shared * normals[:, :1] + own * normals[:, 1:])
    return found


def to_normals(gradient: Float1D, settings: Settings) -> Float1D:
    """Return a gradient by sector factor as one by normal, common first: float64 [1 + sectors]."""
    shared, own = _weights(settings)
    return np.concatenate([[shared * gradient.sum()], own * gradient])


def class_z(drivers: Drivers, classes: Sequence[str]) -> Float2D:
    """Return the scenario's factor of each loan class at month ends: float64 [months, classes].

    z_k = sum over v of beta[k, v] x macro move of v (reference scenarios, macro probit), plus the move of
    ``credit_factor``, which is z itself. A class that
    the scenario does not name takes the betas of the class it is reported with, then its default link
    (``reference.CLASSES``); an empty mapping switches the link off. Raises ScenarioError for a beta on
    a macro variable that no part of finsim knows: neither in the scenario nor in any default link.
    """
    _check_variables(drivers)
    moves = {name: drivers.macro_series(name) for name in _variables(drivers)}
    return _combine(drivers, classes, moves, drivers.clock.months)


def quarter_z(drivers: Drivers, classes: Sequence[str]) -> Float2D:
    """Return the same at quarter ends: float64 [quarters, classes].

    Both agree where they meet: every third month (averages: the mean of three months), or the scenario's own
    quarters where these reach further.
    """
    _check_variables(drivers)
    moves = quarter_moves(drivers)
    return _combine(drivers, classes, moves, len(next(iter(moves.values()))))


def quarter_moves(drivers: Drivers) -> Mapping[str, Float1D]:
    """Return the macro moves at quarter ends by variable: float64 [quarters], all of one length."""
    names = _variables(drivers)
    quarters = len(next(iter(drivers.macro_steps.values()), ()))
    if drivers.step == "quarter" and 3 * quarters > drivers.clock.months:
        return {name: drivers.macro_steps.get(name, np.zeros(quarters)) for name in names}
    return {name: _by_quarter(drivers, name) for name in names}


def _by_quarter(drivers: Drivers, name: str) -> Float1D:
    """Return a macro move at quarter ends, or its mean over the quarter where it is an average."""
    months = drivers.macro_series(name)
    if name not in drivers.macro_averages:
        return months[2::3]
    found: Float1D = months[: len(months) // 3 * 3].reshape(-1, 3).mean(axis=1)
    return found


def link(drivers: Drivers, loan_class: str) -> Mapping[str, float]:
    """Return the betas that hold for one loan class under this scenario."""
    stated = drivers.credit.betas
    like = LINKED_LIKE.get(loan_class, loan_class)
    if loan_class in stated:
        return stated[loan_class]
    if like in stated:
        return stated[like]
    return CLASSES[like].betas if like in CLASSES else {}


def _combine(drivers: Drivers, classes: Sequence[str], moves: Mapping[str, Float1D], length: int) -> Float2D:
    found = np.zeros((length, len(classes)))
    for column, name in enumerate(classes):
        for variable, beta in link(drivers, name).items():
            found[:, column] += beta * moves[variable]
    if FACTOR in moves:
        found += moves[FACTOR][:, None]
    return found


def _variables(drivers: Drivers) -> list[str]:
    stated = {name for betas in drivers.credit.betas.values() for name in betas}
    known = {name for item in CLASSES.values() for name in item.betas}
    return sorted(stated | known | set(drivers.macro) | set(drivers.credit.collateral.values()))


def _check_variables(drivers: Drivers) -> None:
    known = {name for item in CLASSES.values() for name in item.betas} | set(drivers.macro)
    for loan_class, betas in drivers.credit.betas.items():
        for name in betas:
            if name not in known:
                raise ScenarioError(
                    f"credit.betas.{loan_class}: no macro variable {name!r}",
                    place=drivers.scenario,
                    remedy=did_you_mean(name, sorted(known)),
                )
    for loan_class, name in drivers.credit.collateral.items():
        if name not in known:
            raise ScenarioError(
                f"credit.lgd.collateral.{loan_class}: no macro variable {name!r}",
                place=drivers.scenario,
                remedy=did_you_mean(name, sorted(known)),
            )


def _weights(settings: Settings) -> tuple[float, float]:
    common = settings.sector_correlation
    return float(np.sqrt(common)), float(np.sqrt(1.0 - common))


def _autoregression(rng: np.random.Generator, months: int, settings: Settings) -> Float1D:
    """Return a stationary AR(1) path with unit variance: float64 [months]."""
    keep = _monthly_memory(settings.months_autocorrelation)
    shocks = rng.standard_normal(months)
    path = np.empty(months)
    level = 0.0
    for month in range(months):
        level = shocks[0] if month == 0 else keep * level + np.sqrt(1.0 - keep * keep) * shocks[month]
        path[month] = level
    return path


@lru_cache(maxsize=16)
def _monthly_memory(annual: float) -> float:
    """Return the monthly autocorrelation at which means of years have the given one; 0 for a lower one."""
    low, high = 0.0, 1.0 - 1e-9
    for _ in range(60):
        middle = (low + high) / 2.0
        low, high = (middle, high) if _of_years(middle)[1] < annual else (low, middle)
    return high if annual > 0.0 else 0.0


def _of_years(memory: float) -> tuple[float, float]:
    """Return variance and lag-1 autocorrelation of the yearly means of a unit AR(1) in months."""
    lag = np.arange(1 - MONTHS_PER_YEAR, MONTHS_PER_YEAR)
    weight = (MONTHS_PER_YEAR - np.abs(lag)) / MONTHS_PER_YEAR**2
    variance = float((weight * memory ** np.abs(lag)).sum())
    return variance, float((weight * memory ** (lag + MONTHS_PER_YEAR)).sum()) / variance
