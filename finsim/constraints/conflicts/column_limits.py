"""What the rules leave each column: numeric bounds, possible labels, possible truth values."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from finsim.constraints.conflicts.conflict_findings import Range
from finsim.constraints.conflicts.float_recheck import Goal, is_certain
from finsim.constraints.conflicts.joint_feasibility import End, Problem
from finsim.constraints.language.expression import Node
from finsim.constraints.language.types import shown


def ranges(problem: Problem, table: str, ids: Sequence[str], columns: Iterable[str]) -> list[Range]:
    """Return what is left to columns where some rules hold; columns without any limit are left out.

    Every value outside a range breaks a rule; ends of whole numbers may be loose where the rules tie
    several of them together.
    """
    nodes = problem.columns
    found = [_range(problem, table, ids, name, nodes[name]) for name in columns]
    return [one for one in found if one is not None]


def _range(problem: Problem, table: str, ids: Sequence[str], name: str, node: Node) -> Range | None:
    run, problem.topic = problem.encoder, f"the range of {name}"
    if node in run.numbers:
        ends = None if node.type.kind == "id" else problem.limits(ids, node)
        if ends is None or (ends[0].value is None and ends[1].value is None):
            return None
        low, high = (_shown(end, node) for end in ends)
        return Range(table, name, low, high, ends[0].reached, ends[1].reached)
    if node in run.flags:
        return _truth(problem, table, ids, name, node)
    if (None, node) not in run.choices:
        return None
    possible = problem.possible_labels(ids, node)
    every = len(run.choices[None, node])
    absent = [one for one in run.choices[None, node] if possible is not None and one not in possible]
    if not all(is_certain(problem, ids, node, _label(node, one)) for one in absent):
        return None
    declared = node.type.values
    if possible is None or None in possible or not possible or len(possible) == every:
        return None
    if declared is not None and len(possible) == len(set(declared)):
        return None
    labels = tuple(f"'{label}'" for label in possible)
    if len(labels) == 1:
        return Range(table, name, labels[0], labels[0])
    return Range(table, name, None, None, labels=labels)


def _truth(problem: Problem, table: str, ids: Sequence[str], name: str, node: Node) -> Range | None:
    literal = problem.encoder.flags[node]
    answers = {text: problem.feasible(ids, [one]) for text, one in (("true", literal), ("false", -literal))}
    only = [text for text in answers if answers["true" if text == "false" else "false"] is False]
    only = [text for text in only if is_certain(problem, ids, node, _flag(node, text == "false"))]
    return Range(table, name, only[0], only[0]) if len(only) == 1 else None


def _flag(node: Node, wanted: bool) -> Goal:
    return lambda problem: [problem.encoder.flags[node] if wanted else -problem.encoder.flags[node]]


def _label(node: Node, label: str | None) -> Goal:
    return lambda problem: [problem.encoder.choices[None, node][label]]


def _shown(end: End, node: Node) -> str | None:
    if end.value is None:
        return None
    return shown(node.type, float(end.value) if node.type.stored == "f" else int(end.value))
