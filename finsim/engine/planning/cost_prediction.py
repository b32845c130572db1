"""CPU seconds, memory and disk of a run, predicted from its sizes.

Early stopping is not foreseen: the steps of a generator count in full.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from finsim.credit.tail.bad_years import shifted_draws
from finsim.engine.planning.cost_constants import (
    BYTES,
    COMPILING,
    MEASURED_ON,
    SECONDS,
)
from finsim.engine.planning.learned_work import fitting, judging
from finsim.engine.planning.machine_speed import machine_factor
from finsim.engine.planning.peak_memory import LEARNERS, TRAINED, assets_of, peak_memory
from finsim.engine.planning.scheme_forecast import detectable
from finsim.engine.planning.window_work import compared_windows
from finsim.engine.planning.work_sizes import Learned, WorkSizes
from finsim.engine.stages.evidence_stage import first_label, settings
from finsim.engine.stages.payment_world import is_learned
from finsim.engine.study.study_file import WORLDS
from finsim.engine.study.study_resolution import Plan, credit_settings
from finsim.generators import GENERATORS, TABLE_GENERATORS

_BAD_YEAR = 2
"""CPU seconds of a draw in a bad year over those of a plain one (1.6 to 2.2 on the shipped book)."""

# The published TimeGAN has three layers, and updates generator and embedder twice a step.
_PUBLISHED = 6.5


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
        part: machine * sum(_seconds(part, unit) * amount for unit, amount in amounts.items())
        for part, amounts in work.items()
        if amounts
    }
    return Cost(parts, peak_memory(plan, sizes, history_rows, workers), _disk(plan, sizes), machine)


def _seconds(part: str, unit: str) -> float:
    """Return the CPU seconds of a unit; bodies cost the same whoever fits them."""
    return SECONDS["bodies"][unit] if unit in SECONDS["bodies"] else SECONDS[part][unit]


def units(plan: Plan, sizes: WorkSizes, history_rows: int, workers: int) -> dict[str, dict[str, float]]:
    """Return how much of each kind of work a run does, by part."""
    study = plan.study
    start = {
        "process": 1.0,
        "worker": float(workers if workers > 1 else 0),
        "world": float(sum(getattr(study, world) is not None for world in WORLDS) - is_learned(plan)),
        "learned world": float(is_learned(plan)),
        "market": float(study.market is not None),
        "scenario": float(len(plan.scenarios)),
        "loss curve": float(study.market is not None and study.market.generator.name in LEARNERS),
        "transaction": float(sizes.total("transactions")),
    }
    return {
        "start and end": start,
        "market": _market(plan, sizes, history_rows),
        "transactions": _transactions(plan, sizes),
        "credit": _credit(plan, sizes),
        "evidence": _evidence(plan, sizes, history_rows, workers) if study.evaluation.enabled else {},
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
    found |= {"torch": 1.0, name: 1.0, f"{name} step": float(steps)}
    if name != "daily_flow":
        found[f"{name} batch session"] = sessions
    if name == "daily_flow":
        assets = float(assets_of(plan, sizes.largest("bars")))
        found["daily_flow step"] *= (
            (0.4 + 0.6 * chosen.layers / 3 * (chosen.width / 128) ** 2) * chosen.batch / 512
        )
        found |= {"daily_flow asset": assets, "daily_flow row": assets * history_rows * (1 - part.holdout)}
        found["daily_flow bar"] = part.paths * part.sessions * assets
    if name == "timegan" and chosen.is_published:
        found["timegan step"] *= _PUBLISHED
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
        **fitting(plan, sizes),
    }


def _credit(plan: Plan, sizes: WorkSizes) -> dict[str, float]:
    part, tape = plan.study.credit, sizes.tape
    if part is None or tape is None:
        return {}
    count, columns = sizes.largest("loans"), tape.columns
    works = [sizes.loans[label] for label in plan.scenarios]
    draws = part.draws
    if credit_settings(plan).tail_sampling == "importance":
        draws += _BAD_YEAR * shifted_draws(part.draws)
    found = {
        "begin": 1.0,
        "tape cell": float(tape.cells),
        "loan": float(sizes.total("loans")),
        "loan cell": float(sizes.total("loans") * columns),
        "month": float(sizes.total("months")),
        "scenario": float(len(plan.scenarios)),
        "bucket of a draw": float(draws * sum(one.buckets for one in works)),
        "default of a draw": draws * count * sum(one.defaults for one in works),
        "tried loan of a draw": draws * count * sum(one.tried for one in works),
    }
    if not part.keep:
        name = part.learner().name
        found |= {"book": 1.0, name: 1.0, f"{name} cell": float(tape.cells)}
        if name in TRAINED:
            own = TABLE_GENERATORS.load(name).Settings().steps
            found[f"{name} step"] = float(part.learner().steps or own)
    return found


def _evidence(plan: Plan, sizes: WorkSizes, history_rows: int, workers: int) -> dict[str, float]:
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
            **compared_windows(plan, assets_of(plan, bars), history_rows),
        }
    if study.transactions:
        rows = float(sizes.rows["transactions"][label])
        found |= {"transactions": 1.0, "row": rows, **judging(plan, sizes)}
        if detectable(one for one in sizes.schemes if one.scenario == label):
            found |= {"detector": 1.0, "detector row": min(rows, 2.0 * chosen.max_rows)}
    if study.credit and sizes.tape:
        found |= _loans_judged(sizes.tape, sizes.largest("loans"), study.credit.keep, chosen.bootstrap)
    return found


def _loans_judged(tape: Learned, loans: int, keep: bool, bootstrap: int) -> dict[str, float]:
    """Return the work of judging a book: cells of both sides, as many as each metric looks at."""
    from finsim.evaluation.tables.margins import MOST_ROWS as COMPARED
    from finsim.evaluation.tables.table_two_sample import MOST_ROWS as TOLD_APART
    from finsim.evaluation.utility.label_rows import MOST_ROWS as LEARNED

    def cells(most: int) -> tuple[float, float]:
        return float(min(tape.rows, most) * tape.columns), float(min(loans, most) * tape.columns)

    if keep:
        return {"kept loans": 1.0, "kept cell": float(tape.cells)}
    compared = sum(cells(COMPARED))
    found = {
        "credit": 1.0,
        "compared cell": compared,
        "resampled cell": bootstrap * compared,
        "cell told apart": sum(cells(TOLD_APART)),
    }
    if tape.has_outcome:
        real, own = cells(LEARNED)
        found |= {"outcome": 1.0, "real cell with outcome": real, "own cell with outcome": own}
    return found


def _disk(plan: Plan, sizes: WorkSizes) -> int:
    study = plan.study
    found = BYTES["run"] + sum(
        BYTES[name] * sizes.total(name)
        for name in ("bars", "transactions", "months", "loans", "provisions", "losses")
    )
    if study.market:
        found += BYTES["features"] * sizes.largest("bars") + BYTES["model"]
    if sizes.payments:
        mean = sum(sizes.payments.rows.values()) / len(sizes.payments.rows)
        found += BYTES["orders"] * mean * (sizes.payments.behaviours + (sizes.ledger is not None))
    if sizes.ledger:
        found += BYTES["ledger row"] * sizes.ledger.rows + BYTES["ledger entity"] * sizes.ledger.entities
    return round(found)
