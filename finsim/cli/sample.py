"""``finsim sample``: paths, entities or rows from a fitted model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from finsim.cli.options import AsJson, CsvDialect, Quiet, SchemaFile, Seed, day_option, nowhere
from finsim.cli.output import show
from finsim.cli.parsing.completion import models, offered, tables
from finsim.cli.parsing.number_options import number
from finsim.cli.parsing.panels import DATA, OUTPUT, SIZE

Given = Annotated[
    list[str] | None,
    typer.Option(
        "--given",
        metavar="NAME=VALUE,...",
        help="What holds in all that is made. Of a table cells, such as grade=C,term=36; of bars "
        "regime=crisis, vol=0.4, AAPL.vol=high, AAPL=120 (last price), AAPL=-20% (return up to it); none "
        "when left out.",
        rich_help_panel=SIZE,
    ),
]
Step = Annotated[
    str | None,
    typer.Option(
        "--step",
        metavar="STEP",
        help="Of bars: a longer step that the learned ones add up to, such as week, month or 1h; the "
        "learned one when left out.",
        rich_help_panel=SIZE,
    ),
]


def sample(
    model: Annotated[Path, typer.Argument(help="Folder of a fitted model.", autocompletion=offered(models))],
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="FILE",
            help="File to create: .parquet, .csv, .csv.gz, ...; must be given.",
            rich_help_panel=OUTPUT,
        ),
    ] = None,
    paths: Annotated[
        int | None, number("sample", "paths", "Of bars: number of joint paths, 100 when left out", SIZE)
    ] = None,
    steps: Annotated[
        int | None, number("sample", "steps", "Of bars: bars per path, 252 when left out", SIZE)
    ] = None,
    entities: Annotated[
        int | None,
        number("sample", "entities", "Of events: number of new entities, 1,000 when left out", SIZE),
    ] = None,
    days: Annotated[
        int | None,
        number(
            "sample", "days", "Of events: days from the first one of the data, theirs when left out", SIZE
        ),
    ] = None,
    rows: Annotated[
        int | None, number("sample", "rows", "Of a table: number of rows, 10,000 when left out", SIZE)
    ] = None,
    given: Given = None,
    history: Annotated[
        Path | None,
        typer.Option(
            "--history",
            metavar="FILE",
            help="Of bars: prices to continue from their last date; fresh paths when left out.",
            autocompletion=offered(tables),
            rich_help_panel=DATA,
        ),
    ] = None,
    start: Annotated[
        str | None,
        day_option(
            "--start",
            "Of bars: first date, past or future, such as 2026-01-31; after the data when left out.",
        ),
    ] = None,
    step: Step = None,
    seed: Seed = 0,
    schema: SchemaFile = None,
    csv: CsvDialect = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Sample from a fitted model: bar paths of any length, new entities with their events, or rows.

    Example: finsim sample model --paths 200 --steps 2520 --history prices.csv -o paths.parquet
    """
    from finsim.engine.answers.model_answer import sample_dict, sample_lines
    from finsim.verbs.sample import Wanted, sample_to_file

    if output is None:
        raise nowhere("finsim sample", "file", "paths.parquet")
    wanted = Wanted(
        model, paths, steps, history, start, seed, schema, csv, entities, days, rows,
        ",".join(given) if given else None, step,
    )  # fmt: skip
    found = sample_to_file(wanted, output, progress=not quiet)
    facts = sample_dict(found, output)
    show("sample", facts, "\n".join(sample_lines(facts, model)), as_json, outputs=[output])
