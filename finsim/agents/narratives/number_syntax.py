"""How numbers of a narrative file are written: ``3..18`` and ``14d``."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

from finsim.document_numbers import Misfit, read_count, read_share
from finsim.editor_schemas import JsonSchema, reads

UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3_600.0, "d": 86_400.0, "w": 604_800.0}
_NUMBER = r"[-+]?[0-9]*\.?[0-9]+(?:[eE][-+]?[0-9]+)?"
_DURATION = re.compile(rf"({_NUMBER})\s*(ms|s|m|h|d|w)\Z")
LONGEST = 100 * 365.25 * 86_400.0
"""The longest time that a narrative may speak of, in seconds: a hundred years."""
_FINITE = 10**300
MOST = 1e12
"""The largest number of any kind that a narrative may write."""
_RANGE = re.compile(r"(.+?)\.\.(.+)\Z")
_SPAN = rf"^\s*{_NUMBER}\s*\.\.\s*{_NUMBER}\s*$"
_LENGTH = rf"\+?{_NUMBER.removeprefix('[-+]?')}\s*({'|'.join(UNITS)})"
NUMBER_FORM: JsonSchema = {"type": "number"}
DURATION_FORM: JsonSchema = {"type": "string", "pattern": rf"^\s*{_LENGTH}\s*$"}
# What a range of numbers, and one of durations, looks like.
RANGE_FORM: JsonSchema = {"type": "string", "pattern": _SPAN}
DURATIONS_FORM: JsonSchema = {"type": "string", "pattern": rf"^\s*{_LENGTH}\s*\.\.\s*{_LENGTH}\s*$"}


@reads(NUMBER_FORM)
def number(value: Any) -> float:
    """Return a plain number; raises Misfit for anything else."""
    large = isinstance(value, int) and abs(value) > _FINITE
    if isinstance(value, bool) or not (large or (isinstance(value, int | float) and math.isfinite(value))):
        raise Misfit(f"{value!r} is not a number", "a number", _hyphen(value) or _plain_digits(value))
    if large:
        raise Misfit(f"{str(value)[:20]}.. is too large", "a finite number", "write fewer digits")
    return float(value)


_HYPHEN = re.compile(rf"\s*({_NUMBER})\s*(?:-|\u2013|to)\s*({_NUMBER})\s*\Z")


def _hyphen(value: Any) -> str:
    """Return how a range that is written as ``6-12`` or ``6 to 12`` is written here."""
    match = _HYPHEN.match(value) if isinstance(value, str) else None
    return f"write {match[1]}..{match[2]}" if match else ""


def _plain_digits(value: Any) -> str:
    """Return what to write for a number that is spelled with %, k or m."""
    for read in (read_share, read_count):
        try:
            meant = read(value) if isinstance(value, str) else value
        except Misfit as bad:
            return bad.remedy
        if isinstance(meant, int | float) and not isinstance(meant, bool):
            return f"write {meant:g}" if math.isfinite(meant) else "write a finite number"
    return "write a number, such as 4"


@reads(DURATION_FORM)
def seconds(value: Any) -> float:
    """Return the seconds of a duration such as ``90s``, ``25m``, ``9h``, ``14d``; raises Misfit."""
    match = _DURATION.match(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise Misfit(
            f"{value!r} is not a duration", "a number and ms, s, m, h, d or w", "write 9h, or 90s, 25m, 14d"
        )
    found = float(match[1]) * UNITS[match[2]]
    if not 0.0 <= found <= LONGEST:
        remedy = f"write {value.strip().removeprefix('-')}" if -LONGEST <= found < 0 else "write 14d"
        raise Misfit(f"{value!r} is no time that can pass", "0 to 100 years", remedy)
    return found


def bounds(text: str, read: Callable[[Any], float]) -> tuple[float, float]:
    """Return both ends of ``low..high``; raises Misfit when low exceeds high or one is no number."""
    match = _RANGE.match(text)
    if match is None:
        raise Misfit(f"{text!r} is not a range", "low..high", "write 3..18")
    parts = [part.strip() for part in match.groups()]
    low, high = (read(_plain(part)) for part in parts)
    if low > high:
        raise Misfit(f"range {text!r} runs backwards", "low..high", "swap the two ends")
    return low, high


def _plain(text: str) -> Any:
    if re.fullmatch(r"[-+]?[0-9]+", text):
        return int(text)
    return float(text) if re.fullmatch(_NUMBER, text) else text
