"""Words of transfers: what a scheme's payment between accounts may say, and what it must not (own).

The word of a standing payment is of one payee and one sum once a month, and that of a purchase is said to
sellers alone: a mule that pays a stranger 207.61 for electricity is found by its word.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa

from finsim.engine.injection.accounts.account_sorts import SELLS, SORTS, AccountSorts
from finsim.engine.injection.accounts.row_groups import Group
from finsim.engine.injection.entity_histories import Histories
from finsim.engine.injection.ledger_columns import ACCOUNTS, SINGLE, LedgerColumns
from finsim.engine.injection.ledger_sample import LedgerSample
from finsim.notation import NANOS_PER_DAY, Bool1D, Int1D
from finsim.tables.cells.stored import is_text

_MOSTLY = 0.6  # assumption: share of a word's rows in a rhythm from which on it is of standing payments
_BOTH = 0.8  # assumption: share of a word's rows with a second side from which on it is of transfers
_TO_SHOPS = 0.9  # assumption: share of a word's rows to or from sellers from which on it is theirs
_LEAST = 30  # assumption: rows that tell a word, and rows of transfers that may lend theirs
_MOST_WORDS = 64  # assumption: more are names or remarks
_REMARKS = 0.5  # assumption: different texts a row, from which on they are references
RHYTHMS = ((7, 7), (14, 14), (26, 35), (84, 96))  # days between two rows of a pair and a sum
_NEAREST, _ALIKE = 3, 25
NONE = -1


@dataclass(frozen=True)
class TransferWords:
    """``columns`` places of words, ``lends`` bool[n] the rows whose words transfers may have.

    ``paid``, ``got`` are those rows that pay out and in by entity, ``all_paid``, ``all_got`` all of them.
    """

    columns: tuple[int, ...]
    lends: Bool1D
    paid: Group
    got: Group
    all_paid: Group
    all_got: Group

    def relation(self, past: Histories) -> Int1D:
        """Return int64[n]: 0 of rows of transfers that pay out, 1 of receipts, -1 of all other rows."""
        return np.where(self.lends, (~past.outgoing).astype(np.int64), NONE)

    def instead(
        self, rows: tuple[int, ...], entity: int, amount: int, rng: np.random.Generator, *, into: bool = False
    ) -> int:
        """Return a row whose words stand instead of those of ``rows``; -1 where these may stand.

        The entity's own nearest in amount, else anybody's; ``into``: of receipts.
        """
        if all(row < 0 or self.lends[row] for row in rows):
            return NONE
        own, every = (self.got, self.all_got) if into else (self.paid, self.all_paid)
        found = own.near(entity, amount, _NEAREST, rng) if entity >= 0 else NONE
        return found if found >= 0 else every.near(0, amount, _ALIKE, rng)


def transfer_words(
    sample: LedgerSample, past: Histories, columns: LedgerColumns, sorts: AccountSorts
) -> TransferWords | None:
    """Return the words of transfers; None where no word is of standing payments or of transfers alone.

    Where accounts that sell are told, what they are paid lends nothing. In statements of accounts words
    that stand on both sides, as transfers between accounts do, are those of transfers.
    """
    if past.is_log or len(sample.daily) < 2 * RHYTHMS[2][1]:
        return None
    moves = past.size > 0
    into = moves & ~past.outgoing & ~past.refund
    day = (sample.time - sample.begin) // NANOS_PER_DAY
    lends, found = moves & (past.shop < 0), []
    both = np.zeros(len(lends), dtype=np.bool_)
    told = sorts.relation >= 0
    sale = told & ((sorts.relation % SORTS == SELLS) | (sorts.relation // SORTS == SELLS)) & sorts.is_mixed
    nobody = moves & (past.other < 0) & (past.shop < 0)
    names_all = columns.layout != ACCOUNTS or not nobody.any()
    for at, word in word_columns(sample, columns):
        rhythm = in_rhythm(past, word, into, day) & moves
        rows = np.bincount(word[moves], minlength=int(word.max()) + 1)
        standing = (np.bincount(word[rhythm], minlength=len(rows)) >= _MOSTLY * rows) & (rows >= _LEAST)
        mirrored = np.zeros(len(rows), dtype=np.bool_)
        if columns.layout == SINGLE:
            twice = _on_both_sides(past, sample.time, word, into) & moves
            hits = np.bincount(word[twice], minlength=len(rows))
            mirrored = (hits >= _BOTH * rows) & (rows >= _LEAST) & ~standing
        sold = (np.bincount(word[moves & sale], minlength=len(rows)) >= _TO_SHOPS * rows) & (rows > 0)
        if not names_all:  # cash, charges and interest are no transfers
            sold |= (np.bincount(word[nobody], minlength=len(rows)) >= _TO_SHOPS * rows) & (rows > 0)
        if standing.any() or mirrored.any() or sold.any():
            found.append(at)
            lends &= ~(standing | sold)[word]
            both |= mirrored[word]
    lends &= ~sale
    lends &= both | ~np.bool_((both & lends).sum() >= _LEAST)
    paid, got = lends & past.outgoing, lends & into
    if not found or paid.sum() < _LEAST or (into.any() and got.sum() < _LEAST):
        return None
    nought = np.zeros(len(lends), dtype=np.int64)
    rows_paid, rows_got = np.flatnonzero(paid), np.flatnonzero(got)
    return TransferWords(
        (*found, *_remarks(sample, columns)), lends,
        Group.of(rows_paid, past.payer, past.size, past.count),
        Group.of(rows_got, past.payer, past.size, past.count),
        Group.of(rows_paid, nought, past.size, 1), Group.of(rows_got, nought, past.size, 1),
    )  # fmt: skip


def _remarks(sample: LedgerSample, columns: LedgerColumns) -> list[int]:
    """Return the places of columns of texts, which go with the word of their row; references are none."""
    found = []
    for at, column in _texts(sample, columns):
        many, there = len(column.unique()), len(column) - column.null_count
        if _MOST_WORDS < many <= _REMARKS * there:
            found.append(at)
    return found


def word_columns(sample: LedgerSample, columns: LedgerColumns) -> list[tuple[int, Int1D]]:
    """Return the places and codes int64[n] of columns of few words that play no part but the category's."""
    found = []
    for at, column in _texts(sample, columns):
        codes, words = pd.factorize(pd.Series(column.to_pandas().to_numpy(dtype=object)))
        if 2 <= len(words) <= _MOST_WORDS:
            found.append((at, np.where(codes < 0, len(words), codes).astype(np.int64)))
    return found


