"""One planned payment of a scheme: channel, purpose, conditions and retries."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from finsim.agents.narratives.narrative import Narrative
from finsim.agents.narratives.narrative_blocks import Phase
from finsim.agents.narratives.quantities import MOST_PAYMENTS
from finsim.agents.population.population import Population
from finsim.agents.schemes.evasion import ordinary_way, outside_sorts
from finsim.agents.schemes.payment_amounts import Purse, Sum
from finsim.agents.schemes.payment_motifs import Edge
from finsim.agents.schemes.payment_times import SchemeClock
from finsim.agents.schemes.role_casting import Member
from finsim.agents.schemes.scheme_plan import Step
from finsim.agents.schemes.start_times import Arrival
from finsim.agents.vocabulary import CHANNEL, PURPOSE
from finsim.errors import StudyError
from finsim.kernels.ledger import OF_ATTEMPT

_SECOND, _MILLI = 1_000_000_000, 1_000_000
_RETRIES = 2
_MEAN_RETRY = 100.0  # assumption: seconds until a declined payment is tried again with half the sum
# Whoever is paid leaves no choice: ordinary payments to these have one purpose too. Cash pays in as cash.
SETTLED = {"cash": "cash", "exchange": "investment", "remitter": "family"}
_CARD = ("card_present", "card_not_present")


@dataclass(frozen=True)
class Stage:
    """What all schemes of one narrative share: codes of its words, the clock, and mule settings.

    ``sort`` names the sort of outside accounts that settle channel or purpose, by account position.
    """

    narrative: Narrative
    code: int
    typologies: tuple[str, ...]
    phases: tuple[str, ...]
    roles: tuple[str, ...]
    population: Population
    hours: SchemeClock
    mules: dict[str, float]
    sort: Mapping[int, str]

    @cached_property
    def sides(self) -> dict[int, str]:
        """The sort of outside accounts that stand for people or firms, by position."""
        return outside_sorts(self.population.outside)


@dataclass
class Acting:
    """The scheme under way: steps so far, what each account received when, slots given out.

    ``receipts`` are two times (ns) of each payment to an account: when it comes, and when it is there after
    a decline and all retries. ``ends`` is the last payment of each phase, ``planned`` counts its payments.
    """

    arrival: Arrival
    cast: dict[str, list[Member]]
    purse: Purse
    rng: np.random.Generator
    end: int
    receipts: dict[int, list[tuple[int, int]]] = field(default_factory=dict)
    ends: dict[str, int] = field(default_factory=dict)
    planned: Counter[int] = field(default_factory=Counter)
    pots: dict[int, int] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)
    attempts: int = 0

    def pot(self, member: Member) -> int:
        """Return the pot slot of a member's account; a new one at its first payment."""
        return self.pots.setdefault(member.account, len(self.pots))


def settling_sorts(outside: Mapping[str, np.ndarray]) -> dict[int, str]:
    """Return the sort of outside accounts that settle channel or purpose, by position.

    One that stands for several sorts settles nothing.
    """
    sorts = Counter(int(one) for rows in outside.values() for one in rows)
    return {int(one): name for name in SETTLED for one in outside[name] if sorts[int(one)] == 1}


def _pick(mix: dict[str, float], rng: np.random.Generator) -> str:
    left = float(rng.random()) * sum(mix.values())
    for name, weight in mix.items():
        left -= weight
        if left < 0:
            return name
    return next(reversed(mix))


def _way(stage: Stage, phase: Phase, edge: Edge, rng: np.random.Generator) -> tuple[int, int]:
    """Return channel and purpose: by chance of mimic_channels those of ordinary life, else the phase's."""
    level = stage.narrative.level("mimic_channels")
    if level > 0.0 and edge.payee.shop < 0 and edge.payer.shop < 0 and rng.random() < level:
        ends = (edge.payer.account, edge.payee.account)
        kinds = tuple(int(stage.population.accounts.kind[end]) for end in ends)
        sorts = tuple(stage.sides.get(end, "") for end in ends)
        found = ordinary_way((kinds[0], kinds[1]), (sorts[0], sorts[1]), rng)
        if found is not None:
            return found
    return _channel(stage, phase, edge, rng), _purpose(stage, phase, edge, rng)


