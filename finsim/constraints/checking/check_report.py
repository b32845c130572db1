"""``CheckReport``: what every rule found, as data and as plain text."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from finsim.constraints.evaluating.broken_rows import Finding
from finsim.constraints.evaluating.rule_counts import Tally
from finsim.constraints.language.today import TODAY, Today
from finsim.constraints.packs.ruleset import RuleSet
from finsim.records.display.card import Card, Value
from finsim.records.display.fact_words import counted
from finsim.records.shown_rows import ShownTable

Z_95 = 1.959963984540054
VERDICTS = ("broken", "passed", "silent", "skipped", "unknown")


def wilson(hits: int, count: int, z: float = Z_95) -> tuple[float, float]:
    """Return the Wilson score interval of a share (Wilson 1927, eq. 5); (0, 1) for no rows."""
    if count == 0:
        return 0.0, 1.0
    share = hits / count
    spread = z * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    middle, scale = share + z * z / (2 * count), 1 + z * z / count
    return max(0.0, (middle - spread) / scale), min(1.0, (middle + spread) / scale)


@dataclass(frozen=True)
class RuleResult:
    """One rule on one table.

    ``fired`` rows met the condition of the rule, ``vacuous`` rows hold because they do not meet it,
    ``violations`` broke it and were not excused, ``unknown`` could not be decided (a null went in),
    ``undefined`` counts divisions by zero and the like. ``verdict`` is one of ``VERDICTS``: ``broken``;
    ``passed``, when it held in a row at least; ``silent``, when it spoke about no row; ``skipped``, when it
    was not judged; ``unknown``, when no row could be decided. ``reason`` says why it did not pass (of a
    broken rule only when a parent of its rows is more than one row, and then no row was judged). For
    plausible rules ``share`` of rows that hold is given with its 95 % Wilson ``interval``.
    """

    id: str
    table: str
    level: str
    kind: str
    text: str
    rows: int
    fired: int
    vacuous: int
    violations: int
    unknown: int
    excused: int
    undefined: int
    verdict: str
    reason: str
    share: float | None
    interval: tuple[float, float] | None
    expect: tuple[float, float] | None
    first: tuple[Finding, ...]
    why: str
    cite: str
    repair: str

    def to_dict(self) -> dict[str, Any]:
        """Return plain data; first offending rows under ``first``."""
        plain = {name: getattr(self, name) for name in self.__dataclass_fields__}
        plain["first"] = [finding.to_dict() for finding in self.first]
        for name in ("interval", "expect"):
            plain[name] = None if plain[name] is None else list(plain[name])
        return plain


def result_of(tally: Tally, undefined: int, why: str) -> RuleResult:
    """Turn the counts of a rule into its verdict."""
    rule = tally.rule
    share = interval = None
    decided = tally.held + tally.violations
    undecided = 0 if rule.nulls == "fail" else tally.unknown  # counted as broken
    vacuous = tally.rows - decided - tally.excused - undecided
    is_broken = tally.violations > 0
    if rule.level == "plausible" and rule.expect is not None and decided:
        interval = wilson(tally.held, decided)
        share = tally.held / decided
        is_broken = interval[1] < rule.expect[0] or interval[0] > rule.expect[1]
    verdict, reason = _verdict(tally, is_broken)
    if tally.skipped:
        share = interval = None
    return RuleResult(
        rule.id, rule.table, rule.level, rule.kind, rule.text, tally.rows, tally.fired, vacuous,
        tally.violations, tally.unknown, tally.excused, undefined, verdict, reason, share, interval,
        rule.expect, tuple(tally.first), why,
        rule.cite or (f"assumption: {rule.assumption}" if rule.assumption else ""),
        rule.repair.text if rule.repair else "",
    )  # fmt: skip


def _verdict(tally: Tally, is_broken: bool) -> tuple[str, str]:
    """Return the verdict of a rule and why it did not pass."""
    if tally.skipped:
        return "broken" if tally.is_faulty else "skipped", tally.skipped
    if is_broken:
        return "broken", ""
    if tally.held or tally.violations or tally.excused:
        return "passed", ""
    if tally.unknown and tally.rule.nulls == "pass":
        return "passed", ""
    if tally.unknown:
        return "unknown", "no row could be decided"
    return "silent", "it spoke about no row" if tally.rows else "the table has no rows"


_COLUMNS = pa.schema(
    [(name, pa.string()) for name in ("id", "table", "level", "verdict")]
    + [(name, pa.int64()) for name in ("rows", "fired", "violations", "unknown", "excused", "undefined")]
    + [("share", pa.float64()), ("reason", pa.string()), ("text", pa.string())]
)


@dataclass(frozen=True, repr=False)
class CheckReport(ShownTable):
    """Every rule of a pack on some tables. ``ok`` when every rule was judged and none is broken.

    As a table it has one row a rule.

    ``today`` is the date that rules took for the current one, where they read it or the caller gave it.
    """

    pack: str
    version: str
    digest: str
    results: tuple[RuleResult, ...]
    overrides: Mapping[str, tuple[str, str]]
    today: Today | None = None

    def _table(self) -> pa.Table:
        rows = [{name: getattr(rule, name) for name in _COLUMNS.names} for rule in self.results]
        return pa.Table.from_pylist(rows, _COLUMNS)

    def card(self) -> Card:
        """Return the rules by verdict, and the broken and skipped ones with their counts of rows."""
        named = self.verdicts()
        facts: list[tuple[str, Value]] = [
            ("result", "ok" if self.ok else "not ok"),
            ("rules", ", ".join(f"{len(ids)} {verdict}" for verdict, ids in named.items() if ids)),
        ]
        broken = [rule for rule in self.results if rule.verdict == "broken"]
        words = tuple(f"{rule.id} ({counted(rule.violations, 'row')})" for rule in broken)
        others = [(name, tuple(named[name])) for name in ("skipped", "unknown", "silent")]
        judged = [rule for rule in self.results if rule.verdict != "skipped"]  # that saw rows
        tables = dict.fromkeys(f"{rule.table} {counted(rule.rows, 'row')}" for rule in judged)
        facts += [("broken", words), *others, ("tables", tuple(tables))]
        if self.today is not None:
            facts.append(("today", self.today.to_text()))
        return Card(
            f"CheckReport: pack {self.pack} {self.version}", tuple(facts), "to_text() lists every rule"
        )

    @property
    def ok(self) -> bool:
        """Whether every rule was judged and none is broken (silent and unknown ones are no obstacle)."""
        return not {"broken", "skipped"} & {result.verdict for result in self.results}

    @property
    def all_passed(self) -> bool:
        """Whether every rule passed: none is broken, silent, skipped or unknown."""
        return all(result.verdict == "passed" for result in self.results)

    def __getitem__(self, rule_id: str) -> RuleResult:
        """Return the result of one rule."""
        return next(result for result in self.results if result.id == rule_id)

    def counts(self) -> dict[str, int]:
        """Return rule id -> violations (excused rows not counted); a skipped rule has no count."""
        return {result.id: result.violations for result in self.results if result.verdict != "skipped"}

    def verdicts(self) -> dict[str, list[str]]:
        """Return verdict -> ids of the rules that have it, every verdict named."""
        return {one: [rule.id for rule in self.results if rule.verdict == one] for one in VERDICTS}

    def broken(self) -> list[str]:
        """Return the ids of broken rules."""
        return self.verdicts()["broken"]

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return {
            "pack": self.pack,
            "version": self.version,
            "sha256": self.digest,
            "ok": self.ok,
            "all_passed": self.all_passed,
            "verdicts": {verdict: len(ids) for verdict, ids in self.verdicts().items()},
            "overrides": {name: {"old": old, "new": new} for name, (old, new) in self.overrides.items()},
            **({"today": self.today.to_dict()} if self.today is not None else {}),
            "rules": [result.to_dict() for result in self.results],
        }

    def to_text(self) -> str:
        """Return the report for a terminal: a line a rule, the first rows that break it, totals."""
        lines = [f"pack {self.pack} {self.version}"]
        lines += [f"  {self.today.to_text()}"] if self.today is not None else []
        lines += [
            f"  parameter {name}: {old} -> {new}"
            for name, (old, new) in self.overrides.items()
            if self.today is None or name != TODAY
        ]
        width = max((len(result.id) for result in self.results), default=0)
        for result in self.results:
            lines.extend(_lines(result, width))
        return "\n".join([*lines, self.totals()])

    def totals(self) -> str:
        """Return one line that counts the rules by verdict."""
        counts = [f"{len(ids)} {verdict}" for verdict, ids in self.verdicts().items()]
        return f"{len(self.results)} rules: {', '.join(counts)}"


def _lines(result: RuleResult, width: int) -> list[str]:
    mark = result.verdict.upper() if result.verdict == "broken" else result.verdict
    head = f"  {mark:<7} {result.id:<{width}}  {result.level:<9}  "
    if result.verdict == "skipped":
        return [head + result.reason]
    facts = [result.reason or f"{result.violations:,} of {result.fired:,} rows break it"]
    if result.share is not None and result.interval is not None and result.expect is not None:
        low, high = result.interval
        facts = [f"{result.share:.4%} hold [{low:.4%}, {high:.4%}], expected {list(result.expect)}"]
    for count, what in (
        (result.vacuous, "outside its condition"),
        (result.excused, "excused"),
        (result.unknown, "unknown"),
        (result.undefined, "undefined"),
    ):
        facts += [f"{count:,} {what}"] if count else []
    lines = [head + ", ".join(facts)]
    if result.verdict == "broken":
        lines += [f"            {line}" for line in _details(result)]
    return lines


def _details(result: RuleResult) -> list[str]:
    lines = [f"rule: {result.text}"]
    lines += [f"why: {result.why}"] if result.why else []
    lines += [f"source: {result.cite}"] if result.cite else []
    lines += [f"repair: {result.repair}"] if result.repair else []
    for finding in result.first:
        key = ", ".join(f"{name} {value}" for name, value in finding.key.items())
        lines.append(f"row {finding.row}{f' ({key})' if key else ''}: {finding.text}")
    return lines


def report_of(
    rules: RuleSet,
    results: Sequence[RuleResult],
    overrides: Mapping[str, tuple[str, str]],
    today: Today | None = None,
) -> CheckReport:
    """Return the report of a pack."""
    return CheckReport(rules.id, rules.version, rules.digest, tuple(results), overrides, today)
