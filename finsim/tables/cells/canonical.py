"""The Arrow type in which the cells of each declared type are handed over."""

from __future__ import annotations

import pyarrow as pa

from finsim.tables.schema import Field

LABELS = pa.dictionary(pa.int32(), pa.string())
TIMES = pa.timestamp("ns", tz="UTC")
_TYPES = {
    "bool": pa.bool_(), "int": pa.int64(), "float": pa.float64(), "ratio": pa.float64(),
    "date": pa.date32(), "ts": TIMES, "dur": pa.duration("ns"), "cat": LABELS, "id": LABELS,
}  # fmt: skip


def canonical(field: Field, *, minor: bool = False) -> pa.DataType:
    """Return the Arrow type of a declared type; money is int64 minor units where ``minor``."""
    if field.type == "money":
        return pa.int64() if minor else pa.decimal128(38, field.decimals)
    return _TYPES[field.type]
