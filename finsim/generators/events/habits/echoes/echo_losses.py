"""How well answers of rows are known: the chance of each answer and of its wait, and of none."""

from __future__ import annotations

import numpy as np

from finsim.generators.events.habits.echoes.answering_rows import NANOS_PER_DAY, Sides, answered
from finsim.generators.events.habits.echoes.echo_law import EchoLaw, kinds_of
from finsim.generators.events.habits.echoes.known_companions import companion_losses
from finsim.generators.events.habits.echoes.learned_echoes import Echoes, log_of_rows
from finsim.notation import Float1D, Int1D
from finsim.records.event_log import EventLog

LEAST = 1e-3
"""Chance that any row is answered, or any is not (assumption)."""


def echo_losses(echoes: Echoes, log: EventLog) -> tuple[EventLog, Float1D]:
    """Return the log without later answers in an entity's own rows, and what these cost in nats: float64[E].

    Answers in the partner's rows are not looked for: held-out entities stand without their partners.
    """
    cost = np.zeros(log.count)
    for beside in echoes.companions:
        kept, nats = companion_losses(beside, log)
        cost += nats
        log = log_of_rows(log, kept)
    for law in echoes.answers:
        sides = Sides.of(log)
        if law.turned or sides is None:
            continue
        before = answered(sides, False)[0]
        kind = np.minimum(kinds_of(log.events, log.roles, law.column, echoes.sides), len(law.rate) - 1)
        before = np.where((before >= 0) & (law.rate[kind[before]] > 0), before, -1)
        later = np.flatnonzero(before >= 0)
        chance = np.where(law.rate[kind] > 0, law.rate[kind].clip(LEAST, 1.0 - LEAST), 0.0)
        nats = -np.log1p(-chance)
        nats[later] = 0.0  # an answer is not answered
        wait = (sides.time[later] - sides.time[before[later]]) // NANOS_PER_DAY
        nats[before[later]] = -np.log(chance[before[later]]) - np.log(_of_waits(law, wait))
        cost += np.bincount(log.entity(), nats, log.count)
        kept = np.ones(log.events.rows, dtype=np.bool_)
        kept[later] = False
        log = log_of_rows(log, kept)
    return log, cost


def _of_waits(law: EchoLaw, days: Int1D) -> Float1D:
    """Return the chance of each wait in days."""
    known = np.maximum(law.lag, 0) // NANOS_PER_DAY
    size = int(max(known.max(initial=0), days.max(initial=0))) + 1
    count = np.bincount(known, minlength=size) + 0.5
    return np.asarray(count[days] / count.sum())
