"""``EmptyLaw``: which cells are empty in a column that is told where it is filled."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from finsim.generators.events.habits.cells.word_law import WordLaw, learn_words
from finsim.notation import Array, Bool1D, Float1D, Float2D, Int1D
from finsim.records.mixed_table import MISSING_TIME, MISSING_WORD, NUMBER, WORD, MixedColumn


@dataclass(frozen=True)
class EmptyLaw:
    """A law of two words, 1 for an empty cell, and the contexts it rests on."""

    law: WordLaw
    parents: tuple[str, ...]

    def emptied(
        self, told: MixedColumn, contexts: dict[str, Int1D], of: tuple[Int1D, Array], draws: Float2D
    ) -> Array:
        """Return the cells [n] of a column, some of them empty; ``of`` : learned entity and first rows."""
        codes = [contexts[name] for name in self.parents]
        gone = self.law.words(codes, *of, draws) == 1
        nothing = {NUMBER: np.nan, WORD: MISSING_WORD}.get(told.kind, MISSING_TIME)
        return np.where(gone, np.asarray(nothing, told.values.dtype), told.values)

    def chances(self, gone: Bool1D, contexts: dict[str, Int1D], of: tuple[Int1D, Array]) -> Float1D:
        """Return the chance that a cell is empty as it is, or filled as it is, float64[n]."""
        return self.law.chances(gone.astype(np.int64), [contexts[name] for name in self.parents], *of)


def learn_empty(
    missing: Bool1D, some: Bool1D, contexts: dict[str, Int1D], entity: Int1D, count: int
) -> EmptyLaw:
    """Learn which cells of a told column are empty, in rows ``some`` bool[n] that are told a cell.

    entity int64[n] in order, of ``count``.
    """
    rows = np.flatnonzero(some)
    own = entity[rows]
    first = np.append(True, own[1:] != own[:-1])
    inner = {name: codes[rows] for name, codes in contexts.items()}
    law, parents = learn_words(missing[rows].astype(np.int64), 2, inner, own, count, first)
    return EmptyLaw(law, tuple(parents))
