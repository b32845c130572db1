"""``sample``: paths from a fitted model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from finsim.engine.answers.model_answer import SampleFacts
from finsim.engine.market_model.fit_and_sample import (
    Body,
    Source,
    refuse_existing,
    sample_shards,
    write_paths,
)
from finsim.engine.market_model.fit_and_sample import sample as sample_in_memory
from finsim.markets.prices import SchemaSource, as_schema
from finsim.records.paths import Paths
from finsim.tables.writing.write import refuse_unwritable
from finsim.verbs.calling.argument_checks import PRICES, Arguments, as_day
from finsim.verbs.calling.progress import Progress, reporting

__all__ = ["Wanted", "sample", "sample_to_file"]


def sample(
    model: Body | str | Path,
    paths: int = 100,
    steps: int = 252,
    *,
    output: str | Path | None = None,
    history: Source | None = None,
    start: date | str | None = None,
    seed: int = 0,
    schema: SchemaSource = None,
    csv: str | None = None,
    progress: Progress = True,
) -> Paths:
    """Sample joint bar paths of any length, fresh or continuing a history.

    Args:
        model: a fitted Body, or the folder of one.
        paths: number of joint paths.
        steps: bars per path.
        output: also write the bars to this file, in the format of its ending.
        history: prices to continue from their last date: a file, a frame or Paths.
        start: the first date, in the past or the future; else the paths go on from the history or the
            training data. Not together with ``history``.
        seed: root seed.
        schema: how the history is read: a schema file or a Schema.
        csv: how its text is written, such as ``sep=;,decimal=,``.
        progress: True, False, or a function ``(stage, done, total)``.

    Returns:
        Paths of [paths, steps, assets] on the calendar of the training data.

    Raises:
        StudyError: for wrong arguments, all at once. FitError: for a damaged model and an output that
            exists. DataError: for a history of other assets, kinds or steps.

    Example:
        >>> import finsim
        >>> body = finsim.fit(finsim.example_data("wiki_aapl_ibm_2000_2013"), "bootstrap", progress=False)
        >>> paths = finsim.sample(body, 2, 10, start="2012-01-03", progress=False)
        >>> str(paths.dates[0])
        '2012-01-03'

    """
    _check(model, paths, steps, history, start, seed)
    Arguments("sample").files({"output": output}).reading(schema, csv).progress(progress).settle()
    if output is not None:
        refuse_unwritable(output)
        refuse_existing(Path(output))
    fitted = model if isinstance(model, Body) else Body.load(model)
    read, first = as_schema(schema, csv), as_day(start)
    with reporting(progress) as step:
        made = sample_in_memory(
            fitted, paths, steps, history=history, start=first, seed=seed, schema=read, progress=step
        )
    if output is not None:
        write_paths(iter([made]), Path(output))
    return made


@dataclass(frozen=True)
class Wanted:
    """What is sampled, as the arguments of ``sample`` say it; ``model`` is the folder of a fitted model."""

    model: str | Path
    paths: int
    steps: int
    history: Source | None = None
    start: date | str | None = None
    seed: int = 0
    schema: SchemaSource = None
    csv: str | None = None


def sample_to_file(wanted: Wanted, output: str | Path, progress: Progress = True) -> SampleFacts:
    """Write the paths of ``sample`` shard by shard, so that any number of them fits; say what was written.

    Raises StudyError, DataError and FitError as ``sample`` does, before anything is written.
    """
    paths, steps, history = wanted.paths, wanted.steps, wanted.history
    _check(wanted.model, paths, steps, history, wanted.start, wanted.seed)
    place = Path(output)
    refuse_unwritable(place)
    refuse_existing(place)
    body, read = Body.load(wanted.model), as_schema(wanted.schema, wanted.csv)
    period: list[str] = []

    def noted(shards: Iterator[Paths]) -> Iterator[Paths]:
        for shard in shards:
            period[:] = [str(shard.dates[0]), str(shard.dates[-1])]
            yield shard

    with reporting(progress) as step:
        shards = sample_shards(
            body, paths, steps, history=history, start=as_day(wanted.start), seed=wanted.seed, schema=read,
            progress=step,
        )  # fmt: skip
        rows = write_paths(noted(shards), place)
    return SampleFacts(rows, paths, steps, body.encoding.assets, *period)


def _check(model: object, paths: int, steps: int, history: object, start: object, seed: int) -> None:
    """Raise StudyError for every wrong argument."""
    wrong = Arguments("sample")
    words = "a fitted model: what finsim.fit returns, or its folder"
    wrong.kinds("model", model, (Body, str, Path), words, "write finsim.sample(finsim.fit('prices.csv'))")
    wrong.numbers({"paths": paths, "steps": steps, "seed": seed}).day("start", start)
    if history is not None:
        wrong.table("history", history, (Paths,), PRICES, "write history='prices.csv'")
    wrong.one_of({"start": start, "history": history}).settle()
