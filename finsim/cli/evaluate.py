"""``finsim evaluate``: how good a synthetic set is beside the real one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from finsim.cli.options import AsJson, CsvDialect, SchemaFile, Seed
from finsim.cli.output import progress, remark, show
from finsim.errors import EXIT_GATE


def evaluate(
    real: Annotated[Path, typer.Argument(help="Real prices: CSV, CSV.gz or Parquet.")],
    synthetic: Annotated[Path, typer.Argument(help="Synthetic prices, any layout `fit` reads.")],
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Also write the scorecard as JSON.")
    ] = None,
    schema: SchemaFile = None,
    csv: CsvDialect = None,
    seed: Seed = None,
    as_json: AsJson = False,
) -> None:
    """Score synthetic prices against real ones; exit 1 when a metric fails.

    --schema and --csv say how the real prices are read, and synthetic ones that are text.

    Example: finsim evaluate prices.csv paths.parquet --json
    """
    from finsim.evaluation.evaluate import evaluate as judge
    from finsim.evaluation.settings import Settings
    from finsim.markets.listing import complete
    from finsim.markets.prices import as_schema, read_prices
    from finsim.randomness import Streams
    from finsim.tables.endings import TEXT, form_by_name

    with progress() as step:
        step("judging", 0, 1)
        declared = as_schema(schema, csv)
        history = read_prices(real, schema=declared)
        is_text = form_by_name(synthetic) in ("", TEXT)
        made = read_prices(synthetic, schema=declared if is_text else None)
        card = judge(complete(history, history.whole), made, Streams(seed or 0), Settings())
        step("judging", 1, 1)
    remark(history.notes["remarks"])
    if output is not None:
        card.write(output)
    show(card.to_dict(), card.table(), as_json)
    if any(score.verdict == "fail" for score in card.scores):
        raise typer.Exit(EXIT_GATE)
