"""What a narrative says that nothing could ever act on; each with its place, and what to write instead."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from finsim.agents.narratives.narrative_blocks import Amount, Phase
from finsim.agents.narratives.narrative_roles import Role
from finsim.agents.narratives.narrative_variants import Evasion, Labels, Stop, Variant

Loc = tuple[str | int, ...]


@dataclass(frozen=True)
class Fault:
    """One fault of a file: where it stands, what was found, what was expected, what to do."""

    at: Loc
    found: str
    expected: str
    remedy: str


class Story(Protocol):
    """What the checks read of a narrative."""

    @property
    def roles(self) -> Mapping[str, Role]:
        """Who takes part."""

    @property
    def phases(self) -> Sequence[Phase]:
        """What happens."""

    @property
    def variants(self) -> Mapping[str, Variant]:
        """Forms of the story."""

    @property
    def proceeds(self) -> Amount | None:
        """The money of one scheme."""

    @property
    def evade(self) -> Sequence[Evasion]:
        """Evasions."""

    @property
    def stop(self) -> Stop | None:
        """When a scheme ends early."""

    @property
    def labels(self) -> Labels:
        """Which phases are illicit."""

    @property
    def typology(self) -> Sequence[str]:
        """Names that scenarios use."""

    @property
    def breaks(self) -> Sequence[str]:
        """Policy rules that may be broken."""

    @property
    def decoy(self) -> bool:
        """Whether it is benign."""


Check = Callable[["Story"], Iterator[Fault]]


def pays(story: Story, phase: Phase) -> list[Role]:
    """Return the roles that pay in a phase."""
    names = (phase.payer, phase.to if phase.motif == "random_walk" else phase.via)
    return [story.roles[name] for name in names if name]


def is_paid(story: Story, phase: Phase) -> list[Role]:
    """Return the roles that are paid in a phase."""
    return [story.roles[name] for name in (phase.via, phase.to) if name]


def hands(story: Story, phase: Phase) -> list[tuple[Role, Role]]:
    """Return who pays whom in a phase, as pairs of roles."""
    first, last = story.roles[phase.payer], story.roles[phase.to]
    if phase.via is None:
        return [(first, last), *([(last, last)] if phase.motif == "random_walk" else [])]
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
