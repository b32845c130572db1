"""Options that several verbs share, so that one word always means one thing."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from finsim.errors import RuleError, StudyError

AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON on standard output.")]
Seed = Annotated[
    int | None, typer.Option("--seed", min=0, help="Root seed; the same seed gives the same bytes.")
]
OutputFolder = Annotated[Path | None, typer.Option("-o", "--output", help="Folder to create.")]
Workers = Annotated[
    int, typer.Option("--workers", min=1, help="Local processes; the result does not depend on it.")
]
Threads = Annotated[
    int, typer.Option("--threads", min=1, help="Threads that judge rows; the result does not depend on it.")
]
Overrides = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help="Override a parameter; may be repeated."),
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
