"""The bytes of a text table, in and out: compression, encoding, and the lines above its header."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import pyarrow as pa

from finsim.errors import DataError
from finsim.tables.endings import PACKINGS, TEXT, form_by_name
from finsim.tables.sources.text_bytes import unpacked

_PLAIN = (
    "utf-8",
    "ascii",
    "iso8859-1",
    "cp1252",
)  # every separator, quote and line end is one byte of its own
_ENDIAN = {
    "utf-16": ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")),
    "utf-32": ((codecs.BOM_UTF32_LE, "utf-32-le"), (codecs.BOM_UTF32_BE, "utf-32-be")),
}
_LINE = re.compile(b"\r\n|\r|\n")
_HEAD = 65_536


class Source(Protocol):
    """Bytes that are read once, front to back."""

    def read(self, size: int, /) -> bytes:
        """Return up to ``size`` bytes, none at the end."""


class Target(Protocol):
    """Bytes that are written once, front to back."""

    def write(self, data: bytes, /) -> object:
        """Write all bytes."""


def compression(path: Path) -> str | None:
    """Return pyarrow's name of the compression that a file name ends with."""
    return PACKINGS.get(path.suffix.lower())


def is_text(path: Path) -> bool:
    """Tell whether a file name is that of a text table, compressed or not."""
    return form_by_name(path) == TEXT


def exact_encoding(path: Path, encoding: str) -> str:
    """Return the codec that writes the bytes of a file again: the byte order mark names the order."""
    name = codecs.lookup(encoding or "utf-8").name
    if name == "utf-8-sig":
        return "utf-8"
    if name not in _ENDIAN:
        return name
    with unpacked(path) as file:
        head = file.read(4)
    orders = _ENDIAN[name]
    return next((order for mark, order in orders if head.startswith(mark)), orders[0][1])


@contextmanager
def reading(path: Path, encoding: str, place: str) -> Iterator[Source]:
    """Open a text as UTF-8, or as its own bytes where separators and line ends look the same in them."""
    with unpacked(path) as file:
        yield file if encoding in _PLAIN else _Recoded(file, encoding, place)


@contextmanager
def writing(path: Path, kind: str | None, encoding: str) -> Iterator[Target]:
    """Open a new text; it takes what :func:`reading` gives and writes it in ``encoding``."""
    with pa.OSFile(str(path), "wb") as raw:
        if kind is None:
            yield raw if encoding in _PLAIN else _Encoded(raw, encoding)
            return
        with pa.CompressedOutputStream(raw, kind) as file:
            yield file if encoding in _PLAIN else _Encoded(file, encoding)


def head(source: Source, lines: int) -> tuple[bytes, Source]:
    """Take a byte order mark and the first ``lines`` lines off a text; return them and the rest."""
    data, final = source.read(_HEAD), False
    while True:
        at = len(codecs.BOM_UTF8) if data.startswith(codecs.BOM_UTF8) else 0
        ends = [match.end() for match, _ in zip(_LINE.finditer(data, at), range(lines), strict=False)]
        whole = len(ends) == lines and (not ends or ends[-1] < len(data))
        if whole or final:
            cut = (ends[-1] if ends else at) if len(ends) == lines else len(data)
            return data[:cut], _Rest(source, data[cut:])
        more = source.read(max(_HEAD, len(data)))
        data, final = data + more, not more


class _Rest:
    """What follows the head of a text."""

    def __init__(self, source: Source, data: bytes) -> None:
        self._source, self._data = source, data

    def read(self, size: int, /) -> bytes:
        data, self._data = self._data, b""
        return data or self._source.read(size)


class _Recoded:
    """A text as UTF-8; it refuses bytes that its encoding would not write again."""

    def __init__(self, file: Source, encoding: str, place: str) -> None:
        self._file, self._place, self._encoding = file, place, encoding
        self._decode = codecs.getincrementaldecoder(encoding)()
        self._encode = codecs.getincrementalencoder(encoding)()
        self._waiting = b""

    def read(self, size: int, /) -> bytes:
        while True:
            raw = self._file.read(size)
            text = self._decode.decode(raw, not raw)
            self._waiting += raw
            again = self._encode.encode(text)
            if not self._waiting.startswith(again):
                raise DataError(
                    f"{self._encoding} would write other bytes than the file holds",
                    place=self._place,
                    expected="an encoding with one form for each character",
                    remedy="save the table as UTF-8, or write the repaired table as Parquet",
                )
            self._waiting = self._waiting[len(again) :]
            if text or not raw:
                return text.encode()


class _Encoded:
    """A file that is written in another encoding than UTF-8."""

    def __init__(self, file: Target, encoding: str) -> None:
        self._file = file
        self._encode = codecs.getincrementalencoder(encoding)()
        self._decode = codecs.getincrementaldecoder("utf-8")()

    def write(self, data: bytes, /) -> None:
        self._file.write(self._encode.encode(self._decode.decode(data)))
