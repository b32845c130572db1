"""A text table written again: untouched bytes stay, changed cells follow the dialect."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa

from finsim.errors import DataError, Problem
from finsim.notation import Int1D
from finsim.records.storage import replacing
from finsim.tables.rewriting.cells import texts
from finsim.tables.rewriting.record_offsets import Records, split
from finsim.tables.rewriting.streams import compression, head, reading, writing
from finsim.tables.rewriting.style import SAMPLE, Style, quote_of, quoted, style_of, unquoted
from finsim.tables.schema import Dialect, Field

_SHOWN = 5


@dataclass(frozen=True)
class Changed:
    """The changed cells of one column: rows of the source in rising order, and their new values."""

    header: str
    position: int
    column: Field
    rows: Int1D
    values: pa.Array


@dataclass(frozen=True)
class Added:
    """A new last column: its header, and its text for each kept row."""

    header: str
    cells: Sequence[str | None]


@dataclass(frozen=True)
class Text:
    """A text table as it stands on disk: where, how it is written, and the rows that it holds."""

    path: Path
    dialect: Dialect
    encoding: str
    width: int
    rows: int
    place: str


@dataclass(frozen=True)
class Edits:
    """What is new in a table: the rows that stay, in rising order, changed cells, and new last columns."""

    kept: Int1D
    changes: Sequence[Changed] = ()
    added: Sequence[Added] = field(default=())


def rewrite_text(source: Text, edits: Edits, out: Path) -> None:
    """Write a text table again with some cells changed and only the kept rows, in file order.

    Header, lines above it, untouched cells and rows are byte for byte what they were, whatever their
    encoding, quoting and line ends; ``out`` is compressed as its name says and appears only when complete.
    Raises DataError for a value that no cell of the dialect can hold, naming row and column.
    """
    work = _Work(source, edits)
    with (
        reading(source.path, source.encoding, source.place) as file,
        replacing(out) as temporary,
        writing(temporary, compression(out), source.encoding) as target,
    ):
        above, rest = head(file, source.dialect.skip_rows)
        target.write(above)
        for records in split(rest, source.dialect.sep.encode(), quote_of(source.dialect).encode()):
            for piece in work.pieces(records):
                target.write(piece)
        work.finish()


class _Work:
    """The state of one rewriting: rows seen so far, and the style of each column once it is known."""

    def __init__(self, source: Text, edits: Edits) -> None:
        self._source, self._edits = source, edits
        self._keep = np.zeros(source.rows, np.bool_)
        self._keep[edits.kept] = True
        self._header, self._seen, self._left = source.dialect.header_rows, 0, 0
        self._styles: dict[str, Style] = {}
        self._quote = quote_of(source.dialect)
        self._codec = source.encoding if source.encoding in ("ascii", "iso8859-1", "cp1252") else "utf-8"

    def pieces(self, records: Records) -> Iterator[bytes]:
        """Yield the new bytes of some records."""
        rows = records.rows
        skipped = min(self._header, len(rows))
        cuts = self._names(records, rows[:skipped])
        self._header, rows = self._header - skipped, rows[skipped:]
        first, self._seen = self._seen, self._seen + len(rows)
        if self._seen > self._source.rows:
            self.finish()
        stay = self._keep[first : self._seen]
        dropped = rows[~stay]
        cuts += [
            (int(a), int(b), b"") for a, b in zip(records.begin[dropped], records.end[dropped], strict=True)
        ]
        for change in self._edits.changes:
            cuts += self._cells(change, records, rows, first)
        cuts += self._new_columns(records, rows[stay])
        at, view = 0, memoryview(records.data)
        for start, stop, new in sorted(cuts, key=lambda cut: cut[:2]):
            yield bytes(view[at:start])
            yield new
            at = stop
        yield bytes(view[at : int(records.end[-1])])

    def finish(self) -> None:
        """Raise DataError when the file does not hold the rows that were read from it."""
        if self._seen != self._source.rows:
            raise DataError(
                f"the file has {self._seen} rows or more, {self._source.rows} were read",
                place=self._source.place,
                remedy="it changed since it was read: check it again",
            )

    def _names(self, records: Records, header: Int1D) -> list[tuple[int, int, bytes]]:
        """Return the headers of new columns: in the first line of names, with blanks below."""
        cuts = []
        for record in header.tolist():
            is_first = self._header == self._source.dialect.header_rows and record == header[0]
            names = [each.header if is_first else "" for each in self._edits.added]
            cuts.append(self._appended(int(records.stop[record]), names))
        return cuts if self._edits.added else []

    def _new_columns(self, records: Records, stay: Int1D) -> list[tuple[int, int, bytes]]:
        """Return the cells of new columns at the end of rows."""
        first, self._left = self._left, self._left + len(stay)
        if not self._edits.added:
            return []
        ends = records.stop[stay].tolist()
        return [
            self._appended(end, [each.cells[first + i] or "" for each in self._edits.added])
            for i, end in enumerate(ends)
        ]

    def _appended(self, end: int, cells: Sequence[str]) -> tuple[int, int, bytes]:
        new = [self._bytes(cell, False, False) for cell in cells]
        sep = self._source.dialect.sep.encode()
        return end, end, b"".join(sep + (cell if cell is not None else b"") for cell in new)

    def _cells(
        self, change: Changed, records: Records, rows: Int1D, first: int
    ) -> list[tuple[int, int, bytes]]:
        """Return the cells of one column that change: first byte, last byte plus one, new bytes."""
        low, high = np.searchsorted(change.rows, [first, first + len(rows)])
        if low == high:
            return []
        source, dialect = self._source, self._source.dialect
        if change.header not in self._styles:
            sample = self._old(records, rows[:SAMPLE], change.position)
            self._styles[change.header] = style_of(
                [cell for cell, _ in sample], [q for _, q in sample], dialect
            )
        style = self._styles[change.header]
        changed = rows[change.rows[low:high] - first]
        old = self._old(records, changed, change.position)
        values = change.values.slice(low, high - low)
        new = texts(values, [cell for cell, _ in old], change.column, dialect, style)
        cells = [
            self._bytes(cell, style.quoted or was, source.width == 1)
            for cell, (_, was) in zip(new, old, strict=True)
        ]
        wrong = [i for i, cell in enumerate(cells) if cell is None]
        if wrong:
            self._refuse(change, [(int(change.rows[low + i]), values[i].as_py()) for i in wrong])
        starts, stops = records.fields(changed, change.position)
        return [(int(a), int(b), c) for a, b, c in zip(starts, stops, cells, strict=True) if c is not None]

    def _old(self, records: Records, rows: Int1D, position: int) -> list[tuple[str, bool]]:
        starts, stops = records.fields(rows, position)
        raw = [records.data[a:b].decode(self._codec, "replace") for a, b in zip(starts, stops, strict=True)]
        return [unquoted(cell, self._quote) for cell in raw]

    def _bytes(self, cell: str | None, always: bool, alone: bool) -> bytes | None:
        """Return a cell as bytes, None where dialect or encoding have no form for it."""
        written = None if cell is None else quoted(cell, self._source.dialect, always, alone)
        if written is None:
            return None
        try:
            written.encode(self._source.encoding)
            return written.encode(self._codec)
        except UnicodeEncodeError:
            return None

    def _refuse(self, change: Changed, cells: list[tuple[int, object]]) -> None:
        remedy = "write Parquet (-o OUT.parquet), or declare a format, encoding or null word that holds it"
        problems = [
            Problem(
                f"{self._source.place}: row {row}, column {change.header!r}",
                f"the new value {value!s} has no form in this file that reads as {value!s} again",
                f"a cell that its declared type ({change.column.type}) reads",
                remedy,
            )
            for row, value in cells[:_SHOWN]
        ]
        raise DataError.of(problems)
