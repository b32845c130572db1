"""backtesting.py: a CSV for each asset of one path, with the columns and the index that it takes."""

from __future__ import annotations

from pathlib import Path

from finsim.exports.bars.bar_source import Bars, file_names
from finsim.exports.export_format import Export


def write(bars: Bars, folder: Path) -> None:
    """Write ``backtesting/<ASSET>.csv``: Date, Open, High, Low, Close, Volume."""
    bars.require_prices()
    (folder / "backtesting").mkdir()
    names = file_names(bars.assets)
    for asset, frame in bars.each(bars.one()):
        named = frame.rename(columns=str.capitalize).rename_axis("Date")
        named.to_csv(folder / "backtesting" / f"{names[asset]}.csv", lineterminator="\n")


EXPORT = Export(
    name="backtesting",
    summary="backtesting.py: a CSV for each asset of one path",
    write=write,
    options=("scenario", "path", "from_date"),
)
