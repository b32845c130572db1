"""Bars in the shapes that backtesters and portfolio libraries read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from finsim.errors import RecordError
from finsim.notation import Array, Dates1D, Int1D

SHAPES = ("wide", "long", "backtesting", "vectorbt")
_PRICES = ("open", "high", "low", "close")


@dataclass(frozen=True)
class BarArrays:
    """Bars as arrays: ``columns[field]`` is [N, T, A]; ``paths`` are the numbers of the N paths."""

    paths: Int1D
    assets: tuple[str, ...]
    dates: Dates1D
    columns: Mapping[str, Array]

    def index(self) -> pd.DatetimeIndex:
        """Return the dates as datetime64[ns], ascending; instants within a day are in UTC."""
        index = pd.DatetimeIndex(self.dates.astype("datetime64[ns]"), name="date")
        return index.tz_localize("UTC") if self.dates.dtype == np.dtype("datetime64[ns]") else index


def wide_frames(bars: BarArrays) -> dict[int, pd.DataFrame]:
    """Return path number -> DataFrame of dates x (field, asset); ``frame["close"]`` is dates x assets."""
    index, fields = bars.index(), list(bars.columns)
    names = pd.MultiIndex.from_product([fields, bars.assets], names=["field", "asset"])
    found = {}
    for place, path in enumerate(bars.paths.tolist()):
        parts = [pd.DataFrame(bars.columns[field][place], index, bars.assets) for field in fields]
        frame = pd.concat(parts, axis=1)
        frame.columns = names
        found[path] = frame
    return found


def close_frame(bars: BarArrays) -> pd.DataFrame:
    """Return closes as dates x (path, asset), as vectorbt takes many runs at once."""
    names = pd.MultiIndex.from_product([bars.paths.tolist(), bars.assets], names=["path", "asset"])
    closes = bars.columns["close"].swapaxes(0, 1).reshape(len(bars.dates), -1)
    return pd.DataFrame(closes, bars.index(), names)


def backtesting_frames(bars: BarArrays) -> dict[tuple[int, str], pd.DataFrame]:
    """Return (path, asset) -> DataFrame of Open, High, Low, Close and Volume, as backtesting.py takes them.

    Days without a bar of the asset are left out; Volume is NaN where bars have none.
    Raises RecordError for bars that are closes alone.
    """
    missing = [name for name in _PRICES if name not in bars.columns]
    if missing:
        raise RecordError(
            f"the bars have no {', '.join(missing)}",
            place='frames("backtesting")',
            expected="open, high, low and close",
            remedy='take frames("vectorbt") or frames("wide"), or fit a generator on bars with these fields',
        )
    index, fields = bars.index(), (*_PRICES, "volume")
    none = np.full(bars.columns["close"].shape, np.nan) if "volume" not in bars.columns else None
    found = {}
    for place, path in enumerate(bars.paths.tolist()):
        for number, asset in enumerate(bars.assets):
            parts = {
                name.capitalize(): (bars.columns[name] if none is None or name != "volume" else none)[
                    place, :, number
                ]
                for name in fields
            }
            frame = pd.DataFrame(parts, index)
            found[path, asset] = frame.dropna(subset=[name.capitalize() for name in _PRICES])
    return found
