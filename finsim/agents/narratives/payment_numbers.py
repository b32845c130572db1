"""How many payments a phase of a narrative can have, at least and at most."""

from __future__ import annotations

from collections.abc import Iterator

from finsim.agents.narratives.draws import Draw
from finsim.agents.narratives.narrative_blocks import Phase
from finsim.agents.narratives.narrative_roles import Role
from finsim.agents.narratives.quantities import MOST_PAYMENTS
from finsim.agents.narratives.story_faults import Fault, Story, uses

MOST_COVERING = 400
"""The most payments that `count: cover` plans."""
_DAY = 86_400.0
_FAR = 10.0  # an endless draw is taken to go up to so many times its mean


def members(role: Role) -> tuple[int, int]:
    """Return the least and the largest number of members of a role."""
    low, high = role.n.range()
    return max(1, round(low)), max(1, round(high))


def counts(story: Story, phase: Phase) -> list[tuple[int, int]]:
    """Return the least and the largest count of a phase in each form of the story."""
    if phase.count == "cover":
        return [(1, MOST_COVERING)]
    plain = phase.count
    drawn = [form.counts.get(phase.name, plain) for form in story.variants.values()] or [plain]
    return [(round(low), round(high)) for low, high in (one.range() for one in drawn)]


def payments(story: Story, phase: Phase) -> tuple[int, int]:
    """Return the least and the largest number of payments that a phase plans, over all forms."""
    least = min(low for low, _ in counts(story, phase))
    most = max(high for _, high in counts(story, phase))
    low, high = (_edges(story, phase, end) for end in (0, 1))
    if phase.after == "receipt":
        before = story.phases[: story.phases.index(phase)]
        high *= min(MOST_PAYMENTS, sum(payments(story, one)[1] for one in before))
        low = 0
    return least * low, most * high


def _edges(story: Story, phase: Phase, end: int) -> int:
    """Return the least (end 0) or largest (end 1) number of pairs of payer and payee; 1 for `pairs`."""
    roles = story.roles
    first, last = members(roles[phase.payer])[end], members(roles[phase.to])[end]
    middle = members(roles[phase.via])[end] if phase.via else 0
    degree = round(phase.degree.range()[end])
    return {
        "pairs": 1,
        "fan_out": max(first, last),
        "fan_in": max(first, last),
        "bipartite": first * max(1, min(degree, last)),
        "chain": max(first, middle) + 2 * max(1, middle) if end else first + 1,
        "cycle": first * (middle + 1),
        "random_walk": first * max(1, round(phase.hops.range()[end])),
        "scatter_gather": max(first, middle) + max(middle, last),
        "gather_scatter": max(first, middle) + max(middle, last),
    }[phase.motif]


def begins(story: Story) -> Iterator[tuple[str, float]]:
    """Yield each phase and the seconds from the start of its scheme to its earliest possible payment.

    A phase that need not happen holds nobody up; hours of a calendar may bring a payment forward by a day.
    """
    least: dict[str, float] = {}
    held_up = [0.0]
    for phase in story.phases:
        timing = phase.timing
        before = 0.0 if phase.after in ("start", "receipt") else least.get(phase.after or "", max(held_up))
        wait = timing.wait.range()[0] if timing.wait and len(held_up) > 1 else 0.0
        rests = uses(phase, "pot") and phase.motif != "chain" and timing.delay is not None
        begin = before + wait + (timing.delay.range()[0] if rests and timing.delay else 0.0)
        least[phase.name] = begin
        if phase.chance == 1.0 and phase.needs is None and payments(story, phase)[0] > 0:
            held_up.append(begin)
        yield phase.name, begin if timing.calendar == "any" else max(0.0, begin - _DAY)


def number_faults(story: Story) -> Iterator[Fault]:
    """Yield phases without a payment, and those with more than can be planned."""
    for index, phase in enumerate(story.phases):
        at = ("phases", index, "count")
        if all(high == 0 for _, high in counts(story, phase)):
            yield Fault(
                at,
                f"phase {phase.name!r} never has a payment: its count is 0",
                "a count that can be above 0",
                "write `count: 1`, or remove the phase",
            )
        usual = _usual(story, phase)
        if usual > MOST_PAYMENTS:
            yield Fault(
                at,
                f"phase {phase.name!r} may plan {usual:,.0f} payments in one scheme",
                f"at most {MOST_PAYMENTS:,}",
                "lower the count, or the members of its roles",
            )


def _usual(story: Story, phase: Phase) -> float:
    """Return the most payments that a phase plans when no endless draw goes beyond ten times its mean."""
    if phase.count == "cover":
        return MOST_COVERING
    plain = phase.count
    drawn = [form.counts.get(phase.name, plain) for form in story.variants.values()] or [plain]
    sizes = [_far(story.roles[name].n) for name in (phase.payer, phase.via, phase.to) if name]
    edges = {
        "pairs": 1.0,
        "bipartite": sizes[0] * min(_far(phase.degree), sizes[-1]),
        "cycle": sizes[0] * (sizes[1] + 1) if phase.via else 1.0,
        "random_walk": sizes[0] * _far(phase.hops),
    }.get(phase.motif, 3 * max(sizes))
    return edges * max(_far(one) for one in drawn)


def _far(draw: Draw) -> float:
    """Return the end of a draw, or ten times its mean where it has none of its own."""
    high = draw.range()[1]
    return high if draw.is_bounded else min(high, _FAR * draw.centre)
