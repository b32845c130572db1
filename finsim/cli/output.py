"""What verbs print: the answer for people, one envelope of JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import typer

from finsim import __version__
from finsim.cli.border.shown_text import shown
from finsim.errors import EXIT_FINE, EXIT_GATE, Problem


def show(
    verb: str,
    result: Mapping[str, Any],
    text: str,
    as_json: bool,
    *,
    outputs: Sequence[object] = (),
    ok: bool = True,
    problems: Sequence[str | Problem] = (),
) -> None:
    """Print ``text``, or the envelope ``{finsim, verb, ok, outputs, result, problems}``.

    ``outputs`` are the files and folders that were made; ``ok`` is false when a verdict, rule, expectation
    or verification failed, and ``problems`` say which, in words alone or with place, goal and remedy.
    """
    if not as_json:
        typer.echo(shown(text))
        return
    listed = (one if isinstance(one, Problem) else Problem(f"finsim {verb}", one) for one in problems)
    told = problems_of("Failed", listed)
    typer.echo(json.dumps(envelope(verb, ok, outputs, result, told), indent=1, default=str))


def envelope(
    verb: str,
    ok: bool,
    outputs: Sequence[object],
    result: Mapping[str, Any] | None,
    problems: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    """Return the one form of every ``--json`` output, of results and errors alike."""
    return {
        "finsim": __version__,
        "verb": verb,
        "ok": ok,
        "outputs": [str(path) for path in outputs],
        "result": result,
        "problems": list(problems),
    }


def problems_of(kind: str, problems: Iterable[Problem]) -> list[dict[str, str]]:
    """Return problems as the envelope holds them: kind, place, found, expected, remedy."""
    return [{"kind": kind, **vars(problem)} for problem in problems]


def gate(ok: bool, no_fail: bool) -> None:
    """End with exit code 1 when something failed, unless the user wants 0."""
    raise typer.Exit(EXIT_FINE if ok or no_fail else EXIT_GATE)


def remark(lines: Iterable[str]) -> None:
    """Print what the user should know of the data, one line each, on standard error."""
    for line in lines:
        typer.echo(shown(f"note: {line}"), err=True)


def table(rows: list[tuple[str, ...]], header: tuple[str, ...]) -> str:
    """Return rows as plain aligned text."""
    cells = [header, *rows]
    widths = [max(len(row[i]) for row in cells) for i in range(len(header))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in cells]
    return "\n".join(line.rstrip() for line in lines)
