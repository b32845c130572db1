"""``Encoding``: what it takes to turn features of one price history into bars again; plain data for JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

import numpy as np
import pyarrow as pa

from finsim.errors import RecordError
from finsim.markets.body_statistics import Body
from finsim.markets.volume_trend import weekdays
from finsim.notation import Dates1D, Float2D, Float3D
from finsim.records.paths import PRICE, bars_schema
from finsim.records.trading_calendar import NYSE, TradingCalendar

_BARS = {
    "close": ("return",),
    "ohlc": ("return", "gap", "upper", "lower"),
    "ohlcv": ("return", "gap", "upper", "lower", "volume"),
}
QUOTED = "+quotes"
FIELDS_OF = {**_BARS, **{f"{kind}{QUOTED}": (*fields, "spread") for kind, fields in _BARS.items()}}


@dataclass(frozen=True)
class Encoding:
    """How features of one price history become bars again.

    * ``kind``: ``close``, ``ohlc`` (bars without volume) or ``ohlcv``, with ``+quotes`` where there are bid
      and ask; ``channels``: ``ASSET.field`` names.
    * ``first_close``, ``last_close``: per asset, the closes before the first feature row and at the end.
    * ``shadow_scale``: per asset, mean positive upper and lower shadow (log units).
    * ``volume_knots`` (history rows) and ``volume_anchors`` (per asset, median log(1 + V) around each knot):
      the slow trend, linear between knots and flat beyond them.
    * ``volume_weekdays``: per asset, what a weekday, Monday first, adds to that trend; empty for nothing.
    * ``series``: what each asset is (records.paths.KINDS; empty: all are prices); ``calendar``: when there
      are bars; ``large_volume``: whether volumes are float64, as they go beyond int64 or are no whole
      numbers; ``volume_decimals``: to how many decimals these are then made, 0 where they are not rounded.
    * ``origin``: the history row that row 0 of decoded features follows; the last one unless ``replay``.
    """

    assets: tuple[str, ...]
    kind: str
    channels: tuple[str, ...]
    first_close: tuple[float, ...]
    last_close: tuple[float, ...]
    shadow_scale: tuple[tuple[float, float], ...]
    volume_knots: tuple[float, ...]
    volume_anchors: tuple[tuple[float, ...], ...]
    origin: int
    last_date: str
    body: Body
    series: tuple[str, ...] = ()
    calendar: TradingCalendar = NYSE
    large_volume: bool = False
    volume_decimals: int = 0
    volume_weekdays: tuple[tuple[float, ...], ...] = ()

    @property
    def fields(self) -> tuple[str, ...]:
        """Fields of one asset, in channel order."""
        return FIELDS_OF[self.kind]

    @property
    def schema(self) -> pa.Schema:
        """The schema of the tables of decoded bars."""
        return bars_schema(self.calendar, self.series, "spread" in self.fields, self.large_volume)

    def where(self, *kinds: str) -> tuple[int, ...]:
        """Return the indices of the assets whose series is of one of ``kinds``."""
        own = self.series or (PRICE,) * len(self.assets)
        return tuple(a for a, kind in enumerate(own) if kind in kinds)

    def split(self, features: Float3D) -> Float3D:
        """Return features [N, T, C] as a view [N, T, A, fields]."""
        return features.reshape(*features.shape[:2], len(self.assets), len(self.fields))

    def volume_trend(self, steps: int, dates: Dates1D | None = None) -> Float2D:
        """Return the trend of log(1 + V) for rows 0..steps-1 of decoded features: float64[steps, A].

        With the weekdays of ``dates``, where there are any.
        """
        rows = self.origin + 1.0 + np.arange(steps)
        found = np.stack([np.interp(rows, self.volume_knots, row) for row in self.volume_anchors], axis=1)
        if dates is None or not self.volume_weekdays:
            return found
        return np.asarray(found + np.array(self.volume_weekdays)[:, weekdays(dates)].T)

    def replay(self) -> Encoding:
        """Return the encoding that decodes the history's own features to the history itself."""
        return replace(self, origin=0, last_close=self.first_close)

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON; what is as in daily prices of an exchange is not said."""
        data = asdict(self)
        unsaid = {field.name for field in fields(self) if getattr(self, field.name) == field.default}
        unsaid |= set() if self.body.spread_elasticity else {"spread_elasticity"}
        data["body"] = {name: value for name, value in data["body"].items() if name not in unsaid}
        return {name: value for name, value in data.items() if name not in unsaid}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Encoding:
        """Restore an encoding from ``to_dict`` or its JSON; raises RecordError when keys do not fit."""
        facts = {name: _tuples(value) for name, value in data.items() if name not in ("body", "calendar")}
        try:
            body = Body(**{name: _tuples(value) for name, value in data["body"].items()})
            calendar = TradingCalendar.from_dict(data["calendar"]) if "calendar" in data else NYSE
            found = cls(body=body, calendar=calendar, **facts)
            _refuse_impossible(found)
        except (TypeError, KeyError, ValueError) as bad:
            raise RecordError(
                f"this is not a market encoding: {bad}",
                expected="the data of Encoding.to_dict",
                remedy="fit the model again with this version",
            ) from None
        return found


def _refuse_impossible(found: Encoding) -> None:
    """Raise ValueError for numbers that no fit gives: a scale of zero, a price below it, an asset too few.

    A card can be edited and signed again; such numbers would be divided by, or drawn with, further on.
    """
    size = len(found.assets)
    closes = np.array([found.first_close, found.last_close], np.float64)
    scales, sigma = np.array(found.shadow_scale, np.float64), np.array(found.body.sigma, np.float64)
    if (closes.shape, scales.shape, sigma.shape) != ((2, size), (size, 2), (size,)):
        raise ValueError(f"closes, shadow_scale or sigma are not those of {size} assets")
    above = {"closes": closes[:, found.where(PRICE)], "shadow_scale": scales}
    for name, numbers in {**above, "sigma": sigma}.items():
        if not np.isfinite(numbers).all() or (numbers <= 0 if name in above else numbers < 0).any():
            raise ValueError(f"{name} {numbers.tolist()}, of which some are too low or no numbers")


def _tuples(value: Any) -> Any:
    return tuple(_tuples(item) for item in value) if isinstance(value, list | tuple) else value
