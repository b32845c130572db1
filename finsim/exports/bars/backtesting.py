"""backtesting.py: a CSV for each asset of one path, with the columns and the index that it takes."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from finsim.exports.bars.bar_source import Bars, file_names
from finsim.exports.bars.csv_columns import append, date_texts
from finsim.exports.export_format import Export


def write(bars: Bars, folder: Path) -> None:
    """Write ``backtesting/<ASSET>.csv``: Date, Open, High, Low, Close, Volume."""
    bars.require_prices()
    (folder / "backtesting").mkdir()
    names = file_names(bars.assets)
    for asset, frame in bars.each(bars.one()):
        dates = date_texts(bars, pd.DatetimeIndex(frame.index))
        cells = {str(name).capitalize(): frame[name] for name in frame}
        with (folder / "backtesting" / f"{names[asset]}.csv").open("wb") as file:
            append(file, {"Date": dates, **cells})


EXPORT = Export(
    name="backtesting",
    summary="backtesting.py: a CSV for each asset of one path",
    write=write,
    options=("scenario", "path", "from_date"),
)
