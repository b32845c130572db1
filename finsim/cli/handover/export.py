"""``finsim export``: hand a finished run over in the format of another tool."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from finsim.cli.options import AsJson, RunFolder
from finsim.cli.output import show
from finsim.cli.parsing.completion import names, offered
from finsim.cli.parsing.number_options import number
from finsim.cli.parsing.panels import OUTPUT


def export(
    run: RunFolder,
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
    """Write a finished run in the format of another tool.

    Example: finsim export runs/demo --as model-card -o handover
    """
    from finsim.verbs.handover.export import export as verb

    done = verb(run, format, output=output, record_price=record_price, cpu_price=cpu_price, currency=currency)
    show("export", done.to_dict(), done.to_text(), as_json, outputs=done.files)
