"""Checks of kernel arguments: numbers are finite and no index points outside its array.

A compiled kernel checks nothing itself. Each function here looks over the arguments of one kernel once
per call and returns what is wrong in words, or an empty text; the caller raises.
"""

from __future__ import annotations

import numpy as np

from finsim.kernels.ledger import OF_ATTEMPT, OF_POT, OF_PREVIOUS, RETURNED, Book, Moves, Plan, State
from finsim.notation import Array, Int1D

BUCKET_COLUMNS = ("factor", "shift", "largest alpha", "least beta", "largest beta", "Frye-Jacobs", "index")
LOAN_COLUMNS = ("alpha", "beta", "exposure", "LGD")


def bad_draws(factors: Array, starts: Int1D, bucket: Array, loan: Array, losses: Array, hits: Int1D) -> str:
    """Return what is wrong with the arguments of ``defaults.draw_losses``, or ``""``."""
    if factors.ndim != 2 or bucket.ndim != 2 or loan.ndim != 2:
        return "factors, buckets and loans must have two dimensions"
    if bucket.shape[1] != len(BUCKET_COLUMNS) or loan.shape[1] != len(LOAN_COLUMNS):
        return f"{bucket.shape[1]} bucket columns and {loan.shape[1]} loan columns"
    if len(losses) != len(factors):
        return f"{len(losses)} losses for {len(factors)} draws"
    if len(hits) not in (0, len(loan)):
        return f"{len(hits)} counters for {len(loan)} loans"
    if len(starts) != len(bucket) + 1:
        return f"{len(starts)} bucket edges for {len(bucket)} buckets"
    if starts[0] != 0 or starts[-1] != len(loan) or np.any(np.diff(starts) < 0):
        return f"bucket edges from {starts[0]} to {starts[-1]} do not cut {len(loan)} loans"
    for names, values in ((BUCKET_COLUMNS, bucket), (LOAN_COLUMNS, loan)):
        for column, name in enumerate(names):
            wrong = np.flatnonzero(~np.isfinite(values[:, column]))
            if len(wrong):
                return f"{name} of row {wrong[0]} is {values[wrong[0], column]}"
    if not np.isfinite(factors).all():
        return "a systematic factor is not finite"
    column_of = bucket[:, 0]
    if np.any((column_of < 0) | (column_of >= factors.shape[1]) | (column_of != np.floor(column_of))):
        return f"a bucket names a factor column outside 0 to {factors.shape[1] - 1}"
    negative = np.flatnonzero((loan[:, 1] < 0) | (loan[:, 2] < 0))
    return f"beta or exposure of row {negative[0]} is negative" if len(negative) else ""


def bad_moves(moves: Moves, book: Book, plan: Plan, state: State) -> str:
    """Return what is wrong with the arguments of ``ledger.post_moves``, or ``""``."""
    accounts, rows = len(book.balance), len(plan.scheme)
    if len({len(column) for column in moves}) > 1:
        return f"order columns of different lengths: {[len(column) for column in moves]}"
    if len({len(column) for column in book}) > 1:
        return f"account columns of different lengths: {[len(column) for column in book]}"
    if len({len(column) for column in plan}) > 1:
        return f"plan columns of different lengths: {[len(column) for column in plan]}"
    found = _outside("payer", moves.payer, accounts) or _outside("payee", moves.payee, accounts)
    found = found or _outside("plan row", moves.row, rows, least=RETURNED)
    if not found and np.any(moves.amount < 0):
        found = f"the amount of order {np.flatnonzero(moves.amount < 0)[0]} is negative"
    return found or _bad_plan(plan, state)


def _bad_plan(plan: Plan, state: State) -> str:
    by_pot, by_tally, by_try = (plan.mode == mode for mode in (OF_POT, OF_PREVIOUS, OF_ATTEMPT))
    schemes = {len(state.stopped), len(state.declines), len(state.spent)}
    schemes |= {len(state.max_declines), len(state.spent_limit)}
    if len(schemes) > 1 or len(state.outcome) != len(state.tried) or len(state.posted) != len(state.last):
        return "state columns of different lengths"
    if not np.isfinite(plan.share).all():
        return "a share of the plan is not finite"
    return (
        _outside("scheme", plan.scheme, len(state.stopped))
        or _outside("attempt slot", plan.attempt, len(state.outcome))
        or _outside("tally slot", plan.tally, len(state.posted))
        or _outside("gate slot", plan.gate, len(state.posted), least=-1)
        or _outside("paying pot", plan.pot_from, len(state.pot), least=-1)
        or _outside("paid pot", plan.pot_to, len(state.pot), least=-1)
        or _outside("pot of a share", plan.pot_from[by_pot], len(state.pot))
        or _outside("tally of an earlier payment", plan.tally[by_tally], len(state.last))
        or _outside("attempt of a retry", plan.attempt[by_try], len(state.tried))
    )


def _outside(name: str, index: Array, size: int, least: int = 0) -> str:
    wrong = np.flatnonzero((index < least) | (index >= size))
    return f"{name} {index[wrong[0]]} at row {wrong[0]} is outside 0 to {size - 1}" if len(wrong) else ""
