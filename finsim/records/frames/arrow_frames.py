"""Arrow tables as DataFrames of pandas and polars: whole numbers stay whole, dates are datetime64."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from finsim.errors import RecordError

if TYPE_CHECKING:
    import pandas as pd
    import polars

_YEARS = (1678, 2261)
"""Years that 64-bit nanoseconds since 1970 hold whole."""

_NULLABLE = {
    pa.bool_(): "BooleanDtype",
    pa.int8(): "Int8Dtype",
    pa.int16(): "Int16Dtype",
    pa.int32(): "Int32Dtype",
    pa.int64(): "Int64Dtype",
    pa.uint8(): "UInt8Dtype",
    pa.uint16(): "UInt16Dtype",
    pa.uint32(): "UInt32Dtype",
    pa.uint64(): "UInt64Dtype",
}
"""Kinds of columns that pandas would make float64 or objects of where a value is missing -> its own type."""


def nullable_columns(table: pa.Table) -> frozenset[str]:
    """Return the whole-number and truth columns in which a value is missing."""
    return frozenset(
        field.name for field in table.schema if field.type in _NULLABLE and table[field.name].null_count
    )


def to_frame(table: pa.Table, nullable: frozenset[str] | None = None) -> pd.DataFrame:
    """Return a DataFrame: dates as datetime64, labels as category, nullable dtypes where values miss.

    Dates are nanoseconds; beyond the year 2262, which these cannot tell, they keep their stored unit.
    ``nullable`` says which columns have nullable dtypes, for a part that must have those of the whole.
    """
    wanted = nullable_columns(table) if nullable is None else nullable
    plain = [name for name in table.column_names if name not in wanted]
    frame = _plain_frame(table.select(plain))
    for place, name in enumerate(table.column_names):
        if name in wanted:
            column = table.select([name]).to_pandas(types_mapper=_nullable, ignore_metadata=True)
            frame.insert(place, name, column[name])
    return frame


def _nullable(kind: pa.DataType) -> Any:
    import pandas as pd  # checks of files say what they found without it

    return getattr(pd, _NULLABLE[kind])() if kind in _NULLABLE else None


def _plain_frame(table: pa.Table) -> pd.DataFrame:
    frame: pd.DataFrame = table.to_pandas(
        date_as_object=False, coerce_temporal_nanoseconds=_in_nanoseconds(table), ignore_metadata=True
    )
    return frame


def _in_nanoseconds(table: pa.Table) -> bool:
    """Return whether every date lies within the years that nanoseconds since 1970 can tell."""
    first, last = _YEARS
    for field in table.schema:
        kind = field.type
        if pa.types.is_date(kind) or (pa.types.is_timestamp(kind) and kind.unit != "ns"):
            ends = pc.min_max(pc.year(table[field.name])).as_py()
            if ends["min"] is not None and not first <= ends["min"] <= ends["max"] <= last:
                return False  # pyarrow would turn them into other dates
    return True


def to_polars_frame(table: pa.Table) -> polars.DataFrame:
    """Return a polars DataFrame; raises RecordError where polars is not installed."""
    try:
        import polars
    except ImportError:
        raise RecordError(
            "polars is not installed", expected="polars 1.0 or later", remedy="pip install polars"
        ) from None
    return polars.DataFrame(table)
