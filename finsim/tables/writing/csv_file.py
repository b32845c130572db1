"""CSV: commas, UTF-8, LF, quotes where needed, one form for each value; or in the dialect of other text."""

from __future__ import annotations

import codecs
import gzip
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import pyarrow as pa
import pyarrow.compute as pc

from finsim.errors import DataError
from finsim.records.columns import DECIMALS, facts_of
from finsim.records.storage import regroup, replacing
from finsim.tables.schema import Dialect
from finsim.tables.writing.csv_cells import cells_of, fixed, has_cells, quoted
from finsim.tables.writing.text_look import QUOTED, TextLook

_GZIP_LEVEL = 6
_ROWS = 65_536  # their text takes a few tens of MB


class Target(Protocol):
    """Bytes that are written once, front to back."""

    def write(self, data: bytes | pa.Buffer, /) -> object:
        """Write all bytes."""


def write_csv(
    path: Path,
    schema: pa.Schema,
    batches: Iterable[pa.RecordBatch | pa.Table],
    *,
    money: Mapping[str, int],
    packing: str = "",
    dialect: Dialect | None = None,
    look: TextLook | None = None,
) -> int:
    """Stream batches into one CSV, packed as pyarrow calls it; return the number of rows.

    ``money``: column of minor units -> decimals. Calendar days (columns whose unit is ``day``) are written as
    days, not as midnights; floats of a field with ``decimals`` have as many. ``dialect`` gives separator,
    decimal sign, quote, encoding and how many empty lines stand above the header, ``look`` what these lines
    say, the header and line ends; cells of a field with the fact ``QUOTED`` all stand in quotes. Raises
    DataError for columns that have no cells of text, and for signs that the encoding does not have.
    """
    nested = [field for field in schema if not has_cells(field.type)]
    if nested:
        raise DataError(
            f"column {nested[0].name!r} holds {nested[0].type}, which a CSV has no place for",
            place=str(path),
            expected="one value a cell",
            remedy="write .parquet, .arrow or .duckdb",
        )
    count, form = 0, dialect or Dialect()
    encode = _encoder(form.encoding, path)
    days = {field.name for field in schema if facts_of(field)["unit"] == "day"}
    with replacing(path) as temporary, _opened(temporary, packing) as file:
        file.write(encode(_head(schema.names, form, look or TextLook()).encode()))
        for group in regroup(schema, batches, _ROWS):
            file.write(encode(_lines(group, money, days, form, look.line_end if look else "\n")))
            count += group.num_rows
    return count


def _head(names: Sequence[str], form: Dialect, look: TextLook) -> str:
    """Return the lines above the rows: those of the look where it knows all columns."""
    lines: Sequence[Sequence[str]] = [names]
    if look.header and set(names) <= {*look.names}:
        places = [look.names.index(name) for name in names]
        lines = [[line[at] for at in places] for line in look.header]
    told = look.above or look.line_end * form.skip_rows
    for line in lines:
        cells = quoted(pa.array(line, pa.string()), form)
        texts = (_in_quotes(cells, form) if look.is_quoted_header else cells).to_pylist()
        if len(lines) > 1 and not look.is_quoted_header:  # of two lines of names the first has blanks
            texts = [
                text if name or look.is_quoted_header else "" for text, name in zip(texts, line, strict=True)
            ]
        told += (form.sep or ",").join(texts) + look.line_end
    return told


def _in_quotes(cells: pa.Array, form: Dialect) -> pa.Array:
    """Return cells all in quotes; what has some already stays, and gaps do."""
    mark = '"' if form.quote in ("", "none") else form.quote
    sign = pa.scalar(mark, cells.type)
    wrapped = pc.binary_join_element_wise(sign, cells, sign, pa.scalar("", cells.type))
    return pc.if_else(pc.starts_with(cells, mark), cells, wrapped)


def _encoder(encoding: str, path: Path) -> Callable[[bytes | pa.Buffer], bytes | pa.Buffer]:
    """Return what makes UTF-8 the bytes of an encoding, part by part: a mark stands once."""
    if codecs.lookup(encoding or "utf-8").name == "utf-8":
        return lambda text: text
    encoder = codecs.getincrementalencoder(encoding)()

    def encoded(text: bytes | pa.Buffer) -> bytes:
        try:
            return encoder.encode(bytes(text).decode())
        except UnicodeEncodeError as bad:
            sign = bad.object[bad.start]
            raise DataError(
                f"{sign!r} has no place in the encoding {encoding}", place=str(path),
                remedy="write .parquet; or declare encoding: utf-8 for the data",
            ) from None  # fmt: skip

    return encoded


@contextmanager
def _opened(path: Path, packing: str) -> Iterator[Target]:
    """Open a new file; what is packed says neither when nor where it was made."""
    with pa.OSFile(str(path), "wb") as raw:
        if not packing:
            yield raw
        elif packing == "gzip":  # pyarrow packs at the slowest level
            with gzip.GzipFile("", "wb", _GZIP_LEVEL, raw, mtime=0) as packed:
                yield packed
        else:
            with pa.CompressedOutputStream(raw, packing) as file:
                yield file


def _lines(
    rows: pa.Table, money: Mapping[str, int], days: set[str], form: Dialect, line_end: str
) -> pa.Buffer | bytes:
    """Return the lines of some rows."""
    columns = []
    for field, column in zip(rows.schema, rows.columns, strict=True):
        plain = _one_array(column.cast(pa.date32()) if field.name in days else column)
        if DECIMALS in (field.metadata or {}) and pa.types.is_floating(plain.type):
            plain = fixed(plain, int(field.metadata[DECIMALS]))
        cells = cells_of(plain, money.get(field.name), form).cast(pa.large_string())
        columns.append(_in_quotes(cells, form) if QUOTED in (field.metadata or {}) else cells)
    if not columns:
        return line_end.encode() * rows.num_rows
    if len(columns) == 1:  # a line without anything would be no row to most readers
        columns = [pc.fill_null(columns[0], pa.scalar('""', pa.large_string()))]
    comma, end, none = (pa.scalar(text, pa.large_string()) for text in (form.sep or ",", line_end, ""))
    cells = pc.binary_join_element_wise(*columns, comma, null_handling="replace", null_replacement="")
    lines = pc.binary_join_element_wise(cells, none, end)
    text = lines.buffers()[2]
    return b"" if text is None else text.slice(0, int(pc.sum(pc.binary_length(lines)).as_py() or 0))


def _one_array(column: pa.ChunkedArray) -> pa.Array:
    found = column.combine_chunks()
    return pa.concat_arrays(found.chunks) if isinstance(found, pa.ChunkedArray) else found
