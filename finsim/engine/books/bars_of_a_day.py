"""The bars of a day, from a file of bars, a run, or a fitted model that makes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from finsim.engine.finished_run import Run
from finsim.engine.learned.models import open_model
from finsim.engine.market_model.fit_and_sample import Body, sample
from finsim.errors import StudyError, did_you_mean
from finsim.markets.books.day_bars import DayBar
from finsim.markets.prices import read_prices
from finsim.notation import Bool1D
from finsim.records.paths import FIELDS, PRICE, Paths
from finsim.records.run_layout import run_and_scenario
from finsim.records.trading_calendar import NYSE, TradingCalendar

HISTORY = 20
"""Bars whose range tells how volatile an ordinary day is, the day itself among them."""
_LEAD = timedelta(days=40)
DAY_SECONDS = 86_400.0
SESSION = (34_200.0, 57_600.0)
"""Regular hours of the New York exchange: 09:30 to 16:00, seconds after its midnight."""
_RANGE = 1.0 / (4.0 * np.log(2.0))


@dataclass(frozen=True)
class AssetDay:
    """The bars of one asset on one day, and the standard deviation of an ordinary day's move."""

    asset: str
    bars: tuple[DayBar, ...]
    volatility: float
    has_auctions: bool


def paths_of(source: Any, day: date, seed: int, path: int | None) -> Paths:
    """Return the one path of a source whose bars are shown.

    ``source``: a fitted model or its folder (a path is sampled that holds the day), a run or its folder, a
    file of bars, a frame, or Paths. Raises StudyError for a path that is not there.
    """
    made = _opened(source, day, seed)
    number = made.first_path if path is None else path
    place = number - made.first_path
    if not 0 <= place < made.count:
        raise StudyError(
            f"no path {number}", place="simulate_book: path",
            expected=f"{made.first_path} to {made.first_path + made.count - 1}",
            remedy=f"write path={made.first_path}",
        )  # fmt: skip
    columns = {name: values[place : place + 1] for name, values in made.columns.items()}
    return Paths(made.assets, made.dates, columns, number, made.source, made.kinds, made.calendar)


def _opened(source: Any, day: date, seed: int) -> Paths:
    if isinstance(source, Paths):
        return source
    if isinstance(source, Run):
        return source.paths
    if isinstance(source, str | Path):
        place, scenario = run_and_scenario(Path(source))
        if (place / "manifest.json").exists():
            return Run(place).paths_of(scenario or None)
        if place.is_dir():
            source = open_model(place)
    if isinstance(source, Body):
        steps = 64 if not source.encoding.calendar.is_intraday else 4096
        return sample(source, 1, steps, start=day - _LEAD, seed=seed)
    if type(source).__name__.startswith("Learned"):
        raise StudyError(
            "a model of events or of a table", place="simulate_book: source", expected="a model of bars",
            remedy="fit prices: finsim fit prices.csv -o model",
        )  # fmt: skip
    read = read_prices(source)
    return read if read.whole is None else read.whole


def asset_days(paths: Paths, day: date, wanted: Sequence[str]) -> list[AssetDay]:
    """Return the bars of the wanted assets (all when none is named) on a day.

    Raises StudyError for an asset that is not there, bars of more than a day, a day without bars, and bars
    of closes alone.
    """
    _refuse_other_bars(paths, wanted)
    days = paths.dates.astype("datetime64[D]")
    inside = days == np.datetime64(day, "D")
    if not inside.any():
        raise _no_day(paths, day)
    return [_asset_day(paths, inside, name) for name in dict.fromkeys(wanted or paths.assets)]


def _refuse_other_bars(paths: Paths, wanted: Sequence[str]) -> None:
    for name in wanted:
        if name not in paths.assets:
            raise StudyError(
                f"no asset {name!r}", place="simulate_book: asset", expected=", ".join(paths.assets[:20]),
                remedy=did_you_mean(name, list(paths.assets)),
            )  # fmt: skip
    step = paths.calendar.step
    if not paths.calendar.is_intraday and step != "day":
        raise StudyError(
            f"bars of a {step}", place="simulate_book: source", expected="bars of a day or less",
            remedy="give daily bars: a book is of one day",
        )  # fmt: skip
    if missing := [name for name in FIELDS[:4] if name not in paths.columns]:
        raise StudyError(
            f"the bars have no {', '.join(missing)}", place="simulate_book: source",
            expected="open, high, low and close", remedy="give bars: a book must show their prices",
        )  # fmt: skip
    others = [a for a, kind in zip(paths.assets, paths.kinds, strict=False) if kind != PRICE]
    if bad := [name for name in (wanted or paths.assets) if name in others]:
        raise StudyError(
            f"{bad[0]} is a series of levels or returns", place="simulate_book: asset",
            expected="prices above 0", remedy="name an asset with prices",
        )  # fmt: skip


def _no_day(paths: Paths, day: date) -> StudyError:
    days = np.unique(paths.dates.astype("datetime64[D]"))
    at = int(np.searchsorted(days, np.datetime64(day, "D")))
    near = [str(days[k]) for k in (at - 1, at) if 0 <= k < len(days)]
    return StudyError(
        f"no bar on {day}", place="simulate_book: date", expected=f"a day from {days[0]} to {days[-1]}",
        remedy=f"write date={' or '.join(near)}",
    )  # fmt: skip


def _asset_day(paths: Paths, inside: Bool1D, name: str) -> AssetDay:
    a = paths.assets.index(name)
    cells = {field: values[0, :, a] for field, values in paths.columns.items()}
    held = np.flatnonzero(inside & np.isfinite(cells["close"]))
    if not len(held):
        raise _no_day(paths, paths.dates[np.flatnonzero(inside)[0]].astype("datetime64[D]").astype(object))
    volume = cells.get("volume")
    bars = []
    for k in held:
        start, end = _span(paths.calendar, paths.dates[k])
        opened, top, bottom, close = (float(cells[field][k]) for field in FIELDS[:4])
        bars.append(
            DayBar(start, end, opened, top, bottom, close, None if volume is None else float(volume[k]))
        )
    traded = [bar for bar in bars if bar.volume is None or bar.volume > 0]
    high, low = cells["high"], cells["low"]
    last = int(held[-1])
    recent = slice(max(last - HISTORY + 1, 0), last + 1) if not paths.calendar.is_intraday else held
    squares = _RANGE * np.log(high[recent] / low[recent]) ** 2
    share = np.nanmean(squares) * (len(held) if paths.calendar.is_intraday else 1)
    volatility = float(np.sqrt(share) * cells["close"][last])
    auctions = paths.calendar.is_intraday is False and paths.calendar == NYSE
    return AssetDay(name, tuple(traded or bars), volatility, auctions)


def _span(calendar: TradingCalendar, instant: Any) -> tuple[float, float]:
    """Return when a bar begins and ends, in seconds after its midnight (New York's for its sessions)."""
    if not calendar.is_intraday:
        return SESSION if calendar == NYSE else (0.0, DAY_SECONDS)
    seconds = float((instant - instant.astype("datetime64[D]")) / np.timedelta64(1, "s"))
    return seconds, min(seconds + 60.0 * calendar.minutes, DAY_SECONDS)
