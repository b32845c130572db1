"""What needs the whole table: totals of groups, uniqueness, later rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from finsim.constraints.evaluating.aggregate_functions import aggregated, everywhere, groups_by, only, there
from finsim.constraints.evaluating.next_row import following
from finsim.constraints.language.aggregate_types import parts_of
from finsim.constraints.language.expression import Node, walk
from finsim.constraints.language.functions import FUNCTIONS
from finsim.constraints.tables.group_layout import combined, stable_order
from finsim.constraints.tables.nullable_vectors import Vec, spread, truth
from finsim.errors import RuleError
from finsim.notation import Bool1D, Float1D, Int1D

if TYPE_CHECKING:
    from finsim.constraints.packs.rule import Rule


def is_whole(node: Node) -> bool:
    """Whether a node needs the whole table."""
    return node.op == "call" and (node.data[0] in FUNCTIONS and FUNCTIONS[node.data[0]].family == "whole")


def whole_nodes(roots: Sequence[Node]) -> list[Node]:
    """Return the whole-table calls of some rules, each once."""
    return list({id(node): node for root in roots for node in walk(root) if is_whole(node)}.values())


def whole_calls(rule: Rule) -> list[Node]:
    """Return the whole-table calls of one rule, each once."""
    return whole_nodes([root for root in (rule.check, rule.when) if root is not None])


def needs_whole(rule: Rule) -> bool:
    """Whether a rule can only be judged with the whole table at hand; ``unique`` needs more readings only."""
    return rule.table in rule.others or any(node.data[0] != "unique" for node in whole_calls(rule))


def computed(node: Node, args: Sequence[Vec], rows: int) -> Vec:
    """Return one whole-table call for every row; ``args`` are whole columns."""
    name = node.data[0]
    if name == "next":
        return following(node, args, rows)
    parts = parts_of(node, args)
    counted = None if parts.where is None else spread(truth(parts.where).yes, rows)
    if name == "unique":
        return Vec(_first_counted(combined(parts.values, rows), counted))
    values = [only(one, counted, rows) for one in parts.values[:1]] if counted is not None else parts.values
    if name == "group_q":
        key = combined(parts.by, rows)
        return Vec(_quantile(spread(values[0].values, rows), float(parts.values[1].values), key))
    groups = groups_by(parts.by, rows)
    if name == "group_distinct":
        fresh = first_of_kind(combined((Vec(groups.numbers()), values[0]), rows))
        values = [Vec((fresh & there(values[0], rows)).astype(np.int64))]
    if name == "group_count":
        values = [Vec(np.ones(rows, dtype=np.int64) if counted is None else counted.astype(np.int64))]
    kind = "group_sum" if name in ("group_distinct", "group_count") else name
    return everywhere(aggregated(kind, values[0], groups), groups)


def _first_counted(key: Int1D, counted: Bool1D | None) -> Bool1D:
    """Return whether no earlier row that counts has the same key; always for rows that do not count."""
    if counted is None:
        return first_of_kind(key)
    fresh, rows = np.ones(len(key), dtype=bool), np.flatnonzero(counted)
    fresh[rows] = first_of_kind(key[rows])
    return fresh


def _quantile(x: Float1D, share: float, key: Int1D) -> Float1D:
    """Return the linear quantile (Hyndman and Fan 1996, type 7) of the known values of each row's key."""
    if not 0 <= share <= 1:
        raise RuleError(f"group_q: {share} is not a share", expected="0 to 1", remedy="correct the parameter")
    order = np.lexsort((x, key))  # NaN sorts last in its group
    values, keys = x[order], key[order]
    starts = np.flatnonzero(np.diff(keys, prepend=-1))
    counts = (
        np.add.reduceat((~np.isnan(values)).astype(np.int64), starts)
        if len(x)
        else np.zeros(0, dtype=np.int64)
    )
    place = np.maximum(counts - 1, 0) * share
    low = np.floor(place).astype(np.int64)
    high, part = np.minimum(low + 1, np.maximum(counts - 1, 0)), place - low
    below, above = values[starts + low], values[starts + high]
    with np.errstate(invalid="ignore"):
        found = np.where((part == 0) | (below == above), below, below + (above - below) * part)
    out = np.empty(len(x))
    out[order] = np.repeat(found, np.diff(starts, append=len(x)))
    return out


def first_of_kind(key: Int1D) -> Bool1D:
    """Return whether no earlier row has the same key."""
    order = stable_order(key)
    sorted_key = key if order is None else key[order]
    fresh = np.ones(len(key), dtype=bool)
    fresh[1:] = sorted_key[1:] != sorted_key[:-1]
    if order is None:
        return fresh
    out = np.empty(len(key), dtype=bool)
    out[order] = fresh
    return out
