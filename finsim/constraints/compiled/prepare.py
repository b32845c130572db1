"""From rules to compiled kernels: what is known of the columns, the plans, the machine code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from finsim.constraints.columns import Source
from finsim.constraints.compiled.arrays import dtype_of, has_nulls
from finsim.constraints.compiled.facts import Facts
from finsim.constraints.compiled.plan import (
    MOST_RULES,
    Plan,
    is_sequence,
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
    nullable |= {name for name in names if has_nulls(source, name)}
    facts = Facts(dtypes, nullable, params)
    for name in local_columns(rules, facts):
        dtypes[name] = dtype_of(source, name, dtypes[name] == "global")
    for name in (*order.group, *order.by) if order is not None else ():
        dtypes.setdefault(name, dtype_of(source, name, False))
    sure: set[int] = set()
    for node in outside_calls(roots, facts):
        known = Facts(dtypes, nullable, params, frozenset(sure))
        if is_sequence(node) and step_for(node, known) is not None and is_sure_step(node, known):
            sure.add(id(node))
    return Facts(dtypes, nullable, params, frozenset(sure))


def plans_for(rules: Sequence[Rule], facts: Facts) -> list[Plan]:
    """Return the plans of a pass: one for every ``MOST_RULES`` rules."""
    return [planned(rules[at : at + MOST_RULES], facts) for at in range(0, len(rules), MOST_RULES)]


def compiled(plans: Sequence[Plan]) -> list[Ready]:
    """Return the plans with their kernels; compiles what is not on disk."""
    return [Ready(plan, load(plan.source, plan.arguments)) for plan in plans]


def are_compiled(plans: Sequence[Plan]) -> bool:
    """Whether the machine code of all plans is on disk."""
    return all(is_compiled(plan.source) for plan in plans)
