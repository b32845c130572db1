"""Roles by activity: in a table of payments, what an account does is all that is known of its size."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from finsim.agents.narratives.narrative import Narrative
from finsim.agents.population.population import Population
from finsim.agents.schemes.role_casting import Candidates, Pool, account_facts, candidates
from finsim.notation import Bool1D, Float1D


@dataclass(frozen=True)
class Activity:
    """Rows that each account pays and is paid by, float64[A] each; ``able`` bool[A]: who may be cast.

    Of a role that none of those can play anybody is cast. None: anybody of every role.
    """

    pays: Float1D
    paid: Float1D
    able: Bool1D | None = None


def cast_by_activity(
    story: Narrative, name: str, population: Population, activity: Activity, pool: Pool
) -> Candidates:
    """Return who may play a role, weighted by how often they pay or are paid, by both where it does both.

    A narrative's own weights stay unread: drawn in any other way, how often an account occurs in the table
    would tell the rows of its schemes (own).
    """
    role = story.roles[name]
    alike = role.model_copy(update={"select": role.select.model_copy(update={"weight": {}})})
    who = candidates(alike, population, account_facts(population), pool)
    if activity.able is not None and (able := activity.able[who.account]).any():
        who = replace(who, account=who.account[able], shop=who.shop[able])
    if not len(who.account):
        return who
    running = np.cumsum(_weight(story, name, activity)[who.account] + 1e-9)
    u = pool.streams.at("pool").random(len(who.pool))
    return replace(who, running=running, pool=np.searchsorted(running, u * running[-1], side="right"))


def _weight(story: Narrative, name: str, activity: Activity) -> Float1D:
    pays = {phase.payer for phase in story.phases} | {phase.via for phase in story.phases}
    paid = {phase.to for phase in story.phases} | {phase.via for phase in story.phases}
    if name in pays and name in paid:
        both = np.sqrt(activity.pays * activity.paid)
        return both if both.any() else activity.pays
    return activity.pays if name in pays else activity.paid
