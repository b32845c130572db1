"""Tasks of the market world: fit the model, sample shards, stress and write bars."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from finsim.engine.answers.scenario_figures import market_figures
from finsim.engine.finished_tasks import WORK, Done, output
from finsim.engine.market_model.fit_and_sample import FIT, SAMPLE, Body, Learner, learn
from finsim.engine.market_model.training_rules import TrainingRules
from finsim.engine.stages.market_rules import MarketLedger
from finsim.engine.study.market_history import complete_history, notes_of
from finsim.engine.study.market_part import MarketPart
from finsim.engine.study.named_inputs import data_file
from finsim.engine.study.study_resolution import Plan
from finsim.engine.task_progress import as_share, task_progress
from finsim.engine.tasks import Task
from finsim.generators.generator import Budget
from finsim.markets.features import encode
from finsim.markets.measures import driver_measures, index_figures, measure, path_measures
from finsim.markets.shard import bars
from finsim.markets.stress import is_still
from finsim.notation import Float1D
from finsim.provenance.origin_tags import BODY, OVERLAY
from finsim.records.drivers import Drivers
from finsim.records.paths import Paths
from finsim.records.run_layout import table_file
from finsim.records.storage import digest_file, replacing, write_table

ERROR = "equity.quarter_error"


def _part(plan: Plan) -> MarketPart:
    assert plan.study.market is not None
    return plan.study.market


def history(plan: Plan) -> Paths:
    """Return the real prices of the study on the dates that all assets have."""
    return complete_history(_part(plan))


def training_rows(rows: int, holdout: float) -> int:
    """Return how many leading rows are for fitting; the rest is held out."""
    return rows - round(rows * holdout)


def fit_task(run: Path, plan: Plan, task: Task) -> Done:
    """Fit the body generator on the leading part of the real history and save it."""
    part = _part(plan)
    real = history(plan)
    features, encoding = encode(real)
    train = features[: training_rows(len(features), part.holdout)]
    choice = part.generator
    rules = None if choice.rules is None else TrainingRules(choice.rules.pack, choice.rules.weight)
    body = learn(
        Learner(choice.name, choice.settings, Budget(steps=choice.steps), rules),
        train,
        encoding,
        {
            "file": part.data,
            "sha256": digest_file(data_file(part.data)),
            "rows": len(train),
            "notes": notes_of(real),
        },
        plan.streams.under(*FIT),
        as_share(task_progress(), f"fitting {choice.name}"),
    )
    folder = run / "model"
    body.save(folder)
    files = dict(output(run, folder / name, len(train)) for name in ("weights.safetensors", "model.json"))
    return Done(task.key, files, body.facts())


def sample_task(run: Path, plan: Plan, task: Task) -> Done:
    """Sample one shard of features and keep it for all scenarios."""
    part = _part(plan)
    body = Body.load(run / "model")
    first = task.shard * part.shard_paths
    count = min(part.shard_paths, part.paths - first)
    values = body.features(count, part.sessions, plan.streams.under(*SAMPLE), first)
    path = _features(run, task.shard)
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.save(file, values)
    return Done(task.key, dict([output(run, path, count)]))


def _features(run: Path, shard: int) -> Path:
    return run / WORK / "features" / f"{shard:05d}.npy"


def shards(part: MarketPart) -> int:
    """Return the number of logical shards of the market world."""
    return -(-part.paths // part.shard_paths)


def bars_task(run: Path, plan: Plan, task: Task) -> Done:
    """Write one scenario's bars: decode every shard under its drivers, check the rules, repair."""
    part = _part(plan)
    drivers = plan.drivers[task.name]
    encoding = Body.load(run / "model").encoding
    ledger = MarketLedger(plan.rules, encoding)
    source = BODY if is_still(drivers, "spread" in encoding.fields) else OVERLAY
    measured: list[Mapping[str, Float1D]] = []
    indexed: list[Mapping[str, Float1D]] = []
    errors: list[float] = []

    def stream() -> Iterator[pa.Table]:
        for shard in range(shards(part)):
            features = np.load(_features(run, shard), allow_pickle=False)
            paths = bars(features, encoding, drivers, part.betas, shard * part.shard_paths)
            paths = replace(paths, source=source)
            measured.append(path_measures(paths, drivers))
            indexed.append(index_figures(paths))
            errors.extend(
                value for name, value in measure(paths, drivers, part.betas).items() if name == ERROR
            )
            yield ledger.passed(paths.to_table())

    file = table_file(run, "bars", task.name)
    rows = write_table(file, encoding.schema, stream())
    figures = market_figures(_by_path(indexed), drivers.clock.session_dates())
    facts = {
        "rules": ledger.to_dict(),
        "measures": _combined(_by_path(measured), errors, drivers),
        "figures": {key: figure.to_dict() for key, figure in figures.items()},
        "digest": drivers.digest,
    }
    return Done(task.key, dict([output(run, file, rows)]), facts)


def _by_path(shards: list[Mapping[str, Float1D]]) -> dict[str, Float1D]:
    return {name: np.concatenate([shard[name] for shard in shards]) for name in shards[0]}


def _combined(by_path: Mapping[str, Float1D], errors: list[float], drivers: Drivers) -> dict[str, float]:
    """Return the median over all paths of each measure, and the largest error of any path."""
    found = {name: float(np.median(values)) for name, values in by_path.items()}
    if errors:
        found[ERROR] = max(errors)
    return {**found, **driver_measures(drivers)}
