"""The cells of one column as levels: 0 where missing, then words in an order, or intervals of numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Self

import numpy as np

from finsim.generators.margins.number_margin import NumberMargin
from finsim.generators.tables.column_facts import ColumnFacts, codes_in
from finsim.kernels.trees.margin_cells import level_cells
from finsim.notation import NANOS_PER_DAY, Array, Float1D, Int1D
from finsim.records.mixed_table import MISSING_TIME, MISSING_WORD, NUMBER, TIME, WORD, MixedColumn

LEAST_WORD = 5
LEAST_DATES, LEAST_UNEVEN = 50, 0.1
"""Weekdays are kept where at least 50 dates depart by 10 % from even ones (assumption)."""
FEW_PIECES, FEW_ATOMS = 40, 96


@dataclass(frozen=True)
class ColumnLevels:
    """The levels of one column; level 0 is the missing cell.

    Numbers and times: ``edges`` [L + 1] are the places in the margin between which level 1 + i lies; an
    often-met value has a level of its own. Times are counted in steps (seconds where there is none) from
    ``origin``. Words: ``level_of`` [W] and ``word_of`` [L]; words that stand for fewer than 5 cells share
    the last level (word_of -1) and are drawn from ``rare`` by their cumulative ``rare_shares``.
    Dates that keep to some days of the week: ``weekdays`` [7], the shares from Monday of dates that are
    not often met; a date moves inside its week.
    """

    facts: ColumnFacts
    count: int
    margin: NumberMargin | None = None
    origin: int = 0
    edges: Float1D = field(default_factory=lambda: np.zeros(0))
    level_of: Int1D = field(default_factory=lambda: np.zeros(0, np.int64))
    word_of: Int1D = field(default_factory=lambda: np.zeros(0, np.int64))
    rare: Int1D = field(default_factory=lambda: np.zeros(0, np.int64))
    rare_shares: Float1D = field(default_factory=lambda: np.zeros(0))
    weekdays: Float1D = field(default_factory=lambda: np.zeros(0))

    @classmethod
    def fit(cls, column: MixedColumn, bins: int, smooth: bool = False) -> Self:
        """Learn the levels of a column; numbers get about ``bins`` of them and, if so, a smooth margin."""
        facts = ColumnFacts.of(column)
        if facts.is_empty:
            return cls(facts, 1)
        if column.kind == WORD:
            return cls(facts, 1)._with_words(
                np.bincount(column.values[column.values >= 0], minlength=len(column.words))
            )
        plain = cls(facts, 1, None, 0 if column.kind == NUMBER else int(facts.low))
        margin = NumberMargin.fit(plain._numbers(column.take(~column.missing())), plain._step(), smooth)
        edges = level_edges(margin, bins)
        learned = replace(plain, count=len(edges), margin=margin, edges=edges)
        return replace(learned, weekdays=learned._weekday_shares(column.take(~column.missing())))

    def _weekday_shares(self, column: MixedColumn) -> Float1D:
        """Return the shares of weekdays of dates that are not often met, none where they are about even."""
        if column.kind != TIME or self.facts.step != NANOS_PER_DAY or self.margin is None:
            return np.zeros(0)
        rest = column.values[~np.isin(self._numbers(column), self.margin.atoms)]
        counts = np.bincount(_weekday(rest), minlength=7)
        shares = counts / max(counts.sum(), 1)
        uneven = 0.5 * np.abs(shares - 1 / 7).sum()
        return shares if len(rest) >= LEAST_DATES and uneven > LEAST_UNEVEN else np.zeros(0)

    def _with_words(self, counts: Int1D) -> Self:
        """Return levels of words: common ones in the order of the table, rare ones together."""
        common = np.flatnonzero(counts >= LEAST_WORD)
        rare = np.flatnonzero((counts > 0) & (counts < LEAST_WORD))
        if len(rare) == 1:
            common, rare = np.sort(np.append(common, rare)), rare[:0]
        word_of = np.append(common, [-1]) if len(rare) else common
        level_of = np.full(len(counts), len(word_of) if len(rare) else 1, np.int64)
        level_of[common] = 1 + np.arange(len(common))
        shares = np.cumsum(counts[rare]) / max(counts[rare].sum(), 1)
        return replace(
            self, count=1 + len(word_of), level_of=level_of, word_of=word_of, rare=rare, rare_shares=shares
        )

    def in_order(self, order: Int1D) -> Self:
        """Return the levels of a word column in another order: ``order`` are levels from 1, ascending."""
        place = np.zeros(self.count, np.int64)
        place[order] = 1 + np.arange(self.count - 1)
        return replace(self, level_of=place[self.level_of], word_of=self.word_of[order - 1])

    def levels(self, column: MixedColumn) -> Array:
        """Return the level of every cell, int32[N]; words that were never seen count as rare ones."""
        found = np.zeros(len(column), np.int32)
        there = ~column.missing()
        if self.facts.is_empty or not there.any():
            return found
        if self.facts.kind == WORD:
            usual = self.level_of[self.rare[0]] if len(self.rare) else 1
            codes = codes_in(column, self.facts.words)[there]
            found[there] = np.append(self.level_of, usual)[codes]
            return found
        assert self.margin is not None
        numbers = np.clip(self._numbers(column.take(there)), self._low(), self._high())
        places = self.margin.uniform(numbers, np.full(len(numbers), 0.5))
        found[there] = 1 + self._level_at(places)
        return found

    def _level_at(self, places: Float1D) -> Int1D:
        return np.clip(np.searchsorted(self.edges, places, side="right") - 1, 0, len(self.edges) - 2)

    def cells(self, levels: Array, inside: Float1D, draws: Float1D) -> MixedColumn:
        """Return the cells of levels int[N]; ``inside`` in (0, 1) places them in their level.

        ``draws`` in (0, 1) choose the rounding.
        """
        there = levels > 0
        if self.facts.kind == WORD:
            words = np.append([MISSING_WORD], self.word_of).astype(np.int32)[levels]
            if len(self.rare):
                pooled = there & (words == MISSING_WORD)
                at = np.searchsorted(self.rare_shares, inside[pooled], side="right")
                words[pooled] = self.rare[np.minimum(at, len(self.rare) - 1)]
            return MixedColumn(WORD, words, self.facts.words, self.facts.step)
        if self.margin is None:
            numbers = np.full(len(levels), np.nan)
        else:
            numbers = np.empty(len(levels))
            levels, law = np.ascontiguousarray(levels), self.margin.arrays
            level_cells(levels, self._single, self.edges, inside, draws, law, numbers)
        if self.facts.kind == NUMBER:
            return MixedColumn(NUMBER, numbers, (), self.facts.step)
        moments = np.full(len(levels), MISSING_TIME, np.int64)
        steps = np.round(numbers[there] * (1.0 if self.facts.step else 1e9)).astype(np.int64)
        moments[there] = self.origin + steps * int(self.facts.step or 1)
        if len(self.weekdays) and self.margin is not None:
            free = np.flatnonzero(there)[~np.isin(numbers[there], self.margin.atoms)]
            drawn = np.searchsorted(np.cumsum(self.weekdays)[:-1], draws[free], side="right")
            moved = moments[free] + (drawn - _weekday(moments[free])) * NANOS_PER_DAY
            seen = (moved >= self.facts.low) & (moved <= self.facts.high)
            moments[free[seen]] = moved[seen]
        return MixedColumn(self.facts.kind, moments, (), self.facts.step)

    @property
    def reads(self) -> tuple[bool, bool]:
        """Whether some cell depends on its place inside its level, and on the draw of its rounding."""
        if self.facts.kind == WORD:
            return len(self.rare) > 0, False
        several = self.margin is not None and bool(np.isnan(self._single[1:]).any())
        return several, several or len(self.weekdays) > 0

    @cached_property
    def _single(self) -> Float1D:
        """The cell of each level that has one value alone, NaN where it has several or none."""
        assert self.margin is not None
        low, high = self.edges[:-1], self.edges[1:]
        nearly = (high - low) * 1e-6
        ends = [self.margin.values(at, np.full(len(at), 0.999999)) for at in (low + nearly, high - nearly)]
        is_single = (ends[0] == ends[1]) & np.isin(ends[0], self.margin.atoms)
        return np.append([np.nan], np.where(is_single, ends[0], np.nan))

    def log_density(self, column: MixedColumn, levels: Int1D) -> Float1D:
        """Return the log probability of every cell inside its level, float64[N] in nats.

        Cells off the grid of a column without one have a density per unit.
        """
        found = np.zeros(len(column))
        there = levels > 0
        if self.facts.kind == WORD:
            if len(self.rare):
                shares = np.zeros(len(self.facts.words) + 1)
                shares[self.rare] = np.diff(self.rare_shares, prepend=0.0)
                codes = codes_in(column, self.facts.words)
                pooled = there & (np.append([0], self.word_of)[levels] < 0)
                found[pooled] = np.log(np.maximum(shares[codes[pooled]], 1e-9))
            return found
        if self.margin is None:
            return found
        mass = self.masses(column.take(there))
        if len(self.weekdays):
            often = np.isin(self._numbers(column.take(there)), self.margin.atoms)
            mass = mass * np.where(often, 1.0, 7 * self.weekdays[_weekday(column.values[there])])
        at = levels[there] - 1
        found[there] = np.log(
            np.clip(mass / np.maximum(self.edges[at + 1] - self.edges[at], 1e-300), 1e-12, 1.0)
        )
        return found

    def places(self) -> Float1D:
        """Return the middles of the levels of a column of numbers or times; nothing for words."""
        if self.facts.kind == WORD or self.count < 2:
            return np.zeros(0)
        return (self.edges[:-1] + self.edges[1:]) / 2

    def masses(self, column: MixedColumn) -> Float1D:
        """Return the mass of the margin at every present cell of a column of numbers or times."""
        low, high = self.spans(column)
        return np.asarray(high - low)

    def spans(self, column: MixedColumn) -> tuple[Float1D, Float1D]:
        """Return the lowest and highest place of every present cell in the margin."""
        assert self.margin is not None
        numbers = np.clip(self._numbers(column), self._low(), self._high())
        low = self.margin.uniform(numbers, np.zeros(len(numbers)))
        high = self.margin.uniform(numbers, np.ones(len(numbers)))
        wide = (self._high() - self._low()) * 1e-6
        if self.margin.step <= 0.0 and wide > 0:
            # Without a grid a cell is as wide as a millionth of the range.
            low = np.minimum(
                low, self.margin.uniform(np.maximum(numbers - wide, self._low()), np.full(len(numbers), 0.5))
            )
        return low, np.maximum(high, low + 1e-9)

    def _numbers(self, column: MixedColumn) -> Float1D:
        """Return present cells as numbers: steps since the origin for times."""
        if column.kind == NUMBER:
            return column.values
        return np.asarray((column.values - self.origin) / (self.facts.step or 1e9), dtype=np.float64)

    def _step(self) -> float:
        return self.facts.step if self.facts.kind == NUMBER else float(self.facts.step > 0)

    def _low(self) -> float:
        return float(self.facts.low) if self.facts.kind == NUMBER else 0.0

    def _high(self) -> float:
        span = float(self.facts.high - self.origin)
        return span if self.facts.kind == NUMBER else span / (self.facts.step or 1e9)

    def state(self, prefix: str) -> dict[str, Array]:
        """Return the arrays under names that begin with ``prefix``."""
        names = ("edges", "level_of", "word_of", "rare", "rare_shares", "weekdays")
        found: dict[str, Array] = {f"{prefix}.{name}": getattr(self, name) for name in names}
        found[f"{prefix}.origin"] = np.array([self.origin, self.count], np.int64)
        if self.margin is not None:
            found |= self.margin.state(f"{prefix}.margin")
        return found

    @classmethod
    def from_state(cls, prefix: str, facts: ColumnFacts, arrays: Mapping[str, Array]) -> Self:
        """Return the levels that ``state`` wrote."""
        origin, count = (int(one) for one in arrays[f"{prefix}.origin"])
        margin = None
        if f"{prefix}.margin.step" in arrays:
            margin = NumberMargin.from_state(f"{prefix}.margin", arrays)
        names = ("edges", "level_of", "word_of", "rare", "rare_shares", "weekdays")
        return cls(facts, count, margin, origin, *(arrays[f"{prefix}.{name}"] for name in names))


def _weekday(moments: Array) -> Int1D:
    """Return the day of the week of moments, 0 for Monday; 1970-01-01 was a Thursday."""
    return np.asarray((moments // NANOS_PER_DAY + 3) % 7, dtype=np.int64)


def level_edges(margin: NumberMargin, bins: int) -> Float1D:
    """Return the places between levels: atoms apart, smooth parts cut evenly, small pieces together."""
    bounds = margin.pieces()
    widths = np.diff(bounds)
    size = 1.0 / bins
    few = (widths > 0).sum() <= FEW_PIECES or (not len(margin.knots) and len(margin.atoms) <= FEW_ATOMS)
    edges, since = [0.0], 0.0
    for piece, (begin, width) in enumerate(zip(bounds[:-1], widths, strict=True)):
        if width <= 0:
            continue
        is_atom = piece % 2 == 1
        if few or width >= (0.5 if is_atom else 1.0) * size:
            parts = 1 if is_atom else max(1, round(width / size))
            edges += [float(begin)] if since > 0 else []
            edges += [float(begin + width * part / parts) for part in range(1, parts + 1)]
            since = 0.0
            continue
        since += width
        if since >= size:
            edges.append(float(begin + width))
            since = 0.0
    edges[-1] = 1.0 if since <= 0 else edges[-1]
    return np.unique(edges if since <= 0 else [*edges, 1.0])
