"""Merchants that are paid by purchases: no employers, no billers of direct debits, no cash machines (own)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from finsim.engine.injection.accounts.transfer_words import RHYTHMS, in_rhythm, word_columns
from finsim.engine.injection.entity_histories import Histories, cash_rows
from finsim.engine.injection.ledger_columns import LedgerColumns
from finsim.engine.injection.ledger_sample import LedgerSample
from finsim.notation import NANOS_PER_DAY, Bool1D, Int1D

_MOSTLY = 0.6  # assumption: share of rows in a monthly or quarterly rhythm from which on they are bills
_LEAST = 30  # assumption: rows that tell a word
_NOTE = 5  # assumption: units that every sum of a cash machine is a multiple of
_ROUND, _OTHERS_ROUND = 0.995, 0.5  # shares of such sums: of cash, and at most of all other words
_SUMS = 3  # distinct ones of cash at least: a fee is of one sum
_MACHINE = 0.9  # assumption: share of the rows of a name in words of cash from which on it is a machine
_MONTHLY = RHYTHMS[2:]  # who shops each week is no biller


def purchase_payees(sample: LedgerSample, past: Histories, columns: LedgerColumns, scale: int) -> Bool1D:
    """Return bool[M], the merchants that are paid by purchases; ``scale`` minor units make one unit.

    A word of rows (a type, a category) is of bills where most of its rows lie a month or a quarter apart,
    of whatever sum, and of cash where all its sums are round and those of other words are not.
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
        cash |= (known & _of_cash(word, sold, round_sum, past.size))[word]
        cash |= cash_rows(sample.cells.column(at)) & round_sum
    of_bills = np.bincount(past.shop[sold & (bill | monthly)], minlength=past.shops)
    of_words = np.bincount(past.shop[sold & bill], minlength=past.shops)
    of_cash = np.bincount(past.shop[sold & cash], minlength=past.shops)
    biller = (of_bills >= _MOSTLY * rows) | (of_words >= _MACHINE * rows)
    return np.asarray((rows > 0) & ~biller & (of_cash < _MACHINE * rows))


def _of_cash(word: Int1D, sold: Bool1D, round_sum: Bool1D, sums: Int1D) -> Bool1D:
    """Return bool per word: all its sums are round, several, and those of other words are not."""
    size = int(word.max()) + 1
    count = np.bincount(word[sold], minlength=size)
    even = np.bincount(word[sold & round_sum], minlength=size)
    pairs = np.unique(np.stack([word[sold], sums[sold]]), axis=1)
    several = np.bincount(pairs[0], minlength=size) >= _SUMS
    others = (even.sum() - even) < _OTHERS_ROUND * np.maximum(count.sum() - count, 1)
    return np.asarray((even >= _ROUND * count) & several & others)
