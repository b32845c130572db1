"""Devices that a phase names and nobody would order from."""

from __future__ import annotations

from collections.abc import Iterator

from finsim.agents.narratives.story_faults import Fault, Story, pays
from finsim.agents.vocabulary import ONLINE


def device_faults(story: Story) -> Iterator[Fault]:
    """Yield a ``device:`` beside payers outside the banks, or beside channels without one."""
    for index, phase in enumerate(story.phases):
        if phase.device is None:
            continue
        at = ("phases", index, "device")
        if all(role.select.outside for role in pays(story, phase)):
            yield Fault(
                at,
                "`device` never acts: outside accounts have none",
                "a payer that is an account of a bank",
                "remove `device:`",
            )
        elif not set(phase.channel) & set(ONLINE):
            yield Fault(
                at,
                f"`device` never acts beside channel {', '.join(phase.channel)}",
                f"a channel that is ordered online: {', '.join(ONLINE)}",
                "remove `device:`",
            )
