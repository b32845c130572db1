"""Prevalence at export: the share of labelled rows is met by leaving rows out, never by adding any.

A share above the world's is met by leaving out ordinary rows at random, exactly as many as needed; a share
below it by leaving out whole schemes, so that no half of a story stays. Source: own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from finsim.errors import StudyError
from finsim.notation import Bool1D, Int1D
from finsim.randomness import Streams

ADDRESS = ("exports", "prevalence")


@dataclass(frozen=True)
class Counts:
    """Rows without the label, and with it by scheme."""

    ordinary: int
    labelled: dict[int, int] = field(default_factory=dict)


def counted(batches: Iterable[tuple[Bool1D, Int1D]]) -> Counts:
    """Count rows of batches (label, scheme)."""
    ordinary, found = 0, Counter[int]()
    for label, instance in batches:
        ordinary += int(np.count_nonzero(~label))
        names, counts = np.unique(instance[label], return_counts=True)
        found.update(dict(zip(names.tolist(), counts.tolist(), strict=True)))
    return Counts(ordinary, dict(found))


@dataclass(frozen=True)
class Thinning:
    """Which rows stay: ``ordinary`` of so many without the label, and none of the schemes ``dropped``."""

    ordinary: int
    of: int
    dropped: Int1D
    seed: int

    @classmethod
    def towards(cls, share: float, counts: Counts, seed: int, label: str) -> Thinning:
        """Return what reaches a share of rows with a label. Raises StudyError where nothing does."""
        total = sum(counts.labelled.values())
        if total == 0 and share > 0:
            raise StudyError(
                f"no row has the label {label}", place="export: prevalence",
                expected="rows with the label, to be made a greater share",
                remedy="leave prevalence out, or simulate with narratives",
            )  # fmt: skip
        most = counts.ordinary * share / (1 - share) if share < 1 else float(total)
        if total <= most:
            kept = round(total * (1 - share) / share) if share > 0 else counts.ordinary
            return cls(min(kept, counts.ordinary), counts.ordinary, np.empty(0, np.int64), seed)
        names = np.array(sorted(counts.labelled), dtype=np.int64)
        order = Streams(seed).at(*ADDRESS, "schemes").permutation(names)
        sizes = np.cumsum([counts.labelled[int(name)] for name in order])
        stay = int(np.searchsorted(sizes, most, side="right"))
        return cls(counts.ordinary, counts.ordinary, np.sort(order[stay:]), seed)

    def start(self) -> Thinner:
        """Return one pass over the rows."""
        return Thinner(self)


class Thinner:
    """One pass over the rows in their order: the same rows stay in every pass."""

    def __init__(self, plan: Thinning) -> None:
        self._dropped = plan.dropped
        self._random = Streams(plan.seed).at(*ADDRESS, "rows")
        self._left, self._wanted = plan.of, plan.ordinary

    def keep(self, label: Bool1D, instance: Int1D) -> Bool1D:
        """Return which rows of the next batch stay."""
        mask: Bool1D = ~np.isin(instance, self._dropped)
        if self._wanted == self._left:
            return mask
        ordinary = np.flatnonzero(~label)
        count = int(self._random.hypergeometric(self._wanted, self._left - self._wanted, len(ordinary)))
        out = self._random.choice(ordinary, len(ordinary) - count, replace=False, shuffle=False)
        mask[out] = False
        self._left -= len(ordinary)
        self._wanted -= count
        return mask
