"""``Paths``: joint bar paths of several assets, real (one path) or synthetic (many)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, overload

import numpy as np
import pandas as pd
import pyarrow as pa

from finsim.call_errors import public
from finsim.errors import RecordError, did_you_mean
from finsim.notation import Array, Dates1D, Float3D
from finsim.records.batched_rows import BatchedRows
from finsim.records.columns import DAY, INTERNAL, KEY, STORED_INSTANT, TEXT, column
from finsim.records.display.card import Card
from finsim.records.display.fact_words import counted, percent, span
from finsim.records.figures.mean_path import mean_path
from finsim.records.frames.money_units import Unit, checked_unit
from finsim.records.frames.price_frames import (
    SHAPES,
    BarArrays,
    backtesting_frames,
    close_frame,
    wide_frames,
)
from finsim.records.trading_calendar import NYSE, TradingCalendar

FIELDS = ("open", "high", "low", "close", "volume")
QUOTES = ("bid", "ask")
PRICE, DIFFERENCE, RETURN = "price", "difference", "return"
KINDS = (PRICE, DIFFERENCE, RETURN)
"""What a series is: a price above zero; a level whose changes count and which may be negative, such as a
yield or a spread; or returns themselves."""

_METADATA = b"finsim.bars"
_PATH = "number of the joint path, from 0; all assets of a path belong together"
_DATE = "session of the history's calendar: NYSE days, every day, weeks, months"
_VOLUME = "shares traded, 0 throughout when the price file has no volume"
_PRICES = [
    column("open", pa.float64(), "first price, on the adjusted scale of the price file", "price"),
    column("high", pa.float64(), "highest price, at least open and close", "price"),
    column("low", pa.float64(), "lowest price, above 0, at most open and close", "price"),
    column("close", pa.float64(), "last price", "price"),
]
_QUOTES = [
    column("bid", pa.float64(), "best bid at the close", "price"),
    column("ask", pa.float64(), "best offer at the close, above the bid", "price"),
]
_TAGS = [
    column(
        "_fs_src",
        pa.uint8(),
        "0 body generator, 3 moved by the scenario, 4 repaired by a rule",
        role=INTERNAL,
    ),
    column("_fs_seq", pa.uint32(), "path number", role=INTERNAL),
]


def bars_schema(
    calendar: TradingCalendar = NYSE, kinds: tuple[str, ...] = (), quotes: bool = False, large: bool = False
) -> pa.Schema:
    """Return the schema of a bars table; that of daily prices of an exchange is BARS_SCHEMA.

    ``date`` is a day without a zone; intraday bars have a timestamp in UTC, ``quotes`` add bid and ask,
    ``large`` volumes are float64. Calendar and kinds other than the usual ones are kept as metadata.
    """
    keys = [
        column("path", pa.int32(), _PATH, role=KEY),
        column("date", STORED_INSTANT if calendar.is_intraday else DAY, _DATE),
        column("asset", TEXT, "name of the asset in the price file", role=KEY),
    ]
    volume = [column("volume", pa.float64() if large else pa.int64(), _VOLUME, "shares")]
    both = _QUOTES if quotes else []
    facts: dict[str, Any] = {} if calendar == NYSE else {"calendar": calendar.to_dict()}
    facts |= {"kinds": list(kinds)} if set(kinds) - {PRICE} else {}
    text = {_METADATA: json.dumps(facts, sort_keys=True).encode()} if facts else None
    return pa.schema([*keys, *_PRICES, *volume, *both, *_TAGS], metadata=text)


BARS_SCHEMA = bars_schema()
"""The schema of daily prices of an exchange."""


@dataclass(frozen=True, repr=False)
class Paths(BatchedRows):
    """Bars of N paths, T dates and A assets.

    ``columns[field]`` is [N, T, A]: float64 prices in the asset's currency, int64 volume in shares
    (float64 beyond int64, or of coins), float64 closing ``bid`` and ``ask``. ``close`` is always there; the
    other fields may be missing. A history may hold NaN before an asset's first and after its last bar.
    ``dates`` are datetime64[D], or datetime64[ns] in UTC for bars within a day. ``first_path`` numbers
    the paths; ``source`` is the code of the layer that made them (see provenance.tags). ``kinds`` says of
    each asset what its series is (KINDS; empty: all are prices), ``calendar`` when there are bars.
    ``len``, ``head``, ``column_names``, ``to_pandas``, ``to_polars`` and the Arrow stream are of the long
    table: one row a path, date and asset. Raises RecordError when shapes disagree or dates do not increase.

    Example:
        >>> import finsim, numpy as np
        >>> days = np.array(["2026-01-02", "2026-01-05"], dtype="datetime64[D]")
        >>> paths = finsim.Paths(("IBM",), days, {"close": np.array([[[10.0], [11.0]]])})
        >>> paths.frames("vectorbt").shape
        (2, 1)

    """

    assets: tuple[str, ...]
    dates: Dates1D
    columns: Mapping[str, Array]
    first_path: int = 0
    source: int = 0
    kinds: tuple[str, ...] = ()
    calendar: TradingCalendar = NYSE

    def __post_init__(self) -> None:
        """Check shapes, field names, kinds and the order of dates."""
        known = (*FIELDS, *QUOTES)
        whole = set(QUOTES) <= set(self.columns) or not set(QUOTES) & set(self.columns)
        if "close" not in self.columns or not set(self.columns) <= set(known) or not whole:
            raise RecordError(f"bar columns {sorted(self.columns)}", expected=f"close and any of {known}")
        shape = self.columns["close"].shape
        if len(shape) != 3 or shape[1:] != (len(self.dates), len(self.assets)):
            raise RecordError(f"close has shape {shape}", expected="[paths, dates, assets]")
        for name, values in self.columns.items():
            if values.shape != shape:
                raise RecordError(f"{name} has shape {values.shape}", expected=str(shape))
        if len(set(self.assets)) != len(self.assets):
            raise RecordError(f"an asset is listed twice in {self.assets}", expected="each asset once")
        if len(self.dates) > 1 and not np.all(np.diff(self.dates).astype(np.int64) > 0):
            raise RecordError("dates do not increase", remedy="sort the rows and drop duplicates")
        if self.kinds and (len(self.kinds) != len(self.assets) or set(self.kinds) - set(KINDS)):
            raise RecordError(f"kinds {self.kinds}", expected=f"one of {KINDS} for each asset")

    @property
    def close(self) -> Float3D:
        """Closing prices, float64[N, T, A]."""
        return self.columns["close"]

    @property
    def count(self) -> int:
        """Number of paths."""
        return int(self.close.shape[0])

    @property
    def is_ohlcv(self) -> bool:
        """Whether all five bar fields are present."""
        return set(FIELDS) <= set(self.columns)

    @property
    def has_quotes(self) -> bool:
        """Whether closing bids and offers are present."""
        return set(QUOTES) <= set(self.columns)

    def where(self, *kinds: str) -> tuple[int, ...]:
        """Return the indices of the assets whose series is of one of ``kinds``."""
        own = self.kinds or (PRICE,) * len(self.assets)
        return tuple(a for a, kind in enumerate(own) if kind in kinds)

    def returns(self) -> Float3D:
        """Return the moves of each asset from bar to bar: float64[N, T-1, A].

        Log returns of prices and of returns, differences of levels.
        """
        if not set(self.kinds) - {PRICE}:
            return np.diff(np.log(self.close), axis=1)
        moves = np.diff(self.close, axis=1)
        for asset in self.where(PRICE):
            moves[..., asset] = np.diff(np.log(self.close[..., asset]), axis=1)
        for asset in self.where(RETURN):
            moves[..., asset] = np.log1p(self.close[:, 1:, asset])
        return moves

    def relative(self) -> Float3D:
        """Return each close against the first: float64[N, T, A].

        The ratio of prices, the growth that returns make of 1, and the change of a level.
        """
        if not set(self.kinds) - {PRICE}:
            return np.asarray(self.close / self.close[:, :1])
        moves = np.concatenate([np.zeros_like(self.close[:, :1]), self.returns()], axis=1)
        found = np.cumsum(moves, axis=1)
        grown = list(self.where(PRICE, RETURN))
        found[..., grown] = np.exp(found[..., grown])
        return np.asarray(found)

    @property
    def schema(self) -> pa.Schema:
        """The schema of the table of these bars."""
        large = "volume" in self.columns and self.columns["volume"].dtype.kind == "f"
        return bars_schema(self.calendar, self.kinds, self.has_quotes, large)

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Yield one Arrow batch per path in the order of ``schema`` (path, date, asset)."""
        schema = self.schema
        steps, assets = len(self.dates), len(self.assets)
        date = pa.array(np.repeat(self.dates.astype("datetime64[us]"), assets)).cast(
            schema.field("date").type
        )
        codes = pa.array(np.tile(np.arange(assets, dtype=np.int32), steps))
        asset = pa.DictionaryArray.from_arrays(codes, pa.array(self.assets, pa.string()))
        fields = [name for name in (*FIELDS, *QUOTES) if name in schema.names]
        for i in range(self.count):
            path = pa.array(np.full(steps * assets, self.first_path + i, dtype=np.int32))
            bars = [pa.array(self._flat(name, i)) for name in fields]
            tags = [
                pa.array(np.full(steps * assets, self.source, dtype=np.uint8)),
                pa.array(np.full(steps * assets, self.first_path + i, dtype=np.uint32)),
            ]
            yield pa.RecordBatch.from_arrays([path, date, asset, *bars, *tags], schema=schema)

    def _flat(self, name: str, path: int) -> Array:
        if name in self.columns:
            return np.ascontiguousarray(self.columns[name][path]).ravel()
        if name == "volume":
            return np.zeros(self.close[path].size, dtype=np.int64)
        return np.ascontiguousarray(self.close[path]).ravel()

    def __len__(self) -> int:
        """Return the number of bars: paths x dates x assets."""
        return int(self.close.size)

    @public
    def to_pandas(self, *, money: Unit = "cents", internal: bool = False) -> pd.DataFrame:
        """Return the bars in long form, one row a path, date (datetime64[ns]) and asset (category).

        Prices are always float64 in units of currency, never minor units: ``money`` changes nothing here.
        ``internal`` adds the columns ``_fs_*``. Raises RecordError for another ``money``.
        """
        return self._framed(self.to_table(), checked_unit(money), internal)

    @overload
    def frames(
        self, shape: Literal["wide"], assets: Sequence[str] | None = None
    ) -> dict[int, pd.DataFrame]: ...

    @overload
    def frames(
        self, shape: Literal["long", "vectorbt"], assets: Sequence[str] | None = None
    ) -> pd.DataFrame: ...

    @overload
    def frames(
        self, shape: Literal["backtesting"], assets: Sequence[str] | None = None
    ) -> dict[tuple[int, str], pd.DataFrame]: ...

    @public
    def frames(
        self, shape: str, assets: Sequence[str] | None = None
    ) -> pd.DataFrame | dict[int, pd.DataFrame] | dict[tuple[int, str], pd.DataFrame]:
        """Return the bars in the shape that a library reads; dates are datetime64[ns], ascending.

        * ``"wide"``: {path: dates x (field, asset)}; ``frame["close"]`` is dates x assets, for skfolio.
        * ``"long"``: one row a path, date and asset, as ``to_pandas``.
        * ``"backtesting"``: {(path, asset): Open High Low Close Volume by date}, for backtesting.py.
        * ``"vectorbt"``: closes as dates x (path, asset).

        ``assets`` keeps some of the assets. Raises RecordError for an unknown shape or asset, and for
        ``"backtesting"`` when bars are closes alone or a series is not a price.
        """
        if shape not in SHAPES:
            raise RecordError(
                f"shape {shape!r}", expected=" or ".join(SHAPES), remedy=did_you_mean(str(shape), SHAPES)
            )
        kept = self if assets is None else self.keeping(assets)
        if shape == "long":
            return kept.to_pandas()
        arrays = BarArrays(
            np.arange(kept.first_path, kept.first_path + kept.count), kept.assets, kept.dates, kept.columns
        )
        if shape == "wide":
            return wide_frames(arrays)
        if shape == "vectorbt":
            return close_frame(arrays)
        others = [kept.assets[a] for a in kept.where(DIFFERENCE, RETURN)]
        if others:
            raise RecordError(
                f"not prices: {', '.join(others)}",
                place='frames("backtesting")',
                expected="series that are prices",
                remedy="name the assets to trade with assets=[...]",
            )
        return backtesting_frames(arrays)

    def keeping(self, assets: Sequence[str]) -> Paths:
        """Return the paths of some of the assets, in the given order; raises RecordError for unknown ones."""
        named = [assets] if isinstance(assets, str) else list(assets)
        unknown = [name for name in named if name not in self.assets]
        if unknown or not named:
            found = f"no asset {unknown[0]!r}" if unknown else "no asset is named"
            raise RecordError(found, remedy=did_you_mean(str((unknown or [""])[0]), self.assets))
        places = [self.assets.index(name) for name in named]
        columns = {name: values[..., places] for name, values in self.columns.items()}
        kinds = tuple(self.kinds[a] for a in places) if self.kinds else ()
        return replace(self, assets=tuple(named), columns=columns, kinds=kinds)

    def card(self) -> Card:
        """Return size, assets, period, calendar, fields and kinds, and the mean move of prices."""
        sizes = (
            counted(self.count, "path"),
            f"{len(self.dates):,} {self.calendar.adjective} bars",
            counted(len(self.assets), "asset"),
        )
        others = tuple(
            f"{asset} {kind}" for asset, kind in zip(self.assets, self.kinds, strict=False) if kind != PRICE
        )
        line = self._curve()
        move = f"{percent(line[-1] - 1, signed=True)} from the first bar to the last" if line else ""
        numbers = f"{self.first_path:,} to {self.first_path + self.count - 1:,}"
        days = "NYSE sessions" if self.calendar == NYSE else f"{self.calendar.adjective} bars"
        facts = (
            ("period", span(self.dates[0], self.dates[-1]) if len(self.dates) else ""),
            ("calendar", days),
            ("assets", self.assets),
            ("fields", tuple(self.columns)),
            ("kinds", (*others, "the rest prices") if self.where(PRICE) and others else others),
            ("numbers", numbers if self.first_path else ""),
            ("mean move", move),
        )
        return Card(f"Paths: {' x '.join(sizes)}", facts, "", "mean path, first bar = 1")

    def _curve(self) -> Sequence[float]:
        return [float(value) for value in mean_path(self.close, self.where(PRICE))]


