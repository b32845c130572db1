"""CSV files, plain or compressed, in any dialect, as a stream of Arrow batches."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as arrow_csv

from finsim.errors import DataError, Problem
from finsim.tables.binding import plain
from finsim.tables.cells.declared_cells import read_cells
from finsim.tables.cells.refusals import Cell, problem_of
from finsim.tables.cells.refused_rows import MOST
from finsim.tables.cells.units_and_zones import SHARE_PLACES
from finsim.tables.cells.written import FALSE, TRUE, WHOLE, formats_of
from finsim.tables.schema import Dialect, Field
from finsim.tables.sources.detection import csv_reader, encoding_of, separator_of
from finsim.tables.sources.misread import misread
from finsim.tables.sources.read_errors import reading
from finsim.tables.sources.source import TableSource
from finsim.tables.sources.text_bytes import decoded, head_of, undecodable

_SAMPLE = 1 << 18
_BLOCK, _LARGEST_BLOCK = 1 << 20, 1 << 30  # small blocks stay in the core's cache
_FAR = 1_000_000  # a cell that needs the longer way so far down makes all columns take it
_ZONED = re.compile(r".*[T ]\d\d.*([Zz]|[+-]\d\d:?(\d\d)?)$")


class TextTable(TableSource):
    """A text table: plain, gzip or zstd by its first bytes."""

    def __init__(self, path: Path, fields: Mapping[str, Field], dialect: Dialect, place: str) -> None:
        self.path = path
        with reading(place, "text table"):
            head = head_of(path, _SAMPLE)
        if not head:
            raise DataError("the file is empty", place=place, remedy="give a table with a header and rows")
        encoding = encoding_of(head, dialect, place)
        text = head.decode(encoding, errors="replace")
        if len(head) == _SAMPLE:
            text = text[: max(text.rfind("\n"), text.rfind("\r")) + 1] or text
        start = _without_lines(text, dialect.skip_rows).lstrip("\ufeff")
        sep = dialect.sep or separator_of(start, dialect, place)
        used = replace(dialect, sep=sep, encoding=encoding)
        with reading(place, "CSV table"):
            names, lines, self._first = _headers(start, used)
        if not names:
            raise DataError("no header", place=place, remedy="give a table with a header and rows")
        if any("\ufffd" in name for name in names):
            raise undecodable(path, used, place)
        self._lines_before = dialect.skip_rows + lines
        super().__init__(names, fields, used, place)

    def misread(self) -> Problem | None:
        """Return what to declare where no column is found, and another separator or line has them all."""
        if self.bound or not self.fields:
            return None
        text = head_of(self.path, _SAMPLE).decode(self.dialect.encoding, errors="replace")
        return misread(text, self.dialect, self.fields, self.place)

    def _columns(
        self, places: Sequence[int], fields: Mapping[int, Field], ids: bool = True
    ) -> Iterator[pa.RecordBatch]:
        with reading(self.place, "CSV table"):
            yield from self._read(places, fields, ids)

    def as_stored(self, names: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
        """Yield declared columns in canonical form under their declared names, money in minor units."""
        return self.batches(names, minor=True)

    def _read(
        self, places: Sequence[int], fields: Mapping[int, Field], ids: bool
    ) -> Iterator[pa.RecordBatch]:
        """Yield batches, going on in a longer way where Arrow cannot read a cell or a row is very long."""
        rows, block = 0, _BLOCK
        kinds = {at: self._fast(at, fields[at], ids) if at in fields else pa.string() for at in places}
        while True:
            try:
                for batch in self._parsed(places, kinds, block, rows):
                    yield batch
                    rows += batch.num_rows
                break
            except pa.ArrowInvalid as bad:
                reason = str(bad)
                if "straddling" in reason and block < _LARGEST_BLOCK:
                    block *= 8
                    continue
                column = re.match(r"In CSV column #(\d+)", reason)
                slow = [at for at in places if kinds[at] != pa.string()]
                if column and rows < _FAR:
                    slow = [at for at in slow if at == int(column[1])]
                if not column or not slow:
                    raise self._damage(reason) from None
                kinds |= dict.fromkeys(slow, pa.string())
            except UnicodeError:
                raise undecodable(self.path, self.dialect, self.place) from None
        if not rows:
            raise DataError(
                "the table has no rows", place=self.place, remedy="give a table with a header and rows"
            )

    def _parsed(
        self, places: Sequence[int], kinds: Mapping[int, pa.DataType], block: int, skipped: int
    ) -> Iterator[pa.RecordBatch]:
        """Yield the rows after ``skipped`` ones, as Arrow reads them."""
        used = self.dialect
        wanted = list(places) or [0]  # a reader without columns has no rows
        read = arrow_csv.ReadOptions(
            use_threads=False, block_size=block, skip_rows=self._lines_before,
            column_names=[str(at) for at in range(len(self.headers))],
        )  # fmt: skip
        quote = used.quote or '"'
        parse = arrow_csv.ParseOptions(
            delimiter=used.sep, quote_char=False if quote == "none" else quote,
            newlines_in_values=quote != "none",
        )  # fmt: skip
        convert = arrow_csv.ConvertOptions(
            include_columns=[str(at) for at in wanted],
            column_types={str(at): kinds.get(at, pa.string()) for at in wanted},
            null_values=list(used.null), strings_can_be_null=True, decimal_point=used.point,
            true_values=list(used.true or TRUE), false_values=list(used.false or FALSE),
        )  # fmt: skip
        try:
            reader = arrow_csv.open_csv(decoded(self.path, used.encoding), read, parse, convert)
        except pa.ArrowInvalid as bad:
            if "Empty CSV" in str(bad) or "Could not skip initial" in str(bad):
                return
            raise
        with reader:
            for batch in reader:
                if skipped >= batch.num_rows:
                    skipped -= batch.num_rows
                    continue
                part, skipped = batch.slice(skipped), 0
                yield _with_integers(part, wanted)

    def _fast(self, at: int, field: Field, ids: bool) -> pa.DataType:
        """Return the type in which Arrow itself reads cells as ``typed`` would; text where it could not."""
        plainly = not (field.strip or field.nulls)
        kind = field.type
        if kind == "cat" or (kind == "id" and ids):
            return pa.dictionary(pa.int32(), pa.string())
        if kind == "id":
            return pa.string()
        if not plainly or (self.dialect.thousands and kind in ("int", "float", "ratio", "money")):
            return pa.string()
        if kind == "bool":
            return pa.string() if field.true or field.false else pa.bool_()
        if field.unit in SHARE_PLACES:
            return pa.string()
        if kind in ("int", "float", "ratio"):
            return WHOLE if kind == "int" else pa.float64()
        if kind == "money":
            return WHOLE if field.unit == "minor" else pa.decimal128(38, field.decimals)
        if kind in ("date", "ts") and formats_of(field, self.dialect):
            return pa.string()
        if field.unit:
            return WHOLE
        if kind == "date":
            return pa.date32()
        if kind == "dur":
            return pa.string()
        cell = next((row[at] for row in self._first if at < len(row) and row[at]), "")
        return pa.timestamp("ns", tz="UTC" if _ZONED.match(cell) else None)

    def _damage(self, reason: str) -> DataError:
        """Return what is wrong with a file that Arrow cannot cut into cells."""
        if "UTF8" in reason:
            return undecodable(self.path, self.dialect, self.place)
        uneven = [
            Problem(
                f"{self.place}, row {row} (line {line})",
                f"{len(cells)} cells",
                f"{len(self.headers)}, as in the header",
                f"correct the line; where {self.dialect.sep!r} is not the separator, declare it: --csv sep=;",
            )
            for row, line, cells in self.lines()
            if len(cells) != len(self.headers)
        ]
        if uneven:
            return DataError.of(uneven[:MOST])
        return DataError(f"not a CSV table: {reason[:300]}", place=self.place, remedy="check the file")

    def lines(self) -> Iterator[tuple[int, int, list[str]]]:
        """Yield row number, line and cells of every row, as Python's csv module reads them."""
        with reading(self.place, "CSV table"):
            raw = io.BufferedReader(decoded(self.path, self.dialect.encoding))
            text = io.TextIOWrapper(raw, encoding="utf-8-sig", errors="replace", newline="")
            for _ in range(self._lines_before):
                text.readline()
            reader = csv_reader(text, self.dialect.sep, self.dialect)
            row, line = 0, self._lines_before + 1
            for cells in reader:
                if cells:
                    yield row, line, cells
                    row += 1
                line = self._lines_before + reader.line_num + 1

    def _refusal(
        self, names: Mapping[str, str], places: Sequence[int], cells: Mapping[str, pa.Array], first_row: int
    ) -> DataError:
        """Find all refused cells by reading the file once more, as text."""
        found: list[tuple[Cell, Field]] = []
        row = 0
        for batch in self._columns(places, {}):
            for column, (name, header) in zip(batch.columns, names.items(), strict=True):
                spec = self.fields[name]
                refused = read_cells(column, spec, self.dialect).refused
                found += [(Cell(row + at, header, column[at].as_py()), spec) for at in refused]
            row += batch.num_rows
            if len(found) >= MOST or (found and row > found[0][0].row + _FAR):
                break
        found.sort(key=lambda one: one[0].row)
        found = found[:MOST]
        last = max((cell.row for cell, _ in found), default=-1)
        lines: dict[int, int] = {}
        for number, line, _ in self.lines():
            lines[number] = line
            if number >= last:
                break
        return DataError.of(
            problem_of(replace(cell, line=lines.get(cell.row, 0)), spec, self.dialect, self.place)
            for cell, spec in found
        )


