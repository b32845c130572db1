"""``finsim verify``: compare every part of a run with its record, and two runs with each other."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from finsim.cli.options import AnyRun, AsJson, NoFail
from finsim.cli.output import gate, show
from finsim.cli.parsing.completion import offered, runs
from finsim.cli.parsing.panels import DATA, SIZE


def verify(
    run: AnyRun,
    against: Annotated[
        str | None,
        typer.Option(
            "--against",
            metavar="RUN",
            help="Another run, compared table by table; none when left out.",
            autocompletion=offered(runs),
            rich_help_panel=SIZE,
        ),
    ] = None,
    key: Annotated[
        Path | None,
        typer.Option(
            "--key",
            metavar="FILE",
            help="Public key (PEM) of whoever signed the run; its signature is not checked when left out.",
            rich_help_panel=DATA,
        ),
    ] = None,
    head: Annotated[
        str | None,
        typer.Option(
            "--head",
            metavar="SHA",
            help="Head of the log that was kept elsewhere; none is compared when left out.",
            rich_help_panel=DATA,
        ),
    ] = None,
    no_fail: NoFail = False,
    as_json: AsJson = False,
) -> None:
    """Check that a run is what its record says; exit 1 when anything disagrees.

    Example: finsim verify runs/a --against runs/b
    """
    from finsim.verbs.verify import verify as verb

    found = verb(run, against=against, key=key, head=head)
    show("verify", found.to_dict(), found.to_text(), as_json, ok=found.ok, problems=found.problems)
    gate(found.ok, no_fail)
