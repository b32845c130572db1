"""The bytes of a text file: unpacked, turned into UTF-8, and searched for what is no text."""

from __future__ import annotations

import codecs
from pathlib import Path

import pyarrow as pa

from finsim.errors import DataError
from finsim.tables.schema import Dialect
from finsim.tables.sources.read_errors import reading

_PACKED = ((b"\x1f\x8b", "gzip"), (b"\x28\xb5\x2f\xfd", "zstd"), (b"BZh", "bz2"))
_FOREIGN = (
    (b"PK\x03\x04", "a zip file or an Excel workbook"),
    (b"\xd0\xcf\x11\xe0", "an Excel workbook"),
    (b"PAR1", "a Parquet file"),
    (b"ARROW1", "an Arrow file"),
    (b"%PDF", "a PDF"),
)


def unpacked(path: Path) -> pa.NativeFile:
    """Return the bytes of a file as a stream, unpacked where its first bytes say so.

    Raises DataError for a file of another kind.
    """
    with path.open("rb") as file:
        mark = file.read(8)
    for start, what in _FOREIGN:
        if mark.startswith(start):
            raise DataError(f"it is {what}", place=str(path), remedy="save the table as CSV or Parquet")
    raw = pa.OSFile(str(path))
    packing = next((name for start, name in _PACKED if mark.startswith(start)), None)
    return raw if packing is None else pa.CompressedInputStream(raw, packing)


def decoded(path: Path, encoding: str) -> pa.NativeFile:
    """Return the text of a file as a stream of UTF-8."""
    stream = unpacked(path)
    if codecs.lookup(encoding).name in ("utf-8", "utf-8-sig", "ascii"):
        return stream
    return pa.transcoding_input_stream(stream, encoding, "utf-8")


def head_of(path: Path, size: int) -> bytes:
    """Return the first bytes, unpacked."""
    with unpacked(path) as stream:
        head: bytes = stream.read(size)
    return head


def undecodable(path: Path, dialect: Dialect, place: str) -> DataError:
    """Return the error of a file that is not of its encoding, with line and byte."""
    name = codecs.lookup(dialect.encoding or "utf-8").name
    shown = {"utf-8": "UTF-8", "utf-8-sig": "UTF-8"}.get(name, name)
    remedy = "declare the encoding, such as --csv encoding=cp1252"
    where = ""
    if not name.startswith(("utf-16", "utf-32")):
        with reading(place, "text table"):
            where = _first_bad_byte(path, name)
    return DataError(f"not {shown}{where}", place=place, expected=f"text in {shown}", remedy=remedy)


def _first_bad_byte(path: Path, encoding: str) -> str:
    left, line = b"", 0
    with unpacked(path) as stream:
        while True:
            block = stream.read(1 << 20)
            *lines, left = (left + block).split(b"\n")
            if not block:
                lines.append(left)
            for raw in lines:
                line += 1
                try:
                    raw.decode(encoding)
                except UnicodeDecodeError as bad:
                    return f" at line {line}, byte {bad.start + 1} ({bad.object[bad.start]:#04x})"
            if not block:
                return ""
