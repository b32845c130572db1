"""Rows of a ledger that come with others: a decline with its retry, a pre-authorisation with its completion.

Alone in an added row their words would give it away: they lend it nothing, and come along with the rows with
which real ones come.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa

from finsim.engine.injection.entity_histories import Histories
from finsim.engine.injection.ledger_columns import LedgerColumns
from finsim.engine.injection.ledger_sample import LedgerSample
from finsim.generators.events.habits.echoes.companion_rows import (
    MOST_WORDS,
    SAME,
    SHARE,
    Fact,
    Paid,
    facts_of,
    has_words,
    sum_laws,
)
from finsim.notation import Bool1D, Float1D, Int1D
from finsim.tables.cells.stored import is_text

_SPEAKING = ("category", "channel")  # roles of columns whose words may tell such rows


@dataclass(frozen=True)
class Beside:
    """Rows that come with hosts by one fact: ``host``, ``row`` int64[m] by host, and how their sums follow.

    ``how``, ``number`` as in ``sum_laws``. ``columns``: places of the columns whose words tell such rows;
    ``codes`` int64[P, n] their words; ``text``: the fact in words, with the share of such rows.
    """

    host: Int1D
    row: Int1D
    how: Int1D
    number: Float1D
    columns: tuple[int, ...]
    codes: Int1D
    words: tuple[tuple[str, ...], ...]
    names: tuple[str, ...]
    text: str

    def told(self, added: pa.Table) -> str:
        """Return the fact, and how many added rows have its words."""
        cells = [added.column(name).to_pandas().astype(str) for name in self.names]
        count = sum(tuple(row) in self.words for row in zip(*cells, strict=True))
        return f"{self.text}; they came along with added ones, {count} in all"

    def of(self, host: int) -> range:
        """Return the places of the rows that come with a host."""
        return range(*(int(np.searchsorted(self.host, host, side)) for side in ("left", "right")))


@dataclass(frozen=True)
class Companions:
    """Facts of a ledger in the order in which they were found; ``lends`` bool[n] rows that may lend cells.

    ``time`` int64[n] ns, ``size`` int64[n] sums of the rows, ``plain``: places of the columns that a row
    which comes along has of its own, where it differs from its host.
    """

    facts: tuple[Beside, ...]
    lends: Bool1D
    time: Int1D
    size: Int1D
    plain: tuple[int, ...]
    cells: pa.Table

    def told(self, added: pa.Table) -> list[str]:
        """Return what is said of the words of such rows, and how many added ones have them."""
        return [one.told(added) for one in self.facts]

    def own_cells(self, row: int, host: int) -> list[int]:
        """Return the places of columns in which a row differs from its host."""
        return [at for at in self.plain if self.cells.column(at)[row] != self.cells.column(at)[host]]

    def sum(self, one: Beside, k: int, amount: int) -> int:
        """Return what the row at place ``k`` says beside an added row of some amount."""
        sign = -1 if amount < 0 else 1
        if one.how[k] == SAME:
            return amount
        if one.how[k] == SHARE:
            return sign * max(1, round(abs(amount) * float(one.number[k])))
        return sign * int(self.size[one.row[k]])


def companions(sample: LedgerSample, past: Histories, columns: LedgerColumns) -> Companions | None:
    """Return the rows of a ledger that come with others; None where no word tells any."""
    paid, places, said = _paid(sample, past, columns)
    found = []
    lends = np.ones(len(paid.time), dtype=np.bool_)
    for fact, one, two in facts_of(paid):
        order = np.lexsort((paid.time[one], two))
        one, two = one[order], two[order]
        lends &= ~has_words(paid, fact)
        codes = np.stack([paid.words[name] for name in fact.columns])
        at = tuple(places[name] for name in fact.columns)
        words = tuple(
            tuple(said[name][word] for name, word in zip(fact.columns, words, strict=True))
            for words in fact.said
        )
        found.append(Beside(two, one, *sum_laws(paid.sums[one], paid.sums[two]), at, codes, words,
                            fact.columns, _text(fact, words)))  # fmt: skip
    if not found:
        return None
    # A merchant that has no other rows lends what it has.
    sold = past.outgoing & (past.shop >= 0)
    lends |= sold & ~np.isin(past.shop, past.shop[sold & lends])
    taken = {part.at for role, part in columns.parts.items() if role not in _SPEAKING}
    plain = tuple(
        at for at, field in enumerate(sample.cells.schema)
        if at not in taken and not pa.types.is_temporal(field.type) and not pa.types.is_nested(field.type)
    )  # fmt: skip
    return Companions(tuple(found), lends, paid.time, past.size, plain, sample.cells)


def _paid(
    sample: LedgerSample, past: Histories, columns: LedgerColumns
) -> tuple[Paid, dict[str, int], dict[str, list[str]]]:
    """Return the rows as the search reads them, and places and words of its columns."""
    named = not past.is_log and bool((past.shop >= 0).any() or (past.other >= 0).any())
    payee = np.where(past.shop >= 0, past.other.max(initial=0) + 1 + past.shop, past.other)
    payee = payee if named else np.zeros(len(payee), np.int64)
    usable = past.whole[np.maximum(past.own, 0)] & (past.own >= 0) & (payee >= 0)
    side = past.outgoing.astype(np.int64) + 2 * past.refund
    party = np.where(usable, (past.own * (payee.max(initial=0) + 1) + payee) * 4 + side, -1)
    taken = {part.at for role, part in columns.parts.items() if role not in _SPEAKING}
    words: dict[str, Int1D] = {}
    places: dict[str, int] = {}
    said: dict[str, list[str]] = {}
    for at, (name, column) in enumerate(zip(sample.cells.schema.names, sample.cells.columns, strict=True)):
        kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
        if at in taken or not (is_text(kind) or pa.types.is_boolean(kind) or pa.types.is_integer(kind)):
            continue
        codes, known = pd.factorize(pd.Series(column.to_pandas().to_numpy(dtype=object)))
        if 2 <= len(known) <= MOST_WORDS:
            words[name], places[name] = (codes + 1).astype(np.int64), at
            said[name] = ["", *(str(one) for one in known)]
    sums = past.size.astype(np.float64)
    return Paid(party, np.maximum(payee, 0), sample.time, sums, words, named), places, said


def _text(fact: Fact, said: tuple[tuple[str, ...], ...]) -> str:
    """Return a fact in words: which rows, and how many of them come with another."""
    each = [
        " and ".join(f"{name}={word}" for name, word in zip(fact.columns, words, strict=True))
        for words in said
    ]
    share = fact.met.sum() / max(int(fact.rows.sum()), 1)
    way = "followed" if fact.leads else "preceded"
    return f"{', '.join(each)}: {share:.0%} of such rows are {way} by another at the same payee"
