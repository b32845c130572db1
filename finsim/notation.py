"""Array aliases by rank, units and symbols used everywhere.

Symbols: N records or paths, T steps, C channels, A assets, K factors, M scenario draws.
Money is int64 minor units (cents) with a currency; time is int64 nanoseconds UTC or an int32 day
index on a calendar; rates are decimals per year; percentages appear only in files, never in arrays.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Float1D: TypeAlias = NDArray[np.float64]
Float2D: TypeAlias = NDArray[np.float64]
Float3D: TypeAlias = NDArray[np.float64]
Int1D: TypeAlias = NDArray[np.int64]
Int2D: TypeAlias = NDArray[np.int64]
Int3D: TypeAlias = NDArray[np.int64]
Bool1D: TypeAlias = NDArray[np.bool_]
Bool2D: TypeAlias = NDArray[np.bool_]
Cents1D: TypeAlias = NDArray[np.int64]
Nanos1D: TypeAlias = NDArray[np.int64]
Dates1D: TypeAlias = NDArray[np.datetime64]
Array: TypeAlias = NDArray[Any]

# A date and a bare number have no common unit: numpy will refuse their sum.
DAY: Any = np.timedelta64(1, "D")
MONTH: Any = np.timedelta64(1, "M")
NANOS_PER_SECOND = 1_000_000_000
SECONDS_PER_DAY = 86_400
NANOS_PER_DAY = SECONDS_PER_DAY * NANOS_PER_SECOND
# ISO 4217 currencies whose minor unit is not 1/100.
_BY_DIGITS = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
_DIGITS = {code: digits for digits, codes in _BY_DIGITS.items() for code in codes.split()}


def minor_digits(currency: str) -> int:
    """Return how many decimals amounts of a currency have (ISO 4217)."""
    return _DIGITS.get(currency, 2)


def minor_units(currency: str) -> int:
    """Return how many minor units make one unit of a currency: 100 cents, 1 yen, 1,000 fils."""
    return int(10 ** minor_digits(currency))
