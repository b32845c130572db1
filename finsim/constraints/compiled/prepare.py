"""From rules to compiled kernels: what is known of the columns, the plans, the machine code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from finsim.constraints.columns import Source
from finsim.constraints.compiled.arrays import dtype_of, has_nulls
from finsim.constraints.compiled.facts import Facts
from finsim.constraints.compiled.plan import (
    MOST_RULES,
    Inputs,
    Plan,
    inputs_for,
    is_step,
    local_columns,
    outside_calls,
    planned,
    roots_of,
)
from finsim.constraints.compiled.run import Ready
from finsim.constraints.compiled.sequences import is_sure_step, step_for
from finsim.constraints.expression import walk
from finsim.constraints.order import Order
from finsim.constraints.ruleset import Rule
from finsim.kernels.generated import is_compiled, load


def facts_for(
    rules: Sequence[Rule],
    source: Source,
    params: Mapping[str, Any],
    order: Order | None = None,
    nullable: frozenset[str] = frozenset(),
) -> Facts:
    """Return what is known of a table before its rows are read; ``nullable`` adds what was learned since."""
    roots = roots_of(rules)
    names = {str(node.data) for root in roots for node in walk(root) if node.op == "column"}
    dtypes = {name: dtype_of(source, name, False) for name in names}
    nullable |= {name for name in names if has_nulls(source, name) or _may_hold_nan(source, name)}
    facts = Facts(dtypes, nullable, params)
    for name in local_columns(rules, facts):
        dtypes[name] = dtype_of(source, name, dtypes[name] == "global")
    for name in (*order.group, *order.by) if order is not None else ():
        dtypes.setdefault(name, dtype_of(source, name, False))
    sure: set[int] = set()
    for node in outside_calls(roots, facts):
        known = Facts(dtypes, nullable, params, frozenset(sure))
        if is_step(node, known) and step_for(node, known) is not None and is_sure_step(node, known):
            sure.add(id(node))
    return Facts(dtypes, nullable, params, frozenset(sure))


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
    return all(is_compiled(one.source) for pair in plans for one in pair if one is not None)
