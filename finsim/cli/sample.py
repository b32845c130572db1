"""``finsim sample``: paths from a fitted model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from finsim.cli.options import AsJson, CsvDialect, SchemaFile, Seed
from finsim.cli.output import progress, show


def sample(
    model: Annotated[Path, typer.Argument(help="Folder of a fitted model.")],
    output: Annotated[
        Path,
        typer.Option(
            "-o", "--output", help="File to create, by its ending: .parquet, .csv, .csv.gz, .arrow ..."
        ),
    ],
    paths: Annotated[int, typer.Option("--paths", min=1, help="Number of joint paths.")] = 100,
    steps: Annotated[int, typer.Option("--steps", min=2, help="Bars per path.")] = 252,
    history: Annotated[
        Path | None, typer.Option("--history", help="Prices to continue from their last date.")
    ] = None,
    schema: SchemaFile = None,
    csv: CsvDialect = None,
    seed: Seed = None,
    as_json: AsJson = False,
) -> None:
    """Sample joint bar paths of any length, fresh or continuing a history.

    Example: finsim sample model --paths 200 --steps 2520 --history prices.csv -o paths.parquet
    """
    from finsim.engine.market_model.fit_and_sample import Body, refuse_existing, sample_shards, write_paths
    from finsim.markets.prices import as_schema
    from finsim.tables.writing.write import refuse_unwritable

    refuse_unwritable(output)
    refuse_existing(output)
    body = Body.load(model)
    with progress() as step:
        shards = sample_shards(
            body,
            paths,
            steps,
            history=history,
            seed=seed or 0,
            schema=as_schema(schema, csv),
            progress=step,
        )
        rows = write_paths(shards, output)
    facts = {"rows": rows, "paths": paths, "steps": steps, "output": str(output)}
    show(facts, f"{rows:,} bars of {paths} paths: {output}", as_json)
