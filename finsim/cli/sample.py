"""``finsim sample``: paths from a fitted model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from finsim.cli.options import AsJson, CsvDialect, Quiet, SchemaFile, Seed, nowhere
from finsim.cli.output import show
from finsim.cli.parsing.completion import models, offered, tables
from finsim.cli.parsing.number_options import number
from finsim.cli.parsing.panels import DATA, OUTPUT, SIZE


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
    paths: Annotated[int, number("sample", "paths", "Number of joint paths", SIZE)] = 100,
    steps: Annotated[int, number("sample", "steps", "Bars per path", SIZE)] = 252,
    history: Annotated[
        Path | None,
        typer.Option(
            "--history",
            metavar="FILE",
            help="Prices to continue from their last date; fresh paths when left out.",
            autocompletion=offered(tables),
            rich_help_panel=DATA,
        ),
    ] = None,
    start: Annotated[
        str | None,
        typer.Option(
            "--start",
            metavar="DATE",
            help="First date, past or future, such as 2026-01-31; after the data when left out.",
            rich_help_panel=SIZE,
        ),
    ] = None,
    seed: Seed = 0,
    schema: SchemaFile = None,
    csv: CsvDialect = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Sample joint bar paths of any length, fresh or continuing a history.

    Example: finsim sample model --paths 200 --steps 2520 --history prices.csv -o paths.parquet
    """
    from finsim.engine.answers.model_answer import sample_dict, sample_lines
    from finsim.verbs.sample import Wanted, sample_to_file

    if output is None:
        raise nowhere("finsim sample", "file", "paths.parquet")
    wanted = Wanted(model, paths, steps, history, start, seed, schema, csv)
    found = sample_to_file(wanted, output, progress=not quiet)
    facts = sample_dict(found, output)
    show("sample", facts, "\n".join(sample_lines(facts, model)), as_json, outputs=[output])
