"""Plain CSV: all bars in long form, and closes in wide form, path by path."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa

from finsim.exports.bars.bar_source import Bars
from finsim.exports.bars.csv_columns import append, date_texts
from finsim.exports.export_format import Export
from finsim.records.paths import FIELDS, QUOTES


def write(bars: Bars, folder: Path) -> None:
    """Write ``bars.csv`` (path, date, asset, fields) and ``close.csv`` (path, date, a column an asset)."""
    dates = date_texts(bars, bars.index())
    steps, count = len(dates), len(bars.assets)
    fields = [name for name in (*FIELDS, *QUOTES) if name in bars.paths.columns]
    by_step = dates.take(pa.array(np.repeat(np.arange(steps), count)))
    names = pa.array(list(bars.assets)).take(pa.array(np.tile(np.arange(count), steps)))
    with (folder / "bars.csv").open("wb") as long, (folder / "close.csv").open("wb") as wide:
        for path in bars.chosen():
            start, is_first = path - bars.paths.first_path, path == bars.chosen()[0]
            cells = {name: bars.paths.columns[name][start].reshape(-1) for name in fields}
            keys = {"path": np.full(steps * count, path), "date": by_step, "asset": names}
            append(long, {**keys, **cells}, header=is_first)
            closes = {asset: bars.paths.close[start][:, a] for a, asset in enumerate(bars.assets)}
            append(wide, {"path": np.full(steps, path), "date": dates, **closes}, header=is_first)


EXPORT = Export(
    name="csv",
    summary="plain CSV: all bars in long form, closes in wide form",
    write=write,
    options=("scenario", "path", "from_date"),
)
