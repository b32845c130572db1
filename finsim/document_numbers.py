"""How numbers and yes or no may be spelled in YAML files: types that the models of files share.

``Share`` takes ``0.05`` and ``5%``; ``Count`` takes ``10000``, ``10_000``, ``1e4``, ``10k`` (thousands) and
``2m`` (millions); ``Length`` (of time, in whole steps) takes no ``k`` or ``m``, for ``36m`` may be months;
``Number`` is any finite number; ``YesNo`` takes ``true``, ``false``, ``yes``, ``no``. What may be meant in
two ways is refused. A bound is added where a type is used: ``Annotated[Share, Field(ge=0, le=1)]``.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

THOUSANDS = {"k": 1_000, "m": 1_000_000}
"""What the letter after a count multiplies it with; capitals mean the same."""
_SPELLED = re.compile(
    r"([-+]?(?:[0-9]+(?:_[0-9]{3})*(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?)\s*([A-Za-z%]*)\Z"
)
_DIGITS = re.compile(r"[-+]?[0-9]+(?:_[0-9]{3})*\Z")
_COMMA = re.compile(r"[-+]?[0-9]+(?:[.,][0-9]+)+\s*[A-Za-z%]*\Z")
_YES_NO = {"yes": True, "no": False, "true": True, "false": False, "on": True, "off": False}


class Misfit(ValueError):
    """A value that a file may not hold: what was found, what was expected, what to do."""

    def __init__(self, found: str, expected: str = "", remedy: str = "") -> None:
        super().__init__("; ".join(part for part in (found, expected, remedy) if part))
        self.found, self.expected, self.remedy = found, expected, remedy


@dataclass(frozen=True)
class Meaning:
    """What messages and schemas say that a value is, with an example as it is written in a file.

    ``unit`` names the key that says the unit of a number, where the file does.
    """

    words: str
    example: str
    unit: str = ""


def _split(text: str) -> tuple[float, str] | None:
    """Return the number and the letters behind it; None for other text."""
    match = _SPELLED.match(text.strip())
    return (float(match[1].replace("_", "")), match[2]) if match else None


def _refuse_comma(text: str, *, whole: bool = False) -> None:
    """Raise Misfit for a comma or several points, with the number that was meant, or both that may be.

    ``0,002`` has no thousands; ``1,500`` may have, or be 1.500 where no ``whole`` number is wanted.
    """
    plain = text.strip()
    if _COMMA.match(plain) and _split(text) is None:
        found = f"{text!r} has a comma or two points: a decimal sign to some, thousands to others"
        signs = re.findall("[.,]", plain)
        in_groups = re.fullmatch(r"[-+]?[1-9][0-9]{0,2}([.,][0-9]{3})+\s*[A-Za-z%]*", plain)
        grouped = re.sub("[.,]", "", plain)
        if len(set(signs)) == 2 and signs.count(signs[-1]) == 1:  # 1.234,5: the last sign is the decimal one
            head, _, tail = plain.rpartition(signs[-1])
            raise Misfit(found, "", f"write {re.sub('[.,]', '', head)}.{tail}")
        if in_groups and (whole or len(signs) > 1):
            raise Misfit(found, "", f"write {grouped}")
        both = f"{grouped} or " if in_groups else ""
        raise Misfit(found, "", f"write {both}{re.sub('[.,]', '.', plain)}")


def read_number(value: Any) -> Any:
    """Return text such as ``10_000`` as a number, other values as they are.

    Raises Misfit for a truth, a number that is not finite, and text that may be read in two ways.
    """
    return _number(value, whole=False)


def _number(value: Any, *, whole: bool) -> Any:
    if isinstance(value, bool):
        raise Misfit(f"{_word(value)} is yes or no, not a number")
    if isinstance(value, float) and not math.isfinite(value):
        raise Misfit(f"{value} is no finite number")
    if not isinstance(value, str):
        return value
    if _DIGITS.match(value):
        return int(value)  # not by way of a float: a seed may have 19 digits
    found = _split(value)
    if found is None or found[1]:
        _refuse_comma(value, whole=whole)
        return value
    return found[0]


def read_share(value: Any) -> Any:
    """Return ``5%`` as 0.05, numbers as they are. Raises Misfit as ``read_number`` does, and for bp or pp."""
    found = _split(value) if isinstance(value, str) else None
    if found is None or not found[1]:
        return read_number(value)
    number, letters = found
    if letters == "%":
        return float(f"{number / 100:.15g}")
    if letters.lower() in ("bp", "bps", "pp", "pct", "percent"):
        in_percent = number / 100 if letters.lower().startswith("bp") else number
        raise Misfit(f"{value!r} is not a share", "", f"write {in_percent:g}%")
    return value


def read_count(value: Any) -> Any:
    """Return ``10k``, ``2m``, ``10_000`` as whole numbers; raises Misfit for ``2mm`` and ``10,000``."""
    found = _split(value) if isinstance(value, str) else None
    if found is None or not found[1]:
        return _whole(_number(value, whole=True), value)
    number, letters = found
    if letters.lower() in THOUSANDS:
        return _whole(round(number * THOUSANDS[letters.lower()], 6), value)
    if letters.lower() in ("mm", "mn", "mio", "bn", "b", "t", "mrd", "th", "g"):
        raise Misfit(
            f"{value!r}: {letters} means different things to different people",
            "k for thousands, m for millions, or all digits",
            f"write {number:g}m for {number:g} million, or all digits",
        )
    return value


def read_length(value: Any) -> Any:
    """Return a whole number of steps of time; raises Misfit for a letter, for ``36m`` may be months."""
    found = _split(value) if isinstance(value, str) else None
    if found is None or not found[1] or found[1] == "%":
        return _whole(_number(value, whole=True))
    raise Misfit(f"{value!r}: the key names the unit, a letter may mean another", "", f"write {found[0]:g}")


def read_yes_no(value: Any) -> Any:
    """Return yes, no, true, false, on, off (in any case) as a truth, other values as they are."""
    return _YES_NO.get(value.strip().lower(), value) if isinstance(value, str) else value


def _whole(value: Any, written: Any = None) -> Any:
    """Return a float without decimals as int, and refuse one with decimals."""
    if not isinstance(value, float) or not math.isfinite(value):
        return value
    if not value.is_integer():
        shown = value if written is None else written
        if isinstance(written, str) and (
            grouped := re.fullmatch(r"\+?([1-9]\d{0,2})\.(\d{3})", written.strip())
        ):
            meant = f"write {grouped[1]}{grouped[2]}, without a sign for thousands"
            raise Misfit(f"{shown} is not whole: the point is the decimal sign", "", meant)
        raise Misfit(f"{shown} is not whole", "", f"write {math.floor(value)} or {math.ceil(value)}")
    return int(value)


def _word(value: bool) -> str:
    return "true" if value else "false"


Number = Annotated[float, BeforeValidator(read_number), Meaning("a number", "1.5")]
SHARE = Meaning("a share, as a decimal or in percent (5% is 0.05)", "0.05")
Share = Annotated[float, BeforeValidator(read_share), SHARE]
Count = Annotated[
    int,
    BeforeValidator(read_count),
    Field(ge=1),
    Meaning("a whole number (10k is 10000, 2m is 2000000)", "1000"),
]
Whole = Annotated[int, BeforeValidator(read_count), Meaning("a whole number", "7")]
Length = Annotated[int, BeforeValidator(read_length), Meaning("a whole number", "12")]
YesNo = Annotated[bool, BeforeValidator(read_yes_no), Meaning("yes or no", "true")]
Id = Annotated[
    str,
    Field(pattern=r"^[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}$"),
    Meaning("a name of at most 64 letters, digits, dots, dashes and _, no dot first", "my-study"),
]
"""A name that may stand in the name of a folder."""
