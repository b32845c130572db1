"""CPU seconds, memory and disk of a run, predicted from its sizes.

The constants were measured on 2 cores, Python 3.11, x86-64, with compiled code in its cache
(benchmarks/plan_prediction.py, the studies ``fitted``). A short computation compares this machine with that
one. Early stopping is not foreseen: the steps of a generator count in full.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from finsim.engine.planning.scheme_forecast import detectable
from finsim.engine.planning.work_sizes import WorkSizes
from finsim.engine.stages.evidence_stage import first_label, settings
from finsim.engine.study.study_file import WORLDS
from finsim.engine.study.study_resolution import Plan
from finsim.generators import GENERATORS

LEARNERS = ("flow", "timegan")
"""Generators that are trained, with torch; the others only store what they resample."""

MEASURED_ON = "measured on 2 cores, Python 3.11"
COMPILING = 4.0
"""CPU seconds that a first run adds where the cache of compiled code is empty (measured, +-2)."""

SECONDS: dict[str, dict[str, float]] = {
    "start and end": {
        "process": 3.1,
        "worker": 2.6,
        "world": 0.35,
        "scenario": 0.08,
        "loss curve": 1.0,
        "transaction": 0.4e-6,
    },
    "market": {
        "begin": 0.3,
        "torch": 2.2,
        "flow": 1.0,
        "flow row": 1.65e-3,
        "flow step": 0.0205,
        "flow batch session": 0.9e-3,
        "timegan": 1.0,
        "timegan step": 0.155,
        "timegan batch session": 0.9e-3,
        "path session": 2.5e-7,
        "bar": 0.95e-6,
    },
    "transactions": {"begin": 0.42, "payment": 0.77e-6, "row": 3.3e-6, "scheme": 0.95e-3},
    "credit": {"begin": 0.3, "loan": 2.6e-5, "month": 0.6e-6, "draw": 3.4e-6, "draw of a loan": 1.6e-9},
    "evidence": {
        "market": 1.3,
        "compared bar": 0.75e-5,
        "stored bar": 0.25e-5,
        "resample of prices": 4.3e-3,
        "resampled bar": 1.0e-8,
        "torch": 2.2,
        "judges": 3.7,
        "refit": 1.9,
        "refit iteration": 1.8e-3,
        "transactions": 0.65,
        "row": 1.1e-6,
        "detector": 0.4,
        "detector row": 7.7e-6,
        "credit": 1.5,
        "resample of loans": 0.9e-3,
        "loan": 1.8e-5,
    },
}
"""CPU seconds per unit of work, by part of a run."""

MEGABYTES: dict[str, float] = {
    "process": 370,
    "market": 60,
    "market judged": 30,
    "transactions": 20,
    "torch": 160,
    "flow": 190,
    "judges": 110,
    "transaction row": 6.2e-4,
    "bar": 3.0e-4,
    "month": 3.0e-4,
    "worker": 330,
}
"""Peak of resident memory in MB: what is always there, and what the largest task adds per row."""

_BATCH = 262_144
"""Rows of payments that are written at once."""

BYTES: dict[str, float] = {
    "run": 350_000,
    "model": 300_000,
    "bars": 41,
    "features": 32,
    "transactions": 38,
    "orders": 23,
    "months": 18,
    "loans": 130,
    "losses": 8,
}
"""Bytes on disk per row of a table, checkpoints included."""


@dataclass(frozen=True)
class Cost:
    """What a run costs: CPU seconds by part, peak memory and disk in bytes.

    ``machine`` is how much slower this machine is than the one of the constants (2.0: half as fast).
    """

    parts: Mapping[str, float]
    memory: int
    disk: int
    machine: float = 1.0

    @property
    def cpu_seconds(self) -> float:
        """CPU seconds of all parts, with compiled code in its cache."""
        return float(sum(self.parts.values()))

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return {
            "cpu_seconds": round(self.cpu_seconds, 1),
            "cpu_seconds_of_parts": {name: round(value, 2) for name, value in self.parts.items()},
            "cpu_seconds_to_compile_once": round(COMPILING * self.machine, 1),
            "memory_bytes": self.memory,
            "disk_bytes": self.disk,
            "machine_factor": round(self.machine, 2),
            "measured_on": MEASURED_ON,
        }


def predict(plan: Plan, sizes: WorkSizes, history_rows: int = 0, workers: int = 1) -> Cost:
    """Return what a run will cost on this machine; ``history_rows`` are the dates of the study's prices."""
    machine = machine_factor()
    work = units(plan, sizes, history_rows, workers)
    parts = {
        part: machine * sum(SECONDS[part][unit] * amount for unit, amount in amounts.items())
        for part, amounts in work.items()
        if amounts
    }
    return Cost(parts, _memory(plan, sizes, workers), _disk(plan, sizes), machine)


