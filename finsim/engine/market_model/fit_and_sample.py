"""Fit a generator on prices, save it with its encoding, and sample bars from it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from finsim.constraints.packs.ruleset import RuleSet
from finsim.engine.market_model.fitted_model_card import loss_table, model_card
from finsim.engine.market_model.training_rules import TrainingRules, bar_penalty
from finsim.engine.study.market_history import notes_of
from finsim.errors import DataError, FitError, StudyError
from finsim.generators import BARS_DEFAULT, GENERATORS
from finsim.generators.channel_layout import Layout
from finsim.generators.generator import Budget, FitReport, Generator, Sequences
from finsim.generators.saved_models import load, save
from finsim.generators.settings_parsing import read_settings
from finsim.markets.features import Encoding, decode, encode
from finsim.markets.listing import complete
from finsim.markets.prices import SchemaSource, as_schema, read_prices
from finsim.markets.session_move import join_returns, roles_of, split_returns
from finsim.notation import Float2D, Float3D
from finsim.randomness import Streams
from finsim.records.display.card import Card
from finsim.records.paths import Paths, from_table
from finsim.records.shown_rows import ShownTable
from finsim.records.storage import digest_file
from finsim.tables.writing.write import refuse_unwritable, write_by_ending

SHARD_PATHS = 50
PRICES_NOT_COUNTED = (
    "what bars need to be told and decoded: first and last prices and dates, number of rows, scales of "
    "shadows, trend of volume, sha256 and notes of the file; the last close of a block, which the next one "
    "begins from"
)
FIT, SAMPLE = ("market", "fit"), ("market", "sample")

Source = str | Path | pd.DataFrame | Paths


def _quiet(fraction: float, label: str) -> None:
    """Show no progress."""


@dataclass(frozen=True)
class Learner:
    """Which generator learns, with which settings, under which budget, and with which rules if any."""

    name: str = BARS_DEFAULT
    settings: Mapping[str, Any] = field(default_factory=dict)
    budget: Budget = field(default_factory=Budget)
    rules: TrainingRules | None = None


@dataclass(frozen=True, repr=False)
class Body(ShownTable):
    """A fitted market model: the generator, how its features become bars, and facts on its data.

    As a table it is the loss curves of its training.
    """

    generator: Generator
    encoding: Encoding
    data: Mapping[str, Any] = field(default_factory=dict)

    def _table(self) -> pa.Table:
        return loss_table(self.generator.report)

    def _curve(self) -> Sequence[float]:
        return next(iter(self.generator.report.losses.values()), ())

    def card(self) -> Card:
        """Return generator, data, assets, training, last losses and the held-out loss."""
        return model_card(self.generator.name, self.generator.report, self.encoding, self.data)

    def save(self, folder: str | Path) -> None:
        """Write the model as ``weights.safetensors`` and ``model.json`` into a new folder."""
        extra = {"encoding": self.encoding.to_dict(), "data": dict(self.data)}
        save(self.generator, Path(folder), extra)

    @classmethod
    def load(cls, folder: str | Path) -> Body:
        """Read a saved model; raises FitError when it is missing or damaged."""
        generator, extra = load(Path(folder))
        return cls(generator, Encoding.from_dict(extra["encoding"]), extra["data"])

    def features(
        self, count: int, steps: int, streams: Streams, first: int = 0, history: Float2D | None = None
    ) -> Float3D:
        """Sample market features float64[count, steps, C], fresh or after an encoded history [H, C]."""
        known = None if history is None else split_returns(history, self.encoding)
        return join_returns(self.generator.sample(count, steps, streams, first, known), self.encoding)

    def facts(self) -> dict[str, Any]:
        """Return generator, data, steps, cost, stop reason and loss curves as plain data."""
        return {
            "generator": self.generator.name,
            "data": dict(self.data),
            **self.generator.report.to_dict(),
        }


def settings_of(learner: Learner) -> Any:
    """Return the generator's Settings, with the weight of rules; raises StudyError for wrong values."""
    generator = GENERATORS.load(learner.name, "generator")
    weight = {} if learner.rules is None else {"rule_weight": learner.rules.weight}
    return read_settings(generator, {**learner.settings, **weight}, "generator.settings", StudyError)


def sequences_of(train: Float2D, encoding: Encoding) -> Sequences:
    """Return what generators learn from: one encoded history float64[T, C] with the roles of its channels."""
    layout = Layout(len(encoding.assets), roles_of(encoding), np.array(encoding.shadow_scale))
    return Sequences(split_returns(train, encoding)[None], layout=layout)


