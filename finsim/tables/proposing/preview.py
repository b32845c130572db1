"""What a schema makes of a table: types, gaps, refused cells, ranges and first rows, before any work."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from finsim.errors import DataError
from finsim.records.display.card_text import MOST_LINES
from finsim.tables.cells.refusals import Cell, problem_of
from finsim.tables.cells.stored import Undeclared, from_stored
from finsim.tables.proposing.refused import Way, fails_throughout, other_ways, refused
from finsim.tables.schema import Dialect, Field, Schema
from finsim.tables.sources.opening import open_table
from finsim.tables.sources.source import TableSource
from finsim.tables.sources.text_file import TextTable
from finsim.tables.writing.span_texts import clock_text

_ROWS, _SHOWN, _WIDTH = 5, 3, 24


@dataclass
class ColumnPreview:
    """One declared column: how many cells are empty and refused, the first refused ones, and the range."""

    header: str
    field: Field
    empty: int = 0
    refused: int = 0
    read: int = 0
    first_refused: list[Cell] = dataclasses.field(default_factory=list)
    low: Any = None
    high: Any = None
    first: list[str] = dataclasses.field(default_factory=list)
    undeclared: str = ""
    is_least: bool = False  # there may be more refused cells than were counted
    ways: tuple[Way, ...] | None = None  # other declarations that read each cell so far; None: none refused

    @property
    def remedy(self) -> str:
        """What to declare where most cells are refused and another declaration reads them all; else ""."""
        at_large = self.ways and self.refused > self.read
        return self.ways[0].remedy if self.ways and at_large else ""

    def to_dict(self) -> dict[str, Any]:
        """Return plain data."""
        cells = [{"row": cell.row, "line": cell.line, "cell": str(cell.value)} for cell in self.first_refused]
        return {
            "header": self.header, "type": self.field.type, "role": self.field.role, "unit": self.field.unit,
            "ccy": self.field.ccy, "empty": self.empty, "refused": self.refused, "first_refused": cells,
            "min": _shown(self.low), "max": _shown(self.high), "first": self.first,
            "undeclared": self.undeclared,
        }  # fmt: skip


@dataclass(frozen=True, repr=False)
class Preview:
    """How a table would be read under a schema; ``ok`` when no cell is refused and no column is missing.

    ``doubts`` are those of the schema where it was proposed, None where one was given; ``fit_refuses`` is
    what `fit` would refuse of prices that can be read.
    """

    place: str
    kind: str
    dialect: Dialect
    rows: int
    columns: dict[str, ColumnPreview]
    absent: tuple[str, ...]
    undeclared: tuple[str, ...]
    refusals: tuple[str, ...]
    doubts: tuple[str, ...] | None = None
    fit_refuses: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """Return the first lines of the text; ``print`` shows all."""
        lines = self.to_text().splitlines()
        rest = [] if len(lines) <= MOST_LINES else [f"and {len(lines) - MOST_LINES + 1} more lines: print it"]
        return "\n".join([*lines[: MOST_LINES - len(rest)], *rest])

    def __str__(self) -> str:
        """Return the whole text."""
        return self.to_text()

    @property
    def ok(self) -> bool:
        """Whether the table can be read."""
        return not self.absent and not self.refusals

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        plain = Dialect()
        dialect = {
            one.name: getattr(self.dialect, one.name)
            for one in dataclasses.fields(plain)
            if getattr(self.dialect, one.name) != getattr(plain, one.name)
        }
        return {
            "data": self.place, "kind": self.kind, "ok": self.ok, "rows": self.rows, "dialect": dialect,
            "columns": {name: column.to_dict() for name, column in self.columns.items()},
            "absent": list(self.absent), "undeclared": list(self.undeclared), "refused": list(self.refusals),
            "fit_refuses": list(self.fit_refuses),
        }  # fmt: skip

    def to_text(self) -> str:
        """Return what a person should see before any work."""
        form = ", ".join(f"{name} {value!r}" for name, value in self.to_dict()["dialect"].items())
        lines = [f"{self.place}: {self.rows:,} rows, {self.kind}" + (f"; {form}" if form else "")]
        rows = [
            (name, column.header if column.header != name else "", _type(column.field), column.field.role,
             _share(column.empty, self.rows), _count(column),
             _shown(column.low), _shown(column.high))
            for name, column in self.columns.items()
        ]  # fmt: skip
        lines += _aligned([("column", "header", "type", "role", "empty", "refused", "min", "max"), *rows])
        height = min(_ROWS, self.rows)
        lines += ["", f"first rows as understood ({height}):"]
        shown = [
            [name, *column.first, *[""] * (height - len(column.first))]
            for name, column in self.columns.items()
        ]
        lines += _aligned(list(zip(*shown, strict=True)), every=True)
        if self.undeclared:
            lines += ["", f"not declared: {', '.join(self.undeclared)}"]
        lines += ["", *self.refusals] if self.refusals else []
        lines += self.absent
        if self.fit_refuses:
            lines += ["", "`finsim fit` would refuse these prices:", *self.fit_refuses]
        if self.doubts is not None:
            lines += [
                "",
                "no schema was given: this one is proposed",
                *(f"  {doubt}" for doubt in self.doubts),
            ]
        return "\n".join(lines)


def preview(data: Any, schema: Schema, dialect: Dialect | None = None, *, place: str = "") -> Preview:
    """Read a table under a schema and say what comes out; cells that are refused are counted, not raised.

    ``dialect`` overrides what the schema declares. Raises DataError for what is no table at all.
    """
    source = open_table(
        data, schema.fields, dialect.over(schema.dialect) if dialect else schema.dialect, place=place
    )
    if problem := source.misread():
        raise DataError.of([problem])
    columns = {
        name: ColumnPreview(source.bound[name], spec)
        for name, spec in schema.fields.items()
        if name in source.bound
    }
    places = {name: source.headers.index(column.header) for name, column in columns.items()}
    rows = 0
    for batch in source.batches(rename=False):
        for name, column in columns.items():
            _look(column, batch.column(places[name]), source, rows)
        rows += batch.num_rows
    _find_lines(columns, source)
    problems = [text for column in columns.values() for text in _told(column, source)]
    problems += [column.undeclared for column in columns.values() if column.undeclared]
    taken = set(source.bound.values())
    return Preview(
        source.place, schema.kind, source.dialect, rows, columns,
        tuple(str(problem) for problem in source.lacking()),
        tuple(header for header in source.headers if header not in taken), tuple(problems),
    )  # fmt: skip


class _Span(int):
    """A duration in nanoseconds, which is shown as h:mm:ss."""

    def __str__(self) -> str:
        return clock_text(int(self))


def _python(cell: pa.Scalar) -> Any:
    """Return a cell as a Python value; days that Python's calendar does not have as their number."""
    if pa.types.is_duration(cell.type):
        return None if cell.value is None else _Span(pc.cast(cell, pa.duration("ns")).value)
    try:
        return cell.as_py()
    except (OverflowError, ValueError):
        return cell.value


