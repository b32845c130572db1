"""Rows of one price file -> checked rows with path, asset, date and bar fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from finsim.errors import DataError, Problem
from finsim.markets.reading.dates import Moments, parse_dates
from finsim.markets.reading.file_problems import Faults, finite, missing, positive, refuse_unnamed_assets
from finsim.markets.reading.price_layouts import Columns
from finsim.markets.reading.price_table import PriceTable
from finsim.notation import Array, Dates1D
from finsim.records.paths import DIFFERENCE, PRICE, RETURN
from finsim.tables.role_words import BARS, SIDES

FIRST_SYNTHETIC_DATE = np.datetime64("2000-01-03", "D")
_WITHIN_A_DAY = 20 * 3_600_000_000_000


def rows_of(table: PriceTable, name: str, faults: Faults, notes: dict[str, Any]) -> pd.DataFrame:
    """Return checked rows with path, asset, date and bar fields, sorted by path and date."""
    frame, columns = table.frame, table.columns
    found = bars_of(table, columns, faults, notes)
    rows = pd.DataFrame(found, index=frame.index)
    rows["asset"] = name if columns.ticker is None else _names(frame, columns.ticker, faults)
    rows["path"] = 0 if columns.path is None else _column(table, columns.path, "path", faults)
    if columns.date is None and columns.ticker is not None:
        raise DataError(
            f"no column of dates among {', '.join(map(repr, table.source.headers))}", place=table.place,
            expected="a date for each row of an asset",
            remedy="name it Date, or declare it in a schema: `columns: {COLUMN: {type: ts, role: date}}`",
        )  # fmt: skip
    if columns.date is None:
        rows["date"] = np.busday_offset(FIRST_SYNTHETIC_DATE, np.arange(len(frame)))
    else:
        moments = parse_dates(frame, columns.date, faults, table.date, table.dialect)
        rows["date"] = times_of(moments, rows["path"].astype(str) + "\0" + rows["asset"].astype(str))
    if columns.ticker is None and rows.duplicated(["path", "date"]).any():
        unread = [header for header in table.source.headers if header not in frame.columns]
        refuse_unnamed_assets(table.source, columns.date or "", unread, table.place)
    _check_duplicates(rows, columns.date or "", faults)
    faults.stop()
    if "volume" in rows and not rows["volume"].any():
        rows = rows.drop(columns="volume")
        notes["without_volume"] = True
    return rows.sort_values(["path", "date"], kind="stable")


def bars_of(table: PriceTable, columns: Columns, faults: Faults, notes: dict[str, Any]) -> dict[str, Array]:
    """Return checked bar fields of one set of columns: prices, volume, closing bid and ask."""
    if columns.sides:
        return _quoted(table, columns, faults, notes)
    prices = [meaning for meaning in BARS if meaning in columns.fields]
    prices = prices if len(prices) == len(BARS) else ["close"]
    kind = table.kind(columns.fields["close"])
    if kind == RETURN:
        prices = ["close"]
    found: dict[str, Array] = {}
    for meaning in [*prices, *(["volume"] if len(prices) > 1 and "volume" in columns.fields else [])]:
        found[meaning] = _column(table, columns.fields[meaning], meaning, faults, kind)
    if len(prices) > 1:
        if not table.levels:  # adjusted exports round, so there a crossed bar is widened and counted
            _check_range(table.frame, columns.fields["high"], found, faults)
        notes["widened_bars"] = notes.get("widened_bars", 0) + _widen(found)
    if columns.adjusted is not None:
        _adjust(found, _column(table, columns.adjusted, "close", faults))
    return found


def _quoted(table: PriceTable, columns: Columns, faults: Faults, notes: dict[str, Any]) -> dict[str, Array]:
    """Return bars of the middle of bid and ask (its geometric mean; of levels the plain mean)."""
    kind = table.kind(columns.sides["bid"]["close"])
    read = {
        side: {bar: _column(table, header, bar, faults, kind) for bar, header in columns.sides[side].items()}
        for side in SIDES
    }
    bid, ask = (read[side]["close"] for side in SIDES)
    faults.mark(
        table.frame.index.to_numpy(), ask < bid, columns.sides["ask"]["close"],
        lambda i: f"ask {ask[i]:.10g} is below bid {bid[i]:.10g}",
        ("an ask at or above the bid", "swap or correct the two; a crossed quote is no market"),
    )  # fmt: skip
    notes["locked_rows"] = int((ask == bid).sum())
    found: dict[str, Array] = {}
    with np.errstate(invalid="ignore", over="ignore"):
        for bar in read["bid"]:
            low, high = read["bid"][bar], read["ask"][bar]
            found[bar] = (low + high) / 2 if kind == DIFFERENCE else np.sqrt(low * high)
    if len(found) > 1:
        _check_range(table.frame, columns.sides["bid"]["high"], found, faults)
        notes["widened_bars"] = notes.get("widened_bars", 0) + _widen(found)
    if "close" in columns.fields:
        found["close"] = _column(table, columns.fields["close"], "close", faults, kind)
        for bar in BARS[:3]:
            if bar in columns.fields:
                found[bar] = _column(table, columns.fields[bar], bar, faults, kind)
    if "volume" in columns.fields:
        found["volume"] = _column(table, columns.fields["volume"], "volume", faults)
    return {**found, "bid": bid, "ask": ask}


def panel_pieces(table: PriceTable, faults: Faults) -> dict[str, pd.DataFrame]:
    """Return the closes of each asset of a wide file.

    Blanks before an asset's first close and after its last one are no faults: it was not listed then.
    """
    frame, columns = table.frame, table.columns
    moments = parse_dates(frame, columns.date or "", faults, table.date, table.dialect)
    dates = times_of(moments, pd.Series("", index=frame.index))
    keys = pd.DataFrame({"path": 0, "asset": "every asset", "date": dates}, index=frame.index)
    _check_duplicates(keys, columns.date or "", faults)
    pieces = {}
    for asset in columns.assets:
        values = finite(frame, asset, faults)
        given = np.flatnonzero(frame[asset].notna().to_numpy())
        if len(given) == 0:
            faults.add(Problem(faults.place(0, asset), "the column is empty", "closes", "delete the column"))
            continue
        span = slice(given[0], given[-1] + 1)
        missing(frame.iloc[span], asset, values[span], faults)
        _check_kind(frame.iloc[span], asset, values[span], table.kind(asset), faults)
        pieces[table.names.get(asset, asset)] = pd.DataFrame({"date": dates[span], "close": values[span]})
    faults.stop()
    return {asset: piece.sort_values("date", kind="stable") for asset, piece in pieces.items()}


def vendor_pieces(table: PriceTable, faults: Faults, notes: dict[str, Any]) -> dict[str, pd.DataFrame]:
    """Return the bars of each asset of a file with two header rows."""
    frame = table.frame
    moments = parse_dates(frame, table.columns.date or "", faults, table.date, table.dialect)
    dates = times_of(moments, pd.Series("", index=frame.index))
    keys = pd.DataFrame({"path": 0, "asset": "every asset", "date": dates}, index=frame.index)
    _check_duplicates(keys, table.columns.date or "", faults)
    pieces = {}
    for asset in dict.fromkeys(level.asset for level in table.levels.values()):
        fields = {level.bar: header for header, level in table.levels.items() if level.asset == asset}
        adjusted = fields.pop("adjusted", None)
        fields.setdefault("close", adjusted or "")
        if not fields["close"]:
            faults.add(Problem(faults.path, f"{asset} has no close", "a close of every asset", ""))
            continue
        adjusted = None if adjusted == fields["close"] else adjusted
        close = frame[fields["close"]].notna().to_numpy()
        given = np.flatnonzero(close)
        if len(given) == 0:
            faults.add(Problem(faults.path, f"{asset} has no closes", "closes", "delete its columns"))
            continue
        own = PriceTable(frame.iloc[given[0] : given[-1] + 1], table.columns, table.place, table.source,
                         table.dialect, table.date, table.kinds, table.names, table.levels)  # fmt: skip
        found = bars_of(own, Columns("long", None, fields=fields, adjusted=adjusted), faults, notes)
        pieces[asset] = pd.DataFrame({"date": dates[given[0] : given[-1] + 1], **found})
    faults.stop()
    notes["adjusted"] = any(level.bar == "adjusted" for level in table.levels.values())
    return {asset: piece.sort_values("date", kind="stable") for asset, piece in pieces.items()}


def times_of(moments: Moments, group: pd.Series[Any]) -> Dates1D:
    """Return days, or instants where the usual step of a group of rows is well within a day."""
    instants, days = moments.instants.astype(np.int64), moments.days
    if np.isnat(days).any() or np.array_equal(moments.instants, days.astype("datetime64[ns]")):
        return days
    order = np.lexsort((instants, group.to_numpy()))
    same = group.to_numpy()[order][1:] == group.to_numpy()[order][:-1]
    steps = np.diff(instants[order])[same]
    return moments.instants if len(steps) and np.median(steps) < _WITHIN_A_DAY else days


def one_set_of_fields(pieces: Mapping[str, pd.DataFrame], place: str) -> None:
    """Raise DataError when the assets of a file have different columns."""
    kinds = {asset: tuple(piece.columns) for asset, piece in pieces.items()}
    if len(set(kinds.values())) > 1:
        said = "; ".join(f"{asset}: {', '.join(names[1:])}" for asset, names in list(kinds.items())[:6])
        raise DataError(
            f"assets with different columns ({said})", place=place,
            expected="the same columns for every asset", remedy="split the file, or keep the closes alone",
        )  # fmt: skip


def _column(table: PriceTable, column: str, meaning: str, faults: Faults, kind: str = PRICE) -> Array:
    frame = table.frame
    values = finite(frame, column, faults)
    missing(frame, column, values, faults)
    if meaning in BARS:
        _check_kind(frame, column, values, kind, faults)
    elif meaning == "volume":
        advice = ("volume at or above zero", "correct or delete the row")
        faults.mark(frame.index.to_numpy(), values < 0, column, lambda i: f"volume {values[i]:.10g}", advice)
    return values


def _check_kind(frame: pd.DataFrame, column: str, values: Array, kind: str, faults: Faults) -> None:
    if kind == PRICE:
        positive(frame, column, values, faults)
    elif kind == RETURN:
        advice = ("a simple return above -1, in decimals", "declare `unit: percent`, or `as: difference`")
        faults.mark(
            frame.index.to_numpy(), values <= -1, column, lambda i: f"return {values[i]:.10g}", advice
        )


def _names(frame: pd.DataFrame, column: str, faults: Faults) -> pd.Series[Any]:
    empty = frame[column].isna().to_numpy()
    advice = ("the asset's name in every row", "fill the cell")
    faults.mark(frame.index.to_numpy(), empty, column, lambda _: "the cell is empty", advice)
    return frame[column].astype("str").str.strip()


def _check_range(frame: pd.DataFrame, column: str, found: dict[str, Array], faults: Faults) -> None:
    high, low = found["high"], found["low"]
    faults.mark(
        frame.index.to_numpy(), high < low, column,
        lambda i: f"high {high[i]:.10g} is below low {low[i]:.10g}",
        ("high at or above low", "swap or correct the two prices"),
    )  # fmt: skip


def _check_duplicates(rows: pd.DataFrame, column: str, faults: Faults) -> None:
    twice = rows.duplicated(["path", "asset", "date"]).to_numpy() & rows["date"].notna().to_numpy()
    days = rows["date"].to_numpy()
    advice = ("one row for each date of an asset", "delete one row, or aggregate intraday rows to days")
    faults.mark(
        rows.index.to_numpy(), twice, column,
        lambda i: f"{str(days[i])[:19].removesuffix('T00:00:00')} appears twice for {rows['asset'].iloc[i]}",
        advice,
    )  # fmt: skip


def _widen(found: dict[str, Array]) -> int:
    """Move high and low so that open and close lie between them; return how many bars were moved."""
    top, bottom = np.maximum(found["open"], found["close"]), np.minimum(found["open"], found["close"])
    moved = (found["high"] < top) | (found["low"] > bottom)
    found["high"], found["low"] = (
        np.maximum(np.maximum(found["high"], found["low"]), top),
        np.minimum(np.minimum(found["low"], found["high"]), bottom),
    )
    return int(moved.sum())


def _adjust(found: dict[str, Array], adjusted: Array) -> None:
    factor = adjusted / np.where(found["close"] > 0, found["close"], np.nan)
    for meaning in BARS:
        if meaning in found:
            found[meaning] = found[meaning] * factor
    if "volume" in found:
        shares = found["volume"]
        found["volume"] = shares / np.where(factor > 0, factor, np.nan)
        if np.array_equal(shares, np.rint(shares), equal_nan=True):
            found["volume"] = np.rint(found["volume"])
