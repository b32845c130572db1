"""``fit``: learn the body of the user's own prices."""

from __future__ import annotations

from pathlib import Path

from finsim.engine.market_model.fit_and_sample import Body, Learner, Source, refuse_existing
from finsim.engine.market_model.fit_and_sample import fit as fit_body
from finsim.engine.task_progress import as_share
from finsim.errors import PrivacyBudgetError, StudyError, did_you_mean
from finsim.extras import needs
from finsim.generators import GENERATORS
from finsim.generators.generator import Budget
from finsim.markets.prices import SchemaSource, as_schema
from finsim.records.paths import Paths
from finsim.verbs.calling.argument_checks import PRICES, Arguments
from finsim.verbs.calling.progress import Progress, reporting

__all__ = ["fit"]


def known_generator(name: str) -> None:
    """Raise StudyError for an unknown generator, with a suggestion."""
    if name not in GENERATORS:
        raise StudyError(
            f"no generator is called {name!r}",
            place="fit: generator",
            expected=", ".join(GENERATORS),
            remedy=did_you_mean(name, list(GENERATORS)),
        )


def _refuse_unable(generator: str) -> None:
    """Raise PrivacyBudgetError for a generator that has no private training."""
    able = [name for name in GENERATORS if hasattr(GENERATORS.load(name).Settings, "epsilon")]
    if generator not in able:
        raise PrivacyBudgetError(
            f"{generator} cannot be trained with differential privacy",
            place="fit: epsilon",
            expected=f"one of {', '.join(able)}",
            remedy="choose another generator, or leave epsilon out",
        )


def fit(
    data: Source,
    generator: str = "flow",
    *,
    output: str | Path | None = None,
    steps: int | None = None,
    cpu_seconds: float | None = None,
    epsilon: float | None = None,
    delta: float = 1e-5,
    unit: str = "10 steps",
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
        epsilon: differential privacy: the most that training may spend; None: not private.
        delta: probability with which the guarantee may fail; for ``epsilon`` only.
        unit: what is protected, such as ``10 steps``: any block of so many bars of all assets.
        seed: root seed; with an epsilon it must be secret.
        schema: what the columns are: a schema file or a Schema.
        csv: how text is written, such as ``sep=;,decimal=,``.
        progress: True, False, or a function ``(stage, done, total)``.

    Returns:
        The fitted Body, ready for ``finsim.sample``.

    Raises:
        StudyError: for wrong arguments, all at once. DataError: for bad prices. FitError: for a short
            history and an output that exists. PrivacyBudgetError: for an epsilon that cannot be kept.

    Example:
        >>> import finsim
        >>> prices = finsim.example_data("wiki_aapl_ibm_2000_2013")
        >>> body = finsim.fit(prices, "bootstrap", progress=False)
        >>> finsim.sample(body, 3, 20, progress=False).close.shape
        (3, 20, 2)

    """
    wrong = Arguments("fit").table("data", data, (Paths,), PRICES, "write finsim.fit('prices.csv')")
    wrong.kinds("generator", generator, (str,), "a name of finsim.names('generators')", "write 'flow'")
    numbers = {"steps": steps, "cpu_seconds": cpu_seconds, "seed": seed, "epsilon": epsilon, "delta": delta}
    wrong.numbers(numbers, "steps", "cpu_seconds", "epsilon")
    wrong.one_of({"steps": steps, "cpu_seconds": cpu_seconds})
    wrong.one_of({"epsilon": epsilon, "cpu_seconds": cpu_seconds})
    wrong.kinds("unit", unit, (str,), "a number of steps", "write unit='10 steps'")
    wrong.files({"output": output}).reading(schema, csv).progress(progress).settle()
    known_generator(generator)
    needs(("markets", GENERATORS.entry(generator).extra), "finsim fit")
    private = {} if epsilon is None else {"epsilon": float(epsilon), "delta": float(delta), "unit": unit}
    if private:
        _refuse_unable(generator)
    if output is not None:
        refuse_existing(Path(output))
    with reporting(progress) as step:
        body = fit_body(
            data,
            Learner(generator, private, Budget(steps, cpu_seconds)),
            seed=seed,
            schema=as_schema(schema, csv),
            progress=as_share(step, f"fitting {generator}"),
        )
    if output is not None:
        body.save(output)
    return body
