"""Order of repairs: a rule that reads a column comes after the rule that writes it."""

from __future__ import annotations

from collections.abc import Sequence

from finsim.constraints.language.types import Clash
from finsim.constraints.packs.rule import Rule

_PHASES = {"sort": 0, "set": 1, "clip": 2, "project": 2, "resample": 3, "drop": 4, "flag": 5}


def repair_order(rules: Sequence[Rule]) -> list[Rule]:
    """Return the rules of one table that repair, in the order in which they must run.

    Sorting first; then `set`, `clip` and `project` along their dependencies (`set` first, then the order
    of the file, where they leave a choice); then `resample`, `drop` and `flag`. Raises Clash for a circle.
    """
    mending = [rule for rule in rules if rule.repair is not None]
    rank = {rule.id: (_phase(rule), place) for place, rule in enumerate(mending)}
    writers = [rule for rule in mending if _phase(rule) in (1, 2)]
    waits: dict[str, set[str]] = {
        rule.id: {other.id for other in writers if other is not rule and _before(other, rule, rank)}
        for rule in writers
    }
    ordered: list[Rule] = []
    while len(ordered) < len(writers):
        done = {rule.id for rule in ordered}
        ready = [rule for rule in writers if rule.id not in done and waits[rule.id] <= done]
        if not ready:
            names = [rule.id for rule in writers if rule.id not in done]
            circle = _circle(names, waits)
            raise Clash(
                f"repairs in a circle: {' -> '.join(circle)}", "take the repair off one of these rules"
            )
        ordered.append(min(ready, key=lambda rule: rank[rule.id]))
    rest = sorted((rule for rule in mending if rule not in writers), key=lambda rule: rank[rule.id])
    return (
        [rule for rule in rest if _phase(rule) == 0] + ordered + [rule for rule in rest if _phase(rule) > 2]
    )


def _phase(rule: Rule) -> int:
    return _PHASES[rule.repair.do] if rule.repair is not None else len(_PHASES)


def _before(first: Rule, second: Rule, rank: dict[str, tuple[int, int]]) -> bool:
    assert first.repair is not None
    assert second.repair is not None
    if set(first.repair.columns) & set(second.repair.columns):
        return rank[first.id] < rank[second.id]
    return bool(set(first.repair.columns) & second.columns)


def _circle(names: list[str], waits: dict[str, set[str]]) -> list[str]:
    """Return rules that wait for each other, the first one again at the end."""
    path = [names[0]]
    while True:
        following = sorted(waits[path[-1]] & set(names))[0]
        if following in path:
            circle = path[path.index(following) :]
            return [following, *reversed(circle)]
        path.append(following)
