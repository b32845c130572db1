"""Functions of the whole table: group totals, uniqueness, rows of other tables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from finsim.constraints.language.expression import Node, walk
from finsim.constraints.language.functions import FUNCTIONS
from finsim.constraints.tables.group_layout import combined, stable_order
from finsim.constraints.tables.nullable_vectors import Vec, solid, spread
from finsim.constraints.tables.typed_columns import Source
from finsim.errors import RuleError
from finsim.notation import Array, Bool1D, Float1D, Int1D

if TYPE_CHECKING:
    from finsim.constraints.packs.rule import Rule

_ROOM = 4  # a join table may have this many cells per key before a sorted search takes over


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
    return any(node.data[0] != "unique" for node in whole_calls(rule))


def computed(node: Node, args: Sequence[Vec], rows: int) -> Vec:
    """Return one whole-table call for every row; ``args`` are whole columns."""
    name = node.data[0]
    if name == "unique":
        return Vec(first_of_kind(combined(args, rows)))
    options = {"group_count": 0, "group_q": 2}.get(name, 1)  # arguments before the columns of the group
    key = combined(args[options:], rows)
    order = stable_order(key)
    if name == "group_q":
        return Vec(_quantile(spread(args[0].values, rows), float(args[1].values), key))
    if name == "group_distinct":
        fresh = first_of_kind(combined((Vec(key), args[0]), rows))
        there = _there(args[0], rows)
        return Vec(_per_group(key, order, (fresh & there).astype(np.int64), np.add))
    if name == "group_count":
        return Vec(_per_group(key, order, np.ones(rows, dtype=np.int64), np.add))
    return _aggregate(name, args[0], key, order, rows)


def _there(x: Vec, rows: int) -> Bool1D:
    values = spread(x.values, rows)
    return ~np.isnan(values) if values.dtype.kind == "f" else solid(x.valid, rows)


def _aggregate(name: str, x: Vec, key: Int1D, order: Int1D | None, rows: int) -> Vec:
    values, there = spread(x.values, rows), _there(x, rows)
    is_float = values.dtype.kind == "f"
    if name == "group_sum":
        return Vec(_per_group(key, order, np.where(there, values, 0), np.add))
    least = name == "group_min"
    limits = np.iinfo(np.int64)
    empty = (np.inf if least else -np.inf) if is_float else (limits.max if least else limits.min)
    ufunc = np.minimum if least else np.maximum
    found = _per_group(key, order, np.where(there, values, empty), ufunc)
    return Vec(np.where(found == empty, np.nan, found)) if is_float else Vec(found, found != empty)


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


def _per_group(key: Int1D, order: Int1D | None, values: Array, ufunc: np.ufunc) -> Array:
    """Return for each row the reduction over the rows of its key."""
    if not len(key):
        return values
    sorted_key = key if order is None else key[order]
    starts = np.concatenate((np.zeros(1, dtype=np.int64), np.flatnonzero(np.diff(sorted_key)) + 1))
    reduced = ufunc.reduceat(values if order is None else values[order], starts)
    per_row = np.repeat(reduced, np.diff(starts, append=len(key)))
    if order is None:
        return per_row
    out = np.empty_like(per_row)
    out[order] = per_row
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


def join(source: Source, column: str) -> Callable[[Vec], Vec]:
    """Return a function from keys to row numbers of ``source`` (-1: none; the first of equal keys)."""
    vec = source.block(column, slice(None))
    keys, there = spread(vec.values, source.rows), solid(vec.valid, source.rows)
    rows = np.flatnonzero(there)
    order = np.argsort(keys[rows], kind="stable")
    rows, keys = rows[order], keys[rows[order]]
    kept = np.ones(len(keys), dtype=bool)
    kept[1:] = keys[1:] != keys[:-1]
    rows, keys = rows[kept], keys[kept]
    if len(keys) and int(keys[-1]) - int(keys[0]) < _ROOM * len(keys) + 1_000_000:
        return _by_table(keys, rows)

    def search(own: Vec) -> Vec:
        values = np.asarray(own.values)
        place = np.minimum(np.searchsorted(keys, values), max(len(keys) - 1, 0))
        hit = keys[place] == values if len(keys) else np.zeros(values.shape, dtype=bool)
        return Vec(np.where(hit, rows[place], -1) if len(keys) else np.full(values.shape, -1), own.valid)

    return search


def _by_table(keys: Int1D, rows: Int1D) -> Callable[[Vec], Vec]:
    low, high = int(keys[0]), int(keys[-1])
    table = np.full(high - low + 2, -1, dtype=np.int64)
    table[keys - low] = rows

    def look(own: Vec) -> Vec:
        values = np.asarray(own.values)
        inside = (values >= low) & (values <= high)
        return Vec(table[np.where(inside, values - low, high - low + 1)], own.valid)

    return look


def unite_keys(own: Source, own_columns: Sequence[str], other: Source, column: str) -> None:
    """Have ids that are text in one table and numbers in the other compared as text."""
    pairs = [(own, name) for name in own_columns] + [(other, column)]
    pairs = [(table, name) for table, name in pairs if name in table.headers]
    ids = [(table, name) for table, name in pairs if table.columns[name].type.kind == "id"]
    if len({table.is_text(name) for table, name in ids}) > 1:
        own.labels.texts_of.update((table.name, name) for table, name in ids if not table.is_text(name))
