"""zipline csvdir: a CSV for each asset of one path, laid on past sessions of the New York exchange.

Reader: zipline-reloaded ``data/bundles/csvdir.py``. Its calendar ends a year after today, so a path into the
future must be laid on sessions that it knows.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from finsim.errors import StudyError
from finsim.exports.bars.bar_source import PRICES, Bars, file_names
from finsim.exports.bars.csv_columns import append, date_texts
from finsim.exports.export_format import Export
from finsim.records.trading_calendar import NYSE

LARGEST = 2**32 - 1
"""Prices are stored as whole thousandths and volumes as whole shares, in 32 bits."""
_KNOWN_AHEAD = timedelta(days=360)


def write(bars: Bars, folder: Path) -> None:
    """Write ``zipline/daily/<ASSET>.csv``: date, open, high, low, close, volume, dividend, split.

    Raises StudyError for bars that are no daily sessions, without a first day, for sessions that zipline's
    calendar does not know yet, and for prices or volumes that it cannot store.
    """
    _require(bars)
    home = folder / "zipline" / "daily"
    home.mkdir(parents=True)
    names = file_names(bars.assets)
    for asset, frame in bars.each(bars.one()):
        if len(frame) < len(bars.paths.dates):
            raise bars.refused(f"{asset} has no bar on some days", "a bar of every asset in every session")
        if frame["volume"].max() > LARGEST or frame[list(PRICES)].to_numpy().max() * 1000 > LARGEST:
            raise bars.refused(
                f"{asset} has a price or volume that zipline cannot store",
                f"prices up to {LARGEST / 1000:,.0f}, volumes up to {LARGEST:,}",
            )
        shares = np.rint(frame["volume"]).astype(np.int64)
        told = {str(name): frame[name] for name in frame} | {"volume": shares}
        dates = date_texts(bars, pd.DatetimeIndex(frame.index))
        none = {"dividend": np.zeros(len(frame)), "split": np.ones(len(frame))}
        with (home / f"{names[asset]}.csv").open("wb") as file:
            append(file, {"date": dates, **told, **none})


def _require(bars: Bars) -> None:
    bars.require_prices()
    if bars.paths.calendar != NYSE:
        raise bars.refused(
            f"{bars.paths.calendar.adjective} bars of another calendar", "sessions of the NYSE"
        )
    if bars.from_date is None:
        raise StudyError(
            "no day to lay the path on", place="export: from_date",
            expected="a day in the past: zipline knows no sessions after the next year",
            remedy="write from_date=2012-01-03",
        )  # fmt: skip
    last = pd.Timestamp(bars.index()[-1]).date()
    limit = datetime.now(tz=UTC).date() + _KNOWN_AHEAD
    if last > limit:
        start = np.busday_offset(np.datetime64(limit), -len(bars.paths.dates) - 15, roll="backward")
        raise StudyError(
            f"the last session would be {last}", place="export: from_date",
            expected=f"sessions up to {limit}",
            remedy=f"write from_date={start}",
        )  # fmt: skip


EXPORT = Export(
    name="zipline",
    summary="zipline csvdir: a CSV for each asset of one path, laid on past sessions",
    write=write,
    options=("scenario", "path", "from_date"),
)
