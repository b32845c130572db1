"""Words of rows at cash machines: said by the word, by the merchant code, or by sums that are notes (own).

Notes are paid out in multiples of five; a machine of another bank may add a fee of one sum, a share, or the
larger of both.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import numpy as np
import pandas as pd
import pyarrow as pa

from finsim.notation import Array, Bool1D, Int1D

_NOTE = 5  # assumption: units that every sum of a cash machine is a multiple of
_ROUND, _OTHERS_ROUND = 0.995, 0.5  # shares of such sums: of cash, and at most of all other words
_PLAIN, _TENS = (
    0.05,
    0.8,
)  # assumption: of cash with fees, sums without one at least, or else of tens of units
_SUMS = 3  # distinct ones of cash at least: a fee is of one sum
_MOST_FEE = 4  # assumption: units; a fee of more is nearly a note
_PRICE_ENDS = 90  # hundredths from which on what is left of notes is the ending of a price
_SHARES = np.arange(1, 11) / 200  # assumption: fees of half a percent to five
_CODES = ("6010", "6011")
"""Merchant codes of cash at a counter and at a machine (ISO 18245)."""
_CODE = re.compile(r"\d{4}")
_MACHINE = frozenset(
    [
        "atm", "atm withdrawal", "cash withdrawal", "cash machine", "cashpoint",
        "retrait", "retrait dab", "retrait gab", "retrait espèces",
        "geldautomat", "geldautomaten", "bargeldauszahlung", "barabhebung",
        "bancomat", "prelievo", "prelievo bancomat", "cajero", "cajero automático", "retirada efectivo",
        "geldautomaat", "geldopname", "levantamento", "bankomat",
    ]
)  # fmt: skip
"""Words of a type or category that say a cash machine, folded."""


def machine_rows(column: pa.ChunkedArray) -> Bool1D:
    """Return in which rows a column of words or merchant codes says a cash machine: bool[n]."""
    plain = column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column
    codes, words = pd.factorize(pd.Series(plain.to_pandas().to_numpy(dtype=object)))
    return np.asarray(np.append(machine_words(words), False)[codes])


def machine_words(words: Iterable[object]) -> Bool1D:
    """Return which words of a column say a cash machine, or are its code among merchant codes: bool[K]."""
    folded = [str(word).strip().casefold() for word in words]
    of_merchants = len(folded) > 1 and all(_CODE.fullmatch(word) for word in folded)
    told = [word in _MACHINE or (of_merchants and word in _CODES) for word in folded]
    return np.array(told, dtype=np.bool_)


def words_of_cash(
    word: Int1D, sold: Bool1D, sums: Int1D, scale: int, most: int = 2**31
) -> Bool1D:  # fmt: skip
    """Return bool per word: its sums are notes, several, with a fee or without; those of other words are not.

    ``word`` int64[n] codes; ``scale`` minor units make one unit; a word of more than ``most`` sums is not.
    """
    size = int(word.max()) + 1
    note = _NOTE * scale
    count = np.bincount(word[sold], minlength=size)
    even = np.bincount(word[sold & (sums % note == 0)], minlength=size)
    pairs = np.unique(np.stack([word[sold], sums[sold]]), axis=1)
    distinct = np.bincount(pairs[0], minlength=size)
    several = (distinct >= _SUMS) & (distinct <= most)
    others = (even.sum() - even) < _OTHERS_ROUND * np.maximum(count.sum() - count, 1)
    plain = even >= _ROUND * count
    for one in np.flatnonzero(several & others & ~plain & (count > 0)).tolist():
        plain[one] = is_of_notes(sums[sold & (word == one)], scale)
    return np.asarray(plain & several & others)


def is_of_notes(sums: Int1D, scale: int) -> bool:
    """Tell whether sums are notes with at most one fee of one sum and one of a share, or without."""
    note = _NOTE * scale
    fee = sums % note
    ending = (fee * 100 // scale) % 100
    able = (fee > 0) & (fee <= _MOST_FEE * scale) & (ending < _PRICE_ENDS)
    fees, often = np.unique(fee[able], return_counts=True)
    plain = sums % note == 0
    best = plain.copy()
    for fixed in [0, *fees[np.argsort(-often, kind="stable")[:_SUMS]].tolist()]:
        one = plain | ((fee == fixed) & able)
        for share in [0.0, *_SHARES.tolist()]:
            here = one | _with_share(sums, share, note) if share else one
            best = here if here.sum() > best.sum() else best
    if best.mean() < _ROUND:
        return False
    tens = ((sums - fee) % (2 * note) == 0).mean()
    return bool(plain.mean() >= _PLAIN or tens >= _TENS)


def _with_share(sums: Int1D, share: float, note: int) -> Array:
    """Return which sums are notes and a share of them: bool[n]."""
    notes = np.rint(sums / (1.0 + share) / note) * note
    return np.asarray((np.abs(notes * (1.0 + share) - sums) <= 0.5 + 1e-6) & (notes > 0))


def says_cash(rows: Bool1D, of_notes: Bool1D, sold: Bool1D, sums: Int1D, scale: int) -> Bool1D:
    """Return which ``rows`` whose word is cash are of a machine: all where their sums are notes, else those.

    A shop may write the word too, where it is paid with cash.
    """
    mine = sums[rows & sold]
    if len(np.unique(mine)) >= _SUMS and is_of_notes(mine, scale):
        return rows
    return np.asarray(rows & of_notes)
