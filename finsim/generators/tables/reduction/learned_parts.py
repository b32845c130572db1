"""Columns of which a part is learned: payments made, multiples of interest, counts; the rest is computed."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from finsim.generators.tables.reduction.arithmetic.learned_ratios import AgreedRatio
from finsim.generators.tables.reduction.column_cells import as_numbers
from finsim.generators.tables.reduction.elapsed import Elapsed, find_elapsed
from finsim.generators.tables.reduction.identities import Identity
from finsim.generators.tables.reduction.orders import find_orders
from finsim.generators.tables.reduction.plans import Plan, find_plans
from finsim.generators.tables.reduction.portions import Portion, find_portions
from finsim.generators.tables.reduction.schedules import Multiple, Schedule, find_schedules
from finsim.generators.tables.reduction.shares import Share, find_shares
from finsim.records.mixed_table import NUMBER, MixedColumn, MixedTable

Learned = Schedule | Multiple | Share | Portion | Plan | Elapsed | AgreedRatio
"""Rules whose first operand is a column that is no column of the table: it is learned for the target."""


def find_parts(
    table: MixedTable, free: list[str], annuities: list[Identity], rng: np.random.Generator
) -> Iterator[tuple[Learned, MixedColumn]]:
    """Yield rules for columns of ``free``, and what is learned in their place."""
    since = list(find_elapsed(table, free))
    free = [name for name in free if name not in {one.target for one in since}]
    loans = list(_by_dates(table, find_schedules(table, free, annuities, rng)))
    rest = [name for name in free if name not in {one.target for one in loans}]
    plans = list(find_plans(table, rest))
    rest = [name for name in rest if name not in {one.target for one in plans}]
    portions = find_portions(table, rest, find_orders(table), rng)
    for rule in (*since, *loans, *plans, *find_shares(table, free), *portions):
        numbers = {name: as_numbers(table[name]) for name in (rule.target, *rule.operands[1:])}
        known = {name: one for name, one in numbers.items() if one is not None}
        yield rule, MixedColumn(NUMBER, rule.learned(known), (), rule.step)


def _by_dates(table: MixedTable, loans: Iterator[Schedule | Multiple]) -> Iterator[Learned]:
    """Yield schedules, as payments behind a day where dates say how many were made.

    A level payment says the loan and not when it was opened: payments made that are drawn apart from the
    dates would contradict them.
    """
    for rule in loans:
        plans = find_plans(table, [rule.target]) if isinstance(rule, Schedule) else iter(())
        yield next((plan for plan in plans if plan.is_behind()), rule)
