"""Linear rules as half-spaces over the columns that a projection may move, all other columns held fixed.

``bid + tick <= ask`` over (bid, ask) is one half-space; ``high >= max(open, close)`` is two; behind ``=>``
and beside ``or`` a half-space holds only in the rows where the fixed part says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from finsim.constraints.language.expression import Node
from finsim.constraints.language.types import Clash

Term = tuple[int, Node]
Given = tuple[Node, bool]
_FLIPPED = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "=": "!=", "!=": "="}
_REMEDY = "write sums of the columns with <=, below `and`, or use resample"


@dataclass(frozen=True)
class HalfSpace:
    """Signed ``terms`` sum to at most 0 (below 0: ``strict``) where every node of ``given`` has its truth."""

    terms: tuple[Term, ...]
    strict: bool
    given: tuple[Given, ...]


def touches(node: Node, columns: Sequence[str]) -> bool:
    """Whether a value depends on one of the columns in the same row (`lag` looks at earlier rows)."""
    if node.op == "column":
        return node.data in columns
    args = node.args[1:] if node.op == "call" and node.data[0] == "lag" else node.args
    return any(touches(arg, columns) for arg in args)


def half_spaces(node: Node, columns: Sequence[str], given: tuple[Given, ...] = ()) -> list[HalfSpace]:
    """Return the half-spaces that a condition demands of the columns; raises Clash when it is not linear."""
    return _demanded(node, True, columns, given)


def _demanded(node: Node, truth: bool, columns: Sequence[str], given: tuple[Given, ...]) -> list[HalfSpace]:
    if not touches(node, columns):
        return []
    op, args = node.op, node.args
    if op == "not":
        return _demanded(args[0], not truth, columns, given)
    if op == ("and" if truth else "or"):
        return [one for arg in args for one in _demanded(arg, truth, columns, given)]
    if op in ("and", "or"):
        return _either([(arg, truth) for arg in args], columns, given)
    if op == "=>" and truth:
        return _either([(args[0], False), (args[1], True)], columns, given)
    if op == "=>":
        return _demanded(args[0], True, columns, given) + _demanded(args[1], False, columns, given)
    if op == "if" and not touches(args[0], columns):
        yes = _demanded(args[1], truth, columns, (*given, (args[0], True)))
        return yes + _demanded(args[2], truth, columns, (*given, (args[0], False)))
    if op in _FLIPPED:
        return _compared(op if truth else _FLIPPED[op], args, columns, given)
    raise Clash(f"{op} of columns that move is not linear", _REMEDY)


def _either(parts: Sequence[Given], columns: Sequence[str], given: tuple[Given, ...]) -> list[HalfSpace]:
    """Return what the one moving part must fulfil where the fixed parts are all false."""
    moving = [part for part in parts if touches(part[0], columns)]
    if len(moving) > 1:
        raise Clash("`or` and `=>` between columns that move leave a choice", _REMEDY)
    fixed = tuple((node, not truth) for node, truth in parts if (node, truth) not in moving)
    node, truth = moving[0]
    return _demanded(node, truth, columns, (*given, *fixed))


def _compared(
    op: str, args: Sequence[Node], columns: Sequence[str], given: tuple[Given, ...]
) -> list[HalfSpace]:
    if op == "!=":
        raise Clash("!= leaves a choice of two sides", _REMEDY)
    if op == "=":
        return [*_compared("<=", args, columns, given), *_compared(">=", args, columns, given)]
    low, high = args if op in ("<", "<=") else (args[1], args[0])
    return [
        HalfSpace((*left, *right), op in ("<", ">"), given)
        for left in _peaks(low, 1, columns)
        for right in _peaks(high, -1, columns)
    ]


def _peaks(node: Node, sign: int, columns: Sequence[str]) -> list[tuple[Term, ...]]:
    """Return sums of terms whose largest is ``sign * node``."""
    if _linear(node, columns):
        return [((sign, node),)]
    op, args = node.op, node.args
    if op == "float":
        return _peaks(args[0], sign, columns)
    if op == "neg":
        return _peaks(args[0], -sign, columns)
    if op in ("+", "-"):
        right = sign if op == "+" else -sign
        return [(*a, *b) for a in _peaks(args[0], sign, columns) for b in _peaks(args[1], right, columns)]
    name = node.data[0] if op == "call" else ""
    if name == ("max" if sign > 0 else "min"):
        return [one for arg in args for one in _peaks(arg, sign, columns)]
    if name == "abs" and sign > 0:
        return _peaks(args[0], 1, columns) + _peaks(args[0], -1, columns)
    raise Clash(f"{name or op} of columns that move is not linear", _REMEDY)


def _linear(node: Node, columns: Sequence[str]) -> bool:
    if not touches(node, columns):
        return True
    if node.op in ("column", "+", "-", "neg", "float", "rescale"):
        return all(_linear(arg, columns) for arg in node.args)
    if node.op == "*":
        return sum(touches(arg, columns) for arg in node.args) == 1 and all(
            _linear(arg, columns) for arg in node.args
        )
    return node.op == "/" and not touches(node.args[1], columns) and _linear(node.args[0], columns)
