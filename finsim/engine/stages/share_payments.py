"""Payments that a run learned beside the ledger's: copies, attacks, likeness to unseen entities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.feather as feather

from finsim.engine.finished_tasks import Done, load_done, output
from finsim.engine.learned.body_choice import Choice
from finsim.engine.learned.event_model import LearnedEvents, fit_events
from finsim.engine.learned_payments.life_orders import Window
from finsim.engine.learned_payments.places_in_run import LIFE, MODEL, twin_file
from finsim.engine.learned_payments.training_ledger import PaymentLedger
from finsim.engine.stages.evidence_pieces import COPIES, UNSEEN, first_label, read_scores
from finsim.engine.stages.payment_world import ledger_of_plan
from finsim.engine.study.study_resolution import Plan, agent_settings
from finsim.engine.task_progress import as_share, task_progress
from finsim.engine.tasks import Task
from finsim.errors import FinsimError, FitError
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
from finsim.records.storage import replacing

MOST_ENTITIES = 2_000
"""Entities of the run that are looked at: its first ones."""
HELD_OUT, LEAST_HELD_OUT = 0.25, 20
"""Share of the ledger's entities that the body does not see when it is fitted again, and the fewest."""
REFUSED = "refused"
"""Fact of a twin that could not be fitted: why."""


@dataclass(frozen=True)
class _Sides:
    """Training rows, new rows, rows of entities that the body never saw, and what is said of them."""

    real: pa.Table
    own: pa.Table
    spare: pa.Table | None
    said: str


def payments_piece(run: Path, plan: Plan, name: str, chosen: Settings, progress: Report) -> list[Score]:
    """Return one piece of the scores of ordinary payments, in the ledger's columns as the body made them.

    Copy checks look at the first entities of the run, before any scenario. What needs entities that the body
    never saw is computed on the same body, fitted again without a quarter of them. What cannot be judged has
    a line that says so.
    """
    rows, entities = list(METRICS.of_use("table", SHARE)), list(METRICS.of_use("events", SHARE))
    streams = plan.streams.under("evidence", "payments")
    if name == UNSEEN:
        before = read_scores(run, COPIES)
        rows, entities = [one for one in rows if _is_open(before, one)], []
    elif name != COPIES:
        rows, entities = [], [name.partition("-")[2]]
    table = f"payments, {first_label(plan)}"
    try:
        sides = _of_run(run, plan) if name == COPIES else _of_twin(run, plan)
        under = streams if name == COPIES else streams.under("unseen")
        scores = _computed(sides, rows, entities, plan, under, chosen, progress, table)
    except FinsimError as error:
        scores = _missing([*rows, *entities], error)
    if name == UNSEEN:  # what stays open has its line, with its reason, in the copies
        scores = [one for one in scores if not _is_open(scores, one.metric)]
    return on_table(scores, table)


def _is_open(scores: Sequence[Score], metric: str) -> bool:
    """Whether nothing of a metric was computed."""
    return not any(one.metric == metric and one.verdict != NOT_COMPUTED for one in scores)


def _missing(names: Sequence[str], error: FinsimError) -> list[Score]:
    reason = error.problems[0].found
    return [METRICS.load(name).missing("payments", reason) for name in names]


def _of_run(run: Path, plan: Plan) -> _Sides:
    """Return the whole ledger beside the first entities of the run."""
    model = LearnedEvents.load(run / MODEL)
    ledger, settings = ledger_of_plan(plan), agent_settings(plan)
    count, days = min(MOST_ENTITIES, settings.accounts), Window.of(ledger.log, settings).days
    streams = plan.streams.under(*LIFE)
    log = model.sampled(count, streams, 0, days, settings.accounts)
    own = model.rows_of(log, 0, settings.accounts, 0, streams).rename_columns(list(model.form.order))
    said = f"the first {count:,} of {settings.accounts:,} entities, as the body makes them for every scenario"
    return _Sides(ledger.data.table, own, None, said)


def twin_task(run: Path, plan: Plan, task: Task) -> Done:
    """Fit the body of payments again on three quarters of the ledger's entities, and keep what it makes."""
    ledger, part = ledger_of_plan(plan), plan.study.transactions
    assert part is not None
    streams = plan.streams.under("evidence", "payments")
    body = part.body
    name = body.name if body else LearnedEvents.load(run / MODEL).generator.name
    budget = Budget(steps=body.steps) if body else Budget()
    told = as_share(task_progress(), "judging payments, fitting again")
    try:
        known, _ = _parts(ledger, streams)
        data = replace(ledger.data, table=known)
        choice = Choice(name, body.settings if body else {})
        twin = fit_events(data, choice, budget, streams.under("fit"), told, of_purpose=False)
        count = int(twin.data["entities"])  # as many as learned: what a counterparty has grows with entities
        log = twin.sampled(count, streams.under("sample"))
        own = twin.rows_of(log, 0, count, 0, streams.under("sample")).rename_columns(list(twin.form.order))
    except FinsimError as error:  # the pieces that need it say so
        return Done(task.key, {}, {REFUSED: error.problems[0].found})
    file = twin_file(run)
    with replacing(file) as temporary:
        feather.write_feather(own, temporary, compression="lz4")
    return Done(task.key, dict([output(run, file, own.num_rows)]))


def _of_twin(run: Path, plan: Plan) -> _Sides:
    """Return entities of the same body, fitted on three quarters of the ledger's, beside both parts."""
    done = load_done(run, "twin")
    if done is not None and REFUSED in done.facts:
        raise FitError(str(done.facts[REFUSED]))
    known, spare = _parts(ledger_of_plan(plan), plan.streams.under("evidence", "payments"))
    own = feather.read_table(twin_file(run)).combine_chunks()
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
