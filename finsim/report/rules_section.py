"""The rules: what was broken before and after repair, pack by pack and scenario by scenario."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from finsim.report.run_folder import WORLDS, RunFolder
from finsim.report.section import Cell, Section, Table
from finsim.report.wording import count, plural

Pack = Mapping[str, Mapping[str, Any]]


def rules_section(run: RunFolder) -> Section:
    """Return one table for each rule pack, or why no rule was checked."""
    title = "Rules"
    found = packs(run)
    if not found:
        why = "No rule pack is named in the study (rules: ...), so nothing was checked."
        return Section("rules", title, absent=[why])
    tables = [_table(world, pack, by_label) for (world, pack), by_label in found.items()]
    before, after, checked = (_total(found, name) for name in ("violations", "after", "rows"))
    lead = (
        f"{count(checked)} row checks, {plural(before, 'breach', 'breaches')} before repair, {count(after)} "
        "after. An invariant must hold in every row; a policy may be broken and is repaired where the rule "
        "says how; a plausible rule only warns. Excused breaches follow from a story or a scenario that "
        "breaks the rule on purpose."
    )
    data = {
        f"{world}/{label}": run.manifest["rules"].get(f"{world}/{label}", {})
        for world in WORLDS
        for label in run.labels
    }
    return Section("rules", title, lead, tables, data={name: item for name, item in data.items() if item})


def packs(run: RunFolder) -> dict[tuple[str, str], dict[str, Mapping[str, Any]]]:
    """Return (world, pack) -> scenario -> rule -> counts, in the order of worlds and scenarios."""
    found: dict[tuple[str, str], dict[str, Mapping[str, Any]]] = {}
    for world in WORLDS:
        for label in run.labels:
            item = run.manifest.get("rules", {}).get(f"{world}/{label}") or {}
            if item.get("rules"):
                found.setdefault((world, str(item.get("pack", world))), {})[label] = item["rules"]
    return found


def _total(found: Mapping[tuple[str, str], Mapping[str, Mapping[str, Any]]], name: str) -> int:
    return sum(
        int(rule.get(name, 0))
        for by_label in found.values()
        for rules in by_label.values()
        for rule in rules.values()
    )


def _table(world: str, pack: str, by_label: Mapping[str, Pack]) -> Table:
    names = list(dict.fromkeys(name for rules in by_label.values() for name in rules))
    rows: list[list[Cell | str]] = []
    broken = 0
    for name in names:
        first = next(rules[name] for rules in by_label.values() if name in rules)
        cells: list[Cell | str] = [
            Cell(name, code=True),
            str(first.get("level", "")),
            count(first.get("rows", 0)),
        ]
        any_broken = False
        for rules in by_label.values():
            cell, bad = _counts(rules.get(name))
            any_broken |= bad
            cells.append(cell)
        broken += any_broken
        rows.append(cells)
    head = ["rule", "level", "rows checked", *by_label]
    caption = (
        f"Pack {pack} on {world}: {plural(len(names), 'rule')}, {broken} broken in at least one scenario. "
        "Breaches before → after repair."
    )
    return Table(f"rules-{world}", caption, head, rows, "llr" + "r" * len(by_label), folded=len(rows) > 40)


def _counts(rule: Mapping[str, Any] | None) -> tuple[Cell | str, bool]:
    if rule is None:
        return "not checked", False
    before, after, excused = (int(rule.get(name, 0)) for name in ("violations", "after", "excused"))
    if not before:
        text = "0" if not excused else f"0 ({count(excused)} excused)"
        return text, False
    text = f"{count(before)} → {count(after)}"
    if excused:
        text += f" ({count(excused)} excused)"
    return Cell(
        text, "fail" if after and rule.get("level") == "invariant" else "warn" if after else "pass"
    ), True
