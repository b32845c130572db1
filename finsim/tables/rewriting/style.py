"""How the cells of one text column are written: signs around numbers, decimals, words, quotes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from finsim.tables.schema import Dialect

SAMPLE = 1000
_ISO = re.compile(
    r"(?P<day>\d{4}-\d\d-\d\d)(?:(?P<gap>[T ])\d\d:\d\d(?P<seconds>:\d\d)?(?:[.,](?P<digits>\d+))?"
    r"\s?(?P<zone>Z|[+-]\d\d(?::?\d\d)?)?)?"
)


@dataclass(frozen=True)
class Number:
    """The parts of a cell that holds a number: what stands before and after it, and its form."""

    lead: str = ""
    trail: str = ""
    grouped: bool = False
    decimals: int = 0


@dataclass(frozen=True)
class Style:
    """The usual form of a column, found in its first cells.

    ``decimals`` is None where cells differ; ``words`` are the texts of true, false and null that stand there.
    """

    number: Number = Number()
    decimals: int | None = None
    quoted: bool = False
    stamp: str = ""
    words: tuple[str, ...] = field(default=())


def number_of(text: str, dialect: Dialect) -> Number | None:
    """Return the parts of a cell that holds one number, None where it does not."""
    point = dialect.point
    found = _number(point, bool(dialect.thousands)).search(text)
    if found is None:
        return None
    whole, part, bare = found.groups()
    grouped = whole is not None and not whole.isdigit()
    return Number(text[: found.start()], text[found.end() :], grouped, len(part or bare or ""))


@lru_cache(maxsize=64)
def _number(point: str, grouped: bool) -> re.Pattern[str]:
    sign = re.escape(point)
    group = rf"(?:[^0-9{sign}eE+-][0-9]{{3}})*" if grouped else ""
    return re.compile(rf"[+-]?(?:([0-9]+{group})(?:{sign}([0-9]*))?|{sign}([0-9]+))(?:[eE][+-]?[0-9]+)?")


def style_of(cells: Sequence[str], quoted: Sequence[bool], dialect: Dialect) -> Style:
    """Find the form of a column in its first cells (texts without their quotes)."""
    filled = [cell for cell in cells if cell]
    numbers = [found for cell in filled if (found := number_of(cell, dialect)) is not None]
    decimals = {found.decimals for found in numbers}
    around = Counter((found.lead, found.trail) for found in numbers).most_common(1)
    lead, trail = around[0][0] if around else ("", "")
    grouped = any(found.grouped for found in numbers)
    return Style(
        Number(lead, trail, grouped),
        next(iter(decimals)) if len(decimals) == 1 else None,
        bool(quoted) and all(quoted),
        next((cell for cell in filled if _ISO.fullmatch(cell.strip())), ""),
        tuple(dict.fromkeys(cells)),
    )


def stamp_parts(text: str) -> re.Match[str] | None:
    """Return the parts of an ISO date or time."""
    return _ISO.fullmatch(text.strip())


def quote_of(dialect: Dialect) -> str:
    """Return the quoting sign of a dialect, empty where it has none."""
    return "" if dialect.quote == "none" else dialect.quote or '"'


def unquoted(raw: str, quote: str) -> tuple[str, bool]:
    """Return the text of a cell as it stands in the file, and whether it is quoted."""
    if not quote or not raw.startswith(quote):
        return raw, False
    out, at = [], 1
    while at < len(raw):
        stop = raw.find(quote, at)
        if stop < 0:
            out.append(raw[at:])
            break
        out.append(raw[at:stop])
        if raw.startswith(quote, stop + 1):
            out.append(quote)
            at = stop + 2
        else:
            out.append(raw[stop + 1 :])
            break
    return "".join(out), True


def quoted(text: str, dialect: Dialect, always: bool, alone: bool) -> str | None:
    """Return a cell as it is written, quoted as needed; None where the dialect has no quote to do it.

    ``alone`` says that it is the only cell of its row: an empty one would be a line that readers skip.
    """
    quote = quote_of(dialect)
    needed = any(sign in text for sign in (dialect.sep, "\r", "\n")) or (alone and not text)
    needed = needed or bool(quote and text.startswith(quote))
    if not quote:
        return None if needed else text
    return quote + text.replace(quote, quote * 2) + quote if needed or always else text
