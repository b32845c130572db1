"""``LoanLaw``: what a book needs of a joint law of applications, whoever has learned it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

import numpy as np
import pandas as pd

from finsim.notation import Array


class LoanLaw(Protocol):
    """A joint law of the columns of applications.

    ``groups`` are the sectors and classes as ``sector|class``; ``whole`` the columns of whole numbers.
    """

    @property
    def groups(self) -> tuple[str, ...]:
        """Return the groups in the order of their codes."""
        ...

    @property
    def whole(self) -> frozenset[str]:
        """Return the columns of whole numbers."""
        ...

    def rows(self, count: int, rng: np.random.Generator) -> Mapping[str, Array]:
        """Return ``count`` rows: column -> array [count], NaN where missing; ``group`` as codes."""
        ...

    def words(self, name: str) -> tuple[str, ...]:
        """Return the words of a column of words, sorted."""
        ...

    def greatest(self, name: str) -> float:
        """Return the greatest number of a column, 0 where there is none."""
        ...


Learn = Callable[[pd.DataFrame], LoanLaw]
"""How a law is learned from a frame whose ``group`` is sector and class: a table generator, for example."""
