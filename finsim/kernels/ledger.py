"""The double-entry ledger: orders in time order -> posted and declined rows, to the cent.

An ordinary order has a fixed amount. A scheme order (``row >= 0``) may depend on what the ledger has
seen: conditions decide whether it happens at all, and its amount may be a share of a balance, of the
money the scheme has passed to the payer (its pot), or of an earlier payment.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from finsim.kernels.kernel import kernel
from finsim.notation import Array

SKIPPED, POSTED, DECLINED = 0, 1, 2
RETURNED = -2
"""Row of an order that comes back unpaid whatever is on the account: the payer's bank refuses it."""
FIXED, OF_BALANCE, OF_AVAILABLE, OF_POT, OF_PREVIOUS, OF_ATTEMPT = range(6)
HALF, TENTH = -1, -2
PRICE = -2  # codes below it: so many cents under a whole hundred
RUNNING, BY_DECLINES, BY_ABANDON, BY_SUCCESS = range(4)


class Moves(NamedTuple):
    """Orders in time order, shape [N]: account positions, cents, row of the plan, -1 or RETURNED."""

    payer: Array
    payee: Array
    amount: Array
    row: Array


class Book(NamedTuple):
    """Accounts, shape [A]: balance (changed in place), overdraft limit, and who is never declined."""

    balance: Array
    overdraft: Array
    external: Array


class Plan(NamedTuple):
    """What a scheme order depends on, shape [R]; -1 stands for no slot.

    ``scheme``: instance. ``mode``, ``share``: amount mode and factor. ``low``, ``high``: below
    ``low`` the order is skipped, or raised to it when it is a share of a balance; above ``high`` (0: no
    limit) it is cut. ``step``: amounts are cut to whole steps of so many cents; below 0 they are written as
    people write them (``written``). ``attempt``: slot of this payment and its retries; ``retry``: only after
    a decline. ``tally``: slot that counts posted payments of the phase; ``until``: skip once the tally is
    that high (0: never). ``gate``, ``gate_count``: tally slot and how many postings it must show.
    ``abandon``: stop the scheme if declined. ``pot_from``, ``pot_to``: pots of payer and payee.
    """

    scheme: Array
    mode: Array
    share: Array
    low: Array
    high: Array
    step: Array
    attempt: Array
    retry: Array
    tally: Array
    until: Array
    gate: Array
    gate_count: Array
    abandon: Array
    pot_from: Array
    pot_to: Array


class State(NamedTuple):
    """What the ledger remembers of the schemes, changed in place.

    Per scheme: ``stopped``, ``declines``, ``spent``, and the limits ``max_declines``, ``spent_limit`` (0:
    none). Per attempt slot: ``outcome``, ``tried`` (cents). Per tally slot: ``posted``, ``last`` (cents).
    Per pot: ``pot`` (cents).
    """

    stopped: Array
    declines: Array
    spent: Array
    max_declines: Array
    spent_limit: Array
    outcome: Array
    tried: Array
    posted: Array
    last: Array
    pot: Array


class Blocks(NamedTuple):
    """Accounts that their bank blocks: from then on every payment of and to them is declined.

    ``ts`` int64[N] instants of the orders; ``until`` int64[A] when each account is blocked (changed in
    place); ``pays``, ``paid`` int64[R]: how long after a posted payment of the plan its payer, and its payee,
    is blocked, NEVER for not at all. Nobody is blocked where ``until`` is empty.
    """

    ts: Array
    until: Array
    pays: Array
    paid: Array


NEVER = 2**62
_NONE = np.zeros(0, dtype=np.int64)
NO_BLOCKS = Blocks(_NONE, _NONE, _NONE, _NONE)


class Rows(NamedTuple):
    """Result per order, shape [N]: status, cents, and both balances after it."""

    status: Array
    amount: Array
    payer_after: Array
    payee_after: Array


@kernel
def _wanted(k: int, plan: Plan, state: State) -> bool:
    """Tell whether the conditions of plan row ``k`` hold."""
    if state.stopped[plan.scheme[k]] != RUNNING:
        return False
    if plan.gate[k] >= 0 and state.posted[plan.gate[k]] < plan.gate_count[k]:
        return False
    if plan.until[k] > 0 and state.posted[plan.tally[k]] >= plan.until[k]:
        return False
    return not (plan.retry[k] and state.outcome[plan.attempt[k]] != DECLINED)


