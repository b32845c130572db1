"""Counts of one rule over the rows seen so far, and the first rows that break it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from finsim.constraints.evaluating.broken_rows import Finding, Words
from finsim.constraints.evaluating.cell_text import cells, source_cells
from finsim.constraints.evaluating.evaluator_interface import Evaluator, Rows
from finsim.constraints.language.expression import Span
from finsim.constraints.packs.rule import Rule
from finsim.constraints.tables.nullable_vectors import FALSE, TRUE
from finsim.constraints.tables.typed_columns import Source
from finsim.notation import Bool1D, Int1D

Excused = Mapping[str, Sequence[str] | set[str]]
FIRST_ROWS = 5
_MOST_OPERANDS = 12


class Counted(Protocol):
    """Counts of one rule."""

    rows: int
    fired: int
    held: int
    violations: int
    excused: int
    unknown: int


@dataclass
class Tally:
    """Counts of one rule; ``skipped`` says why it was not checked, ``is_faulty`` that this is a breach."""

    rule: Rule
    rows: int = 0
    fired: int = 0
    held: int = 0
    violations: int = 0
    excused: int = 0
    unknown: int = 0
    first: list[Finding] = field(default_factory=list)
    skipped: str = ""
    is_faulty: bool = False

    def add(self, seen: Seen, run: Evaluator, rows: Int1D, excuse: Bool1D | None) -> None:
        """Count one block; ``rows`` are row numbers in the table."""
        count = len(rows)
        self.rows += count
        self.fired += seen.fired
        self.held += seen.held
        self.unknown += seen.unknown
        broken = seen.broken
        if excuse is not None:
            pardoned = broken & excuse
            self.excused += counted(pardoned, count)
            broken = broken & ~excuse
        found = counted(broken, count)
        self.violations += found
        if found:
            self._keep_first(broken, run, rows)

    def take(self, counts: Counted) -> None:
        """Add counts made elsewhere."""
        self.rows += counts.rows
        self.fired += counts.fired
        self.held += counts.held
        self.violations += counts.violations
        self.excused += counts.excused
        self.unknown += counts.unknown

    def _keep_first(self, broken: Any, run: Evaluator, rows: Int1D) -> None:
        places = np.flatnonzero(np.broadcast_to(broken, rows.shape))
        limit = self.first[-1].row if len(self.first) == FIRST_ROWS else None
        if limit is not None:
            places = places[rows[places] < limit]
        places = places[np.argsort(rows[places], kind="stable")[:FIRST_ROWS]]
        new = findings_at(self.rule, run, places.tolist(), rows[places].tolist())
        self.first = sorted((*self.first, *new), key=lambda one: one.row)[:FIRST_ROWS]


@dataclass(frozen=True)
class Seen:
    """One rule on one block: the rows that break it, the rows where it holds, and counts."""

    broken: Any
    fine: Any
    fired: int
    held: int
    unknown: int


def judged(rule: Rule, run: Evaluator) -> Seen:
    """Evaluate one rule on the interpreter's block."""
    count = run.block.count
    check = run.rails(rule.check)
    when = run.rails(rule.when) if rule.when is not None else None
    fine = check.yes if when is None else when.no | check.yes
    good = counted(fine, count)
    broken: Any = FALSE
    if good < count:
        broken = check.no if when is None else when.yes & check.no
    unknown = count - good - counted(broken, count)
    if rule.antecedent is None:
        fired, held = count, good
    else:
        applies = run.rails(rule.antecedent).yes
        fired, held = counted(applies, count), counted(applies & check.yes, count)
    if unknown and rule.nulls == "fail":
        broken = ~np.asarray(fine)
    return Seen(broken, fine, fired, held, unknown)


def counted(flag: Any, count: int) -> int:
    """Return how many rows are true; a scalar stands for every row."""
    return int(np.count_nonzero(flag)) if np.ndim(flag) else (count if flag else 0)


def excusing(rule: Rule, source: Source, excused: Excused | None) -> list[str]:
    """Return the narratives whose rows may break this rule."""
    if rule.level != "policy" or not excused:
        return []
    if "narrative" not in source.headers or "narrative" not in source.columns:
        return []
    return [name for name, rules in excused.items() if rule.id in rules]


def excuses(rule: Rule, source: Source, rows: Rows, excused: Excused | None) -> Bool1D | None:
    """Return the rows whose narrative may break this rule, or None when none may."""
    names = excusing(rule, source, excused)
    if not names:
        return None
    vec = source.block("narrative", rows)
    codes = np.array([source.labels.code(name) for name in names])
    found: Bool1D = np.isin(vec.values, codes) & (TRUE if vec.valid is None else vec.valid)
    return found


def findings_at(rule: Rule, run: Evaluator, places: Sequence[int], rows: Sequence[int]) -> list[Finding]:
    """Return rows of the block, whose numbers are ``rows``, with the values of the rule's operands filled in.

    ``places`` are those of the rows in the block.
    """
    return filled_findings(rule, run, places, rows, keys_at(rule.table, run, places))


def filled_findings(
    rule: Rule, run: Evaluator, places: Sequence[int], rows: Sequence[int], keys: Sequence[Mapping[str, str]]
) -> list[Finding]:
    """Return what ``findings_at`` does, of rows whose keys are known."""
    told, found = _told(rule, run, places), []
    for at, (row, key) in enumerate(zip(rows, keys, strict=True)):
        here = {node: texts[at] for node, texts in told.items()}
        operands = {
            text[span.start : span.end]: here[id(span.node)]
            for text, spans in ((rule.when_text, rule.when_spans), (rule.check_text, rule.check_spans))
            for span in spans
        }
        filled = filled_in(rule.check_text, rule.check_spans, here)
        if rule.when_text:
            filled = f"if {filled_in(rule.when_text, rule.when_spans, here)} then {filled}"
        few = dict(list(operands.items())[:_MOST_OPERANDS])
        found.append(Finding(row, Words(key, few, filled)))
    return found


def _told(rule: Rule, run: Evaluator, places: Sequence[int]) -> dict[int, list[str]]:
    """Return the values of every operand of a rule, by the identity of its node."""
    nodes = {id(span.node): span.node for span in (*rule.when_spans, *rule.check_spans)}
    return {key: cells(run, node, places) for key, node in nodes.items()}


def keys_at(table: str, run: Evaluator, places: Sequence[int]) -> list[dict[str, str]]:
    """Return the key columns of rows of the block (group and order columns where there is no key)."""
    source, rows = run.block.source, run.block.rows
    at = [rows.start + place if isinstance(rows, slice) else int(rows[place]) for place in places]
    names = [name for name in run.world.keys.get(table, ()) if name in source.headers]
    cells = [source_cells(source, name, at) for name in names]
    return [dict(zip(names, (texts[n] for texts in cells), strict=True)) for n in range(len(at))]


def filled_in(text: str, spans: Sequence[Span], told: Mapping[int, str]) -> str:
    """Return a rule's text on one line, with what is told of columns, parameters and calls on other rows.

    Blanks inside labels, the rule's own and those of cells, stay as they are: a rule may be about them.
    """
    parts, at = [], 0
    for span in sorted(spans, key=lambda one: one.start):
        if span.start < at:
            continue
        parts.append(_on_one_line(text[at : span.start]) + told[id(span.node)])
        at = span.end
    return "".join((*parts, _on_one_line(text[at:]))).strip()


def _on_one_line(text: str) -> str:
    return re.sub(r"('(?:[^']|'')*')|\s+", lambda found: found[1] or " ", text)
