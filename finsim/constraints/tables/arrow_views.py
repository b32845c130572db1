"""Columns in layouts that Arrow cannot take rows of, in others: the views of polars, run-end encoding."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc


def without_views(table: pa.Table) -> pa.Table:
    """Return a table with the same cells, of whose columns rows can be taken and exchanged."""
    for place, field in enumerate(table.schema):
        kind = _plain(field.type)
        if kind != field.type:
            cells = pa.chunked_array([_laid_out(chunk) for chunk in table.column(place).chunks], kind)
            table = table.set_column(place, field.with_type(kind), cells)
    return table


def _laid_out(cells: pa.Array) -> pa.Array:
    """Return a chunk in the layout of ``_plain``."""
    if pa.types.is_run_end_encoded(cells.type):
        cells = pc.run_end_decode(cells)
    kind = _plain(cells.type)
    if pa.types.is_dictionary(cells.type) and kind != cells.type:  # Arrow casts no dictionary of views
        words, codes = cells.dictionary.cast(kind.value_type), cells.indices.cast(kind.index_type)
        return pa.DictionaryArray.from_arrays(codes, words)
    return cells.cast(kind)


def _plain(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_run_end_encoded(kind):
        return _plain(kind.value_type)
    if pa.types.is_string_view(kind):
        return pa.large_string()
    if pa.types.is_binary_view(kind):
        return pa.large_binary()
    if pa.types.is_dictionary(kind) and pa.types.is_string_view(kind.value_type):
        return pa.dictionary(pa.int32(), pa.large_string())
    return kind
