"""``sample``: paths, entities or rows from a fitted model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from finsim.call_errors import public
from finsim.engine.answers.model_answer import SampleFacts
from finsim.engine.learned.event_model import LearnedEvents
from finsim.engine.learned.models import (
    ENTITIES,
    Amount,
    Model,
    given_remarks,
    kind_of,
    open_model,
    refuse_other_sizes,
    sampled_table,
    write_rows,
    write_sampled,
)
from finsim.engine.learned.table_model import LearnedTable
from finsim.engine.market_model.body import Body, Source
from finsim.engine.market_model.fit_and_sample import refuse_existing
from finsim.engine.market_model.sampling import Request, SampleRun, sampled, write_paths
from finsim.engine.run_folder.owner_lock import owning_output
from finsim.markets.prices import SchemaSource, as_schema
from finsim.records.paths import Paths
from finsim.records.table import Table
from finsim.tables.writing.write import refuse_unwritable
from finsim.verbs.calling.argument_checks import PRICES, Arguments, as_day
from finsim.verbs.calling.progress import Progress, reporting
from finsim.verbs.handover.fetched import here

__all__ = ["Wanted", "sample", "sample_to_file"]

PATHS, STEPS = 100, 252


@public
def sample(
    model: Model | str | Path,
    paths: int | None = None,
    steps: int | None = None,
    *,
    entities: int | None = None,
    days: int | None = None,
    rows: int | None = None,
    given: str | None = None,
    output: str | Path | None = None,
    history: Source | None = None,
    start: date | str | None = None,
    step: str | None = None,
    seed: int = 0,
    schema: SchemaSource = None,
    csv: str | None = None,
    progress: Progress = True,
) -> Paths | Table:
    """Sample from a fitted model: joint bar paths of any length, new entities with their events, or rows.

    Args:
        model: a fitted model, or the folder of one.
        paths: of bars: number of joint paths; 100 when left out.
        steps: of bars: bars per path; 252 when left out.
        entities: of events: number of new entities; 1,000 when left out.
        days: of events: days from the training data's first day, 1 to 36,525; their period when left out.
        rows: of a table: number of rows; 10,000 when left out.
        given: what holds in everything that is made. Of a table, cells: ``grade=C,term=36``. Of bars,
            conditions on every path: ``regime=crisis``, ``vol=0.4``, ``AAPL.vol=low``, a last price
            ``AAPL=120`` or a return up to it ``AAPL=-20%``, and several with commas.
        output: also write what is made to this file, in the format of its ending.
        history: of bars: prices to continue from their last date: a file, a frame or Paths.
        start: of bars: the first date, in the past or the future; else the paths go on from the history or
            the training data. Not together with ``history``.
        step: of bars: a longer step that bars add up to, such as ``week``, ``month`` or ``1h``; ``steps``
            counts these.
        seed: root seed.
        schema: how the history is read: a schema file or a Schema.
        csv: how its text is written, such as ``sep=;,decimal=,``.
        progress: True, False, or a function ``(stage, done, total)``.

    Returns:
        Paths of [paths, steps, assets] on the calendar of the training data; under conditions their
        ``given`` says how often these are met. For events and tables a Table with the columns of the
        training data.

    Raises:
        StudyError: for wrong arguments and conditions that cannot be met, all at once. FitError: for a
            damaged model and an output that exists. DataError: for a history of other assets, kinds or
            steps.

    Example:
        >>> import finsim
        >>> body = finsim.fit(finsim.example_data("wiki_aapl_ibm_2000_2013"), "bootstrap", progress=False)
        >>> paths = finsim.sample(body, 2, 10, start="2012-01-03", progress=False)
        >>> str(paths.dates[0])
        '2012-01-03'

    """
    wanted = Wanted(model, paths, steps, history, start, seed, schema, csv, entities, days, rows, given, step)
    wanted.check()
    Arguments("sample").files({"output": output}).reading(schema, csv).progress(progress).settle()
    place = None if output is None else Path(output)
    if place is not None:
        refuse_unwritable(place)
        refuse_existing(place)
    fitted = open_model(model)
    refuse_other_sizes(kind_of(fitted), wanted.sizes())
    with owning_output(place), reporting(progress) as told:
        if place is not None:
            refuse_existing(place)  # another process was faster
        if not isinstance(fitted, Body):
            table = sampled_table(fitted, wanted.amount(), seed, told)
            if place is not None:
                write_rows(fitted, table.arrow.to_batches(), place)
            return table
        made = sampled(fitted, wanted.request(as_schema(schema, csv)), told)
        if place is not None:
            write_paths(iter([made]), place)
    return made


@dataclass(frozen=True)
class Wanted:
    """What is sampled, as the arguments of ``sample`` say it."""

    model: Model | str | Path
    paths: int | None = None
    steps: int | None = None
    history: Source | None = None
    start: date | str | None = None
    seed: int = 0
    schema: SchemaSource = None
    csv: str | None = None
    entities: int | None = None
    days: int | None = None
    rows: int | None = None
    given: str | None = None
    step: str | None = None

    def sizes(self) -> dict[str, Any]:
        """Return the arguments that only models of some kinds read."""
        names = ("paths", "steps", "history", "start", "step", "schema", "csv", "entities", "days", "rows",
                 "given")  # fmt: skip
        return {name: getattr(self, name) for name in names}

    def amount(self) -> Amount:
        """Return how much is made of events or of a table."""
        return Amount(self.entities, self.days, self.rows, self.given)

    def request(self, schema: SchemaSource) -> Request:
        """Return what is sampled from a model of bars, with its defaults."""
        return Request(
            self.paths or PATHS, self.steps or STEPS, here(self.history, "sample: history"),
            as_day(self.start), self.given, self.step,
            self.seed, schema,
        )  # fmt: skip

    def check(self) -> None:
        """Raise StudyError for every wrong argument."""
        wrong = Arguments("sample")
        words = "a fitted model: what finsim.fit returns, or its folder"
        kinds = (Body, LearnedEvents, LearnedTable, str, Path)
        wrong.kinds("model", self.model, kinds, words, "write finsim.sample(finsim.fit('prices.csv'))")
        sizes = ("paths", "steps", "entities", "days", "rows")
        wrong.numbers({**{name: getattr(self, name) for name in sizes}, "seed": self.seed}, *sizes)
        wrong.kinds("given", self.given, (str, type(None)), "NAME=VALUE,...", "write given='grade=C'")
        wrong.kinds("step", self.step, (str, type(None)), "a step such as week", "write step='week'")
        wrong.day("start", self.start)
        if self.history is not None:
            wrong.table("history", self.history, (Paths,), PRICES, "write history='prices.csv'")
        wrong.one_of({"start": self.start, "history": self.history}).settle()


def sample_to_file(wanted: Wanted, output: str | Path, progress: Progress = True) -> SampleFacts:
    """Write what ``sample`` makes piece by piece, so that any number fits; say what was written.

    Raises StudyError, DataError and FitError as ``sample`` does, before anything is written.
    """
    wanted.check()
    place = Path(output)
    refuse_unwritable(place)
    refuse_existing(place)
    model, read = open_model(wanted.model), as_schema(wanted.schema, wanted.csv)
    refuse_other_sizes(kind_of(model), wanted.sizes())
    paths, steps = wanted.paths or PATHS, wanted.steps or STEPS
    period: list[str] = []

    def noted(shards: Iterator[Paths]) -> Iterator[Paths]:
        for shard in shards:
            period[:] = [_shown(shard.dates[0]), _shown(shard.dates[-1])]
            yield shard

    with owning_output(place), reporting(progress) as told:
        refuse_existing(place)  # another process was faster
        if not isinstance(model, Body):
            made = write_sampled(model, wanted.amount(), wanted.seed, place, told)
            return SampleFacts(made, kind=kind_of(model), entities=wanted.entities or ENTITIES,
                               columns=tuple(model.form.target.names),
                               remarks=given_remarks(model, wanted.given))  # fmt: skip
        run = SampleRun.prepare(model, wanted.request(read))
        rows = write_paths(noted(run.shards(told)), place)
    return SampleFacts(rows, paths, steps, model.encoding.assets, period[0], period[-1],
                       given=run.given_facts())  # fmt: skip


def _shown(date: np.datetime64) -> str:
    """Return a date or time without a fraction that is nothing: 2024-01-09, 2024-01-09T08:00:00."""
    return str(date).removesuffix("." + "0" * 9)
