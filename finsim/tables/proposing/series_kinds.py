"""What a series that goes to zero or below is: a level such as a yield, or a return."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from finsim.notation import Float1D
from finsim.tables.cells.stored import from_stored
from finsim.tables.schema import Dialect, Field
from finsim.tables.sources.source import TableSource

LEVEL, RETURN = 0.9, 0.5  # autocorrelations: of a level hardly below 1, of returns near 0 (assumption: own)
_ROWS, _FEWEST = 5_000, 20


def series_kinds(source: TableSource, fields: Mapping[int, Field], dialect: Dialect) -> dict[int, str]:
    """Return column -> ``difference`` or ``return`` of a panel's columns with values of zero or below.

    A level moves on from where it is: the correlation of a value with the one before is above .9; that of
    returns is below .5 either way. Between the two, or on fewer than 20 values, nothing is said. Reads the
    first 5,000 rows. Source: own.
    """
    found: dict[int, list[pa.Array]] = {at: [] for at in fields}
    rows = 0
    for batch in source.batches(rename=False):
        for at, field in fields.items():
            found[at].append(from_stored(batch.column(at), field, dialect))
        rows += batch.num_rows
        if rows >= _ROWS:
            break
    series = {at: pa.chunked_array(parts).slice(0, _ROWS) for at, parts in found.items() if parts}
    kinds = {at: _kind(cells.drop_null().to_numpy().astype(np.float64)) for at, cells in series.items()}
    return {at: kind for at, kind in kinds.items() if kind}


def _kind(values: Float1D) -> str:
    values = values[np.isfinite(values)]
    if len(values) < _FEWEST:
        return ""
    before, after = values[:-1], values[1:]
    if not np.ptp(before) or not np.ptp(after):
        return ""
    tie = float(np.corrcoef(before, after)[0, 1])
    return "difference" if tie > LEVEL else "return" if abs(tie) < RETURN else ""
