"""Schemes and illicit rows to expect of each narrative, from planned schemes that are posted alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from math import ceil
from typing import Any

import numpy as np

from finsim.agents.ledger_posting import posted_alone
from finsim.agents.narratives.narrative import Narrative
from finsim.agents.schemes.start_times import expected_schemes, mean_factor, mule_settings
from finsim.agents.settings import NarrativeUse, Settings
from finsim.engine.planning.trial_run import LARGEST_WORLD
from finsim.engine.stages.payment_world import PaymentWorld, payment_world
from finsim.engine.study.study_resolution import Plan, agent_settings
from finsim.evaluation.utility.detection import LEAST_ROWS, LEAST_SCHEMES, TRAIN_SHARE
from finsim.records.storage import canonical_json

PLANNED_SCHEMES = 150
"""assumption: schemes of a narrative that are planned one by one (about 1 ms each); more are thinned."""


@dataclass(frozen=True)
class SchemeForecast:
    """What one narrative gives in one scenario: schemes, rows with an illicit label, and all its rows.

    ``early_rows`` are the illicit rows of the first 70 % of the days, ``late_rows`` and ``late_schemes``
    those of schemes that begin later: what a detector is trained and tested on. ``source`` is where the
    rate comes from, as the narrative's file says.
    """

    scenario: str
    narrative: str
    schemes: int
    illicit_rows: int
    rows: int
    early_rows: int
    late_rows: int
    late_schemes: int
    decoy: bool
    source: str

    @property
    def is_too_few(self) -> bool:
        """Whether a detector of this narrative alone has too little to be trained on, or tested."""
        return not self.decoy and not detectable([self])

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return {**asdict(self), "too_few_to_train_on": self.is_too_few}


def detectable(forecasts: Iterable[SchemeForecast]) -> bool:
    """Tell whether the schemes of these forecasts are enough for the detector of the evidence."""
    several = list(forecasts)
    early, late = sum(one.early_rows for one in several), sum(one.late_rows for one in several)
    enough = early >= LEAST_ROWS and late >= LEAST_ROWS
    return enough and sum(one.late_schemes for one in several) >= LEAST_SCHEMES


def forecast_schemes(plan: Plan) -> tuple[SchemeForecast, ...]:
    """Return the forecast of every scenario and narrative of a study, in their order.

    The schemes of the run itself are planned, and posted to a ledger that holds nothing else. Of a narrative
    with more than 150 schemes a sample is, and of a world with more than 200,000 accounts a smaller one; the
    schemes are then the expected ones, with the rows of the planned ones. Deterministic in study and seed.
    """
    if plan.study.transactions is None or not plan.narratives:
        return ()
    settings = agent_settings(plan)
    part = min(1.0, LARGEST_WORLD / settings.accounts)
    world = replace(settings, accounts=round(settings.accounts * part))
    payments = payment_world(plan, None, world)
    known: dict[str, list[SchemeForecast]] = {}
    found: list[SchemeForecast] = []
    for label, drivers in plan.drivers.items():
        series = {name: values.tolist() for name, values in drivers.intensity.items()}
        key = canonical_json([series, mule_settings(drivers)])
        if key not in known:
            known[key] = list(_forecast(plan, label, world, payments, part))
        found += [replace(one, scenario=label) for one in known[key]]
    return tuple(found)


def _forecast(
    plan: Plan, label: str, world: Settings, payments: PaymentWorld, part: float
) -> Iterator[SchemeForecast]:
    population = payments.population
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
    orders, schemes = payments.schemes(plan.narratives, sample, plan.streams, drivers)
    rows = orders.take(np.flatnonzero(posted_alone(population, orders, schemes)))
    if payments.middles is not None:  # a statement of each side tells a payment between two accounts
        outside = population.accounts.external
        rows = rows.take(np.repeat(np.arange(len(rows)), 2 - (outside[rows.payer] | outside[rows.payee])))
    owner = schemes.steps.scheme[rows.plan_row]
    told = schemes.narrative[owner]
    illicit = (schemes.fraud | schemes.laundering)[rows.plan_row]
    cut = world.start_ns + int(TRAIN_SHARE * (world.end_ns - world.start_ns))
    late = illicit & (schemes.start[owner] >= cut)
    begun = np.isin(np.arange(len(schemes)), owner[late])
    size = len(plan.narratives)
    number = np.bincount(schemes.narrative, minlength=size)
    counted = np.stack(
        [
            np.bincount(told, minlength=size),
            np.bincount(told[illicit], minlength=size),
            np.bincount(told[illicit & (rows.ts < cut)], minlength=size),
            np.bincount(told[late], minlength=size),
            np.bincount(schemes.narrative[begun], minlength=size),
        ]
    )
    for at, (story, use) in enumerate(zip(plan.narratives, thinned, strict=True)):
        is_whole = part == 1.0 and use == uses[story.id]
        count = float(number[at]) if is_whole else expected[story.id]
        times = count / max(float(number[at]), 1.0)
        every, bad, early, later, begin = (round(float(one) * times) for one in counted[:, at])
        source = story.rate.source or f"assumption: {story.rate.assumption}"
        yield SchemeForecast(
            label, story.id, round(count), bad, every, early, later, begin, story.decoy, source
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
