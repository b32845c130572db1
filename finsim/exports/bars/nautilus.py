"""nautilus_trader: a ParquetDataCatalog of bars and instruments, written by nautilus itself.

The bytes of its files depend on its build, so they are never written here. Prices are rounded to the tick of
the instrument, and a bar is stamped with the end of its session: at midnight a strategy would see it before
its day.
"""

from __future__ import annotations

import importlib
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from finsim.errors import StudyError
from finsim.exports.bars.bar_source import PRICES, Bars, file_names
from finsim.exports.export_format import Export
from finsim.notation import Dates1D
from finsim.records.trading_calendar import NYSE, moved

VENUE = "FINSIM"
STEPS = ("minute", "hour", "day", "week", "month")
DIGITS = 5  # of the lowest price that the tick keeps
_CLOSE = np.timedelta64(16, "h")


def write(bars: Bars, folder: Path) -> None:
    """Write ``nautilus/`` with the bars of one path; StudyError where nautilus_trader is not installed."""
    bars.require_prices()
    calendar = bars.paths.calendar
    if calendar.step not in STEPS:
        raise bars.refused(f"{calendar.adjective} bars", f"bars of a {', '.join(STEPS)}")
    if find_spec("nautilus_trader") is None:
        raise StudyError(
            "needs nautilus_trader, which is not installed", place="export: format",
            remedy="pip install nautilus_trader",
        )  # fmt: skip
    catalog = _part("persistence.catalog").ParquetDataCatalog(str(folder / "nautilus"))
    names = file_names(bars.assets)
    kind = f"{calendar.every}-{calendar.step.upper()}-LAST-EXTERNAL"
    for asset, frame in bars.each(bars.one()):
        rounded, digits = on_ticks(frame)
        instrument = _equity(names[asset], digits)
        bar_type = _part("model.data").BarType.from_str(f"{instrument.id}-{kind}")
        wrangler = _part("persistence.wranglers").BarDataWrangler(bar_type, instrument)
        catalog.write_data([instrument])
        catalog.write_data(wrangler.process(rounded.set_axis(_ends(bars, pd.DatetimeIndex(frame.index)))))


def on_ticks(frame: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """Return bars rounded to a tick, and its decimals: 2, more for low prices.

    High and low are those of the rounded prices, so that rounding breaks no bar.
    """
    lowest = float(frame[list(PRICES)].to_numpy().min())
    digits = int(np.clip(DIGITS - 1 - np.floor(np.log10(lowest)), 2, 9))
    rounded = frame.round(dict.fromkeys(PRICES, digits)).astype(dict.fromkeys(frame.columns, "float64"))
    rounded["high"] = rounded[list(PRICES)].max(axis=1)
    rounded["low"] = rounded[list(PRICES)].min(axis=1)
    return rounded, digits


def _ends(bars: Bars, index: pd.DatetimeIndex) -> pd.DatetimeIndex:
    """Return when each bar is known: the close in New York, the end of the day, the end of a step."""
    calendar = bars.paths.calendar
    days: Dates1D = index.tz_localize(None).to_numpy().astype("datetime64[ns]")
    if calendar.is_intraday:
        return pd.DatetimeIndex(days + np.timedelta64(calendar.minutes, "m"), tz="UTC")
    if calendar == NYSE:
        return pd.DatetimeIndex(moved(np.asarray(days + _CLOSE), "America/New_York", "UTC"), tz="UTC")
    return pd.DatetimeIndex(days + np.timedelta64(1, "D"), tz="UTC")


def _part(name: str) -> Any:
    return importlib.import_module(f"nautilus_trader.{name}")


def _equity(name: str, digits: int) -> Any:
    objects, model = _part("model.objects"), _part("model.identifiers")
    return _part("model.instruments").Equity(
        instrument_id=model.InstrumentId(model.Symbol(name), model.Venue(VENUE)),
        raw_symbol=model.Symbol(name),
        currency=_part("model.currencies").USD,
        price_precision=digits,
        price_increment=objects.Price(10.0**-digits, digits),
        lot_size=objects.Quantity.from_int(1),
        ts_event=0,
        ts_init=0,
    )


EXPORT = Export(
    name="nautilus",
    summary="nautilus_trader: a catalog of one path's bars, written by nautilus itself",
    write=write,
    options=("scenario", "path", "from_date"),
)
