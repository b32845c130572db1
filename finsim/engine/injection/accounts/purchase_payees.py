"""Merchants that are paid by purchases: no employers, no billers of direct debits, no cash machines (own)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from finsim.engine.injection.accounts.cash_words import machine_rows, says_cash, words_of_cash
from finsim.engine.injection.accounts.transfer_words import RHYTHMS, in_rhythm, word_columns
from finsim.engine.injection.entity_histories import Histories
from finsim.engine.injection.ledger_columns import LedgerColumns
from finsim.engine.injection.ledger_sample import LedgerSample
from finsim.notation import NANOS_PER_DAY, Bool1D

_MOSTLY = 0.6  # assumption: share of rows in a monthly or quarterly rhythm from which on they are bills
_LEAST = 30  # assumption: rows that tell a word
_NOTE = 5  # assumption: units that every sum of a cash machine is a multiple of
_FEW_SUMS = 20  # assumption: a name alone tells a machine where it has at most so many sums
_MACHINE = 0.9  # assumption: share of the rows of a name in words of cash from which on it is a machine
_MONTHLY = RHYTHMS[2:]  # who shops each week is no biller


def purchase_payees(sample: LedgerSample, past: Histories, columns: LedgerColumns, scale: int) -> Bool1D:
    """Return bool[M], the merchants that are paid by purchases; ``scale`` minor units make one unit.

    A word of rows (a type, a category) is of bills where most of its rows lie a month or a quarter apart,
    of whatever sum, and of cash as ``cash_words`` tells it: by the word, the merchant code, or by its sums.
    """
    sold = past.outgoing & (past.shop >= 0)
    rows = np.bincount(past.shop[sold], minlength=past.shops)
    bill, cash = np.zeros(len(sold), dtype=np.bool_), np.zeros(len(sold), dtype=np.bool_)
    round_sum = past.size % (_NOTE * scale) == 0
    nought = np.zeros(len(sold), dtype=np.int64)
    monthly = nought > 0
    if len(sample.daily) >= 2 * RHYTHMS[2][1] and not past.is_log:
        day = (sample.time - sample.begin) // NANOS_PER_DAY
        monthly = in_rhythm(replace(past, size=nought), nought, ~past.outgoing, day, _MONTHLY) & sold
    for at, word in word_columns(sample, columns):
        size = int(word.max()) + 1
        count = np.bincount(word[sold], minlength=size)
        known = count >= _LEAST
        bill |= (known & (np.bincount(word[monthly], minlength=size) >= _MOSTLY * count))[word]
        cash |= (known & words_of_cash(word, sold, past.size, scale))[word]
        column = sample.cells.column(at)
        cash |= machine_rows(column) | says_cash(column, round_sum, sold, past.size, scale)
    if not sold.any():
        return rows > 0
    often = sold & (rows >= _LEAST)[past.shop]
    cash |= sold & words_of_cash(past.shop, often, past.size, scale, _FEW_SUMS)[past.shop]
    of_bills = np.bincount(past.shop[sold & (bill | monthly)], minlength=past.shops)
    of_words = np.bincount(past.shop[sold & bill], minlength=past.shops)
    of_cash = np.bincount(past.shop[sold & cash], minlength=past.shops)
    biller = (of_bills >= _MOSTLY * rows) | (of_words >= _MACHINE * rows)
    return np.asarray((rows > 0) & ~biller & (of_cash < _MACHINE * rows))
