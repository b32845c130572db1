"""Where records and fields of a delimited text begin and end, found on its bytes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from finsim.notation import Array, Bool1D, Int1D
from finsim.tables.rewriting.streams import Source

CHUNK = 4 * 1024 * 1024
_LF, _CR = 10, 13


@dataclass(frozen=True)
class Records:
    """Whole records of a text in file order, blank lines among them.

    ``begin``, ``stop`` and ``end`` are byte offsets in ``data``, one per record: its first byte, the
    byte after its last field and the byte after its line end. ``seps`` are the separators outside quotes.
    """

    data: bytes
    begin: Int1D
    stop: Int1D
    end: Int1D
    seps: Int1D

    @property
    def rows(self) -> Int1D:
        """Indices of the records that are rows: readers skip lines without any byte."""
        return np.flatnonzero(self.begin < self.stop).astype(np.int64)

    def fields(self, records: Int1D, column: int) -> tuple[Int1D, Int1D]:
        """Return the offsets of one field of some records, first and last plus one; -1 in shorter records."""
        first = np.searchsorted(self.seps, self.begin[records])
        count = np.searchsorted(self.seps, self.stop[records]) - first
        padded = np.concatenate([self.seps, np.zeros(1, np.int64)])
        last = len(self.seps)
        left = padded[np.minimum(first + column - 1, last)] + 1 if column else self.begin[records]
        right = np.where(count > column, padded[np.minimum(first + column, last)], self.stop[records])
        short = count < column
        return np.where(short, -1, left), np.where(short, -1, right)


def split(file: Source, sep: bytes, quote: bytes, chunk: int = CHUNK) -> Iterator[Records]:
    """Yield the records of a text, several megabytes at a time.

    ``sep`` and ``quote`` are one byte each (``quote`` may be empty). A quote opens a quoted field only as
    its first byte, two quotes inside stand for one, and text after the closing quote is plain, as
    pyarrow's reader has it. Lines end with LF, CRLF or CR.
    """
    left = b""
    while True:
        # A record longer than a chunk is read in doubling steps, so that rescanning stays linear.
        read = file.read(max(chunk, len(left)))
        data, final = left + read, not read
        if not data:
            return
        found = _scan(data, sep, quote, final)
        if len(found.end):
            used = int(found.end[-1])
            left = data[used:]
            yield found
        else:
            left = data
        if final:
            return


def _scan(data: bytes, sep: bytes, quote: bytes, final: bool) -> Records:
    """Find the whole records at the head of ``data``; the rest of the text follows unless ``final``."""
    array = np.frombuffer(data, np.uint8)
    breaks = (array == _LF) | (array == _CR)
    marks = np.flatnonzero(breaks | (array == sep[0])).astype(np.int64)
    if quote and quote in data:
        outside = _outside(array, marks, sep[0], quote[0])
        marks = _walk(data, sep, quote) if outside is None else marks[outside]
    line = breaks[marks]
    ends, seps = marks[line], marks[~line]
    if not final and len(ends) and ends[-1] == len(data) - 1 and data[-1] == _CR:
        ends = ends[:-1]  # an LF may follow in the next chunk
    paired = (array[ends] == _CR) & (array[np.minimum(ends + 1, len(data) - 1)] == _LF)
    single = ends[~paired]
    after_cr = (array[single] == _LF) & (single > 0) & (array[single - 1] == _CR)
    stop, end = single - after_cr, single + 1
    if final and (not len(end) or end[-1] < len(data)):
        stop, end = np.append(stop, len(data)), np.append(end, len(data))
    begin = np.concatenate([np.zeros(1, np.int64), end[:-1]]) if len(end) else end
    return Records(data, begin, stop, end, seps)


def _outside(array: Array, marks: Int1D, sep: int, quote: int) -> Bool1D | None:
    """Return which marks lie outside quotes by the parity of the quotes before them.

    None where a quote stands inside an unquoted field, so that parity says nothing.
    """
    quotes = np.flatnonzero(array == quote)
    opening = quotes[::2]
    before = array[np.maximum(opening - 1, 0)]
    starts = (before == sep) | (before == _LF) | (before == _CR) | (opening == 0)
    doubled = np.zeros(len(opening), np.bool_)
    doubled[1:] = opening[1:] - 1 == quotes[1::2][: len(opening) - 1]
    if not (starts | doubled).all():
        return None
    inside: Bool1D = (np.searchsorted(quotes, marks) & 1).astype(np.bool_)
    return ~inside


def _walk(data: bytes, sep: bytes, quote: bytes) -> Int1D:
    """Return separators and line ends outside quotes, byte by byte: exact for any text, and slow."""
    found: list[int] = []
    start, inside, skip = 0, False, -1
    for mark in re.finditer(b"[\r\n" + re.escape(sep + quote) + b"]", data):
        at, byte = mark.start(), mark.group()
        if at == skip:
            continue
        if inside:
            if byte == quote:
                if data[at + 1 : at + 2] == quote:
                    skip = at + 1
                else:
                    inside = False
        elif byte == quote:
            inside = at == start
        else:
            found.append(at)
            start = at + 1
    return np.array(found, np.int64)
