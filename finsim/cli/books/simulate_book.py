"""``finsim simulate-book``: the limit order book of a day whose trades make the day's bar."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from finsim.cli.options import AsJson, Quiet, Seed, nowhere
from finsim.cli.output import show
from finsim.cli.parsing.completion import models, names, offered, runs, tables, yaml_files
from finsim.cli.parsing.number_options import number
from finsim.cli.parsing.panels import OUTPUT, SIZE


def simulate_book(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="MODEL_OR_BARS",
            help="File of bars, finished run, or folder of a fitted model of bars.",
            autocompletion=offered(models, runs, tables),
        ),
    ],
    date: Annotated[
        str | None,
        typer.Option(
            "--date", metavar="DATE", help="The day, year-month-day; must be given.", rich_help_panel=SIZE
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="FOLDER",
            help="Folder to create; must be given.",
            rich_help_panel=OUTPUT,
        ),
    ] = None,
    levels: Annotated[
        int, number("simulate_book", "levels", "Levels of the book that are written", SIZE)
    ] = 10,
    asset: Annotated[
        list[str] | None,
        typer.Option(
            "--asset",
            metavar="NAME",
            help="Asset; may be repeated; all when left out.",
            rich_help_panel=SIZE,
        ),
    ] = None,
    path: Annotated[
        int | None,
        number("simulate_book", "path", "Number of the path of a run; the first when left out", SIZE),
    ] = None,
    events: Annotated[
        int | None,
        number("simulate_book", "events", "Arrivals of an asset's day, about; the law's when left out", SIZE),
    ] = None,
    law: Annotated[
        str | None,
        typer.Option(
            "--law",
            metavar="NAME",
            help="Law of the flow, stock or coin; by the hours of the market when left out.",
            autocompletion=offered(lambda _: ["stock", "coin"]),
            rich_help_panel=SIZE,
        ),
    ] = None,
    tick: Annotated[
        float | None,
        number("simulate_book", "tick", "Smallest step of a price; by the tick table when left out", SIZE),
    ] = None,
    scenario: Annotated[
        str | None,
        typer.Option(
            "--scenario",
            metavar="SCENARIO",
            help="Scenario whose liquidity acts: a file or shipped name; none when left out.",
            autocompletion=offered(names("scenarios"), yaml_files),
            rich_help_panel=SIZE,
        ),
    ] = None,
    scenario_start: Annotated[
        str | None,
        typer.Option(
            "--scenario-start",
            metavar="DATE",
            help="First day of the scenario; the day itself when left out.",
            rich_help_panel=SIZE,
        ),
    ] = None,
    severity: Annotated[
        float,
        number(
            "simulate_book", "severity", "Of the scenario: 0 changes nothing, 1 or 100% is as written", SIZE
        ),
    ] = 1.0,
    seed: Seed = 0,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Simulate the limit order book of a day; its trades make the day's bar to the tick.

    Example: finsim simulate-book prices.csv --date 2012-01-03 --levels 5 --seed 7 -o book
    """
    from finsim.verbs.books.simulate_book import simulate_book as verb

    if output is None:
        raise nowhere("finsim simulate-book", "folder", "book")
    made = verb(
        source,
        date=date,
        output=output,
        levels=levels,
        asset=asset,
        path=path,
        events=events,
        law=law,
        tick=tick,
        scenario=scenario,
        scenario_start=scenario_start,
        severity=severity,
        seed=seed,
        progress=not quiet,
    )
    told = f"{made.to_text()}\ndata: {output}\nnext: finsim check {output}/quotes.parquet --rules quotes-lob"
    show("simulate-book", made.to_dict(), told, as_json, outputs=[output])
