"""Accounts that banks block for what they find out, so that later payments are declined."""

from __future__ import annotations

import numpy as np

from finsim.agents.observed.found_rows import IS_CARD
from finsim.agents.observed.keyed_draws import Draws
from finsim.agents.observed.scheme_parts import SchemeParts
from finsim.agents.payment_orders import Orders
from finsim.agents.population.population import Accounts
from finsim.agents.schemes.scheme_plan import SchemePlan
from finsim.kernels.ledger import NEVER, NO_BLOCKS, Blocks
from finsim.notation import Array, Int1D


def account_blocks(
    accounts: Accounts,
    planned: tuple[Orders, SchemePlan],
    parts: SchemeParts,
    share: float,
    draws: Draws,
) -> Blocks:
    """Return which payments of the plan lead to a block of whom, and how long after; of no orders yet.

    A bank blocks an account on the day of its report, and one that stolen money was sent to once the victim
    recalls the payment: ``share`` of the accounts of each scheme, decoys included. Nobody for a share of 0.
    """
    if share == 0.0:
        return NO_BLOCKS
    orders, plan = planned
    keys = (plan.id[parts.scheme], accounts.account_id[parts.account])
    acts = draws.below("blocking", share, *keys)
    by_report = np.where(
        acts & parts.alerted & parts.reported, np.maximum(parts.waits + parts.decided, 1), NEVER
    )
    claimed = parts.transfer.claims & parts.transfer.upheld
    by_claim = np.where(claimed, np.maximum(parts.transfer.delay, 1), NEVER)
    step = orders.plan_row
    seen = np.zeros(len(plan.fraud), dtype=np.bool_)
    seen[step] = ~IS_CARD[orders.channel]
    pays = _of_party(by_report, parts.payer, parts.is_party[:, 0] & seen)
    paid = _of_party(by_report, parts.payee, parts.is_party[:, 1] & seen)
    recalled = np.flatnonzero(parts.is_victim & parts.is_party[:, 1] & seen)
    recalled = recalled[acts[parts.payee[recalled]]]
    paid[recalled] = np.minimum(paid[recalled], by_claim[parts.payer[recalled]])
    until = np.full(len(accounts), NEVER, dtype=np.int64)
    return Blocks(np.zeros(0, dtype=np.int64), until, pays, paid)


def _of_party(wait: Int1D, pair: Array, is_party: Array) -> Int1D:
    """Return how long after each step its side is blocked: int64[R]."""
    found = np.full(len(pair), NEVER, dtype=np.int64)
    found[is_party] = wait[pair[is_party]]
    return found
