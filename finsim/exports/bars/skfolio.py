"""skfolio: closes of one path, dates x assets, as ``prices_to_returns`` takes them."""

from __future__ import annotations

from pathlib import Path

from finsim.exports.bars.bar_source import Bars
from finsim.exports.export_format import Export


def write(bars: Bars, folder: Path) -> None:
    """Write ``skfolio_prices.parquet``."""
    bars.require_prices()
    frame = bars.frame(bars.one(), "close").rename_axis("date")
    frame.to_parquet(folder / "skfolio_prices.parquet", compression="zstd")


EXPORT = Export(
    name="skfolio",
    summary="skfolio: closes of one path, dates x assets",
    write=write,
    options=("scenario", "path", "from_date"),
)
