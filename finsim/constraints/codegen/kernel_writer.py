"""Nodes -> source of one kernel: straight-line, branch-free text for one row, in a loop over blocks.

Each truth value is two flags, "is true" and "is false"; a null whole number has a flag, a null float is NaN.
Nothing a user wrote enters the text: names are a letter and a number, constants come in arrays.
"""

from __future__ import annotations

from collections.abc import Sequence

from finsim.constraints.codegen.column_arrays import has_text_codes
from finsim.constraints.codegen.column_facts import Facts
from finsim.constraints.codegen.inline_sequences import Weaving, is_woven
from finsim.constraints.codegen.vectorizable_nodes import is_native
from finsim.constraints.language.expression import Node

_NO = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}


class Writer(Weaving):
    """Writes truths and numbers, each where it is first needed."""

    def yes(self, node: Node) -> str:
        """Return the name of "is true"."""
        return self.once("yes", node, self._yes)

    def no(self, node: Node) -> str:
        """Return the name of "is false"."""
        return self.once("no", node, self._no)

    def _yes(self, node: Node) -> str:
        if node.op in ("and", "or"):
            return self._joined("&" if node.op == "and" else "|", [self.yes(arg) for arg in node.args])
        if node.op == "not":
            return self.no(node.args[0])
        if node.op == "=>":
            return self.let(f"{self.no(node.args[0])} | {self.yes(node.args[1])}")
        return self._truth(node, True)

    def _no(self, node: Node) -> str:
        if node.op in ("and", "or"):
            return self._joined("|" if node.op == "and" else "&", [self.no(arg) for arg in node.args])
        if node.op == "not":
            return self.yes(node.args[0])
        if node.op == "=>":
            return self.let(f"{self.yes(node.args[0])} & {self.no(node.args[1])}")
        return self._truth(node, False)

    def _joined(self, sign: str, parts: Sequence[str]) -> str:
        unique = list(dict.fromkeys(parts))
        return self.let(f" {sign} ".join(unique)) if len(unique) > 1 else unique[0]

    def _truth(self, node: Node, wanted: bool) -> str:
        if node.op == "isnull":
            flag = (
                self.valid(node.args[0]) if node.args[0].type.stored != "b" else self._decided(node.args[0])
            )
            if not flag:
                return self._never() if wanted else self._always()
            return self.let(f"not {flag}") if wanted else flag
        if node.op == "in" and self.native(node):
            return self._member(node, wanted)
        if node.op in ("const", "param"):
            return self._always() if bool(self.facts.constant(node)) is wanted else self._never()
        if node.op == "call" and node.data[0] == "on_tick" and self.native(node):
            return self._ticked(node, wanted)
        if self.woven(node) and node.op != "call":
            return self.crowded(node, wanted)
        if node.op == "column" or not self.native(node):
            name, flag = self.value(node), self.valid(node)
            text = name if wanted else f"(not {name})"
            return self.let(f"{text} & {flag}") if flag else self.let(text)
        if node.op == "if":
            picks = [self.yes(arg) if wanted else self.no(arg) for arg in node.args[1:]]
            return self.let(
                f"({self.yes(node.args[0])} & {picks[0]}) | ({self.no(node.args[0])} & {picks[1]})"
            )
        return self._compared(node, wanted)

    def _decided(self, node: Node) -> str:
        return "" if self.facts.sure(node) else self.let(f"{self.yes(node)} | {self.no(node)}")

    def _always(self) -> str:
        return self._fixed("==")

    def _never(self) -> str:
        return self._fixed("!=")

    def _fixed(self, sign: str) -> str:
        """Return the name of a truth that is the same in every row."""
        if sign not in self.truths:
            zero = self.whole("int", 0)
            self.truths[sign] = self.let(f"{zero} {sign} {zero}")
        return self.truths[sign]

    def _ticked(self, node: Node, wanted: bool) -> str:
        x, tick = (self.value(arg) for arg in node.args)
        off = self.let(f"abs({x} - rint({x} / {tick}) * {tick})")
        size = self.let(f"abs({x})")
        slack = self.let(f"{self.real(1e-9)} * ({size} if {size} > {self.real(1.0)} else {self.real(1.0)})")
        return self.let(f"{off} <= {slack}" if wanted else f"{off} > {slack}")

    def _member(self, node: Node, wanted: bool) -> str:
        x, members = node.args[0], self.facts.params[node.data[1]]
        assert isinstance(members, tuple)
        name, flag = self.value(x), self.valid(x)
        tests = [f"({name} == {self._constant_like(x, member)})" for member in members]
        inside = self.let(" | ".join(tests)) if tests else self._never()
        text = inside if wanted else f"(not {inside})"
        return self.let(f"{text} & {flag}") if flag else self.let(text)

    def _constant_like(self, x: Node, value: object) -> str:
        if isinstance(value, str):
            return self._label(x, value) if self.local(x) else self.whole("text", value)
        assert isinstance(value, int | float)
        return self.real(float(value)) if x.type.stored == "f" else self.whole("int", int(value))

    def _label(self, column: Node, text: str) -> str:
        """Return the name of a label's number among the codes of a column."""
        name = str(column.data)
        if has_text_codes(self.facts.dtypes[name]):
            return self.whole("int", self.facts.texts[name].index(text))
        return self.whole("label", (name, text))

    def _sides(self, node: Node) -> tuple[str, str]:
        a, b = node.args
        for one, other in ((a, b), (b, a)):
            value = self.facts.constant(other)
            if self.local(one) and isinstance(value, str):
                pair = (self.value(one), self._label(one, value))
                return pair if one is a else (pair[1], pair[0])
        return self.value(a), self.value(b)

    def _compared(self, node: Node, wanted: bool) -> str:
        x, y = self._sides(node)
        is_float = any(arg.type.stored == "f" for arg in node.args)
        flag = "" if is_float else self.both(node.args)
        op = {"=": "==", "!=": "!="}.get(node.op, node.op)
        if node.data is not None:
            return self._loose(node, x, y, flag, wanted)
        if not is_float:
            text = f"{x} {op} {y}" if wanted else f"not ({x} {op} {y})"
            return self.let(f"({text}) & {flag}") if flag else self.let(text)
        if (op == "==") is wanted and op in ("==", "!="):
            return self.let(f"{x} == {y}")
        if op in ("==", "!="):
            return self.let(f"({x} < {y}) | ({x} > {y})")
        return self.let(f"{x} {op if wanted else _NO[op]} {y}")

    def _loose(self, node: Node, x: str, y: str, flag: str, wanted: bool) -> str:
        how, amount = node.data
        slack = self.whole("int", amount) if isinstance(amount, int) else self.real(float(amount))
        if how == "rel":
            left, right = self.let(f"abs({x})"), self.let(f"abs({y})")
            is_float = any(arg.type.stored == "f" for arg in node.args)
            slack = self.let(f"{slack} * {self._extreme(False, left, right, is_float)}")
        if node.op in ("=", "!="):
            near = wanted is (node.op == "=")
            text = f"abs({x} - {y}) {'<=' if near else '>'} {slack}"
        else:
            left, right = (x, f"{y} + {slack}") if node.op in ("<", "<=") else (f"{x} + {slack}", y)
            text = f"{left} {node.op if wanted else _NO[node.op]} {right}"
        return self.let(f"({text}) & {flag}") if flag else self.let(text)


def fresh_writer(facts: Facts) -> Writer:
    """Return a writer of a kernel for columns of which these facts are known."""
    return Writer(facts, lambda node: is_native(node, facts), lambda node: is_woven(node, facts))
