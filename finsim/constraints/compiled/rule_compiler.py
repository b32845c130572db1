"""Compile rules to kernels: column facts, plans, machine code."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from threading import Lock
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
    texts = local_columns(rules, Facts(dtypes, nullable, params))
    texts = {name: compared for name, compared in texts.items() if dtypes[name] == "global"}
    dtypes |= {name: dtype_of(source, name, True) for name in texts}
    if order is None or is_arranged:
        return Facts(dtypes, nullable, params, () if order is None else ("int64",), 1, texts)
    for name in key_names(order):
        dtypes.setdefault(name, dtype_of(source, name, False))
    keys = tuple(plain_dtype(dtypes[name]) for name in key_names(order))
    keys = keys if order.group else ("int8", *keys)
    return Facts(dtypes, nullable, params, keys, max(1, len(order.group)), texts)


def _may_hold_nan(source: Source, name: str) -> bool:
    """Whether a column is declared to have nulls and keeps them as NaN, which only its rows can show."""
    column = source.columns[name]
    return column.null and column.type.stored == "f"


@dataclass
class Prepared:
    """The plans of a pass (one for every ``MOST_RULES`` rules, one for what it needs before), their kernels.

    It holds the rules, so that no others get their identities while it is kept.
    """

    rules: tuple[Rule, ...]
    plans: list[tuple[Plan, Inputs | None]]
    ready: list[Ready] | None = None

    def compiled(self) -> list[Ready]:
        """Return the plans with their kernels; compiles what is not on disk."""
        if self.ready is None:
            found = []
            for plan, inputs in self.plans:
                before = None if inputs is None else load(inputs.source, inputs.arguments)
                found.append(Ready(plan, load(plan.source, plan.arguments), inputs, before))
            self.ready = found
        return self.ready

    def is_compiled(self) -> bool:
        """Whether the machine code of all plans is on disk."""
        parts = [one for pair in self.plans for one in pair if one is not None]
        return self.ready is not None or all(is_compiled(one.source, one.arguments) for one in parts)

    def name(self) -> Hashable:
        """Return what tells these kernels from others, whatever rules they are for."""
        return tuple((one.source, one.arguments) for pair in self.plans for one in pair if one is not None)


_MOST_KEPT = 64
_kept: OrderedDict[Hashable, Prepared] = OrderedDict()
_lock = Lock()


def prepared(rules: Sequence[Rule], facts: Facts) -> Prepared:
    """Return the plans of a pass; those of the last passes are kept, for the next check of the same rules."""
    key = (tuple(id(rule) for rule in rules), facts.key())
    with _lock:
        if key in _kept:
            _kept.move_to_end(key)
            return _kept[key]
    plans = [planned(rules[at : at + MOST_RULES], facts) for at in range(0, len(rules), MOST_RULES)]
    found = Prepared(tuple(rules), [(plan, inputs_for(plan.outside, facts)) for plan in plans])
    with _lock:
        _kept[key] = found
        if len(_kept) > _MOST_KEPT:
            _kept.popitem(last=False)
    return found
