"""Findings of the conflict check: plain records, each with its sentence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Named:
    """A rule as a report names it: id, ``file:line:col`` and text."""

    id: str
    place: str
    text: str


@dataclass(frozen=True)
class Conflict:
    """Rules of which every row breaks one; without any one of them some row breaks none.

    ``params`` are the parameters that go in, with their values; ``minimal`` is False when the budget of
    work did not suffice to show that no rule can be left out. ``where_known`` tells that rows in which one of
    them cannot be decided (an empty cell, no match, no row before) break none of them.
    """

    table: str
    rules: tuple[Named, ...]
    why: str
    params: tuple[str, ...] = ()
    minimal: bool = True
    where_known: bool = False

    def to_text(self) -> str:
        """Return the conflict as lines."""
        count = len(self.rules)
        what = "this rule" if count == 1 else f"these {count} rules together"
        which = "no row in which all their values are known" if self.where_known else "no row"
        lines = [f"table {self.table}: {which} can satisfy {what}", *_listed(self.rules)]
        lines += [f"  with {', '.join(self.params)}"] if self.params else []
        lines += ["  a smaller set may do; the budget of work was spent"] if not self.minimal else []
        return "\n".join([*lines, f"  because {self.why}"])


@dataclass(frozen=True)
class Dead:
    """A rule that never speaks: the other rules (``by``) never let its condition be true."""

    table: str
    rule: Named
    condition: str
    by: tuple[Named, ...]
    params: tuple[str, ...] = ()

    def to_text(self) -> str:
        """Return the finding as lines."""
        causes = [one for one in self.by if one.id != self.rule.id]
        own = "" if len(causes) == len(self.by) else " together with its own check"
        verb = "excludes" if len(causes) == 1 else "exclude"
        reason = f"{_ids(causes)}{own} {verb} it" if causes else "it contradicts itself"
        head = f"table {self.table}: {self.rule.id} ({self.rule.place}) never speaks: "
        values = f" (with {', '.join(self.params)})" if self.params else ""
        return f"{head}no row has {self.condition}; {reason}{values}"


@dataclass(frozen=True)
class Redundant:
    """A rule that holds whenever the rules ``by`` hold (always, when there are none)."""

    table: str
    rule: Named
    by: tuple[Named, ...]
    params: tuple[str, ...] = ()

    def to_text(self) -> str:
        """Return the finding as one line."""
        reason = f"it follows from {_ids(self.by)}" if self.by else "it is true for every row"
        values = f" (with {', '.join(self.params)})" if self.params else ""
        return f"table {self.table}: {self.rule.id} ({self.rule.place}) adds nothing: {reason}{values}"


@dataclass(frozen=True)
class Range:
    """What the rules leave to one column: limits as text (None: no limit), or the possible labels."""

    table: str
    column: str
    low: str | None
    high: str | None
    low_reached: bool = True
    high_reached: bool = True
    labels: tuple[str, ...] | None = None

    def to_text(self) -> str:
        """Return the range as a condition."""
        if self.labels is not None:
            return f"{self.column} in {{{', '.join(self.labels)}}}"
        if self.low is not None and self.low == self.high:
            return f"{self.column} = {self.low}"
        if self.low is not None and self.high is not None and self.low_reached and self.high_reached:
            return f"{self.column} between {self.low} and {self.high}"
        parts = (
            [f"{self.column} {'>=' if self.low_reached else '>'} {self.low}"] if self.low is not None else []
        )
        if self.high is not None:
            parts.append(f"{self.column} {'<=' if self.high_reached else '<'} {self.high}")
        return " and ".join(parts) or f"{self.column} has no limit"


@dataclass(frozen=True)
class Partial:
    """A rule of which some parts are unknowns to the check: their texts and why."""

    table: str
    rule: Named
    parts: tuple[tuple[str, str], ...]

    def to_text(self) -> str:
        """Return the finding as one line."""
        shown = "; ".join(f"{text} {reason}" for text, reason in self.parts)
        return f"table {self.table}: {self.rule.id}: {shown}"


@dataclass(frozen=True)
class Example:
    """A row that satisfies the rules of a table, found by the check and judged by the interpreter.

    ``unconfirmed`` are rules that the interpreter, which rounds, does not accept; rules with unknown
    parts are not judged.
    """

    table: str
    row: Mapping[str, str]
    judged: int
    unconfirmed: tuple[str, ...] = ()

    def to_text(self) -> str:
        """Return the row as one line."""
        cells = ", ".join(f"{name} = {value}" for name, value in self.row.items())
        doubt = f"; after rounding not accepted by {', '.join(self.unconfirmed)}" if self.unconfirmed else ""
        return f"table {self.table}: {cells} ({self.judged} rules judged{doubt})"


def plain(finding: Any) -> dict[str, Any]:
    """Return a finding as data for JSON, with its sentence under ``text``."""
    return {**asdict(finding), "text": finding.to_text()}


def _listed(rules: tuple[Named, ...]) -> list[str]:
    width = max(len(rule.id) for rule in rules)
    return [f"  {rule.id:<{width}}  {rule.place}  {rule.text}" for rule in rules]


def _ids(rules: list[Named] | tuple[Named, ...]) -> str:
    return " and ".join(rule.id for rule in rules)
