"""Keys of a phase that its motif, its number of payments or its actors leave without an effect."""

from __future__ import annotations

from collections.abc import Iterator

from finsim.agents.narratives.narrative_blocks import Phase
from finsim.agents.narratives.payment_numbers import members, payments
from finsim.agents.narratives.story_faults import Fault, Loc, Story, pays, uses
from finsim.errors import did_you_mean

BEGINNINGS = ("start", "receipt")
"""What a phase may come after besides earlier phases."""


def phase_faults(story: Story) -> Iterator[Fault]:
    """Yield keys that are written and would not act."""
    for index, phase in enumerate(story.phases):
        at: Loc = ("phases", index)
        yield from _motif(story, phase, at)
        yield from _actors(story, phase, at)
        yield from _conditions(story, phase, index, at)
        yield from _beginning(story, phase, index, (*at, "after"))
        yield from _timing(story, phase, index, (*at, "timing"))


def _motif(story: Story, phase: Phase, at: Loc) -> Iterator[Fault]:
    given = phase.model_fields_set
    for key, motif, what in (("hops", "chain", "layers"), ("degree", "bipartite", "payees per payer")):
        if key in given and phase.motif != motif and (key, phase.motif) != ("hops", "random_walk"):
            yield Fault(
                (*at, key),
                f"`{key}` never acts beside motif {phase.motif}",
                f"`{key}`, the {what}, with motif {motif}{' or random_walk' if key == 'hops' else ''} alone",
                f"remove `{key}:`, or write `motif: {motif}`",
            )
    if phase.motif == "chain" and phase.via and phase.hops.range()[0] > members(story.roles[phase.via])[1]:
        most = members(story.roles[phase.via])[1]
        yield Fault(
            (*at, "hops"),
            f"{phase.hops.range()[0]:g} hops over at most {most} members of {phase.via!r}",
            "no more layers than there are members",
            f"write `hops: {most}`, or raise `n:` of the role",
        )
    if phase.motif == "random_walk" and members(story.roles[phase.to])[0] < 2:
        yield Fault(
            (*at, "to"),
            f"a random walk among {phase.to!r}, who may be a single member",
            "at least two members, who pay one another",
            "write `n: 3` in the role, or more",
        )
    if phase.motif == "bipartite" and phase.degree.range()[0] > members(story.roles[phase.to])[1]:
        most = members(story.roles[phase.to])[1]
        yield Fault(
            (*at, "degree"),
            f"a degree of {phase.degree.range()[0]:g} with at most {most} members of {phase.to!r}",
            "no more payees than there are members",
            f"write `degree: {most}`, or raise `n:` of the role",
        )


def _actors(story: Story, phase: Phase, at: Loc) -> Iterator[Fault]:
    if phase.motif == "cycle":
        if phase.to != phase.payer:
            yield Fault(
                (*at, "to"),
                f"{phase.to!r} is never paid: a cycle ends where it began, at {phase.payer!r}",
                "the same role under from and to",
                f"write `to: {phase.payer}`",
            )
    elif phase.to == phase.payer and (phase.motif != "pairs" or members(story.roles[phase.to])[0] < 2):
        yield Fault(
            (*at, "to"),
            f"{phase.to!r} would pay itself",
            "another role; members of one role pay each other with motif pairs and `n:` of 2 or more",
            "name another role, or write `motif: cycle` with `via:`",
        )
    if phase.via is not None and phase.via in (phase.payer, phase.to):
        yield Fault((*at, "via"), f"{phase.via!r} would pay itself", "a role of its own", "name another role")
    payers = pays(story, phase)
    if phase.on_decline.halve + phase.on_decline.abandon > 0 and all(role.select.outside for role in payers):
        yield Fault(
            (*at, "on_decline"),
            f"`on_decline` never acts: outside accounts such as {phase.payer!r} are never declined",
            "`on_decline` where accounts of a bank pay",
            "remove `on_decline:`",
        )


