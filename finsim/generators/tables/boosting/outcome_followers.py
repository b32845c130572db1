"""Columns that are known with an outcome, not before it: empty, or 0, for one class, never for another.

A date of default says who defaulted, months in arrears of 0 who pays. A law of the outcome that may ask them
asks nothing else, and what other columns have to do with the outcome is lost. So the outcome is drawn given
the rest, and these columns are drawn last, given the outcome too (own).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

import numpy as np

from finsim.generators.tables.level_network import LevelNetwork
from finsim.generators.tables.reduction.words_of_empty import Decided, decided
from finsim.notation import Array, Bool1D
from finsim.records.mixed_table import MISSING_WORD

_MISSING, _TRIES = 0, 40  # level 0 of a column is its missing cell


@dataclass(frozen=True)
class OutcomeFollowers:
    """Columns of levels whose empty cells classes of an outcome decide, in the order in which they stand.

    Or whose commonest level each class has in all of its rows or in none. ``rules`` int64[R, 4] : column,
    class, 0 where all rows of the class have a level, 1 where none has it, and the level.
    """

    columns: tuple[int, ...] = ()
    rules: Array = field(default_factory=lambda: np.zeros((0, 4), np.int64))

    @classmethod
    def find(cls, levels: Array, outcome: int, taken: tuple[int, ...] = ()) -> Self:
        """Return those of levels int32[N, C] that are not ``taken``."""
        classes = levels[:, outcome].astype(np.int64) + MISSING_WORD  # level 0 is no class
        found, rules = [], []
        for column in range(levels.shape[1]):
            if column in (outcome, *taken):
                continue
            level = _MISSING if (levels[:, column] == _MISSING).any() else _commonest(levels[:, column])
            lacks = levels[:, column] == level
            if lacks.all():
                continue
            said = decided(classes, int(levels[:, outcome].max()), lacks)
            is_all = said.empty.any() and said.there.any() and _says_all(said, classes)
            if not is_all and (level != _MISSING or not (said.empty.any() or said.there.any())):
                continue
            found.append(column)
            for is_there, which in ((0, said.empty & said.exact), (1, said.there & said.exact)):
                rules += [(column, int(one) - MISSING_WORD, is_there, level) for one in np.flatnonzero(which)]
        return cls(tuple(found), np.array(rules, np.int64).reshape(-1, 4))

    def last(self, order: list[int]) -> list[int]:
        """Return an order of columns with these at its end."""
        return [one for one in order if one not in self.columns] + [
            one for one in order if one in self.columns
        ]

    def hidden(self, levels: Array) -> Array:
        """Return rows in which these columns tell nothing."""
        if not self.columns:
            return levels
        found = levels.copy(order="K")
        found[:, list(self.columns)] = 0
        return found

    def drawn(
        self, network: LevelNetwork, levels: Array, outcome: int, rng: np.random.Generator, even: bool,
        fixed: tuple[int, ...] = (),
    ) -> Array:  # fmt: skip
        """Return rows with these columns, but those that are ``fixed``, drawn anew given all others.

        What is never or always empty for a class stays so: leaves of few rows lean on the law of all rows.
        """
        free = tuple(one for one in self.columns if one not in fixed)
        found = network.redrawn(levels, free, rng, even)
        amiss = np.flatnonzero(self._amiss(found, outcome, free))
        for _ in range(_TRIES):
            if not len(amiss):
                break
            again = network.redrawn(levels[amiss], free, rng, even=False)
            found[amiss] = again
            amiss = amiss[self._amiss(again, outcome, free)]
        for column, one, is_there, level in self.rules.tolist():
            if not is_there and column in free:
                found[found[:, outcome] == one, column] = level
        return found

    def contradicted(self, levels: Array, outcome: int) -> Bool1D:
        """Return the rows whose class never has a cell that is there, or always one that is missing."""
        found = self._amiss(levels, outcome, self.columns)
        for column, one, is_there, level in self.rules.tolist():
            if not is_there:
                found |= (levels[:, outcome] == one) & (levels[:, column] != level)
        return found

    def _amiss(self, levels: Array, outcome: int, free: tuple[int, ...]) -> Bool1D:
        """Return the rows that lack a cell, or have a level, which no row of their class does."""
        found = np.zeros(len(levels), np.bool_)
        for column, one, is_there, level in self.rules.tolist():
            if is_there and column in free:
                found |= (levels[:, outcome] == one) & (levels[:, column] == level)
        return found

    def state(self) -> dict[str, Array]:
        """Return the arrays, none where there is no such column."""
        if not self.columns:
            return {}
        return {"followers.columns": np.array(self.columns, np.int64), "followers.rules": self.rules}

    @classmethod
    def from_state(cls, arrays: Mapping[str, Array]) -> Self:
        """Return what ``state`` wrote; models of earlier versions have none."""
        if "followers.columns" not in arrays:
            return cls()
        rules = arrays["followers.rules"]
        if rules.shape[1] == 3:  # those were of missing cells alone
            rules = np.column_stack([rules, np.full(len(rules), _MISSING, np.int64)])
        return cls(tuple(arrays["followers.columns"].tolist()), rules)


def _commonest(levels: Array) -> int:
    return int(np.bincount(levels).argmax())


def _says_all(said: Decided, classes: Array) -> bool:
    """Tell whether all classes that rows have are told apart by one level."""
    return bool((said.empty | said.there)[np.unique(classes[classes >= 0])].all())
