"""What a text table looks like: encoding, separator, quote, lines above the header, sample rows."""

from __future__ import annotations

import codecs
import csv
import io
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from finsim.errors import DataError
from finsim.tables.endings import TEXT
from finsim.tables.schema import Dialect
from finsim.tables.sources.opening import form_of
from finsim.tables.sources.read_errors import reading
from finsim.tables.sources.text_bytes import unpacked

ROWS = 2000
_HEAD, _BLOCK, _WHOLE = 512 * 1024, 1024 * 1024, 96
_SEPARATORS = (",", ";", "\t", "|", "^", "~")
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_NUMERIC = frozenset("0123456789.,+-eE% ")


@dataclass(frozen=True)
class TextLook:
    """The outer form of a text table and some of its rows, from the head and from places spread over it.

    ``header_rows`` is 2 for exports with two lines of names; ``doubts`` say in words what could be otherwise.
    """

    encoding: str
    sep: str
    quote: str
    skip_rows: int
    header_rows: int
    header: tuple[tuple[str, ...], ...]
    rows: tuple[tuple[str, ...], ...]
    doubts: tuple[str, ...]

    def cells(self, column: int) -> list[str]:
        """Return the sampled cells of one column."""
        return [row[column] for row in self.rows]


def is_text_file(path: Path) -> bool:
    """Tell whether a path is a file of text, not of typed columns."""
    return path.is_file() and path.stat().st_size > 0 and form_of(path) == TEXT


def look(path: Path, declared: Dialect | None = None) -> TextLook:
    """Find the outer form of a text table as far as it is not declared.

    Raises DataError for a file without a header line.
    """
    said = declared or Dialect()
    head, later, encoding, doubts = _sample(path, said.encoding)
    text = _below(head.removeprefix("\ufeff"), said.skip_rows)
    if not text.strip():
        raise DataError("the file is empty", place=str(path), expected="a header line and rows")
    seps = (said.sep,) if said.sep else _SEPARATORS
    quotes = ({"none": "\0"}.get(said.quote, said.quote),) if said.quote else ('"', "'")
    found = max((_fit(text, sep, quote) for sep in seps for quote in quotes), key=lambda fit: fit.score)
    records, skipped = found.records, found.skip_rows
    header_rows = said.header_rows if said.header_rows > 1 else _header_rows(records)
    header = tuple(tuple(cell for cell in row) for row in records[:header_rows])
    width = len(header[0])
    rows = [row for row in records[header_rows:] if len(row) == width]
    wrong = len(records) - header_rows - len(rows)
    if wrong:
        doubts.append(f"{wrong} of the first {len(records)} lines have other than {width} cells")
    if skipped:
        doubts.append(f"{_lines(skipped)} above the header: skipped")
    if header_rows > 1:
        doubts.append("two lines of names: read as one name each, joined by a blank")
    if _is_data(header[0], rows):
        doubts.append("the first line looks like data: put a line of names above it")
    for block in later:
        spread = list(_parsed(block, found.sep, found.quote))[1:-1]
        rows += [row for row in spread if len(row) == width]
    sampled = tuple(tuple(row) for row in rows)
    quote = said.quote or found.quote
    return TextLook(
        encoding, found.sep, quote, skipped + said.skip_rows, header_rows, header, sampled, tuple(doubts)
    )


def _below(text: str, lines: int) -> str:
    """Return a text without its first lines."""
    for _ in range(lines):
        text = text.partition("\n")[2]
    return text


def _sample(path: Path, known: str) -> tuple[str, list[str], str, list[str]]:
    """Return the text at the head, texts further in, the encoding, and doubts about it."""
    blocks: list[bytes] = []
    with reading(str(path), "text table"), unpacked(path) as file:
        head = file.read(_HEAD)
        encoding, utf8, bad = _marked(head) or known, codecs.getincrementaldecoder("utf-8")(), b""
        block = head
        for _ in range(_WHOLE):
            bad = bad or _not_utf8(utf8, block, encoding)
            if block is not head:
                blocks.append(block[: 8 * 1024])
            block = file.read(_BLOCK)
            if not block:
                break
        whole = not block
    doubts: list[str] = []
    if not encoding:
        encoding = "cp1252" if bad else "utf-8"
        if bad:
            shown = bad.decode("cp1252", "replace")
            doubts.append(
                f"not UTF-8: read as Windows-1252, where it says {shown!r}; if that is wrong, try "
                "encoding: cp1250 (Eastern Europe), cp1251 (Cyrillic), shift_jis, gb18030"
            )
    steady = encoding if encoding not in ("utf-16", "utf-32") else ""
    texts = [block.decode(steady, "replace") for block in blocks] if steady else []
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    return decoder.decode(head, whole and not blocks), texts, encoding, doubts


