"""Rates of an outcome by the words of other columns, kept as they are in the data.

A sum of cautious trees draws every rate towards the mean: where few loans default, those of grade A default
too often and those of grade E too seldom, although a grade by itself has rows enough to tell. Here each
word, and each tenth of a number, gets a shift of the log odds, as large as its own rows tell.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from statistics import NormalDist
from typing import Self

import numpy as np

from finsim.notation import Array, Bool1D, Float1D, Float2D, Int1D

PARTS, FEW_PARTS = 10, 3
"""A number has rates by tenths of its rows, what is missing apart, or by thirds where tenths do not differ
evidently and yet rise or fall (assumption)."""
LEAST_TREND = 1_000
"""Trends are looked for in 1,000 rows (assumption): of fewer, drawn rows taught less with them (German)."""
LEAST_EXPECTED = 3.0
"""How far rates differ is read from words where three rows of a class and three others are expected
(assumption)."""
CHANCE = 0.05
"""Rates of a column are kept where they differ as far as by chance in one of twenty at most (assumption)."""
MOST_ROWS, MOST_COLUMNS = 100_000, 12
_SWEEPS, _STEP, _EXACT = 100, 0.5, 1e-3


@dataclass(frozen=True)
class Wanted:
    """Chances of classes to be met: by columns and groups float64[M, G, K], and of all rows float64[K]."""

    rates: Array
    share: Float1D


@dataclass(frozen=True)
class KeptRates:
    """Shifts of the log chances of K classes by groups of levels of M columns.

    columns int64[M]; group int64[M, L], the group of each level; spread float64[M, K], the variance of the
    log odds of a class between groups; shift float64[M, G, K]. Source: random effects of a logistic model
    (Breslow & Clayton 1993), their variances by moments (DerSimonian & Laird 1986).
    """

    columns: Int1D = field(default_factory=lambda: np.zeros(0, np.int64))
    group: Array = field(default_factory=lambda: np.zeros((0, 1), np.int64))
    spread: Float2D = field(default_factory=lambda: np.zeros((0, 1)))
    shift: Array = field(default_factory=lambda: np.zeros((0, 1, 1)))

    @classmethod
    def of(cls, levels: Array, truth: Float2D, column: int, is_word: Bool1D) -> Self:
        """Return the columns whose rates differ evidently, with shifts of 0.

        levels int32[N, C]; truth float64[N, K] is 1 where a row has a class; ``column`` is that of the
        outcome; ``is_word`` [C]: levels without order, each of which has a rate. The twelve columns whose
        rates differ most count.
        """
        size = int(levels.max(initial=0)) + 1
        found: list[tuple[float, int, Int1D, Float1D]] = []
        for one in range(levels.shape[1]):
            counts = np.bincount(levels[:, one], minlength=size)
            if one == column or (counts > 0).sum() < 2:
                continue
            group = np.arange(size) if is_word[one] else _parts(counts, PARTS)
            spread, excess = _spread(group[levels[:, one]], truth)
            if excess <= 0 and not is_word[one] and len(levels) >= LEAST_TREND:
                # Few rows tell a trend where they do not tell ten rates apart: thirds of the rows have it.
                excess = _trend(group[levels[:, one]], truth)
                group = _parts(counts, FEW_PARTS)
                spread, _ = _spread(group[levels[:, one]], truth)
            if excess > 0 and spread.any():
                found.append((excess, one, group, spread))
        kept = sorted(sorted(found, key=lambda each: -each[0])[:MOST_COLUMNS], key=lambda each: each[1])
        if not kept:
            return cls()
        group = np.stack([each[2] for each in kept])
        return cls(
            np.array([each[1] for each in kept], np.int64), group, np.stack([each[3] for each in kept]),
            np.zeros((len(kept), int(group.max()) + 1, truth.shape[1])),
        )  # fmt: skip

    def shifts(self, levels: Array) -> Float2D | float:
        """Return what is added to the log chances of the classes in rows of levels, float64[N, K]."""
        found: Float2D | float = 0.0
        for place, column in enumerate(self.columns.tolist()):
            found = found + self.shift[place, self.group[place][levels[:, column]]]
        return found

    def rates(self, levels: Array, chances: Float2D) -> Wanted:
        """Return the mean chances of rows by group and of all rows; chances float64[N, K]."""
        found = np.zeros_like(self.shift)
        for place, one in enumerate(self.columns.tolist()):
            group = self.group[place][levels[:, one]]
            size = np.bincount(group, minlength=found.shape[1])
            found[place] = _sums(group, chances, found.shape[1]) / np.maximum(size, 1)[:, None]
        return Wanted(found, chances.mean(axis=0))

    def met(self, scores: Float2D, levels: Array, wanted: Wanted, slack: float = 0.0) -> tuple[Self, Float1D]:
        """Return shifts that give rows of log chances ``scores`` float64[N, K] the rates that are wanted.

        And what is added to all rows, float64[K], which keeps the shares of the classes. A shift pays for
        its size by the spread of its column: rates of few rows stay nearer to those of ``scores``. Rates that
        are further from the mean than wanted may stay so by ``slack`` standard errors.
        """
        rows = _some(len(levels))
        scores = scores[rows]
        groups = [self.group[place][levels[rows, one]] for place, one in enumerate(self.columns.tolist())]
        shift, level = np.zeros_like(self.shift), np.zeros(scores.shape[1])
        # Of two classes the second alone is shifted; of more all are, by half a step: each moves the others.
        told, step = ([1], 1.0) if scores.shape[1] == 2 else (list(range(scores.shape[1])), _STEP)
        sizes = [np.bincount(group, minlength=shift.shape[1])[:, None] for group in groups]
        for _ in range(_SWEEPS):
            most = 0.0
            for place, group in enumerate(groups):
                chances = softmax(scores)
                curve = _sums(group, chances * (1.0 - chances), shift.shape[1])
                spread = np.maximum(self.spread[place], 1e-9)
                lack = sizes[place] * wanted.rates[place] - _sums(group, chances, shift.shape[1])
                is_further = lack * (wanted.rates[place] - wanted.share) < 0.0
                eased = np.sign(lack) * np.maximum(np.abs(lack) - slack * np.sqrt(curve), 0.0)
                lack = np.where(is_further, eased, lack) - shift[place] / spread
                move = np.zeros_like(lack)
                move[:, told] = step * np.clip(lack / (curve + 1.0 / spread), -1.0, 1.0)[:, told]
                shift[place] += move
                scores = scores + move[group]
                most = max(most, float(np.abs(move).max()))
            mean = softmax(scores).mean(axis=0)
            move_all = np.log(np.maximum(wanted.share, 1e-12)) - np.log(np.maximum(mean, 1e-12))
            scores, level = scores + move_all, level + move_all
            if max(most, float(np.abs(move_all).max())) < _EXACT:
                break
        return replace(self, shift=shift), level - level[0]

    def state(self, prefix: str) -> dict[str, Array]:
        """Return the arrays under names that begin with ``prefix``, none where no rate is kept."""
        names = ("columns", "group", "spread", "shift") if len(self.columns) else ()
        return {f"{prefix}.{name}": getattr(self, name) for name in names}

    @classmethod
    def from_state(cls, prefix: str, arrays: Mapping[str, Array]) -> Self:
        """Return what ``state`` wrote; models of earlier versions have none."""
        if f"{prefix}.columns" not in arrays:
            return cls()
        return cls(*(arrays[f"{prefix}.{name}"] for name in ("columns", "group", "spread", "shift")))


def softmax(scores: Float2D) -> Float2D:
    """Return chances that add up to 1 in each row, float64[N, K]."""
    found = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(found / found.sum(axis=1, keepdims=True))


def _parts(counts: Int1D, parts: int) -> Int1D:
    """Return the group of each level of a number: about equal parts of its rows, the missing one apart."""
    present = counts[1:].astype(np.float64)
    middle = np.cumsum(present) - 0.5 * present
    part = np.minimum((middle / max(present.sum(), 1.0) * parts).astype(np.int64), parts - 1)
    return np.concatenate([[0], 1 + part])


def _trend(group: Int1D, truth: Float2D) -> float:
    """Return how far rates rise or fall over the parts of a number beyond chance, above 0 where evidently.

    A chi-square of one degree of freedom less what chance has in one of 20, whichever class it is. Source:
    Armitage 1955.
    """
    there = group > 0
    place, hits = group[there] - group[there].mean(), truth[there]
    share = hits.mean(axis=0)
    enough = len(hits) * np.minimum(share, 1.0 - share) >= 2.0 * LEAST_EXPECTED
    if not enough.any() or not place.any():
        return -1.0
    tests = 1 if truth.shape[1] == 2 else truth.shape[1]
    most = NormalDist().inv_cdf(1.0 - CHANCE / tests / 2.0) ** 2
    found = (place @ hits[:, enough]) ** 2 / ((place**2).sum() * (share * (1.0 - share))[enough])
    return float(found.max()) - most


def _spread(group: Int1D, truth: Float2D) -> tuple[Float1D, float]:
    """Return the variance of the log odds of each class between groups, and how far beyond chance it is."""
    size = np.bincount(group).astype(np.float64)
    hits = _sums(group, truth, len(size))
    spread, excess = np.zeros(truth.shape[1]), 0.0
    for place, share in enumerate(truth.mean(axis=0).tolist()):
        enough = size * min(share, 1.0 - share) >= LEAST_EXPECTED
        if enough.sum() < 2:
            continue
        met, other = hits[enough, place] + 0.5, size[enough] - hits[enough, place] + 0.5
        odds, weight = np.log(met / other), 1.0 / (1.0 / met + 1.0 / other)
        beyond = float((weight * (odds - np.average(odds, weights=weight)) ** 2).sum()) - (enough.sum() - 1)
        spread[place] = max(beyond / float(weight.sum() - (weight**2).sum() / weight.sum()), 0.0)
        excess = max(excess, beyond - _by_chance(int(enough.sum()) - 1))
    return spread, excess


def _by_chance(freedom: int) -> float:
    """Return how far a chi-square is beyond its mean in one of 20 at most. Source: Laurent & Massart 2000."""
    return 2.0 * float(np.sqrt(-freedom * np.log(CHANCE))) - 2.0 * float(np.log(CHANCE))


def _sums(group: Int1D, values: Float2D, size: int) -> Float2D:
    """Return the sums of rows of values float64[N, K] by group, float64[size, K]."""
    return np.stack([np.bincount(group, weights=one, minlength=size) for one in values.T], axis=1)


def _some(count: int) -> Int1D:
    """Return rows spread over the table, 100,000 at most."""
    return np.unique(np.linspace(0, count - 1, min(count, MOST_ROWS)).astype(np.int64))
