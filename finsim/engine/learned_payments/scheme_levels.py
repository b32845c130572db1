"""How large the payments of one scheme are in a learned world: among what the ledger pays (own).

A narrative's sums are written for another world: a reporting limit of 10,000 may lie far above all that a
ledger pays, and everything that is passed on of such sums with it, so that the amount alone would tell the
scheme. What a scheme's sums are to each other stays; together they are moved to where the ledger pays.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from finsim.agents.ledger_posting import run_orders
from finsim.agents.payment_orders import Orders, public_id
from finsim.agents.population.population import Population
from finsim.agents.schemes.scheme_plan import SchemePlan
from finsim.engine.learned_payments.story_money import StoryMoney
from finsim.kernels.ledger import OF_AVAILABLE, OF_BALANCE, SKIPPED, Book, Plan, Rows
from finsim.notation import Array, Cents1D, Float1D, Int1D
from finsim.randomness import Streams

_OWN_SIDE = 2 / 3
"""Share of schemes that stay on their own side of the ledger's middle payment (assumption).

Were it all of them, a narrative of large sums would be told by the amount alone (AUC 0.75 and more); with
two thirds the side gives it away with 0.58.
"""
_LEAST_WIDTH = 0.05
_ROUNDS = 3
_STEPS = 28
_WIDEST = 30.0  # of the logarithm of a factor


def levelled(
    orders: Orders, plan: SchemePlan, population: Population, money: StoryMoney, streams: Streams
) -> tuple[Orders, SchemePlan]:
    """Return sorted payments of schemes and their plan with each scheme's sums moved by one factor.

    All sums are the ledger's already. The mean rank of what a scheme pays, among the ledger's amounts, is
    drawn evenly around the middle, as far from it as makes the ranks of all schemes' payments spread as the
    ledger's own do: sums that are much alike may lie anywhere, those that are spread over the whole ledger
    stay in its middle. Two thirds of the schemes stay on their own side. Every scheme is judged alone, so
    that those that a scenario adds leave the others as they are.
    """
    if not len(orders) or not len(money.amounts):
        return orders, plan
    factor = np.ones(len(plan))
    made, changed = orders, plan
    wanted: Float1D | None = None
    for _ in range(_ROUNDS):
        paid, scheme = _paid(made, changed, population)
        ranks = _mean_ranks(paid, scheme, len(plan), money)
        if wanted is None:
            wanted = _wanted(ranks, _spreads(paid, scheme, ranks, money), plan.id, streams)
        factor *= _factors(paid, scheme, wanted, money)
        made, changed = _scaled(orders, plan, factor, money)
    return made, changed


def expected_sums(orders: Orders, plan: SchemePlan, population: Population) -> Cents1D:
    """Return what each payment moves or tries to where its scheme is alone, 0 where it is not made."""
    rows = _run_alone(orders, plan, population)
    return np.where(rows.status != SKIPPED, rows.amount, 0).astype(np.int64)


def _paid(orders: Orders, plan: SchemePlan, population: Population) -> tuple[Float1D, Int1D]:
    """Return the sums that schemes pay or try to, and their schemes."""
    rows = _run_alone(orders, plan, population)
    kept = rows.status != SKIPPED
    scheme = plan.steps.scheme[orders.plan_row].astype(np.int64)
    return rows.amount[kept].astype(np.float64), scheme[kept]


def _run_alone(orders: Orders, plan: SchemePlan, population: Population) -> Rows:
    """Return the rows of schemes, each with accounts to itself."""
    scheme = plan.steps.scheme[orders.plan_row].astype(np.int64)
    accounts = population.accounts
    total = len(accounts)
    sides = np.concatenate([scheme * total + orders.payer, scheme * total + orders.payee])
    pairs, place = np.unique(sides, return_inverse=True)
    who = pairs % total
    book = Book(accounts.opening[who].copy(), accounts.overdraft[who], accounts.external[who])
    half = len(orders)
    alone = replace(orders, payer=place[:half].astype(np.int32), payee=place[half:].astype(np.int32))
    return run_orders(alone, book, plan, plan.fresh_state())


def _ranks(sums: Float1D, money: StoryMoney) -> Float1D:
    """Return the share of the ledger's payments that are smaller, half of the equal ones with them."""
    low = np.searchsorted(money.amounts, sums, side="left")
    high = np.searchsorted(money.amounts, sums, side="right")
    return np.asarray((low + high) / (2.0 * len(money.amounts)))


