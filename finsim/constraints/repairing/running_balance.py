"""Repair a running balance in one pass instead of row by row.

``c = lag(c, default: d) + e`` with whole numbers and ``e`` free of ``c`` means c = d + the sum of e so far.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from finsim.constraints.evaluating.evaluator_interface import Block
from finsim.constraints.evaluating.interpreter import Interpreter
from finsim.constraints.language.expression import Node, walk
from finsim.constraints.language.functions import CROSS, FUNCTIONS
from finsim.constraints.packs.rule import Rule
from finsim.constraints.repairing.breach_detection import group_places
from finsim.constraints.repairing.repaired_values import Mended
from finsim.constraints.repairing.table_under_repair import Workpiece
from finsim.constraints.tables.nullable_vectors import solid, spread
from finsim.notation import Int1D


@dataclass(frozen=True)
class Running:
    """The parts of a running identity: signed terms added in each row, and what comes before the first."""

    terms: tuple[tuple[int, Node], ...]
    default: Node | None


def running_identity(rule: Rule) -> Running | None:
    """Return the parts when a rule and its repair are one running identity in whole numbers, else None."""
    repair = rule.repair
    if repair is None or repair.node is None or rule.when is not None or rule.nulls != "unknown":
        return None
    check = rule.check
    sides = (check.args[0], check.args[-1]) if check.op == "=" and check.data is None else ()
    if not any(side is repair.node for side in sides) or repair.node.type.stored != "i":
        return None
    if not any(side.op == "column" and side.data == repair.column for side in sides):
        return None
    terms = _terms(repair.node, 1)
    lags = [node for sign, node in terms if sign == 1 and _is_lag(node, repair.column)]
    rest = tuple((sign, node) for sign, node in terms if node not in lags)
    default = lags[0].args[1] if lags and len(lags[0].args) > 1 else None
    parts = [node for _, node in rest] + ([default] if default is not None else [])
    if len(lags) != 1 or not all(_is_plain(node, repair.column) for node in parts):
        return None
    return Running(rest, default)


def _terms(node: Node, sign: int) -> list[tuple[int, Node]]:
    if node.op in ("+", "-"):
        right = sign if node.op == "+" else -sign
        return _terms(node.args[0], sign) + _terms(node.args[1], right)
    return _terms(node.args[0], -sign) if node.op == "neg" else [(sign, node)]


def _is_lag(node: Node, column: str) -> bool:
    return (
        node.op == "call"
        and node.data[:2] == ("lag", 1)
        and (node.args[0].op == "column" and node.args[0].data == column)
    )


def _is_plain(node: Node, column: str) -> bool:
    """Whether a value needs its own row only, and not the repaired column."""
    for one in walk(node):
        if one.op == "column" and one.data == column:
            return False
        if one.op == "call" and (one.data[0] in CROSS or FUNCTIONS[one.data[0]].family != "row"):
            return False
    return True


def recomputed(rule: Rule, parts: Running, piece: Workpiece, first: Int1D) -> Mended | None:
    """Return the rows whose stored value is not the running one, in groups where some row breaks the rule.

    None when a null stands in the way: then rows must be taken one by one.
    """
    assert rule.repair is not None
    assert rule.order is not None
    source, placed = piece.source, piece.arrangement(rule.order)
    at = group_places(piece, rule.order, first)
    rows = at if placed.permutation is None else placed.permutation[at]
    run = Interpreter(piece.world([rule]))
    run.begin(Block(source, rows, len(rows)))
    stored = source.block(rule.repair.column, rows)
    step, valid = np.zeros(len(rows), dtype=np.int64), solid(stored.valid, len(rows)).copy()
    for sign, node in parts.terms:
        vec = run.value(node)
        step, valid = step + sign * spread(vec.values, len(rows)), valid & solid(vec.valid, len(rows))
    heads = np.flatnonzero(np.diff(placed.slots[at], prepend=-1))
    if parts.default is None:
        step[heads] = spread(stored.values, len(rows))[heads]
    else:
        vec = run.value(parts.default)
        step[heads] += spread(vec.values, len(rows))[heads]
        valid[heads] &= solid(vec.valid, len(rows))[heads]
    if not valid.all():
        return None
    total = np.cumsum(step)
    new: Int1D = total - np.repeat(total[heads] - step[heads], np.diff(heads, append=len(rows)))
    changed = np.flatnonzero(new != spread(stored.values, len(rows)))
    changed = changed[np.argsort(rows[changed], kind="stable")]
    good = np.ones(len(changed), dtype=bool)
    return Mended(rows[changed], {rule.repair.column: new[changed]}, good)
