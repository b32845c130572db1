"""What verbs print: text for people, JSON for programs, progress only on a terminal."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import typer


def show(data: Mapping[str, Any], text: str, as_json: bool) -> None:
    """Print ``data`` as JSON, or ``text``."""
    typer.echo(json.dumps(data, indent=1, default=str) if as_json else text)


def remark(lines: Iterable[str]) -> None:
    """Print what the user should know of the data, one line each, on standard error."""
    for line in lines:
        typer.echo(f"note: {line}", err=True)


@contextmanager
def progress() -> Iterator[Callable[[str, int, int], None]]:
    """Give a callback ``(stage, done, total)`` that draws a bar on a terminal and is silent elsewhere."""
    if not sys.stderr.isatty():
        yield lambda stage, done, total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        known: dict[str, Any] = {}

        def step(stage: str, done: int, total: int) -> None:
            if stage not in known:
                known[stage] = bar.add_task(stage, total=total)
            bar.update(known[stage], completed=done, total=total)

        yield step


def fraction_progress(step: Callable[[str, int, int], None]) -> Callable[[float, str], None]:
    """Turn a ``(stage, done, total)`` callback into one that takes a fraction and a label."""
    return lambda fraction, label: step(label, round(100 * fraction), 100)


def table(rows: list[tuple[str, ...]], header: tuple[str, ...]) -> str:
    """Return rows as plain aligned text."""
    cells = [header, *rows]
    widths = [max(len(row[i]) for row in cells) for i in range(len(header))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in cells]
    return "\n".join(line.rstrip() for line in lines)
