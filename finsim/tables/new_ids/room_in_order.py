"""Room for numbers between those of rows whose numbers never fall: in the gap at the time, or soon after."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from finsim.notation import Bool1D, Float1D, Int1D

SOON = 15 * 60 * 1_000_000_000
"""How much later (ns) a row without a free number at its time may be, to find one (assumption)."""


@dataclass(frozen=True)
class Room:
    """Where new rows stand, int64[m] each: ``number``, ``time`` (ns), and ``behind`` which real row.

    ``out`` bool[m]: no number was free there or soon after, so the number is one of a later gap.
    """

    number: Int1D
    time: Int1D
    behind: Int1D
    out: Bool1D


def room_in_order(
    real: tuple[Int1D, Int1D], time: Int1D, grain: int, places: Float1D, rng: np.random.Generator
) -> Room:
    """Return free numbers for new rows at sorted times (ns), in the order of the real numbers and times.

    ``real``: numbers and times int64[n], neither ever falling; times are multiples of ``grain`` ns;
    ``places`` float64[m] in [0, 1): where a row stands among real ones of its own time (own).
    """
    number, when = real
    count = len(number)
    left = [*np.maximum(np.diff(number) - 1, 0).tolist(), len(time) + 1]
    onward = list(range(count))  # the next gap with room, with shortcuts
    low = np.maximum(np.searchsorted(when, time, side="left") - 1, 0)
    high = np.maximum(np.searchsorted(when, time, side="right") - 1, 0)
    wanted = low + (places * (high - low + 1)).astype(np.int64)
    gap, behind, moved, out = (np.zeros(len(time), dtype=np.int64) for _ in range(4))
    reached: dict[int, int] = {}
    last = 0
    for row, (at, begin, first, end) in enumerate(_lists(time, wanted, low, high)):
        found = _next(onward, left, max(begin, min(last, end)))
        if found > end:
            found = _next(onward, left, first)
        new = at
        if found > end and when[found] - at <= SOON:
            span = (int(when[found + 1]) if found + 1 < count else at + SOON) - int(when[found])
            new = int(when[found]) + max(min(span, at + SOON - int(when[found])), 0) // 2 // grain * grain
        elif found > end or at < when[0]:
            out[row] = 1
        gap[row], behind[row] = found, end if out[row] else found
        moved[row] = new if out[row] else max(new, reached.get(found, new))
        if not out[row]:
            reached[found], last = int(moved[row]), found
        left[found] -= 1
    return Room(_numbers(number, gap, rng), moved, behind, out.astype(np.bool_))


def _lists(*columns: Int1D) -> Iterable[tuple[int, ...]]:
    return zip(*(one.tolist() for one in columns), strict=True)


def _next(onward: list[int], left: list[int], place: int) -> int:
    """Return the first gap from a place on that has room; the one behind the last number always has."""
    path = []
    while left[place] <= 0:
        path.append(place)
        place = onward[place] = max(onward[place], place + 1)
    for one in path:
        onward[one] = place
    return place


def _numbers(number: Int1D, gap: Int1D, rng: np.random.Generator) -> Int1D:
    """Return different numbers within the gaps, rising in the order in which rows came to each."""
    usual = max(int(number[-1] - number[0]) // max(len(number) - 1, 1), 1)
    found = np.zeros(len(gap), dtype=np.int64)
    for one, many in zip(*np.unique(gap, return_counts=True), strict=True):
        is_last = one == len(number) - 1
        size = usual * (int(many) + 1) if is_last else int(number[one + 1] - number[one]) - 1
        drawn = np.sort(rng.choice(size, int(many), replace=False))
        found[gap == one] = number[one] + 1 + drawn
    return found
