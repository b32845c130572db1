"""Read any user's prices: long bars, a panel of closes, undated benchmark bars, or finsim's own bars."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import reduce
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from finsim.errors import DataError, Problem
from finsim.markets.dates import parse_dates
from finsim.markets.file_problems import Faults, missing, numbers, positive
from finsim.markets.price_files import is_parquet, read_frame, stem
from finsim.markets.price_layouts import TICKER_NAMES, Columns, recognise
from finsim.notation import Array, Dates1D
from finsim.records.paths import Paths

LEAST_ROWS = 60
FIRST_SYNTHETIC_DATE = np.datetime64("2000-01-03", "D")
_BARS = ("open", "high", "low", "close")


@dataclass(frozen=True)
class Prices(Paths):
    """Paths read from a file; ``notes`` says what was found and done, and is plain data for JSON.

    Keys: ``file``, ``layout``, ``rows``, ``adjusted`` (by adjusted close), ``synthetic_dates``,
    ``dropped_rows`` (per asset, dates that not all assets have), ``widened_bars`` (open or close lay outside
    high-low, so high or low was moved), ``without_volume``.
    """

    notes: Mapping[str, Any] = field(default_factory=dict)


def read_prices(path: str | Path, layout: str | None = None) -> Prices:
    """Read a CSV, CSV.gz or Parquet file of daily prices: one path, or many for finsim's own bars.

    ``layout`` is ``long``, ``wide``, ``timegan`` or ``bars``; None finds it from the header. With an
    adjusted close O, H, L, C are multiplied by AdjClose / Close and volume is divided by it. Only dates that
    all assets have are kept. Raises DataError with every fault: file:line, row, column and remedy.
    """
    source = Path(path)
    frame = read_frame(source, TICKER_NAMES)
    return _prices(frame, source, None if is_parquet(source) else 2, layout)


def prices_from_pandas(frame: pd.DataFrame, layout: str | None = None) -> Prices:
    """Return the prices of a DataFrame, in any layout and with any checks of ``read_prices``.

    A named index becomes a column. Raises DataError with every fault: row, column and remedy.
    """
    named = frame.index.name is not None or isinstance(frame.index, pd.DatetimeIndex)
    name = str(frame.index.name or "date")
    plain = frame.rename_axis(index=name).reset_index() if named else frame
    return _prices(plain.reset_index(drop=True), Path("data frame"), None, layout)


def _prices(frame: pd.DataFrame, source: Path, first_line: int | None, layout: str | None) -> Prices:
    columns = recognise([str(name) for name in frame.columns], str(source), layout)
    faults = Faults(str(source), first_line)
    notes: dict[str, Any] = {"file": source.name, "layout": columns.layout, "rows": len(frame)}
    if columns.layout == "wide":
        pieces = _panel(frame, columns, faults)
    else:
        rows = _rows(frame, columns, stem(source), faults, notes)
        if columns.layout == "bars":
            return _many(rows, str(source), notes)
        pieces = {str(asset): piece for asset, piece in rows.groupby("asset", sort=False)}
    return _aligned(pieces, str(source), notes)


def describe(paths: Paths) -> dict[str, Any]:
    """Return what paths hold, as plain data: assets, fields, sessions, dates, volatility, extremes, notes.

    ``volatility`` is the annualised s.d. (252 sessions) of daily log returns, ``worst_day`` and ``best_day``
    simple returns over all paths, with the date.
    """
    returns = paths.returns()
    flat = np.expm1(returns)

    def extreme(a: int, place: int) -> dict[str, Any]:
        step = place % flat.shape[1]
        return {"date": str(paths.dates[step + 1]), "return": float(flat[place // flat.shape[1], step, a])}

    assets = {
        asset: {
            "volatility": float(returns[..., a].std() * np.sqrt(252)),
            "worst_day": extreme(a, int(flat[..., a].argmin())),
            "best_day": extreme(a, int(flat[..., a].argmax())),
        }
        for a, asset in enumerate(paths.assets)
    }
    facts: dict[str, Any] = {
        "paths": paths.count,
        "sessions": len(paths.dates),
        "first_date": str(paths.dates[0]),
        "last_date": str(paths.dates[-1]),
        "fields": sorted(paths.columns),
        "assets": assets,
    }
    if isinstance(paths, Prices):
        facts["notes"] = dict(paths.notes)
    return facts


def _rows(
    frame: pd.DataFrame, columns: Columns, name: str, faults: Faults, notes: dict[str, Any]
) -> pd.DataFrame:
    """Return checked rows with path, asset, date and price fields, sorted by path, asset and date."""
    prices = [meaning for meaning in _BARS if meaning in columns.fields]
    prices = prices if len(prices) == len(_BARS) else ["close"]
    found: dict[str, Array] = {}
    for meaning in [*prices, *(["volume"] if len(prices) > 1 and "volume" in columns.fields else [])]:
        found[meaning] = _column(frame, columns.fields[meaning], meaning, faults)
    if len(prices) > 1:
        _check_range(frame, columns, found, faults)
        notes["widened_bars"] = _widen(found)
    if columns.adjusted is not None:
        _adjust(found, _column(frame, columns.adjusted, "close", faults))
    notes["adjusted"] = columns.adjusted is not None
    notes["synthetic_dates"] = columns.date is None
    if columns.date is None:
        found["date"] = np.busday_offset(FIRST_SYNTHETIC_DATE, np.arange(len(frame)))
    else:
        found["date"] = parse_dates(frame, columns.date, faults)
    rows = pd.DataFrame(found, index=frame.index)
    rows["asset"] = name if columns.ticker is None else _names(frame, columns.ticker, faults)
    rows["path"] = 0 if columns.path is None else _column(frame, columns.path, "path", faults)
    _check_duplicates(rows, columns.date or "", faults)
    faults.stop()
    if "volume" in rows and not rows["volume"].any():
        rows = rows.drop(columns="volume")
        notes["without_volume"] = True
    return rows.sort_values(["path", "date"], kind="stable")


def _column(frame: pd.DataFrame, column: str, meaning: str, faults: Faults) -> Array:
    values = numbers(frame, column, faults)
    missing(frame, column, values, faults)
    if meaning in _BARS:
        positive(frame, column, values, faults)
    elif meaning == "volume":
        advice = ("volume at or above zero", "correct or delete the row")
        faults.mark(frame.index.to_numpy(), values < 0, column, lambda i: f"volume {values[i]:.10g}", advice)
    return values


def _names(frame: pd.DataFrame, column: str, faults: Faults) -> pd.Series[Any]:
    empty = frame[column].isna().to_numpy()
    advice = ("the asset's name in every row", "fill the cell")
    faults.mark(frame.index.to_numpy(), empty, column, lambda _: "the cell is empty", advice)
    return frame[column].astype("str").str.strip()


def _check_range(frame: pd.DataFrame, columns: Columns, found: dict[str, Array], faults: Faults) -> None:
    high, low = found["high"], found["low"]
    faults.mark(
        frame.index.to_numpy(), high < low, columns.fields["high"],
        lambda i: f"high {high[i]:.10g} is below low {low[i]:.10g}",
        ("high at or above low", "swap or correct the two prices"),
    )  # fmt: skip


def _check_duplicates(rows: pd.DataFrame, column: str, faults: Faults) -> None:
    twice = rows.duplicated(["path", "asset", "date"]).to_numpy() & rows["date"].notna().to_numpy()
    days = rows["date"].to_numpy().astype("datetime64[D]")
    advice = ("one row for each date of an asset", "delete one row, or aggregate intraday rows to days")
    faults.mark(
        rows.index.to_numpy(), twice, column,
        lambda i: f"{days[i]} appears twice for {rows['asset'].iloc[i]}", advice,
    )  # fmt: skip


def _widen(found: dict[str, Array]) -> int:
    """Move high and low so that open and close lie between them; return how many bars were moved."""
    top, bottom = np.maximum(found["open"], found["close"]), np.minimum(found["open"], found["close"])
    moved = (found["high"] < top) | (found["low"] > bottom)
    found["high"] = np.maximum(found["high"], top)
    found["low"] = np.minimum(found["low"], bottom)
    return int(moved.sum())


def _adjust(found: dict[str, Array], adjusted: Array) -> None:
    factor = adjusted / np.where(found["close"] > 0, found["close"], np.nan)
    for meaning in _BARS:
        if meaning in found:
            found[meaning] = found[meaning] * factor
    if "volume" in found:
        found["volume"] = found["volume"] / np.where(factor > 0, factor, np.nan)


def _panel(frame: pd.DataFrame, columns: Columns, faults: Faults) -> dict[str, pd.DataFrame]:
    """Return the closes of each asset of a wide file.

    Blanks before an asset's first close and after its last one are no faults: it was not listed then.
    """
    dates = parse_dates(frame, columns.date or "", faults)
    keys = pd.DataFrame({"path": 0, "asset": "every asset", "date": dates}, index=frame.index)
    _check_duplicates(keys, columns.date or "", faults)
    pieces = {}
    for asset in columns.assets:
        values = numbers(frame, asset, faults)
        given = np.flatnonzero(frame[asset].notna().to_numpy())
        if len(given) == 0:
            faults.add(Problem(faults.place(0, asset), "the column is empty", "closes", "delete the column"))
            continue
        span = slice(given[0], given[-1] + 1)
        missing(frame.iloc[span], asset, values[span], faults)
        positive(frame.iloc[span], asset, values[span], faults)
        pieces[asset] = pd.DataFrame({"date": dates[span], "close": values[span]})
    faults.stop()
    return {asset: piece.sort_values("date", kind="stable") for asset, piece in pieces.items()}


def _aligned(pieces: Mapping[str, pd.DataFrame], place: str, notes: dict[str, Any]) -> Prices:
    """Stack assets on the dates that all of them have."""
    dates = {asset: piece["date"].to_numpy().astype("datetime64[D]") for asset, piece in pieces.items()}
    shared: Dates1D = reduce(np.intersect1d, dates.values())
    notes["dropped_rows"] = {asset: len(own) - len(shared) for asset, own in dates.items()}
    _check_length(shared, dates, place)
    kept = {asset: piece[np.isin(dates[asset], shared)] for asset, piece in pieces.items()}
    names = [name for name in ("open", "high", "low", "close", "volume") if name in next(iter(kept.values()))]
    columns: dict[str, Array] = {
        name: np.stack([piece[name].to_numpy() for piece in kept.values()], axis=1)[None] for name in names
    }
    if "volume" in columns:
        columns["volume"] = np.rint(columns["volume"]).astype(np.int64)
    return Prices(tuple(kept), shared, columns, notes=notes)


def _check_length(shared: Dates1D, dates: Mapping[str, Dates1D], place: str) -> None:
    if len(shared) >= LEAST_ROWS:
        return
    shortest = sorted(dates.items(), key=lambda item: len(item[1]))[:6]
    spans = "; ".join(f"{asset} {len(own)} rows, {own[0]} to {own[-1]}" for asset, own in shortest)
    several = len(dates) > 1
    raise DataError(
        f"{len(shared)} dates{' that all assets have' if several else ''} ({spans})",
        place=place,
        expected=f"at least {LEAST_ROWS}",
        remedy="delete the assets with short histories" if several else "give a longer history",
    )


def _many(rows: pd.DataFrame, place: str, notes: dict[str, Any]) -> Prices:
    """Stack finsim's own bars, which hold the same dates and assets in every path."""
    assets = tuple(str(name) for name in rows["asset"].unique())
    order = pd.Categorical(rows["asset"], categories=assets).codes
    rows = rows.assign(order=order).sort_values(["path", "date", "order"], kind="stable")
    dates = np.unique(rows["date"].to_numpy().astype("datetime64[D]"))
    numbers_of = np.unique(rows["path"].to_numpy().astype(np.int64))
    shape = (len(numbers_of), len(dates), len(assets))
    if len(rows) != shape[0] * shape[1] * shape[2] or np.any(np.diff(numbers_of) != 1):
        raise DataError(
            f"{len(rows)} rows", place=place,
            expected=f"{shape[0]} paths x {shape[1]} dates x {shape[2]} assets, paths numbered without gaps",
            remedy="keep every asset and date of every path, or write one path in the long layout",
        )  # fmt: skip
    _check_length(dates, {"every path": dates}, place)
    names = [name for name in ("open", "high", "low", "close", "volume") if name in rows]
    columns: dict[str, Array] = {name: rows[name].to_numpy().reshape(shape) for name in names}
    if "volume" in columns:
        columns["volume"] = np.rint(columns["volume"]).astype(np.int64)
    notes["dropped_rows"] = dict.fromkeys(assets, 0)
    return Prices(assets, dates, columns, int(numbers_of[0]), notes=notes)
