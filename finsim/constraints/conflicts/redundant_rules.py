"""Redundant and unreachable rules: implied by others, or with a condition that others exclude."""

from __future__ import annotations

from collections.abc import Sequence

from finsim.constraints.conflicts.conflict_check import Subject, is_hard
from finsim.constraints.conflicts.conflict_findings import Dead, Redundant
from finsim.constraints.conflicts.float_recheck import Goal, certain_core
from finsim.constraints.conflicts.joint_feasibility import Problem
from finsim.constraints.language.node_to_text import written
from finsim.constraints.packs.rule import Rule, Table


def find_dead(pack: Subject, table: Table, problem: Problem, left: Sequence[str]) -> list[Dead]:
    """Return the rules whose condition is never true where the other rules hold.

    A rule whose condition is excluded only by the others together with its own check is listed too; a
    rule that forbids its condition all alone is not, for that is what it says.
    """
    found = []
    for name, one in problem.encoded.items():
        if one.rule.antecedent is None:
            continue
        problem.topic = f"whether {name} ever speaks"
        core = certain_core(problem, [other for other in left if other != name], _speaks(name), [name])
        if core is None and is_hard(one.rule) and name in left:
            core = certain_core(problem, left, _speaks(name), [name])
            core = None if core == (name,) else core
        if core is not None:
            rules = [problem.encoded[other].rule for other in core]
            by = tuple(pack.named(rule) for rule in rules)
            values = pack.values([one.rule, *rules])
            found.append(Dead(table.name, pack.named(one.rule), _condition(one.rule), by, values))
    return found


def _speaks(name: str) -> Goal:
    return lambda problem: [problem.encoded[name].applies]


def _breaks(name: str) -> Goal:
    return lambda problem: [-problem.encoded[name].holds]


def _condition(rule: Rule) -> str:
    parts = [rule.when_text] if rule.when_text else []
    parts += [written(rule.check.args[0])] if rule.check.op == "=>" else []
    return " and ".join(f"({part})" if len(parts) > 1 else part for part in parts)


def find_redundant(
    pack: Subject, table: Table, problem: Problem, left: Sequence[str], silent: set[str]
) -> list[Redundant]:
    """Return the rules that hold whenever others do; of two equal rules the later one.

    An invariant follows from invariants only, because labelled rows may break a policy; a rule that can
    be checked without some optional column does not follow from one that cannot. Declared labels do not
    count: it is the rules that check them. ``silent`` rules never speak and are left out.
    """
    found = []
    kept = list(left)
    for name, one in reversed(problem.encoded.items()):
        if name in silent:
            continue
        pool = [other for other in kept if other != name]
        pool = [other for other in pool if _may_stand_for(problem.encoded[other].rule, one.rule, table)]
        problem.topic = f"whether {name} adds anything"
        core = certain_core(problem, pool, _breaks(name), [name], closed=False)
        if core is not None:
            rules = [problem.encoded[other].rule for other in core]
            by = tuple(pack.named(rule) for rule in rules)
            found.append(Redundant(table.name, pack.named(one.rule), by, pack.values([one.rule, *rules])))
            kept = [other for other in kept if other != name]
    return found[::-1]


def _may_stand_for(other: Rule, rule: Rule, table: Table) -> bool:
    if rule.level == "invariant" and other.level != "invariant":
        return False
    optional = {name for name, column in table.columns.items() if column.optional and column.default is None}
    return other.columns & optional <= rule.columns and other.others <= rule.others