def from_table(table: pa.Table) -> Paths:
    """Build Paths from a long table with the columns of ``Paths.schema``, ordered by path, date, asset.

    Fields that say nothing, an open, high and low that repeat the close everywhere and a volume of zero
    throughout, are left out: that is how closes alone are stored. Paths are numbered without gaps.
    Raises RecordError for an empty table, and when a path does not hold every date and asset in this order.
    """
    if table.num_rows == 0:
        raise RecordError("a table of bars without rows", remedy="write at least one path")
    path = table["path"].to_numpy()
    codes, assets = pd.factorize(table["asset"].cast(pa.string()).to_numpy())
    intraday = getattr(table.schema.field("date").type, "tz", None) is not None
    date = table["date"].cast(pa.timestamp("us")).cast(pa.int64()).to_numpy()
    dates = date[path == path[0]][:: len(assets)]
    shape = (-(-table.num_rows // (len(dates) * len(assets))), len(dates), len(assets))
    first = int(path[0])
    expected = np.indices(shape).reshape(3, -1)[:, : table.num_rows]
    for name, values, wanted in (
        ("path", path, first + expected[0]),
        ("date", date, dates[expected[1]]),
        ("asset", codes, expected[2]),
    ):
        wrong = np.flatnonzero(values != wanted)
        if wrong.size or np.prod(shape) != table.num_rows:
            row = int(wrong[0]) if wrong.size else table.num_rows
            raise RecordError(
                f"{name} breaks the order of the bars",
                place=f"row {row}",
                expected=f"every path with the same {len(dates)} dates and {len(assets)} assets",
                remedy="sort by path, date and asset; fill or drop days on which an asset is missing",
            )
    names = [name for name in (*FIELDS, *QUOTES) if name in table.column_names]
    columns = {name: table[name].to_numpy().reshape(shape) for name in names}
    source = table["_fs_src"][0].as_py() if "_fs_src" in table.column_names else 0
    calendar, kinds = facts_of(table.schema)
    instants = dates.astype("datetime64[us]").astype("datetime64[ns]" if intraday else "datetime64[D]")
    return Paths(tuple(assets), instants, _telling(columns), first, source, kinds, calendar)


def facts_of(schema: pa.Schema) -> tuple[TradingCalendar, tuple[str, ...]]:
    """Return the calendar and the kinds that a bars table carries as metadata."""
    facts = json.loads((schema.metadata or {}).get(_METADATA, b"{}"))
    calendar = TradingCalendar.from_dict(facts["calendar"]) if "calendar" in facts else NYSE
    return calendar, tuple(facts.get("kinds", ()))


def _telling(columns: dict[str, Array]) -> dict[str, Array]:
    """Leave out prices that only repeat the close and a volume of zero throughout."""
    close = columns["close"]
    copies = [name for name in FIELDS[:3] if name in columns and np.array_equal(columns[name], close)]
    silent = ["volume"] if "volume" in columns and not columns["volume"].any() else []
    left_out = {*silent, *(copies if len(copies) == len(FIELDS[:3]) else [])}
    return {name: values for name, values in columns.items() if name not in left_out}
