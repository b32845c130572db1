"""How much of each kind of work payments learned from a ledger are: fitting, sampling, judging."""

from __future__ import annotations

from finsim.engine.planning.work_sizes import Learned, WorkSizes
from finsim.engine.study.study_resolution import Plan, agent_settings
from finsim.generators import EVENT_GENERATORS

TRAINED = "events"
"""The body that is trained with torch; the others count."""
HABITS = "habits"
_CHOSEN = (HABITS, TRAINED)
"""Bodies that are fitted where none is named; the habits once more, as the one that is most often taken."""


def fitting(plan: Plan, sizes: WorkSizes) -> dict[str, float]:
    """Return the work of learning the ledger of a study and of sampling its entities; empty without one."""
    part, ledger = plan.study.transactions, sizes.ledger
    if part is None or ledger is None or sizes.payments is None:
        return {}
    body = part.body.name if part.body else None
    found = {"ledger row": float(ledger.rows), "life": 1.0}
    found["life row"] = sum(sizes.payments.rows.values()) / len(sizes.payments.rows)
    found["habits swap"] = _dealt_anew(plan, ledger) if body in (None, HABITS) else 0.0
    for name in _CHOSEN if body is None else (body,):
        times = 1.0 + (body is None and name != TRAINED)
        fit = _body(name, times, sizes, part.body.steps if part.body else None)
        found |= {unit: amount + found.get(unit, 0.0) for unit, amount in fit.items()}
    return found


def _dealt_anew(plan: Plan, ledger: Learned) -> float:
    """Return the swaps of links in sampling: each shard deals the generations that its entities are of."""
    from finsim.generators.events.habits.generations import FRESH_SWEEPS

    settings = agent_settings(plan)
    generations = -(-settings.accounts // max(ledger.entities, 1)) + settings.shards - 1
    return FRESH_SWEEPS * ledger.links * generations * slowness(ledger.links)


def slowness(links: int) -> float:
    """Return how long a swap takes in a ledger of as many links, beside one of 40,000.

    Its tables leave the processor's cache. Measured: 75, 92 and 134 ns at 42,000, 83,000 and 166,000 links.
    assumption: beyond 225,000 links it takes no longer.
    """
    return (1.0 + min(links, 225_000) / 150_000) / (1.0 + 40_000 / 150_000)


def _body(name: str, times: float, sizes: WorkSizes, steps: int | None) -> dict[str, float]:
    """Return the work of fitting a body ``times`` on the whole ledger."""
    from finsim.generators.events.habits.link_reach import expected_swaps

    assert sizes.ledger is not None
    found = {name: times, f"{name} row": times * sizes.ledger.rows}
    found[f"{name} entity"] = times * sizes.ledger.entities
    if name == HABITS:
        swaps = expected_swaps(sizes.ledger.links, sizes.ledger.entities)
        found["habits swap"] = times * swaps * slowness(sizes.ledger.links)
    if name == TRAINED:
        taken = EVENT_GENERATORS.load(TRAINED).Settings().steps if steps is None else steps
        found[f"{name} step"] = times * taken
    return found


def judging(plan: Plan, sizes: WorkSizes) -> dict[str, float]:
    """Return the work of judging learned payments: the body fitted again, two classifiers, attacks."""
    from finsim.engine.stages.share_payments import HELD_OUT, MOST_ENTITIES
    from finsim.evaluation.events.entity_two_sample import MOST_ROWS as ENTITIES_TOLD_APART
    from finsim.evaluation.events.event_two_sample import MOST_ROWS as ROWS_TOLD_APART

    part, ledger = plan.study.transactions, sizes.ledger
    if part is None or ledger is None or sizes.payments is None:
        return {}
    body, known = part.body, 1.0 - HELD_OUT
    life = sum(sizes.payments.rows.values()) / len(sizes.payments.rows)
    own = life * min(1.0, MOST_ENTITIES / part.size)
    return {
        "payments": 1.0,
        "described row": known * ledger.rows,
        "row told apart": min(known * ledger.rows, ROWS_TOLD_APART),
        "entity told apart": min(known * ledger.entities, ENTITIES_TOLD_APART),
        "attacked row": ledger.rows + own,
        "attacked entity": float(ledger.entities),
        **_body(body.name if body else _CHOSEN[0], known, sizes, body.steps if body else None),
    }
