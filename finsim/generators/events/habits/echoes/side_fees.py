"""By what the two sides of a transfer differ: a fee of one sum, a share of the sum, or what rounding leaves.

Differences are learned from rows of the same two parties at one time whose sums are not equal: one law after
the other, each that which explains most of what is left beyond chance (own).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from finsim.notation import Array, Bool1D, Float1D, Int1D

LEAST, OF_THEM = 10, 0.02
"""Rows that tell a difference at least, and of all whose sums are not equal (assumptions)."""
CHANCE = 0.25
"""Chance matches per match above which a difference is none (assumption)."""
MOST = 8
"""Differences of a ledger at most: more are sums that meet by chance (assumption)."""
_SHARES = np.arange(1, 201) / 2_000  # assumption: fees up to a tenth, in steps of a twentieth of a percent
_STEPS = (100, 50, 10, 5)  # hundredths of a unit, or of ten, to which a side may be rounded
_TRIED = 5_000  # rows among which shares are looked for
_FINEST = 6


@dataclass(frozen=True)
class Difference:
    """The second sum is ``share`` of the first less ``less``, at whole ``step`` s where that is not 0.

    Less half a step it is rounded down. ``back``: the first is the second at whole steps instead;
    ``by_payee``: who is paid bears it. All in units of the sums, whose smallest step is ``grain``.
    """

    share: float = 1.0
    less: float = 0.0
    step: float = 0.0
    back: bool = False
    by_payee: bool = False
    grain: float = 0.0

    @property
    def is_none(self) -> bool:
        """Whether both sides are equal."""
        return self.share == 1.0 and self.less == 0.0 and self.step == 0.0

    def keys(self, sums: Float1D, is_first: Bool1D) -> Float1D:
        """Return sums float64[n] that are equal where a first and a second side differ by this."""
        if self.is_none:
            return sums
        moved = is_first != self.back
        return np.where(moved, self.second_of(sums), at_grain(sums, self.grain))

    def second_of(self, sums: Float1D) -> Float1D:
        """Return the second sums of first ones (the first of second ones where ``back``), at the grain."""
        found = sums * self.share - self.less
        return at_grain(found, self.step if self.step else self.grain)

    def sides(self, moved: float) -> tuple[float, float]:
        """Return what the first and the second side say of a sum that is sent."""
        if self.is_none:
            return moved, moved
        one = np.array([moved])
        if self.by_payee:
            return moved, max(float(self.second_of(one)[0]), self.grain)
        if self.back:
            return max(float(self.second_of(one)[0]), self.grain), moved
        return max(float(at_grain((one + self.less) / self.share, self.grain)[0]), self.grain), moved

    def text(self, scale: int) -> str:
        """Return the difference in words; sums in units of 1 / ``scale``."""
        if self.is_none:
            return "are equal"
        who = "the payee" if self.by_payee else "the payer"
        if self.step:
            return f"differ by rounding to {self.step / scale:g}"
        if self.share != 1.0:
            share = 1.0 - self.share if self.by_payee else 1.0 / self.share - 1.0
            return f"differ by {share:.2%} borne by {who}"
        return f"differ by {abs(self.less) / scale:.2f} borne by {who}"


EQUAL = Difference()


def at_grain(sums: Float1D, grain: float) -> Float1D:
    """Return sums at whole grains, halves away from 0."""
    whole = np.floor(sums / grain + 0.5 + 1e-7) * grain
    return np.asarray(np.round(whole, _FINEST), dtype=np.float64)


def grain_of(sums: Float1D) -> float:
    """Return the decimal step of which all sums are multiples, at least a millionth."""
    known = sums[np.isfinite(sums)]
    for places in range(_FINEST):
        if (np.abs(np.round(known, places) - known) < 1e-7 * np.maximum(np.abs(known), 1.0)).all():
            return float(10.0**-places)
    return 10.0**-_FINEST


def differences(first: Float1D, second: Float1D, chance: tuple[Float1D, Float1D, int]) -> list[Difference]:
    """Return by what pairs of unequal sums float64[m] differ, the most frequent first; few, or none.

    ``chance``: first and second sums of what meets at so many other times.
    """
    grain = grain_of(np.concatenate([first, second]))
    found: list[Difference] = []
    least = max(LEAST, OF_THEM * len(first))
    while len(found) < MOST and len(first) >= least:
        best, most, fits = EQUAL, 0.0, np.zeros(len(first), np.bool_)
        for one in _candidates(first, second, grain):
            here = _fits(one, first, second)
            hits = float(here.sum())
            if hits <= max(most, least - 1):
                continue
            met = float(_fits(one, *chance[:2]).sum()) / max(chance[2], 1)
            if met <= CHANCE * hits and hits - met > most:
                best, most, fits = one, hits - met, here
        if best.is_none:
            break
        found.append(_borne(best, first[fits], second[fits]))
        first, second = first[~fits], second[~fits]
    return found


def _candidates(first: Float1D, second: Float1D, grain: float) -> Iterator[Difference]:
    """Yield what pairs may differ by: the most frequent sums, shares that fit some rows, steps."""
    off = np.rint((first - second) / grain).astype(np.int64)
    sums, count = np.unique(off[off != 0], return_counts=True)
    for one in sums[np.argsort(-count, kind="stable")[:MOST]].tolist():
        yield Difference(less=one * grain, grain=grain)
    some = slice(None, None, max(1, len(first) // _TRIED))
    kept = [
        (int(_fits(one, first[some], second[some]).sum()), k, one)
        for k, one in enumerate(_shares(grain))
    ]  # fmt: skip
    for _, _, one in sorted(kept, key=lambda hit: (-hit[0], hit[1]))[:MOST]:
        yield one
    for step in _STEPS:
        whole = step * grain
        for less in (0.0, whole / 2, grain - whole / 2):  # to the nearest, down, up
            for back in (False, True):
                yield Difference(less=less, step=whole, back=back, by_payee=not back, grain=grain)


def _shares(grain: float) -> Iterator[Difference]:
    for s in _SHARES.tolist():
        yield Difference(share=1.0 / (1.0 + s), grain=grain)
        yield Difference(share=1.0 - s, by_payee=True, grain=grain)


def _fits(law: Difference, first: Float1D, second: Float1D) -> Bool1D:
    """Return which pairs differ by a law: bool[m]."""
    ones = np.ones(len(first), dtype=np.bool_)
    same = np.abs(law.keys(first, ones) - law.keys(second, ~ones)) < law.grain / 2
    return np.asarray(same & (np.abs(first - second) > law.grain / 2))


def _borne(law: Difference, first: Float1D, second: Float1D) -> Difference:
    """Return a difference of one sum borne by the side whose sums are less round, else by who pays."""
    if law.less == 0.0 or law.step:
        return law
    round_first, round_second = (_roundness(one, law.grain) for one in (first, second))
    by_payee = round_first > round_second
    return Difference(less=law.less, by_payee=by_payee, grain=law.grain)


def _roundness(sums: Float1D, grain: float) -> float:
    whole = np.rint(sums / grain).astype(np.int64)
    return float(np.mean([(whole % step == 0).mean() for step in (1_000, 500, *_STEPS)]))


def nearest_opposite(
    keys: tuple[Int1D, Int1D, Int1D], rows: tuple[Int1D, Int1D], shift: int, reach: int
) -> tuple[Array, Array]:
    """Return first and second rows of the same two parties, the second the next within ``reach`` ns.

    ``keys``: payer, payee and time int64[n] of all rows; ``rows`` the first and the second ones that are
    left. ``shift`` ns are added to the first times.
    """
    payer, payee, time = keys
    one, two = rows
    if not len(one) or not len(two):
        return one[:0], two[:0]
    wide = int(max(payer.max(), payee.max())) + 1
    pair = payer * wide + payee
    both, late = np.concatenate([one, two]), np.arange(len(one) + len(two)) >= len(one)
    order = np.lexsort((late, time[both] + np.where(late, 0, shift), pair[both]))
    sorted_rows, is_two = both[order], late[order]
    place = np.where(is_two, np.arange(len(order)), len(order))
    following = np.minimum.accumulate(place[::-1])[::-1]  # the next second side from here on
    ones = np.flatnonzero(~is_two & (following < len(order)))
    ones = ones[
        np.unique(following[ones][::-1], return_index=True)[1] * -1 + len(ones) - 1
    ]  # the last before
    first, second = sorted_rows[ones], sorted_rows[following[ones]]
    wait = time[second] - time[first] - shift
    kept = (pair[first] == pair[second]) & (wait >= 0) & (wait <= reach)
    return first[kept], second[kept]
