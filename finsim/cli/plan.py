"""``finsim plan``: what a study would do, or how a table would be read; no work is done."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from finsim.cli.options import AsJson, CsvDialect, Scale, SchemaFile, SeedOfStudy
from finsim.cli.output import show
from finsim.cli.parsing.completion import names, offered, tables, yaml_files
from finsim.cli.parsing.panels import OUTPUT, SCREEN
from finsim.errors import EXIT_INPUT


def plan(
    subject: Annotated[
        str,
        typer.Argument(
            metavar="STUDY|DATA",
            help="Study file or name; or a table of data.",
            autocompletion=offered(names("studies"), yaml_files, tables),
        ),
    ],
    seed: SeedOfStudy = None,
    scale: Scale = 1.0,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="FOLDER",
            help="Folder that the run would write; not looked at when left out.",
            rich_help_panel=OUTPUT,
        ),
    ] = None,
    schema: SchemaFile = None,
    csv: CsvDialect = None,
    graph: Annotated[
        bool,
        typer.Option(
            "--graph",
            help="Show the tasks, what each costs (as a run took, where one is found), the longest chain.",
            rich_help_panel=SCREEN,
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Resolve and check a study and say what it would cost; or show how a table would be read.

    Example: finsim plan quickstart --scale 0.1

    Example: finsim plan quickstart --graph

    Example: finsim plan loans.csv --schema loans.schema.yaml
    """
    from finsim.verbs.plan import plan as verb

    found = verb(subject, seed=seed, scale=scale, output=output, schema=schema, csv=csv, graph=graph)
    refused = list(getattr(found, "refusals", ())) + list(getattr(found, "absent", ()))
    show("plan", found.to_dict(), found.to_text(), as_json, ok=not refused, problems=refused)
    if refused:
        raise typer.Exit(EXIT_INPUT)
