"""Conflicts among the rules of a pack, found before any data: which rules, and why.

A conflict is a set of rules of which every row breaks one, and of which none can be left out. What cannot be
decided is not broken, as in a check: a cell that may be empty, a lookup without a match, a row without one
before it, a division by zero. Rules that only such rows satisfy are found too, and are no conflict. Rules of
level plausible need not hold in every row and take no part.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from weakref import WeakValueDictionary

from finsim.constraints.checking.check_preparation import Settled, settled
from finsim.constraints.conflicts.column_limits import ranges
from finsim.constraints.conflicts.conflict_findings import Conflict, Named
from finsim.constraints.conflicts.float_recheck import confirmed
from finsim.constraints.conflicts.joint_feasibility import Problem, components, roots, scene
from finsim.constraints.language.expression import walk
from finsim.constraints.language.types import DATE, shown
from finsim.constraints.packs.rule import Rule, Table
from finsim.constraints.packs.ruleset import RuleSet
from finsim.errors import Problem as Trouble
from finsim.errors import RuleError

MOST_CONFLICTS = 20
_agreed: WeakValueDictionary[int, RuleSet] = WeakValueDictionary()  # packs without conflicts, by identity


@dataclass(frozen=True)
class Subject:
    """A pack with the values of its parameters."""

    rules: RuleSet
    params: Settled

    def named(self, rule: Rule) -> Named:
        """Return a rule as reports name it."""
        return Named(rule.id, self.rules.place(rule.id), rule.text)

    def own(self, table: Table) -> list[Rule]:
        """Return the written rules of a table."""
        return [rule for rule in self.rules.rules if rule.table == table.name and is_written(rule)]

    def values(self, rules: Iterable[Rule]) -> tuple[str, ...]:
        """Return the parameters that rules use, with their values."""
        names: dict[str, None] = {}
        for rule in rules:
            for node in (one for root in roots(rule) for one in walk(root)):
                if node.op == "param" or (node.op == "in" and node.data is not None):
                    names[str(node.data if node.op == "param" else node.data[1])] = None
        return tuple(f"{name} = {self._value(name)}" for name in names)

    def _value(self, name: str) -> str:
        if name not in self.rules.params and name not in self.params.values:
            return "any date"
        value = self.params.values[name]
        if isinstance(value, tuple):
            return f"[{', '.join(map(str, value))}]"
        text = shown(self.rules.params[name].type if name in self.rules.params else DATE, value)
        return f"{text} (overridden)" if name in self.params.changed else text


def subject(rules: RuleSet, params: Mapping[str, object] | None = None) -> Subject:
    """Return a pack with a caller's parameters; raises RuleError for an unknown or unfit one."""
    return Subject(rules, settled(rules, params))


def is_written(rule: Rule) -> bool:
    """Whether a rule stands in the file (and is not declared by the columns)."""
    return "." not in rule.id


def is_hard(rule: Rule) -> bool:
    """Whether a rule must hold in every row."""
    return rule.level != "plausible"


def find_conflicts(
    pack: Subject, table: Table, problem: Problem, among: Sequence[str] | None = None
) -> tuple[list[Conflict], list[str], bool]:
    """Return the conflicts, the rules left when each loses its last one, and whether the search ended.

    ``among`` are the rules that are looked at (None: all). Where the problem takes values as known, what is
    found are rules that hold together only where one is not.
    """
    known = {name: one.rule for name, one in problem.encoded.items()}
    left = [name for name, rule in known.items() if is_hard(rule) and (among is None or name in among)]
    found: list[Conflict] = []
    while True:
        problem.topic = _together(known)
        answer = problem.feasible(left)
        if answer is not False or len(found) == MOST_CONFLICTS:
            return found, left, answer is True
        first = problem.core(left) or ()
        problem.topic = _together(first)
        core = confirmed(problem, first, left)
        if core is None:
            left = [name for name in left if name != first[-1]]
            continue
        rules = [known[name] for name in core]
        declared = problem.declared(core)
        found.append(
            Conflict(
                table.name,
                tuple(pack.named(rule) for rule in rules),
                _reason(table, rules, pack.params.values, declared, problem.scene.is_known),
                pack.values(rules),
                problem.is_minimal(core),
                problem.scene.is_known,
            )
        )
        left = [name for name in left if name != core[-1]]


def _together(names: Iterable[str]) -> str:
    return f"whether these can hold together: {', '.join(names)}"


def _reason(
    table: Table, rules: Sequence[Rule], params: Mapping[str, Any], declared: list[str], is_known: bool
) -> str:
    """Return in one sentence why rules clash: what some of them leave, and which one that breaks."""
    given = "".join(f"; {name} has only its declared labels" for name in declared)
    if len(rules) == 1:
        return f"no values make it true{given}"
    problem = Problem(scene(table, rules, params, is_known), rules)
    best: tuple[int, Rule, list[str]] | None = None
    for rule in sorted(rules, key=lambda one: one.antecedent is None):
        others = [one.id for one in rules if one is not rule]
        columns = rule.columns & set(problem.columns)
        facts = [one.to_text() for one in ranges(problem, table.name, others, sorted(columns))]
        if best is None or len(facts) > best[0]:
            best = (len(facts), rule, facts)
    assert best is not None
    _, rule, facts = best
    others_named = " and ".join(one.id for one in rules if one is not rule)
    if not facts:
        return f"where {others_named} hold, {rule.id} is never true{given}"
    verb = "leaves" if len(rules) == 2 else "leave"
    return f"{others_named} {verb} {' and '.join(facts)}, and {rule.id} is never true there{given}"


def refuse_conflicts(rules: RuleSet, params: Mapping[str, object] | None = None) -> None:
    """Raise RuleError when rules of a pack contradict one another; every conflict with its exact core.

    A pack found without one, with its own values of parameters, is not looked at again.
    """
    if not params and _agreed.get(id(rules)) is rules:
        return
    pack = subject(rules, params)
    troubles = []
    for table in rules.tables.values():
        own = [rule for rule in pack.own(table) if is_hard(rule)]
        shared = scene(table, own, pack.params.values)
        for part in components(own):
            troubles += [_trouble(one) for one in find_conflicts(pack, table, Problem(shared, part))[0]]
    if troubles:
        raise RuleError.of(troubles)
    if not params:
        _agreed[id(rules)] = rules


def _trouble(conflict: Conflict) -> Trouble:
    head, *lines = conflict.to_text().split("\n")
    return Trouble(
        conflict.rules[0].place,
        "\n".join((head, *lines)),
        "",
        "change or remove one of these rules; `finsim rules lint` shows what each of them leaves",
    )
