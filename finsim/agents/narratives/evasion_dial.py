"""One dial over all stories of a study: how far every scheme hides, from 0 (as its file says) to 1."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Protocol, Self, TypeVar

from finsim.agents.narratives.narrative_variants import EVASIONS, Evasion
from finsim.agents.narratives.story_faults import Story, hands, pays, uses

DIALLED = tuple(kind for kind in EVASIONS if kind != "threshold_avoid")
"""Evasions that the dial may add to a story; threshold_avoid needs a threshold, so it is only raised."""
SLOWEST = 4.0
"""What the whole of chain_delay multiplies waits and delays by."""
_CHOSEN_WAYS = frozenset({"cash", "exchange", "remitter"})  # whoever is paid leaves no choice
_WHY = "one dial for all stories of the study"


class Dialled(Story, Protocol):
    """What the dial changes of a narrative."""

    def model_copy(self, *, update: Mapping[str, object] | None = None) -> Self:
        """Return a copy with some parts replaced."""

    def level(self, kind: str) -> float:
        """Return the level of one evasion."""


Told = TypeVar("Told", bound=Dialled)


def dialled(story: Told, evade: float, kinds: Collection[str] = EVASIONS) -> Told:
    """Return a story whose evasions ``kinds`` are raised by the share ``evade`` of what is left up to 1.

    Evasions that the file does not have begin at 0; those that could never act in the story stay away, and
    0 gives the story itself. A scheme that waits longer may last longer: its timeout grows with its waits.
    Decoys hide nothing and stay as they are.
    """
    if evade <= 0.0 or story.decoy:
        return story
    acting = {kind for kind, fits, _ in can_act(story) if fits}
    known = {item.kind: item for item in story.evade}
    made = []
    for kind in EVASIONS:
        item = known.get(kind)
        if item is None and (kind not in DIALLED or kind not in acting):
            continue
        if kind not in kinds:
            made += [item] if item else []
            continue
        first = item or Evasion(kind=kind, level=0.0, assumption=_WHY)
        made.append(first.model_copy(update={"level": first.level + (1.0 - first.level) * evade}))
    changed: dict[str, object] = {"evade": tuple(made)}
    slower = _slowness(next((one.level for one in made if one.kind == "chain_delay"), 0.0))
    if story.stop is not None and story.stop.timeout is not None:
        longer = story.stop.timeout * slower / _slowness(story.level("chain_delay"))
        changed["stop"] = story.stop.model_copy(update={"timeout": longer})
    return story.model_copy(update=changed)


def _slowness(level: float) -> float:
    return 1.0 + (SLOWEST - 1.0) * level


def can_act(story: Story) -> Iterator[tuple[str, bool, str]]:
    """Yield each evasion, whether anything in the story can use it, and if not why."""
    timings = [phase.timing for phase in story.phases]
    held = {name for name, role in story.roles.items() if role.select.accounts}
    kinds = {kind for role in story.roles.values() for kind in role.select.accounts}
    waits = any(timing.wait or timing.delay for timing in timings)
    own = any(not role.select.outside for phase in story.phases for role in pays(story, phase))
    yield "threshold_avoid", True, ""
    yield "mimic_amounts", True, ""
    yield "mimic_hours", True, ""
    yield "commingle", any(uses(phase, "pot") for phase in story.phases), "no phase passes on a pot"
    yield "cross_bank", _most_members(story) > 1, "the story has a single account"
    yield "chain_delay", waits, "no phase has a wait or a delay"
    yield "mimic_habit", own and bool(kinds), "no account of a bank pays"
    yield "mimic_channels", any(_free_way(story)), "every payment is a purchase, cash or of a settled kind"
    yield (
        "more_accounts",
        bool(held & growing(story)),
        "no role of accounts is both paid and paying, or pays as several",
    )


def _most_members(story: Story) -> float:
    return sum(round(role.n.range()[1]) for role in story.roles.values() if not role.select.outside)


def _free_way(story: Story) -> Iterator[bool]:
    """Yield whether the channel of a pair of roles is the actors' choice."""
    for phase in story.phases:
        for payer, payee in hands(story, phase):
            sorts = {*payer.select.outside, *payee.select.outside}
            yield not (sorts & _CHOSEN_WAYS or payee.select.shops or payer.select.shops)


def growing(story: Story) -> set[str]:
    """Return the roles of which more_accounts makes more: those in between, and payers that are several."""
    paid = {name for phase in story.phases for name in (phase.via, phase.to) if name}
    paying = {name for phase in story.phases for name in (phase.via, phase.payer) if name}
    paying |= {phase.to for phase in story.phases if phase.motif == "random_walk"}
    several = {name for name in paying if story.roles[name].n.range()[1] >= 2}
    return {name for name in (paid & paying) | several if story.roles[name].select.accounts}
