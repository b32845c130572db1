"""``finsim sample``: paths from a fitted model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from finsim.cli.options import AsJson, CsvDialect, Quiet, SchemaFile, Seed
from finsim.cli.output import show
from finsim.errors import StudyError


def sample(
    model: Annotated[Path, typer.Argument(help="Folder of a fitted model.")],
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="File to create: .parquet, .csv, .csv.gz, ...")
    ] = None,
    paths: Annotated[int, typer.Option("--paths", min=1, help="Number of joint paths.")] = 100,
    steps: Annotated[int, typer.Option("--steps", min=2, help="Bars per path.")] = 252,
    history: Annotated[
        Path | None, typer.Option("--history", help="Prices to continue from their last date.")
    ] = None,
    start: Annotated[
        str | None, typer.Option("--start", metavar="DATE", help="First date, past or future.")
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
    from finsim.verbs.sample import sample_to_file

    if output is None:
        raise StudyError("no file to write to", place="finsim sample", remedy="name one: -o paths.parquet")
    found = sample_to_file(
        model, output, paths, steps, history=history, start=start, seed=seed, schema=schema, csv=csv,
        progress=not quiet,
    )  # fmt: skip
    facts = sample_dict(found, output)
    show("sample", facts, "\n".join(sample_lines(facts, model)), as_json, outputs=[output])
