"""Shares that always stay below the least amount of their phase, because there is never so much to share."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from finsim.agents.narratives.narrative_blocks import Amount, Phase
from finsim.agents.narratives.payment_numbers import payments
from finsim.agents.narratives.story_faults import Fault, Loc, Story, amounts

_MIXED_IN = 2.0  # own money that commingle mixes in at most doubles a share of a pot


def share_faults(story: Story) -> Iterator[Fault]:
    """Yield shares of proceeds or of a pot that never reach ``min``, and series that start above ``max``."""
    pots: dict[str, float] = dict.fromkeys(story.roles, 0.0)
    for index, phase in enumerate(story.phases):
        for inner, amount in amounts(phase):
            at: Loc = ("phases", index, *inner)
            most = _share(story, phase, amount, pots)
            if most < amount.min:
                yield Fault(
                    at,
                    f"every share of the {amount.fraction_of} in phase {phase.name!r} is below min "
                    f"{amount.min:,g}: at most {most:,.2f} is there to share",
                    "a share that can reach min",
                    f"write `min: {max(0.01, round(most / 2, 2)):g}`, or pay larger sums before",
                )
        first, last = phase.amount.start, phase.amount.max
        if first is not None and last is not None and first.draw is not None and first.draw.range()[0] > last:
            yield Fault(
                ("phases", index, "amount", "start"),
                f"a series that starts above its max {last:,g}: every payment is cut to it",
                "a start below max",
                "raise `max:`, or start with less",
            )
        moved = payments(story, phase)[1] * _largest(story, phase, phase.amount, pots)
        for name in (phase.via, phase.to):
            if name is not None and moved > 0:
                pots[name] += moved


def _share(story: Story, phase: Phase, amount: Amount, pots: Mapping[str, float]) -> float:
    """Return the most that a share of proceeds or of a pot can be; no end for every other amount."""
    part = amount.share.range()[1] if amount.share is not None else 1.0
    if amount.fraction_of == "pot":
        held = [pots[name] for name in (phase.payer, phase.via) if name]
        # An empty pot has a fault of its own; money that the phase itself brings to `via` is not counted yet.
        return math.inf if phase.via or not max(held) else min(1.0, _MIXED_IN * part) * max(held)
    if amount.fraction_of == "proceeds" and phase.count != "cover":
        forms = [form.proceeds or story.proceeds for form in story.variants.values()] or [story.proceeds]
        return part * max(_drawn(one) for one in forms)
    return math.inf


def _largest(story: Story, phase: Phase, amount: Amount, pots: Mapping[str, float]) -> float:
    """Return the largest payment of a phase, as far as the file gives it an end."""
    if amount.start is not None and amount.growth is not None:
        most = _largest(story, phase, amount.start, pots) if amount.growth.range()[1] <= 1.0 else math.inf
    else:
        most = _drawn(amount) if amount.draw or amount.below else _share(story, phase, amount, pots)
    most = max(most, amount.min)
    return most if amount.max is None else min(most, amount.max)


def _drawn(amount: Amount | None) -> float:
    if amount is None:
        return math.inf
    if amount.below is not None:
        return amount.below.threshold * amount.below.band[1]
    most = amount.draw.range()[1] if amount.draw is not None else math.inf
    return max(amount.min, most if amount.max is None else min(most, amount.max))
