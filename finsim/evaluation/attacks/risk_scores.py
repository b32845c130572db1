"""The score of an attack with a control group: excess risk, interval, verdict, and what may be claimed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from finsim.evaluation.attacks.claims import claim
from finsim.evaluation.attacks.intervals import excess_chance, excess_risk
from finsim.evaluation.metric import FAIL, NO_POWER, PASS, WARN, Metric, Score, above

POLICY = 0.0001
"""Share of successful attacks that policies name (0.01 %); it is claimed only where the attacks suffice."""


def risk_score(
    metric: Metric[Any],
    subject: str,
    train: tuple[int, int],
    control: tuple[int, int],
    note: str = "",
    scale: float = 1.0,
    spread: float = 1.0,
) -> Score:
    """Return the score of an attack: (hits, attacks) on training records and on the control group.

    ``spread`` is the design effect of hits that come an entity at a time.

    pass: the excess risk is at most the goal, and more than twice the goal would have been seen. fail: the
    whole interval is above the goal; among the scores of a use Holm decides, from ``p``. no power: twice the
    goal could have been missed.
    """
    goal = metric.delta
    risk = excess_risk(train, control, scale, spread)
    attacks = min(train[1], control[1])
    verdict, reason = PASS, ""
    if risk.low > goal:
        verdict = FAIL
        reason = f"{risk.train:.2%} of attacks succeed on training records, {risk.control:.2%} on others"
    elif risk.high > 2.0 * goal:
        needed = int(np.ceil(attacks * ((risk.high - risk.value) / goal) ** 2))
        verdict = NO_POWER
        reason = (
            f"a risk of {risk.high:.2g} could have been missed; needs {needed:,} attacks (has {attacks:,})"
        )
    elif risk.value > goal:
        verdict, reason = WARN, f"{above(risk.value, goal)}; the interval reaches below"
    excess = max(int(np.ceil(train[0] - train[1] * risk.control - 1e-9)), 0)
    said = claim(POLICY, min(excess, train[1]), train[1]) if train[1] else ""
    told = (
        f"{train[0]:,} of {train[1]:,} attacks on training records succeed, {control[0]:,} of {control[1]:,} "
        f"on the control group; beyond the control: {said}"
    )
    told += f"; hits of one entity hang together: as {attacks / spread:,.0f} attacks" if spread > 1.0 else ""
    full = f"{note}; {told}" if note else told
    found = metric.scored(
        subject, risk.value, (risk.low, risk.high), attacks, (0.0, 1.0, goal), (verdict, reason), full
    )
    return replace(found, p=excess_chance(train, control, goal, scale, spread))
