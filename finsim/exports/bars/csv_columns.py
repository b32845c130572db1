"""A CSV of bars, written by columns: dates as text, numbers the shortest that read as the same number."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from finsim.exports.bars.bar_source import Bars

_SPECIAL = (",", '"', "\n", "\r")


def date_texts(bars: Bars, index: pd.DatetimeIndex) -> pa.Array:
    """Return days as ``2026-01-31``, instants within a day as ``2026-01-31T08:30:00Z``."""
    plain = index.tz_localize(None).to_numpy().astype("datetime64[s]")
    text = pa.array(plain).cast(pa.timestamp("s")).cast(pa.string())
    if not bars.paths.calendar.is_intraday:
        return pc.utf8_slice_codeunits(text, 0, 10)
    return pc.binary_join_element_wise(pc.replace_substring(text, " ", "T"), "Z", "")


def append(file: IO[bytes], columns: Mapping[str, Any], *, header: bool = True) -> None:
    """Write columns by name; what is no number is an empty cell. Texts are quoted only where one needs it."""
    names, cells = list(columns), [_cells(values) for values in columns.values()]
    texts = [cell for cell in cells if pa.types.is_string(cell.type)]
    is_plain = not any(_is_special(text) for cell in texts for text in pc.unique(cell).to_pylist())
    if header:
        file.write((",".join(map(_quoted, names)) + "\n").encode())
    style = "none" if is_plain else "needed"
    options = csv.WriteOptions(include_header=False, quoting_style=style)
    csv.write_csv(pa.Table.from_arrays(cells, names), file, options)


def _cells(values: Any) -> pa.Array:
    if isinstance(values, pa.Array):
        return values
    return pa.array(np.asarray(values), from_pandas=True)


def _is_special(text: str) -> bool:
    return any(sign in text for sign in _SPECIAL)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"' if _is_special(name) else name
