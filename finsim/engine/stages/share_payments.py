"""Copy checks and attacks on payments that a run learned: entities of the run beside those of the ledger."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from finsim.engine.learned.event_model import LearnedEvents
from finsim.engine.learned_payments.life_orders import Window
from finsim.engine.learned_payments.places_in_run import LIFE, MODEL
from finsim.engine.stages.payment_world import ledger_of_plan
from finsim.engine.study.study_resolution import Plan, agent_settings
from finsim.errors import FinsimError
from finsim.evaluation import METRICS
from finsim.evaluation.events.event_sides import event_case
from finsim.evaluation.learner import one_thread
from finsim.evaluation.metric import Score, on_table
from finsim.evaluation.metric_loop import Report, computed
from finsim.evaluation.settings import Settings
from finsim.evaluation.tables.evaluate_table import scored
from finsim.evaluation.uses import SHARE

MOST_ENTITIES = 2_000
"""Entities of the run that are looked at: its first ones."""


def payments_shared(run: Path, plan: Plan, label: str, chosen: Settings, progress: Report) -> list[Score]:
    """Return the scores of "share" of ordinary payments, in the columns of the ledger, as the body made them.

    The first entities of the run are looked at, before any scenario. What cannot be judged has a line that
    says so.
    """
    table = f"payments, {label}"
    try:
        return on_table(_scores(run, plan, chosen, progress, table), table)
    except FinsimError as error:
        reason = error.problems[0].found
        names = [*METRICS.of_use("table", SHARE), *METRICS.of_use("events", SHARE)]
        return on_table([METRICS.load(name).missing("payments", reason) for name in names], table)


def _scores(run: Path, plan: Plan, chosen: Settings, progress: Report, name: str) -> list[Score]:
    ledger, settings = ledger_of_plan(plan), agent_settings(plan)
    model = LearnedEvents.load(run / MODEL)
    count, days = min(MOST_ENTITIES, settings.accounts), Window.of(ledger.log, settings).days
    log = model.generator.sample(count, plan.streams.under(*LIFE), 0, days, settings.accounts)
    own = model.rows_of(log, 0, settings.accounts, 0).rename_columns(list(model.form.order))
    streams = plan.streams.under("evidence", "payments")
    case = event_case(
        _decoded(ledger.data.table), _decoded(own), None, ledger.data.roles, streams, chosen, name
    )
    said = f"the first {count:,} of {settings.accounts:,} entities, no hold-out"
    scores = scored(case.rows, progress, METRICS.of_use("table", SHARE))
    with one_thread(), np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        for _, _, found in computed(METRICS.of_use("events", SHARE), case, name, progress):
            scores.extend(found)
    return [_noted(score, said) for score in scores]


def _decoded(table: pa.Table) -> pa.Table:
    """Return a table whose coded columns are plain text."""
    columns = [
        column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column
        for column in table.columns
    ]
    return pa.table(columns, names=table.column_names)


def _noted(score: Score, said: str) -> Score:
    return replace(score, note=f"{score.note}; {said}".lstrip("; "))
