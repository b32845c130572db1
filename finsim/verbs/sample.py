"""``sample``: paths from a fitted model."""

from __future__ import annotations

from collections.abc import Iterator
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
from finsim.errors import StudyError
from finsim.markets.prices import SchemaSource, as_schema
from finsim.records.paths import Paths
from finsim.tables.writing.write import refuse_unwritable
from finsim.verbs.progress import Progress, reporting

__all__ = ["sample", "sample_to_file"]


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
        FitError: for a damaged model. DataError: for a history of other assets, kinds or steps.
        StudyError: for an output that exists or has an unknown ending.

    Example:
        >>> import finsim
        >>> body = finsim.fit(finsim.example_data("wiki_aapl_ibm_2000_2013"), "bootstrap", progress=False)
        >>> paths = finsim.sample(body, 2, 10, start="2012-01-03", progress=False)
        >>> str(paths.dates[0])
        '2012-01-03'

    """
    if output is not None:
        refuse_unwritable(output)
        refuse_existing(Path(output))
    fitted = model if isinstance(model, Body) else Body.load(model)
    read, first = as_schema(schema, csv), _first(start, history)
    with reporting(progress) as step:
        made = sample_in_memory(
            fitted, paths, steps, history=history, start=first, seed=seed, schema=read, progress=step
        )
    if output is not None:
        write_paths(iter([made]), Path(output))
    return made


def sample_to_file(
    model: str | Path,
    output: str | Path,
    paths: int = 100,
    steps: int = 252,
    *,
    history: Source | None = None,
    start: date | str | None = None,
    seed: int = 0,
    schema: SchemaSource = None,
    csv: str | None = None,
    progress: Progress = True,
) -> SampleFacts:
    """Write the paths of ``sample`` shard by shard, so that any number of them fits; say what was written."""
    place = Path(output)
    refuse_unwritable(place)
    refuse_existing(place)
    body, read, first = Body.load(model), as_schema(schema, csv), _first(start, history)
    period: list[str] = []

    def noted(shards: Iterator[Paths]) -> Iterator[Paths]:
        for shard in shards:
            period[:] = [str(shard.dates[0]), str(shard.dates[-1])]
            yield shard

    with reporting(progress) as step:
        shards = sample_shards(
            body, paths, steps, history=history, start=first, seed=seed, schema=read, progress=step
        )
        rows = write_paths(noted(shards), place)
    return SampleFacts(rows, paths, steps, body.encoding.assets, *period)


def _first(start: date | str | None, history: Source | None) -> date | None:
    """Return the first date as a date; raises StudyError for what is none, and beside a history."""
    if start is None:
        return None
    if history is not None:
        raise StudyError("start and history", place="--start, --history", remedy="give one of them")
    if isinstance(start, date):
        return start
    try:
        return date.fromisoformat(start)
    except ValueError:
        raise StudyError(f"{start!r} is no date", place="--start", expected="YYYY-MM-DD") from None
