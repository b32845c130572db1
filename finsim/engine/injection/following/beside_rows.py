"""Added rows that come with added rows, as real ones come with those that lend these their words."""

from __future__ import annotations

from collections.abc import Sequence

from finsim.engine.injection.entity_histories import NOBODY
from finsim.engine.injection.following.companions import Beside, Companions
from finsim.engine.injection.payment_rows import Row
from finsim.engine.injection.row_templates import Templates


def with_beside(rows: Sequence[Row], lent: Templates) -> list[Row]:
    """Return rows of a payment with those that come with them; of the last fact first, as they were found."""
    found = list(rows)
    known = lent.beside
    if known is None:
        return found
    for one in reversed(known.facts):
        found += [each for row in found for each in _beside(row, one, known, lent)]
    return found


def _beside(row: Row, one: Beside, known: Companions, lent: Templates) -> list[Row]:
    """Return the rows that come with a row by a fact: those of the real row that lends it its words."""
    source = [_source(row, at, lent) for at in one.columns]
    host = source[0]
    if any(codes[host] != codes[other] for codes, other in zip(one.codes, source, strict=True)):
        return []
    found = []
    for k in one.of(host):
        beside = int(one.row[k])
        time = row.time + int(known.time[beside] - known.time[host])
        if not known.time.min() <= time <= known.time.max():
            continue
        own = known.own_cells(beside, host)
        found.append(Row(
            time, known.sum(one, k, row.amount), row.template, row.entity, row.payee, row.shop, row.scheme,
            row.labels, row.settled, is_second=True, is_receipt=row.is_receipt,
            lent=[*((at, real) for at, real in row.lent if at not in own), *((at, beside) for at in own)],
            made=[(at, text) for at, text in row.made if at not in own],
        ))  # fmt: skip
    return found


def _source(row: Row, at: int, lent: Templates) -> int:
    """Return the real row that lends an added row its cell of a column."""
    lender = dict(row.lent).get(at, NOBODY)
    if lender < 0 and row.settled >= 0 and at in lent.follows_payee:
        lender = row.settled
    return row.template if lender < 0 else lender
