"""Dates of text files in the format that the schema of the training data declares for them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa

from finsim.tables import Field
from finsim.tables.cells.zones import local_times
from finsim.tables.endings import ENDINGS, TEXT, known_ending


def formats_of(fields: Mapping[str, Field], order: Iterable[str], target: pa.Schema) -> dict[str, str]:
    """Return header -> the first declared format of the columns that come out as dates or times."""
    found = zip(order, target, strict=True)
    return {
        field.name: fields[name].formats[0]
        for name, field in found
        if fields[name].formats and pa.types.is_temporal(field.type)
    }


def as_declared(
    place: Path,
    schema: pa.Schema,
    batches: Iterable[pa.RecordBatch],
    formats: Mapping[str, str],
    zones: Mapping[str, str],
) -> tuple[pa.Schema, Iterator[pa.RecordBatch]]:
    """Return schema and rows as they go into a file: in one of text, dates are written as they were read.

    So the schema that reads the training data reads the new file too: in its format, and on the clock of the
    zone where ``zones`` names one. Parquet, Arrow and DuckDB hold dates.
    """
    own = {name: text for name, text in formats.items() if name in schema.names}
    if not own or ENDINGS[known_ending(place)].form != TEXT:
        return schema, iter(batches)
    told = pa.schema([pa.field(one.name, pa.string()) if one.name in own else one for one in schema])
    return told, (_written(batch, told, own, zones) for batch in batches)


def _written(
    batch: pa.RecordBatch, schema: pa.Schema, formats: Mapping[str, str], zones: Mapping[str, str]
) -> pa.RecordBatch:
    cells = [
        _texts(column, formats[name], zones.get(name, "")) if name in formats else column
        for name, column in zip(batch.schema.names, batch.columns, strict=True)
    ]
    return pa.record_batch(cells, schema=schema)


def _texts(column: pa.Array, text: str, zone: str) -> pa.Array:
    """Return dates as texts, times on the clock of ``zone`` where the text says none; a gap stays one."""
    import pandas as pd  # takes 0.3 s: only where dates have a format

    if zone and "%z" not in text:
        column = local_times(column, zone)
    found = pd.Series(pd.to_datetime(column.to_pandas())).dt.strftime(text).to_numpy(dtype=object)
    return pa.array(found, pa.string(), mask=np.asarray(column.is_null()))
