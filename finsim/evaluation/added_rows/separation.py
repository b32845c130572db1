"""How well the best single column, and the best pair of columns, tell added rows from real ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np

from finsim.evaluation.added_rows.column_codes import Codes
from finsim.evaluation.added_rows.unseen_pairs import UnseenPair
from finsim.notation import Array, Bool1D, Int1D

GOAL = 0.75
_STRENGTH = 10.0  # rows of the average that the rate of a code begins with
_DRAWS = 5


@dataclass(frozen=True)
class Separation:
    """Areas under the ROC curve of one narrative's rows against real rows, .5 for none, 1 for a giveaway.

    ``column_chance`` and ``pair_chance`` are the best areas that real rows reach in place of the added ones:
    as many, in schemes of the same sizes, each of successive rows of an entity: the mean over some draws;
    ``column_most`` and ``pair_most`` are the highest of them. ``alike_column`` and ``alike_pair`` with their
    areas tell added rows from real rows of their own kind, where rows are of several kinds; else empty.
    ``unseen_pair`` are two columns whose cells no real row has together in ``unseen_share`` of added rows,
    ``unseen_real`` that share of real rows held out; empty where added rows show hardly more than these.
    """

    narrative: str
    rows: int
    schemes: int
    column: str
    column_auc: float
    pair: str
    pair_auc: float
    column_chance: float
    pair_chance: float
    column_most: float
    pair_most: float
    alike_column: str = ""
    alike_column_auc: float | None = None
    alike_pair: str = ""
    alike_pair_auc: float | None = None
    unseen_pair: str = ""
    unseen_share: float | None = None
    unseen_real: float | None = None

    def beside(self, alike: Separation) -> Separation:
        """Return this separation with the areas among real rows of the added rows' kind."""
        return replace(
            self, alike_column=alike.column, alike_column_auc=alike.column_auc, alike_pair=alike.pair,
            alike_pair_auc=alike.pair_auc,
        )  # fmt: skip

    def naming(self, pair: UnseenPair | None) -> Separation:
        """Return this separation with the pair of cells that no real row has, if there is one."""
        if pair is None:
            return self
        return replace(
            self, unseen_pair=pair.columns, unseen_share=round(pair.share, 4), unseen_real=round(pair.real, 4)
        )

    @property
    def findings(self) -> tuple[tuple[str, float], ...]:
        """The column and the pair that are above the goal, and above what real rows reach in their place."""
        found = (
            (self.column, self.column_auc, self.column_most), (self.pair, self.pair_auc, self.pair_most),
        )  # fmt: skip
        return tuple((name, area) for name, area, most in found if area > max(GOAL, most))

    @property
    def meets_goal(self) -> bool:
        """Whether neither is a finding."""
        return not self.findings

    @property
    def told(self) -> str:
        """What is to be said of the areas: nothing, above the goal, or that the rows are too few to tell."""
        if self.findings:
            return f"above the goal of {GOAL:g}"
        if max(self.column_auc, self.pair_auc) <= GOAL:
            return ""
        reached = max(self.column_most, self.pair_most)
        return f"{self.rows:,} rows are too few to tell: real ones reach {reached:.3f}"

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return {**asdict(self), "goal": GOAL, "meets_goal": self.meets_goal, "told": self.told}