def _channel(stage: Stage, phase: Phase, edge: Edge, rng: np.random.Generator) -> int:
    """Return the channel; a shop without a counter, or without a web shop, settles which card channel."""
    name = _pick(phase.channel, rng)
    if "cash" in (stage.sort.get(edge.payee.account), stage.sort.get(edge.payer.account)):
        return CHANNEL["cash"]
    shops, shop = stage.population.merchants, edge.payee.shop
    if shop >= 0 and name in _CARD:
        online = float(shops.online[shop])
        name = _CARD[1] if online >= 1.0 else _CARD[0] if online <= 0.0 else name
    return CHANNEL[name]


def _purpose(stage: Stage, phase: Phase, edge: Edge, rng: np.random.Generator) -> int:
    """Return the purpose: what the payee or cash settles, else as the phase says, else a transfer."""
    settled = SETTLED.get(stage.sort.get(edge.payee.account, ""))
    if stage.sort.get(edge.payer.account) == "cash":
        settled = SETTLED["cash"]
    if settled:
        return PURPOSE[settled]
    if phase.purpose:
        return PURPOSE[_pick(phase.purpose, rng)]
    if edge.payee.shop >= 0:
        return int(stage.population.merchants.category[edge.payee.shop])
    return PURPOSE["transfer"]


def _gate(stage: Stage, phase: Phase) -> int:
    """Return the position of the phase that must have succeeded, -1 for none."""
    if phase.needs is None:
        return -1
    return next(k for k, item in enumerate(stage.narrative.phases) if item.name == phase.needs.phase)


def emit(stage: Stage, phase: Phase, position: int, edge: Edge, ts: int, worth: Sum, acting: Acting) -> None:
    """Add one payment, and the retries that follow should it be declined."""
    rng = acting.rng
    shop = edge.payee.shop if edge.payee.shop >= 0 else edge.payer.shop
    on_decline = phase.on_decline
    marks = [float(rng.random()) for _ in range(_RETRIES + 1)]
    halves = [u < on_decline.halve for u in marks]
    gives_up = [on_decline.halve <= u < on_decline.halve + on_decline.abandon for u in marks]
    channel, purpose = _way(stage, phase, edge, rng)
    step = Step(
        ts=ts,
        payer=edge.payer.account,
        payee=edge.payee.account,
        merchant=shop,
        amount=worth.amount,
        channel=channel,
        purpose=purpose,
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
        gate=_gate(stage, phase),
        gate_count=phase.needs.posted if phase.needs else 0,
        abandon=gives_up[0],
        pot_from=acting.pot(edge.payer),
        pot_to=acting.pot(edge.payee),
        fraud=phase.name in stage.narrative.labels.fraud,
        laundering=phase.name in stage.narrative.labels.laundering,
        unreported=phase.name in stage.narrative.labels.unreported,
    )
    acting.attempts += 1
    acting.planned[position] += 1
    if acting.attempts > MOST_PAYMENTS:
        raise _too_many(stage, phase)
    acting.steps.append(step)
    last = ts
    for number in range(_RETRIES):
        if not halves[number]:
            break
        wait = int((20 + rng.exponential(_MEAN_RETRY)) * _SECOND)
        last = (last + wait) // 1_000_000 * 1_000_000
        abandon = gives_up[number + 1]
        acting.steps.append(replace(step, ts=last, retry=True, mode=OF_ATTEMPT, share=0.5, abandon=abandon))
    acting.end = max(acting.end, ts)
    acting.ends[phase.name] = max(acting.ends.get(phase.name, 0), ts)
    acting.receipts.setdefault(edge.payee.account, []).append((ts, last + _MILLI))


def _too_many(stage: Stage, phase: Phase) -> StudyError:
    return StudyError(
        f"a scheme of {stage.narrative.id} plans more than {MOST_PAYMENTS:,} payments",
        place=f"narrative {stage.narrative.id}: phase {phase.name}",
        expected=f"at most {MOST_PAYMENTS:,} in one scheme",
        remedy="lower its count, or the members of its roles",
    )
