"""What one pass compiles to: the source of its kernel, the columns it reads, and who works out the rest."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from finsim.constraints.compiled.arrays import plain_dtype
from finsim.constraints.compiled.facts import TAME, Facts
from finsim.constraints.compiled.native import is_native
from finsim.constraints.compiled.sequences import crowding, step_arguments
from finsim.constraints.compiled.sheet import Leaf
from finsim.constraints.compiled.writer import Writer
from finsim.constraints.expression import Node, walk
from finsim.constraints.functions import FUNCTIONS
from finsim.constraints.ruleset import Rule

MOST_RULES = 64  # one bit each in a word of 64
BLOCK_ROWS = 1024
_MOST_GUARDS = 60
_FIXED_SUMS = 3  # bits of broken rules, float columns out of bounds, bits of the largest whole number


@dataclass(frozen=True)
class RuleSums:
    """Where a rule's counts stand among the kernel's sums (None: follows from the others)."""

    rule: Rule
    fired: int | None
    held: int | None
    good: int | None
    false: int | None


@dataclass(frozen=True)
class Plan:
    """A pass ready to be compiled.

    ``leaves`` are the kernel's columns; ``outside`` the calls worked out before it, arguments first;
    ``ints`` and ``floats`` its constants; ``guarded`` the float columns it watches, in the order of their
    bits, ``sized`` the columns of whole numbers; ``undefined`` says which sum counts undefined results of
    which node.
    """

    source: str
    arguments: tuple[tuple[str, int], ...]
    leaves: tuple[Leaf, ...]
    outside: tuple[Node, ...]
    ints: tuple[tuple[str, object], ...]
    floats: tuple[float, ...]
    rules: tuple[RuleSums, ...]
    guarded: tuple[str, ...]
    sized: tuple[str, ...]
    undefined: tuple[tuple[int, int], ...]
    sums: int


def roots_of(rules: Iterable[Rule]) -> list[Node]:
    """Return the conditions of rules."""
    return [node for rule in rules for node in (rule.check, rule.when, rule.antecedent) if node is not None]


def local_columns(rules: Sequence[Rule], facts: Facts) -> set[str]:
    """Return the columns of labels that rules only compare with written labels: their own codes will do."""
    good: set[str] = set()
    bad: set[str] = set()
    for root in roots_of(rules):
        for node in walk(root):
            for arg in node.args:
                if arg.op == "column" and arg.type.kind in ("cat", "id"):
                    (good if _plain_use(node, arg, facts) else bad).add(str(arg.data))
    return good - bad


def _plain_use(node: Node, column: Node, facts: Facts) -> bool:
    if node.op in ("=", "!="):
        other = node.args[1] if node.args[0] is column else node.args[0]
        return isinstance(facts.constant(other), str)
    return node.op == "isnull" or (node.op == "in" and is_native(node, facts))


def outside_calls(roots: Sequence[Node], facts: Facts) -> list[Node]:
    """Return the nodes that kernels do not contain and need, arguments first."""
    found: dict[int, Node] = {}

    def visit(node: Node) -> None:
        if id(node) in found:
            return
        if not is_native(node, facts):
            arguments = step_arguments(node, facts)
            inner = [one for arg in arguments for one in walk(arg) if is_sequence(one)]
            for one in reversed(inner):
                found.setdefault(id(one), one)
            found[id(node)] = node
            return
        for arg in node.args:
            visit(arg)

    for root in roots:
        visit(root)
    return list(found.values())


def is_step(node: Node, facts: Facts) -> bool:
    """Whether a node is worked out from rows in order: a sequence function, or a comparison of one."""
    return is_sequence(node) or crowding(node, facts) is not None


def is_sequence(node: Node) -> bool:
    """Whether a node looks at the rows before it."""
    name = node.data[0] if node.op == "call" else ""
    return name in FUNCTIONS and FUNCTIONS[name].family in ("sequence", "window", "calendar")


@dataclass(frozen=True)
class Inputs:
    """Arguments of sequence functions, written by a kernel of their own: one output for each node.

    ``outputs`` are the dtypes; whole numbers and truths that may be null have a flag besides.
    """

    source: str
    arguments: tuple[tuple[str, int], ...]
    leaves: tuple[Leaf, ...]
    nodes: tuple[Node, ...]
    flagged: tuple[bool, ...]
    ints: tuple[tuple[str, object], ...]
    floats: tuple[float, ...]


_DTYPES = {"f": "float64", "i": "int64", "b": "bool"}


def inputs_for(outside: Sequence[Node], facts: Facts) -> Inputs | None:
    """Return the plan of the arguments that need work and no other rows; None when there are none."""
    wanted: dict[int, Node] = {}
    for node in outside:
        for arg in step_arguments(node, facts) if is_step(node, facts) else ():
            inner = list(walk(arg))
            plain = all(is_native(one, facts) and not is_sequence(one) for one in inner)
            is_work = arg.op not in ("column", "const", "param") and any(one.op == "column" for one in inner)
            if plain and is_work:
                wanted[id(arg)] = arg
    if not wanted:
        return None
    writer = Writer(facts, lambda node: is_native(node, facts))
    nodes, flagged, outs = tuple(wanted.values()), [], []
    for place, node in enumerate(nodes):
        outs.append(f"p{place}[i] = {writer.value(node)}")
        flag = writer.valid(node) if node.type.stored != "f" else ""
        flagged.append(bool(flag))
        outs += [f"q{place}[i] = {flag}"] if flag else []
    if writer.undefined:  # the interpreter counts undefined results, this kernel does not
        return None
    leaves = tuple(writer.leaves.values())
    names, types = [], []
    for place, node in enumerate(nodes):
        names += [f"y{place}", *([f"z{place}"] if flagged[place] else [])]
        types += [(f"={_DTYPES[node.type.stored]}", 1), *([("=bool", 1)] if flagged[place] else [])]
    cuts = [f"{'p' if name[0] == 'y' else 'q'}{name[1:]} = {name}[o:o + e]" for name in names]
    source = _text(writer, leaves, names, cuts, [*writer.lines, *outs])
    arguments = (*_arguments(leaves, facts)[:-2], *types)
    return Inputs(source, arguments, leaves, nodes, tuple(flagged), tuple(writer.ints), tuple(writer.floats))


def planned(rules: Sequence[Rule], facts: Facts) -> Plan:
    """Return the plan of some rules (at most ``MOST_RULES``) that see rows in the same order."""
    writer = Writer(facts, lambda node: is_native(node, facts))
    broken, places = [], []
    for rule in rules:
        broken.append(_broken(writer, rule))
        places.append(_sums(writer, facts, rule))
    roots = roots_of(rules)
    leaves = tuple(writer.leaves.values())
    guarded = tuple(
        str(leaf.node.data)
        for leaf in leaves
        if leaf.stored == "f" and leaf.node.op == "column" and facts.sure(leaf.node)
    )
    sized = tuple(str(leaf.node.data) for leaf in leaves if _is_sized(leaf, facts))
    source = _source(writer, broken, leaves, guarded, facts)
    return Plan(
        source, _arguments(leaves, facts), leaves, tuple(outside_calls(roots, facts)), tuple(writer.ints),
        tuple(writer.floats), tuple(places), guarded, sized,
        tuple((key, _FIXED_SUMS + counter) for key, counter in writer.undefined.items()),
        _FIXED_SUMS + len(writer.counters),
    )  # fmt: skip


def _is_sized(leaf: Leaf, facts: Facts) -> bool:
    """Whether a leaf is a column in which numbers could be larger than rules can count with."""
    is_column = leaf.node.op == "column" and leaf.node.type.kind in ("int", "money")
    return is_column and facts.dtypes[str(leaf.node.data)] == "int64"


def _broken(writer: Writer, rule: Rule) -> str:
    """Return the name of "this row breaks the rule"."""
    if rule.nulls == "fail":
        fine = writer.yes(rule.check)
        if rule.when is not None:
            fine = writer.let(f"{writer.no(rule.when)} | {fine}")
        return writer.let(f"not {fine}")
    return _false(writer, rule)


def _false(writer: Writer, rule: Rule) -> str:
    if rule.when is None:
        return writer.no(rule.check)
    return writer.let(f"{writer.yes(rule.when)} & {writer.no(rule.check)}")


def _sums(writer: Writer, facts: Facts, rule: Rule) -> RuleSums:
    """Write the counters a rule needs besides its breaches."""
    first = _FIXED_SUMS
    fired = held = good = false = None
    sure = facts.sure(rule.check) and (rule.when is None or facts.sure(rule.when))
    if rule.antecedent is not None:
        applies = writer.yes(rule.antecedent)
        fired = first + writer.count(applies)
        if not sure:
            held = first + writer.count(writer.let(f"{applies} & {writer.yes(rule.check)}"))
    if not sure:
        fine = writer.yes(rule.check)
        if rule.when is not None:
            fine = writer.let(f"{writer.no(rule.when)} | {fine}")
        good = first + writer.count(fine)
        if rule.nulls == "fail":
            false = first + writer.count(_false(writer, rule))
    return RuleSums(rule, fired, held, good, false)


def _dtype(leaf: Leaf, facts: Facts) -> str:
    if leaf.node.op == "column":
        return plain_dtype(facts.dtypes[str(leaf.node.data)])
    return _DTYPES[leaf.stored]


def _arguments(leaves: Sequence[Leaf], facts: Facts) -> tuple[tuple[str, int], ...]:
    """Return the argument types of ``evaluate``."""
    types: list[tuple[str, int]] = [("int64", 0)]
    for leaf in leaves:
        types.append((_dtype(leaf, facts), 1))
        if leaf.has_valid:
            types.append(("bool", 1))
    return (*types, ("int64", 1), ("float64", 1), ("=uint64", 1), ("=int64", 1))


def _source(
    writer: Writer, broken: Sequence[str], leaves: Sequence[Leaf], guarded: Sequence[str], facts: Facts
) -> str:
    tame = writer.real(10.0**TAME)
    guards = []
    for leaf in leaves:
        n = leaf.number
        is_column = leaf.node.op == "column"
        if is_column and str(leaf.node.data) in guarded[:_MOST_GUARDS]:
            bit = guarded.index(str(leaf.node.data))
            guards.append(f"q |= int64(not (abs(a{n}) <= {tame})) << {bit}")
        if _is_sized(leaf, facts):
            guards.append(f"z |= a{n} ^ (a{n} >> 63)")
    word = " | ".join(f"(uint64({name}) << uint64({bit}))" for bit, name in enumerate(broken)) or "uint64(0)"
    row = [*writer.lines, *guards]
    row += [f"s{k} += int64({text})" for k, text in enumerate(writer.counters)]
    row += [f"m = {word}", "t[i] = m", "p |= m"]
    head = ["p = uint64(0)", "q = int64(0)", "z = int64(0)"]
    head += [f"s{k} = int64(0)" for k in range(len(writer.counters))]
    tail = ["s[0] = int64(p)", "s[1] = q", "s[2] = z"]
    tail += [f"s[{_FIXED_SUMS + k}] = s{k}" for k in range(len(writer.counters))]
    return _text(writer, leaves, ["w", "s"], ["t = w[o:o + e]"], row, head, tail)


def _text(
    writer: Writer,
    leaves: Sequence[Leaf],
    outputs: Sequence[str],
    cuts: Sequence[str],
    row: Sequence[str],
    head: Sequence[str] = (),
    tail: Sequence[str] = (),
) -> str:
    """Return the source of a kernel: constants, blocks of rows, what is done with a row."""
    columns, slices, loads = [], [], []
    for leaf in leaves:
        n = leaf.number
        cast = {"f": "float64({})", "i": "int64({})", "b": "{}"}[leaf.stored]
        columns.append(f"c{n}")
        slices.append(f"v{n} = c{n}[o:o + e]")
        loads.append(f"a{n} = {cast.format(f'v{n}[i]')}")
        if leaf.has_valid:
            columns.append(f"d{n}")
            slices.append(f"u{n} = d{n}[o:o + e]")
            loads.append(f"b{n} = u{n}[i]")
    lines = ["from numpy import ceil, float64, floor, int64, rint, sqrt, uint64", "", ""]
    lines.append(f"def evaluate({', '.join(['n', *columns, 'k', 'h', *outputs])}):")
    lines += [f"    k{k} = k[{k}]" for k in range(len(writer.ints))]
    lines += [f"    h{k} = h[{k}]" for k in range(len(writer.floats))]
    lines += [f"    {line}" for line in head]
    lines.append(f"    for o in range(0, n, {BLOCK_ROWS}):")
    lines += [f"        {line}" for line in (f"e = min({BLOCK_ROWS}, n - o)", *slices, *cuts)]
    lines.append("        for i in range(e):")
    lines += [f"            {line}" for line in (*loads, *row)]
    lines += [f"    {line}" for line in (*tail, "return int64(0)")]
    return "\n".join(lines) + "\n"
