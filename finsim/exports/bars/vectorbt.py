"""vectorbt: a Parquet file for each field, dates x (path, asset), so that all paths are tested at once."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from finsim.exports.bars.bar_source import Bars
from finsim.exports.export_format import Export


def write(bars: Bars, folder: Path) -> None:
    """Write ``vectorbt_<field>.parquet`` for close and every other field of the bars."""
    bars.require_prices()
    chosen = bars.chosen()
    start = chosen.start - bars.paths.first_path
    names = pd.MultiIndex.from_product([list(chosen), list(bars.assets)], names=["path", "asset"])
    for field, values in bars.paths.columns.items():
        cells = values[start : start + len(chosen)].swapaxes(0, 1).reshape(len(bars.paths.dates), -1)
        frame = pd.DataFrame(cells, bars.index().rename("date"), names)
        frame.to_parquet(folder / f"vectorbt_{field}.parquet", compression="zstd")


EXPORT = Export(
    name="vectorbt",
    summary="vectorbt: dates x (path, asset) as Parquet, a file for each field",
    write=write,
    options=("scenario", "path", "from_date"),
)
