"""Rows of several assets -> one panel of bars on common dates, with nothing invented where one is missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from finsim.errors import DataError
from finsim.notation import Array, Bool2D, Dates1D
from finsim.records.paths import FIELDS, QUOTES

LEAST_ROWS = 60
LARGEST = 9.2e18
"""Volumes beyond it do not fit int64 and stay float64, as those that are no whole numbers do."""


@dataclass(frozen=True)
class Panel:
    """Bars of one path: dates [T], columns [1, T, A] with NaN where an asset is not listed, and counts.

    ``dropped`` counts the rows of each asset on dates that another listed asset does not have.
    """

    rows: Mapping[str, int]

    assets: tuple[str, ...]
    dates: Dates1D
    columns: Mapping[str, Array]
    dropped: Mapping[str, int]

    @property
    def there(self) -> Bool2D:
        """Which asset has a bar on which date: bool[T, A]."""
        found: Bool2D = np.isfinite(self.columns["close"][0])
        return found


def panel(pieces: Mapping[str, pd.DataFrame], place: str) -> Panel:
    """Stack assets, each a frame with ``date`` and bar fields in order of time, on the dates they share.

    A date is kept when every asset that is listed then has a bar on it; before its first and after its last
    bar an asset is NaN. Raises DataError when fewer than 60 dates hold all assets.
    """
    own = {asset: _times(piece) for asset, piece in pieces.items()}
    every = np.unique(np.concatenate(list(own.values())))
    places = {asset: np.searchsorted(every, dates) for asset, dates in own.items()}
    there = np.zeros((len(every), len(own)), dtype=bool)
    kept = np.ones(len(every), dtype=bool)
    for a, at in enumerate(places.values()):
        there[at, a] = True
        listed = slice(at[0], at[-1] + 1)
        kept[listed] &= there[listed, a]
    _check_length(int((there.all(axis=1) & kept).sum()), own, place)
    dropped = {asset: int((~kept[at]).sum()) for asset, at in places.items()}
    names = [name for name in (*FIELDS, *QUOTES) if name in next(iter(pieces.values()))]
    columns = {name: np.full((1, len(every), len(own)), np.nan) for name in names}
    for a, (asset, piece) in enumerate(pieces.items()):
        for name in names:
            columns[name][0, places[asset], a] = piece[name].to_numpy()
    columns = {name: values[:, kept] for name, values in columns.items()}
    if "volume" in columns:
        columns["volume"] = whole_volume(columns["volume"])
    rows = {asset: len(dates) for asset, dates in own.items()}
    return Panel(rows, tuple(pieces), every[kept], columns, dropped)


def whole_volume(volume: Array) -> Array:
    """Return volumes as int64, or as float64 where one is missing, too large or no whole number."""
    whole = np.rint(volume)
    # Products of whole numbers and ratios are whole but for their last bits.
    if np.max(volume, initial=0.0) > LARGEST or not (np.abs(volume - whole) <= 1e-12 * whole).all():
        return volume
    return np.asarray(whole.astype(np.int64))


def many_paths(rows: pd.DataFrame, place: str) -> tuple[tuple[str, ...], Dates1D, dict[str, Array], int]:
    """Stack finsim's own bars, which hold the same dates and assets in every path.

    Returns assets, dates, columns [N, T, A] and the number of the first path. Raises DataError for gaps.
    """
    assets = tuple(str(name) for name in rows["asset"].unique())
    order = pd.Categorical(rows["asset"], categories=list(assets)).codes
    rows = rows.assign(order=order).sort_values(["path", "date", "order"], kind="stable")
    dates = np.unique(_times(rows))
    numbers_of = np.unique(rows["path"].to_numpy().astype(np.int64))
    shape = (len(numbers_of), len(dates), len(assets))
    if len(rows) != shape[0] * shape[1] * shape[2] or np.any(np.diff(numbers_of) != 1):
        raise DataError(
            f"{len(rows)} rows", place=place,
            expected=f"{shape[0]} paths x {shape[1]} dates x {shape[2]} assets, paths numbered without gaps",
            remedy="keep every asset and date of every path, or write one path in the long layout",
        )  # fmt: skip
    _check_length(len(dates), {"every path": dates}, place)
    names = [name for name in (*FIELDS, *QUOTES) if name in rows]
    columns: dict[str, Array] = {name: rows[name].to_numpy().reshape(shape) for name in names}
    if "volume" in columns:
        columns["volume"] = whole_volume(columns["volume"])
    return assets, dates, columns, int(numbers_of[0])


def _times(rows: pd.DataFrame) -> Dates1D:
    """Return the date column: datetime64[ns] for instants; pandas keeps days in seconds."""
    values = rows["date"].to_numpy()
    return values if values.dtype == np.dtype("datetime64[ns]") else values.astype("datetime64[D]")


def _check_length(common: int, dates: Mapping[str, Any], place: str) -> None:
    if common >= LEAST_ROWS:
        return
    shortest = sorted(dates.items(), key=lambda item: len(item[1]))[:6]
    spans = "; ".join(
        f"{asset} {len(own)} rows, {_day(own[0])} to {_day(own[-1])}" for asset, own in shortest
    )
    several = len(dates) > 1
    raise DataError(
        f"{common} dates{' that all assets have' if several else ''} ({spans})",
        place=place,
        expected=f"at least {LEAST_ROWS}",
        remedy="delete the assets with short histories" if several else "give a longer history",
    )


def _day(instant: np.datetime64) -> str:
    return str(instant).removesuffix("T00:00:00.000000000")
