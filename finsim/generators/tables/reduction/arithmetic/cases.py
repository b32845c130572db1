"""A number that each word of a column has a rule of its own for: repaid loans, and interest-only ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np

from finsim.generators.tables.reduction.column_cells import as_numbers, on_grid
from finsim.generators.tables.reduction.identities import Identity
from finsim.notation import Float1D, Int1D
from finsim.records.mixed_table import WORD, MixedColumn

THERE, LACKS = "there", "lacks"
"""Words of a column that has none: its cell is there, or lacks."""
CaseRule = Identity | float | None
"""How a word has its numbers: computed, all the same, or none."""


@dataclass(frozen=True)
class Cases:
    """``target`` follows ``rules[k]`` in rows of ``words[k]`` of the column ``source``.

    Other words have the rule ``usual``, or the cell of ``own``, a learned column, where there is one. A
    source without words says by whether its cell is there; without a source, "", all rows have the one
    rule. What is computed lies on a ``grid``: values are told in whole pounds.
    """

    target: str
    source: str
    words: tuple[str, ...]
    rules: tuple[CaseRule, ...]
    usual: int
    grid: float
    own: str = ""

    @property
    def operands(self) -> tuple[str, ...]:
        """Return the columns of numbers that the rules read, each once."""
        read = [name for one in self.rules if isinstance(one, Identity) for name in one.operands]
        return tuple(dict.fromkeys([*read, *([self.own] if self.own else [])]))

    def sources(self) -> tuple[str, ...]:
        """Return all columns that it reads."""
        return tuple(dict.fromkeys([*([self.source] if self.source else []), *self.operands]))

    def values(self, columns: Mapping[str, MixedColumn]) -> Float1D:
        """Return the numbers, float64[N], NaN where there is none."""
        numbers = {name: one for name in self.operands if (one := as_numbers(columns[name])) is not None}
        rows = len(columns[self.operands[0]])
        codes = codes_of(columns[self.source], self.words) if self.source else np.zeros(rows, np.int64)
        found = numbers[self.own].copy() if self.own else np.full(rows, np.nan)
        for place, rule in enumerate(self.rules):
            mine = codes == place
            if place == self.usual and not self.own:
                mine |= codes < 0
            made = (
                on_grid(rule.values(numbers), self.grid) if isinstance(rule, Identity) else _same(rule, rows)
            )
            found = np.where(mine, made, found)
        return np.asarray(found)

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        rules = [asdict(one) if isinstance(one, Identity) else one for one in self.rules]
        return {**asdict(self), "words": list(self.words), "rules": rules}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return the cases that ``to_dict`` wrote."""
        rules = tuple(_rule(one) for one in data["rules"])
        words = tuple(data["words"])
        return cls(data["target"], data["source"], words, rules, int(data["usual"]), float(data["grid"]),
                   data["own"])  # fmt: skip


def codes_of(column: MixedColumn, words: tuple[str, ...]) -> Int1D:
    """Return the place of each cell among words, -1 where it is none of these."""
    known = {word: place for place, word in enumerate(words)}
    if column.kind == WORD:
        listed = [known.get(word, -1) for word in column.words] + [-1]
        return np.asarray(np.array(listed, np.int64)[column.values])
    return np.asarray(np.where(column.missing(), known.get(LACKS, -1), known.get(THERE, -1)))


def _same(cell: float | None, rows: int) -> Float1D:
    return np.full(rows, np.nan if cell is None else cell)


def _rule(data: Any) -> CaseRule:
    if not isinstance(data, Mapping):
        return None if data is None else float(data)
    known: dict[str, Any] = {key: tuple(one) if isinstance(one, list) else one for key, one in data.items()}
    return Identity(**known)
