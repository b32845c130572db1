"""The learned world of a study: as planned from the ledger's own entities, and as sampled by a run."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from finsim.agents.narratives.narrative import Narrative
from finsim.agents.narratives.narrative_needs import Carried, carried
from finsim.agents.payment_orders import Orders
from finsim.agents.population.population import Population
from finsim.agents.settings import Settings
from finsim.engine.learned_payments.entity_facts import EntityFacts, chosen_entities, facts_of, merged
from finsim.engine.learned_payments.learned_population import known_of, learned_population
from finsim.engine.learned_payments.life_orders import Window, in_study
from finsim.engine.learned_payments.ordinary_rows import OrdinaryRows
from finsim.engine.learned_payments.places_in_run import facts_file
from finsim.engine.learned_payments.training_ledger import PaymentLedger
from finsim.errors import Problem, StudyError
from finsim.notation import NANOS_PER_DAY
from finsim.randomness import Streams


@dataclass(frozen=True)
class LearnedWorld:
    """Population and the facts of its ordinary life."""

    population: Population
    facts: EntityFacts


def training_facts(ledger: PaymentLedger) -> EntityFacts:
    """Return the facts of the ledger's own entities over its own days."""
    known = OrdinaryRows.of(ledger)
    orders, places = known.orders, known.places
    start = ledger.log.begin // NANOS_PER_DAY * NANOS_PER_DAY
    return facts_of(orders, places, start, _days(ledger), known.free(orders, places))


def training_orders(ledger: PaymentLedger, settings: Settings) -> Orders:
    """Return the ledger's own payments on the days of a study, sorted by time; those of other days not."""
    return in_study(OrdinaryRows.of(ledger).orders, Window.of(ledger.log, settings), settings, 0)


def _days(ledger: PaymentLedger) -> int:
    return int(-(-ledger.log.end // NANOS_PER_DAY) - ledger.log.begin // NANOS_PER_DAY)


def planned_world(ledger: PaymentLedger, settings: Settings, streams: Streams) -> LearnedWorld:
    """Return the world as far as it is known before a fit: entities of the ledger drawn again.

    Sums and needs are those of the ledger's own days in proportion to the study's.
    """
    rng = streams.at("agents", "planned entities")
    chosen = rng.integers(0, ledger.log.count, settings.accounts)
    known = chosen_entities(training_facts(ledger), ledger.log.count, chosen)
    share = settings.days / _days(ledger)
    counts = {
        name: np.rint(getattr(known, name) * share).astype(np.int64)
        for name in ("rows_out", "rows_in", "sum_out", "sum_in", "need", "to_shops")
    }
    first = np.zeros_like(known.first)
    daily = np.resize(known.daily, settings.days)
    facts = replace(known, **counts, logs_in=known.logs_in * share, first=first, daily=daily)
    return LearnedWorld(learned_population(facts, ledger, settings, streams), facts)


def sampled_world(run: Path, ledger: PaymentLedger, settings: Settings, streams: Streams) -> LearnedWorld:
    """Return the world that the finished life tasks of a run have sampled."""
    files = tuple(facts_file(run, shard) for shard in range(settings.shards))
    return _sampled(files, tuple(file.stat().st_mtime_ns for file in files), ledger.data.facts["sha256"],
                    settings, streams, _Held(ledger))  # fmt: skip


@dataclass(frozen=True, eq=False)
class _Held:
    """A ledger beside the key of a cache: its digest stands in the key."""

    ledger: PaymentLedger

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Held)

    def __hash__(self) -> int:
        return 0


@lru_cache(maxsize=2)
def _sampled(
    files: tuple[Path, ...], state: tuple[int, ...], digest: str, settings: Settings, streams: Streams,
    held: _Held,
) -> LearnedWorld:  # fmt: skip
    facts = merged([EntityFacts.load(file) for file in files])
    return LearnedWorld(learned_population(facts, held.ledger, settings, streams), facts)


def carried_stories(narratives: tuple[Narrative, ...], ledger: PaymentLedger) -> tuple[Carried, ...]:
    """Return the narratives as the ledger can carry them.

    Raises StudyError for all that need what it does not know.
    """
    known = known_of(training_facts(ledger), ledger)
    told = tuple(carried(story, known) for story in narratives)
    lacking = [
        Problem(f"narrative {one.narrative.id}", f"{why}, which this ledger does not know", "",
                "leave it out, or give a ledger that has them")
        for one in told for why in one.lacks
    ]  # fmt: skip
    if lacking:
        raise StudyError.of(lacking)
    return told
