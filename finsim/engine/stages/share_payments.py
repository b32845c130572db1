"""Payments that a run learned beside the ledger's: copies, attacks, likeness to unseen entities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from finsim.engine.learned.body_choice import Choice
from finsim.engine.learned.event_model import LearnedEvents, fit_events
from finsim.engine.learned_payments.life_orders import Window
from finsim.engine.learned_payments.places_in_run import LIFE, MODEL
from finsim.engine.learned_payments.training_ledger import PaymentLedger
from finsim.engine.stages.payment_world import ledger_of_plan
from finsim.engine.study.study_resolution import Plan, agent_settings
from finsim.errors import FinsimError
from finsim.evaluation import METRICS
from finsim.evaluation.events.event_sides import event_case
from finsim.evaluation.learner import one_thread
from finsim.evaluation.metric import NOT_COMPUTED, Score, on_table
from finsim.evaluation.metric_loop import Report, computed
from finsim.evaluation.settings import Settings
from finsim.evaluation.tables.evaluate_table import scored
from finsim.evaluation.uses import SHARE
from finsim.generators.generator import Budget
from finsim.randomness import Streams

MOST_ENTITIES = 2_000
"""Entities of the run that are looked at: its first ones."""
HELD_OUT, LEAST_HELD_OUT = 0.25, 20
"""Share of the ledger's entities that the body does not see when it is fitted again, and the fewest."""
LIKENESS = ("event_two_sample", "entity_two_sample")


@dataclass(frozen=True)
class _Sides:
    """Training rows, new rows, rows of entities that the body never saw, and what is said of them."""

    real: pa.Table
    own: pa.Table
    spare: pa.Table | None
    said: str


def payments_shared(run: Path, plan: Plan, label: str, chosen: Settings, progress: Report) -> list[Score]:
    """Return the scores of ordinary payments in the columns of the ledger, as the body made them.

    Copy checks look at the first entities of the run, before any scenario. What needs entities that the body
    never saw is computed on the same body, fitted again without a quarter of them. What cannot be judged has
    a line that says so.
    """
    table = f"payments, {label}"
    rows, entities = METRICS.of_use("table", SHARE), METRICS.of_use("events", SHARE)
    model = LearnedEvents.load(run / MODEL)
    streams = plan.streams.under("evidence", "payments")
    try:
        first = _computed(_of_run(model, plan), rows, entities, plan, streams, chosen, progress, table)
    except FinsimError as error:
        return on_table(_missing([*rows, *entities], error), table)
    open_rows = [one for one in rows if _is_open(first, one)]
    try:
        sides = _of_twin(model, plan, streams)
        second = _computed(sides, open_rows, LIKENESS, plan, streams.under("unseen"), chosen, progress, table)
    except FinsimError as error:
        second = _missing(LIKENESS, error)
    settled = {one for one in open_rows if not _is_open(second, one)}
    kept = [score for score in first if score.metric not in settled]
    return on_table([*kept, *(one for one in second if one.metric in settled | set(LIKENESS))], table)


def _is_open(scores: Sequence[Score], metric: str) -> bool:
    """Whether nothing of a metric was computed."""
    return not any(one.metric == metric and one.verdict != NOT_COMPUTED for one in scores)


def _missing(names: Sequence[str], error: FinsimError) -> list[Score]:
    reason = error.problems[0].found
    return [METRICS.load(name).missing("payments", reason) for name in names]


def _of_run(model: LearnedEvents, plan: Plan) -> _Sides:
    """Return the whole ledger beside the first entities of the run."""
    ledger, settings = ledger_of_plan(plan), agent_settings(plan)
    count, days = min(MOST_ENTITIES, settings.accounts), Window.of(ledger.log, settings).days
    log = model.generator.sample(count, plan.streams.under(*LIFE), 0, days, settings.accounts)
    own = model.rows_of(log, 0, settings.accounts, 0).rename_columns(list(model.form.order))
    said = f"the first {count:,} of {settings.accounts:,} entities"
    return _Sides(ledger.data.table, own, None, said)


def _of_twin(model: LearnedEvents, plan: Plan, streams: Streams) -> _Sides:
    """Return entities of the same body, fitted on three quarters of the ledger's, beside both parts."""
    ledger, part = ledger_of_plan(plan), plan.study.transactions
    assert part is not None
    known, spare = _parts(ledger, streams)
    body = part.body
    choice = Choice(model.generator.name, body.settings if body else {})
    budget = Budget(steps=body.steps) if body else Budget()
    twin = fit_events(
        replace(ledger.data, table=known), choice, budget, streams.under("fit"), lambda share, text: None
    )
    count = int(twin.data["entities"])  # as many as learned: what a counterparty has grows with entities
    log = twin.generator.sample(count, streams.under("sample"))
    own = twin.rows_of(log, 0, count, 0).rename_columns(list(twin.form.order))
    return _Sides(known, own, spare, "fitted again without a quarter of the entities, which are the hold-out")


def _parts(ledger: PaymentLedger, streams: Streams) -> tuple[pa.Table, pa.Table]:
    """Return the rows of the entities that a twin learns, and of those that are held out."""
    table, name = ledger.data.table, str(ledger.data.roles.id)
    cells = _decoded(table.select([name]))[name]
    ids = pc.unique(cells).drop_null()
    order = streams.at("unseen").permutation(len(ids))
    held = ids.take(pa.array(order[: max(LEAST_HELD_OUT, int(HELD_OUT * len(ids)))]))
    is_held = pc.fill_null(pc.is_in(cells, value_set=held), False)
    return table.filter(pc.invert(is_held)), table.filter(is_held)


def _computed(
    sides: _Sides,
    rows: Sequence[str],
    entities: Sequence[str],
    plan: Plan,
    streams: Streams,
    chosen: Settings,
    progress: Report,
    name: str,
) -> list[Score]:
    real, own = _decoded(sides.real), _decoded(sides.own)
    spare = None if sides.spare is None else _decoded(sides.spare)
    case = event_case(real, own, spare, ledger_of_plan(plan).data.roles, streams, chosen, name)
    scores = scored(case.rows, progress, rows) if rows else []
    with one_thread(), np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        for _, _, found in computed(entities, case, name, progress):
            scores.extend(found)
    return [_noted(score, sides.said) for score in scores]


def _decoded(table: pa.Table) -> pa.Table:
    """Return a table whose coded columns are plain text."""
    columns = [
        column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column
        for column in table.columns
    ]
    return pa.table(columns, names=table.column_names)


def _noted(score: Score, said: str) -> Score:
    return replace(score, note=f"{score.note}; {said}".lstrip("; "))
