"""Check and repair each table of a run, and count breaches."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

import pyarrow as pa

from finsim.constraints.checking.check import FedCheck, check, fed_check
from finsim.constraints.checking.check_report import CheckReport
from finsim.constraints.packs.ruleset import RuleSet
from finsim.constraints.repairing.repair import repair


class Ledger:
    """Counts of one scenario's breaches over all its shards, before and after repair.

    ``stated`` are columns that the user's data state: breaches are counted, and no repair changes them.
    ``params`` are values of the pack's parameters.
    """

    def __init__(
        self,
        rules: RuleSet | None,
        excused: Mapping[str, set[str]] | None = None,
        stated: Collection[str] = (),
        params: Mapping[str, object] | None = None,
    ) -> None:
        self.rules = rules
        self.mending = rules and _without_repairs_of(rules, stated)
        self.excused = excused
        self.params = params
        self.before: dict[str, dict[str, Any]] = {}
        self.after: dict[str, int] = {}
        self.repaired: dict[str, int] = {}
        self.skipped: dict[str, str] = {}

    def passed(self, tables: Mapping[str, pa.Table], main: str, *, repairs: bool = True) -> pa.Table:
        """Check ``tables``; return the ``main`` one, repaired when a broken rule has a repair.

        Without ``repairs`` the breaches are counted and the table stays as it is.
        """
        table = tables[main]
        if self.rules is None:
            return table
        given = self.rules.needing(*tables)
        report = check(dict(tables), given, self.params, excused=self.excused)
        # Rules of the other tables were counted when those tables were the main one.
        counted = {rule.id for rule in self.rules.rules if rule.table == main}
        self._count([rule for rule in report.to_dict()["rules"] if rule["id"] in counted])
        broken = {rule["id"] for rule in report.to_dict()["rules"] if rule["verdict"] == "broken"}
        mending = self.mending or self.rules
        mendable = {rule.id for rule in mending.rules if rule.repair and rule.table == main}
        if repairs and broken & mendable:
            others = {name: other for name, other in tables.items() if name != main}
            table, repaired = repair(
                table, mending, self.params, name=main, others=others, excused=self.excused
            )
            for name, touched in repaired.touched().items():
                self.repaired[name] = self.repaired.get(name, 0) + touched
            report = check({**tables, main: table}, given, self.params, excused=self.excused)
        self._count_after([rule for rule in report.to_dict()["rules"] if rule["id"] in counted])
        return table

    def watching(self, name: str, others: Mapping[str, pa.Table]) -> FedCheck | None:
        """Return a check of a table that comes in batches; nothing is repaired. None without rules.

        ``count`` takes its report.
        """
        if self.rules is None:
            return None
        return fed_check(self.rules, table=name, others=dict(others), excused=self.excused)

    def count(self, report: CheckReport) -> None:
        """Count the breaches that a check of batches reports."""
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


def _without_repairs_of(rules: RuleSet, stated: Collection[str]) -> RuleSet:
    """Return the pack without the repairs that write one of the stated columns."""
    if not stated:
        return rules
    kept = tuple(
        replace(rule, repair=None) if rule.repair and set(rule.repair.columns) & set(stated) else rule
        for rule in rules.rules
    )
    # Other repairs, another digest: what is compiled for the pack as written must not be used for it.
    return replace(rules, rules=kept, data={**rules.data, "stated": sorted(stated)})
