"""``fit``: learn the body of the user's own prices."""

from __future__ import annotations

from pathlib import Path

from finsim.engine.market_model.fit_and_sample import Body, Source, refuse_existing
from finsim.engine.market_model.fit_and_sample import fit as fit_body
from finsim.extras import needs
from finsim.generators import GENERATORS
from finsim.markets.prices import SchemaSource, as_schema
from finsim.verbs.progress import Progress, as_fraction, reporting

__all__ = ["fit"]


def fit(
    data: Source,
    generator: str = "flow",
    *,
    output: str | Path | None = None,
    steps: int | None = None,
    cpu_seconds: float | None = None,
    seed: int = 0,
    schema: SchemaSource = None,
    csv: str | None = None,
    progress: Progress = True,
) -> Body:
    """Fit a generator on prices.

    Args:
        data: prices: a file, a DataFrame, an Arrow or polars table, or Paths.
        generator: a name of ``finsim.names("generators")``.
        output: folder to save the model in; it must not exist.
        steps: training budget in optimizer steps (reproducible).
        cpu_seconds: training budget in CPU seconds, instead of steps.
        seed: root seed.
        schema: what the columns are: a schema file or a Schema.
        csv: how text is written, such as ``sep=;,decimal=,``.
        progress: True, False, or a function ``(stage, done, total)``.

    Returns:
        The fitted Body, ready for ``finsim.sample``.

    Raises:
        DataError: for bad prices. FitError: for an unknown generator, a short history, an output that
            exists. StudyError: for two budgets.

    Example:
        >>> import finsim
        >>> prices = finsim.example_data("wiki_aapl_ibm_2000_2013")
        >>> body = finsim.fit(prices, "bootstrap", progress=False)
        >>> finsim.sample(body, 3, 20, progress=False).close.shape
        (3, 20, 2)

    """
    needs(("markets", GENERATORS.entry(generator, "--generator").extra), "finsim fit")
    if output is not None:
        refuse_existing(Path(output))
    with reporting(progress) as step:
        body = fit_body(
            data,
            generator,
            steps=steps,
            cpu_seconds=cpu_seconds,
            seed=seed,
            schema=as_schema(schema, csv),
            progress=as_fraction(step),
        )
    if output is not None:
        body.save(output)
    return body
