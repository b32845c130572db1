"""References as numbers: how large they are, and how far behind the one before them in time."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa

from finsim.notation import Bool1D, Float1D, Int1D

_DISTINCT, _LEAST = 0.95, 50
_LAST_NUMBER = r"([0-9]{1,15})[^0-9]*$"


def id_numbers(column: pa.ChunkedArray, time: Int1D, real: Bool1D) -> dict[str, Float1D]:
    """Return readings float64[n] of a column whose values hardly ever occur twice; none of any other.

    ``number`` is the last number of each value, ``order`` how far it lies above that of the last real row
    before it (``time`` ns, rows of one time in their order), NaN where there is none.
    """
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    if not (pa.types.is_integer(kind) or pa.types.is_string(kind) or pa.types.is_large_string(kind)):
        return {}
    cells = column.to_pandas()
    known = cells[real].dropna()
    if len(known) < _LEAST or known.nunique() < _DISTINCT * len(known):
        return {}
    numbers = pd.to_numeric(cells.astype(str).str.extract(_LAST_NUMBER, expand=False), errors="coerce")
    number = numbers.where(cells.notna()).to_numpy(dtype=np.float64)
    if np.isfinite(number[real]).mean() < _DISTINCT * cells[real].notna().mean():
        return {}
    order = np.lexsort((~real, time))
    before = pd.Series(np.where(real, number, np.nan)[order]).ffill().shift(1).to_numpy()
    found = np.empty(len(number))
    found[order] = number[order] - before
    return {"number": number, "order": found}
