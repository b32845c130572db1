"""The plan of one kernel: its source, the columns it reads, and what is computed outside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from finsim.constraints.codegen.block_setup import Stages, stages_for
from finsim.constraints.codegen.code_buffer import Leaf, loop
from finsim.constraints.codegen.column_facts import TAME, Facts
from finsim.constraints.codegen.kernel_template import BLOCK_ROWS, Arguments, leaf_arguments, whole_text
from finsim.constraints.codegen.kernel_writer import Writer, fresh_writer
from finsim.constraints.codegen.precomputed_calls import outside_calls, roots_of
from finsim.constraints.language.expression import Node
from finsim.constraints.packs.rule import Rule

MOST_RULES = 64  # one bit each in a word of 64
_MOST_GUARDS = 60
_FIXED_SUMS = 3  # floats out of bounds, bits of the largest number, steps back
_RESULTS = (("=uint64", 1), ("=uint64", 1), ("=int64", 1), ("=int64", 1))
_LINES = 90  # a loop of more needs more registers than there are
_TOGETHER = 16
_MARKING = f"""for i in range(e, {BLOCK_ROWS}):
    t[i] = uint64(0)
if p != uint64(0):
    for l in range(0, e, {_TOGETHER}):
        p = t[l]
        for i in range(1, {_TOGETHER}):
            p |= t[l + i]
        if p != uint64(0):
            for i in range(l, l + {_TOGETHER}):
                w[g] = t[i]
                x[g] = o + i
                g += int64(t[i] != uint64(0))""".splitlines()  # most rows break nothing: looked at together


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
    which node. ``stages`` come before the rules, which look ``reach`` rows back.
    """

    source: str
    arguments: Arguments
    leaves: tuple[Leaf, ...]
    outside: tuple[Node, ...]
    ints: tuple[tuple[str, object], ...]
    floats: tuple[float, ...]
    rules: tuple[RuleSums, ...]
    guarded: tuple[str, ...]
    sized: tuple[str, ...]
    undefined: tuple[tuple[int, int], ...]
    sums: int
    stages: Stages
    reach: int


def planned(rules: Sequence[Rule], facts: Facts) -> Plan:
    """Return the plan of some rules (at most ``MOST_RULES``) that see rows in the same order."""
    writers, places = [_rule_writer(fresh_writer(facts))], []
    for bit, rule in enumerate(rules):
        if len(writers[-1].lines) > _LINES:
            writers.append(_rule_writer(writers[-1].beside()))
        writers[-1].lines.append(f"m |= uint64({_broken(writers[-1], rule)}) << uint64({bit})")
        places.append(_sums(writers[-1], facts, rule))
    first = writers[0]
    stages = stages_for(writers[-1], facts)
    leaves = tuple(first.leaves.values())
    guarded = tuple(str(leaf.node.data) for leaf in leaves if _is_guarded(leaf, facts))
    sized = tuple(str(leaf.node.data) for leaf in leaves if _is_sized(leaf, facts))
    _watch(writers, leaves, guarded, facts)
    outside = tuple(outside_calls(roots_of(rules), facts))
    return Plan(
        _source(writers, leaves, stages), _arguments(leaves, facts, stages), leaves, outside,
        tuple(first.ints), tuple(first.floats), tuple(places), guarded, sized,
        tuple((key, _FIXED_SUMS + counter) for key, counter in first.undefined.items()),
        _FIXED_SUMS + len(first.counters), stages, _reach(leaves, stages),
    )  # fmt: skip


def _rule_writer(writer: Writer) -> Writer:
    """Return a writer of rules: what stages work out is there, and no rule is broken so far."""
    writer.is_last = True
    return writer


def _watch(writers: Sequence[Writer], leaves: Sequence[Leaf], guarded: Sequence[str], facts: Facts) -> None:
    """Write the guards of columns, each into a loop that reads the column anyway, if one does."""
    tame = writers[0].real(10.0**TAME)
    for leaf in leaves:
        n = leaf.number
        writer = next((one for one in writers if n in one.read), writers[0])
        if _is_guarded(leaf, facts) and str(leaf.node.data) in guarded[:_MOST_GUARDS]:
            bit = guarded.index(str(leaf.node.data))
            writer.lines.insert(0, f"q |= int64(not (abs(a{n}) <= {tame})) << {bit}")
            writer.leaf(leaf.node)
        if _is_sized(leaf, facts):
            writer.lines.insert(0, f"z |= a{n} ^ (a{n} >> 63)")
            writer.leaf(leaf.node)


def _reach(leaves: Sequence[Leaf], stages: Stages) -> int:
    """Return how many rows before its own a row looks."""
    backs = [leaf.back for leaf in leaves] + [back for _, back in stages.keys]
    return max(backs, default=0)


def _is_guarded(leaf: Leaf, facts: Facts) -> bool:
    """Whether a leaf is a column of floats that rules take to be there, and not too large."""
    is_column = leaf.node.op == "column" and not leaf.back
    return is_column and leaf.stored == "f" and facts.sure(leaf.node)


def _is_sized(leaf: Leaf, facts: Facts) -> bool:
    """Whether a leaf is a column in which numbers could be larger than rules can count with."""
    is_column = leaf.node.op == "column" and not leaf.back and leaf.node.type.kind in ("int", "money")
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


def _arguments(leaves: Sequence[Leaf], facts: Facts, stages: Stages) -> Arguments:
    """Return the argument types of ``evaluate``."""
    keys = ((facts.keys[key], 1) for key, _ in stages.keys)
    room = (kind for _, kind in stages.arguments)
    ends = (("=int64", 1), ("int64", 1), ("float64", 1), *_RESULTS)
    return (("int64", 0), *leaf_arguments(leaves, facts), *keys, *room, *ends)


def _source(writers: Sequence[Writer], leaves: Sequence[Leaf], stages: Stages) -> str:
    counters = writers[0].counters
    head = [
        "q = int64(0)",
        "z = int64(0)",
        "y = not 1",
        "g = int64(0)",
        *(f"{one} = int64(0)" for one in counters),
    ]
    block = ["p = uint64(0)", *stages.lines]
    for number, writer in enumerate(writers):
        begin = "m = t[i]" if number else "m = uint64(0)"
        end = ["t[i] = m", *(["p |= m"] if writer is writers[-1] else [])]
        block += loop([*writer.loads(), begin, *writer.lines, *end])
    tail = ["s[0] = q", "s[1] = z", "s[2] = int64(y)"]
    tail += [f"s[{_FIXED_SUMS + k}] = {one}" for k, one in enumerate(counters)]
    names = (*(f"g{number}" for number in range(len(stages.keys))), *(name for name, _ in stages.arguments))
    others = [*names, "r", "k", "h", "t", "w", "x", "s"]
    return whole_text(writers[0], leaves, others, head, [*block, *_MARKING], [*tail, "return g"])
