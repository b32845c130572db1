"""``IdForm``: what identifiers look like, so that new ones can be made in the same form."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from finsim.errors import FitError
from finsim.tables.new_ids.check_digits import IBAN, NONE, bare, check_of, checked

NUMBERED = re.compile(r"(.*?)([0-9]+)([^0-9]*)", re.DOTALL)
"""What stands before the last number of a text, the number, what stands behind it."""
_WHOLE = re.compile(r"(-?(?:0|[1-9][0-9]*))(?:\.0)?")
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_HEX = re.compile(r"(?:[0-9a-f]{8,}|[0-9A-F]{8,})")
_UUID_HEAD, _UUID_WIDTH = "5eed1d00-0000-4000-8000-", 12
_DECIMAL, _SIXTEEN = "0123456789", "0123456789abcdef"
_PLAIN, _MARK = "new-", "#"
"""Beginnings of identifiers without a form; what keeps digits before check digits from being a number."""
_MOST = 2**62
_LONG = 10**11
"""Numbers that are as long as those of cards, the shortest with a check digit."""
ACCOUNT = 9
"""Digits of an account number that stand behind a bank's code at least (assumption)."""
DENSE = 1.5
"""Whole numbers are counted when their range holds at most 1.5 numbers each (assumption)."""
LEAST_SHARE = 0.05
"""Share of identifiers with one beginning and end that makes them a form (assumption)."""


def is_counted(low: float, high: float, count: int) -> bool:
    """Tell whether so many different whole numbers leave so few gaps that new ones can only follow them."""
    return high - low + 1 <= DENSE * count


@dataclass(frozen=True)
class IdForm:
    """A prefix, a number of at least ``width`` digits that begins after ``last``, and a suffix.

    ``last`` is the greatest number among the known identifiers of this prefix and suffix, so that no new one
    is an old one. ``digits`` are those of the number: ten, or sixteen. ``check`` is the kind of check digits,
    which the other parts are without (see ``check_digits``).
    """

    prefix: str = ""
    width: int = 0
    last: int = 0
    suffix: str = ""
    digits: str = _DECIMAL
    check: str = NONE

    @classmethod
    def of(cls, known: Sequence[str], taken: Sequence[str] = ()) -> IdForm:
        """Return the form of the known identifiers; without one, ``new-`` and a number.

        ``taken`` are words that no new identifier may be: they have no part in the form.
        """
        check = check_of(known)
        if check == NONE:
            form = cls._of(known)
            return form._behind(taken) if taken else form
        bank = cls._of_bank([bare(word, check) for word in known]) if check.startswith(IBAN) else None
        form = bank or cls._of([f"{_MARK}{bare(word, check)}" for word in known])
        form = form._behind([f"{_MARK}{bare(word, check)}" for word in taken])
        if form.is_plain:
            return cls._of(known)
        return replace(form, prefix=form.prefix.removeprefix(_MARK), check=check)

    @classmethod
    def _of(cls, known: Sequence[str]) -> IdForm:
        whole = [_WHOLE.fullmatch(word) for word in known]
        if known and all(whole):
            return cls(last=max(int(match[1]) for match in whole if match))
        if 2 * sum(_UUID.fullmatch(word) is not None for word in known) > len(known):
            upper = any(_UUID.fullmatch(word) and word != word.lower() for word in known)
            head, digits = (_UUID_HEAD.upper(), _SIXTEEN.upper()) if upper else (_UUID_HEAD, _SIXTEEN)
            return cls(head, _UUID_WIDTH, 0, "", digits)._behind(known)
        parts = [match.groups() for word in known if (match := NUMBERED.fullmatch(word))]
        ends = Counter((head, tail) for head, _, tail in parts)
        (head, tail), most = min(ends.items(), key=lambda one: (-one[1], one[0]), default=(("", ""), 0))
        if (
            2 * most <= len(known)
            and len({len(word) for word in known}) == 1
            and all(map(_HEX.fullmatch, known))
        ):
            digits = _SIXTEEN if all(word == word.lower() for word in known) else _SIXTEEN.upper()
            return cls("", len(known[0]), 0, "", digits)._behind(known)
        if 2 * len(parts) <= len(known) or most < LEAST_SHARE * len(known):
            return cls(prefix=_PLAIN, width=len(str(len(known))))._behind(known)
        numbers = [digits for one, digits, other in parts if (one, other) == (head, tail)]
        widths = {len(digits) for digits in numbers}
        padded = len(widths) == 1 and any(digits.startswith("0") for digits in numbers)
        return cls(head, widths.pop() if padded else 0, 0, tail)._behind(known)

    @classmethod
    def _of_bank(cls, known: list[str]) -> IdForm | None:
        """Return the form of numbers of one length behind what all begin with, a bank's code; else None."""
        size, low, high = len(known[0]), min(known), max(known)  # what these share all share
        same = next((k for k, (one, two) in enumerate(zip(low, high, strict=False)) if one != two), size)
        head = low[: max(min(same, size - ACCOUNT), 0)]
        tails = [word[len(head) :] for word in known]
        if any(len(word) != size for word in known) or not all(tail.isdecimal() for tail in tails):
            return None
        return cls(f"{_MARK}{head}", size - len(head))._behind([f"{_MARK}{word}" for word in known])

    @classmethod
    def of_cells(cls, cells: pa.Array | pa.ChunkedArray) -> IdForm:
        """Return the form of the identifiers of a column, in which cells may be empty."""
        known = [one for one in cells.to_pylist() if one is not None]
        if _is_number(_plain(cells.type)):
            last = max((math.ceil(one) for one in known if math.isfinite(one)), default=0)
            if last >= _LONG and all(math.isfinite(one) and float(one).is_integer() for one in known):
                words = [f"{one:.0f}" for one in known]
                if check_of(words) != NONE:
                    return cls.of(words)
            return cls(last=last)
        return cls.of([str(one) for one in known])

    def _behind(self, known: Sequence[str]) -> IdForm:
        """Return this form with the greatest number that stands in it among the known identifiers."""
        inner = re.compile(f"{re.escape(self.prefix)}([{self.digits}]+){re.escape(self.suffix)}")
        numbers = [int(match[1], len(self.digits)) for word in known if (match := inner.fullmatch(word))]
        last = max([self.last, 0, *numbers])
        return replace(self, last=last)

    @property
    def is_plain(self) -> bool:
        """Whether new identifiers are ``new-`` and a number."""
        return self.prefix == _PLAIN

    def new(self, first: int, count: int) -> list[str]:
        """Return identifiers ``first`` to ``first + count`` of a run."""
        kind = "d" if self.digits == _DECIMAL else "x" if self.digits == _SIXTEEN else "X"
        begin = self.last + 1 + first
        plain = [
            f"{self.prefix}{number:0{self.width}{kind}}{self.suffix}"
            for number in range(begin, begin + count)
        ]
        return plain if self.check == NONE else list(_made_once(tuple(plain), self.check))

    def cells(self, first: int, count: int, kind: pa.DataType) -> pa.Array:
        """Return new identifiers as cells of a type of the table. Raises FitError where they do not fit."""
        plain = _plain(kind)
        if _is_number(plain):
            begin = self.last + 1 + first
            wanted = range(begin, begin + count)
            found = numbers_as(
                wanted if self.check == NONE else list(map(int, self.new(first, count))), plain
            )
            if found is None:
                raise FitError(
                    f"new identifiers go on behind {self.last} and do not fit {plain}", place="identifiers",
                    expected="a type with room for them", remedy="store the identifiers as int64 or text",
                )  # fmt: skip
            return found.dictionary_encode().cast(kind) if pa.types.is_dictionary(kind) else found
        words = self._texts(first, count)
        if not pa.types.is_dictionary(kind):
            return words.cast(kind)
        # No two are alike: each is its own place in the dictionary.
        codes = pa.array(np.arange(count, dtype=np.int32))
        return pa.DictionaryArray.from_arrays(codes, words).cast(kind)

    def _texts(self, first: int, count: int) -> pa.Array:
        """Return what ``new`` does as an array of texts; decimal numbers are written all at once."""
        begin = self.last + 1 + first
        if self.digits != _DECIMAL or begin + count > _MOST or self.check != NONE:
            return pa.array(self.new(first, count), pa.string())
        digits = pa.array(np.arange(begin, begin + count)).cast(pa.string())
        padded = pc.utf8_lpad(digits, max(self.width, 1), "0")
        return pc.binary_join_element_wise(self.prefix, padded, self.suffix, "")

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return asdict(self)


