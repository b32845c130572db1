"""Generate all schemes of a world: start times, roles, planned payments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from finsim.agents.calendar.activity_calendar import season
from finsim.agents.narratives.evasion_dial import dialled
from finsim.agents.narratives.narrative import Narrative
from finsim.agents.narratives.ordinary_ways import strange_ways
from finsim.agents.payment_orders import Orders
from finsim.agents.population.population import Population
from finsim.agents.schemes.casting_by_activity import Activity, cast_by_activity
from finsim.agents.schemes.payment_times import SchemeClock, scheme_hours
from finsim.agents.schemes.phase_counts import shortage_remarks
from finsim.agents.schemes.planned_payment import Stage, settling_sorts
from finsim.agents.schemes.role_casting import (
    Pool,
    account_facts,
    candidates,
    filled,
    refuse_empty,
    refuse_short,
)
from finsim.agents.schemes.scheme_devices import with_devices
from finsim.agents.schemes.scheme_phases import stage_scheme
from finsim.agents.schemes.scheme_plan import Scheme, SchemePlan, lay_plan
from finsim.agents.schemes.start_times import arrivals, expected_schemes, mule_settings
from finsim.agents.settings import NarrativeUse, Settings
from finsim.errors import StudyError
from finsim.randomness import Streams
from finsim.records.drivers import Drivers

MOST_PLANNED = 5_000_000
"""The most payments that the schemes of one world may plan: each is an object until the plan is laid."""


def scheme_orders(
    population: Population,
    narratives: Sequence[Narrative],
    settings: Settings,
    streams: Streams,
    drivers: Drivers,
    clock: SchemeClock | None = None,
    activity: Activity | None = None,
) -> tuple[Orders, SchemePlan]:
    """Return the planned orders of all schemes, sorted by (ts, order_id), and the plan behind them.

    ``clock`` places payments in time; None for the simulated calendar. ``activity`` is that of accounts of
    which nothing else is known: roles are then cast by it. Every scheme has its own stream, so a
    scenario that adds schemes leaves the others as they are.
    Raises StudyError when a narrative is not used by the study or nobody fits a role, ScenarioError for
    intensities that cannot be simulated.
    """
    uses = {use.id: use for use in settings.narratives}
    narratives = [dialled(story, settings.evade) for story in narratives]
    words = vocabulary(narratives)
    hours = clock or scheme_hours(population, settings, season(settings))
    facts = account_facts(population)
    mules = mule_settings(drivers)
    recruit = max(mules.get("recruit_mult", 1.0), 1e-9)
    sort = settling_sorts(population.outside)
    schemes: list[Scheme] = []
    remarks: list[str] = []
    planned = 0
    for position, narrative in enumerate(narratives):
        own = streams.under("agents", "schemes", narrative.id)
        use = _use(narrative, uses)
        expected = expected_schemes(narrative, use, population, settings)
        if expected == 0:
            continue
        who = {
            name: candidates(role, population, facts, pool)
            if activity is None
            else cast_by_activity(narrative, name, population, activity, pool)
            for name, role in narrative.roles.items()
            for pool in [Pool(expected, recruit, own.under("role", name))]
        }
        refuse_empty(narrative, who)
        remarks += [f"{narrative.id}: {text}" for text in strange_ways(narrative)]
        stage = Stage(narrative, position, words[1], words[2], words[3], population, hours, mules, sort)
        starts = arrivals(narrative, position, (expected, use.count is not None), settings, own, drivers)
        shortages = []
        for arrival in starts:
            script = own.under("scheme", arrival.id)
            at = (settings, arrival.start, script.under("cast"))
            members, short = filled(narrative, who, population, *at)
            if use.count is not None:
                day = np.datetime64(arrival.start, "ns").astype("datetime64[D]")
                refuse_short(narrative, short, who, population, day)
            shortages.append(short)
            if all(members.values()):
                made = stage_scheme(stage, arrival, members, script.at("stage"))
                gear = script.at("devices")
                outside = population.accounts.external
                schemes.append(with_devices(made, narrative, (words[2], words[3]), outside, gear))
                planned += len(schemes[-1].steps)
                _refuse_many(narrative, planned)
        remarks += shortage_remarks(narrative.id, len(starts), shortages)
    orders, plan = lay_plan(schemes, words)
    return orders, replace(plan, remarks=tuple(remarks))


def _refuse_many(narrative: Narrative, planned: int) -> None:
    """Raise StudyError when all schemes of a world plan more payments than can be held."""
    if planned > MOST_PLANNED:
        raise StudyError(
            f"the schemes up to {narrative.id} plan more than {MOST_PLANNED:,} payments",
            place="narratives",
            expected=f"at most {MOST_PLANNED:,}",
            remedy="lower its rate, its counts or its members",
        )


def _use(narrative: Narrative, uses: dict[str, NarrativeUse]) -> NarrativeUse:
    if narrative.id in uses:
        return uses[narrative.id]
    raise StudyError(
        f"narrative {narrative.id!r} is not among the study's narratives",
        place="agents.narratives",
        remedy="add it to the settings",
    )


def vocabulary(
    narratives: Sequence[Narrative],
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Return the words of the label columns: narratives, typologies, phases and roles of all stories."""
    typologies: dict[str, None] = {}
    phases: dict[str, None] = {}
    roles: dict[str, None] = {}
    for story in narratives:
        typologies.update(dict.fromkeys(story.typology))
        typologies.update(dict.fromkeys(v.typology for v in story.variants.values() if v.typology))
        phases.update(dict.fromkeys(phase.name for phase in story.phases))
        roles.update(dict.fromkeys(story.roles))
    return tuple(story.id for story in narratives), tuple(typologies), tuple(phases), tuple(roles)
