"""Nodes -> source of one kernel: straight-line, branch-free text for one row, in a loop over blocks.

Each truth has two rails, "is true" and "is false"; a null whole number has a flag, a null float is NaN.
Nothing a user wrote enters the text: names are a letter and a number, constants come in arrays.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from finsim.constraints.compiled.facts import Facts
from finsim.constraints.expression import Node
from finsim.constraints.row_functions import ANNUITY_BITS

_NATIVE_CALLS = frozenset(("abs", "min", "max", "clamp", "floor", "ceil", "sqrt", "coalesce", "days"))
_NATIVE_CALLS |= frozenset(("annuity", "round", "on_tick"))
_OPS = frozenset(("column", "const", "param", "float", "integer", "ts", "rescale", "+", "-", "*", "/", "neg"))
_OPS |= frozenset(("if", "and", "or", "not", "=>", "isnull", "in", "<", "<=", ">", ">=", "=", "!="))
_NO = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}
_MOST_MEMBERS = 16


@dataclass(frozen=True)
class Leaf:
    """A column of the kernel: a table's column (``node.op`` is "column") or a call worked out before."""

    node: Node
    number: int
    stored: str
    has_valid: bool


@dataclass
class Writer:
    """Collects the lines of one row; leaves, constants and counters appear as they are used."""

    facts: Facts
    native: Callable[[Node], bool]
    lines: list[str] = field(default_factory=list)
    leaves: dict[int | str, Leaf] = field(default_factory=dict)
    ints: list[tuple[str, object]] = field(default_factory=list)
    floats: list[float] = field(default_factory=list)
    undefined: dict[int, int] = field(default_factory=dict)
    counters: list[str] = field(default_factory=list)
    _names: dict[tuple[str, int], str] = field(default_factory=dict)
    _truths: dict[str, str] = field(default_factory=dict)
    _fresh: int = 0

    def let(self, text: str) -> str:
        """Write one assignment and return its name."""
        self._fresh += 1
        self.lines.append(f"x{self._fresh} = {text}")
        return f"x{self._fresh}"

    def count(self, text: str) -> int:
        """Count the rows where a truth holds; return the number of the counter."""
        self.counters.append(text)
        return len(self.counters) - 1

    def whole(self, kind: str, value: object) -> str:
        """Return the name of a whole constant; ``kind`` is ``int``, or ``label`` with (column, text)."""
        if (kind, value) not in self.ints:
            self.ints.append((kind, value))
        return f"k{self.ints.index((kind, value))}"

    def real(self, value: float) -> str:
        """Return the name of a float constant."""
        if value not in self.floats:
            self.floats.append(value)
        return f"h{self.floats.index(value)}"

    def leaf(self, node: Node) -> Leaf:
        """Return the column of the kernel that holds a node."""
        key = str(node.data) if node.op == "column" else id(node)
        if key not in self.leaves:
            stored = node.type.stored
            has_valid = stored != "f" and not self.facts.sure(node)
            self.leaves[key] = Leaf(node, len(self.leaves), stored, has_valid)
        return self.leaves[key]

    def _once(self, what: str, node: Node, make: Callable[[Node], str]) -> str:
        key = (what, id(node))
        if key not in self._names:
            self._names[key] = make(node)
        return self._names[key]

    def value(self, node: Node) -> str:
        """Return the name of a number's value (any value where it is null, NaN for floats)."""
        return self._once("value", node, self._value)

    def valid(self, node: Node) -> str:
        """Return the name of the flag of a whole number, or "" when it is never null."""
        if node.type.stored == "f":
            value = self.value(node)
            return (
                ""
                if self.facts.sure(node)
                else self._once("known", node, lambda _: self.let(f"{value} == {value}"))
            )
        return self._once("valid", node, self._valid)

    def yes(self, node: Node) -> str:
        """Return the name of "is true"."""
        return self._once("yes", node, self._yes)

    def no(self, node: Node) -> str:
        """Return the name of "is false"."""
        return self._once("no", node, self._no)

    def both(self, nodes: Sequence[Node]) -> str:
        """Return the conjunction of the flags of some nodes, or ""."""
        flags = list(dict.fromkeys(flag for flag in (self.valid(node) for node in nodes) if flag))
        return self.let(" & ".join(flags)) if len(flags) > 1 else "".join(flags)

    def _value(self, node: Node) -> str:
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
        name, args = node.data[0], [self.value(arg) for arg in node.args]
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
        return self._rounded(node, args[0]) if name == "round" else self._annuity(node, args)

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
        fits = self._once("fits", node, lambda _: self.let(f"abs({x}) < {self.real(2.0**62)}"))
        self.undefined[id(node)] = self.count(self.let(f"(not {fits}) & ({x} == {x})"))
        safe = self.let(f"rint({x}) if {fits} else {self.real(0.0)}")
        return self.let(f"int64({safe})")

    def _annuity(self, node: Node, args: Sequence[str]) -> str:
        """Level payment by repeated squaring; the interpreter's ``level_payment`` does the same steps."""
        amount, rate, count = args
        zero, nan = self.real(0.0), self.real(float("nan"))
        most, least = self.real(2.0**ANNUITY_BITS), self.real(-1.0)
        bad = self.let(f"({count} <= {zero}) | ({rate} <= {least}) | ({count} >= {most})")
        whole = self.let(f"({count} == floor({count})) & (not {bad})")
        tests = [f"not {whole}"]
        tests += [
            f"{name} == {name}" for arg, name in zip(node.args, args, strict=True) if not self.facts.sure(arg)
        ]
        self.undefined[id(node)] = self.count(self.let(" & ".join(f"({test})" for test in tests)))
        left = self.let(f"int64({count} if {whole} else {zero})")
        grown, step = zero, rate
        for bit in range(ANNUITY_BITS):
            here = self.let(f"(({left} >> {bit}) & 1) == 1")
            grown = self.let(f"{grown} + {step} * ({self.real(1.0)} + {grown}) if {here} else {grown}")
            if bit + 1 < ANNUITY_BITS:
                step = self.let(f"{step} * ({self.real(2.0)} + {step})")
        top = self.let(f"{self.real(1.0)} if {rate} == {zero} else {rate}")
        bottom = self.let(f"{count} if {rate} == {zero} else {grown}")
        level = self.let(f"{amount} * ({rate} + {top} / {bottom})")
        return self.let(f"{level} if {whole} else {nan}")

    def _valid(self, node: Node) -> str:
        if self.facts.sure(node):
            return ""
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
            return self._names["fits", id(node)]
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
        if node.op == "in":
            return self._member(node, wanted)
        if node.op in ("const", "param"):
            return self._always() if bool(self.facts.constant(node)) is wanted else self._never()
        if node.op == "call" and node.data[0] == "on_tick" and self.native(node):
            return self._ticked(node, wanted)
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
        if sign not in self._truths:
            zero = self.whole("int", 0)
            self._truths[sign] = self.let(f"{zero} {sign} {zero}")
        return self._truths[sign]

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
            return self.whole("label", (x.data, value)) if self.local(x) else self.whole("text", value)
        assert isinstance(value, int | float)
        return self.real(float(value)) if x.type.stored == "f" else self.whole("int", int(value))

    def local(self, node: Node) -> bool:
        """Whether a node is a column of labels, which come in the column's own codes."""
        return (
            node.op == "column"
            and node.type.kind in ("cat", "id")
            and self.facts.dtypes[str(node.data)].startswith("local")
        )

    def _sides(self, node: Node) -> tuple[str, str]:
        a, b = node.args
        for one, other in ((a, b), (b, a)):
            value = self.facts.constant(other)
            if self.local(one) and isinstance(value, str):
                pair = (self.value(one), self.whole("label", (one.data, value)))
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


def is_native(node: Node, facts: Facts) -> bool:
    """Whether a node is written into the kernel (its arguments may not be)."""
    if node.op == "call":
        return _native_call(node, facts)
    if node.op == "in":
        members = facts.params[node.data[1]]
        assert isinstance(members, tuple)
        kinds = {"f": (float, int), "i": (int, str), "b": ()}[node.args[0].type.stored]
        return len(members) <= _MOST_MEMBERS and all(isinstance(one, kinds) for one in members)
    return node.op in _OPS


def _native_call(node: Node, facts: Facts) -> bool:
    name = node.data[0]
    if name == "on_tick":
        return facts.steady_tick(node)
    if node.type.stored == "b":
        return False
    if name == "round":
        return bool(node.data[1] == 0)
    return name in _NATIVE_CALLS
