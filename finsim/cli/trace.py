"""``finsim trace``: the story of one row."""

from __future__ import annotations

from typing import Annotated

import typer

from finsim.cli.options import AsJson, RunFolder, scenario_option
from finsim.cli.output import show
from finsim.cli.parsing.completion import tables_of_run
from finsim.cli.parsing.number_options import argument


def trace(
    run: RunFolder,
    table: Annotated[
        str,
        typer.Argument(help="Table, such as transactions or bars.", autocompletion=tables_of_run),
    ],
    row: Annotated[int, argument("trace", "row", "Number of the row; the first is 0")],
    scenario: Annotated[
        str | None,
        scenario_option("Scenario of the table; the run's first when left out."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Tell where one row comes from: layer, seed, scenario, model, story, rules, hashes.

    Example: finsim trace runs/demo transactions 12345
    """
    from finsim.verbs.trace import trace as verb

    story = verb(run, table, row, scenario=scenario)
    show("trace", story.to_dict(), story.to_text(), as_json)
