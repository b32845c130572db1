"""Options that several verbs share, so that one word always means one thing."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from finsim.errors import RuleError, StudyError

AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON on standard output.")]
NoFail = Annotated[
    bool,
    typer.Option("--no-fail", help="Exit 0 even when a verdict, rule, expectation or verification fails."),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress on standard error.")]
Seed = Annotated[int, typer.Option("--seed", min=0, help="Root seed; the same seed gives the same bytes.")]
SeedOfStudy = Annotated[
    int | None,
    typer.Option(
        "--seed", min=0, help="Root seed, instead of the study's; the same seed gives the same bytes."
    ),
]
Scale = Annotated[
    float,
    typer.Option("--scale", help="Factor on paths, accounts, loans and loss draws; below 1 on training."),
]
OutputFolder = Annotated[Path | None, typer.Option("-o", "--output", help="Folder to create.")]
Workers = Annotated[
    int, typer.Option("--workers", min=1, help="Local processes; the result does not depend on it.")
]
Threads = Annotated[
    int, typer.Option("--threads", min=1, help="Threads that judge rows; the result does not depend on it.")
]
Parameters = Annotated[
    list[str] | None,
    typer.Option(
        "--params", "--set", metavar="NAME=VALUE", help="Override a parameter of the pack; may be repeated."
    ),
]
SchemaFile = Annotated[
    Path | None,
    typer.Option("--schema", help="Schema file: what the columns are and how the table is written."),
]
CsvDialect = Annotated[
    str | None,
    typer.Option("--csv", metavar="KEY=VALUE,...", help="How text is written, such as sep=;,decimal=,"),
]
RunFolder = Annotated[Path, typer.Argument(help="Folder of a finished run.")]


def parameters(overrides: list[str] | None) -> dict[str, object]:
    """Return ``NAME=VALUE`` texts as parameters of a rule pack; values are read as in a rule file."""
    from finsim.documents import parse

    found: dict[str, object] = {}
    for text in overrides or []:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise StudyError(
                f"{text!r} is no parameter",
                place="--set",
                expected="NAME=VALUE",
                remedy='write cap="5000 USD"',
            )
        found[name.strip()] = parse(f"value: {value.strip()}", f"--set {name}", RuleError).data["value"]
    return found


def named_numbers(texts: list[str] | None, option: str, kind: type[int] | type[float]) -> dict[str, Any]:
    """Return ``NAME=NUMBER`` texts as name -> number; of fractions the number may be left out.

    Raises StudyError for what is no number of its kind.
    """
    found: dict[str, Any] = {}
    for text in texts or []:
        name, equals, value = text.rpartition("=") if "=" in text else (text, "", "")
        if not equals and kind is float:
            found[text] = None
            continue
        try:
            found[name.strip()] = kind(value.strip())
        except ValueError:
            number = "COUNT" if kind is int else "RATE"
            raise StudyError(
                f"{text!r}",
                place=option,
                expected=f"NAME={number}, where {number} is a {'whole ' if kind is int else ''}number",
                remedy=f"write {option} account_takeover={'50' if kind is int else '0.02'}",
            ) from None
    return found
