"""Words that payees tell of most rows only: a supermarket that pays out cash too, machines without a name.

Its usual category beside another row's type is a row that nobody ever saw. Where that would come up, words
are drawn together, as rows of the pair show them (``shown_rows.py``).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from finsim.generators.events.habits.cells.columns import DETERMINED, DRAWN, PAIR, PAYEE, ColumnLaw
from finsim.generators.events.habits.cells.contexts import levels
from finsim.generators.events.habits.cells.usual_cells import usual_cells
from finsim.generators.events.habits.ledger import Ledger
from finsim.notation import Int1D
from finsim.records.event_log import EventLog
from finsim.records.mixed_table import WORD

NEVER_SEEN = 0.001
"""Share of rows with words that no row has together, from which on words are drawn together (assumption)."""
MOST_WORDS = 64


def loose_words(
    log: EventLog, laws: list[ColumnLaw], ledger: Ledger, link: Int1D
) -> tuple[list[ColumnLaw], tuple[str, ...]]:
    """Return the laws and the columns that must be drawn together, as columns of pairs; mostly none."""
    loose, told_apart = [], np.zeros(len(link), np.int64)
    real = told_apart
    groups = {PAYEE: ledger.payee, PAIR: link}
    for law in laws:
        column = log.events[law.name]
        if column.kind != WORD or not (law.how == DRAWN or law.how in groups):
            continue
        word = levels(column)
        told = word
        if law.how in groups:
            told = np.where(law.cells < 0, len(column.words), law.cells)[groups[law.how]].astype(np.int64)
            if law.empty is not None:
                told = np.where(column.missing(), word, told)
            if (told == word).mean() >= DETERMINED:
                continue
        elif len(column.words) > MOST_WORDS:
            continue
        loose.append(law.name)
        wide = len(column.words) + 1
        both = np.unique(np.append(real * wide + word, told_apart * wide + told), return_inverse=True)[1]
        real, told_apart = both[: len(word)].astype(np.int64), both[len(word) :].astype(np.int64)
    if len(loose) < 2 or float((~np.isin(told_apart, real)).mean()) <= NEVER_SEEN:
        return laws, ()
    links, every = int(link.max()) + 1, np.arange(len(link))
    found = []
    for law in laws:
        if law.name in loose:
            cells = usual_cells(log.events[law.name], every, link, links)
            law = replace(law, how=PAIR, cells=cells, law=None, parents=(), empty=None, seen=None)
        found.append(law)
    return found, tuple(loose)
