"""``fit``: learn the body of the user's own prices, payments or table."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from finsim.call_errors import public
from finsim.engine.learned.fitting import Learning, learned
from finsim.engine.learned.models import Model, Step
from finsim.engine.learned.reading import kind_of_data
from finsim.engine.market_model.fit_and_sample import Learner, Source, refuse_existing
from finsim.engine.market_model.fit_and_sample import fit as fit_body
from finsim.engine.run_folder.owner_lock import owning_output
from finsim.engine.task_progress import as_share
from finsim.errors import PrivacyBudgetError, StudyError, did_you_mean
from finsim.evaluation.reading.guessed_roles import Named
from finsim.extras import needs
from finsim.generators import ALL_GENERATORS, BARS_DEFAULT, BARS_PRIVATE, BY_KIND, kind_of_generator
from finsim.generators.generator import Budget
from finsim.generators.privacy.entity_units import EVENT_UNITS, ROW_UNITS, is_unit_of_steps
from finsim.generators.privacy.entity_units import UNITS as UNIT_WORDS
from finsim.markets.prices import SchemaSource, as_schema
from finsim.records.paths import Paths
from finsim.tables import Schema
from finsim.verbs.calling.argument_checks import DATA, Arguments
from finsim.verbs.calling.progress import Progress, reporting
from finsim.verbs.handover.fetched import here

__all__ = ["fit"]

UNITS = {"bars": "10 steps", "events": "entity"}
"""What an epsilon protects when nothing is said; of a table it depends on whether its id repeats."""


def known_generator(name: str) -> str:
    """Return the kind of data that a generator learns; raises StudyError for an unknown one."""
    if name in ALL_GENERATORS:
        return kind_of_generator(name)
    raise StudyError(
        f"no generator is called {name!r}",
        place="fit: generator",
        expected=", ".join(ALL_GENERATORS),
        remedy=did_you_mean(name, list(ALL_GENERATORS)),
    )


def _kind(
    data: Source, generator: str | None, kind: str | None, named: Named, declared: Schema | None
) -> str:
    """Return what the data are learned as: what is said, what the generator learns, or what they are."""
    if kind is not None and kind not in BY_KIND:
        raise StudyError(f"no kind is called {kind!r}", place="fit: kind", expected=", ".join(BY_KIND),
                         remedy=did_you_mean(kind, list(BY_KIND)))  # fmt: skip
    own = None if generator is None else known_generator(generator)
    if kind is not None and own is not None and kind != own:
        listed = ", ".join(BY_KIND[kind])
        raise StudyError(f"{generator} learns {own}", place="fit: generator, kind", expected=listed,
                         remedy="choose a generator of this kind, or leave kind out")  # fmt: skip
    if kind or own:
        return kind or own or "bars"
    if isinstance(data, Paths):
        return "bars"
    dialect = None if declared is None else declared.dialect
    return kind_of_data(data, named, declared if declared and declared.fields else None, dialect)


def _refuse_unable(generator: str) -> None:
    """Raise PrivacyBudgetError for a generator that has no private training."""
    able = [
        name
        for listed in BY_KIND.values()
        for name in listed
        if not listed.lacks(name) and hasattr(listed.load(name).Settings, "epsilon")
    ]
    if generator not in able:
        raise PrivacyBudgetError(
            f"{generator} cannot be trained with differential privacy",
            place="fit: epsilon",
            expected=f"one of {', '.join(able)}",
            remedy="choose another generator, or leave epsilon out",
        )


def _private_sizes(kind: str, generator: str) -> Mapping[str, Any]:
    """Return the settings that a generator advises under an epsilon: smaller networks, larger updates."""
    return dict(getattr(BY_KIND[kind].load(generator), "PRIVATE", {}))


def _refuse_unit(kind: str, unit: str | None) -> None:
    """Raise PrivacyBudgetError for what is no unit of a kind of data, before any work."""
    words = {"events": tuple(EVENT_UNITS), "table": tuple(ROW_UNITS)}.get(kind)
    if unit is None or (unit in words if words else is_unit_of_steps(unit)):
        return
    raise PrivacyBudgetError(
        f"{unit!r} is no unit of {kind}", place="fit: unit",
        expected=" or ".join(words) if words else UNIT_WORDS,
        remedy=f"write {words[0] if words else UNITS[kind]!r}, or leave it out",
    )  # fmt: skip


def _private(
    kind: str, generator: str | None, epsilon: float | None, delta: float | None, unit: str | None
) -> dict[str, Any]:
    """Return the settings of a private training; none without an epsilon."""
    if epsilon is None:
        return {}
    _refuse_unit(kind, unit)
    name = generator or (BARS_PRIVATE if kind == "bars" else f"the body of {kind}")
    _refuse_unable(name)
    found = {
        **_private_sizes(kind, name),
        "epsilon": float(epsilon),
        "delta": 1e-5 if delta is None else float(delta),
    }
    return found if unit is None and kind == "table" else {**found, "unit": unit or UNITS[kind]}


@public
def fit(
    data: Source,
    generator: str | None = None,
    *,
    output: str | Path | None = None,
    kind: str | None = None,
    id: str | None = None,
    time: str | None = None,
    steps: int | None = None,
    cpu_seconds: float | None = None,
    epsilon: float | None = None,
    delta: float | None = None,
    unit: str | None = None,
    seed: int = 0,
    schema: SchemaSource = None,
    csv: str | None = None,
    progress: Progress = True,
) -> Model:
    """Fit a generator on prices, on events of entities (payments) or on any table (loans).

    Args:
        data: a file, a DataFrame, an Arrow or polars table, or Paths.
        generator: a name of ``finsim.names("generators")``; left out, ``daily_flow`` for bars (``flow`` under
            an epsilon), ``bayes`` for a table, and for events the body that knows held-out entities best.
        output: folder to save the model in; it must not exist.
        kind: bars, events or table; the generator's, or told by the data, when left out.
        id: of events: the column of the entity; declared in the schema or guessed when left out.
        time: of events: the column of the time; likewise.
        steps: training budget in optimizer steps (reproducible).
        cpu_seconds: training budget in CPU seconds, instead of steps.
        epsilon: differential privacy: the most that training may spend; None: not private.
        delta: probability with which the guarantee may fail, 1e-5 when left out; for ``epsilon`` only.
        unit: what is protected. Bars: any block of so many of all assets (``10 steps`` when left out);
            events: ``entity``, with all of its events; a table: ``row``, or ``entity``, with all of its rows
            (when left out, where the column of ``id`` repeats).
        seed: root seed; with an epsilon it must be secret.
        schema: what the columns are: a schema file or a Schema.
        csv: how text is written, such as ``sep=;,decimal=,``.
        progress: True, False, or a function ``(stage, done, total)``.

    Returns:
        The fitted model, ready for ``finsim.sample``: a Body, LearnedEvents or LearnedTable.

    Raises:
        StudyError: for wrong arguments, all at once. DataError: for bad data. FitError: for too few data
            and an output that exists. PrivacyBudgetError: for an epsilon that cannot be kept.

    Example:
        >>> import finsim
        >>> prices = finsim.example_data("wiki_aapl_ibm_2000_2013")
        >>> body = finsim.fit(prices, "bootstrap", progress=False)
        >>> finsim.sample(body, 3, 20, progress=False).close.shape
        (3, 20, 2)

    """
    wrong = _checked(data, {"generator": generator, "kind": kind, "id": id, "time": time})
    numbers = {"steps": steps, "cpu_seconds": cpu_seconds, "seed": seed, "epsilon": epsilon, "delta": delta}
    wrong.numbers(numbers, "steps", "cpu_seconds", "epsilon", "delta")
    wrong.needed("epsilon", epsilon, {"delta": delta, "unit": unit})
    wrong.one_of({"steps": steps, "cpu_seconds": cpu_seconds})
    wrong.one_of({"epsilon": epsilon, "cpu_seconds": cpu_seconds})
    wrong.kinds("unit", unit, (str, type(None)), "a number of steps, entity or row", "write unit='10 steps'")
    wrong.files({"output": output}).reading(schema, csv).progress(progress).settle()
    data, declared, named = here(data, "fit: data"), as_schema(schema, csv), Named(id, time)
    chosen = _kind(data, generator, kind, named, declared)
    if chosen == "bars" or generator is not None:
        needs(("markets", BY_KIND[chosen].entry(generator or BARS_DEFAULT).extra), "finsim fit")
    if chosen == "bars":
        _refuse_columns(named)
    private = _private(chosen, generator, epsilon, delta, unit)
    place = _new(output)
    how = Learning(chosen, generator, named, declared, private, Budget(steps, cpu_seconds), seed)
    with owning_output(place), reporting(progress) as step:
        if place is not None:
            refuse_existing(place)  # another process was faster
        model = _fitted(data, how, step)
        if place is not None:
            model.save(place)
    return model


def _new(output: str | Path | None) -> Path | None:
    """Return the place of a model that does not exist yet; raises FitError when it does."""
    if output is not None:
        refuse_existing(Path(output))
    return None if output is None else Path(output)


def _refuse_columns(named: Named) -> None:
    """Raise StudyError for columns that nothing would read: those of prices are declared by role."""
    given = [name for name in ("id", "time") if getattr(named, name) is not None]
    if given:
        raise StudyError(
            "bars have no column of entities or events",
            place=f"fit: {', '.join(given)}",
            expected="columns of prices, by their role in a schema (date, ticker, close, ..)",
            remedy=f"leave {' and '.join(given)} out, or name the kind: events or table",
        )


def _fitted(data: Source, how: Learning, step: Step) -> Model:
    """Fit the model of a kind of data."""
    if how.kind != "bars":
        return learned(data, how, as_share(step, f"fitting {how.kind}"))
    name = how.generator or (BARS_PRIVATE if "epsilon" in how.settings else BARS_DEFAULT)
    learner = Learner(name, how.settings, how.budget)
    return fit_body(
        data, learner, seed=how.seed, schema=how.schema, progress=as_share(step, f"fitting {name}")
    )


def _checked(data: Source, words: Mapping[str, Any]) -> Arguments:
    """Check the data and the arguments that are words."""
    wrong = Arguments("fit").table("data", data, (Paths,), DATA, "write finsim.fit('prices.csv')")
    said = {
        "generator": ("a name of finsim.names('generators')", "write 'daily_flow'"),
        "kind": ("bars, events or table", "write kind='table'"),
        "id": ("the name of a column", "write id='card_id'"),
        "time": ("the name of a column", "write time='date'"),
    }
    for name, value in words.items():
        wrong.kinds(name, value, (str, type(None)), *said[name])
    return wrong
