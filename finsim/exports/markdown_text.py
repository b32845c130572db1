"""Markdown of cards: tables, lists and numbers, with cells that cannot break a table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from finsim.records.display.markdown_line import markdown_line

NOT_STATED = "not stated"


def table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Return a table; the words "none" when there are no rows."""
    lines = [_line(row) for row in rows]
    return "\n".join([_line(head), "|" + "---|" * len(head), *lines]) if lines else "none"


def bullets(lines: Iterable[Any]) -> str:
    """Return a list; the words "not stated" when there is nothing on it."""
    found = [f"* {text(line)}" for line in lines]
    return "\n".join(found) if found else NOT_STATED


def text(value: Any) -> str:
    """Return a value as a cell of a table or a line: no line breaks, bars escaped, numbers short."""
    if value is None or value == "":
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:.4g}"
    return markdown_line(str(value)).replace("|", "\\|")


def _line(cells: Sequence[Any]) -> str:
    return "| " + " | ".join(text(cell) for cell in cells) + " |"