def _conditions(story: Story, phase: Phase, index: int, at: Loc) -> Iterator[Fault]:
    most = payments(story, phase)[1]
    if phase.until > most > 0:
        yield Fault(
            (*at, "until"),
            f"`posted >= {phase.until}` never acts: the phase has at most {most} payments",
            "no more than it can have",
            f"write `posted >= {most}`, or raise `count:`",
        )
    if phase.needs is None:
        return
    gate = next((one for one in story.phases[:index] if one.name == phase.needs.phase), None)
    if gate is not None and payments(story, gate)[1] < phase.needs.posted:
        most = payments(story, gate)[1]
        yield Fault(
            (*at, "needs", "posted"),
            f"phase {phase.name!r} never happens: {gate.name!r} has at most {most} payments",
            "no more than it can have",
            f"write `posted: {max(most, 1)}`",
        )


def _beginning(story: Story, phase: Phase, index: int, at: Loc) -> Iterator[Fault]:
    """Yield beginnings that never come: after what is no earlier phase, or at what is never received."""
    if phase.name in BEGINNINGS:
        yield Fault(
            (*at[:-1], "name"),
            f"a phase called {phase.name!r}, a word of `after:`",
            "another name",
            f"write `name: {phase.name}_1`",
        )
    earlier = [one.name for one in story.phases[:index]]
    if not phase.after:
        return
    if index == 0:
        yield Fault(
            at,
            "`after` never acts in the first phase: a scheme starts with it",
            "the beginning of a later phase",
            "remove `after:`",
        )
    elif phase.after not in (*BEGINNINGS, *earlier):
        remedy = did_you_mean(phase.after, [*BEGINNINGS, *earlier]) or "name an earlier phase"
        yield Fault(
            at, f"no earlier phase is called {phase.after!r}", "start, receipt or an earlier phase", remedy
        )
    elif phase.after == "receipt":
        paid = {name for one in story.phases[:index] for name in (one.via, one.to)}
        if phase.payer not in paid:
            yield Fault(
                at,
                f"{phase.payer!r} never has a receipt: no earlier phase pays it",
                "a payer that an earlier phase pays",
                "pay it first, or remove `after:`",
            )
        if phase.count == "cover":
            yield Fault(
                at, "count `cover` at each receipt", "a number of payments at each", "write `count: 1`"
            )


def _timing(story: Story, phase: Phase, index: int, at: Loc) -> Iterator[Fault]:
    timing = phase.timing
    if "weight" in timing.model_fields_set and timing.calendar == "any":
        yield Fault(
            (*at, "weight"),
            "`weight` never acts without a calendar",
            "a weight of the calendar's hours",
            "add `calendar: waking`, or remove `weight:`",
        )
    if timing.weight == 0 and timing.calendar != "any":
        yield Fault(
            (*at, "weight"),
            f"calendar {timing.calendar} never acts at a weight of 0",
            "a weight above 0",
            "write `weight: 1`, or remove `calendar:`",
        )
    if timing.calendar in ("victim_sleep", "payday") and all(
        not set(role.select.accounts) & {"current", "savings", "card"} for role in pays(story, phase)
    ):
        yield Fault(
            (*at, "calendar"),
            f"calendar {timing.calendar} never acts: {phase.payer!r} is no person's account",
            "a calendar that the payer has",
            "write `calendar: business_hours`",
        )
    if index == 0 and timing.wait is not None:
        yield Fault(
            (*at, "wait"),
            "`wait` never acts in the first phase: a scheme starts with it",
            "a wait between two phases",
            "remove `wait:`",
        )
    if payments(story, phase)[1] > 1 or uses(phase, "pot") or phase.after == "receipt":
        return
    if timing.delay is not None:
        yield Fault(
            (*at, "delay"),
            f"`delay` never acts: phase {phase.name!r} has a single payment",
            "a delay between payments",
            "write `wait:` for a time before the phase" if index else "remove `delay:`",
        )
    if timing.window is not None and index == 0:
        yield Fault(
            (*at, "window"),
            "`window` never acts: the scheme starts with this single payment",
            "a window over several payments",
            "remove `window:`",
        )
