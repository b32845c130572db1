"""``Finding``: a row that breaks a rule, told in words that are put together when somebody reads them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Words:
    """What is told of one row under one rule: its key, the values that went in, the rule filled with them."""

    key: Mapping[str, str]
    operands: Mapping[str, str]
    text: str


class Finding:
    """One row under one rule: its number, key, the values that went in, and the rule with them filled in.

    ``words`` may be something that returns them: what reads the cells that were kept of the row, once, when
    the first of them is asked for. Findings cannot be changed; equal ones tell the same. A copy (pickled too)
    holds the words themselves.
    """

    __slots__ = ("_row", "_words")
    _row: int
    _words: Words | Callable[[], Words]

    def __init__(self, row: int, words: Words | Callable[[], Words]) -> None:
        object.__setattr__(self, "_row", row)
        object.__setattr__(self, "_words", words)

    @property
    def row(self) -> int:
        """The number of the row in its table."""
        return self._row

    @property
    def key(self) -> Mapping[str, str]:
        """The cells that name the row."""
        return self._told().key

    @property
    def operands(self) -> Mapping[str, str]:
        """The values that went into the rule, by what is written there."""
        return self._told().operands

    @property
    def text(self) -> str:
        """The rule with the values in place of names."""
        return self._told().text

    def to_dict(self) -> dict[str, Any]:
        """Return plain data."""
        told = self._told()
        return {
            "row": self.row, "key": dict(told.key), "operands": dict(told.operands), "text": told.text
        }  # fmt: skip

    def _told(self) -> Words:
        words = self._words
        if not isinstance(words, Words):
            words = words()
            object.__setattr__(self, "_words", words)
        return words

    def __setattr__(self, name: str, value: object) -> None:
        """Refuse: a report does not change."""
        raise AttributeError(f"a Finding cannot be changed ({name})")

    def __eq__(self, other: object) -> bool:
        """Whether both tell the same of the same row."""
        if not isinstance(other, Finding):
            return NotImplemented
        return self.row == other.row and self._told() == other._told()

    def __hash__(self) -> int:
        """Return the same number for equal findings."""
        return hash(self.row)

    def __repr__(self) -> str:
        """Return everything that is told."""
        told = self._told()
        return f"Finding(row={self.row}, key={told.key}, operands={told.operands}, text={told.text!r})"

    def __reduce__(self) -> tuple[type[Finding], tuple[int, Words]]:
        """Copy with the words: what they are made of stays here."""
        return Finding, (self.row, self._told())