def separation(
    narrative: str, codes: Sequence[Codes], rows: tuple[Bool1D, Bool1D], instance: Int1D, entity: Int1D,
    rng: np.random.Generator,
) -> Separation:  # fmt: skip
    """Return how far the best column and pair of columns tell added rows from real ones.

    ``rows`` are the real and the added ones, bool[n] each; ``instance`` the scheme of a row and ``entity``
    whose row it is, real rows in order of time. A code is scored by its share of added rows, learned on half
    of the schemes and half of the real rows and judged on the other, both ways: a scheme's own account cannot
    be learned and met again. The best of many columns is above .5 by chance alone where rows are few.
    """
    real, added = rows
    singles, pairs = _areas(codes, real | added, added, instance)
    best = max(singles, key=lambda name: singles[name])
    both = max(pairs, key=lambda name: pairs[name]) if pairs else best
    sizes = np.unique(instance[added], return_counts=True)[1]
    chance = []
    for _ in range(_DRAWS):
        drawn, scheme = _like_schemes(sizes, np.flatnonzero(real), entity, rng)
        one, two = _areas(codes, real, drawn, scheme)
        chance.append((max(one.values()), max((two or one).values())))
    usual, most = np.mean(chance, axis=0).round(4), np.max(chance, axis=0).round(4)
    return Separation(
        narrative, int(added.sum()), len(sizes), best, round(singles[best], 4), both,
        round(pairs.get(both, singles[best]), 4), float(usual[0]), float(usual[1]),
        float(most[0]), float(most[1]),
    )  # fmt: skip


def _areas(
    codes: Sequence[Codes], chosen: Bool1D, added: Bool1D, instance: Int1D
) -> tuple[dict[str, float], dict[str, float]]:
    """Return the area of each column and of each pair of columns, among the ``chosen`` rows."""
    label = added[chosen]
    half = _halves(instance[chosen], label)
    fine = {one.name: one.fine[chosen] for one in codes}
    coarse = {one.name: one.coarse[chosen] for one in codes}
    home = {one.name: one.column for one in codes}
    return {name: _area(values, label, half) for name, values in fine.items()}, {
        f"{a} and {b}": _area(_joined(coarse[a], coarse[b]), label, half)
        for a, b in combinations(coarse, 2)
        if home[a] != home[b]
    }


def _like_schemes(sizes: Int1D, real: Int1D, entity: Int1D, rng: np.random.Generator) -> tuple[Bool1D, Int1D]:
    """Return real rows in place of added ones, and their schemes: successive rows of an entity each."""
    order = real[np.argsort(entity[real], kind="stable")]
    drawn, scheme = np.zeros(len(entity), dtype=np.bool_), np.full(len(entity), -1)
    for number, size in enumerate(sizes.tolist()):
        first = int(rng.integers(max(1, len(order) - size + 1)))
        rows = order[first : first + size]
        rows = rows[~drawn[rows]]
        drawn[rows], scheme[rows] = True, number
    return drawn, scheme


def _halves(instance: Int1D, label: Bool1D) -> Bool1D:
    """Return which rows are in the first half: whole schemes in turn, real rows in turn."""
    half = np.zeros(len(label), dtype=np.bool_)
    real = np.flatnonzero(~label)
    half[real[::2]] = True
    schemes, place = np.unique(instance[label], return_inverse=True)
    half[label] = place % 2 == 0 if len(schemes) > 1 else np.arange(int(label.sum())) % 2 == 0
    return half


def _joined(left: Int1D, right: Int1D) -> Int1D:
    return (left + 1) * (int(right.max(initial=0)) + 2) + right + 1


def _area(codes: Int1D, label: Bool1D, half: Bool1D) -> float:
    shifted = codes + 1
    areas = []
    for learn in (half, ~half):
        if not label[~learn].any():
            continue
        rate = _rates(shifted, label, learn)
        areas.append(auc(rate[~learn], label[~learn]))
    return float(np.mean(areas)) if areas else 0.5


def _rates(codes: Int1D, label: Bool1D, learn: Bool1D) -> Array:
    size = int(codes.max(initial=0)) + 1
    total = np.bincount(codes[learn], minlength=size)
    hits = np.bincount(codes[learn & label], minlength=size)
    base = float(label[learn].mean())
    return np.asarray(((hits + base * _STRENGTH) / (total + _STRENGTH))[codes])


def auc(scores: Array, label: Bool1D) -> float:
    """Return P(score of a positive > score of a negative) + half the ties."""
    order = np.sort(scores[~label])
    below = np.searchsorted(order, scores[label], side="left")
    upto = np.searchsorted(order, scores[label], side="right")
    return float((below + upto).mean() / (2.0 * max(len(order), 1)))
