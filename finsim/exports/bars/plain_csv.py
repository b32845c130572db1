"""Plain CSV: all bars in long form, and closes in wide form, path by path."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import csv

from finsim.exports.bars.bar_source import Bars
from finsim.exports.export_format import Export
from finsim.records.paths import FIELDS, QUOTES


def write(bars: Bars, folder: Path) -> None:
    """Write ``bars.csv`` (path, date, asset, fields) and ``close.csv`` (path, date, a column an asset)."""
    index = bars.index()
    text = pa.array(index.tz_localize(None)).cast(pa.timestamp("us")).cast(pa.string())
    is_day = not bars.paths.calendar.is_intraday
    dates = pa.compute.utf8_slice_codeunits(text, 0, 10) if is_day else pa.compute.binary_join_element_wise(
        pa.compute.replace_substring(pa.compute.utf8_slice_codeunits(text, 0, 19), " ", "T"), "Z", ""
    )  # fmt: skip
    steps, count = len(index), len(bars.assets)
    fields = [name for name in (*FIELDS, *QUOTES) if name in bars.paths.columns]
    by_step = dates.take(pa.array(np.repeat(np.arange(steps), count)))
    names = pa.array(list(bars.assets)).take(pa.array(np.tile(np.arange(count), steps)))
    with (folder / "bars.csv").open("wb") as long, (folder / "close.csv").open("wb") as wide:
        for place, path in enumerate(bars.chosen()):
            start = path - bars.paths.first_path
            cells = [_cell(bars.paths.columns[name][start].reshape(-1)) for name in fields]
            number = pa.array(np.full(steps * count, path))
            _append(long, ["path", "date", "asset", *fields], [number, by_step, names, *cells], place == 0)
            close = bars.paths.close[start]
            columns = [pa.array(np.full(steps, path)), dates, *(_cell(close[:, a]) for a in range(count))]
            _append(wide, ["path", "date", *bars.assets], columns, place == 0)


def _cell(values: np.ndarray) -> pa.Array:
    return pa.array(values, from_pandas=True)  # what is no number is empty


def _append(file: object, names: list[str], columns: list[pa.Array], is_first: bool) -> None:
    options = csv.WriteOptions(include_header=is_first, quoting_style="needed")
    csv.write_csv(pa.Table.from_arrays(columns, names), file, options)


EXPORT = Export(
    name="csv",
    summary="plain CSV: all bars in long form, closes in wide form",
    write=write,
    options=("scenario", "path", "from_date"),
)
