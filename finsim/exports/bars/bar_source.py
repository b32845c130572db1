"""``Bars``: the market paths that a format is given, chosen by its options."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from finsim.errors import StudyError
from finsim.notation import Dates1D
from finsim.records.paths import DIFFERENCE, FIELDS, RETURN, Paths

PRICES = FIELDS[:4]


@dataclass(frozen=True)
class Bars:
    """Market paths, the number of the one that is wanted (None: the format's own choice), and a first day.

    With ``from_date`` the paths are laid on the calendar's own bars from that day on: the same prices,
    other dates. Raises StudyError for a path that is not there and for bars that the format cannot hold.
    """

    paths: Paths
    path: int | None = None
    from_date: date | None = None

    def refuse(self) -> None:
        """Raise StudyError for a path that is not there, before anything is written."""
        first, count = self.paths.first_path, self.paths.count
        if self.path is not None and not first <= self.path < first + count:
            raise StudyError(
                f"no path {self.path}", place="export: path", expected=f"{first} to {first + count - 1}",
                remedy=f"write path={first}",
            )  # fmt: skip

    @property
    def assets(self) -> tuple[str, ...]:
        """The names of the assets."""
        return self.paths.assets

    def index(self) -> pd.DatetimeIndex:
        """Return the dates of the bars as ``datetime64``, in UTC for bars within a day."""
        return pd.DatetimeIndex(self._dates(), tz="UTC" if self.paths.calendar.is_intraday else None)

    def chosen(self) -> range:
        """Return the numbers of the wanted paths: all of them when none is named."""
        first = self.paths.first_path
        return (
            range(first, first + self.paths.count) if self.path is None else range(self.path, self.path + 1)
        )

    def one(self) -> int:
        """Return the number of the one path of a format that holds one: the first when none is named."""
        return self.chosen()[0]

    def frame(self, path: int, field: str) -> pd.DataFrame:
        """Return one field of one path: dates x assets, plain names."""
        values = self.paths.columns[field][path - self.paths.first_path]
        return pd.DataFrame(values, self.index(), list(self.assets))

    def each(self, path: int) -> Iterator[tuple[str, pd.DataFrame]]:
        """Yield asset and its open, high, low, close and volume; days without a bar of it are left out.

        Volume is 0 where the bars have none. Raises StudyError for closes alone.
        """
        if missing := [name for name in PRICES if name not in self.paths.columns]:
            raise self.refused(f"the bars have no {', '.join(missing)}", "open, high, low and close")
        index, place = self.index(), path - self.paths.first_path
        for number, asset in enumerate(self.assets):
            cells = {name: self.paths.columns[name][place, :, number] for name in PRICES}
            volume = self.paths.columns.get("volume")
            cells["volume"] = np.zeros(len(index), np.int64) if volume is None else volume[place, :, number]
            yield asset, pd.DataFrame(cells, index).dropna(subset=list(PRICES))

    def require_prices(self) -> None:
        """Raise StudyError for levels and returns, which a format of prices would take for prices."""
        for kind, word in ((DIFFERENCE, "levels"), (RETURN, "returns")):
            if found := self.paths.where(kind):
                raise self.refused(f"{self.assets[found[0]]} is a series of {word}", "prices above 0")

    def refused(self, found: str, expected: str, remedy: str = "write format='csv'") -> StudyError:
        """Return the error for bars that a format cannot hold."""
        return StudyError(found, place="export: format", expected=expected, remedy=remedy)

    def _dates(self) -> Dates1D:
        if self.from_date is None:
            return self.paths.dates.astype("datetime64[ns]")
        return self.paths.calendar.starting(self.from_date, len(self.paths.dates)).astype("datetime64[ns]")


def file_names(assets: tuple[str, ...]) -> dict[str, str]:
    """Return asset -> the name of its file: letters, digits, ``-`` and ``_``, each name once.

    Readers take what follows a dot for an ending, so a dot becomes ``-``.
    """
    found: dict[str, str] = {}
    for asset in assets:
        stem = "".join(sign if sign.isalnum() or sign in "-_" else "-" for sign in asset) or "asset"
        name, number = stem, 1
        while name.lower() in {one.lower() for one in found.values()}:
            number += 1
            name = f"{stem}-{number}"
        found[asset] = name
    return found
