"""Cells of a column of dates that stand for no date: 0, 00000000, 99991231, or no day: 20150230."""

from __future__ import annotations

import re
from collections.abc import Sequence

from finsim.tables.proposing.forms import NEARLY_ALL, moments

LEAST_DATES = 5
"""Different dates beside which such cells are none (assumption)."""
_EIGHT = re.compile(r"\d{8}(?:\.0)?")
_ZEROS = re.compile(r"0+(?:\.0+)?")
_NO_DAY = re.compile(r"0{4}[-./ ]?0{2}[-./ ]?0{2}(?:\.0+)?|0{2}[-./]0{2}[-./]0{4}|9{8}(?:\.0+)?")
_LAST_DAY = re.compile(r"9{4}[-./ ]?12[-./ ]?31(?:\.0+)?|31[-./]12[-./]9{4}|12[-./]31[-./]9{4}")


def no_dates(cells: Sequence[str], name: str) -> tuple[str, ...]:
    """Return the different cells that are no date where all others are dates of one form, () where not."""
    distinct = list(dict.fromkeys(cells))
    found = tuple(cell for cell in distinct if _is_none(cell.strip()))
    rest = [cell for cell in distinct if cell not in found]
    false = false_days(rest, name)
    rest = [cell for cell in rest if cell not in false]
    if not found or len(rest) < LEAST_DATES or moments(rest, name) is None:
        return ()
    return found


def false_days(cells: Sequence[str], name: str) -> tuple[str, ...]:
    """Return the different cells of eight digits that are no day where nine of ten are days, else ()."""
    distinct = list(dict.fromkeys(cells))
    if not all(_EIGHT.fullmatch(cell.strip()) for cell in distinct):
        return ()
    found = tuple(cell for cell in distinct if moments([cell], name) is None)
    days = len(distinct) - len(found)
    return found if days >= max(LEAST_DATES, NEARLY_ALL * len(distinct)) else ()


def _is_none(cell: str) -> bool:
    return any(form.fullmatch(cell) for form in (_ZEROS, _NO_DAY, _LAST_DAY))
