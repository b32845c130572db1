"""Which law an amount follows: that of its payee, or of its group; whom currencies part from whom."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from finsim.generators.events.habits.amounts import LEAST_ROWS, MOST_LAWS
from finsim.generators.events.habits.cells.columns import DETERMINED, ENTITY, ColumnLaw
from finsim.generators.events.habits.cells.contexts import POOL
from finsim.generators.events.habits.cells.usual_cells import usual_codes
from finsim.generators.events.habits.restaurant import Runs
from finsim.notation import Int1D, Int2D
from finsim.records.event_log import EventLog

LEAST_CELLS = 40


@dataclass(frozen=True)
class PayeeGroups:
    """``group`` int64[P] of each payee.

    ``free`` int64[32^k], the case of the words that the payee does not tell; ``law`` int64[groups, cases];
    laws : how many.
    """

    group: Int1D
    free: Int1D
    law: Int2D
    laws: int

    def cases(self, words: list[Int1D]) -> Int1D | int:
        """Return the case of pooled words, in the order of the fit."""
        code: Int1D | int = 0
        for one in words:
            code = code * POOL + one
        return np.asarray(self.free[code]) if words else int(self.free[0])

    def laws_of(self, payee: Int1D, words: list[Int1D]) -> Int1D:
        """Return the law of each row."""
        return np.asarray(self.law[self.group[payee], self.cases(words)])


def learn_groups(payee: Int1D, payees: int, told: list[Int1D], free: list[Int1D]) -> PayeeGroups:
    """Learn the groups: payees with many rows are their own, others go by the words ``told`` of each payee.

    told : int64[P] each; free : pooled words int64[n] each, at most three.
    """
    rows = np.bincount(payee, minlength=payees)
    own = np.argsort(-rows, kind="stable")[:MOST_LAWS]
    own = own[rows[own] >= LEAST_ROWS]
    code = np.zeros(payees, np.int64)
    for one in told:
        code = code * (int(one.max(initial=0)) + 2) + one + 1
    code = np.unique(code, return_inverse=True)[1].astype(np.int64)
    filled = np.bincount(code, rows)
    kept = filled >= LEAST_CELLS
    group = np.where(kept, np.cumsum(kept), 0)[code]
    group[own] = int(group.max(initial=0)) + 1 + np.arange(len(own))
    case = np.zeros(len(payee), np.int64)
    for one in free:
        case = case * POOL + one
    counts = np.bincount(case, minlength=POOL ** len(free))
    kept = counts >= LEAST_CELLS
    table = np.where(kept, np.cumsum(kept), 0)
    cases, groups = int(table.max(initial=0)) + 1, int(group.max(initial=0)) + 1
    by_case = np.bincount(table[case], minlength=cases)
    law = np.zeros((groups, cases), np.int64)
    law[:] = np.where(by_case >= LEAST_CELLS, np.arange(cases), 0)
    cells = np.bincount(group[payee] * cases + table[case], minlength=groups * cases).reshape(groups, cases)
    alone = np.argwhere(cells >= LEAST_CELLS)
    law[alone[:, 0], alone[:, 1]] = cases + np.arange(len(alone))
    return PayeeGroups(group, table, law, cases + len(alone))


def currency_parts(log: EventLog, early: list[ColumnLaw], entities: int, runs: Runs) -> Int1D:
    """Return the currency of each entity int64[E] where it has one of its own and payees of it alone.

    Entities as payees have their own currency, others the one that most of their payers have. Else 0: there
    are no parts.
    """
    none = np.zeros(entities, np.int64)
    own = next((law for law in early if law.name == log.roles.currency and law.how == ENTITY), None)
    if own is None or log.roles.partner is None:
        return none
    part = np.unique(own.cells, return_inverse=True)[1].astype(np.int64)
    paid = part[runs.link_entity]
    inner = runs.link_payee < entities if log.partner_is_entity else np.zeros(len(paid), dtype=np.bool_)
    if inner.any():
        within = part[runs.link_payee[inner]] == paid[inner]
    else:
        known = runs.link_payee < len(
            log.events[log.roles.partner].words
        )  # the last stands for a lacking one
        paid, payee = paid[known], runs.link_payee[known]
        within = usual_codes(paid, payee, int(payee.max(initial=0)) + 1)[payee] == paid
    return part if len(within) and within.mean() >= DETERMINED else none
