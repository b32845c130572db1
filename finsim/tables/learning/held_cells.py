"""Cells that what is learned cannot hold exactly: numbers beyond a float's digits, times too far apart."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from finsim.errors import DataError, Problem
from finsim.notation import Bool1D, Int1D
from finsim.tables.far_times import row_places
from finsim.tables.sources.source import TableSource

_EXACT = 2**53  # whole floats up to here are exact
_MOST_SPAN = np.iinfo(np.int64).max
_SHOWN = 3


def refuse_unheld(source: TableSource, table: pa.Table, times: Sequence[str] = ()) -> None:
    """Raise DataError for numbers of more digits than a float has, and for times that are too far apart.

    ``table`` has the typed columns of ``source``. ``times`` are the columns of which the first says when a
    row happened: all are reckoned from one another, and 64 bits of nanoseconds hold 292 years.
    """
    problems: list[Problem] = []
    for name in table.column_names:
        problems += _long_numbers(source, source.bound[name], table[name])
    problems += _far_apart(source, {name: table[name] for name in times})
    if problems:
        raise DataError.of(problems)


def _long_numbers(source: TableSource, header: str, column: pa.ChunkedArray) -> list[Problem]:
    if not (pa.types.is_integer(column.type) or pa.types.is_decimal(column.type)):
        return []
    scale = max(getattr(column.type, "scale", 0), 0)
    size = np.abs(pc.cast(column, pa.float64(), safe=False).fill_null(0.0).to_numpy())
    large = np.flatnonzero(size * 10.0**scale >= _EXACT)
    cells = column.take(pa.array(large)).to_pylist()
    last = Decimal(1).scaleb(-scale)
    rows = [row for row, cell in zip(large.tolist(), cells, strict=True) if not _is_held(cell, last)]
    if not rows:
        return []
    (place,) = row_places(source, rows[:1])
    found = f"column {header!r} holds {column[rows[0]].as_py()}"
    if len(rows) > 1:
        found += f", and {len(rows) - 1:,} more cells such"
    most = f"numbers of at most 15 digits (exact up to {Decimal(_EXACT) * last:,f})"
    remedy = (
        "declare `type: id` or `type: cat` where they are names; leave the column out, or round the cells"
    )
    return [Problem(place, found, most, remedy)]


def _is_held(cell: int | Decimal, last: Decimal) -> bool:
    """Whether a number comes back from a float, rounded to its last digit."""
    if isinstance(cell, int):
        return int(float(cell)) == cell
    return Decimal(float(cell)).quantize(last) == cell


def _far_apart(source: TableSource, columns: dict[str, pa.ChunkedArray]) -> list[Problem]:
    known = {name: _nanoseconds(column) for name, column in columns.items()}
    filled = [values[valid] for values, valid in known.values() if valid.any()]
    if not filled:
        return []
    every = np.concatenate(filled)
    if int(every.max()) - int(every.min()) <= _MOST_SPAN:
        return []
    middle = int(np.sort(every)[len(every) // 2])
    problems = []
    for name, (values, valid) in known.items():
        # halves, as whole distances may be what 64 bits do not hold
        far = valid & (np.abs(values // 2 - middle // 2) >= _MOST_SPAN // 4 - 1)
        rows = np.flatnonzero(far)[:_SHOWN].tolist()
        for row, place in zip(rows, row_places(source, rows), strict=True):
            day = str(np.datetime64(int(values[row]), "ns"))[:10]
            rest = str(np.datetime64(middle, "ns"))[:10]
            found = f"column {source.bound[name]!r} holds {day}, half of all times are {rest} or later"
            problems.append(
                Problem(
                    place, found, "times at most 292 years apart",
                    "correct or empty the cell, or drop the row",
                )
            )  # fmt: skip
    return problems


def _nanoseconds(column: pa.ChunkedArray) -> tuple[Int1D, Bool1D]:
    """Return int64[n] nanoseconds, and bool[n] where there is a time that these hold."""
    stamps = pc.cast(column, pa.timestamp("us", getattr(column.type, "tz", None)), safe=False)
    micros = pc.cast(stamps, pa.int64()).fill_null(0).to_numpy()
    held = np.abs(micros) < _MOST_SPAN // 1_000
    valid = np.asarray(pc.is_valid(column).to_numpy(), dtype=np.bool_) & held
    return np.where(valid, micros, 0).astype(np.int64) * 1_000, valid
