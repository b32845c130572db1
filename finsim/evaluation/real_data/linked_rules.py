"""Numbers that follow from another one of their row within words, as relations that a side keeps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from finsim.evaluation.tables.column_pairs import CATEGORY, DATE, NUMBER, ColumnPair
from finsim.evaluation.tables.table_case import TableCase
from finsim.notation import Array, Bool1D, Int1D
from finsim.tables.links.finder import links_of
from finsim.tables.links.ledger_cells import LedgerCells
from finsim.tables.links.link import Link

Sides = tuple[Array, Array, Array | None]
Told = tuple[str, Sides, Sides, "LinkCheck"]


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
        sides = target.real, target.own, target.spare
        beside = [source, *([] if day is None else [day]), *told]
        spare = None
        if case.rows_spare and all(one.spare is not None for one in beside):
            spare = _stacked([one.spare for one in beside], day is not None)
        right = (
            _stacked([one.real for one in beside], day is not None),
            _stacked([one.own for one in beside], day is not None),
            spare,
        )
        yield _in_words(link), sides, right, LinkCheck(link, told)


def _stacked(values: Sequence[Array | None], has_day: bool) -> Array:
    """Return float64[n, 2 + words], the source, the day (0 where there is none) and the codes of words."""
    columns = [np.asarray(one, dtype=np.float64) for one in values]
    columns.insert(1, _days(columns.pop(1)).astype(np.float64) if has_day else np.zeros(len(columns[0])))
    return np.stack(columns, axis=1)


def _days(values: Array) -> Int1D:
    whole = np.floor(np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0))
    return np.asarray(whole, dtype=np.int64)


def _in_words(link: Link) -> str:
    """Return a link as a report tells it."""
    how = ["equal" if one == 1.0 else f"times {one:.4g}" for one in link.factors[:4]]
    how += ["and so on"] if len(link.factors) > 4 else []
    how += [] if link.rates is None else [f"at rates of {link.rates.context.name}"]
    how += [f"{one:g}" for one in link.constants]
    by = ", ".join(one.name for one in link.contexts)
    return f"{link.name} follows from {link.source} ({', '.join(how)})" + (f" by {by}" if by else "")
