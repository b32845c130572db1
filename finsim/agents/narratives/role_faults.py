"""Roles that nobody can play, or that never act."""

from __future__ import annotations

import math
from collections.abc import Iterator

from finsim.agents.narratives.narrative_roles import Role
from finsim.agents.narratives.role_filters import FACT_RANGES, Condition
from finsim.agents.narratives.story_faults import Fault, Loc, Story

# Facts that accounts of a kind have, besides those of every account.
_PERSON = frozenset({"age", "income", "degree", "segment", "online"})
_OF_KIND = {
    **dict.fromkeys(("current", "savings", "card"), _PERSON),
    **dict.fromkeys(("business", "merchant"), frozenset({"turnover"})),
}
_OF_ALL = frozenset({"account_days", "opening", "limit"})
_YOUNGEST = 1.0  # day; only accounts open for so long take part


def role_faults(story: Story) -> Iterator[Fault]:
    """Yield roles that no phase names, and selections that nobody fits."""
    acting = {name for phase in story.phases for name in (phase.payer, phase.via, phase.to)}
    for name, role in story.roles.items():
        at: Loc = ("roles", name)
        if name not in acting:
            yield Fault(
                at,
                f"role {name!r} never acts: no phase names it",
                "roles that pay or are paid",
                "name it in a phase under from, to or via, or remove the role",
            )
        yield from _twice(role, at)
        yield from _strangers(name, role, at)
        for fact, condition in role.select.where.items():
            yield from _nobody(name, fact, condition, (*at, "select", "where", fact))


def _twice(role: Role, at: Loc) -> Iterator[Fault]:
    for key in ("accounts", "shops", "outside"):
        words = list(getattr(role.select, key))
        for place, word in enumerate(words):
            if word in words[:place]:
                yield Fault(
                    (*at, "select", key, place), f"{word!r} appears twice", "each word once", "remove one"
                )
        if key == "shops" and "any" in words and len(words) > 1:
            yield Fault(
                (*at, "select", key),
                "`any` beside categories, which then say nothing",
                "categories, or `any` alone",
                "write `shops: [any]`, or remove `any`",
            )


def _strangers(name: str, role: Role, at: Loc) -> Iterator[Fault]:
    """Yield facts that a selected kind of account does not have: nobody of that kind is ever chosen."""
    select = role.select
    for key in ("where", "weight") if select.accounts else ():
        for fact in getattr(select, key):
            without = [kind for kind in select.accounts if fact not in _OF_KIND[kind] | _OF_ALL]
            if not without:
                continue
            told = ", ".join(without)
            rest = [kind for kind in select.accounts if kind not in without]
            remedy = f"remove {told} from `accounts:`" if rest else f"remove `{fact}`"
            yield Fault(
                (*at, "select", key, fact),
                f"{told} accounts have no {fact}, so nobody of that kind ever plays {name!r}",
                "facts that every selected kind has",
                f"{remedy}, or select other kinds",
            )
        for fact, power in select.weight.items() if key == "weight" else ():
            if power == 0:
                yield Fault(
                    (*at, "select", key, fact),
                    f"a weight of {fact} to the power 0 never acts: everybody weighs the same",
                    "a power other than 0",
                    f"write `{fact}: 1`, or remove it",
                )
            if fact == "account_days":
                yield Fault(
                    (*at, "select", key, fact),
                    f"a weight of account_days ({power:g}) never acts: the age of accounts only filters",
                    "a weight of another fact",
                    "write it under `where:`, or remove it",
                )


def _nobody(name: str, fact: str, condition: Condition, at: Loc) -> Iterator[Fault]:
    in_words = fact == "segment"
    if in_words != bool(condition.words):
        wanted = "a list of words" if in_words else "a comparison or a range of numbers"
        remedy = "write [student, worker]" if in_words else 'write ">= 60" or 18..35'
        yield Fault(at, f"{fact} is no fact for such a filter", wanted, remedy)
        return
    if in_words:
        return
    low, high = FACT_RANGES[fact]
    low = max(low, _YOUNGEST) if fact == "account_days" else low
    if condition.high < low or condition.low > high:
        end = "and more" if math.isinf(high) else f"to {high:g}"
        why = "; accounts open for less than a day take no part" if fact == "account_days" else ""
        yield Fault(
            at,
            f"nobody fits role {name!r}: no {fact} is {_told(condition)}",
            f"{fact} from {low:g} {end}{why}",
            "loosen the filter",
        )


def _told(condition: Condition) -> str:
    """Return an interval in words; an end just beside a shorter number was written with < or >."""
    below, above = math.nextafter(condition.high, math.inf), math.nextafter(condition.low, -math.inf)
    high = (
        f"below {below:g}" if len(repr(below)) < len(repr(condition.high)) else f"at most {condition.high:g}"
    )
    low = f"above {above:g}" if len(repr(above)) < len(repr(condition.low)) else f"at least {condition.low:g}"
    if math.isinf(condition.low):
        return high
    return low if math.isinf(condition.high) else f"{low} and {high}"
