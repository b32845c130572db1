"""The matrix that the groups of features are written into, by column name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from finsim.evaluation.detector_features.definitions import Feature
from finsim.notation import Array


@dataclass(frozen=True)
class FeatureMatrix:
    """Values float32[n, F] of rows in time order, NaN until written, and the feature of each column."""

    values: Array
    columns: tuple[Feature, ...]

    @classmethod
    def empty(cls, rows: int, columns: Sequence[Feature]) -> FeatureMatrix:
        """Return a matrix of NaN."""
        return cls(np.full((rows, len(columns)), np.nan, dtype=np.float32), tuple(columns))

    def has(self, name: str) -> bool:
        """Whether a feature is one of the columns."""
        return any(one.name == name for one in self.columns)

    def column(self, name: str) -> Array:
        """Return a view of one column, float32[n]."""
        return self.values[:, self._at(name)]

    def block(self, first: str, last: str) -> Array:
        """Return a view of the columns from one to another, both included: float32[n, C]."""
        return self.values[:, self._at(first) : self._at(last) + 1]

    def _at(self, name: str) -> int:
        return next(at for at, one in enumerate(self.columns) if one.name == name)
