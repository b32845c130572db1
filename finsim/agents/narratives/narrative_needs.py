"""What a narrative needs to know of a table of payments, and the narrative that a table can carry."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from finsim.agents.narratives.narrative import Narrative
from finsim.agents.narratives.narrative_blocks import Phase
from finsim.agents.narratives.narrative_roles import Role, Select

ANY = "any"


@dataclass(frozen=True)
class Known:
    """What a table knows: kinds of accounts, sorts of outside accounts, shops, and facts of both.

    ``categories`` are the words of ``vocabulary.CATEGORIES`` that its shops have; ``like_current`` are kinds
    that it cannot tell from current accounts, which may then play the part of one.
    """

    accounts: frozenset[str] = frozenset()
    outside: frozenset[str] = frozenset()
    shops: bool = False
    categories: frozenset[str] = frozenset()
    account_facts: frozenset[str] = frozenset()
    shop_facts: frozenset[str] = frozenset()
    like_current: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Carried:
    """The narrative as a table can carry it; ``lacks`` says why it cannot, ``left_out`` what is ignored."""

    narrative: Narrative
    lacks: tuple[str, ...]
    left_out: tuple[str, ...]


def carried(narrative: Narrative, known: Known) -> Carried:
    """Return the narrative without what a table does not know, and what it lacks for the rest.

    Filters and weights of unknown facts are left out. A phase that need not happen (``chance`` below 1) is
    left out with the roles that nobody else needs, where the table does not know them; what any other phase
    needs is lacking.
    """
    lacking = {name: why for name, role in narrative.roles.items() if (why := _lacking(role, known))}
    gates = {phase.needs.phase for phase in narrative.phases if phase.needs}
    kept, lacks, left_out = [], dict[str, str](), []
    for phase in narrative.phases:
        unknown = [name for name in players(phase) if name in lacking]
        if unknown and phase.chance < 1.0 and phase.name not in gates:
            left_out.append(f"phase {phase.name!r}: {lacking[unknown[0]]}")
            continue
        lacks |= {name: f"role {name!r} needs {lacking[name]}" for name in unknown}
        kept.append(phase)
    used = {name for phase in kept for name in players(phase)}
    roles, ignored = {}, dict[str, None]()
    for name, role in narrative.roles.items():
        if name in used and name not in lacking:
            roles[name], without = _known_part(role, known)
            ignored |= dict.fromkeys(f"role {name!r}: {fact}" for fact in without)
    words = {phase.name for phase in kept}
    labels = narrative.labels.model_copy(
        update={
            key: tuple(one for one in getattr(narrative.labels, key) if one in words)
            for key in ("fraud", "laundering")
        }
    )
    changed: dict[str, Any] = {"phases": tuple(kept), "roles": roles, "labels": labels}
    made = narrative.model_copy(update=changed)
    return Carried(made, tuple(lacks.values()), (*left_out, *ignored))


def players(phase: Phase) -> list[str]:
    """Return the roles of a phase."""
    return [name for name in (phase.payer, phase.via, phase.to) if name is not None]


def _lacking(role: Role, known: Known) -> str:
    """Return what of a role a table does not know, in words; nothing where it knows enough."""
    select = role.select
    alike = known.like_current if "current" in select.accounts else frozenset[str]()
    if select.accounts and not known.accounts.intersection(select.accounts) | (known.accounts & alike):
        return f"accounts ({_listed(select.accounts)})"
    if select.outside and not known.outside.intersection(select.outside):
        return f"outside accounts ({_listed(select.outside)})"
    if select.shops and not known.shops:
        return "merchants"
    return ""


def _listed(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def _known_part(role: Role, known: Known) -> tuple[Role, list[str]]:
    """Return a role with what is known of its selection, and what is ignored."""
    select, ignored = role.select, list[str]()
    facts = known.shop_facts if select.shops else known.account_facts
    changed: dict[str, Any] = {}
    for key in ("where", "weight"):
        asked = getattr(select, key)
        changed[key] = {name: value for name, value in asked.items() if name in facts}
        ignored += [f"{name} is not known" for name in asked if name not in facts]
    alike = known.like_current if "current" in select.accounts else ()
    changed["accounts"] = _some(tuple(dict.fromkeys((*select.accounts, *sorted(alike)))), known.accounts)
    changed["outside"] = _some(select.outside, known.outside)
    if select.shops and ANY not in select.shops:
        changed["shops"] = _some(select.shops, known.categories) or (ANY,)
        if changed["shops"] == (ANY,):
            ignored.append("the categories of merchants are not finsim's, so any merchant")
    made: Select = select.model_copy(update=changed)
    return role.model_copy(update={"select": made}), list(dict.fromkeys(ignored))


def _some(words: Sequence[str], known: Collection[str]) -> tuple[str, ...]:
    return tuple(word for word in words if word in known)


def needs_table(narratives: Sequence[Narrative]) -> str:
    """Return Markdown: what each narrative needs a table to know, and what it leaves out without it."""
    lines = ["| narrative | needs | left out where not known |", "|---|---|---|"]
    for story in narratives:
        needed = list(dict.fromkeys(text.partition(" needs ")[2] for text in carried(story, Known()).lacks))
        optional = [
            f"phase {phase.name!r} without {what}"
            for phase in story.phases
            for what in dict.fromkeys(_lacking(story.roles[name], Known()) for name in players(phase))
            if what not in needed
        ]
        lines.append(f"| `{story.id}` | {'; '.join(needed)} | {'; '.join(optional) or 'nothing'} |")
    return "\n".join(lines)
