"""One scheme from its narrative: phases to payments with times, sums, conditions and retries."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from finsim.agents.arrivals import Arrival
from finsim.agents.casting import Member
from finsim.agents.clauses import Amount, Phase
from finsim.agents.motifs import Edge, Shape, edges
from finsim.agents.narrative import Narrative
from finsim.agents.plan import PERIOD_END, TIMEOUT, Scheme, Step
from finsim.agents.population import Population
from finsim.agents.sums import Purse, Sum, shares
from finsim.agents.timing import Hours
from finsim.agents.vocabulary import CHANNEL, PURPOSE
from finsim.kernels.ledger import OF_ATTEMPT

_SECOND = 1_000_000_000
_RETRIES, _MOST = 2, 400
_MEAN_RETRY = 100.0  # assumption: seconds until a declined payment is tried again with half the sum


@dataclass(frozen=True)
class Stage:
    """What all schemes of one narrative share: codes of its words, the clock, and mule settings."""

    narrative: Narrative
    code: int
    typologies: tuple[str, ...]
    phases: tuple[str, ...]
    roles: tuple[str, ...]
    population: Population
    hours: Hours
    mules: dict[str, float]


@dataclass
class _Acting:
    """The scheme under way: steps so far, when each account last received money, slots given out."""

    arrival: Arrival
    cast: dict[str, list[Member]]
    purse: Purse
    rng: np.random.Generator
    end: int
    ready: dict[int, int] = field(default_factory=dict)
    pots: dict[int, int] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)
    attempts: int = 0

    def pot(self, member: Member) -> int:
        return self.pots.setdefault(member.account, len(self.pots))


def stage_scheme(
    stage: Stage, arrival: Arrival, members: dict[str, list[Member]], rng: np.random.Generator
) -> Scheme:
    """Return the planned payments of one scheme.

    A pure function of the narrative, the arrival, its members and its own stream.
    """
    story = stage.narrative
    acting = _Acting(
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
    nobody = Member(0, -1, "")
    return Purse(stage.narrative, 0, stage.population).sum(amount, (nobody, nobody), None, True, rng).amount


def _play(stage: Stage, phase: Phase, position: int, acting: _Acting) -> None:
    """Add the payments of one phase."""
    rng = acting.rng
    if rng.random() >= phase.chance:
        return
    slow = 1.0 + 3.0 * stage.narrative.level("chain_delay")
    wait = phase.timing.wait.sample(rng) * slow if phase.timing.wait and acting.steps else 0.0
    begin = acting.end + int(wait * _SECOND)
    covering = _covering(phase, acting) if phase.count == "cover" else []
    found = _edges(stage, phase, len(covering), acting)
    moments = _moments(stage, phase, found, begin, acting)
    parts = _parts(phase.amount, found, acting)
    for index, (edge, part, ts) in enumerate(zip(found, parts, moments, strict=True)):
        at = max(ts, acting.arrival.start)
        if phase.amount.fraction_of == "pot" and edge.payer.account in acting.ready:
            at = max(at, acting.ready[edge.payer.account] + _delay(stage, phase, acting))
            at = stage.hours.place(at, _calendar(phase, rng), edge.payer.account, rng)
        if covering:
            worth = covering[index]
        else:
            worth = acting.purse.sum(phase.amount, (edge.payer, edge.payee), part, index == 0, rng)
        _emit(stage, phase, position, edge, at, worth, acting)


def _covering(phase: Phase, acting: _Acting) -> list[Sum]:
    """Return fixed sums that together reach the proceeds, at most 400."""
    nobody = Member(0, -1, "")
    found: list[Sum] = []
    left = acting.purse.proceeds
    while left > 0 and len(found) < _MOST:
        found.append(acting.purse.sum(phase.amount, (nobody, nobody), None, True, acting.rng))
        left -= found[-1].amount
    return found


def _count(stage: Stage, phase: Phase, acting: _Acting) -> int:
    if phase.count == "cover":
        return 0
    form = stage.narrative.variants.get(acting.arrival.variant)
    draw = form.counts.get(phase.name, phase.count) if form else phase.count
    return max(0, round(draw.sample(acting.rng)))


def _edges(stage: Stage, phase: Phase, covering: int, acting: _Acting) -> list[Edge]:
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
    found = edges(phase.motif, shape, rng)
    if phase.motif == "pairs":
        return found
    return [edge for edge in found for _ in range(count)]


def _calendar(phase: Phase, rng: np.random.Generator) -> str:
    return phase.timing.calendar if rng.random() < phase.timing.weight else "any"


def _delay(stage: Stage, phase: Phase, acting: _Acting) -> int:
    """Return the ns between two payments; mules of a chain hold money as long as the scenario says."""
    rng = acting.rng
    low, high = stage.mules.get("dwell_low", 0.0), stage.mules.get("dwell_high", 0.0)
    if phase.motif == "chain" and 0.0 < low <= high:
        hours = float(np.exp(rng.uniform(np.log(low), np.log(high))))
        return int(hours * 3_600 * _SECOND)
    slow = 1.0 + 3.0 * stage.narrative.level("chain_delay")
    return int(phase.timing.delay.sample(rng) * slow * _SECOND) if phase.timing.delay else 60 * _SECOND


def _moments(stage: Stage, phase: Phase, found: list[Edge], begin: int, acting: _Acting) -> list[int]:
    """Return a time per edge: spread over the window, or one delay after the other."""
    rng = acting.rng
    if phase.timing.window is not None:
        raw = sorted(begin + int(u * phase.timing.window * _SECOND) for u in rng.random(len(found)))
        if not acting.steps and raw:
            raw[0] = begin
    elif phase.amount.fraction_of == "pot":
        raw = [begin] * len(found)
    else:
        raw, now = [], begin
        for index in range(len(found)):
            now += _delay(stage, phase, acting) if index else 0
            raw.append(now)
    hidden = stage.narrative.level("mimic_hours")
    moments = []
    for edge, ts in zip(found, raw, strict=True):
        calendar = "waking" if rng.random() < hidden else _calendar(phase, rng)
        if phase.timing.calendar == "business_hours" and calendar == "waking":
            calendar = "business_hours"
        moment = stage.hours.place(ts, calendar, edge.payer.account, rng)
        # A scheme that starts on the last day acts on that day.
        late = not acting.steps and moment >= stage.hours.settings.end_ns
        moments.append(ts if late else moment)
    return sorted(moments) if phase.amount.fraction_of != "pot" else moments


def _parts(amount: Amount, found: list[Edge], acting: _Acting) -> list[float | None]:
    """Return each edge's share where a phase splits a whole: the pot of each payer, or the proceeds."""
    whole = amount.start if amount.start is not None else amount
    if whole.fraction_of not in ("pot", "proceeds", "limit") or whole.share is None:
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


