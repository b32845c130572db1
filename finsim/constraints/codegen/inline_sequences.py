"""Sequence functions computed inside a kernel: which ones, and the code for the value of a row.

Groups stand together, so a row k places earlier is of the same group when its keys are the same: ``lag``
and a bound on ``count_in`` only look there, and no row waits for the one before. Sums are carried from row
to row.
"""

from __future__ import annotations

from collections.abc import Sequence

from finsim.constraints.codegen.column_facts import Facts
from finsim.constraints.codegen.numeric_code import Values
from finsim.constraints.codegen.vectorizable_nodes import is_native
from finsim.constraints.language.expression import Node, walk
from finsim.constraints.language.functions import FUNCTIONS

MOST_BACK = 4096  # rows: what a block is asked to keep before its first row
_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
_MAY_BE_UNDEFINED = frozenset(("annuity", "sqrt", "round"))


def crowding(node: Node, facts: Facts) -> tuple[Node, int, bool] | None:
    """Return what a comparison of ``count_in`` with a constant asks: is the count above ``most``, or not.

    Returns the call, ``most`` and whether "above" is what makes the comparison true; None for any other
    node. Counts are at least 1, so ``most`` is too.
    """
    if node.op not in _MIRRORED or node.data is not None:
        return None
    left, right = node.args
    for call, other, op in ((left, right, node.op), (right, left, _MIRRORED[node.op])):
        most = facts.constant(other)
        if call.op != "call" or call.data[0] != "count_in" or not isinstance(most, int):
            continue
        most -= op in ("<", ">=")
        if 1 <= most <= MOST_BACK and facts.sure(call.args[-1]):
            return call, most, op in (">", ">=")
    return None


def is_sequence(node: Node) -> bool:
    """Whether a node looks at the rows before it."""
    name = node.data[0] if node.op == "call" else ""
    return name in FUNCTIONS and FUNCTIONS[name].family in ("sequence", "window", "calendar")


def is_woven(node: Node, facts: Facts) -> bool:
    """Whether a node looks at rows before it and a kernel can contain it."""
    if crowding(node, facts) is not None:
        return True
    name = node.data[0] if node.op == "call" else ""
    if name == "lag":
        return _is_number(node.args[0], facts)
    if name == "sum_day" and not facts.sure(node.args[-1]):
        return False
    return name in ("cumsum", "sum_day") and node.type.stored == "i" and _is_simple(node.args[0], facts)


def woven_arguments(node: Node, facts: Facts) -> Sequence[Node]:
    """Return what a woven node reads."""
    crowd = crowding(node, facts)
    return node.args if crowd is None else crowd[0].args


def _is_number(node: Node, facts: Facts) -> bool:
    """Whether a node is a column whose stored value means the same in every row."""
    if node.op != "column" or node.type.stored == "b":
        return False
    return node.type.kind != "cat" and not facts.dtypes[str(node.data)].startswith(("local", "global"))


def _is_simple(x: Node, facts: Facts) -> bool:
    """Whether the terms of a sum see one row, and are null only where an operand is."""
    if x.type.stored != "i":
        return False
    for node in walk(x):
        if not is_native(node, facts) or is_sequence(node) or node.op == "/":
            return False
        if node.op == "call" and node.data[0] in _MAY_BE_UNDEFINED:
            return False
        if node.op == "*" and not facts.product_fits(node):
            return False
    return True


class Weaving(Values):
    """Writes what a row takes from the rows before it."""

    def goes_back(self, back: int) -> str:
        """Return the name of "the group of this row begins at least ``back`` rows earlier"."""
        if back not in self.near:
            self.near.append(back)
        key = ("near", -back)
        if key not in self.names:
            self.names[key] = self.let(f"l{self.near.index(back)}[i]")
        return self.names[key]

    def woven_value(self, node: Node) -> str:
        """Return the name of the value of ``lag``, or of a running sum."""
        if node.data[0] != "lag":
            if node not in self.running:
                self.running.append(node)
            return self.let(f"f{self.running.index(node)}[i]")
        x, back = node.args[0], int(node.data[1])
        self.leaf(x)  # the kernel watches every value of a column, also those that no row looks back at
        earlier = f"a{self.leaf(x, back).number}"
        if len(node.args) > 1:
            other = self.value(node.args[1])
        elif node.type.stored == "f":
            other = self.real(float("nan"))
        else:
            return earlier
        return self.let(f"{earlier} if {self.goes_back(back)} else {other}")

    def woven_valid(self, node: Node) -> str:
        """Return the name of the flag of a whole number that comes from the row before."""
        if node.data[0] != "lag":
            return ""
        leaf, near = self.leaf(node.args[0], int(node.data[1])), self.goes_back(int(node.data[1]))
        there = f"{near} & b{leaf.number}" if leaf.has_valid else near
        if len(node.args) == 1:
            return self.let(there)
        flag = self.valid(node.args[1])
        return self.let(f"({there}) | ((not {near}) & {flag})" if flag else f"({there}) | (not {near})")

    def crowded(self, node: Node, wanted: bool) -> str:
        """Return the name of a comparison of ``count_in`` being true, or being false."""
        crowd = crowding(node, self.facts)
        assert crowd is not None
        call, most, above = crowd
        time = call.args[-1]
        now, then = self.leaf(time), self.leaf(time, most)
        start = self.let(f"a{now.number} - {self.whole('int', int(call.data[1]))}")
        over = self.let(f"{self.goes_back(most)} & (a{then.number} > {start})")
        return over if above is wanted else self.let(f"not {over}")
