"""Check and repair each table of a run, and count breaches."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow as pa

from finsim.constraints.checking.check import check, check_batches
from finsim.constraints.packs.ruleset import RuleSet
from finsim.constraints.repairing.repair import repair


class Ledger:
    """Counts of one scenario's breaches over all its shards, before and after repair."""

    def __init__(
        self,
        rules: RuleSet | None,
        excused: Mapping[str, set[str]] | None = None,
        params: Mapping[str, object] | None = None,
    ) -> None:
        self.rules = rules
        self.excused = excused
        self.params = params
        self.before: dict[str, dict[str, Any]] = {}
        self.after: dict[str, int] = {}
        self.repaired: dict[str, int] = {}
        self.skipped: dict[str, str] = {}

    def passed(self, tables: Mapping[str, pa.Table], main: str) -> pa.Table:
        """Check ``tables``; return the ``main`` one, repaired when a broken rule has a repair."""
        table = tables[main]
        if self.rules is None:
            return table
        given = self.rules.needing(*tables)
        report = check(dict(tables), given, self.params, excused=self.excused)
        self._count(report.to_dict()["rules"])
        broken = {rule["id"] for rule in report.to_dict()["rules"] if rule["verdict"] == "broken"}
        mendable = {rule.id for rule in self.rules.rules if rule.repair and rule.table == main}
        if broken & mendable:
            others = {name: other for name, other in tables.items() if name != main}
            table, repairs = repair(
                table, self.rules, self.params, name=main, others=others, excused=self.excused
            )
            for name, touched in repairs.touched().items():
                self.repaired[name] = self.repaired.get(name, 0) + touched
            report = check({**tables, main: table}, given, self.params, excused=self.excused)
        self._count_after(report.to_dict()["rules"])
        return table

    def watched(
        self, batches: Iterable[pa.RecordBatch | pa.Table], name: str, others: Mapping[str, pa.Table]
    ) -> None:
        """Check a table that comes in batches, with the state of its groups carried; nothing is repaired."""
        if self.rules is None:
            return
        report = check_batches(batches, self.rules, table=name, others=dict(others), excused=self.excused)
        self._count(report.to_dict()["rules"])
        self._count_after(report.to_dict()["rules"])

    def _count_after(self, rules: list[dict[str, Any]]) -> None:
        for rule in (one for one in rules if one["verdict"] != "skipped"):
            self.after[rule["id"]] = self.after.get(rule["id"], 0) + rule["violations"]

    def _count(self, rules: list[dict[str, Any]]) -> None:
        for rule in rules:
            if rule["verdict"] == "skipped":
                self.skipped.setdefault(rule["id"], rule["reason"])
                continue
            seen = self.before.setdefault(
                rule["id"],
                {"level": rule["level"], "rows": 0, "fired": 0, "violations": 0, "excused": 0},
            )
            for name in ("rows", "fired", "violations", "excused"):
                seen[name] += rule[name]
            if rule["violations"] and "first" not in seen and rule.get("first"):
                seen["first"] = rule["first"][:2]

    def to_dict(self) -> dict[str, Any]:
        """Return counts per rule: level, rows, fired, violations before and after, excused, repaired.

        ``skipped`` has the rules that were judged on no table, each with its reason.
        """
        if self.rules is None:
            return {}
        rules = {
            name: {**facts, "after": self.after.get(name, 0), "repaired": self.repaired.get(name, 0)}
            for name, facts in self.before.items()
        }
        skipped = {name: why for name, why in self.skipped.items() if name not in self.before}
        return {"pack": self.rules.id, "sha256": self.rules.digest, "rules": rules, "skipped": skipped}
