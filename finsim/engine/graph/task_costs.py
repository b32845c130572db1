"""What each task of a run costs: as usual, as predicted from sizes, or as the tasks of a run took."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from finsim.engine.finished_tasks import state_of
from finsim.engine.planning.cost_constants import SECONDS
from finsim.engine.study.study_resolution import Plan
from finsim.engine.tasks import Task

USUAL = {
    "fit": 20.0,
    "learn": 9.0,
    "twin": 6.0,
    "evidence/transactions/told_apart": 9.0,
    "evidence/market/likeness": 8.0,
    "evidence/market/bars": 4.0,
    "evidence": 4.0,
    "credit": 4.0,
    "life": 1.0,
    "bars": 1.0,
    "transactions": 1.0,
}
"""CPU seconds of a task in the bundled quickstart, by the beginning of its key; others take less than one.

They settle which task begins first, never what it writes.
"""

_OF_UNIT: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("market", "bar", ("bars/",)),
    ("market", "path session", ("sample/",)),
    ("market", "daily_flow bar", ("sample/",)),
    ("market", "flow batch session", ("sample/",)),
    ("market", "rcgan batch session", ("sample/",)),
    ("market", "timegan batch session", ("sample/",)),
    ("market", "timevae batch session", ("sample/",)),
    ("market", "", ("fit",)),
    ("transactions", "life", ("life/",)),
    ("transactions", "payment", ("orders/",)),
    ("transactions", "row", ("transactions/",)),
    ("transactions", "scheme", ("transactions/",)),
    ("transactions", "begin", ("transactions/",)),
    ("transactions", "", ("learn",)),
    ("credit", "", ("credit/",)),
    ("evidence", "refit", ("evidence/market/likeness-2", "evidence/market/likeness-3")),
    ("evidence", "judges", ("evidence/market/likeness-2", "evidence/market/likeness-3")),
    ("evidence", "torch", ("evidence/market/likeness-2", "evidence/market/likeness-3")),
    ("evidence", "further bar", ("evidence/market/bars/",)),
    ("evidence", "turned pair", ("evidence/market/likeness-5", "evidence/market/bars/")),
    ("evidence", "pair of real windows", ("evidence/market/likeness-4", "evidence/market/bars/")),
    ("evidence", "asked pair", ("evidence/market/likeness-4", "evidence/market/bars/")),
    ("evidence", "row told apart", ("evidence/transactions/told_apart-event",)),
    ("evidence", "entity told apart", ("evidence/transactions/told_apart-entity",)),
    ("evidence", "attacked", ("evidence/transactions/copies", "evidence/transactions/unseen")),
    ("evidence", "payments", ("evidence/transactions/copies", "evidence/transactions/unseen")),
    ("evidence", "detector", ("evidence/transactions/world",)),
    ("evidence", "transactions", ("evidence/transactions/world",)),
    ("evidence", "described row", ("evidence/transactions/told_apart",)),
    ("evidence", "market", ("evidence/market/likeness",)),
    ("evidence", "compared bar", ("evidence/market/likeness-1", "evidence/market/likeness-4")),
    ("evidence", "stored bar", ("evidence/market/likeness",)),
    ("evidence", "resample", ("evidence/market/likeness",)),
)
"""Part and beginning of a unit of the prediction -> the tasks that share its cost; the first line counts."""
_LOANS = (
    "credit", "compared cell", "resampled cell", "cell", "outcome", "real cell", "own cell", "kept",
)  # fmt: skip
"""Units of evidence that are of loans."""


def usual_costs(plan: Plan, tasks: Sequence[Task]) -> dict[str, float]:
    """Return a cost for each task that tells long from short without a forecast: for the order of work."""
    is_trained = plan.study.market is not None and plan.study.market.generator.trained() is not None
    found = {task.key: _usual(task.key) for task in tasks}
    if not is_trained and "fit" in found:
        found["fit"] = 1.0
    return found


def _usual(key: str) -> float:
    return next((cost for start, cost in USUAL.items() if key.startswith(start)), 0.2)


def predicted_costs(
    tasks: Sequence[Task], units: Mapping[str, Mapping[str, float]], machine: float
) -> dict[str, float]:
    """Return the predicted CPU seconds of each task; ``units`` are those of ``cost_prediction``.

    What a process does once (imports, reading) is counted where it is needed first.
    """
    found = dict.fromkeys((task.key for task in tasks), 0.0)
    for part, amounts in units.items():
        for unit, amount in amounts.items():
            sharing = _sharing(part, unit, tuple(found))
            for key in sharing:
                seconds = SECONDS["bodies"].get(unit, SECONDS[part].get(unit, 0.0))
                found[key] += machine * seconds * amount / len(sharing)
    return found


def _sharing(part: str, unit: str, keys: tuple[str, ...]) -> list[str]:
    """Return the tasks that share the cost of a unit: those its line names, else all of their kind."""
    if part == "evidence" and unit in SECONDS["bodies"]:
        return [key for key in keys if key == "twin"]
    if part == "evidence" and unit.startswith(_LOANS):
        return [key for key in keys if key == "evidence/credit/book"]
    starts = next((to for of, start, to in _OF_UNIT if of == part and unit.startswith(start)), ())
    exact = [key for key in keys if key.startswith(starts)] if starts else []
    if exact or part != "evidence":
        return exact
    return [key for key in keys if key.startswith("evidence/market/likeness")]


def recorded_costs(run: Path, tasks: Sequence[Task]) -> dict[str, float]:
    """Return the CPU seconds that the tasks of a run took, of those that have a record."""
    found = ((task.key, state_of(run, task.key, losses=False)[0]) for task in tasks)
    return {key: done.cpu_seconds for key, done in found if done is not None}
