"""Which real rows lend an added row its days behind: of the same words, weekday, hour and day (own).

What the lag depends on is learned: of the weekday, the hour, the direction and columns of few words those are
taken, one by one, that tell most of it (information gain; Miller and Madow 1955 for the bias of few rows).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from finsim.notation import Array, Float1D, Int1D

_MOST_KEYS = 4
_LEAST_GAIN, _OF_ALL = 0.002, 0.01  # assumption: nats, and of all, below which a key tells nothing
_TRIED = 50_000  # rows among which keys are looked for


@dataclass(frozen=True)
class Donors:
    """Real rows by what they share with an added row, the closest first.

    ``levels``: of each level the key of every real row, sorted, and the rows in that order; ``asked`` the
    keys int64[m] of the added rows.
    """

    levels: tuple[tuple[Int1D, Int1D], ...]
    asked: tuple[Int1D, ...]

    def of(self, row: int, u: float, after: int = 0) -> int:
        """Return a real row for an added one, ``u`` in [0, 1) draws it; ``after``: so many rows further."""
        for (keys, rows), asked in zip(self.levels, self.asked, strict=True):
            low, high = np.searchsorted(keys, [asked[row], asked[row] + 1])
            if high > low:
                return int(rows[low + (int(u * (high - low)) + after) % (high - low)])
        return -1


def donors(
    real: Mapping[str, Int1D], added: Mapping[str, Int1D], lags: Int1D, day: tuple[Int1D, Int1D]
) -> Donors:
    """Return the donors for added rows.

    ``real`` and ``added``: codes of what a lag may depend on, int64[n] and int64[m]; ``lags`` int64[n] codes
    of the days behind; ``day``: that of the real and of the added rows. Rows of the same day come first: what
    is a holiday for them is one for the added row.
    """
    keys = telling(real, lags)
    week = [*keys, *(["weekday"] if "weekday" not in keys else [])]
    plain = [one for one in keys if one != "weekday"]
    levels, asked = [], []
    for names, with_day in (
        (plain, True), (week, False), *((keys[:k], False) for k in range(len(keys), -1, -1))
    ):  # fmt: skip
        sides = [
            [*(side[name] for name in names), *([when] if with_day else [])]
            for side, when in zip((real, added), day, strict=True)
        ]
        one, other = _joint(sides[0], sides[1], (len(lags), len(day[1])))
        order = np.argsort(one, kind="stable")
        levels.append((one[order], order))
        asked.append(other)
    return Donors(tuple(levels), tuple(asked))


def telling(codes: Mapping[str, Int1D], lags: Int1D) -> list[str]:
    """Return the names of codes int64[n] that tell of ``lags`` int64[n], the most telling first."""
    step = max(1, len(lags) // _TRIED)
    some, left = lags[::step], {name: one[::step] for name, one in codes.items()}
    found: list[str] = []
    known: Int1D = np.zeros(len(some), dtype=np.int64)
    rest = whole = _entropy_given(known, some)
    while left and len(found) < _MOST_KEYS:
        joined = {name: _joint([known, one], [], (len(some), 0))[0] for name, one in left.items()}
        after = {name: _entropy_given(one, some) for name, one in joined.items()}
        best = min(after, key=lambda name: after[name])
        if rest - after[best] < max(_LEAST_GAIN, _OF_ALL * whole):
            break
        known, rest = joined[best], after[best]
        found.append(best)
        del left[best]
    return found


def _joint(first: Sequence[Array], second: Sequence[Array], sizes: tuple[int, int]) -> tuple[Int1D, Int1D]:
    """Return one code for the columns of two sides, the same for the same cells."""
    both: Int1D = np.zeros(sum(sizes), dtype=np.int64)
    for at, column in enumerate(first):
        values = np.concatenate([column, second[at]]) if second else column
        codes = np.unique(values, return_inverse=True)[1].reshape(-1)
        both = np.unique(both * (int(codes.max(initial=0)) + 1) + codes, return_inverse=True)[1].reshape(-1)
    return both[: sizes[0]], both[sizes[0] :]


def _entropy_given(key: Int1D, values: Int1D) -> float:
    """Return the entropy of ``values`` given a key, in nats."""
    return _entropy(_joint([key, values], [], (len(key), 0))[0]) - _entropy(key)


def _entropy(codes: Int1D) -> float:
    share: Float1D = np.bincount(codes)[np.unique(codes)] / max(len(codes), 1)
    return float(-(share * np.log(share)).sum()) + (len(share) - 1) / (2 * max(len(codes), 1))
