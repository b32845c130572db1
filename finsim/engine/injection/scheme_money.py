"""Amounts of a scheme in the ledger's own money: its relations kept, its level and spread the ledger's.

A narrative's fixed sums are moved by one power law per scheme, x -> exp(q) (x / m)^b with m the middle of
the scheme's amounts and q drawn from what the payer and the ledger pay; b is 1 unless the scheme spreads
wider than the ledger does. Growth keeps its direction, and what is passed on is still a share of what came
in, because the ledger of the scheme is run again on the moved sums (own).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from finsim.agents.ledger_posting import run_orders
from finsim.agents.payment_orders import Orders
from finsim.agents.schemes.scheme_plan import SchemePlan
from finsim.engine.injection.entity_histories import Histories
from finsim.engine.injection.ledger_population import LedgerPopulation
from finsim.errors import DataError
from finsim.kernels.ledger import FIXED, OF_POT, OF_PREVIOUS, POSTED, Book
from finsim.notation import Array, Cents1D, Float1D, Int1D

_FIT = 0.85  # assumption: most of the ledger's own spread that one scheme may fill
_NEAR = 0.03  # how far an amount may move to one that the ledger knows
_TOP, _MOST = 0.999, 0.95  # so many of its amounts stay below what nearly all of the ledger's do
_GRAINS = (10_000, 5_000, 1_000, 500, 100, 50, 10, 5)
_LEAST = 0.05


@dataclass(frozen=True)
class Money:
    """What the ledger pays: sorted amounts, logs of them by account position, their middle and spread."""

    amounts: Int1D
    own_start: Int1D
    own: Float1D
    middle: float
    spread: float
    top: float
    grain: int

    def drawn(self, account: int, rng: np.random.Generator) -> float:
        """Return the log of one amount that an account paid, of the ledger where it paid none."""
        low, high = self.own_start[account], self.own_start[account + 1]
        if high > low:
            return float(self.own[rng.integers(low, high)])
        return float(np.log(self.amounts[rng.integers(len(self.amounts))]))

    def near(self, amounts: Float1D, below: Array, rng: np.random.Generator) -> Cents1D:
        """Return amounts as the ledger writes them: one of its own nearby, else of its usual roundness.

        Where ``below``, none is above what was asked.
        """
        room = np.where(below, 0.0, _NEAR)
        low = np.searchsorted(self.amounts, amounts * (1 - _NEAR), side="left")
        high = np.searchsorted(self.amounts, amounts * (1 + room), side="right")
        pick = low + (rng.random(len(amounts)) * (high - low)).astype(np.int64)
        known = self.amounts[np.minimum(pick, len(self.amounts) - 1)]
        plain = np.maximum(amounts // self.grain * self.grain, min(self.grain, 1)).astype(np.int64)
        return np.maximum(np.where(high > low, known, plain), 1).astype(np.int64)


def ledger_money(past: Histories, world: LedgerPopulation) -> Money:
    """Return what the ledger pays. Raises DataError where nothing is paid."""
    paid = np.flatnonzero(past.outgoing)
    if not len(paid):
        raise DataError("no row pays anything out", place="the amounts", expected="amounts above 0")
    amounts = np.sort(past.size[paid])
    logs = np.log(amounts)
    order = paid[np.argsort(past.payer[paid], kind="stable")]
    edges = np.searchsorted(past.payer[order], np.arange(past.count + 1))
    sizes = [edges[one + 1] - edges[one] if one >= 0 else 0 for one in world.entity.tolist()]
    parts = [order[edges[one] : edges[one + 1]] for one in world.entity.tolist() if one >= 0]
    own = np.log(past.size[np.concatenate(parts)]) if parts else np.zeros(0)
    shares = [float((amounts % grain == 0).mean()) for grain in _GRAINS]
    grain = next((one for one, share in zip(_GRAINS, shares, strict=True) if share > 0.95), 1)
    return Money(
        amounts, np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64), own, float(np.median(logs)),
        max(float(logs.std()), _LEAST), float(np.quantile(amounts, _TOP)), grain,
    )  # fmt: skip


def posted_scheme(
    orders: Orders, plan: SchemePlan, world: LedgerPopulation, money: Money, rng: np.random.Generator
) -> tuple[Orders, Cents1D]:
    """Return the payments of one scheme that come off, and what each moves in the ledger's money."""
    accounts = world.population.accounts
    book = Book(accounts.opening.copy(), accounts.overdraft, accounts.external)
    first = run_orders(orders, book, plan, plan.fresh_state())
    kept = orders.take(np.flatnonzero(first.status == POSTED))
    amounts = first.amount[first.status == POSTED]
    if not len(amounts):
        return kept, amounts
    logs = np.log(np.maximum(amounts, 1))
    spread = float(logs.std())
    power = min(1.0, _FIT * money.spread / max(spread, 1e-9))
    level = money.drawn(int(kept.payer[0]), rng)
    rest = np.sqrt(max(_LEAST, 1.0 - (power * spread / money.spread) ** 2))
    moved = money.middle + rest * (level - money.middle) + power * (logs - np.median(logs))
    target = float(np.median(moved))
    found = _rerun(kept, plan, np.exp(moved), power, (world, money), rng)
    # What is passed on in other portions shifts the middle, and may leave what the ledger ever pays.
    shift = target - float(np.median(np.log(np.maximum(found, 1))))
    shift -= max(0.0, float(np.log(max(np.quantile(found, _MOST), 1) / money.top)) + shift)
    found = _rerun(kept, plan, np.exp(moved + shift), power, (world, money), rng)
    return kept.take(found > 0), found[found > 0]


def _rerun(
    kept: Orders, plan: SchemePlan, sums: Float1D, power: float, ledger: tuple[LedgerPopulation, Money],
    rng: np.random.Generator,
) -> Cents1D:  # fmt: skip
    """Return the amounts when the moved sums are paid: nothing is declined, pots and growth follow."""
    world, money = ledger
    size = len(plan.steps.mode)
    follows = np.isin(plan.steps.mode, (OF_POT, OF_PREVIOUS))
    steps = plan.steps._replace(
        mode=np.where(follows, plan.steps.mode, FIXED).astype(np.uint8),
        share=np.where(plan.steps.mode == OF_PREVIOUS, plan.steps.share**power, plan.steps.share),
        low=np.ones(size, dtype=np.int64), high=np.zeros(size, dtype=np.int64),
        step=np.ones(size, dtype=np.int64), retry=np.zeros(size, dtype=np.bool_),
        until=np.zeros(size, dtype=np.int64), gate=np.full(size, -1, dtype=np.int64),
    )  # fmt: skip
    total = len(world.entity)
    book = Book(
        np.zeros(total, dtype=np.int64), np.zeros(total, dtype=np.int64), np.ones(total, dtype=np.bool_)
    )
    again = replace(plan, steps=steps)
    own = follows[kept.plan_row]
    fixed = money.near(sums, np.zeros(len(kept), dtype=np.bool_), rng)
    rows = run_orders(replace(kept, amount=fixed), book, again, again.fresh_state())
    found = np.where(rows.status == POSTED, rows.amount, 0)
    near = money.near(np.maximum(found, 1).astype(np.float64), np.ones(len(kept), dtype=np.bool_), rng)
    return np.where(own & (found > 0), near, found)
