"""``finsim verify``: recompute every hash of a run, and compare two runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from finsim.cli.options import AsJson, RunFolder
from finsim.cli.output import show
from finsim.errors import EXIT_GATE


def verify(
    run: RunFolder,
    against: Annotated[
        Path | None, typer.Option("--against", help="Another run: compare table by table.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check that a run's files are what its manifest says; exit 1 when they are not.

    Example: finsim verify runs/a --against runs/b
    """
    from finsim.provenance.verify import compare_runs, verify_run

    checked = verify_run(run)
    facts, text, fine = {"verify": checked.to_dict()}, checked.to_text(), checked.ok
    if against is not None:
        other = verify_run(against)
        compared = compare_runs(run, against)
        facts |= {"verify_against": other.to_dict(), "compare": compared.to_dict()}
        text = "\n".join([text, other.to_text(), compared.to_text()])
        fine = fine and other.ok and compared.identical
    show(facts, text, as_json)
    raise typer.Exit(0 if fine else EXIT_GATE)
