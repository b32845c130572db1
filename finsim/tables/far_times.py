"""Times that lie far from all others of their column, as a slip of a digit makes them: 2125 for 2025."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from finsim.notation import NANOS_PER_DAY, Int1D
from finsim.tables.sources.source import TableSource
from finsim.tables.sources.text_file import TextTable

LEAST_ROWS, MOST_FAR, FAR_SHARE, LEAST_GAP_DAYS = 20, 3, 0.001, 366
"""Of 20 rows or more, up to three or one in a thousand are far off: beyond a gap that is longer than the
period of all others, and than a year (assumptions)."""
_SHOWN = 3


def far_rows(times: Int1D) -> Int1D:
    """Return int64[k] the rows of ``times`` int64[n] (ns) that lie far from all others, in order."""
    if len(times) < LEAST_ROWS:
        return np.empty(0, np.int64)
    order = np.argsort(times, kind="stable")
    kept = times[order].astype(np.float64)
    few = max(MOST_FAR, int(FAR_SHARE * len(times)))
    period = kept[-1 - few] - kept[few]
    wide = np.flatnonzero(np.diff(kept) > max(period, LEAST_GAP_DAYS * NANOS_PER_DAY))
    early, late = wide[wide < few], wide[wide >= len(kept) - 1 - few]
    begin = int(early[-1]) + 1 if len(early) else 0
    end = int(late[0]) + 1 if len(late) else len(kept)
    return np.sort(np.concatenate([order[:begin], order[end:]])).astype(np.int64)


def far_words(source: TableSource, header: str, column: pa.ChunkedArray) -> list[tuple[str, str]]:
    """Return place and words of the first times of a column that lie far from all others.

    The place is the row, from 0 on, and the line of a text.
    """
    valid = np.asarray(pc.is_valid(column).to_numpy(), dtype=np.bool_)
    filled = pc.cast(column.drop_null(), pa.timestamp("ns", getattr(column.type, "tz", None)), safe=False)
    times = np.asarray(pc.cast(filled, pa.int64()).to_numpy(), dtype=np.int64)
    far = far_rows(times)
    if not len(far):
        return []
    rest = np.delete(times, far)
    begin, end = (str(np.datetime64(int(one), "ns"))[:10] for one in (rest.min(), rest.max()))
    rows = np.flatnonzero(valid)[far[:_SHOWN]]
    more = f"; {len(far) - _SHOWN:,} more are far off" if len(far) > _SHOWN else ""
    return [
        (
            place,
            f"column {header!r} holds {str(np.datetime64(int(time), 'ns'))[:16]}, far from all others, "
            f"{begin} to {end}{more}",
        )
        for place, time in zip(row_places(source, rows.tolist()), times[far[:_SHOWN]], strict=True)
    ]


def row_places(source: TableSource, rows: Sequence[int]) -> list[str]:
    """Return where rows of a table stand: the row, from 0 on, and the line of a text."""
    lines = _lines(source, set(rows)) if rows else {}
    return [f"{source.place}, row {row}" + (f" (line {lines[row]})" if row in lines else "") for row in rows]


def _lines(source: TableSource, rows: set[int]) -> dict[int, int]:
    if not isinstance(source, TextTable):
        return {}
    last = max(rows)
    found: dict[int, int] = {}
    for row, line, _ in source.lines():
        if row in rows:
            found[row] = line
        if row >= last:
            break
    return found
