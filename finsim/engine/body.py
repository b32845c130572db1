"""The body of a market: fit a generator on encoded prices, keep it with its encoding, sample bars from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from finsim.errors import FitError, Problem, StudyError, did_you_mean
from finsim.generators import GENERATORS
from finsim.generators.generator import Budget, Generator, Sequences
from finsim.generators.models import load, save
from finsim.markets.features import Encoding, decode, encode
from finsim.markets.prices import read_prices
from finsim.notation import Float2D
from finsim.randomness import Streams
from finsim.records.calendar import sessions
from finsim.records.paths import BARS_SCHEMA
from finsim.records.storage import digest_file, write_table

SHARD_PATHS = 50


def _quiet(fraction: float, label: str) -> None:
    """Show no progress."""


@dataclass(frozen=True)
class Learner:
    """Which generator learns, with which settings, under which budget."""

    name: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    budget: Budget = field(default_factory=Budget)


def settings_of(learner: Learner) -> Any:
    """Return the generator's Settings; raises StudyError for unknown or wrong values."""
    kind = GENERATORS.load(learner.name).Settings
    known = [item.name for item in fields(kind)]
    unknown = [name for name in learner.settings if name not in known]
    if unknown:
        raise StudyError.of(
            Problem(
                "market.generator.settings",
                f"{learner.name} has no setting {name!r}",
                "",
                did_you_mean(name, known),
            )
            for name in unknown
        )
    try:
        return kind(**learner.settings)
    except (TypeError, ValueError) as bad:
        raise StudyError(str(bad), place="market.generator.settings") from None


def learn(
    learner: Learner,
    train: Float2D,
    encoding: Encoding,
    data: Mapping[str, Any],
    streams: Streams,
    folder: Path,
    progress: Callable[[float, str], None] = _quiet,
) -> Generator:
    """Fit on one encoded history [T, C] and save the model with its encoding and data facts."""
    generator: Generator = GENERATORS.load(learner.name).fit(
        Sequences(train[None]), settings_of(learner), streams, learner.budget, progress
    )
    save(generator, folder, {"encoding": encoding.to_dict(), "data": dict(data)})
    return generator


def fit_prices(
    data: Path,
    output: Path,
    *,
    generator: str = "flow",
    steps: int | None = None,
    cpu_seconds: float | None = None,
    seed: int = 0,
    progress: Callable[[float, str], None] = _quiet,
) -> dict[str, Any]:
    """Fit a generator on a price file and save it; return the training facts.

    Raises DataError for bad prices, FitError when the output exists, StudyError for two budgets.
    """
    GENERATORS.entry(generator, "--generator")
    if steps is not None and cpu_seconds is not None:
        raise StudyError("two budgets", place="--steps, --cpu-seconds", remedy="give one of them")
    if output.exists():
        raise FitError("the output exists", place=str(output), remedy="choose another folder with -o")
    features, encoding = encode(read_prices(data))
    facts = {"file": data.name, "sha256": digest_file(data), "rows": len(features)}
    model = learn(
        Learner(generator, {}, Budget(steps=steps, cpu_seconds=cpu_seconds)),
        features,
        encoding,
        facts,
        Streams(seed).under("market", "fit"),
        output,
        progress,
    )
    report = model.report
    return {
        "generator": generator,
        "data": facts,
        "steps": report.steps,
        "cpu_seconds": report.cpu_seconds,
        "stopped_by": report.stopped_by,
        "losses": {name: list(values) for name, values in report.losses.items()},
    }


def sample_prices(
    model: Path,
    output: Path,
    *,
    paths: int,
    steps: int,
    history: Path | None = None,
    seed: int = 0,
    progress: Callable[[str, int, int], None] | None = None,
) -> dict[str, Any]:
    """Sample bar paths into one Parquet file, from scratch or from the end of a history.

    Dates continue on exchange sessions after the history (or the training data). Raises FitError for
    a damaged model, DataError for a history whose assets differ from the model's.
    """
    generator, extra = load(model)
    encoding = Encoding.from_dict(extra["encoding"])
    known = None
    if history is not None:
        real = read_prices(history)
        if real.assets != encoding.assets:
            raise FitError(
                f"history has assets {list(real.assets)}",
                place=str(history),
                expected=f"{list(encoding.assets)} as the model",
            )
        known, encoding = encode(real)
    dates = sessions(date.fromisoformat(encoding.last_date) + timedelta(days=1), steps)
    streams = Streams(seed).under("market", "sample")

    def stream() -> Any:
        for first in range(0, paths, SHARD_PATHS):
            count = min(SHARD_PATHS, paths - first)
            features = generator.sample(count, steps, streams, first, known)
            if progress:
                progress("sampling", first + count, paths)
            yield from decode(np.asarray(features), encoding, dates, first).batches()

    rows = write_table(output, BARS_SCHEMA, stream())
    return {"rows": rows, "paths": paths, "steps": steps, "output": str(output)}

