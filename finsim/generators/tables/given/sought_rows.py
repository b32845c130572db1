"""Rows with a given cell of a column of which a model learns a part alone: sought, then moved onto it.

A date learned as days after another, or an amount learned as payments made, is no column of the model. Many
rows are drawn; those whose own cell is nearest to the given one are kept, and the part is changed by the
little that is missing: the date before it is moved, or the payments are counted again. A word that follows
from bands of a number is sought alone. Source: rejection with
an adjustment (Beaumont et al. 2002, approximate Bayesian computation), by one value instead of a regression.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from finsim.errors import FitError
from finsim.generators.tables.given.asked import Asked
from finsim.generators.tables.given.words import Words
from finsim.generators.tables.reduced_columns import Reduction
from finsim.generators.tables.reduction.column_cells import as_numbers, from_numbers
from finsim.generators.tables.reduction.computed import numbers_of
from finsim.generators.tables.reduction.learned_parts import Learned
from finsim.generators.tables.table_generator import TableGenerator
from finsim.notation import NANOS_PER_DAY, Bool1D, Float1D
from finsim.randomness import Streams
from finsim.records.mixed_table import NUMBER, TIME, WORD, MixedColumn, MixedTable, joined

GROUP, PILOT = 250, 4_096
FEWEST, MOST, NEAREST = 12, 400, 3
"""Rows drawn for each that is kept, and rows moved for each (assumptions)."""


@dataclass(frozen=True)
class SoughtRows:
    """Rows of a model in which ``asked.sought`` cells hold.

    They come in groups, so that a row does not depend on how many are asked for at once.
    """

    generator: TableGenerator
    reduction: Reduction
    asked: Asked
    words: Words

    def rows(self, count: int, streams: Streams, first: int = 0) -> MixedTable:
        """Return rows ``first`` to ``first + count``. Raises FitError where hardly any row has such cells."""
        factor = self._factor(streams)
        parts = []
        for group in range(first // GROUP, (first + count - 1) // GROUP + 1):
            made = self._group(group, factor, streams)
            low = max(first - group * GROUP, 0)
            parts.append(made.take(slice(low, min(first + count - group * GROUP, GROUP))))
        return joined(parts)

    def _factor(self, streams: Streams) -> int:
        """Return how many rows are drawn for each, by how many have a cell of these columns at all."""
        made = self.generator.sample(PILOT, streams.under("sought", "pilot"), 0, self.asked.inner)
        share = float(np.isfinite(self._misfit(self._whole(made, streams, 0))).mean())
        return int(np.clip(np.ceil(FEWEST / max(share, FEWEST / MOST)), FEWEST, MOST))

    def _whole(self, made: MixedTable, streams: Streams, first: int, exact: bool = False) -> MixedTable:
        stays = [*self.asked.inner, *(self._gaps() if exact else ())]
        return self.reduction.restore(made, streams.under("restored"), first, stays)

    def _gaps(self) -> list[str]:
        return [one.target for one in self.reduction.gaps if one.target in self.asked.sought]

    def _misfit(self, whole: MixedTable) -> Float1D:
        """Return how far rows are from the given cells, in spreads; NaN for a missing one or another word."""
        found = np.where(self._has_words(whole), 0.0, np.nan)
        for name, cell in self._wanted().items():
            values = numbers_of(whole[name])
            spread = max(float(np.nanstd(values)) if (~np.isnan(values)).any() else 1.0, 1e-9)
            found = found + np.abs(values - cell) / spread
        return found

    def _wanted(self) -> dict[str, float]:
        """Return the given cells that are numbers; days as days since 1970."""
        days = set(self._gaps())
        return {name: cell / NANOS_PER_DAY if name in days else cell
                for name, cell in self.asked.sought.items() if not isinstance(cell, str)}  # fmt: skip

    def _has_words(self, whole: MixedTable) -> Bool1D:
        """Return bool[n], the rows that have the given words."""
        good = np.ones(whole.rows, np.bool_)
        for name, cell in self.asked.sought.items():
            if isinstance(cell, str):
                code = whole[name].words.index(cell) if cell in whole[name].words else None
                good &= whole[name].values == code if code is not None else False
        return good

    def _group(self, group: int, factor: int, streams: Streams) -> MixedTable:
        size = GROUP * factor
        made = self.generator.sample(size, streams, group * size, self.asked.inner)
        misfit = self._misfit(self._whole(made, streams, group * size))
        near = np.argsort(np.where(np.isnan(misfit), np.inf, misfit), kind="stable")[: NEAREST * GROUP]
        moved = self._moved(made.take(near[np.isfinite(misfit[near])]), streams)
        good = np.flatnonzero(self._holds(moved, self._whole(moved, streams, 0, exact=True)))
        if not len(good):
            raise self._none()
        # A group of fewer rows than are asked for repeats them.
        rows = np.sort(np.resize(good, GROUP))
        rows = rows[streams.at("sought", group).permutation(GROUP)]
        return self._whole(moved.take(rows), streams, group * GROUP, exact=True)

    def _moved(self, made: MixedTable, streams: Streams) -> MixedTable:
        """Return rows whose parts are changed so that the given cells hold."""
        columns = dict(made.columns)
        roots: set[str] = set()
        for gap in (one for one in self.reduction.gaps if one.target in self.asked.sought):
            wanted = self._wanted()[gap.target]
            root = self._root(gap.target)
            if root not in self.asked.inner and root not in roots:
                now = self._whole(MixedTable(columns, made.rows), streams, 0, exact=True)
                lacking = wanted - numbers_of(now[gap.target])
                columns[root] = _later(columns[root], lacking)
            roots.add(root)
            # What ends of months or a tie leave over is days more or less in between, or before whole months.
            now = self._whole(MixedTable(columns, made.rows), streams, 0, exact=True)
            rest = wanted - numbers_of(now[gap.target])
            if gap.is_months:
                if root not in self.asked.inner:
                    columns[root] = _later(columns[root], rest)
                continue
            days = columns[gap.target]
            columns[gap.target] = MixedColumn(NUMBER, days.values + rest, (), days.step)
        for name, cell in self.asked.sought.items():
            rule = self.reduction.computed[name].rule if name in self.reduction.computed else None
            if isinstance(rule, Learned) and not isinstance(cell, str):
                now = self._whole(MixedTable(columns, made.rows), streams, 0, exact=True)
                known = {one: numbers_of(now[one]) for one in rule.operands[1:]}
                part = rule.learned({**known, name: np.full(made.rows, cell)})
                part = np.where(np.isfinite(part), part, np.nan)
                columns[rule.operands[0]] = MixedColumn(NUMBER, part, (), columns[rule.operands[0]].step)
        return MixedTable(columns, made.rows)

    def _root(self, name: str) -> str:
        """Return the date at the beginning of the dates that a date comes after."""
        sources = {one.target: one.source for one in self.reduction.gaps}
        while name in sources:
            name = sources[name]
        return name

    def _holds(self, moved: MixedTable, whole: MixedTable) -> Bool1D:
        """Return the rows that have the given cells, keep the order of dates and stay in the ranges seen."""
        good = self._has_words(whole)
        for name, cell in self._wanted().items():
            step = whole[name].step if whole[name].kind == NUMBER else 1.0
            good &= np.abs(numbers_of(whole[name]) - cell) <= 0.5 * step + 1e-9
        for gap in (one for one in self.reduction.gaps if one.target in self.asked.sought):
            low, high = self.reduction.ranges.get(gap.between(), (0.0, np.inf))
            days = moved[gap.target].values
            good &= np.isnan(days) | ((days >= min(low, 0.0)) & (days <= high))
        for name in {self._root(one) for one in self._gaps()} & set(self.reduction.ranges):
            low, high = self.reduction.ranges[name]
            day = numbers_of(whole[name])
            good &= (day >= low) & (day <= high)
        for bound in self.reduction.bounds:
            if bound.target in self.asked.sought:
                good &= ~(numbers_of(whole[bound.target]) > numbers_of(whole[bound.until]))
        return good

    def _none(self) -> FitError:
        said = ", ".join(self._said(name, cell) for name, cell in self.asked.sought.items())
        others = [name for name in self.asked.inner if name in self.reduction.names]
        where = f"given {self._titles([*self.asked.sought])}"
        if not others:
            return FitError(f"no row with {said} among those drawn", place=where,
                            expected="a cell of the table", remedy="give another value")  # fmt: skip
        wanted = f"cells that can stand with those given for {self._titles(others)}"
        return FitError(f"no row with {said} among those drawn", place=where, expected=wanted,
                        remedy=f"leave out {self._titles(others[:1])}")  # fmt: skip

    def _said(self, name: str, cell: float | str) -> str:
        kind = WORD if isinstance(cell, str) else TIME if name in self._gaps() else NUMBER
        return f"{self.words.title(name)} {self.words.said(name, cell, kind)}"

    def _titles(self, names: list[str]) -> str:
        return ", ".join(self.words.title(name) for name in names)


def _later(column: MixedColumn, days: Float1D) -> MixedColumn:
    """Return dates so many days later; one that is missing stays so."""
    numbers = as_numbers(column)
    assert numbers is not None
    return from_numbers(numbers + days, TIME, column.step)
