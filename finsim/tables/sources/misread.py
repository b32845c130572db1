"""A text table in which no declared column is found, as its separator or its header line is another one."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import replace

from finsim.errors import DataError, Problem
from finsim.tables.binding import bind
from finsim.tables.schema import Dialect, Field
from finsim.tables.sources.detection import SEPARATORS, csv_reader

_LINES = 20
"""Lines among which the header is looked for (assumption)."""


def misread(text: str, dialect: Dialect, fields: Mapping[str, Field], place: str) -> Problem | None:
    """Return what to declare where another separator or header line holds every column that is needed.

    ``text`` begins at the first line of the file, ``dialect`` is as read, under which no column was found.
    """
    needed = {name for name, spec in fields.items() if not spec.optional and spec.default is None}
    if not needed:
        return None
    lines = io.StringIO(text, newline="").readlines()
    seps = (dialect.sep, *(sep for sep in SEPARATORS if sep != dialect.sep))
    starts = sorted(range(min(_LINES, len(lines))), key=lambda start: (start != dialect.skip_rows, start))
    for start in starts:
        for sep in seps:
            if (start, sep) != (dialect.skip_rows, dialect.sep):
                width = _columns(lines[start], replace(dialect, sep=sep), fields, needed, place)
                if width:
                    return _problem(lines, dialect, (start, sep, width), place)
    return None


def _columns(
    line: str, dialect: Dialect, fields: Mapping[str, Field], needed: set[str], place: str
) -> int:  # fmt: skip
    """Return how many columns a line of headers has, 0 where one that is needed is none of them."""
    headers: list[str] = next(
        csv_reader(io.StringIO(line.lstrip("\ufeff"), newline=""), dialect.sep, dialect), []
    )
    if len(headers) < len(needed):
        return 0
    try:
        return len(headers) if needed <= set(bind(headers, fields, place)) else 0
    except DataError:
        return 0


def _problem(lines: list[str], dialect: Dialect, better: tuple[int, str, int], place: str) -> Problem:
    start, sep, width = better
    keys = [(f'sep: "{sep}"', f"sep={sep}")] if sep != dialect.sep else []
    keys += [(f"skip_rows: {start}", f"skip_rows={start}")] if start != dialect.skip_rows else []
    here = lines[dialect.skip_rows].strip() if dialect.skip_rows < len(lines) else ""
    shown = here if len(here) <= 60 else f"{here[:57]}..."
    count = len(next(csv_reader(io.StringIO(here), dialect.sep, dialect), []))
    by = f"line {dialect.skip_rows + 1}, read as the header, has {_counted(count)} by the separator"
    found = f"{by} {dialect.sep!r} and no declared one: {shown!r}"
    remedy = f"declare {' and '.join(f'`{key}`' for key, _ in keys)} under `read:`"
    reads = f"line {start + 1} then has {_counted(width)}, with all that are declared"
    return Problem(place, found, "", f"{remedy} (--csv '{','.join(option for _, option in keys)}'): {reads}")


def _counted(count: int) -> str:
    return "one column" if count == 1 else f"{count} columns"
