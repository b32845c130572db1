"""Options of ``finsim simulate-book``, one name each."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from finsim.cli.options import NewFolder, day_option, scenario_option
from finsim.cli.parsing.completion import models, offered, runs, tables
from finsim.cli.parsing.number_options import number
from finsim.cli.parsing.panels import SIZE

Source = Annotated[
    Path,
    typer.Argument(
        metavar="MODEL_OR_BARS",
        help="File of bars, finished run, or folder of a fitted model of bars.",
        autocompletion=offered(models, runs, tables),
    ),
]
Day = Annotated[
    str | None,
    day_option("--date", "The day, year-month-day; must be given."),
]
Output = NewFolder
Levels = Annotated[int, number("simulate_book", "levels", "Levels of the book that are written", SIZE)]
Asset = Annotated[
    list[str] | None,
    typer.Option(
        "--asset",
        metavar="NAME",
        help="Asset; may be repeated; all when left out.",
        rich_help_panel=SIZE,
    ),
]
PathNumber = Annotated[
    int | None,
    number("simulate_book", "path", "Number of the path of a run; the first when left out", SIZE),
]
Events = Annotated[
    int | None,
    number("simulate_book", "events", "Arrivals of an asset's day, about; the law's when left out", SIZE),
]
LawName = Annotated[
    str | None,
    typer.Option(
        "--law",
        metavar="NAME",
        help="Law of the flow, stock or coin; by the hours of the market when left out.",
        autocompletion=offered(lambda _: ["stock", "coin"]),
        rich_help_panel=SIZE,
    ),
]
Tick = Annotated[
    float | None,
    number("simulate_book", "tick", "Smallest step of a price; by the tick table when left out", SIZE),
]
Scenario = Annotated[
    str | None,
    scenario_option("Scenario whose liquidity acts: a file or shipped name; none when left out."),
]
ScenarioStart = Annotated[
    str | None,
    day_option("--scenario-start", "First day of the scenario; the day itself when left out."),
]
Severity = Annotated[
    float,
    number("simulate_book", "severity", "Of the scenario: 0 changes nothing, 1 or 100% is as written", SIZE),
]
