"""The door for texts in newer forms: views (polars, DuckDB), coded or not, become plain strings.

Arrow itself neither takes nor casts all of them. The values stay as they are, the stored type does not: a
column of ``string_view`` is one of ``string`` from here on, and comes out as that.
"""

from __future__ import annotations

import pyarrow as pa


def plain_type(kind: pa.DataType) -> pa.DataType:
    """Return the type without views of text; that of codes stays."""
    if pa.types.is_dictionary(kind):
        return pa.dictionary(kind.index_type, plain_type(kind.value_type), kind.ordered)
    return pa.string() if pa.types.is_string_view(kind) else kind


def plain_schema(schema: pa.Schema) -> pa.Schema:
    """Return the fields in plain types, with what is said of them."""
    fields = [field.with_type(plain_type(field.type)) for field in schema]
    return pa.schema(fields, schema.metadata)


def plain_batch(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Return the rows with plain strings in place of views."""
    schema = plain_schema(batch.schema)
    if schema.equals(batch.schema):
        return batch
    return pa.RecordBatch.from_arrays([_plain(cells) for cells in batch.columns], schema=schema)


def _plain(cells: pa.Array) -> pa.Array:
    kind = plain_type(cells.type)
    if kind == cells.type:
        return cells
    if not pa.types.is_dictionary(kind):
        return cells.cast(kind)
    words = cells.dictionary.cast(kind.value_type)
    return pa.DictionaryArray.from_arrays(cells.indices, words, ordered=kind.ordered)