def _texts(sample: LedgerSample, columns: LedgerColumns) -> Iterator[tuple[int, pa.ChunkedArray]]:
    """Yield the places and cells of columns of text that play no part but the category's."""
    taken = {part.at for role, part in columns.parts.items() if role != "category"}
    for at, column in enumerate(sample.cells.columns):
        kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
        if at not in taken and is_text(kind):
            yield at, column


def in_rhythm(
    past: Histories, word: Int1D, into: Bool1D, day: Int1D, rhythms: tuple[tuple[int, int], ...] = RHYTHMS
) -> Bool1D:
    """Return bool[n], rows with another of the same pair, word and sum a week, month or quarter away."""
    return near_in_rhythm(
        (past.own, past.other, past.shop, word, into.astype(np.int64), past.size), day, rhythms
    )


def near_in_rhythm(
    keys: tuple[Int1D, ...], day: Int1D, rhythms: tuple[tuple[int, int], ...] = RHYTHMS
) -> Bool1D:
    """Return bool[n], rows with another of the same ``keys`` a number of days away that a rhythm has."""
    order = np.lexsort((day, *keys))
    same = np.ones(max(len(order) - 1, 0), dtype=np.bool_)
    for key in keys:
        same &= key[order][1:] == key[order][:-1]
    gap = np.diff(day[order])
    near = np.zeros(len(gap), dtype=np.bool_)
    for low, high in rhythms:
        near |= (gap >= low) & (gap <= high)
    found = np.zeros(len(order), dtype=np.bool_)
    found[order[1:][same & near]] = True
    found[order[:-1][same & near]] = True
    return found


def _on_both_sides(past: Histories, time: Int1D, word: Int1D, into: Bool1D) -> Bool1D:
    """Return bool[n], rows of a time, word and sum at which as many rows pay out as are paid in."""
    keys = np.stack([time, word, past.size])
    place = np.unique(keys, axis=1, return_inverse=True)[1].reshape(-1)
    size = int(place.max(initial=-1)) + 1
    given, got = (np.bincount(place[one], minlength=size) for one in (past.outgoing, into))
    return np.asarray(((given == got) & (given > 0))[place])
