"""Options that several verbs share, so that one word always means one thing."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from finsim.cli.parsing.completion import names, offered, runs, yaml_files
from finsim.cli.parsing.number_options import number, read
from finsim.cli.parsing.panels import DATA, OUTPUT, SCREEN, SIZE
from finsim.errors import RuleError, StudyError
from finsim.verbs.calling.argument_checks import Number

AsJson = Annotated[
    bool,
    typer.Option("--json", help="Print the result as JSON on standard output.", rich_help_panel=SCREEN),
]
NoFail = Annotated[
    bool,
    typer.Option(
        "--no-fail",
        help="Exit 0 even when a verdict, rule, expectation or verification fails.",
        rich_help_panel=SCREEN,
    ),
]
Quiet = Annotated[
    bool, typer.Option("--quiet", "-q", help="No progress on standard error.", rich_help_panel=SCREEN)
]
Seed = Annotated[int, number("", "seed", "Root seed, the same seed gives the same bytes", SIZE)]
SeedOfStudy = Annotated[
    int | None,
    number(
        "", "seed", "Root seed, the same seed gives the same bytes; the study's when left out",
        SIZE,
    ),
]  # fmt: skip
Scale = Annotated[
    float,
    number("", "scale", "Factor on paths, accounts, loans and loss draws, below 1 on training too", SIZE),
]
OutputFolder = Annotated[
    Path | None,
    typer.Option(
        "-o", "--output", metavar="FOLDER", help="Folder to create; in `runs/` when left out.",
        rich_help_panel=OUTPUT,
    ),
]  # fmt: skip
ModelFolder = Annotated[
    Path | None,
    typer.Option(
        "-o", "--output", metavar="FOLDER", help="Folder of the model to create; must be given.",
        rich_help_panel=OUTPUT,
    ),
]  # fmt: skip
Workers = Annotated[int, number("", "workers", "Local processes, the result does not depend on them", SIZE)]
Threads = Annotated[
    int, number("", "threads", "Threads that judge rows, the result does not depend on them", SIZE)
]
Parameters = Annotated[
    list[str] | None,
    typer.Option(
        "--params",
        "--set",
        metavar="NAME=VALUE",
        help="Override a parameter of the pack; may be repeated; the pack's own when left out.",
        rich_help_panel=SIZE,
    ),
]
SchemaFile = Annotated[
    Path | None,
    typer.Option(
        "--schema",
        metavar="FILE",
        help="Schema file: what the columns are and how the table is written; found when left out.",
        autocompletion=offered(yaml_files),
        rich_help_panel=DATA,
    ),
]
Kind = Annotated[
    str | None,
    typer.Option(
        "--kind",
        metavar="KIND",
        help="bars, events or table; the generator's or told by the data when left out.",
        rich_help_panel=DATA,
    ),
]
EntityColumn = Annotated[
    str | None,
    typer.Option(
        "--id", metavar="COLUMN", help="Of events: the entity, such as card_id; guessed when left out.",
        rich_help_panel=DATA,
    ),
]  # fmt: skip
TimeColumn = Annotated[
    str | None,
    typer.Option(
        "--time", metavar="COLUMN", help="Of events: the time; guessed when left out.", rich_help_panel=DATA
    ),
]
CsvDialect = Annotated[
    str | None,
    typer.Option(
        "--csv",
        metavar="KEY=VALUE,...",
        help="How text is written, such as sep=;,decimal=, ; found when left out.",
        rich_help_panel=DATA,
    ),
]
RunPlace = Annotated[
    str | None,
    typer.Option(
        "-o", "--output", metavar="FOLDER",
        help="Folder to create, or its URL in a store; in `runs/` when left out.", rich_help_panel=OUTPUT,
    ),
]  # fmt: skip
Cluster = Annotated[
    str | None,
    typer.Option(
        "--cluster", metavar="ADDRESS",
        help="tcp://HOST:PORT of a Dask scheduler, or local:N; local processes when left out.",
        rich_help_panel=SIZE,
    ),
]  # fmt: skip
AnyRun = Annotated[
    str,
    typer.Argument(
        metavar="RUN", help="Folder of a finished run, or its URL in a store.", autocompletion=offered(runs)
    ),
]
RunFolder = Annotated[
    Path, typer.Argument(metavar="RUN", help="Folder of a finished run.", autocompletion=offered(runs))
]

NewFolder = Annotated[
    Path | None,
    typer.Option(
        "-o", "--output", metavar="FOLDER", help="Folder to create; must be given.", rich_help_panel=OUTPUT
    ),
]


def scenario_option(text: str) -> Any:
    """Return the option of a scenario by name or file; ``text`` says what it acts on."""
    complete = offered(names("scenarios"), yaml_files)
    return typer.Option(
        "--scenario", metavar="SCENARIO", help=text, autocompletion=complete, rich_help_panel=SIZE
    )


def day_option(option: str, text: str) -> Any:
    """Return an option that takes a day as year-month-day; ``text`` says which."""
    return typer.Option(option, metavar="DATE", help=text, rich_help_panel=SIZE)


def nowhere(path: str, kind: str, example: str) -> StudyError:
    """Return the error for a verb that is not told where to write."""
    return StudyError(
        f"no {kind} to write to", place=f"{path}: -o", expected=f"a new {kind}", remedy=f"write -o {example}"
    )


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
                remedy='write --set cap="5000 USD"',
            )
        found[name.strip()] = parse(f"value: {value.strip()}", f"--set {name}", RuleError).data["value"]
    return found


def named_numbers(texts: list[str] | None, place: str, known: Number, *, optional: bool) -> dict[str, Any]:
    """Return ``NAME=NUMBER`` texts as name -> number; an ``optional`` number may be left out.

    ``place`` is the option, such as ``finsim simulate: --schemes``. Raises StudyError for what is no such
    number.
    """
    found: dict[str, Any] = {}
    option = place.rpartition(" ")[2]
    for text in texts or []:
        name, equals, value = text.rpartition("=") if "=" in text else (text, "", "")
        if not equals and optional:
            found[text] = None
            continue
        try:
            found[name.strip()] = read(value, option.lstrip("-"), known) if equals and name.strip() else None
        except StudyError:
            found[name.strip()] = None
        if found[name.strip()] is None or not known.takes(found[name.strip()]):
            word = "COUNT" if known.whole else "RATE"
            raise StudyError(
                f"{text!r}",
                place=place,
                expected=f"NAME={word}, where {word} is {known.words}",
                remedy=f"write {option} account_takeover={known.example:g}",
            )
    return found
