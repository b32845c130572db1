"""Who has which part in the schemes of a plan, and what will be found out about each: drawn beforehand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from finsim.agents.observed.keyed_draws import Draws
from finsim.agents.observed_rates import Claims, Observation
from finsim.agents.payment_orders import Orders
from finsim.agents.population.population import Accounts
from finsim.agents.schemes.scheme_plan import SchemePlan
from finsim.agents.vocabulary import MERCHANT
from finsim.notation import Array, Bool1D, Int1D, Nanos1D

NOBODY = -1


@dataclass(frozen=True)
class ClaimPlan:
    """For each pair of scheme and account: does it claim by this way, how long after, how it ends."""

    claims: Bool1D
    delay: Nanos1D
    decided: Nanos1D
    upheld: Bool1D


@dataclass(frozen=True)
class SchemeParts:
    """Pairs of a scheme and an account inside, shape [P], and the pairs of each step of the plan, [R].

    ``payer``, ``payee``: pairs of a step, NOBODY for accounts outside; ``is_party``: which of the two sides
    are inside, no shop and in on it, bool[R, 2] (decoys too); ``is_victim`` bool[R]: the payer is inside and
    may complain.
    ``alerted``, ``waits``, ``decided``, ``reported``, ``cased`` [P]: what monitoring makes of the account.
    """

    scheme: Int1D
    account: Int1D
    is_illicit: Bool1D
    payer: Int1D
    payee: Int1D
    is_party: Array
    is_victim: Bool1D
    card: ClaimPlan
    transfer: ClaimPlan
    alerted: Bool1D
    waits: Nanos1D
    decided: Nanos1D
    reported: Bool1D
    cased: Bool1D


def scheme_parts(
    accounts: Accounts, planned: tuple[Orders, SchemePlan], rates: Observation, draws: Draws
) -> SchemeParts:
    """Return the parts of the planned schemes of a scenario."""
    orders, plan = planned
    size = len(plan.fraud)
    side = np.zeros((2, size), dtype=np.int64)
    side[0, orders.plan_row], side[1, orders.plan_row] = orders.payer, orders.payee
    owner = plan.steps.scheme.astype(np.int64)
    both = np.stack([np.tile(owner, 2), side.ravel()], axis=1)
    known, pair = np.unique(both, axis=0, return_inverse=True)
    pair = pair.reshape(2, size)
    pair[accounts.external[side]] = NOBODY
    scheme, account = (known[:, 0], known[:, 1]) if size else (np.zeros(0, np.int64),) * 2
    illicit = plan.fraud | plan.laundering
    is_victim = plan.fraud & ~plan.unreported
    acts = np.stack([(plan.laundering | plan.fraud) & ~is_victim, illicit]) | plan.decoy[owner]
    acts &= (accounts.kind[side] != MERCHANT) & ~accounts.external[side]
    is_victim = is_victim & ~accounts.external[side[0]]
    keys = (plan.id[scheme], accounts.account_id[account])
    is_decoy = plan.decoy[scheme]
    own = rates.monitoring
    reported = draws.below("monitoring, upheld", np.where(is_decoy, own.false_upheld, own.upheld), *keys)
    return SchemeParts(
        scheme=scheme,
        account=account,
        is_illicit=~is_decoy,
        payer=pair[0],
        payee=pair[1],
        is_party=acts.T,
        is_victim=is_victim,
        card=_claims("card", rates.card, draws, keys),
        transfer=_claims("transfer", rates.transfer, draws, keys),
        alerted=draws.below("monitoring, found", np.where(is_decoy, own.lookalikes, own.found), *keys),
        waits=draws.wait("monitoring, delay", own.delay, own.spread, *keys),
        decided=draws.wait("monitoring, decided", own.decided, own.spread, *keys),
        reported=reported,
        cased=reported | draws.below("monitoring, case", own.case, *keys),
    )


def _claims(way: str, rates: Claims, draws: Draws, keys: tuple[Int1D, Int1D]) -> ClaimPlan:
    return ClaimPlan(
        draws.below(f"{way}, found", rates.found, *keys),
        draws.wait(f"{way}, delay", rates.delay, rates.spread, *keys),
        draws.wait(f"{way}, decided", rates.decided, rates.spread, *keys),
        draws.below(f"{way}, upheld", rates.upheld, *keys),
    )
