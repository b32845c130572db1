"""What a narrative needs to know of a table of payments, and the narrative that a table can carry."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from finsim.agents.narratives.narrative import Narrative
from finsim.agents.narratives.narrative_blocks import Phase
from finsim.agents.narratives.narrative_roles import Role, Select

ANY = "any"
SEEN_DAYS = "seen_days"
_AGE = "account_days"


@dataclass(frozen=True)
class Known:
    """What a table knows: kinds of accounts, sorts of outside accounts, shops, and facts of both.

    ``outside_paid`` and ``outside_pays`` are the sorts that its rows pay and are paid by: one that only ever
    takes money would be told by the first row in which it gives some. ``shops_pay``: whether money comes
    back from shops. ``categories`` are the words of ``vocabulary.CATEGORIES`` that its shops have;
    ``like_current`` are kinds that it cannot tell from current accounts, which may then play the part of one;
    ``like_card`` those whose cards buy at its shops.
    The account fact ``SEEN_DAYS`` is how long an account has been seen: its age is at least that.
    """

    accounts: frozenset[str] = frozenset()
    outside_paid: frozenset[str] = frozenset()
    outside_pays: frozenset[str] = frozenset()
    shops: bool = False
    shops_pay: bool = False
    categories: frozenset[str] = frozenset()
    account_facts: frozenset[str] = frozenset()
    shop_facts: frozenset[str] = frozenset()
    like_current: frozenset[str] = frozenset()
    like_card: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Sides:
    """On which sides of its payments a role stands."""

    pays: bool
    paid: bool

    @staticmethod
    def of(name: str, phases: Sequence[Phase]) -> Sides:
        """Return the sides of a role in some phases."""
        return Sides(
            any(name in (phase.payer, phase.via) for phase in phases),
            any(name in (phase.to, phase.via) for phase in phases),
        )

    def sorts(self, known: Known) -> frozenset[str]:
        """Return the sorts of outside accounts that a table knows on all of these sides."""
        found = known.outside_paid | known.outside_pays
        found = found & known.outside_pays if self.pays else found
        return found & known.outside_paid if self.paid else found


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
    gates = {phase.needs.phase for phase in narrative.phases if phase.needs}
    kept, lacks, left_out = [], list[str](), []
    for phase in narrative.phases:
        lacking = lacking_in(narrative, phase, known)
        if lacking and phase.chance < 1.0 and phase.name not in gates:
            left_out.append(f"phase {phase.name!r}: {next(iter(lacking.values()))}")
            continue
        kept.append(phase)
    used = {name for phase in kept for name in players(phase)}
    roles, ignored = {}, dict[str, None]()
    for name, role in narrative.roles.items():
        if name not in used:
            continue
        sides = Sides.of(name, kept)
        if why := _lacking(role, known, sides):
            lacks.append(f"role {name!r} needs {why}")
        else:
            roles[name], without = _known_part(role, known, sides)
            ignored |= dict.fromkeys(f"role {name!r}: {fact}" for fact in without)
    words = {phase.name for phase in kept}
    labels = narrative.labels.model_copy(
        update={
            key: tuple(one for one in getattr(narrative.labels, key) if one in words)
            for key in type(narrative.labels).model_fields
        }
    )
    changed: dict[str, Any] = {"phases": tuple(kept), "roles": roles, "labels": labels}
    made = narrative.model_copy(update=changed)
    return Carried(made, tuple(lacks), (*left_out, *ignored))


def players(phase: Phase) -> list[str]:
    """Return the roles of a phase."""
    return [name for name in (phase.payer, phase.via, phase.to) if name is not None]


def lacking_in(narrative: Narrative, phase: Phase, known: Known) -> dict[str, str]:
    """Return for the roles of a phase what a table does not know of them on the sides they have there."""
    found = {name: _lacking(narrative.roles[name], known, Sides.of(name, [phase])) for name in players(phase)}
    return {name: why for name, why in found.items() if why}


def _lacking(role: Role, known: Known, sides: Sides) -> str:
    """Return what of a role a table does not know, in words; nothing where it knows enough."""
    select = role.select
    alike = _alike(select, known)
    if select.accounts and not known.accounts.intersection(select.accounts) | (known.accounts & alike):
        return f"accounts ({_listed(select.accounts)})"
    if select.outside and not sides.sorts(known).intersection(select.outside):
        does = "pay and are paid" if sides.pays and sides.paid else "pay" if sides.pays else "are paid"
        return f"outside accounts that {does} ({_listed(select.outside)})"
    if select.shops and not known.shops:
        return "merchants"
    return "merchants that pay back" if select.shops and sides.pays and not known.shops_pay else ""


def _alike(select: Select, known: Known) -> frozenset[str]:
    """Return the kinds of accounts that may play the part of a selected one."""
    found = known.like_current if "current" in select.accounts else frozenset[str]()
    return found | known.like_card if "card" in select.accounts else found


def _listed(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def _known_part(role: Role, known: Known, sides: Sides) -> tuple[Role, list[str]]:
    """Return a role with what is known of its selection, and what is ignored."""
    select, ignored = role.select, list[str]()
    facts = known.shop_facts if select.shops else known.account_facts
    changed: dict[str, Any] = {}
    for key in ("where", "weight"):
        asked = getattr(select, key)
        changed[key] = {name: value for name, value in asked.items() if name in facts}
        ignored += [f"{name} is not known" for name in asked if name not in {*facts, _least_of(facts)}]
    if _least_of(facts) in select.where:
        changed["where"][_AGE] = select.where[_AGE].model_copy(update={"high": math.inf})
        if select.where[_AGE].high < math.inf:
            ignored.append(f"{_AGE} is known from below alone, so no upper limit")
    alike = _alike(select, known)
    changed["accounts"] = _some(tuple(dict.fromkeys((*select.accounts, *sorted(alike)))), known.accounts)
    changed["outside"] = _some(select.outside, sides.sorts(known))
    if select.shops and ANY not in select.shops:
        changed["shops"] = _some(select.shops, known.categories) or (ANY,)
        if changed["shops"] == (ANY,):
            ignored.append(
                "the categories of merchants are not finsim's, so any merchant (a study's"
                " `words: {category: ..}` says what they are: docs/guide/transactions.md)"
            )
    made: Select = select.model_copy(update=changed)
    return role.model_copy(update={"select": made}), list(dict.fromkeys(ignored))


def _least_of(facts: Collection[str]) -> str:
    """Return the account fact of which a table knows a lower limit alone, nothing where there is none."""
    return _AGE if SEEN_DAYS in facts else ""


def _some(words: Sequence[str], known: Collection[str]) -> tuple[str, ...]:
    return tuple(word for word in words if word in known)


def needs_table(narratives: Sequence[Narrative]) -> str:
    """Return Markdown: what each narrative needs a table to know, and what it leaves out without it."""
    lines = ["| narrative | needs | left out where not known |", "|---|---|---|"]
    for story in narratives:
        found = carried(story, Known())
        needed = list(dict.fromkeys(text.partition(" needs ")[2] for text in found.lacks))
        phases = [text.replace(": ", " without ", 1) for text in found.left_out if text.startswith("phase ")]
        optional = [text for text in phases if text.partition(" without ")[2] not in needed]
        lines.append(f"| `{story.id}` | {'; '.join(needed)} | {'; '.join(optional) or 'nothing'} |")
    return "\n".join(lines)
