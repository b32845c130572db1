"""``finsim fit``: learn the body of the user's own prices."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from finsim.cli.options import AsJson, CsvDialect, SchemaFile, Seed
from finsim.cli.output import fraction_progress, progress, remark, show


def fit(
    data: Annotated[Path, typer.Argument(help="Prices: CSV, CSV.gz or Parquet.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder of the model to create.")],
    generator: Annotated[str, typer.Option("--generator", help="See `finsim list generators`.")] = "flow",
    cpu_seconds: Annotated[
        float | None, typer.Option("--cpu-seconds", min=1, help="Training budget in CPU seconds.")
    ] = None,
    steps: Annotated[
        int | None, typer.Option("--steps", min=1, help="Training budget in steps (reproducible).")
    ] = None,
    schema: SchemaFile = None,
    csv: CsvDialect = None,
    seed: Seed = None,
    as_json: AsJson = False,
) -> None:
    """Fit a generator on prices and save it; what was found in them is told on standard error.

    Example: finsim fit prices.csv --generator flow --steps 800 -o model
    """
    from finsim.engine.market_model.fit_and_sample import fit as fit_body
    from finsim.engine.market_model.fit_and_sample import refuse_existing
    from finsim.markets.prices import as_schema

    refuse_existing(output)
    with progress() as step:
        body = fit_body(
            data,
            generator,
            steps=steps,
            cpu_seconds=cpu_seconds,
            seed=seed or 0,
            schema=as_schema(schema, csv),
            progress=fraction_progress(step),
        )
    body.save(output)
    facts = body.facts()
    remark(facts["data"].get("notes", {}).get("remarks", ()))
    text = (
        f"{generator}: {facts['steps']} steps, {facts['cpu_seconds']:.1f} CPU s, "
        f"stopped by {facts['stopped_by']}\nmodel: {output}"
    )
    show(facts, text, as_json)
