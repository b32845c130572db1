"""The look of a text table, found in its header and its first rows."""

from __future__ import annotations

import codecs
import re
from collections import Counter
from collections.abc import Mapping, Sequence

from finsim.errors import DataError
from finsim.notation import Int1D
from finsim.tables.rewriting.record_offsets import Records, split
from finsim.tables.rewriting.streams import exact_encoding, head, reading
from finsim.tables.rewriting.style import SAMPLE, quote_of, stamp_parts, unquoted
from finsim.tables.schema import Dialect, Field
from finsim.tables.sources.text_file import TextTable
from finsim.tables.writing.span_texts import span_form
from finsim.tables.writing.text_look import HOLE, CellForm, TextLook

_NUMBERS = ("float", "ratio", "money", "int")
_SHARES = ("percent", "bp")
_MOSTLY = 0.9  # of the cells of a column, in one form
_OWN_BYTES = ("ascii", "iso8859-1", "cp1252")  # as ``rewrite`` reads them; all else comes as UTF-8
_MOST_DIGITS = 9
_CHUNK = 256 * 1024

Cells = list[tuple[str, bool]]


def look_of(source: TextTable, fields: Mapping[str, Field]) -> TextLook:
    """Return the look of a text table; ``fields`` by header say which columns hold numbers.

    What cannot be told, such as of a file whose encoding has several forms of a sign, is plain.
    """
    dialect, quote = source.dialect, quote_of(source.dialect)
    if len(dialect.sep.encode()) != 1 or len(quote.encode()) > 1:
        return TextLook()
    try:
        encoding = exact_encoding(source.path, dialect.encoding)
        with reading(source.path, encoding, source.place) as file:
            above, rest = head(file, dialect.skip_rows)
            records = next(split(rest, dialect.sep.encode(), quote.encode(), _CHUNK), None)
    except (DataError, UnicodeError):
        return TextLook()
    if records is None:
        return TextLook()
    codec = encoding if encoding in _OWN_BYTES else "utf-8"
    lines, rows = records.rows[: dialect.header_rows], records.rows[dialect.header_rows :][:SAMPLE]
    columns = [_cells(records, rows, at, quote, codec) for at in range(len(source.headers))]
    named = [_cells(records, lines, at, quote, codec) for at in range(len(source.headers))]
    header = tuple(tuple(cells[line][0] for cells in named) for line in range(len(lines)))
    every = dict(zip(source.headers, columns, strict=True))
    numbers = {
        name: form for name, cells in every.items()
        if name in fields and fields[name].type in _NUMBERS
        and (form := number_form([text for text, _ in cells], fields[name], dialect)) is not None
    }  # fmt: skip
    times = {
        name: stamp for name, cells in every.items()
        if name in fields and (stamp := _time_form([text for text, _ in cells], fields[name]))
    }  # fmt: skip
    filled = {name: [is_quoted for text, is_quoted in cells if text] for name, cells in every.items()}
    return TextLook(
        above.removeprefix(codecs.BOM_UTF8).decode(codec, "replace"),
        tuple(source.headers), header, bool(named) and all(flag for cells in named for _, flag in cells),
        _line_end(records), tuple(name for name, flags in filled.items() if flags and all(flags)), numbers,
        times,
    )  # fmt: skip


def _cells(records: Records, rows: Int1D, at: int, quote: str, codec: str) -> Cells:
    starts, stops = records.fields(rows, at)
    raw = [
        records.data[a:b].decode(codec, "replace") if a >= 0 else ""
        for a, b in zip(starts.tolist(), stops.tolist(), strict=True)
    ]
    return [unquoted(cell, quote) for cell in raw]


def _line_end(records: Records) -> str:
    some = records.data[int(records.stop[0]) : int(records.end[0])] if len(records.end) else b"\n"
    return some.decode("ascii", "replace") or "\n"


def number_form(cells: Sequence[str], column: Field, dialect: Dialect) -> CellForm | None:
    """Return how a column of numbers is written; None where it is plain, or has no common form."""
    filled = [text for cell in cells if (text := cell.strip()) and text not in (*column.nulls, *dialect.null)]
    number = _number(dialect)
    parts = [(found, cell) for cell in filled if (found := number.search(cell))]
    forms = [(cell[: found.start()] + HOLE + cell[found.end() :], found[0]) for found, cell in parts]
    forms = [(form, digits) for form, digits in forms if not re.search(r"\d", form)]
    if not filled or len(forms) < _MOSTLY * len(filled):
        return None
    below = Counter(form for form, _ in forms if _is_below(form)).most_common(1)
    above = Counter(form for form, _ in forms if not _is_below(form)).most_common(1)
    plus = above[0][0] if above else re.sub(r"[-\u2212()]", "", below[0][0])
    minus = below[0][0] if below else "-" + plus.removeprefix("+")
    large = [whole for _, digits in forms if len(whole := digits.partition(dialect.point)[0]) > 3]
    grouped = bool(dialect.thousands) and sum(dialect.thousands in one for one in large) > 0.5 * len(large)
    decimals = {len(digits.partition(dialect.point)[2]) for _, digits in forms}
    is_share = "%" in plus and not any("%" in text for text in column.strip) and column.unit not in _SHARES
    form = CellForm(
        plus, minus, grouped and bool(large), next(iter(decimals)) if len(decimals) == 1 else None,
        2 if is_share and column.type in ("ratio", "float") else 0,
    )  # fmt: skip
    return None if form.is_plain else form


def _time_form(cells: Sequence[str], column: Field) -> str:
    if column.type == "dur":
        empty, marks = ("", *column.nulls), column.strip
        return "" if marks else span_form([cell for cell in cells if cell.strip() not in empty], column.unit)
    return iso_form(cells) if column.type == "ts" else ""


def iso_form(cells: Sequence[str]) -> str:
    """Return the strptime format of the ISO times of a column; "" where they are not all such.

    It has the decimals of the longest cell (``.%3f``: three). Times with offsets come out in UTC, with ``Z``.
    """
    parts = [stamp_parts(text) for cell in cells if (text := cell.strip())]
    times = [one for one in parts if one is not None]
    timed = [one for one in times if one["gap"]]
    if not timed or len(times) < len(parts):
        return ""
    digits = min(max(len(one["digits"] or "") for one in timed), _MOST_DIGITS)
    zone = "Z" if any(one["zone"] for one in timed) else ""
    seconds = ":%S" if any(one["seconds"] for one in timed) else ""
    fraction = {0: "", 6: ".%f"}.get(digits, f".%{digits}f")
    return f"%Y-%m-%d{timed[0]['gap']}%H:%M{seconds}{fraction}{zone}"


def _is_below(form: str) -> bool:
    return "-" in form or "\u2212" in form or (form.startswith("(") and form.endswith(")"))


def _number(dialect: Dialect) -> re.Pattern[str]:
    """Return the digits of a number, without its sign."""
    point, group = re.escape(dialect.point), re.escape(dialect.thousands)
    whole = rf"\d{{1,3}}(?:{group}\d{{2,3}})+(?!\d)|\d+" if group else r"\d+"
    return re.compile(rf"(?:{whole})(?:{point}\d*)?|{point}\d+")
