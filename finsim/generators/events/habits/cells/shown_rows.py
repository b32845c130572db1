"""What rows of a pair show together: direction and words, where the same pair is paid and pays back."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from finsim.generators.events.habits.cells.columns import PAIR, PAYEE, ColumnLaw
from finsim.notation import Float1D, Int1D
from finsim.records.event_log import EventLog
from finsim.records.mixed_table import WORD


@dataclass(frozen=True)
class Shown:
    """Cases of direction and words: link l shows case[ends[l - 1]:ends[l]] int64, each with a share of rows.

    ``until`` float64, cumulative shares within a link plus the number of the link; ``rows`` int64[L].
    """

    ends: Int1D
    case: Int1D
    until: Float1D
    rows: Int1D

    def cases(self, link: Int1D, draws: Float1D) -> Int1D:
        """Return the case int64[n] that each row of a learned link shows; draws float64[n] in [0, 1)."""
        low = np.where(link > 0, self.ends[link - 1], 0)
        at = np.searchsorted(self.until, link + draws, side="right")
        return np.asarray(self.case[np.clip(at, low, self.ends[link] - 1)])

    def by_rows(self, order: Int1D, spans: tuple[Int1D, Int1D], draws: Float1D) -> Int1D:
        """Return a link for each row, of those in ``order`` within a span, as often as it has rows.

        So a payee pays back as large a part of its rows as in the data, however many its pairs are.
        """
        whole = np.append(0, np.cumsum(self.rows[order]))
        begin, end = spans
        wanted = whole[begin] + draws * (whole[end] - whole[begin])
        at = np.searchsorted(whole, wanted, side="right") - 1
        return np.asarray(order[np.clip(at, begin, np.maximum(end - 1, begin))])


def shown_together(
    log: EventLog, laws: list[ColumnLaw], link: Int1D, links: int, loose: tuple[str, ...] = ()
) -> tuple[list[ColumnLaw], Shown | None]:
    """Return laws whose words come out together as rows of the pair show them, and how often each case is.

    ``link`` int64[n] of rows. Only where pairs tell the direction: a refund is no purchase with its money
    coming in, though most rows of the pair are purchases. The laws as they are and None for another ledger.
    ``loose``: columns that are drawn together whatever pairs tell, see ``mixed_words.py``.
    """
    told = [law for law in laws if law.how in (PAIR, PAYEE) and law.column.kind == WORD]
    by_pair = any(law.how == PAIR and law.name == log.roles.direction for law in told)
    told = told if by_pair else [law for law in told if law.name in loose]
    if len(told) < 2:
        return laws, None
    code = np.zeros(len(link), np.int64)
    for law in told:
        values = log.events[law.name].values.astype(np.int64)
        code = code * (int(values.max(initial=0)) + 2) + values + 1
        code = np.unique(code, return_inverse=True)[1].astype(np.int64)
    rows = np.unique(code, return_index=True)[1]
    both, counts = np.unique(link * len(rows) + code, return_counts=True)
    owner = both // len(rows)
    ends = np.searchsorted(owner, np.arange(links), side="right")
    before = np.append(0, np.cumsum(counts))
    begin = before[np.searchsorted(owner, owner, side="left")]
    size = np.bincount(owner, counts, links)
    until = owner + (before[1:] - begin) / size[owner]
    names = {law.name for law in told}
    found = [
        replace(law, shown=log.events[law.name].values[rows], empty=None) if law.name in names else law
        for law in laws
    ]
    return found, Shown(ends.astype(np.int64), both % len(rows), until, size.astype(np.int64))
