"""The macro variables of a scenario as daily factors of ordinary life: prices, volumes, jobs, instalments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from finsim.agents.population.shopping_habits import MEANS
from finsim.agents.settings import Settings
from finsim.agents.vocabulary import CATEGORIES, CATEGORY
from finsim.notation import DAY, Float1D, Float2D, Int1D
from finsim.records.drivers import Drivers

READS: Mapping[str, str] = {
    "unemployment": "salaries that stop, benefits in their place, and what those people spend",
    "income_support": "how much of a lost salary benefits replace",
    "disposable_income_growth": "how much people buy",
    "inflation": "prices in shops and of utilities; pay follows a year later",
    "oil_price": "the price of fuel, and how much of it is bought",
    "mortgage_rate": "instalments of floating-rate mortgages",
    "gdp_growth": "what firms invoice and pay their suppliers",
}
"""Macro variable -> what it moves in the payments, for the plan and the documentation."""

# assumption: half of the price of fuel follows crude oil at once; demand falls by a tenth of its rise.
_PASS_THROUGH, _FUEL_ELASTICITY = 0.5, 0.1
# assumption: rate and rest of the term of mortgages where a scenario states no rate before.
_USUAL_RATE, _REST_MONTHS = 6.0, 300
# assumption: benefits replace this share of pay; support on top of them up to the whole.
_REPLACED = 0.45
_PAY_LAG = 365  # days; assumption: pay follows prices once a year


@dataclass(frozen=True)
class Economy:
    """Factors on the study's D days, all 1 (and ``jobs_lost`` 0) where no scenario moves the economy.

    ``prices``, ``volume``: float64[categories, D], of shops. ``utilities``, ``pay``, ``mortgage`` and
    ``trade`` (firms' invoices): float64[D]. ``jobs_lost``: share of salaries that stopped;
    ``replaced``: share of a lost salary that benefits replace.
    """

    prices: Float2D
    volume: Float2D
    utilities: Float1D
    pay: Float1D
    mortgage: Float1D
    trade: Float1D
    jobs_lost: Float1D
    replaced: Float1D

    @property
    def is_calm(self) -> bool:
        """Whether nothing of ordinary life is moved."""
        factors = (self.prices, self.volume, self.utilities, self.pay, self.mortgage, self.trade)
        return not self.jobs_lost.any() and all(bool(np.all(one == 1.0)) for one in factors)


def calm(settings: Settings) -> Economy:
    """Return the economy of no scenario."""
    shops, ones = np.ones((len(CATEGORIES), settings.days)), np.ones(settings.days)
    return Economy(shops, shops, ones, ones, ones, ones, 0.0 * ones, _REPLACED * ones)


def economy(drivers: Drivers, settings: Settings) -> Economy:
    """Return what the macro variables of ``drivers`` do to ordinary life on the study's days.

    A scenario that states spending itself (``behaviour.spend_mult``, by category or ``all``) keeps its
    word: the derived volume of those categories is 1. Source: own; elasticities are assumptions.
    """
    if not any(np.any(drivers.macro_series(name)) for name in READS):
        return calm(settings)
    price = _index(drivers, settings, "inflation")
    fuel = (np.maximum(0.05, 1.0 + _level(drivers, settings, "oil_price") / 100.0)) ** _PASS_THROUGH
    prices = np.tile(price, (len(CATEGORIES), 1))
    # Oil is part of the price index already: fuel takes the larger move of the two.
    prices[CATEGORY["fuel"]] = np.where(np.abs(np.log(fuel)) > np.abs(np.log(price)), fuel, price)
    lost = np.clip(_level(drivers, settings, "unemployment"), 0.0, 60.0) / 100.0
    support = np.clip(_level(drivers, settings, "income_support"), 0.0, 100.0) / 100.0
    whole = np.divide(support, lost, out=np.zeros_like(lost), where=lost > 0)
    return Economy(
        prices=prices,
        volume=_volume(drivers, settings, prices[CATEGORY["fuel"]]),
        utilities=price,
        pay=_lagged(price),
        mortgage=_instalment(drivers, settings),
        trade=_index(drivers, settings, "gdp_growth") * price,
        jobs_lost=lost,
        replaced=_REPLACED + (1.0 - _REPLACED) * np.minimum(whole, 1.0),
    )


def economy_key(drivers: Drivers) -> dict[str, list[float]]:
    """Return what ``economy`` reads of a scenario, rounded for a digest; empty where nothing moves."""
    moved = {name: drivers.macro_series(name) for name in READS if np.any(drivers.macro_series(name))}
    found = {name: [round(float(value), 12) for value in series] for name, series in moved.items()}
    if "mortgage_rate" in found:
        found["mortgage_rate_before"] = [drivers.jump_off.get("mortgage_rate", _USUAL_RATE)]
    return found


def _level(drivers: Drivers, settings: Settings, name: str) -> Float1D:
    """Return a variable's move on the study's days; 0 before the clock, its last value after it."""
    month = _month_of_day(drivers, settings)
    series = np.concatenate([[0.0], drivers.macro_series(name)])
    found: Float1D = series[np.minimum(month, len(series) - 1)]
    return found


def _month_of_day(drivers: Drivers, settings: Settings) -> Int1D:
    """Return the month of the scenario's clock, from 1, in which each day lies; 0 before it."""
    day = np.datetime64(settings.start) + np.arange(settings.days)
    ended = np.datetime64(settings.start) + month_days(drivers, settings)
    month: Int1D = np.searchsorted(ended, day, side="right")
    return month


def month_days(drivers: Drivers, settings: Settings) -> Int1D:
    """Return the day index of the study on which each month of the clock begins, and that after the last."""
    begins = np.concatenate([[np.datetime64(drivers.clock.start)], drivers.clock.month_dates()]) + DAY
    days: Int1D = (begins - np.datetime64(settings.start)).astype(np.int64)
    return days


def _index(drivers: Drivers, settings: Settings, name: str) -> Float1D:
    """Return the level that a growth rate's move makes, day by day: 1 at the jump-off, compounded.

    The move is in points a year; within a month the level goes evenly.
    """
    rate = np.log1p(np.maximum(_level(drivers, settings, name), -95.0) / 100.0) / 365.25
    found: Float1D = np.exp(np.cumsum(rate))
    return found


def _lagged(price: Float1D) -> Float1D:
    """Return pay that follows prices a year later."""
    found = np.ones(len(price))
    found[_PAY_LAG:] = price[: max(0, len(price) - _PAY_LAG)]
    return found


def _volume(drivers: Drivers, settings: Settings, fuel: Float1D) -> Float2D:
    """Return how much more is bought, by category: luxuries move with income more than necessities."""
    income = _index(drivers, settings, "disposable_income_growth")
    elasticity = 0.35 + 0.65 * MEANS  # assumption: over time as between people
    volume: Float2D = income[None, :] ** elasticity[:, None]
    volume[CATEGORY["fuel"]] *= fuel ** (-_FUEL_ELASTICITY)
    for code, name in enumerate(CATEGORIES):
        if f"spend:{name}" in drivers.behaviour or "spend:all" in drivers.behaviour:
            volume[code] = 1.0
    return volume


def _instalment(drivers: Drivers, settings: Settings) -> Float1D:
    """Return the instalment of a floating-rate mortgage over that before: an annuity of 25 years to go."""
    before = drivers.jump_off.get("mortgage_rate", _USUAL_RATE)
    after = before + _level(drivers, settings, "mortgage_rate")
    found: Float1D = _annuity(after) / _annuity(np.asarray(before))
    return found


def _annuity(rate: Float1D) -> Float1D:
    """Return the monthly payment per unit of debt at ``rate`` percent a year."""
    monthly = np.maximum(rate, 0.01) / 1_200.0
    found: Float1D = monthly / (1.0 - (1.0 + monthly) ** -_REST_MONTHS)
    return found