def _marked(head: bytes) -> str:
    """Return the encoding that a byte order mark, or zero bytes, give away; else nothing."""
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name
    pairs = min(len(head), 2000) // 2
    if pairs and not head.startswith(codecs.BOM_UTF8):
        low, high = head[0 : 2 * pairs : 2].count(0), head[1 : 2 * pairs : 2].count(0)
        if max(low, high) > 0.4 * pairs:
            return "utf-16-le" if high > low else "utf-16-be"
    return ""


def _not_utf8(decoder: codecs.IncrementalDecoder, block: bytes, encoding: str) -> bytes:
    """Return the bytes around the first that are not UTF-8."""
    if encoding:
        return b""
    try:
        decoder.decode(block)
    except UnicodeDecodeError as error:
        data: bytes = error.object
        around = data[max(error.start - 12, 0) : error.end + 12]
        return max(
            around.replace(b"\r", b"\n").split(b"\n"), key=lambda line: sum(byte > 127 for byte in line)
        )
    return b""


@dataclass(frozen=True)
class _Fit:
    sep: str
    quote: str
    skip_rows: int
    records: list[list[str]]
    score: tuple[float, ...]


def _parsed(text: str, sep: str, quote: str) -> Iterator[list[str]]:
    """Yield the records of a text without blank lines."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=sep, quotechar=quote, strict=False)
    try:
        yield from (record for record in reader if record)
    except csv.Error:
        return


def _fit(text: str, sep: str, quote: str) -> _Fit:
    """Parse a sample in one form and judge it by the share of records of one width and by the header."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=sep, quotechar=quote, strict=False)
    records, lines = [], []
    try:
        for record in reader:
            if record:
                records.append(record)
                lines.append(reader.line_num)
            if len(records) > ROWS:
                break
        else:
            records = records[:-1] if len(text) >= _HEAD - 4 and len(records) > 2 else records
    except csv.Error:
        pass
    if not records:
        return _Fit(sep, quote, 0, [], (-1.0,))
    widths = [len(record) for record in records]
    width = Counter(widths[len(widths) // 4 :]).most_common(1)[0][0]
    start = next((i for i, count in enumerate(widths) if count == width), 0)
    if all(set(cell.strip()) <= _NUMERIC for cell in records[start]):
        start = 0  # numbers are no header: the first line is, and rows of another width are refused
    share = sum(count == width for count in widths[start:]) / len(widths)
    shown = records[start]
    named = sum(bool(cell.strip()) and not set(cell.strip()) <= _NUMERIC for cell in shown) / len(shown)
    bare = sum(cell[:1] == "'" and cell[-1:] == "'" for record in records[:50] for cell in record)
    tidy = 0.0 if quote == "'" else 0.5 * bool(bare < 2)
    score = (width > 1, round(share, 2), round(named, 1), tidy, -start, width, quote == '"')
    skipped = text_lines(lines, start, shown)
    return _Fit(sep, quote, skipped, records[start:], tuple(float(part) for part in score))


def text_lines(lines: Sequence[int], start: int, shown: Sequence[str]) -> int:
    """Return how many lines of the file stand above the record ``start``."""
    inside = sum(cell.count("\n") for cell in shown)
    return lines[start] - 1 - inside if start else 0


def _lines(count: int) -> str:
    return "one line stands" if count == 1 else f"{count} lines stand"


def _header_rows(records: list[list[str]]) -> int:
    """Return 2 where the second line holds names too: the first repeats itself or has blanks."""
    if len(records) < 3:
        return 1
    first, second, rest = records[0], records[1], records[2:50]
    if len(second) != len(first):
        return 1
    named = [cell.strip() for cell in first]
    filled = [name for name in named if name]
    if len(set(filled)) == len(filled) == len(named):
        return 1
    below = [
        i for i in range(len(first)) if any(_is_number(row[i]) for row in rest if len(row) == len(first))
    ]
    return (
        2 if below and not any(_is_number(second[i]) for i in below) and any(second[i] for i in below) else 1
    )


def _is_number(cell: str) -> bool:
    text = cell.strip()
    return any(sign.isdigit() for sign in text) and set(text) <= _NUMERIC


def _is_data(names: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
    """Tell whether the cells of the header are numbers in columns of numbers."""
    numbers = [
        i for i in range(len(names)) if rows and all(_is_number(row[i]) or not row[i] for row in rows[:20])
    ]
    return bool(numbers) and all(_is_number(names[i]) for i in numbers)
