"""``evaluate``: how good a synthetic set is beside the real one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from finsim.evaluation.evaluate import evaluate as judge
from finsim.evaluation.scorecard import Scorecard
from finsim.evaluation.settings import Settings
from finsim.extras import needs
from finsim.markets.listing import complete
from finsim.markets.prices import Prices, SchemaSource, as_schema, read_prices
from finsim.randomness import Streams
from finsim.records.paths import Paths
from finsim.tables.endings import TEXT, form_by_name
from finsim.verbs.calling.argument_checks import PRICES, Arguments
from finsim.verbs.calling.progress import Progress, reporting

__all__ = ["evaluate"]


def evaluate(
    real: Any,
    synthetic: Any,
    *,
    holdout: Any = None,
    output: str | Path | None = None,
    seed: int = 0,
    schema: SchemaSource = None,
    csv: str | None = None,
    settings: Settings | None = None,
    progress: Progress = True,
) -> Scorecard:
    """Score synthetic prices against real ones.

    Args:
        real: real prices: a file, a DataFrame, an Arrow or polars table, or Paths.
        synthetic: synthetic prices of the same assets, in any layout that ``fit`` reads.
        holdout: real prices that the generator has not seen, for the copy tests; the last part of ``real``
            when left out.
        output: also write the scorecard to this JSON file.
        seed: root seed of the resampling behind the intervals.
        schema: how the real prices are read, and synthetic ones that are text.
        csv: how text is written, such as ``sep=;,decimal=,``.
        settings: how much work (``finsim.EvaluationSettings``); the defaults when left out.
        progress: True, False, or a function ``(stage, done, total)``.

    Returns:
        The Scorecard: one score a metric and subject, one verdict a use.

    Raises:
        StudyError: for wrong arguments, all at once. DataError: for prices that cannot be read or compared.

    Example:
        >>> import finsim
        >>> prices = finsim.example_data("wiki_aapl_ibm_2000_2013")
        >>> body = finsim.fit(prices, "bootstrap", progress=False)
        >>> made = finsim.sample(body, 10, 504, progress=False)
        >>> quick = finsim.EvaluationSettings(bootstrap=20, judge_refits=0)
        >>> card = finsim.evaluate(prices, made, settings=quick, progress=False)
        >>> sorted(card.verdicts())
        ['backtest', 'share', 'stress a portfolio']

    """
    wrong = Arguments("evaluate").table("real", real, (Paths,), PRICES, "write 'prices.csv'")
    wrong.table("synthetic", synthetic, (Paths,), PRICES, "write 'paths.parquet'")
    if holdout is not None:
        wrong.table("holdout", holdout, (Paths,), PRICES, "write holdout='later.csv'")
    wrong.kinds(
        "settings", settings, (Settings, type(None)), "finsim.EvaluationSettings",
        "write settings=finsim.EvaluationSettings(bootstrap=50)",
    )  # fmt: skip
    wrong.numbers({"seed": seed}).files({"output": output}).reading(schema, csv).progress(progress).settle()
    needs(("evaluate",), "finsim evaluate")
    declared = as_schema(schema, csv)
    with reporting(progress) as step:
        step("reading", 0, 2)
        prices = real if isinstance(real, Paths) else read_prices(real, schema=declared)
        step("reading", 1, 2)
        made = synthetic if isinstance(synthetic, Paths) else _read(synthetic, declared)
        step("reading", 2, 2)
        unseen = None if holdout is None else _whole(holdout, declared)
        card = judge(_complete(prices), made, Streams(seed), settings or Settings(), unseen, progress=step)
    if isinstance(prices, Prices):
        card = replace(card, remarks=tuple(prices.notes["remarks"]))
    if output is not None:
        card.write(Path(output))
    return card


def _whole(real: Any, declared: SchemaSource) -> Paths:
    return _complete(real if isinstance(real, Paths) else read_prices(real, schema=declared))


def _complete(prices: Paths) -> Paths:
    """Return prices that were read without holes; bars of a model have none."""
    return complete(prices, prices.whole) if isinstance(prices, Prices) else prices


def _read(synthetic: Any, declared: SchemaSource) -> Paths:
    """Read synthetic prices; the schema of the real ones holds for them where they are text."""
    is_text = isinstance(synthetic, str | Path) and form_by_name(synthetic) in ("", TEXT)
    return read_prices(synthetic, schema=declared if is_text else None)
