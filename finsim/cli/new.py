"""``finsim new``: a commented file to start from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from finsim.cli.options import AsJson, CsvDialect
from finsim.cli.output import show
from finsim.cli.parsing.completion import names, offered
from finsim.cli.parsing.panels import OUTPUT, SIZE

ScenarioTable = Annotated[
    Path | None,
    typer.Option(
        "--from",
        metavar="TABLE",
        help="A supervisor's table, or the history for --given; only with `scenario`.",
        show_default=False,
        rich_help_panel=SIZE,
    ),
]
ScenarioName = Annotated[
    str | None,
    typer.Option(
        "--name",
        metavar="NAME",
        help="Scenario in the table, or a part of its name; only with --from.",
        show_default=False,
        rich_help_panel=SIZE,
    ),
]
Given = Annotated[
    list[str] | None,
    typer.Option(
        "--given",
        metavar="WHAT",
        help="What holds, as 'unemployment+=1.5 2.7 4'; several times for several; only with `scenario`.",
        show_default=False,
        rich_help_panel=SIZE,
    ),
]
Quarters = Annotated[
    int | None,
    typer.Option(
        "--quarters",
        metavar="N",
        help="Length of the scenario of --given.",
        show_default="9, or as long as what is given",
        rich_help_panel=SIZE,
    ),
]


def new(
    what: Annotated[
        str,
        typer.Argument(
            metavar="FILE",
            help="File to create; `schema`, and then a table; or `scenario` --from or --given.",
        ),
    ] = "study.yaml",
    data: Annotated[
        Path | None,
        typer.Argument(metavar="DATA", help="Table whose schema is proposed.", show_default=False),
    ] = None,
    like: Annotated[
        str | None,
        typer.Option(
            "--like",
            metavar="STUDY",
            help="Study to copy: fraud, risk, quant, tiny, quickstart; with --kind study tiny.",
            show_default="quickstart",
            autocompletion=offered(names("studies")),
            rich_help_panel=SIZE,
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="FILE",
            help="Schema or scenario file to create; a schema is printed when left out.",
            rich_help_panel=OUTPUT,
        ),
    ] = None,
    kind: Annotated[
        str,
        typer.Option(
            "--kind",
            metavar="KIND",
            help="study (when left out), narrative, scenario, rules; or prices, payments, loans, table.",
            show_default=False,
            rich_help_panel=SIZE,
        ),
    ] = "",
    csv: CsvDialect = None,
    table: ScenarioTable = None,
    name: ScenarioName = None,
    given: Given = None,
    quarters: Quarters = None,
    as_json: AsJson = False,
) -> None:
    """Write a commented file that runs as it is, or propose the schema of a table.

    Example: finsim new my-study.yaml --like fraud

    Example: finsim new --kind narrative my_story.yaml

    Example: finsim new schema loans.csv -o loans.schema.yaml

    Example: finsim new scenario --from dfast.csv -o my-adverse.yaml

    Example: finsim new scenario --given "unemployment+=1.5 2.7 4" -o my-what-if.yaml
    """
    from finsim.verbs.new import new as verb

    made = verb(
        what,
        data,
        like=like,
        output=output,
        kind=kind,
        csv=csv,
        table=table,
        name=name,
        given=given or (),
        quarters=quarters,
    )
    outputs = [] if made.path is None else [made.path]
    show("new", made.to_dict(), made.to_text(), as_json, outputs=outputs)
