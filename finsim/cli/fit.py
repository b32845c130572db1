"""``finsim fit``: learn the body of the user's own prices, payments or table."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from finsim.cli.options import (
    AsJson,
    CsvDialect,
    EntityColumn,
    Kind,
    ModelFolder,
    Quiet,
    SchemaFile,
    Seed,
    TimeColumn,
    nowhere,
)
from finsim.cli.output import remark, show
from finsim.cli.parsing.completion import names, offered, tables
from finsim.cli.parsing.number_options import number
from finsim.cli.parsing.panels import SIZE


def fit(
    data: Annotated[
        Path,
        typer.Argument(
            help="Prices, payments or any table: CSV, CSV.gz or Parquet.", autocompletion=offered(tables)
        ),
    ],
    output: ModelFolder = None,
    generator: Annotated[
        str | None,
        typer.Option(
            "--generator",
            metavar="NAME",
            help="See `finsim list generators`; the better one for events, bayes for a table and "
            "daily_flow for bars when left out.",
            autocompletion=offered(names("generators")),
            rich_help_panel=SIZE,
        ),
    ] = None,
    kind: Kind = None,
    id: EntityColumn = None,
    time: TimeColumn = None,
    steps: Annotated[
        int | None,
        number(
            "fit", "steps", "Training budget in steps (reproducible), the generator's own when left out", SIZE
        ),
    ] = None,
    cpu_seconds: Annotated[
        float | None,
        number(
            "fit", "cpu_seconds", "Training budget in CPU seconds, instead of steps; none when left out", SIZE
        ),
    ] = None,
    epsilon: Annotated[
        float | None,
        number("fit", "epsilon", "Differential privacy: the most to spend, not private when left out", SIZE),
    ] = None,
    delta: Annotated[
        float | None,
        number("fit", "delta", "Probability with which the epsilon may fail, 1e-5 when left out", SIZE),
    ] = None,
    unit: Annotated[
        str | None,
        typer.Option(
            "--unit",
            metavar="UNIT",
            help="What the epsilon protects: a block of bars ('10 steps', the default), an 'entity' with all "
            "of its events or rows, or a 'row' of a table (the default where no id repeats).",
            rich_help_panel=SIZE,
        ),
    ] = None,
    seed: Seed = 0,
    schema: SchemaFile = None,
    csv: CsvDialect = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Fit a generator on prices, events or a table and save it; remarks go to standard error.

    Example: finsim fit prices.csv --steps 1500 -o model
    """
    from finsim.engine.answers.model_answer import model_dict, model_lines
    from finsim.verbs.fit import fit as verb

    if output is None:
        raise nowhere("finsim fit", "folder", "model")
    body = verb(
        data, generator, output=output, kind=kind, id=id, time=time, steps=steps, cpu_seconds=cpu_seconds,
        epsilon=epsilon, delta=delta, unit=unit, seed=seed, schema=schema, csv=csv, progress=not quiet,
    )  # fmt: skip
    facts = model_dict(body)
    notes = [facts["data"].get("notes", {}), facts.get("diagnosis", {})]
    remark([line for part in notes for line in part.get("remarks", ())])
    made = {"bars": "paths", "events": "events", "table": "rows"}[facts["kind"]]
    lines = [*model_lines(facts), f"model: {output}", f"next:  finsim sample {output} -o {made}.parquet"]
    show("fit", {**facts, "output": str(output)}, "\n".join(lines), as_json, outputs=[output])
