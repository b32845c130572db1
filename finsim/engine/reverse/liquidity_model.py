"""What the customers of a study cannot cover, as a function of jobs, prices and mortgage rates."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np

from finsim.agents.economy.household_economy import READS
from finsim.agents.everyday.ordinary_payments import ordinary_orders
from finsim.agents.ledger_posting import post
from finsim.agents.simulate import sliced
from finsim.engine.reverse.fraud_model import loan_courses
from finsim.engine.stages.credit_stage import passed_book
from finsim.engine.stages.customers_with_loans import are_customers
from finsim.engine.stages.payment_world import is_learned, payment_world
from finsim.engine.stages.shortfalls import SHORTFALL, Shortfalls
from finsim.engine.study.study_resolution import Plan, agent_settings
from finsim.errors import StudyError
from finsim.notation import Float1D, Float2D
from finsim.records.drivers import Drivers
from finsim.scenarios.reverse.prior_law import prior_law, without_history

PURSE = ("unemployment", "inflation", "mortgage_rate")
"""What a customer's purse feels and history knows: wages that stop, prices, instalments."""
NODES = np.array([-4.0, -2.0, 0.0, 2.0, 4.0, 6.0, 8.0, 10.0])
"""Where the metric is tabulated: multiples of each variable's standard deviation over four quarters."""
MOST_DAYS = 4_000_000


def beside_purse(linked: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return what else payments or loans read: variables that go along, and those without a history."""
    others = tuple(sorted({*READS, *linked} - {*PURSE}))
    held = without_history(others)
    return tuple(name for name in others if name not in held), held


def shortfalls(plan: Plan) -> Callable[[Drivers], float]:
    """Return the metric of a study as a run measures it, a function of drivers.

    Every call makes the payments anew, and the loans of those customers that have some. Raises StudyError for
    learned payments, and for more account-days than a search of a few minutes can take.
    """
    settings, place = agent_settings(plan), f"study {plan.study.id}"
    if is_learned(plan):
        raise StudyError(
            f"{SHORTFALL}: the payments of this study are learned",
            place=place,
            expected="simulated people: payments without `data:`",
            remedy="ask it of a study with transactions: {accounts: 2000, days: 360}",
        )
    if settings.accounts * settings.days > MOST_DAYS:
        raise StudyError(
            f"{SHORTFALL}: {settings.accounts:,} accounts over {settings.days} days",
            place=place,
            expected=f"at most {MOST_DAYS:,} account-days, since each step simulates all payments",
            remedy="ask it of a part: --scale 0.1",
        )
    world = payment_world(plan, None)
    tape = passed_book(plan) if are_customers(plan) else []

    def measured(drivers: Drivers) -> float:
        courses = loan_courses(plan, tape, drivers) if tape else None
        ordinary = [
            ordinary_orders(world.population, settings, plan.streams, shard, drivers, courses)
            for shard in range(settings.shards)
        ]
        planned, schemes = world.schemes(plan.narratives, settings, plan.streams, drivers)
        found = Shortfalls()
        posted = post(
            world.population, settings, sliced([*ordinary, planned], settings), schemes, world.middles
        )
        for _ in found.watch(posted):
            pass
        return found.measures().get(SHORTFALL, 0.0)

    return measured


def added_up(
    measured: Callable[[dict[str, float]], float], along: tuple[str, ...]
) -> Callable[[tuple[str, ...], Float2D], Float1D]:
    """Return the metric over moves: that of no move, and what each variable of the purse adds by itself.

    Each is measured at ``NODES``, the others of the purse at no move and ``along`` at their mean given that;
    straight between them. Where several move, the search that follows moves its point until the simulation
    itself has reached the limit.
    """
    law = prior_law(PURSE, along)
    own = law.root[: len(PURSE)]
    deviations = np.sqrt((own**2).sum(axis=1))

    @lru_cache(maxsize=1)
    def table() -> Float2D:
        calm = measured({})
        added = np.zeros((len(PURSE), len(NODES)))
        for k, node in np.ndindex(added.shape):
            if NODES[node]:
                raw = np.where(np.arange(len(PURSE)) == k, NODES[node] * deviations, 0.0)
                u: Float1D = np.linalg.solve(own, raw).astype(np.float64)
                moves = law.moves(u[None, :])[0]
                added[k, node] = measured(dict(zip(law.names, moves.tolist(), strict=True))) - calm
        return np.vstack([np.full(len(NODES), calm), added])

    def at(names: tuple[str, ...], moves: Float2D) -> Float1D:
        calm, *added = table()
        found = np.full(len(moves), calm[0])
        for name, row, deviation in zip(PURSE, added, deviations, strict=True):
            found += np.interp(moves[:, names.index(name)], NODES * deviation, row)
        return found

    return at
