"""Merchants that are paid by purchases: no employers, no billers of direct debits, no cash machines (own)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

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
_FEW = 12  # assumption: sums that a cash machine pays, nearly always
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
    """A column of words of n rows: ``codes`` int64[n], -1 for none; ``cash``, ``bill``: rows it calls so."""

    codes: Int1D
    cash: Bool1D
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
    words = [
        Word(codes, cash_rows(sample.cells.column(at)), none) for at, codes in word_columns(sample, columns)
    ]
    return paid_by_purchases(Sales(past.shop, sold, past.size, monthly, past.shops), words, scale)


def paid_by_purchases(sales: Sales, words: Iterable[Word], scale: int) -> Bool1D:
    """Return bool[M], the merchants that are paid by purchases; ``scale`` minor units make one unit.

    A word of rows (a type, a category) is of bills where most of its rows lie a month or a quarter apart,
    of whatever sum, and of cash where all its sums are round and those of other words are not.
    """
    shop, sold, monthly, shops = sales.shop, sales.sold, sales.monthly, sales.shops
    rows = np.bincount(shop[sold], minlength=shops)
    bill, cash = np.zeros(len(sold), dtype=np.bool_), np.zeros(len(sold), dtype=np.bool_)
    round_sum = sales.size % (_NOTE * scale) == 0
    few = _of_few_sums(sales)  # with the fee of a foreign machine no sum is round
    for one in words:
        word = one.codes + 1  # 0 is no word, which tells nothing
        size = int(word.max(initial=0)) + 1
        count = np.bincount(word[sold], minlength=size)
        known = (count >= _LEAST) & (np.arange(size) > 0)
        bill |= (known & (np.bincount(word[monthly], minlength=size) >= _MOSTLY * count))[word]
        cash |= (known & _of_cash(word, sold, round_sum, sales.size))[word]
        cash |= one.cash & (round_sum | few)
        bill |= one.bill
    of_bills = np.bincount(shop[sold & (bill | monthly)], minlength=shops)
    of_words = np.bincount(shop[sold & bill], minlength=shops)
    of_cash = np.bincount(shop[sold & cash], minlength=shops)
    biller = (of_bills >= _MOSTLY * rows) | (of_words >= _MACHINE * rows)
    return np.asarray((rows > 0) & ~biller & (of_cash < _MACHINE * rows))


def _of_few_sums(sales: Sales) -> Bool1D:
    """Return bool[n], rows of merchants nearly all of whose sums are a few: notes, with or without a fee."""
    rows = sales.sold
    pairs, count = np.unique(np.stack([sales.shop[rows], sales.size[rows]]), axis=1, return_counts=True)
    order = np.lexsort((-count, pairs[0]))
    shop = pairs[0][order]
    place = np.arange(len(shop)) - np.searchsorted(shop, shop, side="left")
    often = np.bincount(shop, count[order] * (place < _FEW), minlength=sales.shops)
    total = np.bincount(sales.shop[rows], minlength=sales.shops)
    found = (total >= _LEAST) & (often >= _MACHINE * total)
    return np.asarray(np.append(found, False)[sales.shop])


def _of_cash(word: Int1D, sold: Bool1D, round_sum: Bool1D, sums: Int1D) -> Bool1D:
    """Return bool per word: all its sums are round, several, and those of other words are not."""
    size = int(word.max()) + 1
    count = np.bincount(word[sold], minlength=size)
    even = np.bincount(word[sold & round_sum], minlength=size)
    pairs = np.unique(np.stack([word[sold], sums[sold]]), axis=1)
    several = np.bincount(pairs[0], minlength=size) >= _SUMS
    others = (even.sum() - even) < _OTHERS_ROUND * np.maximum(count.sum() - count, 1)
    return np.asarray((even >= _ROUND * count) & several & others)
