"""``Story``: what ``trace`` found out about one row, as plain data and as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

SHOWN_ROWS = 40
_LESS = frozenset(
    {
        "order_id", "_fs_src", "_fs_seq", "currency", "merchant_id", "narrative", "instance", "purpose",
        "from_bank", "to_bank",
    }
)  # fmt: skip


@dataclass(frozen=True)
class Related:
    """Rows that belong to the traced row: a title, the table they stand in, and the rows in order."""

    title: str
    table: str
    rows: Sequence[Mapping[str, Any]]


_FIRST, _WIDE = 8, 100
"""Facts of the origin that a story shows of itself, and characters of a line."""


@dataclass(frozen=True, repr=False)
class Story:
    """The story of one row.

    ``values`` are the row's own; ``origin`` says layer, scenario, unit, stream, seed, model and
    training data; ``rules`` the rules that touched its table and the values repaired in this row;
    ``audit`` the log entries about its file; ``file`` the digests, and whether they still agree;
    ``training`` the real table it was learned from and the nearest records there, or the words that no real
    record is behind it.
    Money is in minor units.
    """

    table: str
    row: int
    values: Mapping[str, Any]
    origin: Mapping[str, Any]
    related: tuple[Related, ...]
    rules: Mapping[str, Any]
    audit: Sequence[Mapping[str, Any]]
    file: Mapping[str, Any]
    training: Mapping[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return the story as plain data."""
        return asdict(self)

    def __repr__(self) -> str:
        """Return where the row is from, in a few lines."""
        plain = {name: value for name, value in self.origin.items() if isinstance(value, str | int | float)}
        told = _fields(f"{self.table}, row {self.row}", dict(list(plain.items())[:_FIRST]))
        lines = [line if len(line) <= _WIDE else f"{line[:_WIDE]}..." for line in told.splitlines()]
        return "\n".join([*lines, "to_text() tells all of it"])

    def to_text(self) -> str:
        """Return the story as readable text."""
        parts = [
            f"{self.table}, row {self.row}",
            _fields("values", self.values),
            _fields("origin", self.origin),
            _fields("training", self.training),
            *(_rows(item, self.row if item.table == self.table else -1) for item in self.related),
            _fields("rules", self.rules),
            _audit(self.audit),
            _fields("file", self.file),
        ]
        return "\n\n".join(part for part in parts if part)


def _fields(title: str, values: Mapping[str, Any], indent: str = "  ") -> str:
    shown = {name: value for name, value in values.items() if value not in (None, "", [], {}, ())}
    if not shown:
        return ""
    width = max(len(name) for name in shown)
    lines = []
    for name, value in shown.items():
        if isinstance(value, Mapping):
            lines.append(f"{indent}{_fields(name, value, indent + '  ')}".rstrip())
        elif isinstance(value, list | tuple) and value and isinstance(value[0], Mapping):
            lines += [f"{indent}{name}", *(f"{indent}  {_inline(item)}" for item in value)]
        else:
            lines.append(f"{indent}{name:<{width}}  {_text(value)}")
    return "\n".join([title, *lines])


def _inline(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {_text(value)}" for name, value in values.items())


def _text(value: Any) -> str:
    if isinstance(value, list | tuple):
        shown = ", ".join(str(item) for item in value[:12])
        return shown if len(value) <= 12 else f"{shown}, ... ({len(value)} in all)"
    return f"{value:.10g}" if isinstance(value, float) else str(value)


def _rows(related: Related, marked: int) -> str:
    """Return rows as a table with aligned columns; the traced row is marked."""
    if not related.rows:
        return ""
    names = [
        name
        for name in related.rows[0]
        if name not in _LESS and any(not _says_nothing(row.get(name)) for row in related.rows)
    ]
    cells = [
        [_text(row.get(name)) if row.get(name) is not None else "-" for name in names]
        for row in related.rows[:SHOWN_ROWS]
    ]
    widths = [max(len(name), *(len(line[i]) for line in cells)) for i, name in enumerate(names)]
    lines = [f"{related.title} ({related.table})", "    " + _line(names, widths)]
    for row, line in zip(related.rows, cells, strict=False):
        lines.append(("  > " if row.get("row") == marked else "    ") + _line(line, widths))
    if len(related.rows) > SHOWN_ROWS:
        lines.append(f"    ... {len(related.rows) - SHOWN_ROWS} more")
    return "\n".join(lines)


def _says_nothing(value: Any) -> bool:
    return value is None or value is False or value == ""


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()


def _audit(entries: Sequence[Mapping[str, Any]]) -> str:
    lines = [f"  {item['seq']:>5}  {item['ts']}  {item['event']}  {item['subject']}" for item in entries]
    return "\n".join(["audit", *lines]) if lines else ""