@kernel
def written(amount: int, code: int, low: int, high: int) -> int:
    """Return an amount as people write it, by the code of a plan's ``step``; as it is beyond the limits.

    HALF and TENTH cut to half and to a tenth of the leading digit's unit, at least to whole hundreds;
    PRICE - 1 - c is c cents under the next whole hundred.
    """
    if code >= PRICE:
        size = 1
        while size * 10 <= amount:
            size *= 10
        coarse = max(size // 2 if code == HALF else size // 10, 100)
        found = amount - amount % coarse
    else:
        found = -(-amount // 100) * 100 - (PRICE - 1 - code)
        if high > 0 and found > high:
            found -= 100
    return found if found > 0 and found >= low else amount


@kernel
def _sum(k: int, fixed: int, payer: int, book: Book, plan: Plan, state: State) -> Any:
    """Return the cents that plan row ``k`` wants to pay; 0 below the scheme's minimum amount."""
    mode, base = plan.mode[k], fixed
    if mode == OF_BALANCE:
        base = book.balance[payer]
    elif mode == OF_AVAILABLE:
        base = book.balance[payer] + book.overdraft[payer]
    elif mode == OF_POT:
        base = state.pot[plan.pot_from[k]]
    elif mode == OF_PREVIOUS:
        base = state.last[plan.tally[k]]
    elif mode == OF_ATTEMPT:
        base = state.tried[plan.attempt[k]]
    amount = base if mode == FIXED else int(np.floor(plan.share[k] * max(base, 0)))
    if plan.high[k] > 0 and amount > plan.high[k]:
        amount = plan.high[k]
    if plan.step[k] < 0:
        amount = written(amount, plan.step[k], plan.low[k], plan.high[k])
    elif plan.step[k] > 1 and amount >= plan.step[k]:
        amount -= amount % plan.step[k]
    if amount >= plan.low[k]:
        return amount
    # Nobody outside knows a balance: too small a share is tried as the smallest sum. A pot is known.
    return plan.low[k] if mode in (OF_BALANCE, OF_AVAILABLE) else 0


@kernel
def _remember(k: int, amount: int, posted: bool, plan: Plan, state: State) -> None:
    """Note the outcome of plan row ``k`` and stop the scheme where its story says so."""
    scheme, attempt, tally = plan.scheme[k], plan.attempt[k], plan.tally[k]
    state.tried[attempt] = amount
    if not posted:
        state.outcome[attempt] = DECLINED
        state.declines[scheme] += 1
        if plan.abandon[k]:
            state.stopped[scheme] = BY_ABANDON
        elif 0 < state.max_declines[scheme] <= state.declines[scheme]:
            state.stopped[scheme] = BY_DECLINES
        return
    state.outcome[attempt] = POSTED
    state.posted[tally] += 1
    state.last[tally] = amount
    state.spent[scheme] += amount
    if plan.pot_from[k] >= 0:
        state.pot[plan.pot_from[k]] = max(state.pot[plan.pot_from[k]] - amount, 0)
    if plan.pot_to[k] >= 0:
        state.pot[plan.pot_to[k]] += amount
    if 0 < state.spent_limit[scheme] <= state.spent[scheme]:
        state.stopped[scheme] = BY_SUCCESS


@kernel
def post_moves(moves: Moves, book: Book, plan: Plan, state: State, rows: Rows, blocks: Blocks) -> None:
    """Run orders through the book, one after the other; fills ``rows``, changes ``book`` and ``state``.

    A payment is declined when the payer is not external and balance - amount < -overdraft, when its
    row is RETURNED, and when an account of it is blocked.
    """
    may_block = len(blocks.until) > 0
    for i in range(len(moves.amount)):
        payer, payee, k = moves.payer[i], moves.payee[i], moves.row[i]
        amount = moves.amount[i]
        if k >= 0:
            amount = _sum(k, amount, payer, book, plan, state) if _wanted(k, plan, state) else 0
            if amount <= 0:
                rows.status[i] = SKIPPED
                continue
        posted = book.external[payer] or book.balance[payer] - amount >= -book.overdraft[payer]
        posted = posted and k != RETURNED
        if may_block and posted:
            posted = blocks.ts[i] < blocks.until[payer] and blocks.ts[i] < blocks.until[payee]
        if posted:
            book.balance[payer] -= amount
            book.balance[payee] += amount
        if may_block and posted and k >= 0:
            if blocks.pays[k] < NEVER:
                blocks.until[payer] = min(blocks.until[payer], blocks.ts[i] + blocks.pays[k])
            if blocks.paid[k] < NEVER:
                blocks.until[payee] = min(blocks.until[payee], blocks.ts[i] + blocks.paid[k])
        if k >= 0:
            _remember(k, amount, posted, plan, state)
        rows.status[i] = POSTED if posted else DECLINED
        rows.amount[i] = amount
        rows.payer_after[i] = book.balance[payer]
        rows.payee_after[i] = book.balance[payee]
