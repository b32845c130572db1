"""Numbers that follow from another one of their row within words, as relations that a side keeps."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from finsim.evaluation.tables.column_pairs import CATEGORY, DATE, NUMBER, ColumnPair
from finsim.evaluation.tables.table_case import TableCase
from finsim.notation import Array, Bool1D
from finsim.tables.links.finder import links_of
from finsim.tables.links.ledger_cells import LedgerCells
from finsim.tables.links.link import Link

Told = tuple[str, tuple[Array, Array, Array | None], tuple[Array, Array, Array | None], "LinkCheck"]


class LinkCheck:
    """The check of one link: a number beside what it follows from, float64[n, 1 + words] and the day."""

    def __init__(self, link: Link, words: list[ColumnPair]):
        """Hold the link and the columns of words that it asks."""
        self.link, self.words = link, words

    def __call__(self, left: Array, right: Array) -> tuple[Bool1D, Bool1D]:
        """Return (asked, broken) bool[n] of the rows of a side."""
        words = {one.name: (right[:, 2 + k].astype(np.int64), one.levels) for k, one in enumerate(self.words)}
        numbers = {self.link.name: left, self.link.source: right[:, 0]}
        return self.link.broken(LedgerCells(numbers, words, right[:, 1].astype(np.int64)))


def linked_rules(case: TableCase) -> Iterator[Told]:
    """Yield links of the real side in words, with the values of each side and the check."""
    numbers = [one for one in case.columns if one.kind == NUMBER]
    words = [one for one in case.columns if one.kind == CATEGORY]
    dates = [one for one in case.columns if one.kind == DATE]
    day = case.column(case.roles.time) or (dates[0] if dates else None)
    if day is not None and day.kind != DATE:
        day = None
    cells = LedgerCells(
        {one.name: one.real.astype(np.float64) for one in numbers},
        {one.name: (one.real.astype(np.int64), one.levels) for one in words},
        None if day is None else _days(day.real),
    )
    for link in links_of(cells, case.roles.amount):
        asked = {one.name for one in link.contexts} | ({link.rates.context.name} if link.rates else set())
        told = [one for one in words if one.name in asked]
        target, source = case.column(link.name), case.column(link.source)
        assert target is not None
        assert source is not None
        right = [_beside(source, day, told, k) for k in range(3)]
        sides = target.real, target.own, target.spare
        yield _in_words(link), sides, (right[0], right[1], right[2]), LinkCheck(link, told)


def _beside(source: ColumnPair, day: ColumnPair | None, words: list[ColumnPair], side: int) -> Array | None:
    """Return float64[n, 2 + words], the source, the day and the codes of words of a side."""
    found = []
    for one in (source, day, *words):
        values = None if one is None else (one.real, one.own, one.spare)[side]
        if one is not None and values is None:
            return None
        found.append(values)
    rows = len(found[0])
    columns = [np.zeros(rows) if one is None else one.astype(np.float64) for one in found]
    columns[1] = _days(columns[1]).astype(np.float64)
    return np.stack(columns, axis=1)


def _days(values: Array) -> Array:
    return np.floor(np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)).astype(np.int64)


def _in_words(link: Link) -> str:
    """Return a link as a report tells it."""
    how = ["equal" if one == 1.0 else f"times {one:.4g}" for one in link.factors[:4]]
    how += ["and so on"] if len(link.factors) > 4 else []
    how += [] if link.rates is None else [f"at rates of {link.rates.context.name}"]
    how += [f"{one:g}" for one in link.constants]
    by = ", ".join(one.name for one in link.contexts)
    return f"{link.name} follows from {link.source} ({', '.join(how)})" + (f" by {by}" if by else "")
