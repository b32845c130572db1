"""The payment world of a study, simulated or learned: population, schemes, ordinary payments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from finsim.agents.narratives.narrative import Narrative
from finsim.agents.payment_orders import Orders
from finsim.agents.population.population import Population, build_population
from finsim.agents.schemes.scheme_generation import scheme_orders
from finsim.agents.schemes.scheme_plan import SchemePlan
from finsim.agents.settings import Settings
from finsim.agents.statement_rows import Middles
from finsim.engine.study.study_resolution import Plan, agent_settings
from finsim.randomness import Streams
from finsim.records.drivers import Drivers

if TYPE_CHECKING:
    from finsim.engine.learned_payments.entity_facts import EntityFacts
    from finsim.engine.learned_payments.training_ledger import PaymentLedger


def order_shards(plan: Plan) -> int:
    """Return the number of logical account shards."""
    return agent_settings(plan).shards


def is_learned(plan: Plan) -> bool:
    """Whether the ordinary payments of a study are learned from a ledger."""
    part = plan.study.transactions
    return part is not None and part.data is not None


def ledger_of_plan(plan: Plan) -> PaymentLedger:
    """Return the ledger that a study learns from."""
    from finsim.engine.learned_payments.training_ledger import payment_ledger

    assert plan.study.transactions is not None
    return payment_ledger(plan.study.transactions)


@lru_cache(maxsize=2)
def population_of(settings: Settings, streams: Streams) -> Population:
    """Return the population of simulated people, built once a process."""
    return build_population(settings, streams)


@dataclass(frozen=True)
class PaymentWorld:
    """The population of a study and, where it is learned, the facts of its ordinary life and the ledger."""

    population: Population
    facts: EntityFacts | None = None
    ledger: PaymentLedger | None = None

    @property
    def middles(self) -> Middles | None:
        """The outside accounts in the two rows of a scheme's payment; None where rows know both accounts."""
        if self.facts is None or self.ledger is None:
            return None
        from finsim.engine.learned_payments.learned_schemes import statement_middles

        return statement_middles(self.facts, self.ledger)

    def schemes(
        self, narratives: Sequence[Narrative], settings: Settings, streams: Streams, drivers: Drivers
    ) -> tuple[Orders, SchemePlan]:
        """Return the planned orders of all schemes and the plan behind them; raises as ``scheme_orders``."""
        if self.facts is None or self.ledger is None:
            return scheme_orders(self.population, narratives, settings, streams, drivers)
        from finsim.engine.learned_payments.learned_schemes import learned_scheme_orders

        known = (self.population, self.facts, self.ledger)
        return learned_scheme_orders(known, narratives, settings, streams, drivers)


def payment_world(plan: Plan, run: Path | None, settings: Settings | None = None) -> PaymentWorld:
    """Return the payment world of a study: of a run, or (None) as far as it is known before one.

    ``settings`` are those of the study unless others are given.
    """
    chosen = settings or agent_settings(plan)
    if not is_learned(plan):
        return PaymentWorld(population_of(chosen, plan.streams))
    from finsim.engine.learned_payments.learned_world import planned_world, sampled_world

    ledger = ledger_of_plan(plan)
    if run is None:
        world = planned_world(ledger, chosen, plan.streams)
    else:
        world = sampled_world(run, ledger, chosen, plan.streams)
    return PaymentWorld(world.population, world.facts, ledger)


def learned_remarks(plan: Plan) -> list[str]:
    """Return what should be known of the learned payments of a plan: fallbacks, and what has no reader."""
    from finsim.engine.learned_payments.ledger_summary import assumptions
    from finsim.engine.learned_payments.scenario_moves import unread_lines

    ledger = ledger_of_plan(plan)
    found = ledger.words.remarks(ledger.has_shops, ledger.has_transfers)
    found += [f"{label}: {text}" for label, text in unread_lines(plan.drivers, ledger)]
    found += [f"{name}: left out: {'; '.join(texts)}" for name, texts in plan.left_out.items()]
    found += [f"assumption: {text}" for text in assumptions(ledger)]
    return found
