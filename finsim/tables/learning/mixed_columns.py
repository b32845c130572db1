"""Arrow columns of a declared table -> ``MixedColumn``, and back to the types of the table."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Context, Decimal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from finsim.errors import DataError
from finsim.notation import NANOS_PER_DAY, Array, Bool1D, Float1D, Int1D
from finsim.records.mixed_table import MISSING_TIME, NUMBER, TIME, WORD, MixedColumn, MixedTable
from finsim.tables.cells.refusals import TIMES_HELD

TRUE, FALSE = "true", "false"
_DECIMALS = 6
_EXACT = 2.0**53  # whole floats below are exact
_WIDE = 400  # digits that any float and any decimal fit into
_CLOCK = (NANOS_PER_DAY, 3_600 * 10**9, 60 * 10**9, 10**9, 10**6, 10**3, 1)


def mixed_table(table: pa.Table) -> MixedTable:
    """Return the typed columns of a table as plain arrays, in its order.

    Raises DataError, all columns at once, for types that no generator learns from and for infinite numbers.
    """
    wrong = [
        f"column {field.name!r} holds {field.type}" for field in table.schema if _kind(field.type) is None
    ]
    if wrong:
        raise DataError(
            "; ".join(wrong), place="the table", expected="numbers, money, words, dates, times or yes and no",
            remedy="leave these columns out of the schema",
        )  # fmt: skip
    columns = {}
    for field in table.schema:
        columns[field.name] = mixed_column(table[field.name], field.name)
    return MixedTable(columns, table.num_rows)


def _kind(kind: pa.DataType) -> str | None:
    plain = kind.value_type if pa.types.is_dictionary(kind) else kind
    if pa.types.is_boolean(plain) or pa.types.is_string(plain) or pa.types.is_large_string(plain):
        return WORD
    if pa.types.is_date(plain) or pa.types.is_timestamp(plain):
        return TIME
    if pa.types.is_integer(plain) or pa.types.is_floating(plain) or pa.types.is_decimal(plain):
        return NUMBER
    return NUMBER if pa.types.is_duration(plain) else None


def mixed_column(cells: pa.ChunkedArray, name: str = "") -> MixedColumn:
    """Return the cells of one column; durations are numbers of seconds."""
    kind = _kind(cells.type)
    if kind == WORD:
        return _words(cells)
    if kind == TIME:
        return _times(cells, name)
    return _numbers(cells, name)


def _words(cells: pa.ChunkedArray) -> MixedColumn:
    if pa.types.is_boolean(cells.type):
        codes = pc.cast(cells, pa.int32()).fill_null(-1)
        return MixedColumn(WORD, _array(codes, np.int32), (FALSE, TRUE))
    plain = cells if pa.types.is_dictionary(cells.type) else pc.dictionary_encode(cells)
    merged = plain.unify_dictionaries().combine_chunks()
    if isinstance(merged, pa.ChunkedArray):
        merged = merged.chunk(0) if merged.num_chunks else pa.DictionaryArray.from_arrays([], [])
    known = [str(word) for word in merged.dictionary.to_pylist()]
    order = np.argsort(np.array(known, dtype=object), kind="stable") if known else np.zeros(0, np.int64)
    rank = np.empty(len(known), dtype=np.int32)
    rank[order] = np.arange(len(known), dtype=np.int32)
    codes = np.asarray(merged.indices.fill_null(-1).to_numpy(zero_copy_only=False), dtype=np.int64)
    found = np.where(codes < 0, np.int32(-1), rank[codes] if len(known) else np.int32(-1)).astype(np.int32)
    return _used(MixedColumn(WORD, found, tuple(known[place] for place in order)))


def _used(column: MixedColumn) -> MixedColumn:
    """Return the column without words that no cell has."""
    counts = np.bincount(column.values[column.values >= 0], minlength=len(column.words))
    if counts.all():
        return column
    kept = np.flatnonzero(counts)
    place = np.full(len(column.words) + 1, -1, dtype=np.int32)
    place[kept] = np.arange(len(kept), dtype=np.int32)
    words = tuple(column.words[at] for at in kept)
    return MixedColumn(WORD, place[column.values], words)


def _times(cells: pa.ChunkedArray, name: str) -> MixedColumn:
    whole_days = pa.types.is_date(cells.type)
    try:
        stamped = pc.cast(pc.cast(cells, pa.timestamp("ns")), pa.int64())
    except pa.ArrowInvalid as bad:
        raise DataError(
            "days beyond what nanoseconds hold", place=f"column {name!r}", expected=f"years {TIMES_HELD}",
            remedy=f"correct or empty these cells ({' '.join(str(bad).split())[:120]})",
        ) from None  # fmt: skip
    values = _array(stamped.fill_null(MISSING_TIME), np.int64)
    known = values[values != MISSING_TIME]
    step = NANOS_PER_DAY if whole_days else _clock_step(known)
    return MixedColumn(TIME, values, step=float(step))


def _clock_step(values: Int1D) -> int:
    """Return the coarsest of a day, hour, minute, second, ... that all times are whole numbers of."""
    return next((size for size in _CLOCK if not (values % size).any()), 1)


def _numbers(cells: pa.ChunkedArray, name: str) -> MixedColumn:
    kind = cells.type
    if pa.types.is_duration(kind):
        cells, step = _seconds(cells), -1.0
    elif pa.types.is_integer(kind):
        step = 1.0
    elif pa.types.is_decimal(kind):
        step = 10.0**-kind.scale
    else:
        step = -1.0
    values = _array(pc.cast(cells, pa.float64(), safe=False).fill_null(np.nan), np.float64)
    if np.isinf(values).any():
        raise DataError(
            f"{int(np.isinf(values).sum())} cells are infinite", place=f"column {name!r}",
            expected="finite numbers or empty cells", remedy="correct or empty these cells",
        )  # fmt: skip
    if step < 0:
        values, step = _on_grid(values)
    return MixedColumn(NUMBER, values, step=step)


def _on_grid(values: Float1D) -> tuple[Float1D, float]:
    """Return floats and their decimal grid; floats of 32 bits as the decimals that these stand for."""
    step = _grid(values)
    with np.errstate(over="ignore"):
        short = values.astype(np.float32)
    if step or not np.array_equal(short, values, equal_nan=True):
        return values, step
    for digits in range(1, _DECIMALS + 1):
        rounded = np.round(values, digits)
        if np.array_equal(rounded.astype(np.float32), short, equal_nan=True):
            return rounded, float(10.0**-digits)
    return values, step


def _seconds(cells: pa.ChunkedArray) -> pa.ChunkedArray:
    nanos = pc.cast(pc.cast(cells, pa.duration("ns")), pa.int64())
    return pc.divide(pc.cast(nanos, pa.float64(), safe=False), 1e9)


def _grid(values: Float1D) -> float:
    """Return the decimal grid that all numbers lie on, 0 where more than six decimals are needed."""
    known = values[np.abs(values) < _EXACT]  # larger ones are whole; a gap is none
    for digits in range(_DECIMALS + 1):
        scaled = known * 10.0**digits
        if np.all(np.abs(scaled - np.round(scaled)) <= 1e-6 * np.maximum(1.0, np.abs(scaled) * 1e-6)):
            return float(10.0**-digits)
    return 0.0


def _array(cells: pa.ChunkedArray | pa.Array, dtype: type) -> Array:
    return np.array(cells.to_numpy() if isinstance(cells, pa.ChunkedArray)
                    else cells.to_numpy(zero_copy_only=False), dtype=dtype)  # fmt: skip


def arrow_column(column: MixedColumn, kind: pa.DataType) -> pa.Array:
    """Return cells in a type of the table: rounded to its grid, missing cells null."""
    lacks = column.missing()
    if column.kind == WORD:
        return _word_cells(column, kind)
    if column.kind == TIME:
        stamps = pa.array(np.where(lacks, 0, column.values), pa.timestamp("ns"), mask=lacks)
        if pa.types.is_date(kind):
            return pc.cast(pc.floor_temporal(stamps, unit="day"), kind)
        zoned = pa.timestamp(kind.unit, kind.tz)
        return pc.cast(stamps, pa.timestamp(kind.unit), safe=False).cast(zoned)
    values = np.where(lacks, 0.0, column.values)
    if pa.types.is_duration(kind):
        whole = pa.array(np.round(values * 1e9).astype(np.int64), pa.int64(), mask=lacks)
        return pc.cast(whole.cast(pa.duration("ns")), kind, safe=False)
    if pa.types.is_integer(kind):
        return pa.array(_whole(values, kind), kind, mask=lacks)
    if pa.types.is_decimal(kind):
        return _decimals(values, lacks, kind)
    return pa.array(values, pa.float64(), mask=lacks).cast(kind, safe=False)


def _whole(values: Float1D, kind: pa.DataType) -> Array:
    """Return whole numbers of a type, none beyond what it holds."""
    ends = np.iinfo(str(kind))
    low, high = float(ends.min), float(ends.max)
    if int(high) > ends.max:  # 64 bits: the nearest float is one too many
        high = float(np.nextafter(high, 0.0))
    return np.clip(np.round(values), low, high).astype(str(kind))


def _decimals(values: Float1D, lacks: Bool1D, kind: pa.DataType) -> pa.Array:
    """Return decimals of a type, none beyond its digits.

    As whole numbers of the last digit while floats hold these exactly, else as the digits that a float shows.
    """
    scaled, most = values * 10.0**kind.scale, 10**kind.precision - 1
    if kind.scale >= 0 and np.all(np.abs(scaled) < min(_EXACT, most)):
        exact = pa.array(np.round(scaled).astype(np.int64), pa.int64(), mask=lacks).cast(pa.decimal128(19, 0))
        moved = pa.Array.from_buffers(pa.decimal128(19, kind.scale), len(exact), exact.buffers())
        return moved.cast(kind)
    wide = Context(prec=_WIDE)
    last, end = Decimal(1).scaleb(-kind.scale), Decimal(most).scaleb(-kind.scale, wide)
    cells = [
        None if gap else max(end.copy_negate(), min(end, Decimal(repr(one)).quantize(last, context=wide)))
        for one, gap in zip(values.tolist(), lacks.tolist(), strict=True)
    ]
    return pa.array(cells, kind)


def _word_cells(column: MixedColumn, kind: pa.DataType) -> pa.Array:
    codes = pa.array(np.maximum(column.values, 0), pa.int32(), mask=column.missing())
    words = pa.array(list(column.words), pa.string())
    if pa.types.is_boolean(kind):
        return pc.equal(_taken(words, codes), TRUE)
    if pa.types.is_dictionary(kind):
        return pa.DictionaryArray.from_arrays(codes, words.cast(kind.value_type)).cast(kind)
    return _taken(words, codes).cast(kind)


def _taken(words: pa.Array, codes: pa.Array) -> pa.Array:
    return words.take(codes) if len(words) else pa.nulls(len(codes), pa.string())


def arrow_table(table: MixedTable, schema: pa.Schema, order: Sequence[str] | None = None) -> pa.Table:
    """Return the columns as an Arrow table of ``schema``, whose fields stand in the order of ``order``."""
    names = list(order if order is not None else schema.names)
    cells = [arrow_column(table[name], field.type) for name, field in zip(names, schema, strict=True)]
    return pa.table(cells, schema=schema) if cells else pa.table({})
