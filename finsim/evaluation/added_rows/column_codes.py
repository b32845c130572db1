"""The columns of a table of payments as codes that a rate per code can be learned of."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa

from finsim.evaluation.added_rows.id_codes import id_numbers
from finsim.notation import NANOS_PER_DAY, Array, Bool1D, Float1D, Int1D

BINS, PAIR_BINS = 32, 10
LEVELS, PAIR_LEVELS = 200, 12


@dataclass(frozen=True)
class Codes:
    """One reading of a column: ``fine`` codes int64[n] for itself, ``coarse`` ones for pairs; -1 missing."""

    name: str
    column: str
    fine: Int1D
    coarse: Int1D


def column_codes(
    rows: pa.Table, time: Int1D, real: Bool1D, roles: tuple[str, Collection[str]]
) -> list[Codes]:
    """Return the readings of the columns of some rows; bins and counts are those of ``real`` rows.

    ``roles`` names the column of times, which is read as hour, weekday, day of the month and day of the
    period (``time`` ns), and the columns of keys, which are read as how often their value occurs in
    real rows. Further text of more than 200 values is read like a key. Of references, which hardly ever occur
    twice, the number and its order in time are read too.
    """
    found = []
    for name in rows.column_names:
        column = rows[name]
        if name == roles[0]:
            found += _times(name, time, real)
        elif pa.types.is_nested(column.type):
            continue
        elif name in roles[1]:
            found.append(_numbers(f"{name}: how often", name, _frequency(column, real), real))
        else:
            is_number = _is_number(column.type)
            found.append(
                _numbers(name, name, _floats(column), real) if is_number else _words(name, column, real)
            )
            told = id_numbers(column, time, real).items()
            found += [
                _numbers(f"{name}: {word}", name, values, real)
                for word, values in told if word == "order" or not is_number
            ]  # fmt: skip
    return found


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def _floats(column: pa.ChunkedArray) -> Float1D:
    return np.asarray(column.cast(pa.float64(), safe=False).to_numpy(), dtype=np.float64)


def _times(name: str, time: Int1D, real: Bool1D) -> list[Codes]:
    day = time // NANOS_PER_DAY
    month_day = pd.DatetimeIndex(time.astype("datetime64[ns]")).day.to_numpy()
    read = {"weekday": (day + 3) % 7, "day of the month": month_day, "day": day}
    if (time % NANOS_PER_DAY).any():
        read["hour"] = time % NANOS_PER_DAY
    return [
        _numbers(f"{name}: {word}", name, values.astype(np.float64), real) for word, values in read.items()
    ]


def _frequency(column: pa.ChunkedArray, real: Bool1D) -> Float1D:
    """Return how often each value occurs in real rows; of a value that added rows alone have, in these.

    Real and added rows of one value have one count. A count that leaves out the row itself would be one
    lower for real rows, and where few values share all rows that difference by itself tells the two apart.
    """
    codes = pd.factorize(column.to_pandas())[0]
    size = int(codes.max(initial=0)) + 1
    counts = np.bincount(codes[real & (codes >= 0)], minlength=size)
    counts = np.where(counts > 0, counts, np.bincount(codes[codes >= 0], minlength=size))
    return np.where(codes >= 0, counts[codes], np.nan).astype(np.float64)


def _numbers(name: str, column: str, values: Float1D, real: Bool1D) -> Codes:
    return Codes(name, column, _binned(values, real, BINS), _binned(values, real, PAIR_BINS))


def _binned(values: Float1D, real: Bool1D, bins: int) -> Int1D:
    """Return quantile bins of the real values; a value as frequent as a bin has one of its own."""
    known = values[real & np.isfinite(values)]
    edges = np.unique(np.quantile(known, np.linspace(0, 1, bins + 1))) if len(known) else np.zeros(1)
    left, right = np.searchsorted(edges, values, side="left"), np.searchsorted(edges, values, side="right")
    return np.where(np.isfinite(values), left + right, -1).astype(np.int64)


def _words(name: str, column: pa.ChunkedArray, real: Bool1D) -> Codes:
    values = column.to_pandas()
    if values.nunique() > LEVELS:
        return _numbers(f"{name}: how often", name, _frequency(column, real), real)
    return words_of(name, name, values, real)


def words_of(name: str, column: str, values: Array | pd.Series, real: Bool1D) -> Codes:
    """Return the reading of a few words, or of whole numbers as words; NaN is missing."""
    codes, words = pd.factorize(values)
    counts = np.bincount(codes[real & (codes >= 0)], minlength=max(len(words), 1))
    frequent = np.argsort(-counts, kind="stable")[:PAIR_LEVELS]
    coarse: Array = np.full(max(len(words), 1), PAIR_LEVELS)
    coarse[frequent] = np.arange(len(frequent))
    return Codes(
        name, column, codes.astype(np.int64), np.where(codes >= 0, coarse[codes], -1).astype(np.int64)
    )
