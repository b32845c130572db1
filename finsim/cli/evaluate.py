"""``finsim evaluate``: how good a synthetic set is beside the real one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from finsim.cli.options import AsJson, Seed
from finsim.cli.output import progress, show
from finsim.errors import EXIT_GATE


def evaluate(
    real: Annotated[Path, typer.Argument(help="Real prices: CSV, CSV.gz or Parquet.")],
    synthetic: Annotated[Path, typer.Argument(help="Synthetic prices, any layout `fit` reads.")],
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Also write the scorecard as JSON.")
    ] = None,
    seed: Seed = None,
    as_json: AsJson = False,
) -> None:
    """Score synthetic prices against real ones; exit 1 when a metric fails.

    Example: finsim evaluate prices.csv paths.parquet --json
    """
    from finsim.evaluation.evaluate import evaluate as judge
    from finsim.evaluation.settings import Settings
    from finsim.markets.prices import read_prices
    from finsim.randomness import Streams

    with progress() as step:
        step("judging", 0, 1)
        card = judge(read_prices(real), read_prices(synthetic), Streams(seed or 0), Settings())
        step("judging", 1, 1)
    if output is not None:
        card.write(output)
    show(card.to_dict(), card.table(), as_json)
    if any(score.verdict == "fail" for score in card.scores):
        raise typer.Exit(EXIT_GATE)
