"""``finsim report``: write the page of a finished run again."""

from __future__ import annotations

from typing import Annotated

import typer

from finsim.cli.options import AsJson, RunFolder
from finsim.cli.output import show
from finsim.cli.parsing.panels import SCREEN


def report(
    run: RunFolder,
    open: Annotated[
        bool, typer.Option("--open", help="Open the page in the browser.", rich_help_panel=SCREEN)
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Write report.html of a run, or overview.html over a folder of runs.

    Example: finsim report runs/demo --open
    """
    from finsim.verbs.report import report as verb

    page = verb(run, open=open)
    show("report", {"report": str(page)}, f"report: {page}", as_json, outputs=[page])
