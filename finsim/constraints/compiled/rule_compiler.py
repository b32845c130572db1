"""Compile rules to kernels: column facts, plans, machine code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from finsim.constraints.codegen.column_arrays import dtype_of, has_nulls, plain_dtype
from finsim.constraints.codegen.column_facts import Facts
from finsim.constraints.codegen.kernel_plan import MOST_RULES, Plan, planned
from finsim.constraints.codegen.precomputed_calls import Inputs, inputs_for, local_columns, roots_of
from finsim.constraints.compiled.run_types import Ready
from finsim.constraints.language.expression import walk
from finsim.constraints.language.row_order import Order
from finsim.constraints.packs.rule import Rule
from finsim.constraints.tables.typed_columns import Source
from finsim.kernels.generated import is_compiled, load


def key_names(order: Order) -> tuple[str, ...]:
    """Return the columns that say whether rows stand in order: group first."""
    return (*order.group, *order.by) if order.is_sorted else order.group


def facts_for(
    rules: Sequence[Rule],
    source: Source,
    params: Mapping[str, Any],
    order: Order | None = None,
    nullable: frozenset[str] = frozenset(),
    is_arranged: bool = False,
) -> Facts:
    """Return what is known of a table before its rows are read; ``nullable`` adds what was learned since.

    Rows that are arranged have the number of their group for a key, and rows of no group a constant.
    """
    roots = roots_of(rules)
    names = {str(node.data) for root in roots for node in walk(root) if node.op == "column"}
    dtypes = {name: dtype_of(source, name, False) for name in names}
    nullable |= {name for name in names if has_nulls(source, name) or _may_hold_nan(source, name)}
    for name in local_columns(rules, Facts(dtypes, nullable, params)):
        dtypes[name] = dtype_of(source, name, dtypes[name] == "global")
    if order is None or is_arranged:
        return Facts(dtypes, nullable, params, () if order is None else ("int64",), 1)
    for name in key_names(order):
        dtypes.setdefault(name, dtype_of(source, name, False))
    keys = tuple(plain_dtype(dtypes[name]) for name in key_names(order))
    keys = keys if order.group else ("int8", *keys)
    return Facts(dtypes, nullable, params, keys, max(1, len(order.group)))


def _may_hold_nan(source: Source, name: str) -> bool:
    """Whether a column is declared to have nulls and keeps them as NaN, which only its rows can show."""
    column = source.columns[name]
    return column.null and column.type.stored == "f"


def plans_for(rules: Sequence[Rule], facts: Facts) -> list[tuple[Plan, Inputs | None]]:
    """Return the plans of a pass: one for every ``MOST_RULES`` rules, and one for what it needs before."""
    plans = [planned(rules[at : at + MOST_RULES], facts) for at in range(0, len(rules), MOST_RULES)]
    return [(plan, inputs_for(plan.outside, facts)) for plan in plans]


def compiled(plans: Sequence[tuple[Plan, Inputs | None]]) -> list[Ready]:
    """Return the plans with their kernels; compiles what is not on disk."""
    found = []
    for plan, inputs in plans:
        before = None if inputs is None else load(inputs.source, inputs.arguments)
        found.append(Ready(plan, load(plan.source, plan.arguments), inputs, before))
    return found


def are_compiled(plans: Sequence[tuple[Plan, Inputs | None]]) -> bool:
    """Whether the machine code of all plans is on disk."""
    return all(is_compiled(one.source, one.arguments) for pair in plans for one in pair if one is not None)
