"""Differentiable rule margins: by how much a row breaks a rule, 0 where it holds.

For training: the interpreter says whether, this says how far, in the same nodes and with the same nulls.
An amount is above 0 in exactly the rows where the interpreter finds the rule false.

``short(node, wanted)`` is how far a truth is from the wanted one: of a comparison the distance, of ``and``
the sum, of ``or`` the smaller, of ``p => q`` the smaller of leaving p and reaching q. Unknown is not short
of anything. Source: own; the sums and minima are those of differentiable logics (Fischer et al. 2019, DL2).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from typing import Any

import numpy as np

from finsim.constraints.evaluating.evaluator_interface import Block, World
from finsim.constraints.evaluating.row_functions import ROW_FUNCTIONS
from finsim.constraints.language.expression import Node, walk
from finsim.constraints.language.functions import FUNCTIONS
from finsim.constraints.packs.rule import Rule
from finsim.constraints.tables.nullable_vectors import both
from finsim.constraints.training.margin_frame import NUMPY, Cells, Frame, Space
from finsim.constraints.training.margin_sequences import SEQUENCES, fixed
from finsim.constraints.training.margin_values import SMOOTH, VALUES, lifted

LARGEST = 1e6
"""Amounts, in scales, are cut off here: nothing is learned from how far beyond it a row is."""

_COMPARED = ("<", "<=", ">", ">=", "=", "!=")
_ROUNDED = ("round", "floor", "ceil")


def frame_of(block: Block, world: World, scales: Mapping[Node, float] | None = None) -> Frame:
    """Return a block of a table as the interpreter sees it."""

    def column(name: str) -> Cells:
        return lifted(NUMPY, block.source.block(name, block.rows))

    return Frame(block.count, column, world.params, world.labels, block.layout, scales or {})


class Margins:
    """The amounts of rules on one frame, in the arrays of one library; shared nodes are computed once."""

    def __init__(self, frame: Frame, space: Space = NUMPY) -> None:
        self.frame, self.space = frame, space
        self._values: dict[int, Cells] = {}
        self._short: dict[tuple[int, bool], Any] = {}

    def amount(self, rule: Rule) -> Any:
        """Return by how much each row breaks a rule, float[rows], in scales; 0 where it holds or is unknown.

        A rule with ``nulls: fail`` counts 1 where it is unknown, as the interpreter does.
        """
        with np.errstate(all="ignore"):
            amount = self.short(rule.check, True)
            if rule.when is not None:
                amount = self.space.xp.minimum(self.short(rule.when, False), amount)
            if rule.nulls == "fail":
                fine = self.short(rule.check, False) > 0
                if rule.when is not None:
                    fine = fine | (self.short(rule.when, True) > 0)
                amount = self.space.xp.where(fine | (amount > 0), amount, self.space.xp.ones_like(amount))
        return self.space.xp.broadcast_to(amount, (self.frame.rows,))

    def value(self, node: Node) -> Cells:
        """Return the values of a node."""
        found = self._values.get(id(node))
        if found is None:
            found = VALUES[node.op](self, node) if node.op in VALUES else self._flag(node)
            self._values[id(node)] = found
        return found

    def truth(self, node: Node) -> tuple[Any, Any]:
        """Return where a truth is true, and where it is false."""
        return self.short(node, False) > 0, self.short(node, True) > 0

    def short(self, node: Node, wanted: bool) -> Any:
        """Return how far a truth is from the wanted one: above 0 exactly where it is the other one."""
        key = (id(node), wanted)
        if key not in self._short:
            self._short[key] = self._new_short(node, wanted)
        return self._short[key]

    def constant(self, value: Any) -> Cells:
        """Return a literal or parameter; labels are codes."""
        plain = self.frame.labels.code(value) if isinstance(value, str) else value
        return Cells(self.space.lift(np.asarray(plain)))

    def around(self, node: Node) -> Cells:
        """Return a function that looks at other rows."""
        smooth = SEQUENCES.get(str(node.data[0])) if node.op == "call" else None
        return fixed(self, node) if smooth is None else smooth(self, node)

    def _flag(self, node: Node) -> Cells:
        yes, no = self.truth(node)
        return Cells(yes, yes | no)

    def _new_short(self, node: Node, wanted: bool) -> Any:
        if node.op == "not":
            return self.short(node.args[0], not wanted)
        if node.op in ("and", "or"):
            parts = [self.short(arg, wanted) for arg in node.args]
            all_of = (node.op == "and") == wanted
            return reduce(lambda a, b: a + b if all_of else self.space.xp.minimum(a, b), parts)
        if node.op == "=>":
            p, q = node.args
            if wanted:
                return self.space.xp.minimum(self.short(p, False), self.short(q, True))
            return self.short(p, True) + self.short(q, False)
        if node.op == "if":
            condition, p, q = node.args
            yes = self.space.xp.minimum(self.short(condition, False), self.short(p, wanted))
            return yes + self.space.xp.minimum(self.short(condition, True), self.short(q, wanted))
        if node.op in _COMPARED:
            return self._compared(node, wanted)
        if node.op == "in":
            return self._member(node, wanted)
        if node.op == "isnull":
            known = self.value(node.args[0]).known
            there = self.space.lift(np.asarray(True)) if known is None else known
            return self._zero_or_one(there if wanted else ~there)
        cells = self.value(node)
        return self._zero_or_one(both(~cells.values if wanted else cells.values, cells.known))

    def _zero_or_one(self, flag: Any) -> Any:
        return self.space.xp.asarray(flag, dtype=self.space.xp.float64)

    def _compared(self, node: Node, wanted: bool) -> Any:
        left, right = node.args
        if left.type.kind == "bool":
            alike = (node.op == "=") == wanted
            least, short = self.space.xp.minimum, self.short
            return least(short(left, False), short(right, alike)) + least(
                short(left, True), short(right, not alike)
            )
        a, b = self.value(left), self.value(right)
        known = both(a.known, b.known)
        if left.type.kind in ("cat", "id"):
            bad = a.values != b.values if (node.op == "=") == wanted else a.values == b.values
            return self._zero_or_one(both(bad, known))
        gap = _gap(self.space, node, a.values, b.values, wanted)
        gap = gap / self.frame.scales.get(node, 1.0)
        if node.data is not None or left.type.stored == "f":
            # What is broken is broken by at least the smallest step, however the distance rounds.
            step = float(self.space.xp.finfo(gap.dtype).eps)
            gap = self.space.pick(_broken(self.space, node, a.values, b.values, wanted), abs(gap) + step)
        return self.space.pick(known, self.space.xp.clip(gap, 0.0, LARGEST))

    def _member(self, node: Node, wanted: bool) -> Any:
        x, members = self.value(node.args[0]), self.frame.params[node.data[1]]
        there = x.values != x.values
        for one in members:
            there = there | (x.values == self.constant(one).values)
        return self._zero_or_one(both(~there if wanted else there, x.known))


def _sides(space: Space, node: Node, x: Any, y: Any) -> tuple[str, Any, Any]:
    """Return a comparison as ``<``, ``<=`` or ``=`` of two sides, loosened by its tolerance."""
    slack = 0
    if node.data is not None:
        how, slack = node.data
        if how == "rel":
            slack = slack * space.xp.maximum(space.xp.abs(x), space.xp.abs(y))
    if node.op in ("=", "!="):
        return "=", space.xp.abs(x - y), slack
    return (node.op, x, y + slack) if node.op in ("<", "<=") else ("<" + node.op[1:], y, x + slack)


def _broken(space: Space, node: Node, x: Any, y: Any, wanted: bool) -> Any:
    """Return where a comparison is not what is wanted, exactly as the interpreter compares."""
    op, left, right = _sides(space, node, x, y)
    if op == "=":
        equal = left <= right if node.data is not None else x == y
        return ~equal if (node.op == "=") == wanted else equal
    holds = left < right if op == "<" else left <= right
    return ~holds if wanted else holds


def _gap(space: Space, node: Node, x: Any, y: Any, wanted: bool) -> Any:
    """Return the distance of a comparison to what is wanted, negative or 0 where it is so.

    In whole numbers a strict comparison is missed by at least the smallest step, 1.
    """
    op, left, right = _sides(space, node, x, y)
    over = space.floats(left - right)
    over = space.pick(over == over, over)
    step = 1.0 if node.args[0].type.stored == "i" else 0.0
    if op == "=":
        return over if (node.op == "=") == wanted else step - over
    strict = (op == "<") == wanted
    return (over if wanted else -over) + (step if strict else 0.0)


def scales_of(rules: Iterable[Rule], run: Margins) -> dict[Node, float]:
    """Return for each comparison the larger standard deviation of its two sides on a frame of real data.

    Of a column against a constant that is the column's own; 1 where nothing varies.
    """
    found: dict[Node, float] = {}
    for rule in rules:
        for root in (rule.check, rule.when):
            for node in walk(root) if root is not None else ():
                if node.op in _COMPARED and node.args[0].type.kind not in ("bool", "cat", "id"):
                    with np.errstate(all="ignore"):
                        spread = max(_deviation(run.value(arg)) for arg in node.args)
                    found[node] = spread if spread > 0 else 1.0
    return found


def _deviation(cells: Cells) -> float:
    values = np.asarray(cells.values, dtype=np.float64)
    known = np.isfinite(values) if cells.known is None else np.isfinite(values) & cells.known
    return float(values[known].std()) if values.ndim and known.any() else 0.0


def obstacles(rule: Rule) -> tuple[str, ...]:
    """Return why a rule has no amount; nothing when it has one."""
    reasons = []
    for node in _nodes(rule):
        if node.op == "call":
            name = str(node.data[0])
            if name not in ROW_FUNCTIONS and name not in FUNCTIONS and name != "lookup":
                reasons.append(f"{name} looks into another table")
        elif node.op not in VALUES and node.op not in _TRUTHS:
            reasons.append(f"{node.op} is not an amount")
    return tuple(dict.fromkeys(reasons))


def flat_parts(rule: Rule) -> tuple[str, ...]:
    """Return what of a rule has no slope of its own: it counts, but nothing is learned through it."""
    reasons = []
    for node in _nodes(rule):
        if node.op == "call" and node.data[0] in _ROUNDED:
            reasons.append(f"{node.data[0]} has the slope of what it rounds")
        elif node.op == "call" and node.data[0] not in SMOOTH and node.data[0] not in SEQUENCES:
            reasons.append(f"{node.data[0]} is taken as a constant")
        elif node.op in ("=", "!=") and node.args[0].type.kind in ("cat", "id"):
            reasons.append("labels are equal or not, by 0 or 1")
        elif node.op == "in":
            reasons.append("a value is in a list or not, by 0 or 1")
        elif node.op == "isnull":
            reasons.append("a cell is empty or not, by 0 or 1")
        elif node.op in ("local", "instant"):
            reasons.append("local time is taken as a constant")
        elif node.op == "integer":
            reasons.append("a truth is counted as 0 or 1")
        elif node.op == "column" and node.type.kind == "bool":
            reasons.append(f"{node.data} is true or not, by 0 or 1")
        elif node.op == "^" and any(one.op == "column" for one in walk(node.args[1])):
            reasons.append("an exponent is taken as a constant")
    return tuple(dict.fromkeys(reasons))


_TRUTHS = (*_COMPARED, "and", "or", "not", "=>", "in", "isnull")


def _nodes(rule: Rule) -> Sequence[Node]:
    roots = [root for root in (rule.when, rule.check) if root is not None]
    return list({id(node): node for root in roots for node in walk(root)}.values())