def units(plan: Plan, sizes: WorkSizes, history_rows: int, workers: int) -> dict[str, dict[str, float]]:
    """Return how much of each kind of work a run does, by part."""
    study = plan.study
    start = {
        "process": 1.0,
        "worker": float(workers if workers > 1 else 0),
        "world": float(sum(getattr(study, world) is not None for world in WORLDS)),
        "scenario": float(len(plan.scenarios)),
        "loss curve": float(study.market is not None and study.market.generator.name in LEARNERS),
        "transaction": float(sizes.total("transactions")),
    }
    return {
        "start and end": start,
        "market": _market(plan, sizes, history_rows),
        "transactions": _transactions(plan, sizes),
        "credit": _credit(plan, sizes),
        "evidence": _evidence(plan, sizes, workers) if study.evaluation.enabled else {},
    }


def _market(plan: Plan, sizes: WorkSizes, history_rows: int) -> dict[str, float]:
    part = plan.study.market
    if part is None:
        return {}
    found = {
        "begin": 1.0,
        "path session": float(part.paths * part.sessions),
        "bar": float(sizes.total("bars")),
    }
    name = part.generator.name
    steps = part.generator.trained() or 0
    if name not in LEARNERS:
        return found
    from finsim.generators.training.sampling_batches import BATCH

    chosen = GENERATORS.load(name).Settings(**part.generator.settings)
    shards = [min(part.shard_paths, part.paths - at) for at in range(0, part.paths, part.shard_paths)]
    sessions = float(part.sessions * sum(-(-size // BATCH) for size in shards))
    found |= {"torch": 1.0, name: 1.0, f"{name} step": float(steps), f"{name} batch session": sessions}
    if name == "flow":
        deep, wide = chosen.blocks / 3, chosen.width / 48
        network = 0.35 + 0.65 * deep * wide
        found["flow row"] = history_rows * (1 - part.holdout)
        found["flow step"] *= network * chosen.batch / 64
        found["flow batch session"] *= network * chosen.solver_steps / 4
    return found


def _transactions(plan: Plan, sizes: WorkSizes) -> dict[str, float]:
    if sizes.payments is None:
        return {}
    mean = sum(sizes.payments.rows.values()) / len(sizes.payments.rows)
    return {
        "begin": 1.0,
        "payment": mean * sizes.payments.behaviours,
        "row": float(sizes.total("transactions")),
        "scheme": float(sizes.total("patterns")),
    }


def _credit(plan: Plan, sizes: WorkSizes) -> dict[str, float]:
    if plan.study.credit is None:
        return {}
    draws = float(sizes.total("losses"))
    return {
        "begin": 1.0,
        "loan": float(sizes.total("loans")),
        "month": float(sizes.total("months")),
        "draw": draws,
        "draw of a loan": draws * sizes.largest("loans"),
    }


def _evidence(plan: Plan, sizes: WorkSizes, workers: int) -> dict[str, float]:
    study, chosen, label = plan.study, settings(plan), first_label(plan)
    found: dict[str, float] = {}
    if study.market:
        bars = sizes.rows["bars"][label]
        compared = bars * min(1.0, chosen.max_paths / study.market.paths)
        has_torch = workers == 1 and study.market.generator.name in LEARNERS
        found |= {
            "market": 1.0,
            "compared bar": compared,
            "stored bar": bars - compared,
            "resample of prices": float(chosen.bootstrap),
            "resampled bar": chosen.bootstrap * compared,
            "torch": float(chosen.judge_refits > 0 and not has_torch),
            "judges": float(chosen.judge_refits > 0),
            "refit": float(chosen.judge_refits),
            "refit iteration": float(chosen.judge_refits * chosen.judge_iterations),
        }
    if study.transactions:
        rows = float(sizes.rows["transactions"][label])
        found |= {"transactions": 1.0, "row": rows}
        if detectable(one for one in sizes.schemes if one.scenario == label):
            found |= {"detector": 1.0, "detector row": min(rows, 2.0 * chosen.max_rows)}
    if study.credit and not study.credit.keep:
        found |= {
            "credit": 1.0,
            "resample of loans": float(chosen.bootstrap),
            "loan": float(sizes.largest("loans")),
        }
    return found


def _memory(plan: Plan, sizes: WorkSizes, workers: int) -> int:
    """Return the peak of resident bytes: the libraries, and what the largest task holds."""
    study, judged = plan.study, plan.study.evaluation.enabled
    most = [0.0]
    always = MEGABYTES["process"]
    if study.market:
        has_judges = judged and study.evaluation.judge_refits > 0
        name = study.market.generator.name
        bars = sizes.largest("bars")
        shard = bars * min(1.0, study.market.shard_paths / study.market.paths)
        always += MEGABYTES["market"] + judged * MEGABYTES["market judged"]
        always += (has_judges or name in LEARNERS) * MEGABYTES["torch"]
        always += max(has_judges * MEGABYTES["judges"], (name == "flow") * MEGABYTES["flow"])
        most.append(MEGABYTES["bar"] * (bars if judged else shard))
    if study.transactions:
        always += MEGABYTES["transactions"]
        rows = sizes.largest("transactions")
        slices = min(1.0, study.transactions.slice_days / study.transactions.days)
        held = rows if judged else min(rows, 3 * slices * rows + _BATCH)
        most.append(MEGABYTES["transaction row"] * held)
    if study.credit:
        most.append(MEGABYTES["month"] * sizes.largest("months"))
    found = always + max(most)
    if workers > 1:
        found = workers * found + MEGABYTES["worker"]
    return round(found * 1e6)


def _disk(plan: Plan, sizes: WorkSizes) -> int:
    study = plan.study
    found = BYTES["run"] + sum(
        BYTES[name] * sizes.total(name) for name in ("bars", "transactions", "months", "loans", "losses")
    )
    if study.market:
        found += BYTES["features"] * sizes.largest("bars") + BYTES["model"]
    if sizes.payments:
        mean = sum(sizes.payments.rows.values()) / len(sizes.payments.rows)
        found += BYTES["orders"] * mean * sizes.payments.behaviours
    return round(found)


REFERENCE_SECONDS = 0.0172
"""CPU seconds of the computation below on the machine of the constants."""


def machine_factor() -> float:
    """Return how much slower this machine is than the one of the constants, by a computation of 0.1 s."""
    values = np.arange(200_000, dtype=np.float64)
    spent = []
    for _ in range(3):
        started = time.process_time()
        for _ in range(4):
            np.sort(np.sin(values))
        total = 0
        for number in range(150_000):
            total += number % 7
        spent.append(time.process_time() - started)
    factor = min(spent) / REFERENCE_SECONDS
    # CPU seconds on the same cores vary by a quarter with what else they do: less says nothing.
    return 1.0 if 0.75 < factor < 1.3 else factor
