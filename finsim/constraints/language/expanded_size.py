"""Size of an expression with every `let` expanded, bounded before it is evaluated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from finsim.constraints.language.expression import Expr
from finsim.constraints.language.grammar import MAX_CHARACTERS, MAX_DEPTH, Misread

MAX_LEVELS = 2 * MAX_DEPTH  # what binds, evaluates and solves expressions calls itself some times a level


@dataclass(frozen=True)
class Size:
    """Nodes and levels of an expression without `let` names."""

    nodes: int
    levels: int


class WrittenOut:
    """Sizes of expressions of one table; each `let` is measured once, whatever uses it."""

    def __init__(self, lets: Mapping[str, Expr]) -> None:
        self._lets = lets
        self._known: dict[str, Size] = {}

    def size(self, expr: Expr) -> Size:
        """Return the size of an expression; a `let` that is defined by itself counts as a single node."""
        waiting, begun = self._names(expr), set[str]()
        while waiting:  # a loop, as a chain of `let` may be longer than Python's stack is deep
            name = waiting[-1]
            ahead = [one for one in self._names(self._lets[name]) if one not in begun]
            if name in begun or not ahead:
                self._known[name] = self._measured(self._lets[name])
                waiting.pop()
            begun.add(name)
            waiting += ahead if name not in self._known else []
        return self._measured(expr)

    def _names(self, expr: Expr) -> list[str]:
        """Return the `let` names in an expression that are not measured yet."""
        names = [part.text for part in expr.parts() if part.op == "name" and part.text in self._lets]
        return [name for name in names if name not in self._known]

    def _measured(self, expr: Expr) -> Size:
        if expr.op == "name":
            return self._known.get(expr.text, Size(1, 1))
        parts = [self._measured(part) for part in expr.args]
        nodes = 1 + sum(part.nodes for part in parts)
        return Size(nodes, 1 + max((part.levels for part in parts), default=0))

    def is_endless(self, expr: Expr) -> bool:
        """Whether an expression is too long, or nested too deeply, once written out."""
        size = self.size(expr)
        return size.nodes > MAX_CHARACTERS or size.levels > MAX_LEVELS

    def fault(self, expr: Expr) -> Misread | None:
        """Return what is wrong with an endless expression; None where one of its `let` is at fault."""
        names = [part.text for part in expr.parts() if part.op == "name" and part.text in self._lets]
        if any(self.is_endless(self._lets[name]) for name in names):
            return None
        size = self.size(expr)
        found, most = f"{size.nodes:,} terms", f"{MAX_CHARACTERS:,}"
        if size.nodes <= MAX_CHARACTERS:
            found, most = f"{size.levels:,} levels", f"{MAX_LEVELS}"
        found = f"with every `let` written out this has {found}; at most {most}"
        return Misread(found, expr.start, expr.end, "use fewer `let` inside one another")