def _pick(mix: dict[str, float], rng: np.random.Generator) -> str:
    names = list(mix)
    if len(names) == 1:
        return names[0]
    weight = np.array([mix[name] for name in names])
    return names[int(rng.choice(len(names), p=weight / weight.sum()))]


def _purpose(stage: Stage, phase: Phase, edge: Edge, rng: np.random.Generator) -> int:
    """Return the purpose: as the phase says, else the category of the shop, else a transfer."""
    if phase.purpose:
        return PURPOSE[_pick(phase.purpose, rng)]
    if edge.payee.shop >= 0:
        return int(stage.population.merchants.category[edge.payee.shop])
    return PURPOSE["transfer"]


def _emit(
    stage: Stage, phase: Phase, position: int, edge: Edge, ts: int, worth: Sum, acting: _Acting
) -> None:
    """Add one payment, and the retries that follow should it be declined."""
    rng = acting.rng
    names = [item.name for item in stage.narrative.phases]
    shop = edge.payee.shop if edge.payee.shop >= 0 else edge.payer.shop
    step = Step(
        ts=ts,
        payer=edge.payer.account,
        payee=edge.payee.account,
        merchant=shop,
        amount=worth.amount,
        channel=CHANNEL[_pick(phase.channel, rng)],
        purpose=_purpose(stage, phase, edge, rng),
        phase=stage.phases.index(phase.name),
        role=stage.roles.index(edge.payer.role),
        mode=worth.mode,
        share=worth.share,
        low=worth.low,
        high=worth.high,
        step=worth.step,
        attempt=acting.attempts,
        retry=False,
        tally=position,
        until=phase.until,
        gate=names.index(phase.needs.phase) if phase.needs else -1,
        gate_count=phase.needs.posted if phase.needs else 0,
        abandon=False,
        pot_from=acting.pot(edge.payer),
        pot_to=acting.pot(edge.payee),
        fraud=phase.name in stage.narrative.labels.fraud,
        laundering=phase.name in stage.narrative.labels.laundering,
    )
    acting.attempts += 1
    for _ in range(_RETRIES + 1):
        u = rng.random()
        halves = u < phase.on_decline.halve
        gives_up = not halves and u < phase.on_decline.halve + phase.on_decline.abandon
        acting.steps.append(replace(step, abandon=gives_up))
        if not halves:
            break
        later = step.ts + int(20 * _SECOND + rng.exponential(_MEAN_RETRY) * _SECOND)
        step = replace(step, ts=later // 1_000_000 * 1_000_000, retry=True, mode=OF_ATTEMPT, share=0.5)
    last = acting.steps[-1].ts
    acting.end = max(acting.end, ts)
    acting.ready[edge.payee.account] = max(acting.ready.get(edge.payee.account, 0), last + 1_000_000)


def _within(stage: Stage, acting: _Acting) -> tuple[list[Step], int]:
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
