"""Options of ``finsim export``, one name each."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from finsim.cli.options import day_option, scenario_option
from finsim.cli.parsing.completion import names, offered, runs, tables
from finsim.cli.parsing.number_options import number
from finsim.cli.parsing.panels import OUTPUT, SIZE

RunOrFile = Annotated[
    Path,
    typer.Argument(
        metavar="RUN_OR_FILE",
        help="Finished run; of payments and books also the folder of `finsim simulate`, of bars a file.",
        autocompletion=offered(runs, tables),
    ),
]
Format = Annotated[
    str | None,
    typer.Option(
        "--as",
        metavar="FORMAT",
        help="Format, a name of `finsim list exports`; must be given.",
        autocompletion=offered(names("exports")),
        rich_help_panel=OUTPUT,
    ),
]
Output = Annotated[
    Path | None,
    typer.Option(
        "-o",
        "--output",
        metavar="FOLDER",
        help="Folder to write to, outside the run; must be given.",
        rich_help_panel=OUTPUT,
    ),
]
Scenario = Annotated[
    str | None,
    scenario_option("Which scenario's rows; the first of the run when left out."),
]
PathNumber = Annotated[
    int | None,
    number(
        "export",
        "path",
        "Number of the path of bars; the first, or all where the format holds several, when left out",
        SIZE,
    ),
]
FromDate = Annotated[
    str | None,
    day_option("--from", "First day that a path of bars is laid on; its own days when left out."),
]
AsOf = Annotated[
    str | None,
    day_option(
        "--as-of", "What was known of payments at the end of this day, UTC; all and the truth when left out."
    ),
]
Bank = Annotated[
    int | None,
    number("export", "bank", "What this bank sees of the payments; all banks when left out", SIZE),
]
Prevalence = Annotated[
    float | None,
    number(
        "export",
        "prevalence",
        "Share of payments with the format's label; the world's own when left out",
        SIZE,
    ),
]
Instance = Annotated[
    int | None,
    number("export", "instance", "Only this scheme, in graphs of payments; all when left out", SIZE),
]
RecordPrice = Annotated[
    float | None,
    number(
        "export",
        "record_price",
        "Price of one real record, for the model card, none when left out",
        OUTPUT,
    ),
]
CpuPrice = Annotated[
    float | None,
    number("export", "cpu_price", "Price of one CPU hour, for the model card, none when left out", OUTPUT),
]
Currency = Annotated[
    str | None,
    typer.Option(
        "--currency",
        metavar="CODE",
        help="Currency of the prices, shown and never converted; not stated when left out.",
        rich_help_panel=OUTPUT,
    ),
]
