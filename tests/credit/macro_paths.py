"""Drivers made by hand: quarterly macro paths on a monthly clock."""

import dataclasses
from datetime import date

import numpy as np

from finsim.records.calendar import Clock
from finsim.records.drivers import CreditLink, identity

# Federal Reserve 2026 severely adverse, changes from 2025Q4 by quarter (docs/reference/credit-model.md).
SEVERE = {
    "unemployment": [1.4, 2.7, 3.7, 4.5, 5.0, 5.4, 5.5, 5.3, 4.9, 4.6, 4.2, 3.9, 3.5],
    "house_prices": [-6.3, -12.4, -15.6, -18.6, -21.6, -24.4, -27.1, -29.7, -28.6, -27.5, -26.3, -25.2, -24],
    "cre_prices": [-4.8, -9.7, -14.6, -19.4, -24.3, -29.1, -34, -38.8, -38.2, -37.6, -37, -36.4, -35.8],
    "bbb_spread": [3.4, 4.5, 4.7, 4.6, 4.2, 3.8, 3.3, 2.9, 2.5, 2.0, 1.7, 1.2, 0.8],
}
COLLATERAL = {"mortgage": "house_prices", "cre": "cre_prices"}


def macro_drivers(paths, months=36, scale=1.0, **link):
    """Drivers with quarterly macro paths, linear between quarter ends, held after the last."""
    clock = Clock(date(2025, 12, 31), 2, 1, months)
    at = np.arange(1, months + 1) / 3
    macro = {
        name: scale * np.interp(at, np.arange(len(path) + 1), [0.0, *path]) for name, path in paths.items()
    }
    credit = CreditLink(**{"collateral": COLLATERAL, **link})
    return dataclasses.replace(identity(clock), scenario="severe", macro=macro, credit=credit)