def _with_integers(batch: pa.RecordBatch, places: Sequence[int]) -> pa.RecordBatch:
    """Return a batch in which decimals without a fraction are int64; raises ArrowInvalid as Arrow would."""
    columns = list(batch.columns)
    for i, column in enumerate(columns):
        if column.type == WHOLE:
            try:
                columns[i] = column.cast(pa.int64())
            except pa.ArrowInvalid as bad:
                raise pa.ArrowInvalid(f"In CSV column #{places[i]}: {bad}") from None
    return pa.RecordBatch.from_arrays(columns, batch.schema.names)


def _without_lines(text: str, lines: int) -> str:
    """Return a text without its first lines."""
    left = io.StringIO(text, newline="")
    for _ in range(lines):
        left.readline()
    return left.read()


def _headers(text: str, dialect: Dialect) -> tuple[list[str], int, list[list[str]]]:
    """Return the headers, the number of lines up to the first row, and the first rows."""
    reader = csv_reader(io.StringIO(text, newline=""), dialect.sep, dialect)
    found: list[list[str]] = []
    rows: list[list[str]] = []
    lines = 0
    for record in reader:
        if len(found) < dialect.header_rows:
            if record:
                found.append(record)
            lines = reader.line_num
        elif len(rows) >= 100:
            break
        else:
            rows.append(record)
    if len(found) == 2:
        return _joined(*found), lines, rows
    return (found[0] if found else []), lines, rows


def _joined(first: list[str], second: list[str]) -> list[str]:
    """Return two lines of headers as one; an empty cell above goes on with the one before it."""
    upper, last = [], ""
    for at in range(max(len(first), len(second))):
        cell = first[at].strip() if at < len(first) else ""
        last = cell or last
        upper.append(last)
    lower = [*second, *[""] * (len(upper) - len(second))]
    return [
        " ".join(part for part in (a, b.strip()) if plain(part)) for a, b in zip(upper, lower, strict=True)
    ]
