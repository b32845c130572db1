"""Count copied rows: every synthetic path against real rows, and real rows against later ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from finsim.evaluation.case import PathCase
from finsim.evaluation.columns import between
from finsim.evaluation.metric import Metric, Score
from finsim.evaluation.privacy.chance_copies import counted
from finsim.notation import Bool1D, Int1D
from finsim.records.paths import Paths

NEEDED = ("open", "high", "low", "close")
Finder = Callable[[Paths, Paths], tuple[Int1D, Bool1D]]
"""(real, synthetic) -> for each synthetic bar the real bar it repeats or -1, and which could be compared;
bars in the order path, date, asset."""


@dataclass(frozen=True)
class Census:
    """How many bars are copies, were compared and were left out; how many paths hold a copy, of how many."""

    copies: int
    compared: int
    left_out: int
    paths_with: int
    paths: int


def take_census(case: PathCase, find: Finder) -> Census:
    """Count the copies on every synthetic path, a block of paths at a time."""
    copies = compared = bars = paths_with = paths = 0
    for block in case.pieces:
        found, usable = find(case.real.paths, block)
        copied = found >= 0
        copies += int(copied.sum())
        compared += int(usable.sum())
        bars += len(copied)
        paths_with += int(copied.reshape(block.count, -1).any(axis=1).sum())
        paths += block.count
    return Census(copies, compared, bars - compared, paths_with, paths)


def bars_counted(
    metric: Metric[Any], subject: str, case: PathCase, find: Finder, note: Callable[[Census], str]
) -> Score:
    """Return the score of a census of bars against what chance gives among real bars."""
    census = take_census(case, find)
    chance, usable = find(*held_out(case))
    expected = (int((chance >= 0).sum()), int(usable.sum()))
    return counted(metric, subject, census.copies, census.compared, expected, note(census))


def held_out(case: PathCase) -> tuple[Paths, Paths]:
    """Return a real part and a later (or given) real part that share no bar, to measure chance."""
    if case.holdout is not None:
        return case.real.paths, case.holdout.paths
    rows = len(case.real.paths.dates)
    cut = round(rows * (1 - case.settings.holdout_share))
    later = min(cut + case.settings.purge, rows - 2)
    return between(case.real.paths, 0, cut), between(case.real.paths, later, rows)
