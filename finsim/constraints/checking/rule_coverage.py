"""Coverage of a pack by data: how often each rule applied, and where data and rule disagree."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import pyarrow as pa

from finsim.constraints.checking.check import Excused, check
from finsim.constraints.checking.check_report import RuleResult
from finsim.constraints.packs.ruleset import RuleSet

DISAGREEMENT = 0.05  # assumption: more breaches than this are not slips in the data but a wrong rule


@dataclass(frozen=True)
class RuleCoverage:
    """One rule on given data, in rows: ``fired`` met its condition, ``vacuous`` did not, ``broken`` broke it.

    ``share`` is broken over fired (None when it never fired). ``disagrees`` says that the share is above
    5 %, or for a plausible rule that the share that holds is not as expected. ``skipped`` says why the
    rule was not checked.
    """

    table: str
    id: str
    level: str
    rows: int
    fired: int
    vacuous: int
    unknown: int
    broken: int
    excused: int
    share: float | None
    disagrees: bool
    skipped: str = ""


@dataclass(frozen=True)
class CoverageReport:
    """Every rule of a pack on given data."""

    rules: tuple[RuleCoverage, ...]

    def __getitem__(self, rule_id: str) -> RuleCoverage:
        """Return one rule."""
        return next(rule for rule in self.rules if rule.id == rule_id)

    @property
    def disagreements(self) -> tuple[RuleCoverage, ...]:
        """The rules with which the data disagree."""
        return tuple(rule for rule in self.rules if rule.disagrees)

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return {
            "coverage": [asdict(rule) for rule in self.rules],
            "disagreements": [rule.id for rule in self.disagreements],
        }

    def to_text(self) -> str:
        """Return a table for a terminal, and a line for each disagreement."""
        checked = [rule for rule in self.rules if not rule.skipped]
        cells: list[tuple[str, ...]] = [
            ("rule", "rows", "fired", "vacuous", "unknown", "broken", "excused", "share broken")
        ]
        cells += [_cells(rule) for rule in checked]
        widths = [max(len(row[place]) for row in cells) for place in range(len(cells[0]))]
        lines = ["coverage:"]
        lines += ["  " + "  ".join(_aligned(row, widths)).rstrip() for row in cells] if checked else []
        lines += [f"  {rule.id}: skipped, {rule.skipped}" for rule in self.rules if rule.skipped]
        never = [rule.id for rule in checked if not rule.fired]
        lines += ["", f"never fired on these data: {', '.join(never)}"] if never else []
        for rule in self.disagreements:
            found = (
                "its share is not as expected" if rule.level == "plausible" else f"{rule.share:.1%} break it"
            )
            lines += ["", f"the data and the rule {rule.id} disagree: {found}; is the rule right?"]
        return "\n".join(lines)


def _cells(rule: RuleCoverage) -> tuple[str, ...]:
    counts = (rule.rows, rule.fired, rule.vacuous, rule.unknown, rule.broken, rule.excused)
    share = "" if rule.share is None else f"{rule.share:.2%}"
    return (rule.id, *(f"{count:,}" for count in counts), share)


def _aligned(row: tuple[str, ...], widths: list[int]) -> list[str]:
    first, *rest = zip(row, widths, strict=True)
    return [first[0].ljust(first[1]), *(text.rjust(width) for text, width in rest)]


def coverage(
    tables: pa.Table | Mapping[str, pa.Table],
    rules: RuleSet,
    params: Mapping[str, object] | None = None,
    excused: Excused | None = None,
) -> CoverageReport:
    """Count what every rule does on tables; arguments and errors are those of ``check``."""
    report = check(tables, rules, params, excused=excused)
    return CoverageReport(tuple(_covered(result) for result in report.results))


def _covered(result: RuleResult) -> RuleCoverage:
    share = result.violations / result.fired if result.fired else None
    too_many = share is not None and share > DISAGREEMENT
    disagrees = result.verdict == "broken" if result.level == "plausible" else too_many
    return RuleCoverage(
        result.table, result.id, result.level, result.rows, result.fired, result.vacuous, result.unknown,
        result.violations, result.excused, share, disagrees, result.reason,
    )  # fmt: skip