def _look(column: ColumnPreview, cells: pa.Array, source: TableSource, first_row: int) -> None:
    """Add the cells of one batch to what is known of a column."""
    used = source.dialect
    if fails_throughout(cells, column.field, used):
        rows = pc.indices_nonzero(cells.is_valid())
        _keep(column, cells, rows.slice(0, _SHOWN).to_pylist(), first_row)
        column.refused += len(rows)
        column.empty += cells.null_count
        _ways(column, cells, source)
        if first_row < _ROWS:
            head = cells.slice(0, _ROWS - first_row).is_valid().to_pylist()
            column.first += ["(refused)" if is_there else "" for is_there in head]
        return
    found = refused(cells, column.field, used)
    shown = cells
    if found is not None:
        column.refused += found.count
        column.is_least = column.is_least or not found.is_all
        _keep(column, cells, found.rows, first_row)
        plain = cells.cast(cells.type.value_type) if pa.types.is_dictionary(cells.type) else cells
        shown = pc.if_else(pc.is_in(plain, found.cells), pa.scalar(None, plain.type), plain)
    if found is not None or column.ways:
        _ways(column, cells, source)
    try:
        values = from_stored(shown, column.field, source.dialect)
    except Undeclared as doubt:
        column.undeclared = (
            f"{source.place}: column {column.header!r} {doubt.found}\n  remedy: {doubt.remedy}"
        )
        return
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError, OverflowError):
        return
    column.read += len(values) - values.null_count
    column.empty += values.null_count - (len(cells) - cells.null_count and found.count if found else 0)
    plain = values.cast(values.type.value_type) if pa.types.is_dictionary(values.type) else values
    if column.field.type not in ("cat", "id", "bool") and len(plain) > plain.null_count:
        is_span = pa.types.is_duration(plain.type)
        ends = pc.min_max(plain.cast(pa.int64()) if is_span else plain)
        low, high = (_Span(ends[one].as_py()) if is_span else _python(ends[one]) for one in ("min", "max"))
        column.low = low if column.low is None else min(column.low, low)
        column.high = high if column.high is None else max(column.high, high)
    if first_row < _ROWS:
        bad = set(found.rows) if found else set()
        column.first += [
            "(refused)" if row in bad else _shown(_python(plain[row]))
            for row in range(min(_ROWS - first_row, len(plain)))
        ]


