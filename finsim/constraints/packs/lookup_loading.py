"""Load lookup tables: values by labels and day, such as a rate cap by state and product.

The rows stand in a CSV file beside the rule file, or in the rule file itself; both are read as data.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from finsim.constraints.language.lookup_table import FOREVER, Lookup
from finsim.constraints.language.types import DATE, Clash, Type, day_number, money, number
from finsim.constraints.packs.file_schema import LookupText, PackReader
from finsim.documents import Loc, shown
from finsim.errors import Problem, did_you_mean

MAX_ROWS, _MAX_BYTES = 50_000, 2_000_000
_NUMBER = re.compile(
    r"([-+]?)([0-9][0-9_]*(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?) *(%|bp|k\b|m\b)? *([A-Z]{3})?\Z", re.ASCII
)


@dataclass(frozen=True)
class _Row:
    """One row as written: its cells by column, and where it stands."""

    place: str
    cells: Mapping[str, str]


def read_lookups(reader: PackReader) -> tuple[dict[str, Lookup | None], dict[str, Any]]:
    """Return the lookup tables of a rule file, and the file's data with every table's rows inside.

    Notes every problem with the reader: missing files, files outside the folder of the rules, cells that
    are not of the declared type (file and line), validity that overlaps; such a table is None.
    """
    data = reader.document.data
    written = data.get("lookup", {})
    found: dict[str, Lookup | None] = {}
    inside: dict[str, Any] = {}
    if not isinstance(written, dict):
        reader.complain(("lookup",), "`lookup` is not a mapping", "write `name: {file: .., by: [..]}`")
        return found, data
    for name, spec in written.items():
        loc: Loc = ("lookup", name)
        inside[name], found[name] = spec, None
        if not re.fullmatch(r"[A-Za-z_][A-Za-z_0-9]*", name, re.ASCII):
            reader.complain(loc, f"lookup {name!r} is not a plain word", "use letters, digits and _")
            continue
        text = reader.part(loc, LookupText)
        rows = _rows(reader, text, loc) if text is not None else None
        if text is None or rows is None:
            continue
        inside[name] = {key: part for key, part in spec.items() if key != "file"}
        inside[name] |= {"rows": [dict(row.cells) for row in rows]} if text.file else {}
        found[name] = _table(reader, name, text, rows, loc)
    return found, {**data, "lookup": inside} if inside else data


def _rows(reader: PackReader, text: LookupText, loc: Loc) -> list[_Row] | None:
    if bool(text.file) == (text.rows is not None):
        reader.complain(loc, "a lookup has either `file` or `rows`", "keep one of them")
        return None
    if text.rows is not None:
        listed = [
            _Row(
                reader.document.place((*loc, "rows", k)),
                {name: _cell(cell) for name, cell in row.items()},
            )
            for k, row in enumerate(text.rows)
        ]
        return listed
    path = _inside(reader, text.file, (*loc, "file"))
    if path is None:
        return None
    try:
        return list(_parsed(path))
    except FileNotFoundError:
        reader.complain(
            (*loc, "file"), f"no such file: {text.file}", "give a path from the rule file's folder"
        )
    except (OSError, UnicodeDecodeError, csv.Error, Clash) as bad:
        reader.problems.append(Problem(shown(path), f"not a CSV table: {bad}", "", "save it as UTF-8 CSV"))
    return None


def _cell(cell: object) -> str:
    if cell is None:
        return ""
    return str(cell).lower() if isinstance(cell, bool) else str(cell).strip()


def _inside(reader: PackReader, file: str, loc: Loc) -> Path | None:
    """Return the path of a file in the folder of the rule file or below it, links followed."""
    folder = Path(reader.document.path).parent
    path = folder / file
    try:
        fits = not Path(file).is_absolute() and path.resolve().is_relative_to(folder.resolve())
    except (OSError, ValueError):  # a name no file system takes
        fits = False
    if not fits:
        reader.complain(
            loc, f"{file!r} lies outside the folder of the rules", "put the file beside the rules"
        )
        return None
    return path


def _parsed(path: Path) -> Iterator[_Row]:
    if path.stat().st_size > _MAX_BYTES:
        raise Clash("larger than 2 MB")
    with path.open(encoding="utf-8-sig", newline="") as file:
        lines = csv.reader(file, strict=True)
        header = [name.strip() for name in next(lines, [])]
        if len(set(header)) != len(header) or not header:
            raise Clash("its header is empty or names a column twice")
        for line in lines:
            if line and len(line) != len(header):
                raise Clash(f"line {lines.line_num} has {len(line)} cells, the header {len(header)}")
            if line:
                cells = dict(zip(header, (cell.strip() for cell in line), strict=True))
                yield _Row(f"{shown(path)}:{lines.line_num}", cells)


def _table(reader: PackReader, name: str, text: LookupText, rows: Sequence[_Row], loc: Loc) -> Lookup | None:
    before = len(reader.problems)
    value = _value_column(reader, text, rows, loc)
    kind = _type(text)
    if kind.kind == "money" and not kind.ccy:
        reader.complain(loc, "money without a currency", "add `ccy: USD`")
    if len(reader.problems) > before:
        return None
    spans, values = [], []
    for row in rows:
        spans.append(_span(reader, text, row))
        values.append(_read(reader, row, value, lambda cell: _valued(cell, kind)))
        for column in text.by:
            if not row.cells[column]:
                _complain(reader, row, column, "the key is empty", "write a label or a number")
    keys = tuple(tuple(row.cells[column] for column in text.by) for row in rows)
    places = tuple(row.place for row in rows)
    if len(reader.problems) == before:
        _refuse_overlap(reader, keys, spans, places, bool(text.valid))
    if len(reader.problems) > before:
        return None
    import hashlib

    digest = hashlib.sha256(repr((text.by, bool(text.valid), kind, keys, spans, values)).encode()).hexdigest()
    return Lookup(
        name, tuple(text.by), bool(text.valid), kind, text.default == "error", keys, tuple(spans),
        tuple(values), places, digest,
    )  # fmt: skip


def _type(text: LookupText) -> Type:
    if text.type == "money":
        return money(text.ccy, text.scale)
    return Type(text.type, exact=text.type not in ("float", "ratio"))


def _value_column(reader: PackReader, text: LookupText, rows: Sequence[_Row], loc: Loc) -> str:
    """Return the column that holds the value; notes columns that are missing."""
    if not rows:
        reader.complain(loc, "the lookup has no rows", "write at least one")
        return ""
    if len(rows) > MAX_ROWS:
        reader.complain(loc, f"{len(rows)} rows", f"at most {MAX_ROWS:,}")
    keys = [*text.by, *text.valid]
    for row in rows:
        header = list(row.cells)
        rest = [name for name in header if name not in keys]
        value = text.value or (rest[0] if len(rest) == 1 else "")
        absent = [name for name in (*keys, text.value) if name and name not in header]
        if absent:
            remedy = did_you_mean(absent[0], header)
            reader.problems.append(Problem(row.place, f"no column {absent[0]!r}", "", remedy))
            return ""
        if not value:
            reader.complain(loc, "which column is the value?", "add `value:` with its name")
            return ""
    return value


def _span(reader: PackReader, text: LookupText, row: _Row) -> tuple[int, int]:
    if not text.valid:
        return -FOREVER, FOREVER
    first, last = (
        _read(reader, row, column, lambda cell, open_end=end: day_number(cell) if cell else open_end)
        for column, end in zip(text.valid, (-FOREVER, FOREVER), strict=True)
    )
    if first > last:
        _complain(reader, row, text.valid[1], "validity ends before it begins", "swap the two days")
    return first, last


def _read(reader: PackReader, row: _Row, column: str, how: Any) -> Any:
    try:
        return how(row.cells[column])
    except Clash as bad:
        _complain(reader, row, column, bad.found, bad.remedy)
        return 0


def _complain(reader: PackReader, row: _Row, column: str, found: str, remedy: str) -> None:
    reader.problems.append(Problem(f"{row.place}, column {column}", found, "", remedy))


def _valued(cell: str, kind: Type) -> bool | int | float | str:
    """Return a cell as a value of the declared type; raises Clash."""
    if kind.kind == "cat" and cell:
        return cell
    if kind.kind == "bool" and cell.lower() in ("true", "false"):
        return cell.lower() == "true"
    if kind == DATE:
        return day_number(cell)
    match = _NUMBER.match(cell)
    if match is not None and kind.kind not in ("cat", "bool"):
        sign, digits, share, ccy = match.groups()
        found, value = number(" ".join(part for part in (digits, share, ccy) if part))
        value = -value if sign == "-" else value
        if kind.kind in ("float", "ratio") and found.kind in ("int", "float", "ratio"):
            return float(value)
        if kind.kind == "int" and found.kind == "int":
            return value
        if kind.kind == "money" and found.kind == "money" and found.ccy == kind.ccy:
            finer = kind.scale - found.scale
            if finer >= 0 or value % 10**-finer == 0:
                return int(value * 10**finer) if finer >= 0 else int(value) // 10**-finer
    raise Clash(f"{cell!r} is not {kind}", "write a value such as " + _EXAMPLES.get(kind.kind, "36%"))


_EXAMPLES = {"cat": "gold", "bool": "true", "int": "3", "float": "0.36", "money": "2_000 USD"}


def _refuse_overlap(
    reader: PackReader,
    keys: Sequence[tuple[str, ...]],
    spans: Sequence[tuple[int, int]],
    places: Sequence[str],
    has_days: bool,
) -> None:
    order = sorted(range(len(keys)), key=lambda k: (keys[k], spans[k]))
    for before, after in pairwise(order):
        if keys[before] == keys[after] and spans[after][0] <= spans[before][1]:
            reader.problems.append(
                Problem(
                    places[after],
                    f"{', '.join(keys[after])} is valid at the same time in {places[before]}",
                    "one value a day",
                    "end the earlier row the day before the later one begins"
                    if has_days
                    else "remove one of the two, or name the columns of their days, `valid: [from, to]`",
                )
            )
