"""Tasks of a learned payment world: learn the ledger, sample one shard of new entities."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.feather as feather

from finsim.agents.payment_orders import Orders
from finsim.engine.finished_tasks import Done, output
from finsim.engine.learned.body_choice import Choice
from finsim.engine.learned.event_model import LearnedEvents, fit_events
from finsim.engine.learned_payments.entity_facts import facts_of
from finsim.engine.learned_payments.ledger_summary import ledger_summary
from finsim.engine.learned_payments.life_orders import Places, Window, in_study, life_orders
from finsim.engine.learned_payments.ordinary_rows import OrdinaryRows
from finsim.engine.learned_payments.places_in_run import LEARN, LIFE, MODEL, facts_file, life_file
from finsim.engine.learned_payments.scenario_moves import moved, unread_lines
from finsim.engine.stages.payment_world import ledger_of_plan
from finsim.engine.study.study_resolution import Plan, agent_settings
from finsim.engine.task_progress import as_share, task_progress
from finsim.engine.tasks import Task
from finsim.generators.events.event_generator import HasMonths
from finsim.generators.generator import Budget
from finsim.records.drivers import Drivers
from finsim.records.storage import replacing


def learn_task(run: Path, plan: Plan, task: Task) -> Done:
    """Fit the body of payments on the ledger and save it."""
    part, ledger = plan.study.transactions, ledger_of_plan(plan)
    assert part is not None
    body = part.body
    choice = Choice(body.name, body.settings) if body else Choice()
    model = fit_events(
        ledger.data, choice, Budget(steps=body.steps) if body else Budget(), plan.streams.under(*LEARN),
        as_share(task_progress(), "learning payments"), of_purpose=False,
    )  # fmt: skip
    folder = run / MODEL
    model.save(folder)
    rows = int(model.data["events"])
    files = dict(output(run, folder / name, rows) for name in ("weights.safetensors", "model.json"))
    unread = dict(unread_lines(plan.drivers, ledger))
    told = {"ledger": ledger_summary(ledger, plan.left_out, unread)}
    return Done(task.key, files, {**model_facts(model), **told})


def model_facts(model: LearnedEvents) -> dict[str, Any]:
    """Return what a manifest says of a model of payments: body, why it was taken, data, training."""
    report = model.generator.report
    return {
        "generator": model.generator.name,
        "choice": str(model.data.get("choice", "")),
        "data": {key: model.data[key] for key in ("file", "sha256", "rows", "entities", "events", "read_as")},
        **report.to_dict(),
    }


def life_task(run: Path, plan: Plan, task: Task) -> Done:
    """Sample the ordinary life of one shard of entities, and keep it with its facts for all scenarios."""
    settings, ledger = agent_settings(plan), ledger_of_plan(plan)
    body = LearnedEvents.load(run / MODEL).generator
    first = task.shard * settings.shard_accounts
    count = min(settings.shard_accounts, settings.accounts - first)
    window = Window.of(ledger.log, settings)
    if isinstance(body, HasMonths):
        body = body.in_months(window.later)
    log = body.sample(count, plan.streams.under(*LIFE), first, window.days, settings.accounts)
    places = Places.of(ledger, settings.accounts)
    orders = in_study(life_orders(log, ledger, places, first), window, settings, task.shard)
    free = OrdinaryRows.of(ledger).free(orders, places)
    facts = facts_of(orders, places, settings.start_ns, settings.days, free)
    path, beside = life_file(run, task.shard), facts_file(run, task.shard)
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as temporary:
        feather.write_feather(orders.to_arrow(), temporary, compression="lz4")
    with replacing(beside) as temporary:
        facts.save(temporary)
    return Done(task.key, dict(output(run, file, len(orders)) for file in (path, beside)))


def moved_life(run: Path, plan: Plan, shard: int, drivers: Drivers) -> Orders:
    """Return the ordinary payments of a shard under a scenario."""
    table: pa.Table = feather.read_table(life_file(run, shard))
    streams = plan.streams.under(*LIFE, "moved", shard)
    return moved(Orders.from_arrow(table), ledger_of_plan(plan), agent_settings(plan), drivers, streams)
