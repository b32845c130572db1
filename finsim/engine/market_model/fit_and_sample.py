"""Fit a generator on prices: what learns, with which settings, budget and rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from finsim.constraints.packs.ruleset import RuleSet
from finsim.engine.market_model.body import Body, Source, complete_prices
from finsim.engine.market_model.sampling import SAMPLE, sample
from finsim.engine.market_model.training_rules import TrainingRules, bar_penalty
from finsim.errors import FitError, StudyError
from finsim.generators import BARS_DEFAULT, GENERATORS
from finsim.generators.channel_layout import Layout
from finsim.generators.generator import Budget, FitReport, Generator, Sequences
from finsim.generators.settings_parsing import read_settings
from finsim.markets.features import Encoding, encode
from finsim.markets.prices import SchemaSource
from finsim.markets.session_move import roles_of, split_returns
from finsim.notation import Float2D
from finsim.randomness import Streams

__all__ = ["FIT", "SAMPLE", "Body", "Learner", "Source", "fit", "learn", "sample", "settings_of"]

PRICES_NOT_COUNTED = (
    "what bars need to be told and decoded: first and last prices and dates, number of rows, scales of "
    "shadows, trend of volume, sha256 and notes of the file; the last close of a block, which the next one "
    "begins from"
)
FIT = ("market", "fit")


def _quiet(fraction: float, label: str) -> None:
    """Show no progress."""


@dataclass(frozen=True)
class Learner:
    """Which generator learns, with which settings, under which budget, and with which rules if any."""

    name: str = BARS_DEFAULT
    settings: Mapping[str, Any] = field(default_factory=dict)
    budget: Budget = field(default_factory=Budget)
    rules: TrainingRules | None = None


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
    prices, facts = complete_prices(data, schema)
    features, encoding = encode(prices)
    return learn(
        chosen, features, encoding, {**facts, "rows": len(features)}, Streams(seed).under(*FIT), progress
    )


def _with_prices(report: FitReport) -> FitReport:
    """Return the report whose privacy claim, if any, names what the encoding of prices tells."""
    if report.privacy is None:
        return report
    known = [*report.privacy["not_counted"], PRICES_NOT_COUNTED]
    return replace(report, privacy={**report.privacy, "not_counted": known})


def refuse_existing(output: Path) -> None:
    """Raise FitError when something is already at ``output``."""
    if output.exists():
        raise FitError("the output exists", place=str(output), remedy="choose another name with -o")
