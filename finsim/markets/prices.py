"""Read any user's prices: long bars, a panel, quotes, levels, returns, vendor exports, finsim's own bars."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from finsim.call_errors import public
from finsim.errors import DataError, RecordError
from finsim.markets.listing import cut
from finsim.markets.reading.file_problems import Faults
from finsim.markets.reading.panels import many_paths, panel
from finsim.markets.reading.price_rows import (
    FIRST_SYNTHETIC_DATE,
    one_set_of_fields,
    panel_pieces,
    rows_of,
    vendor_pieces,
)
from finsim.markets.reading.price_table import (
    PriceTable,
    SchemaSource,
    as_schema,
    read_price_table,
    stored_facts,
)
from finsim.markets.reading.remarks import remarks, spans_of
from finsim.notation import Dates1D
from finsim.records.calendar_detection import calendar_of
from finsim.records.paths import DIFFERENCE, PRICE, Paths, from_table
from finsim.records.trading_calendar import NYSE, TradingCalendar
from finsim.tables import open_table, schema_remedy
from finsim.tables.endings import ending_of
from finsim.tables.sources.opening import stored_schema

__all__ = ["Prices", "SchemaSource", "as_schema", "describe", "prices_from_pandas", "read_prices"]


@dataclass(frozen=True, repr=False)
class Prices(Paths):
    """Paths read from a file; ``notes`` says what was found and done, and is plain data for JSON.

    Keys: ``file``, ``layout``, ``rows``, ``adjusted`` (by adjusted close), ``synthetic_dates``,
    ``dropped_rows`` (per asset, dates that not all assets have), ``listed`` (per asset, first and last date
    and bars, where they differ), ``widened_bars`` (open or close lay outside high-low, so high or low was
    moved), ``without_volume``, ``locked_rows`` (bid equals ask), ``step``, ``remarks`` (sentences: splits,
    holes, still columns, assets listed later). The dates are those that all assets have; ``whole`` holds
    all of them where assets were listed later or delisted earlier, NaN where an asset has no bar
    (``finsim.markets.listing.complete`` learns from it).
    """

    notes: Mapping[str, Any] = field(default_factory=dict)
    whole: Paths | None = None


@public
def read_prices(source: Any, layout: str | None = None, *, schema: SchemaSource = None) -> Prices:
    """Read prices of any step: one path, or many for finsim's own bars.

    ``source`` is a CSV (plain, gz, zst), Parquet, Arrow or DuckDB file, a DataFrame, or an Arrow C stream.
    ``layout`` is ``long``, ``wide``, ``timegan`` or ``bars``; None finds it from the header. ``schema``
    declares columns (type, unit, format, role, what the series is) and how text is written. With an
    adjusted close O, H, L, C are multiplied by AdjClose / Close and volume is divided by it. Of bid and ask
    bars the middle is kept with the closing bid and ask.

    Args:
        source: file, DataFrame, Arrow or polars table.
        layout: of the columns; found when left out.
        schema: a schema file or a Schema.

    Returns:
        Prices: Paths with ``notes`` on what was found.

    Raises:
        DataError: with every fault: file:line, row, column and remedy.

    Example:
        >>> import finsim
        >>> finsim.read_prices(finsim.example_data("wiki_aapl_ibm_2000_2013")).assets
        ('AAPL', 'IBM')

    """
    if isinstance(source, pd.DataFrame):
        source = _with_index(source)
    is_file = isinstance(source, str | Path)
    place = str(source) if is_file else "data frame"
    if stored_facts(source)[1]:
        return _own_bars(source, place)
    table = read_price_table(source, place, layout, as_schema(schema))
    faults = Faults(place, table.source)
    name = stem(Path(place))
    notes: dict[str, Any] = {
        "file": Path(place).name if is_file else place,
        "layout": table.columns.layout,
        "rows": len(table.frame),
    }
    if table.columns.layout == "bars":
        return _many(rows_of(table, name, faults, notes), table, notes, source)
    if table.columns.layout == "wide":
        pieces = panel_pieces(table, faults)
    elif table.columns.layout == "vendor":
        pieces = vendor_pieces(table, faults, notes)
    else:
        if table.columns.date is None:
            _refuse_unused_words(table)
        rows = rows_of(table, name, faults, notes)
        pieces = {
            str(asset): piece.drop(columns=["asset", "path"])
            for asset, piece in rows.groupby("asset", sort=False)
        }
        notes["adjusted"] = table.columns.adjusted is not None
        notes["synthetic_dates"] = table.columns.date is None
    one_set_of_fields(pieces, place)
    return _one(pieces, table, notes)


_NUMBER = re.compile(r"[-+]?[\d.,' ]*(?:[eE][-+]?\d+)?")


def _refuse_unused_words(table: PriceTable) -> None:
    """Raise DataError for rows without dates beside columns of words that nothing reads.

    Such words are dates or names of assets in a language that is not known here: to make up days, and to lay
    several assets end to end, would be wrong without a sign.
    """
    used = set(table.frame)
    first = next(iter(table.source.batches(rename=False)), None)
    words: list[str] = []
    if first is None:
        return
    for header in table.source.headers:
        cells = first.column(table.source.headers.index(header)).drop_null()
        cell = cells[0].as_py() if len(cells) else None
        is_number = not isinstance(cell, str) or _NUMBER.fullmatch(cell.strip()) is not None
        if header not in used and not is_number:
            words.append(header)
    if words:
        listed = ", ".join(map(repr, words[:5]))
        raise DataError(
            f"no column of dates was found, and {listed} {'is' if len(words) == 1 else 'are'} not read",
            place=table.place,
            expected="a column of dates, and one of names where the rows are of several assets",
            remedy=f"declare them with `role: date` and `role: ticker`: {schema_remedy(table.place)}",
        )


def _undated(table: PriceTable) -> str:
    """Say that days were made up, and which columns might have held them."""
    used = set(table.frame)
    others = [header for header in table.source.headers if header not in used]
    hint = (
        f" ({', '.join(map(repr, others[:5]))} not used; declare the one of dates: `role: date`)"
        if others
        else ""
    )
    return (
        f"No column of dates was found{hint}: the bars are taken to be of days, the weekdays from "
        f"{FIRST_SYNTHETIC_DATE} on."
    )


def prices_from_pandas(
    frame: pd.DataFrame, layout: str | None = None, *, schema: SchemaSource = None
) -> Prices:
    """Return the prices of a DataFrame, in any layout and with any checks of ``read_prices``.

    A named index becomes a column. Raises DataError with every fault: row, column and remedy.
    """
    return read_prices(frame, layout, schema=schema)


def _with_index(frame: pd.DataFrame) -> pd.DataFrame:
    named = frame.index.name is not None or isinstance(frame.index, pd.DatetimeIndex)
    name = str(frame.index.name or "date")
    plain = frame.rename_axis(index=name).reset_index() if named else frame
    return plain.reset_index(drop=True)


def stem(path: Path) -> str:
    """Return the file name without its endings: ``prices.csv.gz`` is ``prices``."""
    ending = ending_of(path)
    return path.name[: -len(ending)] if ending else path.stem


def describe(paths: Paths) -> dict[str, Any]:
    """Return what paths hold, as plain data: assets, fields, sessions, dates, volatility, extremes, notes.

    ``volatility`` is the annualised s.d. of the moves (252 sessions, 52 weeks, 12 months ...), ``worst_day``
    and ``best_day`` the extreme bars over all paths, with the date: simple returns, or changes of levels.
    """
    moves = paths.returns()
    flat = np.expm1(moves)
    levels = list(paths.where(DIFFERENCE))
    flat[..., levels] = moves[..., levels]

    def extreme(a: int, place: int) -> dict[str, Any]:
        step = place % flat.shape[1]
        return {"date": str(paths.dates[step + 1]), "return": float(flat[place // flat.shape[1], step, a])}

    assets = {
        asset: {
            "volatility": float(np.nanstd(moves[..., a]) * np.sqrt(paths.calendar.steps_a_year)),
            "worst_day": extreme(a, int(np.nanargmin(flat[..., a]))),
            "best_day": extreme(a, int(np.nanargmax(flat[..., a]))),
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


def _one(pieces: Mapping[str, pd.DataFrame], table: PriceTable, notes: dict[str, Any]) -> Prices:
    found = panel(pieces, table.place)
    calendar = NYSE if table.columns.date is None else _calendar(found.dates, table)
    kinds = _kinds(found.assets, table)
    whole = Paths(found.assets, found.dates, found.columns, kinds=kinds, calendar=calendar)
    common = np.asarray(found.there.all(axis=1))
    notes["dropped_rows"] = {asset: rows - int(common.sum()) for asset, rows in found.rows.items()}
    notes["step"] = calendar.adjective
    undated = [_undated(table)] if notes.get("synthetic_dates") else []
    notes["remarks"] = undated + remarks(whole, found.dropped, notes.get("widened_bars", 0))
    if not common.all():
        notes["listed"] = spans_of(found.dates, whole)
    joint = cut(whole, common)
    return Prices(
        joint.assets, joint.dates, joint.columns, kinds=kinds, calendar=calendar, notes=notes,
        whole=None if common.all() else whole,
    )  # fmt: skip


def _kinds(assets: tuple[str, ...], table: PriceTable) -> tuple[str, ...]:
    if not table.kinds:
        return ()
    if table.columns.layout == "wide":
        by_name = {table.names.get(column, column): kind for column, kind in table.kinds.items()}
        own = tuple(by_name.get(asset, PRICE) for asset in assets)
    else:
        sides = table.columns.sides
        column = table.columns.fields.get("close") or (sides["bid"]["close"] if sides else "")
        own = (table.kind(column),) * len(assets)
    return own if set(own) - {PRICE} else ()


def _calendar(dates: Dates1D, table: PriceTable) -> TradingCalendar:
    zone = (table.date.zone if table.date else "") or table.dialect.zone or "UTC"
    try:
        return calendar_of(dates, zone)
    except RecordError as error:
        problem = error.problems[0]
        raise DataError(
            problem.found,
            place=f"{table.place}, column {table.columns.date}",
            expected=problem.expected,
            remedy=problem.remedy,
        ) from None


def _own_bars(source: Any, place: str) -> Prices:
    """Return finsim's own bars of levels or returns, whose file says which assets are which."""
    try:
        table = _whole(Path(source)) if isinstance(source, str | Path) else source
        paths = from_table(table)
    except (RecordError, pa.ArrowException, KeyError, OSError) as bad:
        raise DataError(
            f"not a whole table of bars: {bad}", place=place, remedy="sample or run again"
        ) from None
    notes = {"file": Path(place).name, "layout": "bars", "rows": table.num_rows, "remarks": [],
             "dropped_rows": dict.fromkeys(paths.assets, 0), "step": paths.calendar.adjective}  # fmt: skip
    return Prices(
        paths.assets, paths.dates, paths.columns, paths.first_path, paths.source, paths.kinds,
        paths.calendar, notes,
    )  # fmt: skip


def _whole(path: Path) -> pa.Table:
    """Return a stored table with all that its file says of it."""
    schema = stored_schema(path)
    return open_table(path, {}).table(rename=False).replace_schema_metadata(schema and schema.metadata)


def _many(rows: pd.DataFrame, table: PriceTable, notes: dict[str, Any], source: Any) -> Prices:
    assets, dates, columns, first = many_paths(rows, table.place)
    calendar, kinds = stored_facts(source)
    if calendar == NYSE:
        calendar = _calendar(dates, table)
    kinds = kinds or _kinds(assets, table)
    notes |= {"dropped_rows": dict.fromkeys(assets, 0), "step": calendar.adjective, "remarks": []}
    return Prices(assets, dates, columns, first, kinds=kinds, calendar=calendar, notes=notes)
