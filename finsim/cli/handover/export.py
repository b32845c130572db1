"""``finsim export``: hand a run, payments or bars over in the format of another tool."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from finsim.cli.options import AsJson
from finsim.cli.output import show
from finsim.cli.parsing.completion import names, offered, runs, tables
from finsim.cli.parsing.number_options import number
from finsim.cli.parsing.panels import OUTPUT, SIZE


def export(
    run: Annotated[
        Path,
        typer.Argument(
            metavar="RUN_OR_FILE",
            help="Finished run; of payments also the folder of `finsim simulate`, of bars also a file.",
            autocompletion=offered(runs, tables),
        ),
    ],
    format: Annotated[
        str | None,
        typer.Option(
            "--as",
            metavar="FORMAT",
            help="Format, a name of `finsim list exports`; must be given.",
            autocompletion=offered(names("exports")),
            rich_help_panel=OUTPUT,
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="FOLDER",
            help="Folder to write to, outside the run; must be given.",
            rich_help_panel=OUTPUT,
        ),
    ] = None,
    scenario: Annotated[
        str | None,
        typer.Option(
            "--scenario",
            metavar="SCENARIO",
            help="Which scenario's rows; the first of the run when left out.",
            rich_help_panel=SIZE,
        ),
    ] = None,
    path: Annotated[
        int | None,
        number(
            "export",
            "path",
            "Number of the path of bars; the first, or all where the format holds several, when left out",
            SIZE,
        ),
    ] = None,
    from_date: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="DATE",
            help="First day that a path of bars is laid on; its own days when left out.",
            rich_help_panel=SIZE,
        ),
    ] = None,
    as_of: Annotated[
        str | None,
        typer.Option(
            "--as-of",
            metavar="DATE",
            help="Payments up to the end of this day, UTC; all when left out.",
            rich_help_panel=SIZE,
        ),
    ] = None,
    bank: Annotated[
        int | None,
        number("export", "bank", "What this bank sees of the payments; all banks when left out", SIZE),
    ] = None,
    prevalence: Annotated[
        float | None,
        number(
            "export",
            "prevalence",
            "Share of payments with the format's label; the world's own when left out",
            SIZE,
        ),
    ] = None,
    instance: Annotated[
        int | None,
        number("export", "instance", "Only this scheme, in graphs of payments; all when left out", SIZE),
    ] = None,
    record_price: Annotated[
        float | None,
        number(
            "export",
            "record_price",
            "Price of one real record, for the model card, none when left out",
            OUTPUT,
        ),
    ] = None,
    cpu_price: Annotated[
        float | None,
        number(
            "export", "cpu_price", "Price of one CPU hour, for the model card, none when left out", OUTPUT
        ),
    ] = None,
    currency: Annotated[
        str | None,
        typer.Option(
            "--currency",
            metavar="CODE",
            help="Currency of the prices, shown and never converted; not stated when left out.",
            rich_help_panel=OUTPUT,
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write a run, or its payments or bars, in the format of another tool.

    Example: finsim export runs/demo --as amlworld -o handover
    """
    from finsim.verbs.handover.export import export as verb

    done = verb(
        run,
        format,
        output=output,
        scenario=scenario,
        path=path,
        from_date=from_date,
        as_of=as_of,
        bank=bank,
        prevalence=prevalence,
        instance=instance,
        record_price=record_price,
        cpu_price=cpu_price,
        currency=currency,
    )
    show("export", done.to_dict(), done.to_text(), as_json, outputs=done.files)
