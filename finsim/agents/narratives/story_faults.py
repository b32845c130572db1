"""What a narrative says that nothing could ever act on; each with its place, and what to write instead."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from finsim.agents.narratives.narrative_roles import Role

if TYPE_CHECKING:
    from finsim.agents.narratives.narrative import Narrative
    from finsim.agents.narratives.narrative_blocks import Amount, Phase

Loc = tuple[str | int, ...]


@dataclass(frozen=True)
class Fault:
    """One fault of a file: where it stands, what was found, what was expected, what to do."""

    at: Loc
    found: str
    expected: str
    remedy: str


Check = Callable[["Narrative"], Iterator[Fault]]


def pays(story: Narrative, phase: Phase) -> list[Role]:
    """Return the roles that pay in a phase."""
    return [story.roles[name] for name in (phase.payer, phase.via) if name]


def is_paid(story: Narrative, phase: Phase) -> list[Role]:
    """Return the roles that are paid in a phase."""
    return [story.roles[name] for name in (phase.via, phase.to) if name]


def hands(story: Narrative, phase: Phase) -> list[tuple[Role, Role]]:
    """Return who pays whom in a phase, as pairs of roles."""
    first, last = story.roles[phase.payer], story.roles[phase.to]
    if phase.via is None:
        return [(first, last)]
    middle = story.roles[phase.via]
    inner = [(middle, middle)] if phase.motif in ("chain", "cycle") else []
    return [(first, middle), *inner, (middle, last)]


def amounts(phase: Phase) -> list[tuple[Loc, Amount]]:
    """Return the amount of a phase, and the one that a growing series starts with."""
    start = phase.amount.start
    return [(("amount",), phase.amount), *([(("amount", "start"), start)] if start else [])]


def uses(phase: Phase, whole: str) -> bool:
    """Tell whether a phase pays shares of a whole: pot, proceeds, limit, balance or available."""
    covers = whole == "proceeds" and phase.count == "cover"
    return covers or any(amount.fraction_of == whole for _, amount in amounts(phase))
