"""Calls computed before a kernel runs, and the kernel that computes their arguments."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from finsim.constraints.codegen.code_buffer import Leaf, loop
from finsim.constraints.codegen.column_facts import Facts
from finsim.constraints.codegen.inline_sequences import is_sequence, is_woven, woven_arguments
from finsim.constraints.codegen.kernel_template import DTYPES, leaf_arguments, whole_text
from finsim.constraints.codegen.kernel_writer import Writer, fresh_writer
from finsim.constraints.codegen.vectorizable_nodes import is_native
from finsim.constraints.language.expression import Node, walk
from finsim.constraints.packs.rule import Rule


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
        if is_woven(node, facts):
            for arg in woven_arguments(node, facts):
                visit(arg)
            return
        if not is_native(node, facts):
            inner = [one for arg in node.args for one in walk(arg) if is_sequence(one)]
            for one in reversed(inner):
                found.setdefault(id(one), one)
            found[id(node)] = node
            return
        for arg in node.args:
            visit(arg)

    for root in roots:
        visit(root)
    return list(found.values())


@dataclass(frozen=True)
class Inputs:
    """Arguments of sequence functions, written by a kernel of their own: one output for each node.

    ``flagged`` says which outputs have a flag besides: whole numbers and truths that may be null.
    """

    source: str
    arguments: tuple[tuple[str, int], ...]
    leaves: tuple[Leaf, ...]
    nodes: tuple[Node, ...]
    flagged: tuple[bool, ...]
    ints: tuple[tuple[str, object], ...]
    floats: tuple[float, ...]


def inputs_for(outside: Sequence[Node], facts: Facts) -> Inputs | None:
    """Return the plan of the arguments that need work and no other rows; None when there are none."""
    nodes = _arguments_that_need_work(outside, facts)
    if not nodes:
        return None
    writer, flagged, outs = fresh_writer(facts), [], []
    for place, node in enumerate(nodes):
        outs.append(f"p{place}[i] = {writer.value(node)}")
        flag = writer.valid(node) if node.type.stored != "f" else ""
        flagged.append(bool(flag))
        outs += [f"q{place}[i] = {flag}"] if flag else []
    if writer.undefined:  # the interpreter counts undefined results, this kernel does not
        return None
    leaves = tuple(writer.leaves.values())
    names: list[str] = []
    types: list[tuple[str, int]] = []
    for place, node in enumerate(nodes):
        names += [f"y{place}", *([f"z{place}"] if flagged[place] else [])]
        types += [(f"={DTYPES[node.type.stored]}", 1), *([("=bool", 1)] if flagged[place] else [])]
    source = _source(writer, leaves, names, outs)
    arguments = (("int64", 0), *leaf_arguments(leaves, facts), ("int64", 1), ("float64", 1), *types)
    return Inputs(source, arguments, leaves, nodes, tuple(flagged), tuple(writer.ints), tuple(writer.floats))


def _arguments_that_need_work(outside: Sequence[Node], facts: Facts) -> tuple[Node, ...]:
    wanted: dict[int, Node] = {}
    for node in outside:
        for arg in node.args if is_sequence(node) else ():
            inner = list(walk(arg))
            plain = all(is_native(one, facts) and not is_sequence(one) for one in inner)
            is_work = arg.op not in ("column", "const", "param") and any(one.op == "column" for one in inner)
            if plain and is_work:
                wanted[id(arg)] = arg
    return tuple(wanted.values())


def _source(writer: Writer, leaves: Sequence[Leaf], names: Sequence[str], outs: Sequence[str]) -> str:
    cuts = [f"{'p' if name[0] == 'y' else 'q'}{name[1:]} = {name}[o:o + e]" for name in names]
    rows = loop([*writer.loads(), *writer.lines, *outs])
    return whole_text(writer, leaves, ["k", "h", *names], [], [*cuts, *rows], ["return n"])
