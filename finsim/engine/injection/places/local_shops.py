"""Merchants that stand in a town, and the town where an account pays at a time, from the rows (own)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa

from finsim.engine.injection.entity_histories import Histories
from finsim.engine.injection.ledger_columns import LedgerColumns
from finsim.engine.injection.ledger_sample import LedgerSample
from finsim.notation import NANOS_PER_DAY, Bool1D, Float1D, Int1D
from finsim.tables.cells.stored import is_text

NOWHERE = -1
_NEAR_NS = 3 * NANOS_PER_DAY  # assumption: payments so near each other tell where their account is
_STEPS = 4  # rows of the account looked at before and after each
_SETTLED = 0.95  # share of a merchant's rows in its usual word from which on the merchant tells the word
_SHARES = (0.3, 0.5, 0.5)  # assumption: of its neighbours in its town, by round, that make a merchant local
_PRIOR = 4.0  # neighbours of no town that a merchant of few rows is given
_BEYOND, _LEAST_ROWS = 0.4, 0.25  # of the way from chance to 1; share of purchases at local merchants
_LEAST_LIVED, _LIVED = 5, 0.05  # assumption: accounts, and share of them, at the second commonest home
_FINER = 0.9  # of the clearest column as much makes one of more words the better one


@dataclass(frozen=True)
class Purchases:
    """Purchases in the order of their accounts and times: account, merchant and time (ns), each int64[n]."""

    account: Int1D
    shop: Int1D
    time: Int1D

    def neighbours(self, word: Int1D, counts: Bool1D) -> tuple[Int1D, Int1D]:
        """Return how many near purchases at other merchants each has, and how many in its word: int64[n].

        Those that ``counts`` bool[n] alone are neighbours.
        """
        near, same = np.zeros(len(word), dtype=np.int64), np.zeros(len(word), dtype=np.int64)
        for step in range(1, _STEPS + 1):
            a, b = slice(None, -step), slice(step, None)
            beside = self.account[a] == self.account[b]
            beside &= (self.shop[a] != self.shop[b]) & (self.time[b] - self.time[a] <= _NEAR_NS)
            alike = word[a] == word[b]
            for here, there in ((a, b), (b, a)):
                near[here] += beside & counts[there]
                same[here] += beside & counts[there] & alike
        return near, same


@dataclass(frozen=True)
class LocalShops:
    """``place`` int64[M] of each merchant, -1 for one of no town (online); ``rows`` int64[M] of each.

    Purchases at those of a town in the order of accounts and times: account, ``time`` ns and ``town``, each
    int64[n], those of account e in ``edges[e]:edges[e + 1]``; ``home`` int64[E], -1 for none.
    """

    place: Int1D
    rows: Int1D
    edges: Int1D
    time: Int1D
    town: Int1D
    home: Int1D

    def of(self, account: int, time: int) -> int:
        """Return the town of an account at a time: of its purchase near it, else its home; -1 for none."""
        low, high = int(self.edges[account]), int(self.edges[account + 1])
        at = low + int(np.searchsorted(self.time[low:high], time))
        near = [(abs(int(self.time[k]) - time), k) for k in (at - 1, at) if low <= k < high]
        if near and min(near)[0] <= _NEAR_NS:
            return int(self.town[min(near)[1]])
        return int(self.home[account])


def local_shops(sample: LedgerSample, past: Histories, columns: LedgerColumns) -> LocalShops | None:
    """Return where merchants and accounts of a ledger are, None where no column of words is a town.

    One is where merchants tell the word and accounts pay in one word for days, far beyond chance.
    """
    rows = np.flatnonzero(past.outgoing & (past.shop >= 0) & (past.payer >= 0))
    if past.is_log or not len(rows):
        return None
    rows = rows[np.lexsort((sample.time[rows], past.payer[rows]))]
    paid = Purchases(past.payer[rows], past.shop[rows], sample.time[rows])
    return places_of(paid, _words(sample, columns, rows), past.shops, past.count)


def _words(sample: LedgerSample, columns: LedgerColumns, rows: Int1D) -> list[Int1D]:
    """Return the codes int64[n] of columns of words or whole numbers that play no part, -1 for no word."""
    taken = {part.at for part in columns.parts.values()}
    found = []
    for at, column in enumerate(sample.cells.columns):
        kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
        if at in taken or not (is_text(kind) or pa.types.is_integer(kind)):
            continue
        cells = pd.Series(column.to_pandas().to_numpy(dtype=object)[rows])
        codes = pd.factorize(cells.where(cells.astype(str) != "", None))[0].astype(np.int64)
        if codes.max(initial=-1) >= 1:
            found.append(codes)
    return found


def places_of(paid: Purchases, columns: Sequence[Int1D], shops: int, accounts: int) -> LocalShops | None:
    """Return the places of the column that tells them best.

    ``columns`` : codes int64[n] of purchases, -1 for none.
    """
    best: tuple[float, LocalShops | None] = 0.0, None
    for word in sorted(columns, key=lambda one: -len(np.unique(one))):
        clear, found = _told(paid, word, shops, accounts)
        if found is not None and clear * _FINER > best[0]:
            best = clear, found
    return best[1]


def _told(paid: Purchases, word: Int1D, shops: int, accounts: int) -> tuple[float, LocalShops | None]:
    """Return how far beyond chance near purchases are in one word, and the places; None for no column."""
    told = word >= 0
    paid, word = Purchases(paid.account[told], paid.shop[told], paid.time[told]), word[told]
    usual = _usual(paid.shop, word, shops)
    if (usual[paid.shop] == word).mean() < _SETTLED:
        return 0.0, None
    size = np.bincount(paid.shop, minlength=shops)
    local = np.ones(shops, dtype=np.bool_)
    near = same = np.zeros(len(word), dtype=np.int64)
    for share in _SHARES:
        near, same = paid.neighbours(word, local[paid.shop])
        beside, alike = (np.bincount(paid.shop, one, minlength=shops) for one in (near, same))
        local = (alike > 0) & (alike >= share * (beside + _PRIOR * (size < _PRIOR)))
    inside = local[paid.shop]
    if inside.mean() < _LEAST_ROWS:
        return 0.0, None
    near, same = paid.neighbours(word, inside)
    met = int(near[inside].sum())
    share = np.bincount(word[inside]) / inside.sum()
    chance = float((share**2).sum())
    clear = (int(same[inside].sum()) / max(met, 1) - chance) / max(1.0 - chance, 1e-9)
    if clear < _BEYOND:
        return 0.0, None
    account, time, town = paid.account[inside], paid.time[inside], word[inside]
    home = _usual(account, town, accounts)
    lived = np.sort(np.bincount(home[home >= 0]))[::-1]
    if len(lived) < 2 or lived[1] < max(_LEAST_LIVED, _LIVED * lived.sum()):
        return 0.0, None
    return clear, LocalShops(
        np.where(local, usual, NOWHERE), size, np.searchsorted(account, np.arange(accounts + 1)),
        time, town, home,
    )  # fmt: skip


def _usual(key: Int1D, word: Int1D, count: int) -> Int1D:
    """Return the word that each key has in most rows, -1 for a key without any: int64[count]."""
    found = np.full(count, NOWHERE)
    pairs, many = np.unique(np.stack([key, word]), axis=1, return_counts=True)
    order = np.argsort(many, kind="stable")
    found[pairs[0][order]] = pairs[1][order]
    return found


def weights(shops: LocalShops, able: Int1D) -> Float1D:
    """Return how often merchants are paid, at least once each: float64[k]."""
    return np.maximum(shops.rows[able], 1).astype(np.float64)
