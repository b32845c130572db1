"""``finsim verify``: recompute every hash of a run, and compare two runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from finsim.cli.options import AsJson, NoFail, RunFolder
from finsim.cli.output import gate, show
from finsim.cli.parsing.completion import offered, runs
from finsim.cli.parsing.panels import SIZE


def verify(
    run: RunFolder,
    against: Annotated[
        Path | None,
        typer.Option(
            "--against",
            metavar="RUN",
            help="Another run, compared table by table; none when left out.",
            autocompletion=offered(runs),
            rich_help_panel=SIZE,
        ),
    ] = None,
    no_fail: NoFail = False,
    as_json: AsJson = False,
) -> None:
    """Check that a run's files are what its manifest says; exit 1 when they are not.

    Example: finsim verify runs/a --against runs/b
    """
    from finsim.verbs.verify import verify as verb

    found = verb(run, against=against)
    show("verify", found.to_dict(), found.to_text(), as_json, ok=found.ok)
    gate(found.ok, no_fail)
