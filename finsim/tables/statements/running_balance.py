"""Which column of a ledger is a running balance: that of the row before and the amount of the row.

Found by its arithmetic, never by its name: in some lawful order of the rows (by a time, rows of one time as
they stand or the other way round) nearly all differences of the column are the amounts. Source: own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from finsim.notation import Array, Bool1D, Float1D, Int1D

HOLDS = 0.95
"""Share of pairs of rows that follow from which on a column is a running balance (assumption: files lack some
rows, and rows of one day may stand in any order)."""
LEAST_PAIRS = 20
BETTER = 0.005
"""Share of pairs that a column of words must tell more of, to give the signs (assumption)."""
MOST_ROWS, MOST_WORDS = 200_000, 64
HALF_A_CENT = 0.005
SIGNS = (1, -1, 0)


@dataclass(frozen=True)
class Statement:
    """The rows of a ledger: n rows in the order of the file.

    account int64[n] ; times, name -> int64[n] : what rows may be in order of ; amount float64[n] as it
    stands ; words, name -> int64[n] codes from 0 (0: missing) : what may say whether money goes out or in.
    """

    account: Int1D
    times: Mapping[str, Int1D]
    amount: Float1D
    words: Mapping[str, Int1D]

    def take(self, rows: Array) -> Statement:
        """Return some rows."""
        return Statement(
            self.account[rows], {name: one[rows] for name, one in self.times.items()}, self.amount[rows],
            {name: one[rows] for name, one in self.words.items()},
        )  # fmt: skip


@dataclass(frozen=True)
class RunningBalance:
    """How a balance runs: after rows in order of ``time``, those of one time backwards where ``back``.

    before : the balance is that before its row. word : the column whose codes tell the sign of the amount
    (empty: none), ``signs`` 1, -1 or 0 by code; of no column one. holds : share of pairs that follow.
    """

    time: str
    back: bool
    before: bool
    word: str
    signs: tuple[int, ...]
    holds: float

    def moves(self, amount: Float1D, words: Mapping[str, Int1D]) -> Float1D:
        """Return what each row moves float64[n]: its amount with its sign, 0 where it lacks."""
        if not self.word:
            return np.nan_to_num(amount) * self.signs[0]
        signs = np.asarray(self.signs, dtype=np.float64)
        code = words[self.word]
        known = code < len(signs)
        return np.nan_to_num(amount) * np.where(known, signs[np.where(known, code, 0)], 0.0)

    def order(self, account: Int1D, times: Mapping[str, Int1D]) -> Int1D:
        """Return the rows int64[n] by account in the order in which the balance runs."""
        return in_order(account, times[self.time], self.back)


def in_order(account: Int1D, time: Int1D, back: bool) -> Int1D:
    """Return rows by account and time, those of one time as they stand or ``back``wards."""
    place = np.arange(len(time))
    return np.asarray(np.lexsort((-place if back else place, time, account)))


def running_balance(
    rows: Statement, balance: Float1D, tolerance: float = HALF_A_CENT
) -> RunningBalance | None:
    """Return how a column float64[n] (NaN: empty) runs on; None where it does not follow from the rows."""
    found = best_running(rows, balance, tolerance)
    return found if found is not None and found.holds >= HOLDS else None


def best_running(rows: Statement, balance: Float1D, tolerance: float = HALF_A_CENT) -> RunningBalance | None:
    """Return the way that most pairs of rows follow, however few; None where too few move at all."""
    some = _some_accounts(rows.account)
    if some is not None:
        rows, balance = rows.take(some), balance[some]
    best: RunningBalance | None = None
    for time, one in rows.times.items():
        for back in (False, True):
            order = in_order(rows.account, one, back)
            for before in (False, True):
                for found in _ways(rows, balance, order, (time, back, before), tolerance):
                    if best is None or found.holds > best.holds + (
                        BETTER if found.word != best.word else 0.0
                    ):
                        best = found
    return best


def _some_accounts(account: Int1D) -> Int1D | None:
    """Return the rows of whole accounts that are enough to tell; None where all are."""
    if len(account) <= MOST_ROWS:
        return None
    names, code = np.unique(account, return_inverse=True)
    stride = int(np.ceil(len(account) / MOST_ROWS))
    kept = np.flatnonzero(code.reshape(-1) % stride == 0)
    return kept if len(names) >= stride else np.arange(MOST_ROWS)


def _ways(
    rows: Statement, balance: Float1D, order: Int1D, how: tuple[str, bool, bool], tolerance: float
) -> Iterator[RunningBalance]:
    """Yield how the balance runs in one order, by no column of words and by each."""
    time, back, before = how
    account, level, amount = rows.account[order], balance[order], np.nan_to_num(rows.amount[order])
    filled = ~np.isnan(level)
    same = (account[1:] == account[:-1]) & filled[1:] & filled[:-1]
    at = np.flatnonzero(same) + (0 if before else 1)  # the row whose amount lies between the two balances
    gap = np.diff(level)[same]
    fits = np.stack([np.abs(gap - sign * amount[at]) <= tolerance for sign in SIGNS]) & (amount[at] != 0)
    for word, codes in {"": np.zeros(len(amount), np.int64), **rows.words}.items():
        own = codes[order] if word else codes
        size = int(own.max(initial=0)) + 1
        if size > MOST_WORDS:
            continue
        votes = np.stack([np.bincount(own[at], one, size) for one in fits])
        signs = np.asarray(SIGNS)[votes.argmax(axis=0)]
        if not (signs != 0).any():
            continue
        follows = follow(level, amount * signs[own], account, before, tolerance)
        moved, held = int((follows >= 0).sum()), int((follows > 0).sum())
        if moved >= LEAST_PAIRS:
            yield RunningBalance(time, back, before, word, tuple(signs.tolist()), held / moved)


def follow(level: Float1D, move: Float1D, account: Int1D, before: bool, tolerance: float) -> Int1D:
    """Return int64[m] of the filled balances but the first of each account: 1 where it follows, else 0.

    -1 where nothing moved since the one before. Rows by account in order ; empty balances are passed over,
    what their rows move counts.
    """
    filled = np.flatnonzero(~np.isnan(level))
    left, right = filled[:-1], filled[1:]
    same = account[left] == account[right]
    left, right = left[same], right[same]
    whole = np.concatenate([[0.0], np.cumsum(move)])
    shift = 0 if before else 1
    between = whole[right + shift] - whole[left + shift]
    many = np.concatenate([[0], np.cumsum(np.abs(move) > tolerance)])
    still = many[right + shift] == many[left + shift]
    # Sums of many rows of a large file are off by less than the tolerance times one in a million.
    held = np.abs(level[right] - level[left] - between) <= tolerance + 1e-9 * np.abs(level[right])
    return np.where(still & held, -1, held.astype(np.int64))


def broken(rows: Statement, balance: Float1D, how: RunningBalance, tolerance: float = HALF_A_CENT) -> Bool1D:
    """Return bool[n], rows whose balance does not follow from the one before, in the order of the file."""
    order = how.order(rows.account, rows.times)
    level, account = balance[order], rows.account[order]
    move = how.moves(rows.amount, rows.words)[order]
    filled = np.flatnonzero(~np.isnan(level))
    later = filled[1:][account[filled[1:]] == account[filled[:-1]]]
    found = np.zeros(len(balance), dtype=np.bool_)
    found[order[later]] = follow(level, move, account, how.before, tolerance) == 0
    return found
