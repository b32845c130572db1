"""Search the most plausible breaches of a limit, and write them as scenario files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from finsim.engine.planning.refusals import refuse_output
from finsim.engine.reverse.breach_model import BreachModel, breach_model, drivers_of, moves_of
from finsim.engine.reverse.breaches import Breach, Breaches
from finsim.engine.reverse.fraud_model import typologies
from finsim.engine.reverse.question import Question
from finsim.engine.study.study_file import ScenarioChoice, Study
from finsim.engine.study.study_resolution import Plan, resolve
from finsim.errors import ScenarioError
from finsim.notation import Float1D, Float2D
from finsim.records.storage import write_table, write_text
from finsim.scenarios.reverse.breach_text import BreachText, breach_text
from finsim.scenarios.reverse.design_points import DesignPoint, design_points
from finsim.scenarios.reverse.importance_sampling import breach_probability
from finsim.scenarios.reverse.prior_law import (
    FACTOR_SOURCE,
    FRAUD,
    FRAUD_SOURCE,
    SOURCE,
    PriorLaw,
    fraud_law,
    prior_law,
)

_MOST, _STRIDE = 1.6, 1.02
Progress = Callable[[str, int, int], None]


def reverse_stress(
    study: Study, question: Question, count: int, folder: Path, progress: Progress, subject: str = ""
) -> Breaches:
    """Return the ``count`` most plausible breaches of a study's limit, and write them into a new folder.

    The folder gets ``breach-1.yaml``, ..., ``points.parquet`` and ``points.csv``, after the last is found.
    Raises StudyError for a folder in use and a study without the metric, ScenarioError where the limit is
    broken without a scenario or out of reach.
    """
    refuse_output(folder)
    plan = resolve(study.with_scenarios(ScenarioChoice(name="base")))
    progress("tabulating the metric", 0, 1)
    model = breach_model(plan, question)
    progress("tabulating the metric", 1, 1)
    law, told = _law(model)

    def loss(u: Float2D) -> Float1D:
        return model.loss(law.names, law.moves(u))

    base = model.measured(plan.drivers["base"])
    if base >= question.limit:
        raise ScenarioError(
            f"{question.metric} is {base:.4g} without any scenario",
            place="reverse",
            expected=f"less than the limit {question.limit:g}",
            remedy="raise the limit",
        )
    points = design_points(loss, law.free, question.limit, count)
    listed = [_breach(plan, model, question, law, point) for point in points]
    # The surface and the run agree at the nearest point, so the whole breach is seen as the run has it.
    border = float(loss(points[0].u[None, :] * listed[0].distance / points[0].distance)[0])
    estimate = breach_probability(loss, border, points, plan.streams.at("reverse"))
    order = sorted(listed, key=lambda one: one.distance)[:count]
    named = tuple(replace(one, file=f"breach-{k}.yaml") for k, one in enumerate(order, 1))
    found = Breaches(folder, subject or study.id, question, base, named, estimate, told, model.held, count)
    _write(found, typologies(plan) if FRAUD in model.free else ())
    return found


def _law(model: BreachModel) -> tuple[PriorLaw, str]:
    """Return the law of a model's drivers, and the same in words."""
    if FRAUD in model.free:
        return fraud_law(), FRAUD_SOURCE
    told = SOURCE + ("; " + FACTOR_SOURCE.format(deviation=model.factor) if model.factor else "")
    return prior_law(model.free, model.along, model.factor), told


def _breach(plan: Plan, model: BreachModel, question: Question, law: PriorLaw, point: DesignPoint) -> Breach:
    """Return a point moved along its ray to where the run's own metric has just reached the limit."""

    def at(length: float) -> float:
        return model.measured(drivers_of(plan, moves_of(law, length * point.u)))

    goal = question.limit * model.beyond(drivers_of(plan, moves_of(law, point.u)))
    length, value = _first_reaching(at, goal, model.close)
    moved = DesignPoint(length * point.u)
    moves = moves_of(law, moved.u)
    return Breach("", moves, _shares(model, law, moves), moved.distance, moved.probability, value)


def _first_reaching(metric: Callable[[float], float], goal: float, close: float) -> tuple[float, float]:
    """Return the length near 1 (to ``close``) at which a metric reaches a goal, and its value there.

    Raises ScenarioError where it does not within 1.6.
    """
    low, high, value = 1.0, 1.0, metric(1.0)
    rising = value < goal
    while rising and value < goal:
        low, high = high, high * _STRIDE
        if high > _MOST:
            raise ScenarioError(
                f"a run reaches {value:.4g}",
                place="reverse",
                expected=f"{goal:.4g}",
                remedy="lower the limit",
            )
        value = metric(high)
    while not rising and low > 1.0 / _MOST:
        low, under = high / _STRIDE, metric(high / _STRIDE)
        if under < goal:
            break
        high, value = low, under
    while high - low > close:
        middle = 0.5 * (low + high)
        found = metric(middle)
        low, high, value = (low, middle, found) if found >= goal else (middle, high, value)
    return high, value


def _shares(model: BreachModel, law: PriorLaw, moves: dict[str, float]) -> dict[str, float]:
    """Return the share of each driver in the move of the metric: gradient x move, as shares of their sum."""
    at = np.array([moves[name] for name in law.names])
    steps = np.diag(np.maximum(np.abs(at), 1e-6) * 1e-3)
    slope = model.loss(law.names, at + steps) - model.loss(law.names, at - steps)
    part = slope / (2.0 * np.diag(steps)) * at
    total = float(part.sum())
    return {name: float(one) / total if total else 0.0 for name, one in zip(law.names, part, strict=True)}


def _write(found: Breaches, frauds: tuple[str, ...]) -> None:
    texts = {}
    for number, one in enumerate(found.breaches, 1):
        texts[one.file] = breach_text(
            BreachText(
                one.file.removesuffix(".yaml"),
                f"Breach {number} of {found.question}",
                f"{one.words()}: {one.distance:.3f} standard deviations from no move at all, "
                f"first-order probability {one.probability:.3g}.",
                one.moves,
                found.law,
                one.probability,
                found.question.metric,
                found.question.limit,
                frauds,
            )
        )
    table: Any = pa.Table.from_pandas(found.to_pandas(), preserve_index=False).replace_schema_metadata(None)
    found.path.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        write_text(found.path / name, text)
    write_table(found.path / "points.parquet", table.schema, [table])
    write_text(found.path / "points.csv", found.to_pandas().to_csv(index=False))
