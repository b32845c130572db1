"""Code for numbers: the value of a node and its validity flag."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

from finsim.constraints.codegen.annuity_code import level, level_after
from finsim.constraints.codegen.code_buffer import Sheet
from finsim.constraints.language.expression import Node


class Values(Sheet, ABC):
    """Writes numbers; ``Writer`` adds the truths that they depend on.

    The loop that ``is_last`` finds what was worked out in loops before.
    """

    is_last = False

    def value(self, node: Node) -> str:
        """Return the name of a number's value (any value where it is null, NaN for floats)."""
        return self.once("value", node, self._value)

    def valid(self, node: Node) -> str:
        """Return the name of the flag of a whole number, or "" when it is never null."""
        if node.type.stored == "f":
            value = self.value(node)
            return (
                ""
                if self.facts.sure(node)
                else self.once("known", node, lambda _: self.let(f"{value} == {value}"))
            )
        return self.once("valid", node, self._valid)

    @abstractmethod
    def yes(self, node: Node) -> str:
        """Return the name of "is true"."""

    @abstractmethod
    def no(self, node: Node) -> str:
        """Return the name of "is false"."""

    @abstractmethod
    def woven_value(self, node: Node) -> str:
        """Return the name of a value that comes from the rows before."""

    @abstractmethod
    def woven_valid(self, node: Node) -> str:
        """Return the name of its flag, or ""."""

    def both(self, nodes: Sequence[Node]) -> str:
        """Return the conjunction of the flags of some nodes, or ""."""
        flags = list(dict.fromkeys(flag for flag in (self.valid(node) for node in nodes) if flag))
        return self.let(" & ".join(flags)) if len(flags) > 1 else "".join(flags)

    def _value(self, node: Node) -> str:
        if self.woven(node) and node.type.stored != "b":
            return self.woven_value(node)
        if node.op == "column" or not self.native(node):
            return f"a{self.leaf(node).number}"
        if node.op in ("const", "param"):
            return self._constant(node)
        if node.type.stored == "b":
            return self.yes(node)
        if node.op == "call":
            return self._called(node)
        if node.op == "float":
            inner, flag = self.value(node.args[0]), self.valid(node.args[0])
            cast = self.let(f"float64({inner})")
            return self.let(f"{cast} if {flag} else {self.real(float('nan'))}") if flag else cast
        if node.op == "integer":
            return self.let(f"int64({self.yes(node.args[0])})")
        if node.op in ("ts", "rescale"):
            factor = 86_400 * 10**9 if node.op == "ts" else int(str(node.data))
            return self.let(f"{self.value(node.args[0])} * {self.whole('int', factor)}")
        if node.op == "neg":
            return self.let(f"-{self.value(node.args[0])}")
        if node.op == "if":
            return self._choice(node)
        if node.op == "/":
            return self._quotient(node)
        a, b = (self.value(arg) for arg in node.args)
        return self.let(f"{a} {node.op} {b}")

    def _constant(self, node: Node) -> str:
        value = self.facts.constant(node)
        if node.type.stored == "f":
            assert isinstance(value, int | float)
            return self.real(float(value))
        if isinstance(value, str):
            return self.whole("text", value)
        assert isinstance(value, int)
        return self.whole("int", int(value))

    def _choice(self, node: Node) -> str:
        yes, (a, b) = self.yes(node.args[0]), (self.value(arg) for arg in node.args[1:])
        picked = self.let(f"{a} if {yes} else {b}")
        if node.type.stored != "f" or self.facts.sure(node.args[0]):
            return picked
        known = self.let(f"{yes} | {self.no(node.args[0])}")
        return self.let(f"{picked} if {known} else {self.real(float('nan'))}")

    def _quotient(self, node: Node) -> str:
        a, b = (self.value(arg) for arg in node.args)
        if self.facts.nonzero(node.args[1]):
            return self.let(f"{a} / {b}")
        zero = self.let(f"{b} == {self.real(0.0)}")
        made = zero if self.facts.sure(node.args[0]) else self.let(f"{zero} & ({a} == {a})")
        self.undefined[id(node)] = self.count(made)
        return self.let(f"{self.real(float('nan'))} if {zero} else {a} / {b}")

    def _called(self, node: Node) -> str:
        name = node.data[0]
        if name == "annuity" and self.is_last:
            if node not in self.annuities:
                self.annuities.append(node)
            return level_after(self, node, self.value(node.args[0]), self.annuities.index(node))
        args = [self.value(arg) for arg in node.args]
        if name == "abs":
            return self.let(f"abs({args[0]})")
        if name in ("min", "max"):
            found = args[0]
            for other in args[1:]:
                found = self._extreme(name == "min", found, other, node.type.stored == "f")
            return found
        if name == "clamp":
            is_float = node.type.stored == "f"
            return self._extreme(True, self._extreme(False, args[0], args[1], is_float), args[2], is_float)
        if name in ("floor", "ceil"):
            return self.let(f"{name}({args[0]})")
        if name == "days":
            return self.let(f"{args[1]} - {args[0]}")
        if name == "sqrt":
            self.undefined[id(node)] = self.count(self.let(f"{args[0]} < {self.real(0.0)}"))
            return self.let(f"sqrt({args[0]})")
        if name == "coalesce":
            return self._first_known(node, args)
        return self._rounded(node, args[0]) if name == "round" else level(self, node, args)

    def _extreme(self, least: bool, a: str, b: str, is_float: bool) -> str:
        test = f"{a} {'<' if least else '>'} {b}"
        return self.let(f"{a} if ({test}) | ({a} != {a}) else {b}" if is_float else f"{a} if {test} else {b}")

    def _first_known(self, node: Node, args: Sequence[str]) -> str:
        found = args[-1]
        for arg, name in reversed(list(zip(node.args[:-1], args[:-1], strict=True))):
            flag = self.valid(arg)
            found = self.let(f"{name} if {flag} else {found}") if flag else name
        return found

    def _rounded(self, node: Node, x: str) -> str:
        if not node.data[2]:
            return self.let(f"rint({x})")
        fits = self.once("fits", node, lambda _: self.let(f"abs({x}) < {self.real(2.0**62)}"))
        self.undefined[id(node)] = self.count(self.let(f"(not {fits}) & ({x} == {x})"))
        safe = self.let(f"rint({x}) if {fits} else {self.real(0.0)}")
        return self.let(f"int64({safe})")

    def _valid(self, node: Node) -> str:
        if self.facts.sure(node):
            return ""
        if self.woven(node) and node.type.stored != "b":
            return self.woven_valid(node)
        if node.op == "column" or not self.native(node):
            return f"b{self.leaf(node).number}"
        if node.op == "integer" or node.type.stored == "b":
            truth = node.args[0] if node.op == "integer" else node
            return self.let(f"{self.yes(truth)} | {self.no(truth)}")
        if node.op == "if":
            return self._choice_valid(node)
        if node.op == "call" and node.data[0] == "coalesce":
            flags = [self.valid(arg) for arg in node.args]
            return self.let(" | ".join(flags))
        if node.op == "call" and node.data[0] == "round":
            self.value(node)
            return self.names["fits", id(node)]
        flag = self.both(node.args)
        if node.op == "*" and not self.facts.product_fits(node):
            a, b = (self.value(arg) for arg in node.args)
            fits = self.let(f"abs(float64({a}) * float64({b})) < {self.real(2.0**62)}")
            self.undefined[id(node)] = self.count(self.let(f"not {fits}"))
            return self.let(f"{fits} & {flag}") if flag else fits
        return flag

    def _choice_valid(self, node: Node) -> str:
        parts = []
        for rail, arg in ((self.yes(node.args[0]), node.args[1]), (self.no(node.args[0]), node.args[2])):
            flag = self.valid(arg)
            parts.append(f"({rail} & {flag})" if flag else rail)
        return self.let(" | ".join(parts))