def _keep(column: ColumnPreview, cells: pa.Array, rows: Sequence[int], first_row: int) -> None:
    """Keep the first refused cells of a column."""
    column.first_refused += [
        Cell(first_row + row, column.header, _python(cells[row])) for row in rows[:_SHOWN]
    ]
    del column.first_refused[_SHOWN:]


def _ways(column: ColumnPreview, cells: pa.Array, source: TableSource) -> None:
    """Keep the other declarations that read this batch too; they are sought once, where cells are refused."""
    if column.ways is None:
        # where cells were read before, nothing is known of them under another declaration
        column.ways = () if column.read else other_ways(cells, column.field, source.dialect)
    else:
        column.ways = tuple(way for way in column.ways if way.reads(cells))


def _find_lines(columns: dict[str, ColumnPreview], source: TableSource) -> None:
    """Give refused cells of a text table the lines on which they stand."""
    wanted = {cell.row for column in columns.values() for cell in column.first_refused}
    if not wanted or not isinstance(source, TextTable):
        return
    lines: dict[int, int] = {}
    for row, line, _ in source.lines():
        if row in wanted:
            lines[row] = line
        if len(lines) == len(wanted):
            break
    for column in columns.values():
        column.first_refused = [
            dataclasses.replace(cell, line=lines.get(cell.row, 0)) for cell in column.first_refused
        ]


def _told(column: ColumnPreview, source: TableSource) -> list[str]:
    """Return the refusals of a column: the first cells, or one where one declaration mends them all."""
    kept = column.first_refused
    problems = [problem_of(cell, column.field, source.dialect, source.place) for cell in kept]
    if column.remedy:
        problems = [dataclasses.replace(problems[0], remedy=column.remedy)]
    more = column.refused - len(problems)
    least = "at least " if column.is_least else ""
    said = f"\n  and {least}{more:,} more in this column" if more > 0 else ""
    return [*map(str, problems[:-1]), *(str(one) + said for one in problems[-1:])]


def _count(column: ColumnPreview) -> str:
    return f"{column.refused:,}{'+' if column.is_least else ''}" if column.refused else ""


def _type(column: Field) -> str:
    parts = [column.type, column.ccy, column.unit, column.format]
    return " ".join(part for part in parts if part)


def _share(count: int, rows: int) -> str:
    return f"{count / rows:.1%}" if count and rows else ""


def _shown(value: Any) -> str:
    if value is None:
        return ""
    text = f"{value:.10g}" if isinstance(value, float) else str(value)
    text = " ".join(text.split()).removesuffix("+00:00")
    return text if len(text) <= _WIDTH else f"{text[: _WIDTH - 3]}..."


def _aligned(rows: list[tuple[str, ...]], *, every: bool = False) -> list[str]:
    """Return rows as aligned text; columns without any text are left out, unless ``every`` is to stand."""
    used = [at for at in range(len(rows[0])) if every or any(row[at] for row in rows[1:])] if rows else []
    widths = {at: max(len(row[at]) for row in rows) for at in used}
    return ["  " + "  ".join(row[at].ljust(widths[at]) for at in used).rstrip() for row in rows]