def _mean_ranks(paid: Float1D, scheme: Int1D, count: int, money: StoryMoney) -> Float1D:
    """Return the mean rank of each scheme's payments, the middle where it has none: float64[count]."""
    rows = np.bincount(scheme, minlength=count)
    sums = np.bincount(scheme, _ranks(paid, money), minlength=count)
    return np.where(rows > 0, sums / np.maximum(rows, 1), 0.5)


def _spreads(paid: Float1D, scheme: Int1D, ranks: Float1D, money: StoryMoney) -> Float1D:
    """Return the variance of the ranks of each scheme's payments, 0 where it has one: float64[count]."""
    rows = np.bincount(scheme, minlength=len(ranks))
    off = (_ranks(paid, money) - ranks[scheme]) ** 2
    return np.asarray(np.bincount(scheme, off, minlength=len(ranks)) / np.maximum(rows, 1))


def _wanted(ranks: Float1D, spreads: Float1D, names: Int1D, streams: Streams) -> Float1D:
    """Return the mean ranks that schemes shall have: with their own variance that of the ledger's ranks."""
    shift = float(streams.at("learned", "levels").random())
    u = (public_id(names) / 2.0**63 + shift) % 1.0
    width = np.maximum(np.sqrt(3 * np.maximum(1 / 12 - spreads, 0.0)), _LEAST_WIDTH)
    side = np.where(ranks < 0.5, -1.0, 1.0)
    far = np.where(u < _OWN_SIDE, u / _OWN_SIDE, -(u - _OWN_SIDE) / (1 - _OWN_SIDE))
    return np.asarray(0.5 + side * width * far)


def _factors(paid: Float1D, scheme: Int1D, wanted: Float1D, money: StoryMoney) -> Float1D:
    """Return by what each scheme's sums are multiplied to have the wanted mean rank, by halving."""
    low, high = np.full(len(wanted), -_WIDEST), np.full(len(wanted), _WIDEST)
    logs = np.log(np.maximum(paid, 1.0))
    for _ in range(_STEPS):
        middle = (low + high) / 2
        found = _mean_ranks(np.exp(logs + middle[scheme]), scheme, len(wanted), money)
        above = found > wanted
        high, low = np.where(above, middle, high), np.where(above, low, middle)
    found = np.ones(len(wanted))
    found[scheme] = np.exp((low + high) / 2)[scheme]
    return found


def _scaled(
    orders: Orders, plan: SchemePlan, factor: Float1D, money: StoryMoney
) -> tuple[Orders, SchemePlan]:
    """Return orders and plan with all sums times their scheme's factor; limits are never raised."""
    steps = plan.steps
    own = factor[steps.scheme]
    most = np.minimum(own, 1.0)
    of_balance = (steps.mode == OF_AVAILABLE) | (steps.mode == OF_BALANCE)
    high = _limits(steps.high, most)
    low = _limits(steps.low, own)
    changed: Plan = steps._replace(
        share=np.where(of_balance, np.minimum(steps.share * own, 1.0), steps.share),
        high=high, low=np.where(high > 0, np.minimum(low, high), low),
    )  # fmt: skip
    mine = factor[steps.scheme[orders.plan_row]]
    amount = np.where(mine == 1.0, orders.amount, money.at_least(orders.amount * mine))
    spent = _limits(plan.spent_limit, np.minimum(factor, 1.0))
    return replace(orders, amount=amount), replace(plan, steps=changed, spent_limit=spent)


def _limits(limits: Int1D, factor: Array) -> Int1D:
    """Return limits times a factor: 0 stays no limit, and no limit becomes 0."""
    return np.where(limits > 0, np.maximum(np.rint(limits * factor), 1), limits).astype(np.int64)
