"""Numbers of ``--given``: with a point, or in quotes as the cells of the data are written."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from finsim.engine.learned.text_form import TextForm
from finsim.errors import Problem
from finsim.tables.writing.text_look import HOLE, CellForm

_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_DIGITS = re.compile(r"[+-]?[0-9][0-9.,']*")


def given_number(text: str, header: str, form: TextForm, *, in_quotes: bool = False) -> float:
    """Return a written number in the unit of its column. Raises ValueError with what is expected.

    Signs between thousands and the decimal sign are those of the data. A lone point before three digits
    stands between thousands in quotes alone, and is refused without them where the data have it so.
    """
    look = form.look.numbers.get(header)
    share = look.places if look and text.endswith("%") else 0  # 5% as the file writes it
    bare = text[:-1].strip() if share else _without_signs(text, look)
    plain = _with_point(bare, form, in_quotes=in_quotes)
    if not _NUMBER.fullmatch(plain):
        raise ValueError("a number")
    value = float(plain) / 10.0**share
    if not np.isfinite(value):
        raise ValueError("a finite number")
    return value


def _without_signs(text: str, look: CellForm | None) -> str:
    """Return the digits of a cell with the signs that the column has around them, such as of a currency."""
    for pattern, sign in ((look.above, ""), (look.below, "-")) if look and not look.places else ():
        before, _, after = pattern.partition(HOLE)
        inner = text.removeprefix(before).removesuffix(after)
        if before + inner + after == text and _DIGITS.fullmatch(inner):
            return sign + inner
    return text


def _with_point(text: str, form: TextForm, *, in_quotes: bool) -> str:
    """Return digits as the data have them with a point for the decimal sign and nothing between thousands."""
    dialect = form.dialect.settled()
    point, between = re.escape(dialect.point), re.escape(dialect.thousands)
    grouped = between and re.fullmatch(rf"[+-]?[1-9][0-9]{{0,2}}({between}[0-9]{{3}})+({point}[0-9]*)?", text)
    if grouped:
        if dialect.thousands == "." and re.fullmatch(r"[+-]?[0-9]+\.[0-9]{3}", text) and not in_quotes:
            raise ValueError(f'{text.replace(".", "")}, or "{text.replace(".", dialect.point)}" in quotes')
        return text.replace(dialect.thousands, "").replace(dialect.point, ".")
    if dialect.point == "," and re.fullmatch(r"[+-]?[0-9]*,[0-9]+", text):
        return text.replace(",", ".")
    return text


def split_number(header: str, pieces: Sequence[str], form: TextForm) -> Problem | None:
    """Return a problem where the pieces between commas are one number of a column.

    What is after the comma would else be taken for a column, and what is before it for the number.
    """
    whole = ",".join(pieces)
    if not re.fullmatch(r"[0-9][0-9.]*( ?[^\w\s,.]{1,3})?", pieces[-1]):
        return None
    try:
        given_number(whole, header, form, in_quotes=True)
        remedy = f"""quote it, for the shell too: --given '{header}="{whole}"'"""
    except ValueError:
        remedy = f"write {header}={'.'.join(pieces)}" if len(pieces) == 2 else "write it without commas"
        if len(pieces) == 2 and re.fullmatch(r"[+-]?[1-9][0-9]{0,2}", pieces[0]) and len(pieces[1]) == 3:
            remedy = f"write {header}={''.join(pieces)} or {header}={'.'.join(pieces)}"
    return Problem(f"given {header}", f"{whole} is split at the comma", "a number", remedy)