def learn(
    learner: Learner,
    train: Float2D,
    encoding: Encoding,
    data: Mapping[str, Any],
    streams: Streams,
    progress: Callable[[float, str], None] = _quiet,
) -> Body:
    """Fit on one encoded history float64[T, C], with the learner's rules as a penalty if it has any.

    Raises FitError when the history is too short or breaks most of the rules.
    """
    sequences = sequences_of(train, encoding)
    kind, settings = GENERATORS.load(learner.name), settings_of(learner)
    if learner.rules is None:
        generator: Generator = kind.fit(sequences, settings, streams, learner.budget, progress)
        generator.report = _with_prices(generator.report)
        return Body(generator, encoding, data)
    penalty = bar_penalty(RuleSet.load(learner.rules.pack), train, encoding)
    pressed: Generator = kind.fit(sequences, settings, streams, learner.budget, progress, penalty=penalty)
    return Body(pressed, encoding, {**data, "rules": penalty.to_dict(learner.rules.weight)})


def fit(
    data: Source,
    learner: Learner | str = BARS_DEFAULT,
    *,
    steps: int | None = None,
    cpu_seconds: float | None = None,
    seed: int = 0,
    schema: SchemaSource = None,
    progress: Callable[[float, str], None] = _quiet,
) -> Body:
    """Fit a generator on prices (file, table or Paths) and return the body.

    ``schema`` says how to read them (a file or a Schema). With a budget in ``steps`` the result is
    reproducible. Raises DataError for bad prices, FitError for unknown generators and short histories,
    StudyError for two budgets.
    """
    if steps is not None and cpu_seconds is not None:
        raise StudyError("two budgets", place="fit: steps, cpu_seconds", remedy="give one of them")
    chosen = learner if isinstance(learner, Learner) else Learner(learner, {}, Budget(steps, cpu_seconds))
    GENERATORS.entry(chosen.name, "fit: generator")
    prices, facts = _prices(data, schema)
    features, encoding = encode(prices)
    return learn(
        chosen, features, encoding, {**facts, "rows": len(features)}, Streams(seed).under(*FIT), progress
    )


def sample(
    body: Body | str | Path,
    paths: int,
    steps: int,
    *,
    history: Source | None = None,
    start: date | None = None,
    seed: int = 0,
    schema: SchemaSource = None,
    progress: Callable[[str, int, int], None] | None = None,
) -> Paths:
    """Sample joint bar paths in memory: [paths, steps, assets].

    From scratch, or going on from the end of a history, which ``schema`` says how to read. Dates follow the
    history (or the training data), or begin at ``start``, on its own calendar: exchange sessions, every day,
    weeks, months, minutes.
    Raises FitError for a damaged model, DataError for a history of other assets, kinds or steps.
    """
    fitted = body if isinstance(body, Body) else Body.load(body)
    shards = list(
        sample_shards(
            fitted, paths, steps, history=history, start=start, seed=seed, schema=schema, progress=progress
        )
    )
    return from_table(_joined(shards))


def sample_shards(
    body: Body,
    paths: int,
    steps: int,
    *,
    history: Source | None = None,
    start: date | None = None,
    seed: int = 0,
    schema: SchemaSource = None,
    progress: Callable[[str, int, int], None] | None = None,
) -> Iterator[Paths]:
    """Yield the paths of ``sample`` in shards of 50, so that any number of them fits in memory."""
    encoding, known = body.encoding, None
    if history is not None:
        known, encoding = _encoded_history(history, schema, body.encoding)
    calendar = encoding.calendar
    dates = calendar.after(encoding.last_date, steps) if start is None else calendar.starting(start, steps)
    for first in range(0, paths, SHARD_PATHS):
        count = min(SHARD_PATHS, paths - first)
        features = body.features(count, steps, Streams(seed).under(*SAMPLE), first, known)
        yield decode(features, encoding, dates, first)
        if progress:
            progress("sampling", first + count, paths)


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
    real, _ = _prices(history, schema)
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


def _with_prices(report: FitReport) -> FitReport:
    """Return the report whose privacy claim, if any, names what the encoding of prices tells."""
    if report.privacy is None:
        return report
    known = [*report.privacy["not_counted"], PRICES_NOT_COUNTED]
    return replace(report, privacy={**report.privacy, "not_counted": known})


def _shown(value: object) -> str:
    return value if isinstance(value, str) else str(list(value))  # type: ignore[call-overload]


def _joined(shards: list[Paths]) -> Any:
    return pa.concat_tables([shard.to_table() for shard in shards])


def _prices(data: Source, schema: SchemaSource) -> tuple[Paths, dict[str, Any]]:
    """Return complete prices, and where they come from with what was found in them."""
    if isinstance(data, Paths):
        return data, {"file": "paths"}
    prices = read_prices(data, schema=as_schema(schema))
    facts: dict[str, Any] = {"file": "data frame"}
    if isinstance(data, str | Path):
        facts = {"file": Path(data).name, "sha256": digest_file(Path(data))}
    return complete(prices, prices.whole), {**facts, "notes": notes_of(prices)}


def refuse_existing(output: Path) -> None:
    """Raise FitError when something is already at ``output``."""
    if output.exists():
        raise FitError("the output exists", place=str(output), remedy="choose another name with -o")
