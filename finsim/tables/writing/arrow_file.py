"""Arrow files (IPC, also called Feather): not packed, so that readers can map them into memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from finsim.records.storage import regroup, replacing

_ROWS = 262_144


def write_arrow(path: Path, schema: pa.Schema, batches: Iterable[pa.RecordBatch | pa.Table]) -> int:
    """Stream batches into one Arrow file; return the number of rows.

    The form has one dictionary for all rows of a column, which is known only at their end: rows with
    dictionaries go through a second file beside it, which is deleted.
    """
    groups = regroup(schema, batches, _ROWS)
    coded = [field.name for field in schema if pa.types.is_dictionary(field.type)]
    with replacing(path) as temporary:
        if not coded:
            return _write(temporary, schema, groups)
        spool = temporary.with_name(f"{temporary.name}.rows")
        try:
            words = _spooled(spool, schema, groups, coded)
            with pa.OSFile(str(spool)) as file, pa.ipc.open_stream(file) as rows:
                return _write(temporary, schema, (_recoded(batch, words) for batch in rows))
        finally:
            spool.unlink(missing_ok=True)


def _write(path: Path, schema: pa.Schema, groups: Iterable[pa.Table | pa.RecordBatch]) -> int:
    count = 0
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, schema) as writer:
        for group in groups:
            writer.write(group)
            count += group.num_rows
    return count


def _spooled(
    path: Path, schema: pa.Schema, groups: Iterator[pa.Table], coded: list[str]
) -> dict[str, pa.Array]:
    """Write rows with their own dictionaries; return the words of each column as they come."""
    words: dict[str, pa.Array] = {name: pa.array([], schema.field(name).type.value_type) for name in coded}
    packed = pa.ipc.IpcWriteOptions(compression="zstd")
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_stream(file, schema, options=packed) as writer:
        for group in groups:
            writer.write(group)
            for name in coded:
                for chunk in group[name].chunks:
                    new = chunk.dictionary.filter(pc.invert(pc.is_in(chunk.dictionary, words[name])))
                    words[name] = pa.concat_arrays([words[name], new]) if len(new) else words[name]
    return words


def _recoded(batch: pa.RecordBatch, words: Mapping[str, pa.Array]) -> pa.RecordBatch:
    """Return a batch whose dictionaries hold the words of all rows."""
    columns = list(batch.columns)
    for at, field in enumerate(batch.schema):
        if field.name in words:
            own = pc.index_in(columns[at].dictionary, words[field.name]).cast(field.type.index_type)
            codes = own.take(columns[at].indices)
            columns[at] = pa.DictionaryArray.from_arrays(codes, words[field.name], ordered=field.type.ordered)
    return pa.RecordBatch.from_arrays(columns, schema=batch.schema)
