"""Parquet and JSON on disk: streamed, atomic, the same bytes for the same rows."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from finsim.errors import RecordError
from finsim.records.columns import words_of

ROW_GROUP = 262_144


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary sibling of ``path``; on success fsync it and rename it, on failure delete it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield temporary
        _fsync(temporary)
        os.replace(temporary, path)
        _fsync(path.parent)
    except OSError as refused:
        if refused.errno is not None:  # one without a number would lose its own words
            refused.filename = refused.filename or str(path)  # a full disk names no file
        raise
    finally:
        temporary.unlink(missing_ok=True)


def _fsync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_table(
    path: Path, schema: pa.Schema, batches: Iterable[pa.RecordBatch | pa.Table], rows: int = ROW_GROUP
) -> int:
    """Stream batches into one Parquet file (zstd, row groups of ``rows``); return the row count.

    The file appears only when it is complete. Bytes depend on the rows alone, not on how they were
    cut into batches. Raises RecordError for a null in a column that the schema says has none.
    """
    return write_tables({path: schema}, batches, rows)


def write_tables(
    schemas: Mapping[Path, pa.Schema], batches: Iterable[pa.RecordBatch | pa.Table], rows: int = ROW_GROUP
) -> int:
    """Stream batches into several Parquet files, each with the columns of its schema; return the row count.

    All files have the same rows in the same row groups. As ``write_table`` for each of them.
    """
    import pyarrow.parquet as pq  # not for commands that write texts alone: 10 ms of their start

    count = 0
    every = {field.name: field for schema in schemas.values() for field in schema}
    with ExitStack() as stack:
        writers = {}
        for path, schema in schemas.items():
            temporary = stack.enter_context(replacing(path))
            writers[path] = stack.enter_context(
                pq.ParquetWriter(
                    temporary.absolute(), schema, compression="zstd", store_schema=True, **_encodings(schema)
                )  # absolute: Arrow takes a name such as odd:name for a URL
            )
        for group in regroup(pa.schema(list(every.values())), batches, rows):
            for path, schema in schemas.items():
                writers[path].write_table(group.select(schema.names).cast(schema), row_group_size=rows)
            count += group.num_rows
    return count


def _encodings(schema: pa.Schema) -> dict[str, Any]:
    """Return how columns are encoded: long numbers and instants by their differences, others by dictionary.

    A dictionary of ids, balances or instants is as long as the column: it takes twice the time and a third
    more room (measured on payments).
    """
    long = [
        field.name for field in schema if pa.types.is_int64(field.type) or pa.types.is_timestamp(field.type)
    ]
    others = [name for name in schema.names if name not in long]
    return {"use_dictionary": others or False, "column_encoding": dict.fromkeys(long, "DELTA_BINARY_PACKED")}


def regroup(schema: pa.Schema, batches: Iterable[pa.RecordBatch | pa.Table], rows: int) -> Iterator[pa.Table]:
    """Cut any stream of batches into tables of exactly ``rows`` rows (the last may be shorter)."""
    waiting: list[pa.Table] = []
    held = 0
    for batch in batches:
        table = batch if isinstance(batch, pa.Table) else pa.Table.from_batches([batch])
        waiting.append(_as(table.select(schema.names), schema))
        held += table.num_rows
        if held >= rows:
            whole = pa.concat_tables(waiting)
            for start in range(0, held - held % rows, rows):
                yield _own_dictionaries(whole.slice(start, rows))
            waiting = [whole.slice(held - held % rows)]
            held %= rows
    if held:
        yield _own_dictionaries(pa.concat_tables(waiting))


def _as(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """Return a table in a schema; raises RecordError for a null where the schema says never."""
    for field in schema:
        if not field.nullable and table[field.name].null_count:
            raise RecordError(
                f"{table[field.name].null_count:,} nulls",
                place=f"column {field.name!r}",
                expected="a value in every row",
            )
    return table.cast(schema)


def _own_dictionaries(table: pa.Table) -> pa.Table:
    """Give every dictionary column the words that its field names, else its values as they come.

    Parquet stores the dictionary as it is handed over, so one that lists the values of rows written
    earlier, or in another order, would change the bytes.
    """
    table = table.unify_dictionaries().combine_chunks()
    for i, field in enumerate(table.schema):
        if pa.types.is_dictionary(field.type):
            column = _reencoded(table.column(i).combine_chunks(), field.type, words_of(field))
            table = table.set_column(i, field, column)
    return table


def _reencoded(
    column: pa.DictionaryArray, kind: pa.DictionaryType, words: Sequence[str]
) -> pa.DictionaryArray:
    """Return a column with the dictionary of its file: the fixed words, then others as they come.

    The words of a ledger that is learned may be more than those that are fixed.
    """
    if words and column.dictionary.equals(pa.array(words, column.dictionary.type)):
        return pa.DictionaryArray.from_arrays(
            column.indices.cast(kind.index_type), column.dictionary, ordered=kind.ordered
        )
    values = column.dictionary.dictionary_encode()  # merges values that are listed twice
    codes = pc.take(values.indices, column.indices)
    used = pc.unique(codes).drop_null()
    dictionary = values.dictionary.take(used)
    if words:
        fixed = pa.array(words, dictionary.type)
        others = dictionary.filter(pc.invert(pc.is_in(dictionary, fixed)))
        dictionary = pa.concat_arrays([fixed, others])
        own = pc.index_in(values.dictionary, dictionary).take(codes)
    else:
        own = pc.index_in(codes, used)
    return pa.DictionaryArray.from_arrays(own.cast(kind.index_type), dictionary, ordered=kind.ordered)


def read_table(path: Path, columns: list[str] | None = None) -> pa.Table:
    """Read one Parquet file whole."""
    import pyarrow.parquet as pq

    return pq.read_table(path.absolute(), columns=columns)


def read_batches(path: Path, rows: int = ROW_GROUP) -> Iterator[pa.RecordBatch]:
    """Yield the record batches of a Parquet file without loading it whole."""
    import pyarrow.parquet as pq

    with pq.ParquetFile(path.absolute()) as file:
        yield from file.iter_batches(batch_size=rows)


def write_text(path: Path, text: str) -> None:
    """Write a text file atomically, UTF-8."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def canonical_json(data: Any) -> str:
    """Return JSON with sorted keys and no spaces: equal data give equal text."""
    return json.dumps(data, sort_keys=True, separators=(",", ":"), allow_nan=False)


def write_json(path: Path, data: Any) -> None:
    """Write readable JSON with sorted keys, atomically."""
    write_text(path, json.dumps(data, sort_keys=True, indent=1, allow_nan=False) + "\n")


def digest_text(text: str) -> str:
    """Return the sha256 of a text, hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def digest_file(path: Path) -> str:
    """Return the sha256 of a file's bytes, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
