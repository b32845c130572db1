"""The table of exchange rates: a seeded walk of each foreign currency, day by day."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from finsim.agents.settings import Settings
from finsim.notation import Dates1D, Float2D
from finsim.randomness import Streams
from finsim.records.columns import coded
from finsim.records.parties.fx_rates import FX_RATE_SCHEMA

# Source: Federal Reserve H.10, monthly means 1971 to 2020. Units per dollar in December 2020; yearly standard
# deviation of the log rate over 2005 to 2020, of monthly means, times the root of 1.5 (means of a walk move
# less than the walk, Working 1960); loading on one common factor.
_DOLLAR = "USD"
_WALKS: dict[str, tuple[float, float, float]] = {
    "AUD": (1.3277, 0.121, 0.86), "BRL": (5.1447, 0.162, 0.66), "CAD": (1.2809, 0.084, 0.74),
    "CHF": (0.8884, 0.095, 0.68), "CNY": (6.5393, 0.034, 0.39),
    "EUR": (0.8218, 0.092, 0.80), "GBP": (0.7444, 0.093, 0.65), "HKD": (7.7519, 0.005, 0.07),
    "INR": (73.6195, 0.077, 0.61), "JPY": (103.7952, 0.094, 0.17), "KRW": (1093.7876, 0.099, 0.75),
    "MXN": (19.9604, 0.129, 0.61), "MYR": (4.0546, 0.070, 0.72), "NOK": (8.7071, 0.115, 0.84),
    "NZD": (1.4098, 0.119, 0.76), "SEK": (8.3631, 0.110, 0.84), "SGD": (1.3324, 0.051, 0.89),
    "THB": (30.0805, 0.064, 0.53), "TWD": (28.2029, 0.048, 0.70), "ZAR": (14.8818, 0.159, 0.68),
}  # fmt: skip
_PEGS = {"DKK": ("EUR", 7.4415)}
"""Currencies that follow another one: units of it for one of that, of the same source."""
CURRENCIES = tuple(sorted((*_WALKS, *_PEGS, _DOLLAR)))
"""The currencies that have a rate; assumption: other ones have none."""
_SESSIONS = 260
"""Days from Monday to Friday in a year."""
_DIGITS = 6


def fx_rates_table(settings: Settings, streams: Streams) -> pa.Table:
    """Return the rates in ``FX_RATE_SCHEMA``, by day and currency; the same in every scenario.

    No row for a world in a currency that is not one of ``CURRENCIES``.
    """
    if settings.currency not in CURRENCIES:
        return FX_RATE_SCHEMA.empty_table()
    days = np.datetime64(settings.start, "D") + np.arange(settings.days)
    own = CURRENCIES.index(settings.currency)
    foreign = np.flatnonzero(np.arange(len(CURRENCIES)) != own)
    a_dollar = _per_dollar(days, streams.under("agents", "parties").at("fx_rates"))
    rate = _as_quoted(a_dollar[:, [own]] / a_dollar[:, foreign])
    columns = [
        pa.array(np.repeat(days, len(foreign)).astype("datetime64[us]")),
        coded(np.tile(foreign, len(days)), CURRENCIES),
        coded(np.zeros(rate.size, dtype=np.int32), (settings.currency,)),
        pa.array(rate.ravel()),
    ]
    return pa.Table.from_arrays(columns, schema=FX_RATE_SCHEMA)


def _per_dollar(days: Dates1D, rng: np.random.Generator) -> Float2D:
    """Return units of each currency for a dollar: float64[days, currencies], a walk without drift.

    assumption: normal steps; the step of the first day leads away from the level of the source.
    """
    level, deviation, loading = np.array([_WALKS.get(name, (1.0, 0.0, 0.0)) for name in CURRENCIES]).T
    common = rng.standard_normal((len(days), 1))
    own = rng.standard_normal((len(days), len(CURRENCIES)))
    step = deviation / np.sqrt(_SESSIONS) * (loading * common + np.sqrt(1 - loading**2) * own)
    step[~np.is_busday(days)] = 0.0
    found: Float2D = level * np.exp(np.cumsum(step, axis=0))
    for name, (other, units) in _PEGS.items():
        found[:, CURRENCIES.index(name)] = units * found[:, CURRENCIES.index(other)]
    return found


def _as_quoted(rate: Float2D) -> Float2D:
    """Return rates with six significant digits, as they are published."""
    scale = 10.0 ** (_DIGITS - 1 - np.floor(np.log10(rate)))
    found: Float2D = np.rint(rate * scale) / scale
    return found
