"""The graph of a run: every task of a study, and what each of them needs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from finsim.engine.carried_evidence import carried
from finsim.engine.stages.evidence_pieces import pieces
from finsim.engine.study.study_resolution import Plan
from finsim.engine.tasks import Task


def graph_of(folder: Path, plan: Plan) -> tuple[Task, ...]:
    """Return the tasks of a run; each names those whose files it reads."""
    run = str(folder)
    found = [*_market(run, plan), *_payments(run, plan), *_credit(run, plan)]
    if plan.study.evaluation.enabled:
        found += _evidence(folder, plan)
    return tuple(found)


def _market(run: str, plan: Plan) -> Iterator[Task]:
    if plan.study.market is None:
        return
    from finsim.engine.stages.market_stage import shards

    samples = [Task(run, "sample", "", shard, ("fit",)) for shard in range(shards(plan.study.market))]
    yield Task(run, "fit")
    yield from samples
    needs = ("fit", *(task.key for task in samples))
    yield from (Task(run, "bars", label, needs=needs) for label in plan.scenarios)


def _payments(run: str, plan: Plan) -> Iterator[Task]:
    """Yield the tasks of payments; learned ones are sampled once and moved by each behaviour."""
    if plan.study.transactions is None:
        return
    from finsim.engine.stages.customers_with_loans import are_customers
    from finsim.engine.stages.order_keys import order_keys
    from finsim.engine.stages.payment_world import is_learned, order_shards

    keys, shards = order_keys(plan), range(order_shards(plan))
    lives: list[Task] = []
    if is_learned(plan):
        yield Task(run, "learn")
        lives = [Task(run, "life", "", shard, ("learn",)) for shard in shards]
        yield from lives
    loans = are_customers(plan)
    for key in sorted(set(keys.values())):
        first = next(label for label, own in keys.items() if own == key)
        panel = (Task(run, "credit", first).key,) if loans else ()
        for shard in shards:
            needs = (*panel, *(one.key for one in lives[shard : shard + 1]))
            yield Task(run, "orders", key, shard, needs)
    for label in plan.scenarios:
        orders = (Task(run, "orders", keys[label], at).key for at in shards)
        learned = ("learn", *(one.key for one in lives)) if lives else ()
        yield Task(run, "transactions", label, needs=(*learned, *orders))


def _credit(run: str, plan: Plan) -> Iterator[Task]:
    if plan.study.credit is not None:
        yield from (Task(run, "credit", label) for label in plan.scenarios)


def _evidence(folder: Path, plan: Plan) -> Iterator[Task]:
    part, run = plan.study.transactions, str(folder)
    listed = pieces(plan, of_scenarios=carried(folder) is not None)
    if any("twin" in piece.needs for piece in listed):
        # Which body is fitted again is known where the study names it, else when one was chosen.
        yield Task(run, "twin", needs=() if part and part.body else ("learn",))
    yield from (Task(run, "evidence", piece.name, needs=piece.needs) for piece in listed)
