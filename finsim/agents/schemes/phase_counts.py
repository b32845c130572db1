"""What came of the payments of each phase: planned, posted, declined, dropped."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from finsim.agents.schemes.scheme_plan import SchemePlan
from finsim.kernels.ledger import DECLINED, POSTED
from finsim.notation import Array
from finsim.records.phase_counts import PhaseCount


def phase_counts(plan: SchemePlan, outcome: Array) -> tuple[PhaseCount, ...]:
    """Return a count per narrative and phase that planned something, in the order of the words.

    ``outcome`` uint8[attempts]: what the ledger noted of each payment, its retries included. A payment that
    was posted in the end is posted; one that was only ever declined is declined; one that was never tried,
    because the pot was empty, a condition did not hold or time was over, is dropped.
    """
    first = ~plan.steps.retry
    attempt, phase = plan.steps.attempt[first], plan.phase[first]
    narrative = plan.narrative[plan.steps.scheme[first]]
    found = []
    for story, code in zip(*np.nonzero(plan.planned), strict=True):
        mine = outcome[attempt[(narrative == story) & (phase == code)]]
        planned = int(plan.planned[story, code])
        posted, declined = int((mine == POSTED).sum()), int((mine == DECLINED).sum())
        found.append(
            PhaseCount(
                plan.narratives[story],
                plan.phases[code],
                planned,
                posted,
                declined,
                planned - posted - declined,
            )
        )
    return tuple(found)


def empty_remarks(counts: Iterable[PhaseCount]) -> tuple[str, ...]:
    """Return a remark for every phase that planned payments and posted none."""
    return tuple(
        f"{one.narrative}: phase {one.phase!r} posted none of {one.planned:,} planned payments "
        f"({one.declined:,} declined, {one.dropped:,} dropped)"
        for one in counts
        if one.posted == 0
    )


def shortage_remarks(
    narrative: str, due: int, shortages: Sequence[Mapping[str, tuple[int, int]]]
) -> list[str]:
    """Return remarks of schemes that were not made, or with fewer members than drawn.

    ``shortages``: by scheme, role -> members drawn and found; empty where all were found.
    """
    found = []
    failed = [short for short in shortages if any(made == 0 for _, made in short.values())]
    if failed:
        roles = sorted({role for short in failed for role, (_, made) in short.items() if made == 0})
        found.append(
            f"{narrative}: {due:,} schemes were due, {due - len(failed):,} made: "
            f"nobody fits role {', '.join(map(repr, roles))} at the start of the others"
        )
    part = [short for short in shortages if short and all(made for _, made in short.values())]
    for role in sorted({role for short in part for role in short}):
        asked = sum(short[role][0] for short in part if role in short)
        made = sum(short[role][1] for short in part if role in short)
        number = sum(role in short for short in part)
        found.append(
            f"{narrative}: role {role!r} asked for {asked:,} members in {number:,} schemes, {made:,} fit"
        )
    return found
