"""Two header rows as vendors write them: one names the bar (Open ... Volume), the other the asset."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from finsim.markets.reading.price_layouts import SYNONYMS
from finsim.tables import Dialect, open_table, plain

_CORNERS = ("price", "attributes", "fields", "ticker", "tickers", "symbol", "symbols", "")
_BARS = ("open", "high", "low", "close", "adjusted", "volume")
_WORDS = {word: bar for bar in _BARS for word in SYNONYMS[bar]}


@dataclass(frozen=True)
class Level:
    """What a column under two header rows holds: a bar field (or ``adjusted``) of one asset."""

    bar: str
    asset: str


def levels_of(source: Any, dialect: Dialect, place: str) -> tuple[Level | None, ...]:
    """Return what each column is when the table has two header rows; nothing when it has one.

    Such a table repeats names in its first row, or has nothing but names of bar fields there, and its second
    row completes them; a pandas frame has columns of two levels. Raises DataError for what cannot be read.
    """
    if getattr(getattr(source, "columns", None), "nlevels", 1) == 2:
        return _levels_of_frame(source, dialect, place)
    first = open_table(source, {}, replace(dialect, header_rows=1), place=place)
    upper = _filled(first.headers)
    if dialect.header_rows != 2 and not _looks_like_one_of_two(first.headers):
        return ()
    batch = next(first.batches(rename=False), None)
    if batch is None or not batch.num_rows:
        return ()
    lower = ["" if (cell := column[0].as_py()) is None else str(cell).strip() for column in batch.columns]
    if plain(lower[0]) not in (*_CORNERS, *SYNONYMS["date"]):
        return ()
    found: list[Level | None] = [None]
    for above, below in zip(upper[1:], lower[1:], strict=True):
        level = _level(above, below)
        if level is None:
            return ()
        found.append(level)
    return tuple(found) if len(set(found)) == len(found) else ()


def _levels_of_frame(frame: Any, dialect: Dialect, place: str) -> tuple[Level | None, ...]:
    """Return what columns of two levels hold, behind the index; nothing where one is no bar of an asset."""
    pairs = [(str(above).strip(), str(below).strip()) for above, below in frame.columns]
    is_index = len(open_table(frame, {}, dialect, place=place).headers) > len(pairs)
    if not is_index and not all(pairs[0]):  # an index that became a column has one name
        pairs = pairs[1:]
    elif not is_index:
        return ()
    found = [_level(above, below) for above, below in pairs]
    return () if None in found or len(set(found)) < len(found) else (None, *found)


def _looks_like_one_of_two(headers: Sequence[str]) -> bool:
    rest = headers[1:]
    if not rest:
        return False
    twice = len(set(rest)) < len(rest)
    return twice or (plain(headers[0]) in _CORNERS and all(plain(name) in _WORDS for name in rest))


def _level(above: str, below: str) -> Level | None:
    if plain(above) in _WORDS and below:
        return Level(_WORDS[plain(above)], below)
    if plain(below) in _WORDS and above:
        return Level(_WORDS[plain(below)], above)
    return None


def _filled(headers: Sequence[str]) -> list[str]:
    """Return a first header row in which an empty cell repeats the one before it, as merged cells do."""
    found: list[str] = []
    for name in headers:
        text = name.strip()
        found.append(text or (found[-1] if found else ""))
    return found
