"""Rules: breaches before and after repair, by pack and scenario."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from finsim.report.number_text import count, listing, plural
from finsim.report.page_elements import Cell, Section, Table
from finsim.report.run_folder import WORLDS, RunFolder

Rule = Mapping[str, Any]
Pack = Mapping[str, Mapping[str, Rule]]  # scenario -> rule -> counts
LEVELS = {"invariant": "invariants", "policy": "policies", "plausible": "plausible rules"}


def rules_section(run: RunFolder) -> Section:
    """Return what each rule pack found under each scenario, or why no rule was checked."""
    title = "Rules"
    found = packs(run)
    if not found:
        why = "No rule pack is named in the study (rules: ...), so nothing was checked."
        return Section("rules", title, absent=[why])
    blocks: list[object] = []
    for (world, name), pack in found.items():
        blocks += _blocks(world, name, pack)
    data = {
        f"{world}/{label}": run.manifest["rules"][f"{world}/{label}"]
        for world in WORLDS
        for label in run.labels
        if run.manifest["rules"].get(f"{world}/{label}")
    }
    return Section("rules", title, _lead(found), [*blocks, *_unjudged(run)], data=data)


def packs(run: RunFolder) -> dict[tuple[str, str], dict[str, Mapping[str, Rule]]]:
    """Return (world, pack) -> scenario -> rule -> counts, in the order of worlds and scenarios."""
    found: dict[tuple[str, str], dict[str, Mapping[str, Rule]]] = {}
    for world in WORLDS:
        for label in run.labels:
            item = run.manifest.get("rules", {}).get(f"{world}/{label}") or {}
            if item.get("rules"):
                found.setdefault((world, str(item.get("pack", world))), {})[label] = item["rules"]
    return found


def _lead(found: Mapping[tuple[str, str], Pack]) -> str:
    rules = [rule for pack in found.values() for by_name in pack.values() for rule in by_name.values()]

    def total(name: str, level: str | None = None) -> int:
        return sum(int(rule.get(name, 0)) for rule in rules if level in (None, rule.get("level")))

    left = listing([f"{count(total('after', level))} of {words}" for level, words in LEVELS.items()])
    return (
        f"{count(total('rows'))} checks of a row by a rule found "
        f"{plural(total('violations'), 'breach', 'breaches')}; after repair there are {left}. An invariant "
        "must hold in every row. A policy may be broken, and is repaired where the rule says how. A "
        "plausible rule only warns. Breaches that a story or a scenario causes on purpose are excused and "
        "counted apart."
    )


def _blocks(world: str, name: str, pack: Pack) -> list[object]:
    names = list(dict.fromkeys(rule for by_name in pack.values() for rule in by_name))
    broken = [rule for rule in names if any(_broken(by_name.get(rule)) for by_name in pack.values())]
    sound = [rule for rule in names if rule not in broken]
    blocks: list[object] = []
    if broken:
        caption = f"Pack {name} on {world}: breaches before → after repair"
        blocks.append(_table(f"rules-{world}", caption, broken, pack))
    if sound:
        held = f"Pack {name} on {world}: {plural(len(sound), 'rule')} without a breach in any scenario"
        blocks.append(_table(f"rules-{world}-held", held, sound, pack, folded=True))
    return blocks


def _unjudged(run: RunFolder) -> list[str]:
    """Return a sentence for each rule that no scenario judged, with the reason."""
    found: dict[tuple[str, str], str] = {}
    for world in WORLDS:
        for label in run.labels:
            item = run.manifest.get("rules", {}).get(f"{world}/{label}") or {}
            for rule, why in item.get("skipped", {}).items():
                found.setdefault((str(item.get("pack", world)), rule), why)
    return [f"Rule {rule} of pack {pack} was not judged: {why}." for (pack, rule), why in found.items()]


def _broken(rule: Rule | None) -> bool:
    return bool(rule and (rule.get("violations") or rule.get("after")))


def _table(slug: str, caption: str, names: list[str], pack: Pack, folded: bool = False) -> Table:
    rows: list[list[Cell | str]] = []
    for name in names:
        first = next(by_name[name] for by_name in pack.values() if name in by_name)
        cells = [_counts(by_name.get(name)) for by_name in pack.values()]
        rows.append([Cell(name, code=True), str(first.get("level", "")), count(first.get("rows", 0)), *cells])
    head = ("rule", "level", f"rows checked, {next(iter(pack))}", *pack)
    return Table(slug, caption, head, rows, "llr" + "r" * len(pack), folded=folded)


def _counts(rule: Rule | None) -> Cell:
    if rule is None:
        return Cell("not checked")
    before, after, excused = (int(rule.get(name, 0)) for name in ("violations", "after", "excused"))
    detail = f"{count(excused)} excused" if excused else "" if rule.get("fired", 1) else "spoke about no row"
    if not before and not after:
        return Cell("0", detail=detail)
    mark = "pass" if not after else "fail" if rule.get("level") == "invariant" else "warn"
    return Cell(f"{count(before)} → {count(after)}", mark, detail=detail)
