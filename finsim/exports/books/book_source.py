"""``BookTables``: the files of a day's book that a format is given."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

EVENTS, BOOK = "events.parquet", "book.parquet"


@dataclass(frozen=True)
class BookTables:
    """Events and book of ``finsim simulate-book``; row k of the book is the state after event k."""

    events: Path
    book: Path


def is_book(place: Path) -> bool:
    """Tell whether a folder holds events and a book."""
    return (place / EVENTS).is_file() and (place / BOOK).is_file()
