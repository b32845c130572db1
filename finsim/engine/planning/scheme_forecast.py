"""Schemes and illicit rows to expect of each narrative, from planned schemes that are posted alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from math import ceil
from typing import Any

import numpy as np

from finsim.agents.ledger_posting import posted_alone
from finsim.agents.narratives.narrative import Narrative
from finsim.agents.population.population import Population, build_population
from finsim.agents.schemes.scheme_generation import scheme_orders
from finsim.agents.schemes.start_times import expected_schemes, mean_factor
from finsim.agents.settings import NarrativeUse, Settings
from finsim.engine.planning.trial_run import LARGEST_WORLD
from finsim.engine.study.study_resolution import Plan, agent_settings
from finsim.evaluation.utility.detection import LEAST_ROWS, LEAST_SCHEMES, TRAIN_SHARE

FEWEST_ROWS = ceil(LEAST_ROWS / (1 - TRAIN_SHARE))
FEWEST_SCHEMES = ceil(LEAST_SCHEMES / (1 - TRAIN_SHARE))
"""What a world needs so that the later part of it can test a detector (evaluation.utility.detection)."""

PLANNED_SCHEMES = 250
"""assumption: schemes of a narrative that are planned one by one (about 1 ms each); more are thinned."""


@dataclass(frozen=True)
class SchemeForecast:
    """What one narrative gives in one scenario: schemes, rows with an illicit label, and all its rows.

    ``source`` is where its numbers come from, as its file says.
    """

    scenario: str
    narrative: str
    schemes: int
    illicit_rows: int
    rows: int
    decoy: bool
    source: str

    @property
    def is_too_few(self) -> bool:
        """Whether a detector that is trained on the first part cannot be tested on the rest."""
        few = self.illicit_rows < FEWEST_ROWS or self.schemes < FEWEST_SCHEMES
        return few and not self.decoy

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return {**asdict(self), "too_few_to_train_on": self.is_too_few}


def forecast_schemes(plan: Plan) -> tuple[SchemeForecast, ...]:
    """Return the forecast of every scenario and narrative of a study, in their order.

    The schemes of the run itself are planned, and posted to a ledger that holds nothing else. Of a narrative
    with more than 250 schemes a sample is, and of a world with more than 200,000 accounts a smaller one; the
    schemes are then the expected ones, with the rows of the planned ones. Deterministic in study and seed.
    """
    if plan.study.transactions is None or not plan.narratives:
        return ()
    settings = agent_settings(plan)
    part = min(1.0, LARGEST_WORLD / settings.accounts)
    world = replace(settings, accounts=round(settings.accounts * part))
    population = build_population(world, plan.streams)
    found: list[SchemeForecast] = []
    for label in plan.scenarios:
        found += _forecast(plan, label, world, population, part)
    return tuple(found)


def _forecast(
    plan: Plan, label: str, world: Settings, population: Population, part: float
) -> Iterator[SchemeForecast]:
    drivers = plan.drivers[label]
    uses = {use.id: use for use in world.narratives}
    expected: dict[str, float] = {}
    thinned: list[NarrativeUse] = []
    for story in plan.narratives:
        small = _thinned(uses[story.id], story, part, follows_accounts=True)
        base = expected_schemes(story, small, population, world)
        stressed = base * mean_factor(story, world, drivers)
        expected[story.id] = stressed / part
        share = min(1.0, PLANNED_SCHEMES / stressed) if stressed else 1.0
        thinned.append(_thinned(small, story, share))
    sample = replace(world, narratives=tuple(thinned))
    orders, schemes = scheme_orders(population, plan.narratives, sample, plan.streams, drivers)
    has_row = posted_alone(population, orders, schemes)
    step = orders.plan_row[has_row]
    told = schemes.narrative[schemes.steps.scheme[step]]
    illicit = (schemes.fraud | schemes.laundering)[step]
    size = len(plan.narratives)
    number = np.bincount(schemes.narrative, minlength=size)
    every, bad = np.bincount(told, minlength=size), np.bincount(told, illicit, minlength=size)
    for at, (story, use) in enumerate(zip(plan.narratives, thinned, strict=True)):
        is_whole = use == uses[story.id]
        count = float(number[at]) if is_whole else expected[story.id]
        times = count / max(float(number[at]), 1.0)
        source = story.rate.source or f"assumption: {story.rate.assumption}"
        rows = round(float(every[at]) * times)
        yield SchemeForecast(
            label, story.id, round(count), round(float(bad[at]) * times), rows, story.decoy, source
        )


def _thinned(
    use: NarrativeUse, story: Narrative, share: float, follows_accounts: bool = False
) -> NarrativeUse:
    """Return a use with ``share`` of its schemes; a rate per account needs no change in a smaller world."""
    if share >= 1.0:
        return use
    if use.count is not None:
        return replace(use, count=ceil(use.count * share))
    if follows_accounts and story.rate.per != "bank_year":
        return use
    return replace(use, rate=(story.rate.value if use.rate is None else use.rate) * share)
