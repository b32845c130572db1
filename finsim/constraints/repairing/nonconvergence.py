"""Why repairs do not converge: a smallest set of rules at odds in one row."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from finsim.constraints.packs.rule import Rule
from finsim.constraints.repairing.breach_detection import sees_everything
from finsim.constraints.repairing.project_repair import Projection
from finsim.constraints.repairing.repair_rounds import Rounds
from finsim.constraints.repairing.sequential_repair import Terms
from finsim.constraints.repairing.table_under_repair import Workpiece
from finsim.constraints.tables.group_layout import combined
from finsim.notation import Int1D

_MOST_ROWS = 10_000


def at_odds(piece: Workpiece, acting: Sequence[Rule], terms: Terms, row: int) -> list[str]:
    """Return the ids of a set of rules whose repairs diverge in one row (with the rows it depends on).

    No rule of the set can be left out: without any one of them the others settle (a deletion filter).
    Empty when the row alone does settle, or when it depends on too many rows to try.
    """
    rows = _context(piece, acting, row)
    if rows is None:
        return []
    joining = [
        other
        for rule in acting
        if rule.repair is not None and rule.repair.do == "project"
        for other in Projection(rule, terms.rules, piece).companions
    ]
    kept = list(dict.fromkeys([*acting, *joining]))
    if not _fails(piece, kept, terms, rows):
        return []
    for rule in list(reversed(kept)):
        fewer = [one for one in kept if one is not rule]
        if _fails(piece, fewer, terms, rows):
            kept = fewer
    return [rule.id for rule in terms.rules if rule in kept]


def _fails(piece: Workpiece, rules: Sequence[Rule], terms: Terms, rows: Int1D) -> bool:
    acting = [rule for rule in rules if rule.repair is not None]
    alone = Terms(tuple(rules), terms.size, terms.excused)
    return bool(acting) and bool(Rounds(piece.part(rows), acting, alone).settle())


def _context(piece: Workpiece, acting: Sequence[Rule], row: int) -> Int1D | None:
    """Return the row with all rows that its repairs look at, ascending; None when they are too many."""
    orders = {rule.order.group for rule in acting if rule.order is not None}
    source = piece.source
    if any(sees_everything(rule) for rule in acting) or len(orders) > 1 or () in orders:
        rows = np.arange(source.rows)
    elif orders:
        key = combined([source.block(name, slice(None)) for name in orders.pop()], source.rows)
        rows = np.flatnonzero(key == key[row])
    else:
        rows = np.array([row])
    return rows if len(rows) <= _MOST_ROWS else None
