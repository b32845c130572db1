"""What the first bytes of a text file say where nothing is declared: encoding by its mark, and separator."""

from __future__ import annotations

import csv
import io
from collections import Counter

from finsim.errors import DataError
from finsim.tables.schema import Dialect

SEPARATORS = (",", ";", "\t", "|")
_RECORDS = 200
_MARKS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\x00\x00", "utf-32"), (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"),
)  # fmt: skip


def encoding_of(head: bytes, dialect: Dialect, place: str) -> str:
    """Return the encoding: of the byte order mark, as declared, else UTF-8.

    Raises DataError for bytes that are no text.
    """
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name
    if dialect.encoding:
        return dialect.encoding
    if b"\x00" in head:
        raise DataError(
            "holds zero bytes, so it is no UTF-8 text",
            place=place,
            remedy="declare the encoding, such as --csv encoding=utf-16-le, or save the table as CSV",
        )
    return "utf-8"


def separator_of(text: str, dialect: Dialect, place: str) -> str:
    """Return the separator that cuts the first lines into equally many cells.

    ``text`` begins at the header. One column is read where no separator cuts anything. Raises DataError
    where two separators do equally well.
    """
    scores: dict[str, tuple[int, int]] = {}
    for sep in SEPARATORS:
        widths = [len(one) for one in records(text, sep, dialect) if one]
        if widths and widths[0] > 1:
            agreeing = Counter(widths)[widths[0]]
            is_steady = agreeing == len(widths)
            scores[sep] = (2 if is_steady else int(agreeing * 2 > len(widths)), widths[0])
    if not scores:
        return ","
    best = max(scores.values())
    found = [sep for sep, score in scores.items() if score == best]
    if len(found) > 1:
        raise DataError(
            f"{found[0]!r} and {found[1]!r} both cut it into {best[1]} columns",
            place=place,
            remedy=f"declare the separator: --csv sep={found[0]}",
        )
    return found[0]


def records(text: str, sep: str, dialect: Dialect) -> list[list[str]]:
    """Return the first records of a text."""
    reader = csv_reader(io.StringIO(text, newline=""), sep, dialect)
    found: list[list[str]] = []
    try:
        for record in reader:
            found.append(record)
            if len(found) >= _RECORDS:
                break
    except csv.Error:
        pass
    return found


def csv_reader(lines: io.TextIOBase, sep: str, dialect: Dialect) -> csv._reader:  # type: ignore[name-defined]
    """Return Python's reader of a dialect, for headers and for the lines of refused cells."""
    quote = dialect.quote or '"'
    if quote == "none":
        return csv.reader(lines, delimiter=sep, quoting=csv.QUOTE_NONE)
    return csv.reader(lines, delimiter=sep, quotechar=quote)
