"""Paths of a fitted market model: fresh or continued, under conditions, in longer steps, in shards."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date
from itertools import chain
from pathlib import Path
from typing import Any

import pyarrow as pa

from finsim.engine.market_model.body import Body, Source, complete_prices
from finsim.engine.market_model.coarser.longer_steps import LongerSteps
from finsim.engine.market_model.coarser.step_words import longer_calendar
from finsim.engine.market_model.given.condition_parsing import conditions_of
from finsim.engine.market_model.given.conditioned_paths import ConditionedPaths
from finsim.errors import DataError
from finsim.markets.features import Encoding, decode, encode
from finsim.markets.prices import SchemaSource
from finsim.notation import Dates1D, Float2D, Float3D
from finsim.randomness import Streams
from finsim.records.paths import Paths, from_table
from finsim.tables.writing.write import refuse_unwritable, write_by_ending

SHARD_PATHS = 50
SAMPLE = ("market", "sample")

Told = Callable[[str, int, int], None]


@dataclass(frozen=True, repr=False)
class GivenPaths(Paths):
    """Sampled paths under conditions; ``given`` says how often each is met, and is plain data for JSON.

    Keys: ``tries_per_path``, ``conditions`` (``condition``, ``hit_rate``) and, where paths were led to end
    points, ``bridged_deviations``: the largest distance, in deviations of free paths, over which one was led.
    """

    given: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, paths: Paths, given: Mapping[str, Any]) -> GivenPaths:
        """Return paths with facts of their conditions."""
        return cls(**{one.name: getattr(paths, one.name) for one in fields(Paths)}, given=given)


@dataclass(frozen=True)
class Request:
    """What is sampled: how many paths and steps, from which history or start, under which conditions.

    ``history`` is read as ``schema`` says; ``given`` are conditions, ``step`` a longer step.
    """

    paths: int
    steps: int
    history: Source | None = None
    start: date | None = None
    given: str | None = None
    step: str | None = None
    seed: int = 0
    schema: SchemaSource = None


def sample(
    body: Body | str | Path,
    paths: int,
    steps: int,
    *,
    history: Source | None = None,
    start: date | None = None,
    seed: int = 0,
    schema: SchemaSource = None,
    progress: Told | None = None,
) -> Paths:
    """Sample joint bar paths in memory, without conditions: [paths, steps, assets]; see ``sampled``."""
    fitted = body if isinstance(body, Body) else Body.load(body)
    return sampled(fitted, Request(paths, steps, history, start, seed=seed, schema=schema), progress)


def sampled(body: Body, request: Request, progress: Told | None = None) -> Paths:
    """Sample joint bar paths in memory: [paths, steps, assets].

    From scratch, or going on from the end of a history. Dates follow the history (or the training data), or
    begin at ``start``, on its own calendar: exchange sessions, every day, weeks, months, minutes; ``step``
    adds bars up to longer ones. Paths with conditions (``given``) are GivenPaths, which say how often these
    are met. Raises FitError for a damaged model, DataError for a history of other assets, kinds or steps,
    StudyError for conditions that cannot be met and steps that bars do not add up to.
    """
    run = SampleRun.prepare(body, request)
    made = from_table(pa.concat_tables([shard.to_table() for shard in run.shards(progress)]))
    facts = run.given_facts()
    return made if facts is None else GivenPaths.of(made, facts)


@dataclass(frozen=True)
class SampleRun:
    """All that the shards of one call of ``sample`` share.

    known : encoded history float64[H, C] that paths go on from, or None; dates : of the bars that are made;
    longer : how they add up, or None; conditioned : the sampler under conditions, or None.
    """

    body: Body
    paths: int
    encoding: Encoding
    known: Float2D | None
    dates: Dates1D
    longer: LongerSteps | None
    conditioned: ConditionedPaths | None
    streams: Streams

    @classmethod
    def prepare(cls, body: Body, request: Request) -> SampleRun:
        """Read the history, find the dates and try the conditions; raises as ``sampled`` does."""
        steps, start = request.steps, request.start
        encoding, known = body.encoding, None
        if request.history is not None:
            known, encoding = _encoded_history(request.history, request.schema, body.encoding)
        learned, longer = encoding.calendar, None
        calendar = None if request.step is None else longer_calendar(request.step, learned)
        if calendar is not None and start is not None:
            longer = LongerSteps.starting(learned, calendar, start, steps)
        elif calendar is not None:
            longer = LongerSteps.after(learned, calendar, encoding.last_date, steps)
        if longer is not None:
            dates = longer.made
        else:
            dates = learned.after(encoding.last_date, steps) if start is None else (
                learned.starting(start, steps))  # fmt: skip

        def make(count: int, length: int, streams: Streams, first: int) -> Float3D:
            return body.features(count, length, streams, first, known)

        def free(count: int, length: int, streams: Streams, first: int) -> Float3D:
            return body.features(count, length, streams, first)

        conditioned = None
        if request.given is not None:
            conditions = conditions_of(request.given, encoding)
            conditioned = ConditionedPaths.prepare(
                conditions, make, free, encoding, len(dates), is_continued=known is not None
            )
        streams = Streams(request.seed).under(*SAMPLE)
        return cls(body, request.paths, encoding, known, dates, longer, conditioned, streams)

    def shards(self, progress: Told | None = None) -> Iterator[Paths]:
        """Yield the paths in shards of 50, so that any number of them fits in memory."""
        for first in range(0, self.paths, SHARD_PATHS):
            count = min(SHARD_PATHS, self.paths - first)
            if self.conditioned is not None:
                features = self.conditioned.features(count, first, self.streams)
            else:
                features = self.body.features(count, len(self.dates), self.streams, first, self.known)
            made = decode(features, self.encoding, self.dates, first)
            yield made if self.longer is None else self.longer.merged(made)
            if progress:
                progress("sampling", first + count, self.paths)

    def given_facts(self) -> dict[str, Any] | None:
        """Return how often conditions are met by the paths made so far; None without conditions."""
        return None if self.conditioned is None else self.conditioned.tally.to_dict()


def write_paths(shards: Iterable[Paths], output: Path) -> int:
    """Stream shards of paths into one file of the form that its name ends with; return the number of bars.

    Raises StudyError for an ending that is not written.
    """
    refuse_unwritable(output)
    following = iter(shards)
    first = next(following)
    tables = (shard.to_table() for shard in chain([first], following))
    return write_by_ending(output, first.schema, tables, table="bars")


def _encoded_history(history: Source, schema: SchemaSource, fitted: Encoding) -> tuple[Float2D, Encoding]:
    """Return the features of a history and its encoding, which goes on by the steps of the fitted one."""
    real, _ = complete_prices(history, schema)
    found, own = encode(real)
    for word, got, wanted in (
        ("assets", real.assets, fitted.assets),
        ("columns", own.fields, fitted.fields),
        ("kinds of series", own.series or "prices", fitted.series or "prices"),
        ("steps", own.calendar.adjective, fitted.calendar.adjective),
    ):
        if got != wanted:
            raise DataError(
                f"the history has {word} {_shown(got)}",
                place="sample: history",
                expected=_shown(wanted),
                remedy=f"give the {word} the model was fitted on",
            )
    return found, replace(own, calendar=fitted.calendar)


def _shown(value: object) -> str:
    return value if isinstance(value, str) else str(list(value))  # type: ignore[call-overload]
