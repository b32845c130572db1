"""``Part``: what stands in a text for another cell of its row, and how that cell is written there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from finsim.tables.texts.date_forms import DateForm

WORD, NUMBER, DAY, CLOCK, HOUR, OWN = "word", "number", "day", "clock", "hour", "own"
WHOLE, CUT, FIRST, LAST, TAIL, PACKED = "whole", "cut", "first words", "last word", "last signs", "packed"
ENTITY, PAYEE, PAIR, ROW, RUN = "entity", "counterparty", "pair", "row", "run"
FIRST_MARK = 0xE000
MOST_PARTS = 200
LEAST_SIGNS, LEAST_DIGITS = 2, 4
"""Signs of a word, and of one of digits, below which it stands in texts by chance (assumptions)."""
PLAIN_CASE = ""
CASES = (PLAIN_CASE, "upper", "lower", "title")
SIGNS = {"1234.56": ("", "."), "1234,56": ("", ","), "1,234.56": (",", "."), "1.234,56": (".", ","),
         "1 234,56": (" ", ",")}  # fmt: skip
"""Forms of numbers: signs between thousands and before decimals."""


@dataclass(frozen=True)
class Part:
    """One part of a text.

    word : the cell of ``column``, whole or a piece of it (``piece``, of ``size`` signs or words), in
    ``case``. number : the size of a number, written as ``piece`` in SIGNS. day : the day of ``column`` as
    ``form``, some days before. clock : its time of day in the pattern ``piece``; hour : a time of day that
    the row does not have. own : ``size`` digits that belong to what ``piece`` says.
    """

    kind: str
    column: str = ""
    piece: str = ""
    size: int = 0
    case: str = ""
    form: DateForm = field(default_factory=lambda: DateForm(""))

    def written(self, word: str) -> str:
        """Return a word of the column as the text has it, "" where it has none."""
        found = str(getattr(word, self.case)()) if self.case else word
        if self.piece == CUT:
            return found[: self.size].rstrip()
        if self.piece == FIRST:
            return " ".join(found.split()[: self.size])
        if self.piece == LAST:
            return found.split()[-1] if found.split() else ""
        if self.piece == TAIL:
            return found[-self.size :] if len(found) > self.size else ""
        return packed(found) if self.piece == PACKED else found

    def told(self) -> str:
        """Return the part in words."""
        if self.kind == OWN:
            of = {ENTITY: "of the entity", PAYEE: "of the counterparty", PAIR: "of entity and counterparty",
                  ROW: "new in each row", RUN: "that count on"}[self.piece]  # fmt: skip
            return f"{self.size} digits {of}"
        if self.kind == DAY:
            return f"day of {self.column} as {self.form.text(EXAMPLE_DAY)}"
        if self.kind in (CLOCK, HOUR):
            return f"time of {self.column}" if self.kind == CLOCK else "a time of day"
        piece = {CUT: f" (first {self.size} signs)", FIRST: f" (first {self.size} words)",
                 LAST: " (last word)", TAIL: f" (last {self.size} signs)"}.get(self.piece, "")  # fmt: skip
        return f"{self.column}{piece}"

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types."""
        form = [self.form.pattern, self.form.language, self.form.case]
        return {"kind": self.kind, "column": self.column, "piece": self.piece, "size": self.size,
                "case": self.case, "form": form}  # fmt: skip

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Part:
        """Return what ``to_dict`` wrote."""
        return cls(**{**data, "form": DateForm(*data["form"])})


EXAMPLE_DAY = 20_071
"""14 December 2024, by which forms of days are shown."""


def mark(place: int) -> str:
    """Return the sign that stands for the part at a place: a sign of the private use of Unicode."""
    return chr(FIRST_MARK + place)


def is_mark(sign: str) -> bool:
    """Tell whether a sign stands for a part."""
    return FIRST_MARK <= ord(sign) < FIRST_MARK + MOST_PARTS


@lru_cache(maxsize=100_000)
def says_much(word: str) -> bool:
    """Tell whether a word is long enough that its signs do not stand in texts by chance."""
    return len(word) >= (LEAST_DIGITS if packed(word).isdigit() else LEAST_SIGNS)


@lru_cache(maxsize=100_000)
def packed(word: str) -> str:
    """Return the letters and digits of a word."""
    return "".join(one for one in word if one.isalnum())


def number_text(value: float, form: str) -> str:
    """Return the size of a number with two decimals, in a form of ``SIGNS``."""
    thousands, decimal = SIGNS[form]
    whole, _, cents = f"{abs(value):,.2f}".partition(".")
    return whole.replace(",", thousands) + decimal + cents


def found_at(text: str, piece: str, start: int = 0) -> int:
    """Return where a piece stands in a text, no part of a longer word or number; -1 for nowhere."""
    if not piece:
        return -1
    at = text.find(piece, start)
    while at >= 0:
        end = at + len(piece)
        if not (_joins(text, at) or _joins(text, end)):
            return at
        at = text.find(piece, at + 1)
    return -1


def _joins(text: str, at: int) -> bool:
    """Tell whether the signs before and at a place are of one word or number."""
    if not 0 < at < len(text):
        return False
    left, right = text[at - 1], text[at]
    if left.isalnum() and right.isalnum():
        return left.isdigit() == right.isdigit()
    # 14.12 is no part of 114.12 nor of 14.12.24
    if left.isdigit() and right in ".," and at + 1 < len(text):
        return text[at + 1].isdigit()
    return left in ".," and right.isdigit() and at > 1 and text[at - 2].isdigit()


def replaced(text: str, piece: str, sign: str) -> str:
    """Return a text with a sign in place of every such piece."""
    at = found_at(text, piece)
    while at >= 0:
        text = text[:at] + sign + text[at + len(piece) :]
        at = found_at(text, piece, at + 1)
    return text
