"""Simulate a whole transaction world in memory, from the parts that the engine runs one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta

import pyarrow as pa

from finsim.agents.account_lives.accounts_table import accounts_table
from finsim.agents.account_lives.dormancy import Dormancy
from finsim.agents.cards.row_cards import with_row_cards
from finsim.agents.devices.device_tables import with_row_devices
from finsim.agents.everyday.ordinary_payments import ordinary_orders
from finsim.agents.ledger_posting import RowMarks, post
from finsim.agents.narratives.narrative import Narrative, load_narratives
from finsim.agents.observed.bank_watch import BankWatch
from finsim.agents.originals.refund_links import RefundLinks, all_links
from finsim.agents.originals.row_originals import RowOriginals
from finsim.agents.parties.party_tables import party_tables
from finsim.agents.payment_orders import Orders, merge
from finsim.agents.population.households import joint_holders
from finsim.agents.population.population import build_population
from finsim.agents.schemes.scheme_generation import scheme_orders
from finsim.agents.settings import Settings
from finsim.randomness import Streams
from finsim.records.calendar import Clock
from finsim.records.drivers import Drivers, identity
from finsim.records.parties.devices import LOGIN_SCHEMA
from finsim.records.transactions import TRANSACTION_SCHEMA, Transactions


def _silent(stage: str, done: int, total: int) -> None:
    """Show no progress."""


def unstressed(settings: Settings) -> Drivers:
    """Return the drivers of no scenario for a study's period."""
    return identity(Clock(settings.start - timedelta(days=1), 1, settings.days, max(1, settings.days // 28)))


def sliced(parts: Sequence[Orders], settings: Settings) -> Iterator[Orders]:
    """Yield sorted parts merged by posting slices, in time order."""
    for low, high in settings.slices():
        yield merge([part.between(low, high) for part in parts])


def simulate(
    settings: Settings,
    streams: Streams,
    drivers: Drivers | None = None,
    progress: Callable[[str, int, int], None] = _silent,
    stories: Sequence[Narrative] | None = None,
) -> Transactions:
    """Return a transaction world: rows in time order, accounts, parties, and injected schemes.

    ``stories`` stand for the files of the narratives of ``settings``, with the same ids.
    Deterministic in (settings, seed, drivers, stories). Raises NarrativeError for a wrong narrative file,
    StudyError and ScenarioError for settings and drivers that cannot be simulated.
    """
    drivers = unstressed(settings) if drivers is None else drivers
    narratives = load_narratives([use.name for use in settings.narratives]) if stories is None else stories
    population = build_population(settings, streams)
    planned, plan = scheme_orders(population, narratives, settings, streams, drivers)
    parts, links = [], list[RefundLinks]()
    for shard in range(settings.shards):
        progress("simulating payments, ordinary orders", shard, settings.shards + 1)
        parts.append(ordinary_orders(population, settings, streams, shard, drivers, links=links))
    progress("simulating payments, posting", settings.shards, settings.shards + 1)
    devices, gear = with_row_devices(population, settings, streams, (planned, plan))
    watch = BankWatch(population.accounts, (planned, plan), settings.observed, streams, settings.blocking)
    cards, wallet = with_row_cards(population.accounts, settings, streams, (planned, plan), watch.parts)
    blocks = sliced([*parts, planned], settings)
    answers = RowOriginals(all_links(links), (planned, plan), len(population.accounts))
    posted = post(population, settings, blocks, plan, marks=RowMarks(gear, wallet, answers), watch=watch)
    lives = Dormancy(population.accounts, settings, streams)
    rows = pa.Table.from_batches(list(lives.watch(posted)), schema=TRANSACTION_SCHEMA)
    progress("simulating payments", settings.shards + 1, settings.shards + 1)
    return Transactions(
        rows,
        accounts_table(population, joint_holders(population, settings, streams), lives.since()),
        posted.patterns,
        tuple(posted.phases),
        posted.remarks,
        **party_tables(population, settings, streams),
        cards=cards,
        devices=devices,
        logins=pa.Table.from_batches(gear.logins(), schema=LOGIN_SCHEMA),
        **watch.tables(),
    )
