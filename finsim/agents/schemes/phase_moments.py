"""When the payments of one phase happen: after earlier phases, or by each payer's own clock."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from finsim.agents.narratives.evasion_dial import SLOWEST
from finsim.agents.narratives.narrative_blocks import Phase
from finsim.agents.schemes.payment_motifs import Edge
from finsim.agents.schemes.planned_payment import Acting, Stage

_SECOND = 1_000_000_000


def slowness(stage: Stage) -> float:
    """Return what chain_delay multiplies waits and delays by."""
    return 1.0 + (SLOWEST - 1.0) * stage.narrative.level("chain_delay")


def waiting(stage: Stage, phase: Phase, acting: Acting) -> int:
    """Return the ns that a phase waits; none at the start of a scheme."""
    wait = phase.timing.wait
    return int(wait.sample(acting.rng) * slowness(stage) * _SECOND) if wait and acting.steps else 0


def delay(stage: Stage, phase: Phase, acting: Acting) -> int:
    """Return the ns between two payments; mules of a chain hold money as long as the scenario says."""
    rng = acting.rng
    low, high = stage.mules.get("dwell_low", 0.0), stage.mules.get("dwell_high", 0.0)
    if phase.motif == "chain" and 0.0 < low <= high:
        hours = float(np.exp(rng.uniform(np.log(low), np.log(high))))
        return int(hours * 3_600 * _SECOND)
    if phase.timing.delay is None:
        return 60 * _SECOND
    return int(phase.timing.delay.sample(rng) * slowness(stage) * _SECOND)


def placed(stage: Stage, phase: Phase, ts: int, account: int, acting: Acting) -> int:
    """Return an instant moved to the calendar of the phase, or with mimic_hours to ordinary hours."""
    rng, timing = acting.rng, phase.timing
    if rng.random() < stage.narrative.level("mimic_hours"):
        calendar = "business_hours" if timing.calendar == "business_hours" else "waking"
    else:
        calendar = timing.calendar if rng.random() < timing.weight else "any"
    return stage.hours.place(ts, calendar, account, rng)


def moments(stage: Stage, phase: Phase, found: Sequence[Edge], begin: int, acting: Acting) -> list[int]:
    """Return a time per edge: spread over the window, or one delay after the other."""
    rng = acting.rng
    if phase.timing.window is not None:
        raw = sorted(begin + int(u * phase.timing.window * _SECOND) for u in rng.random(len(found)))
        if not acting.steps and raw:
            raw[0] = begin
    else:
        raw, now = [], begin
        for index in range(len(found)):
            now += delay(stage, phase, acting) if index else 0
            raw.append(now)
    made = []
    for edge, ts in zip(found, raw, strict=True):
        moment = placed(stage, phase, ts, edge.payer.account, acting)
        # A scheme that starts on the last day acts on that day.
        late = not acting.steps and moment >= stage.hours.settings.end_ns
        made.append(ts if late else moment)
    return sorted(made)


def moments_after(
    stage: Stage, phase: Phase, mine: Sequence[Edge], receipt: tuple[int, int], acting: Acting
) -> list[int]:
    """Return a time per payment of one payer that comes after a receipt, each by its own delay.

    ``receipt``: when the money is expected, and when it is there after all retries.
    """
    begin = receipt[0] + waiting(stage, phase, acting)
    if phase.timing.window is not None:
        raw = [begin + int(u * phase.timing.window * _SECOND) for u in acting.rng.random(len(mine))]
    else:
        raw = [begin + delay(stage, phase, acting) for _ in mine]
    account = mine[0].payer.account
    return sorted(placed(stage, phase, max(ts, receipt[1]), account, acting) for ts in raw)
