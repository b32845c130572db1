"""Turn the phases of one narrative into payments with times, amounts, conditions and retries."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from finsim.agents.narratives.narrative import Narrative
from finsim.agents.narratives.narrative_blocks import Amount, Phase
from finsim.agents.narratives.story_faults import uses
from finsim.agents.schemes.payment_amounts import NOBODY, Purse, Sum, shares
from finsim.agents.schemes.payment_motifs import Edge, Shape, edges
from finsim.agents.schemes.phase_moments import moments, moments_after, waiting
from finsim.agents.schemes.planned_payment import Acting, Stage, emit
from finsim.agents.schemes.role_casting import Member
from finsim.agents.schemes.scheme_plan import PERIOD_END, TIMEOUT, Scheme, Step
from finsim.agents.schemes.start_times import Arrival

_SECOND = 1_000_000_000
_MOST = 400


def stage_scheme(
    stage: Stage, arrival: Arrival, members: dict[str, list[Member]], rng: np.random.Generator
) -> Scheme:
    """Return the planned payments of one scheme.

    A pure function of the narrative, the arrival, its members and its own stream.
    """
    story = stage.narrative
    acting = Acting(
        arrival, members, Purse(story, _proceeds(stage, arrival, rng), stage.population), rng, arrival.start
    )
    for position, phase in enumerate(story.phases):
        _play(stage, phase, position, acting)
    kept, cut = _within(stage, acting)
    stop = story.stop
    lead = next(iter(members.values()))[0]
    limit = int(stage.population.accounts.overdraft[lead.account])
    return Scheme(
        id=arrival.id,
        narrative=stage.code,
        typology=stage.typologies.index(_typology(story, arrival)),
        decoy=story.decoy,
        start=arrival.start,
        max_declines=stop.declines or 0 if stop else 0,
        spent_limit=int(limit * stop.spent) if stop and stop.spent else 0,
        cut=cut,
        planned=tuple(
            (stage.phases.index(phase.name), acting.planned[position])
            for position, phase in enumerate(story.phases)
        ),
        attempts=acting.attempts,
        tallies=len(story.phases),
        pots=len(acting.pots),
        steps=tuple(kept),
    )


def _typology(story: Narrative, arrival: Arrival) -> str:
    form = story.variants.get(arrival.variant)
    return form.typology if form and form.typology else story.typology[0]


def _proceeds(stage: Stage, arrival: Arrival, rng: np.random.Generator) -> int:
    """Return the money of the scheme in cents; 0 for a story without proceeds."""
    form = stage.narrative.variants.get(arrival.variant)
    amount = form.proceeds if form and form.proceeds else stage.narrative.proceeds
    if amount is None:
        return 0
    return Purse(stage.narrative, 0, stage.population).sum(amount, (NOBODY, NOBODY), None, True, rng).amount


def _play(stage: Stage, phase: Phase, position: int, acting: Acting) -> None:
    """Add the payments of one phase."""
    if acting.rng.random() >= phase.chance:
        return
    covering = _covering(phase, acting) if phase.count == "cover" else []
    found = _edges(stage, phase, len(covering), acting)
    if phase.after == "receipt" or (uses(phase, "pot") and not phase.after):
        return _pass_on(stage, phase, position, found, acting)
    begin = {"": acting.end, "start": acting.arrival.start}.get(
        phase.after, acting.ends.get(phase.after, acting.end)
    )
    parts = _parts(phase.amount, found, acting)
    times = moments(stage, phase, found, begin + waiting(stage, phase, acting), acting)
    for index, (edge, part, ts) in enumerate(zip(found, parts, times, strict=True)):
        if covering:
            worth = covering[index]
        else:
            worth = acting.purse.sum(phase.amount, (edge.payer, edge.payee), part, index == 0, acting.rng)
        emit(stage, phase, position, edge, max(ts, acting.arrival.start), worth, acting)
    return None


def _pass_on(stage: Stage, phase: Phase, position: int, found: list[Edge], acting: Acting) -> None:
    """Add payments that follow what their payers received: each payer by its own clock, layer by layer."""
    first = True
    for key in dict.fromkeys((edge.layer, edge.payer.account) for edge in found):
        mine = [edge for edge in found if (edge.layer, edge.payer.account) == key]
        received = acting.receipts.get(key[1], [])
        if phase.after != "receipt":
            received = [max(received)] if received else [(acting.end, acting.end)]
        for receipt in list(received):
            parts = _parts(phase.amount, mine, acting)
            times = moments_after(stage, phase, mine, receipt, acting)
            for edge, part, ts in zip(mine, parts, times, strict=True):
                worth = acting.purse.sum(phase.amount, (edge.payer, edge.payee), part, first, acting.rng)
                emit(stage, phase, position, edge, ts, worth, acting)
                first = False


def _covering(phase: Phase, acting: Acting) -> list[Sum]:
    """Return fixed sums that together reach the proceeds, at most 400."""
    found: list[Sum] = []
    left = acting.purse.proceeds
    while left > 0 and len(found) < _MOST:
        found.append(acting.purse.sum(phase.amount, (NOBODY, NOBODY), None, True, acting.rng))
        left -= found[-1].amount
    return found


def _count(stage: Stage, phase: Phase, acting: Acting) -> int:
    if phase.count == "cover":
        return 0
    form = stage.narrative.variants.get(acting.arrival.variant)
    draw = form.counts.get(phase.name, phase.count) if form else phase.count
    return max(0, round(draw.sample(acting.rng)))


def _edges(stage: Stage, phase: Phase, covering: int, acting: Acting) -> list[Edge]:
    rng = acting.rng
    count = covering or _count(stage, phase, acting)
    hops = round(phase.hops.sample(rng))
    if phase.motif == "chain" and "hops_low" in stage.mules and "hops_high" in stage.mules:
        hops = round(float(rng.uniform(stage.mules["hops_low"] - 0.5, stage.mules["hops_high"] + 0.5)))
    shape = Shape(
        payers=acting.cast[phase.payer],
        payees=acting.cast[phase.to],
        via=acting.cast[phase.via] if phase.via else (),
        count=count,
        hops=hops,
        degree=max(1, round(phase.degree.sample(rng))),
    )
    if phase.motif == "pairs" and phase.after == "receipt":
        each = (replace(shape, payers=[payer]) for payer in shape.payers)
        return [edge for one in each for edge in edges(phase.motif, one, rng)]
    found = edges(phase.motif, shape, rng)
    if phase.motif == "pairs":
        return found
    return [edge for edge in found for _ in range(count)]


def _parts(amount: Amount, found: list[Edge], acting: Acting) -> list[float | None]:
    """Return each edge's share where a phase splits a whole: the pot of each payer, or the proceeds."""
    whole = amount.start if amount.start is not None else amount
    if whole.fraction_of not in ("pot", "proceeds") or whole.share is None:
        return [None] * len(found)
    rng = acting.rng
    if amount.start is not None:
        return [whole.share.sample(rng) for _ in found]
    parts: list[float | None] = [None] * len(found)
    key = [edge.payer.account if whole.fraction_of != "proceeds" else 0 for edge in found]
    for payer in dict.fromkeys(key):
        mine = [index for index, owner in enumerate(key) if owner == payer]
        total = whole.share.sample(rng)
        if whole.fraction_of == "pot":
            split = shares(len(mine), min(total, 1.0), rng)
        else:
            split = [float(value) for value in rng.dirichlet(np.full(len(mine), 4.0)) * total]
        for index, value in zip(mine, split, strict=True):
            parts[index] = value
    return parts


def _within(stage: Stage, acting: Acting) -> tuple[list[Step], int]:
    """Return the steps before the timeout and the end of the period, and what was cut (0: nothing)."""
    story, end = stage.narrative, stage.hours.settings.end_ns
    kept = [step for step in acting.steps if step.ts < end]
    cut = PERIOD_END if len(kept) < len(acting.steps) else 0
    if story.stop and story.stop.timeout:
        limit = acting.arrival.start + int(story.stop.timeout * _SECOND)
        inside = [step for step in kept if step.ts < limit]
        cut = TIMEOUT if len(inside) < len(kept) else cut
        kept = inside
    return kept, cut
