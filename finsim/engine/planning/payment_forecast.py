"""Rows of ordinary payments to expect, from the payments of a few accounts of the study."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from finsim.agents.cards.card_holdings import HOLDERS
from finsim.agents.devices.ordinary_devices import build_devices
from finsim.agents.everyday.ordinary_payments import order_key, ordinary_orders
from finsim.agents.population.population import Population, build_population
from finsim.agents.settings import Settings
from finsim.engine.stages.order_keys import order_keys
from finsim.engine.stages.payment_world import is_learned, ledger_of_plan, payment_world
from finsim.engine.study.study_resolution import Plan, agent_settings
from finsim.notation import NANOS_PER_DAY

SAMPLED_ACCOUNT_DAYS, FEWEST_ACCOUNTS = 60_000, 400
"""assumption: enough for two percent of error, at about 0.2 CPU seconds per behaviour."""


LOGINS_PER_ROW = 0.13
"""Rows of ``logins`` for each payment, measured in default worlds."""

SCORED, WATCHED = 0.60, 0.45
"""False alerts for each payment at a rate of 1, on payments and on accounts, measured in default worlds."""


@dataclass(frozen=True)
class PaymentForecast:
    """Ordinary payments by scenario, and how many different behaviours they come from.

    ``accounts`` counts all accounts of the world, those outside the study's banks too; ``parties`` the rows
    of the tables of customers, merchants, cards, devices and logins, which a learned world does not have.
    """

    rows: dict[str, int]
    behaviours: int
    accounts: int
    parties: Mapping[str, int] = field(default_factory=dict)


def forecast_payments(plan: Plan) -> PaymentForecast | None:
    """Return the rows of ordinary payments in every scenario; None for a study without transactions.

    The payments of a few accounts (all, in a small world) are drawn as the run draws them, once for each
    behaviour that the scenarios ask for, and scaled to the study's accounts.
    """
    if plan.study.transactions is None:
        return None
    settings = agent_settings(plan)
    if is_learned(plan):
        return _of_ledger(plan, settings)
    few = min(settings.accounts, max(FEWEST_ACCOUNTS, SAMPLED_ACCOUNT_DAYS // settings.days))
    small = replace(settings, accounts=few, shard_accounts=max(few, 100))
    population = build_population(small, plan.streams)
    drawn: dict[str, int] = {}
    rows: dict[str, int] = {}
    for label, drivers in plan.drivers.items():
        key = order_key(drivers)
        if key not in drawn:
            drawn[key] = len(ordinary_orders(population, small, plan.streams, 0, drivers))
        rows[label] = round(drawn[key] * settings.accounts / few)
    outside = np.count_nonzero(population.accounts.external) * settings.accounts / few
    parties = {
        "customers": len(population.people) + len(population.firms),
        "merchants": len(population.merchants),
    }
    scaled = {name: round(count * settings.accounts / few) for name, count in parties.items()}
    few_devices = int(build_devices(population, small, plan.streams).held.sum())
    scaled["devices"] = round(few_devices * settings.accounts / few)
    scaled["cards"] = round(_holders(population) * settings.accounts / few)
    scaled["logins"] = round(LOGINS_PER_ROW * max(rows.values()))
    scaled |= _observed(settings, max(rows.values()))
    return PaymentForecast(rows, len(drawn), settings.accounts + round(outside), scaled)


def _holders(population: Population) -> int:
    """Return how many accounts have a card at once; lost and renewed ones come on top."""
    return int(np.isin(population.accounts.kind, HOLDERS).sum())


def _observed(settings: Settings, rows: int) -> dict[str, int]:
    """Return the rows of what banks see, false alarms of ordinary payments alone."""
    rates = settings.observed
    scores, cases, claims = SCORED * rates.screening.false, WATCHED * rates.monitoring.false, rates.card.false
    return {"alerts": round((scores + cases) * rows), "reports": round(0.5 * claims * rows)}


def _of_ledger(plan: Plan, settings: Settings) -> PaymentForecast:
    """Return the rows of as many entities and days of the ledger itself, moved by every scenario."""
    from finsim.engine.learned_payments.learned_world import training_orders
    from finsim.engine.learned_payments.scenario_moves import moved

    world, keys, ledger = payment_world(plan, None), order_keys(plan), ledger_of_plan(plan)
    log = ledger.log
    days = max((log.end - log.begin) / NANOS_PER_DAY, 1.0)
    orders, streams = training_orders(ledger, settings), plan.streams.under("plan", "moved")
    usual = len(orders) / log.count / settings.days if len(orders) else log.events.rows / log.count / days
    factors: dict[str, float] = {}
    for label, key in keys.items():
        if key not in factors:
            after = moved(orders, ledger, settings, plan.drivers[label], streams)
            factors[key] = len(after) / max(len(orders), 1) if len(orders) else 1.0
    rows = {
        label: round(usual * settings.accounts * settings.days * factors[key]) for label, key in keys.items()
    }
    return PaymentForecast(rows, len(set(keys.values())), len(world.population.accounts))