def plain_remarks(forms: Mapping[str, IdForm]) -> list[str]:
    """Return a sentence per column whose new identifiers do not look like those of the table."""
    return [
        f"{name}: new identifiers are {form.new(0, 1)[0]} and so on, as the old ones have no form in common"
        for name, form in forms.items() if form.is_plain
    ]  # fmt: skip


@lru_cache(maxsize=2)
def _made_once(words: tuple[str, ...], check: str) -> tuple[str, ...]:
    """Return identifiers with check digits; blocks of a run ask for those of the whole run again."""
    return tuple(checked(word, check) for word in words)


def numbers_as(numbers: Sequence[int], kind: pa.DataType) -> pa.Array | None:
    """Return whole numbers as cells of a type of numbers; None where it cannot hold each of them exactly."""
    try:
        if pa.types.is_integer(kind) and all(abs(one) < _MOST for one in (*numbers[:1], *numbers[-1:])):
            ends = (numbers.start, numbers.stop, numbers.step) if isinstance(numbers, range) else None
            return pa.array(np.array(numbers, np.int64) if ends is None else np.arange(*ends)).cast(kind)
        if not pa.types.is_floating(kind):
            return pa.array(list(numbers), pa.decimal128(38, 0)).cast(kind)
        found = pa.array([float(one) for one in numbers]).cast(kind)
    except (pa.ArrowInvalid, OverflowError):
        return None
    return found if [int(one) for one in found.to_pylist()] == list(numbers) else None


def _plain(kind: pa.DataType) -> pa.DataType:
    return kind.value_type if pa.types.is_dictionary(kind) else kind


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))
