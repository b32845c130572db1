"""``finsim evaluate``: how good a synthetic set is beside the real one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from finsim.cli.options import AsJson, CsvDialect, NoFail, Quiet, SchemaFile, Seed
from finsim.cli.output import gate, remark, show
from finsim.cli.parsing.completion import offered, tables
from finsim.cli.parsing.panels import OUTPUT


def evaluate(
    real: Annotated[
        Path, typer.Argument(help="Real prices: CSV, CSV.gz or Parquet.", autocompletion=offered(tables))
    ],
    synthetic: Annotated[
        Path, typer.Argument(help="Synthetic prices, any layout `fit` reads.", autocompletion=offered(tables))
    ],
    holdout: Annotated[
        Path | None,
        typer.Option(
            "--holdout",
            metavar="FILE",
            help="Real prices that the generator has not seen; the last part of REAL when left out.",
            autocompletion=offered(tables),
            rich_help_panel=OUTPUT,
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="FILE",
            help="JSON file of the scorecard; none when left out.",
            rich_help_panel=OUTPUT,
        ),
    ] = None,
    seed: Seed = 0,
    schema: SchemaFile = None,
    csv: CsvDialect = None,
    no_fail: NoFail = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Score synthetic prices against real ones; exit 1 when a metric fails.

    --schema and --csv say how the real prices are read, and synthetic ones that are text.

    Example: finsim evaluate prices.csv paths.parquet --json
    """
    from finsim.verbs.evaluate import evaluate as verb

    card = verb(
        real, synthetic, holdout=holdout, output=output, seed=seed, schema=schema, csv=csv, progress=not quiet
    )
    remark(card.remarks)
    failed = [f"{score.metric} of {score.subject}" for score in card.scores if score.verdict == "fail"]
    outputs = [] if output is None else [output]
    facts = {**card.to_dict(), "remarks": list(card.remarks)}
    show("evaluate", facts, card.table(), as_json, outputs=outputs, ok=not failed, problems=failed)
    gate(not failed, no_fail)
