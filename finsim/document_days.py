"""Days as people write them: what is wrong with text that is no day, and the day that it was meant as."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date
from typing import Annotated, Any

from pydantic import BeforeValidator

from finsim.document_numbers import Meaning, Misfit

DAY = "a day as year-month-day"
_EXAMPLE = "2026-01-31"
_WRITTEN = re.compile(r"\s*(\d+)[-/. ](\d+)[-/. ](\d+)\s*")


def day_words(value: Any) -> tuple[str, str]:
    """Return what is expected in place of a value that is no day, and the day it means, else an example.

    ``31.12.2025`` and ``12/31/2025`` are one day each, ``01/02/2026`` is two: of those an example.
    """
    found = _WRITTEN.fullmatch(value) if isinstance(value, str) else None
    if not found:
        return DAY, _EXAMPLE
    first, second, third = (int(one) for one in found.groups())
    is_year_first = len(found[1]) == 4
    if not is_year_first and first <= 12 and second <= 12 and first != second:
        return DAY, _EXAMPLE
    year, month, day = (first, second, third) if is_year_first else (third, second, first)
    if month > 12 and not is_year_first:
        month, day = day, month
    if not (1 if is_year_first else 1_000) <= year <= 9_999:
        return f"{DAY}, its year in four digits", _EXAMPLE
    if not 1 <= month <= 12:
        return f"{DAY}, its month from 1 to 12", _EXAMPLE
    last = monthrange(year, month)[1]
    if not 1 <= day <= last:
        return f"{DAY}; {year:04}-{month:02} has {last} days", f"{year:04}-{month:02}-{last}"
    return DAY, f"{year:04}-{month:02}-{day:02}"


def read_day(value: Any) -> Any:
    """Return a value as it is; raises Misfit for text that names no day of the calendar."""
    if isinstance(value, str) and _WRITTEN.fullmatch(value):
        expected, meant = day_words(value)
        if expected != DAY or meant != value.strip():
            raise Misfit(repr(value), expected, f"write {meant}")
    return value


Day = Annotated[date, BeforeValidator(read_day), Meaning(DAY, "2025-12-31")]
