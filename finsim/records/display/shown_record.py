"""``ShownRecord``: an object that shows itself, in a terminal and in a notebook."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING

from finsim.records.display.card import Card
from finsim.records.display.card_html import card_html
from finsim.records.display.card_text import card_text

if TYPE_CHECKING:
    import pandas as pd


class ShownRecord:
    """Gives an object a short ``repr`` (12 lines and 600 characters at most) and a card for notebooks.

    A class says what its ``card`` is, and may give first rows and the values of a spark line.
    """

    __slots__ = ()

    @abstractmethod
    def card(self) -> Card:
        """Return what the object says of itself."""

    def __repr__(self) -> str:
        """Return the card as text."""
        return card_text(self.card())

    def __str__(self) -> str:
        """Return the card as text, as ``repr`` does."""
        return repr(self)

    def _repr_html_(self) -> str:
        """Return the card as HTML: facts, spark line and the first five rows."""
        return card_html(self.card(), self._first_rows(), self._curve())

    def _first_rows(self) -> pd.DataFrame:
        import pandas as pd

        return pd.DataFrame()

    def _curve(self) -> Sequence[float]:
        return ()

    def __bool__(self) -> bool:
        """Return True: an object without rows is an object still."""
        return True
