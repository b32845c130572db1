"""``finsim trace``: the story of one row."""

from __future__ import annotations

from typing import Annotated

import typer

from finsim.cli.options import AsJson, RunFolder
from finsim.cli.output import show


def trace(
    run: RunFolder,
    table: Annotated[str, typer.Argument(help="Table, such as transactions or bars.")],
    row: Annotated[int, typer.Argument(min=0, help="Row number, from 0.")],
    scenario: Annotated[
        str | None, typer.Option("--scenario", help="Scenario; the run's first when not given.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Tell where one row comes from: layer, seed, scenario, model, story, rules, hashes.

    Example: finsim trace runs/demo transactions 12345
    """
    from finsim.verbs.trace import trace as verb

    story = verb(run, table, row, scenario=scenario)
    show("trace", story.to_dict(), story.to_text(), as_json)
