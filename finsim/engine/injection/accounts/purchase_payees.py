"""Merchants that are paid by purchases: no employers, no billers of direct debits, no cash machines (own)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from finsim.engine.injection.accounts.cash_words import machine_rows, says_cash, words_of_cash
from finsim.engine.injection.accounts.transfer_words import RHYTHMS, in_rhythm, word_columns
from finsim.engine.injection.entity_histories import Histories, cash_rows
from finsim.engine.injection.ledger_columns import LedgerColumns
from finsim.engine.injection.ledger_sample import LedgerSample
from finsim.notation import NANOS_PER_DAY, Bool1D, Int1D

_MOSTLY = 0.6  # assumption: share of rows in a monthly or quarterly rhythm from which on they are bills
_LEAST = 30  # assumption: rows that tell a word
_NOTE = 5  # assumption: units that every sum of a cash machine is a multiple of
_FEW_SUMS = 20  # assumption: a name alone tells a machine where it has at most so many sums
_MACHINE = 0.9  # assumption: share of the rows of a name in words of cash from which on it is a machine
MONTHLY = RHYTHMS[2:]  # who shops each week is no biller


@dataclass(frozen=True)
class Sales:
    """Rows at M merchants: ``shop`` int64[n], ``sold`` bool[n] purchases, ``size`` int64[n] their sums.

    ``monthly`` bool[n]: whether a row of the same account and merchant lies a month or a quarter away.
    """

    shop: Int1D
    sold: Bool1D
    size: Int1D
    monthly: Bool1D
    shops: int


@dataclass(frozen=True)
class Word:
    """A column of words of n rows: ``codes`` int64[n], -1 for none.

    cash, machine, bill bool[n]: rows whose word is cash (of a shop that takes it, too), a machine, a bill.
    """

    codes: Int1D
    cash: Bool1D
    machine: Bool1D
    bill: Bool1D


def purchase_payees(sample: LedgerSample, past: Histories, columns: LedgerColumns, scale: int) -> Bool1D:
    """Return bool[M], the merchants that are paid by purchases; ``scale`` minor units make one unit."""
    sold = past.outgoing & (past.shop >= 0)
    nought = np.zeros(len(sold), dtype=np.int64)
    none = nought > 0
    monthly = none
    if len(sample.daily) >= 2 * RHYTHMS[2][1] and not past.is_log:
        day = (sample.time - sample.begin) // NANOS_PER_DAY
        monthly = in_rhythm(replace(past, size=nought), nought, ~past.outgoing, day, MONTHLY) & sold
    words = []
    for at, codes in word_columns(sample, columns):
        column = sample.cells.column(at)
        lacks = column.is_null().to_numpy()  # no town, no code: that tells nothing
        codes = np.where(lacks, -1, codes)
        words.append(Word(codes, cash_rows(column), machine_rows(column), none))
    return paid_by_purchases(Sales(past.shop, sold, past.size, monthly, past.shops), words, scale)


def paid_by_purchases(sales: Sales, words: Iterable[Word], scale: int) -> Bool1D:
    """Return bool[M], the merchants that are paid by purchases; ``scale`` minor units make one unit.

    A word of rows (a type, a category) is of bills where most of its rows lie a month or a quarter apart,
    of whatever sum, and of cash as ``cash_words`` tells it: by the word, the merchant code, or by its sums.
    """
    shop, sold, monthly, shops = sales.shop, sales.sold, sales.monthly, sales.shops
    rows = np.bincount(shop[sold], minlength=shops)
    bill, cash = np.zeros(len(sold), dtype=np.bool_), np.zeros(len(sold), dtype=np.bool_)
    round_sum = sales.size % (_NOTE * scale) == 0
    for one in words:
        word = one.codes + 1  # 0 is no word, which tells nothing
        size = int(word.max(initial=0)) + 1
        count = np.bincount(word[sold], minlength=size)
        known = (count >= _LEAST) & (np.arange(size) > 0)
        bill |= (known & (np.bincount(word[monthly], minlength=size) >= _MOSTLY * count))[word]
        cash |= (known & words_of_cash(word, sold, sales.size, scale))[word]
        cash |= one.machine | says_cash(one.cash, round_sum, sold, sales.size, scale)
        bill |= one.bill
    if not sold.any():
        return rows > 0
    often = sold & (rows >= _LEAST)[shop]
    cash |= sold & words_of_cash(shop, often, sales.size, scale, _FEW_SUMS)[shop]
    of_bills = np.bincount(shop[sold & (bill | monthly)], minlength=shops)
    of_words = np.bincount(shop[sold & bill], minlength=shops)
    of_cash = np.bincount(shop[sold & cash], minlength=shops)
    biller = (of_bills >= _MOSTLY * rows) | (of_words >= _MACHINE * rows)
    return np.asarray((rows > 0) & ~biller & (of_cash < _MACHINE * rows))
