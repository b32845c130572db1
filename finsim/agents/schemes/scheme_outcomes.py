"""The scheme table: one row for each scheme with its outcome."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from finsim.agents.payment_orders import Orders
from finsim.agents.population.population import Population
from finsim.agents.schemes.scheme_plan import STOPS, SchemePlan
from finsim.agents.statement_rows import SECOND
from finsim.kernels.ledger import POSTED, SKIPPED, Rows
from finsim.notation import Array, Int1D
from finsim.records.transactions import PATTERN_SCHEMA


@dataclass(frozen=True)
class SchemeRows:
    """The scheme rows of one slice: plan rows, instants, accounts, status and cents.

    A payment that two statements tell has its cents in the first of its two rows.
    """

    row: Array
    ts: Int1D
    payer: Array
    payee: Array
    status: Array
    amount: Int1D

    @staticmethod
    def of(orders: Orders, rows: Rows) -> SchemeRows:
        """Return the rows of a slice that a scheme made."""
        mine = np.flatnonzero((orders.plan_row >= 0) & (rows.status != SKIPPED))
        return SchemeRows(
            orders.plan_row[mine],
            orders.ts[mine],
            orders.payer[mine],
            orders.payee[mine],
            rows.status[mine],
            np.where(orders.order_id[mine] & SECOND, 0, rows.amount[mine]),
        )


def pattern_table(
    population: Population, plan: SchemePlan, slices: Sequence[SchemeRows], stopped_by: Int1D
) -> pa.Table:
    """Return one row per scheme that made at least one row, sorted by instance, in ``PATTERN_SCHEMA``."""
    names = ("row", "ts", "payer", "payee", "status", "amount")
    row, ts, payer, payee, status, amount = (
        np.concatenate([getattr(part, name) for part in slices] or [np.zeros(0, dtype=np.int64)])
        for name in names
    )
    scheme = plan.steps.scheme[row.astype(np.int64)]
    order = np.argsort(scheme, kind="stable")
    seen, first = np.unique(scheme[order], return_index=True)
    groups = np.split(order, first[1:]) if len(seen) else []
    sort = np.argsort(plan.id[seen])
    ids = population.accounts.account_id
    records = []
    for place in sort:
        mine, k = groups[place], int(seen[place])
        done = status[mine] == POSTED
        accounts = np.unique(ids[np.concatenate([payer[mine], payee[mine]]).astype(np.int64)])
        records.append(
            {
                "instance": int(plan.id[k]),
                "narrative": plan.narratives[plan.narrative[k]],
                "typology": plan.typologies[plan.typology[k]],
                "decoy": bool(plan.decoy[k]),
                "is_fraud": bool(plan.fraud[row[mine]].any()),
                "is_laundering": bool(plan.laundering[row[mine]].any()),
                "start": int(ts[mine].min()),
                "end": int(ts[mine].max()),
                "rows": len(mine),
                "posted_rows": int(done.sum()),
                "declined_rows": int((~done).sum()),
                "amount": int(amount[mine][done].sum()),
                "accounts": accounts.tolist(),
                "stopped_by": STOPS[int(stopped_by[k])],
            }
        )
    return _table(records, plan)


def _table(records: list[dict[str, object]], plan: SchemePlan) -> pa.Table:
    known = {"narrative": plan.narratives, "typology": plan.typologies, "stopped_by": STOPS}
    columns = []
    for field in PATTERN_SCHEMA:
        values = [record[field.name] for record in records]
        if field.name in known:
            words = known[field.name]
            codes = pa.array([words.index(str(value)) for value in values], pa.int32())
            columns.append(pa.DictionaryArray.from_arrays(codes, pa.array(words, pa.string())))
        else:
            columns.append(pa.array(values, field.type))
    return pa.Table.from_arrays(columns, schema=PATTERN_SCHEMA)
