"""``lint``: what can be said of a rule pack before any data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from finsim.constraints.conflicts.column_limits import ranges
from finsim.constraints.conflicts.conflict_check import Subject, find_conflicts, subject
from finsim.constraints.conflicts.conflict_findings import (
    Conflict,
    Dead,
    Example,
    Partial,
    Range,
    Redundant,
    plain,
)
from finsim.constraints.conflicts.joint_feasibility import Problem, components, scene
from finsim.constraints.conflicts.redundant_rules import find_dead, find_redundant
from finsim.constraints.conflicts.witness_row import witness
from finsim.constraints.language.expression import Node, walk
from finsim.constraints.language.node_to_text import written
from finsim.constraints.packs.rule import Table
from finsim.constraints.packs.ruleset import RuleSet

_TITLES = {
    "conflicts": "conflicts", "where_known": "rules that hold together only where a value is empty",
    "dead": "rules that never speak", "redundant": "rules that add nothing",
    "ranges": "what the rules leave to each column", "examples": "rows that satisfy every rule",
    "partial": "analysed in part (the named parts may have any value)",
    "undecided": "not decided",
}  # fmt: skip


@dataclass(frozen=True)
class LintReport:
    """What the conflict check found in a pack. ``ok`` when no rules contradict one another.

    ``where_known`` are rules that contradict one another wherever their values are known. ``dead``,
    ``redundant`` and ``ranges`` are found without the last rule of each conflict; ``undecided`` names the
    questions for which the budget of work ran out or which only rounding decides.
    """

    pack: str
    version: str
    digest: str
    overrides: Mapping[str, tuple[str, str]]
    rules: int
    conflicts: tuple[Conflict, ...] = ()
    where_known: tuple[Conflict, ...] = ()
    dead: tuple[Dead, ...] = ()
    redundant: tuple[Redundant, ...] = ()
    ranges: tuple[Range, ...] = ()
    examples: tuple[Example, ...] = ()
    partial: tuple[Partial, ...] = ()
    undecided: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether no rules contradict one another, in all rows or wherever their values are known."""
        return not self.conflicts and not self.where_known

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return {
            "pack": self.pack,
            "version": self.version,
            "sha256": self.digest,
            "ok": self.ok,
            "overrides": {name: {"old": old, "new": new} for name, (old, new) in self.overrides.items()},
            "rules": self.rules,
            **{name: [plain(one) for one in getattr(self, name)] for name in list(_TITLES)[:-1]},
            "undecided": list(self.undecided),
        }

    def to_text(self) -> str:
        """Return the report for a terminal."""
        counts = [f"{len(self.conflicts)} conflicts", f"{len(self.dead)} never speak"]
        counts += [f"{len(self.redundant)} add nothing", f"{len(self.partial)} analysed in part"]
        lines = [f"pack {self.pack} {self.version}: {self.rules} rules, {', '.join(counts)}"]
        lines += [f"  parameter {name}: {old} -> {new}" for name, (old, new) in self.overrides.items()]
        for name, title in _TITLES.items():
            found = getattr(self, name)
            if found:
                lines += ["", f"{title}:"]
                texts = [one if isinstance(one, str) else _placed(one) for one in found]
                lines += [f"  {line}" for text in texts for line in text.split("\n")]
        return "\n".join(lines)


def _placed(finding: Any) -> str:
    text: str = finding.to_text()
    return f"table {finding.table}: {text}" if isinstance(finding, Range) else text


@dataclass
class _Notes:
    """Findings as they come, by the name they have in the report."""

    found: dict[str, list[Any]] = field(default_factory=lambda: {name: [] for name in _TITLES})

    def add(self, name: str, items: Sequence[Any]) -> None:
        self.found[name].extend(items)


def lint(rules: RuleSet, params: Mapping[str, object] | None = None) -> LintReport:
    """Find conflicts, redundant and unreachable rules, and the range of every column.

    ``params`` override parameters of the pack. Rules of level plausible take no part in conflicts and
    ranges. What is found holds for every row, with floats rounded as rows are judged; what hinges on
    rounding is not decided. Limits of ranges are those of exact arithmetic. Raises RuleError for an unknown
    or unfit parameter.
    """
    pack = subject(rules, params)
    notes = _Notes()
    for table in rules.tables.values():
        own = pack.own(table)
        every, known = (scene(table, own, pack.params.values, one) for one in (False, True))
        for part in components(own):
            _lint_part(pack, table, Problem(every, part), Problem(known, part), notes)
    counted = sum(len(pack.own(table)) for table in rules.tables.values())
    found = {name: tuple(items) for name, items in notes.found.items()}
    return LintReport(rules.id, rules.version, rules.digest, pack.params.changed, counted, **found)


def _lint_part(pack: Subject, table: Table, every: Problem, known: Problem, notes: _Notes) -> None:
    """Note what holds of rules that share columns: in ``every`` row, and where all values are ``known``."""
    conflicts, left, is_done = find_conflicts(pack, table, every)
    notes.add("conflicts", conflicts)
    notes.add("partial", _partial(pack, table, every))
    if is_done:
        _lint_left(pack, table, left, every, known, notes)
    open_ends = every.undecided + known.undecided
    notes.add("undecided", [f"table {table.name}: {topic}" for topic in dict.fromkeys(open_ends)])


def _lint_left(
    pack: Subject, table: Table, left: list[str], every: Problem, known: Problem, notes: _Notes
) -> None:
    """Note what holds of the rules that can hold together."""
    apart, together, is_done = find_conflicts(pack, table, known, left)
    notes.add("where_known", apart)
    dead = find_dead(pack, table, every, left)
    notes.add("dead", dead)
    silent = {one.rule.id for one in dead}
    notes.add("redundant", find_redundant(pack, table, every, left, silent))
    notes.add("ranges", ranges(every, table.name, left, sorted(every.columns)))
    chosen = [known.encoded[name].rule for name in (together if is_done else left)]
    row = witness(known, table, chosen, pack.params.values)
    if row is not None and row.judged:
        notes.add("examples", [Example(table.name, row.texts, len(row.judged), row.refused)])


def _partial(pack: Subject, table: Table, problem: Problem) -> list[Partial]:
    return [
        Partial(
            table.name,
            pack.named(one.rule),
            tuple((written(node), one.unknowns[node]) for node in _outermost(one.unknowns)),
        )
        for one in problem.encoded.values()
        if one.unknowns
    ]


def _outermost(nodes: Iterable[Node]) -> list[Node]:
    """Return the nodes that stand in no other one of them."""
    inside = {below for node in nodes for below in walk(node) if below is not node}
    return [node for node in nodes if node not in inside]
