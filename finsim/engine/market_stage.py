"""The market world's tasks: fit the body, sample shards of features, stress and write bars."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from finsim.engine.body import Learner, learn
from finsim.engine.breaches import Ledger
from finsim.engine.checkpoint import WORK, Done, output
from finsim.engine.resolve import Plan
from finsim.engine.study import MarketPart, data_file
from finsim.engine.tasks import Task
from finsim.generators.generator import Budget
from finsim.generators.models import load
from finsim.markets.features import Encoding, encode
from finsim.markets.measures import measure
from finsim.markets.prices import read_prices
from finsim.markets.shard import bars
from finsim.records.drivers import Drivers
from finsim.records.paths import BARS_SCHEMA, Paths
from finsim.records.storage import digest_file, replacing, write_table

BODY, OVERLAY = 0, 3


def _part(plan: Plan) -> MarketPart:
    assert plan.study.market is not None
    return plan.study.market


def history(plan: Plan) -> Paths:
    """Return the real prices of the study."""
    return read_prices(data_file(_part(plan).data))


def training_rows(rows: int, holdout: float) -> int:
    """Return how many leading rows are for fitting; the rest is held out."""
    return rows - round(rows * holdout)


def fit_task(run: Path, plan: Plan, task: Task) -> Done:
    """Fit the body generator on the leading part of the real history and save it."""
    part = _part(plan)
    real = history(plan)
    features, encoding = encode(real)
    train = features[: training_rows(len(features), part.holdout)]
    folder = run / "model"
    generator = learn(
        Learner(part.generator.name, part.generator.settings, Budget(steps=part.generator.steps)),
        train,
        encoding,
        {"file": part.data, "sha256": digest_file(data_file(part.data)), "rows": len(train)},
        plan.streams.under("market", "fit"),
        folder,
    )
    files = dict(output(run, folder / name, len(train)) for name in ("weights.safetensors", "model.json"))
    report = generator.report
    facts = {
        "generator": part.generator.name,
        "steps": report.steps,
        "stopped_by": report.stopped_by,
        "losses": {name: list(values) for name, values in report.losses.items()},
        "training_rows": len(train),
    }
    return Done(task.key, files, facts)


def sample_task(run: Path, plan: Plan, task: Task) -> Done:
    """Sample one shard of features and keep it for all scenarios."""
    part = _part(plan)
    generator, _ = load(run / "model")
    first = task.shard * part.shard_paths
    count = min(part.shard_paths, part.paths - first)
    values = generator.sample(count, part.sessions, plan.streams.under("market", "sample"), first)
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
    encoding = Encoding.from_dict(load(run / "model")[1]["encoding"])
    ledger = Ledger(plan.rules.get("market"))
    measured: list[tuple[int, Mapping[str, float]]] = []

    def stream() -> Iterator[pa.Table]:
        for shard in range(shards(part)):
            features = np.load(_features(run, shard), allow_pickle=False)
            paths = bars(features, encoding, drivers, part.betas, shard * part.shard_paths)
            paths = replace(paths, source=OVERLAY if _stressed(drivers) else BODY)
            measured.append((paths.count, measure(paths, drivers)))
            yield ledger.passed({"bars": paths.to_table()}, "bars")

    file = run / "market" / task.name / "bars.parquet"
    rows = write_table(file, BARS_SCHEMA, stream())
    facts = {"rules": ledger.to_dict(), "measures": _combined(measured), "digest": drivers.digest}
    return Done(task.key, dict([output(run, file, rows)]), facts)


def _stressed(drivers: Drivers) -> bool:
    return bool(drivers.anchors) or bool(drivers.market)


def _combined(measured: list[tuple[int, Mapping[str, float]]]) -> dict[str, Any]:
    """Combine the measures of shards: errors by their worst, the rest by mean weighted by paths."""
    weights = np.array([count for count, _ in measured], dtype=float)
    names = measured[0][1].keys()
    columns = {name: np.array([facts[name] for _, facts in measured]) for name in names}
    return {
        name: float(values.max() if name.endswith("_error") else np.average(values, weights=weights))
        for name, values in columns.items()
    }
