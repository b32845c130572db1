"""Rows of a Parquet table, found by value and read by number, a row group at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from finsim.notation import Bool1D, Int1D
from finsim.provenance.manifest import plain

BATCH_ROWS = 262_144


def count_rows(file: Path) -> int:
    """Return the number of rows of a table."""
    return int(pq.read_metadata(file.absolute()).num_rows)


def group_starts(file: Path) -> Int1D:
    """Return the first row of each row group and the row count at the end: int64[groups + 1]."""
    facts = pq.read_metadata(file.absolute())
    sizes = [facts.row_group(i).num_rows for i in range(facts.num_row_groups)]
    return np.cumsum([0, *sizes], dtype=np.int64)


def group_of(file: Path, row: int) -> int:
    """Return the number of the row group that holds ``row``."""
    return int(np.searchsorted(group_starts(file), row, side="right")) - 1


def rows_at(file: Path, rows: Sequence[int] | Int1D) -> list[dict[str, Any]]:
    """Return some rows as plain data in ascending order, each with its number under ``row``.

    Reads only the row groups that hold them; days and times are ISO text, nulls None.
    """
    wanted = np.unique(np.asarray(rows, dtype=np.int64))
    found: list[dict[str, Any]] = []
    with pq.ParquetFile(file.absolute()) as table:
        for number, (first, end) in enumerate(pairwise(group_starts(file))):
            inside = wanted[(wanted >= first) & (wanted < end)]
            if inside.size:
                group = table.read_row_group(number).take(pa.array(inside - first))
                found += [
                    {"row": int(row), **plain({name: _day(value) for name, value in values.items()})}
                    for row, values in zip(inside, group.to_pylist(), strict=True)
                ]
    return found


def _day(value: Any) -> Any:
    """Return a day for an instant without a zone, anything else as it is."""
    return value.date() if isinstance(value, datetime) and value.tzinfo is None else value


def rows_where(file: Path, wanted: Mapping[str, Any]) -> Int1D:
    """Return the numbers of the rows in which every named column has the wanted value."""
    return _scan(file, wanted, every=True)


def rows_where_any(file: Path, wanted: Mapping[str, Any]) -> Int1D:
    """Return the numbers of the rows in which at least one named column has the wanted value."""
    return _scan(file, wanted, every=False)


def _scan(file: Path, wanted: Mapping[str, Any], every: bool) -> Int1D:
    found: list[Int1D] = []
    start = 0
    with pq.ParquetFile(file.absolute()) as table:
        for batch in table.iter_batches(BATCH_ROWS, columns=list(wanted)):
            masks = [_equal(batch.column(name), value) for name, value in wanted.items()]
            mask = np.logical_and.reduce(masks) if every else np.logical_or.reduce(masks)
            found.append(np.flatnonzero(mask) + start)
            start += batch.num_rows
    return np.concatenate(found) if found else np.zeros(0, dtype=np.int64)


def _equal(column: pa.Array, value: Any) -> Bool1D:
    equal = pc.fill_null(pc.equal(column, pa.scalar(value)), False)
    return np.asarray(equal.to_numpy(zero_copy_only=False), dtype=np.bool_)
