"""Accounts and merchants that are paid, or pay, by the calendar alone: landlords, employers, utilities."""

from __future__ import annotations

import numpy as np

from finsim.engine.injection.accounts.transfer_words import RHYTHMS, in_rhythm
from finsim.engine.injection.entity_histories import Histories
from finsim.engine.injection.ledger_sample import LedgerSample
from finsim.notation import NANOS_PER_DAY, Bool1D, Int1D

_MOSTLY = 0.6  # assumption: share of the rows in a rhythm from which on they are all of what somebody does


def standing_payees(sample: LedgerSample, past: Histories) -> tuple[Bool1D, Bool1D]:
    """Return bool[E] accounts without rows of their own, and bool[M] merchants, with rows in a rhythm alone.

    None of them in ledgers that do not tell shops from accounts, or that are too short for a month to return.
    """
    accounts, shops = np.zeros(past.count, np.bool_), np.zeros(past.shops, np.bool_)
    if not (past.external.any() or past.has_names) or len(sample.daily) < 2 * RHYTHMS[2][1]:
        return accounts, shops
    day = (sample.time - sample.begin) // NANOS_PER_DAY
    moves = past.size > 0
    standing = in_rhythm(past, np.zeros(len(day), np.int64), past.turned, day) & moves
    if past.has_names:
        shops = _mostly(past.shop, standing, moves, past.shops)
    return past.external & _mostly(past.other, standing, moves, past.count), shops


def _mostly(key: Int1D, standing: Bool1D, moves: Bool1D, count: int) -> Bool1D:
    there = moves & (key >= 0)
    rows = np.bincount(key[there], minlength=count)
    held = np.bincount(key[there & standing], minlength=count)
    return np.asarray((rows > 0) & (held >= _MOSTLY * rows))
