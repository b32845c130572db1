"""Tasks of the transaction world: ordinary payments by shard, posting and writing by scenario."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from finsim.agents.account_lives.accounts_table import accounts_table
from finsim.agents.account_lives.dormancy import Dormancy
from finsim.agents.cards.row_cards import with_row_cards
from finsim.agents.devices.device_tables import with_row_devices
from finsim.agents.everyday.ordinary_payments import ordinary_slices
from finsim.agents.ledger_posting import RowMarks, post
from finsim.agents.observed.bank_watch import BankWatch
from finsim.agents.originals.refund_links import RefundLinks, all_links
from finsim.agents.originals.row_originals import RowOriginals
from finsim.agents.parties.party_tables import party_tables
from finsim.agents.payment_orders import Orders
from finsim.agents.population.households import joint_holders
from finsim.agents.schemes.scheme_intensity import measure
from finsim.engine.answers.scenario_figures import payment_figures
from finsim.engine.finished_tasks import Done, output
from finsim.engine.stages.customers_with_loans import are_customers, read_courses
from finsim.engine.stages.fraud_losses import FraudLosses
from finsim.engine.stages.order_files import (
    links_file,
    merged_blocks,
    orders_file,
    orders_folder,
    read_links,
    write_links,
    write_orders,
)
from finsim.engine.stages.order_keys import order_keys
from finsim.engine.stages.payment_world import is_learned, payment_world, population_of
from finsim.engine.stages.rule_breaches import Ledger
from finsim.engine.stages.shortfalls import Shortfalls
from finsim.engine.study.study_resolution import Plan, agent_settings
from finsim.engine.tasks import Task
from finsim.provenance.origin_tags import DECOY
from finsim.records.columns import stored
from finsim.records.legs import is_word, legs
from finsim.records.parties.party_tables import PARTY_SCHEMAS
from finsim.records.run_layout import table_file
from finsim.records.storage import write_table
from finsim.records.transaction_files import row_files, write_rows
from finsim.records.transactions import ACCOUNT_SCHEMA, PATTERN_SCHEMA


def orders_task(run: Path, plan: Plan, task: Task) -> Done:
    """Make the ordinary orders of one account shard and keep them by time slice."""
    settings = agent_settings(plan)
    label = next(label for label, key in order_keys(plan).items() if key == task.name)
    files = {}
    links: list[RefundLinks] = []
    made = _made(run, plan, task, label, links)
    for piece, ((low, high), orders) in enumerate(zip(settings.slices(), made, strict=True)):
        path = orders_file(run, task.name, task.shard, piece)
        write_orders(path, orders, settings.blocks(low, high))
        name, facts = output(run, path, len(orders))
        files[name] = facts
    if not is_learned(plan):
        path, found = links_file(run, task.name, task.shard), all_links(links)
        write_links(path, found)
        name, facts = output(run, path, len(found))
        files[name] = facts
    return Done(task.key, files)


def _made(run: Path, plan: Plan, task: Task, label: str, links: list[RefundLinks]) -> Iterator[Orders]:
    """Return the ordinary orders of a shard under a scenario, slice by slice; ``links`` gets the refunds."""
    settings, drivers = agent_settings(plan), plan.drivers[label]
    if is_learned(plan):
        from finsim.engine.stages.learned_payments_stage import (
            moved_life,  # 0.3 s, for learned payments alone
        )

        orders = moved_life(run, plan, task.shard, drivers)
        return (orders.between(low, high) for low, high in settings.slices())
    population = population_of(settings, plan.streams)
    aside = orders_folder(run, task.name)
    courses = read_courses(run, label) if are_customers(plan) else None
    return ordinary_slices(population, settings, plan.streams, task.shard, drivers, aside, courses, links)


def transactions_task(run: Path, plan: Plan, task: Task) -> Done:
    """Inject one scenario's schemes, post everything through the ledger, check and write the tables."""
    settings = agent_settings(plan)
    drivers = plan.drivers[task.name]
    world = payment_world(plan, run)
    population = world.population
    planned, schemes = world.schemes(plan.narratives, settings, plan.streams, drivers)
    key = order_keys(plan)[task.name]

    def blocks() -> Iterator[Orders]:
        for piece, (low, high) in enumerate(settings.slices()):
            paths = [orders_file(run, key, shard, piece) for shard in range(settings.shards)]
            yield from merged_blocks(paths, planned.between(low, high), settings.blocks(low, high))

    watch = BankWatch(
        population.accounts, (planned, schemes), settings.observed, plan.streams, settings.blocking
    )
    parties, gear, marks = {}, None, None
    if not is_learned(plan):
        aside = orders_folder(run, key)
        devices, gear = with_row_devices(population, settings, plan.streams, (planned, schemes), aside)
        cards, wallet = with_row_cards(
            population.accounts, settings, plan.streams, (planned, schemes), watch.parts
        )
        parties = {**party_tables(population, settings, plan.streams), "cards": cards, "devices": devices}
        links = all_links([read_links(links_file(run, key, shard)) for shard in range(settings.shards)])
        marks = RowMarks(gear, wallet, RowOriginals(links, (planned, schemes), len(population.accounts)))
    posted = post(population, settings, blocks(), schemes, world.middles, marks, watch)
    own, counts = row_files(run, task.name), _Counts()
    joint = None if is_learned(plan) else joint_holders(population, settings, plan.streams)
    judges = Judges(plan, accounts_table(population, joint), parties)
    taken, short, lives = FraudLosses(), Shortfalls(), Dormancy(population.accounts, settings, plan.streams)
    rows = judges.watch(short.watch(taken.watch(counts.watch(lives.watch(posted)))))
    written = dict.fromkeys(own, write_rows(own, rows))
    accounts = accounts_table(population, joint, lives.since())
    others = {"accounts": (ACCOUNT_SCHEMA, accounts), "patterns": (stored(PATTERN_SCHEMA), posted.patterns)}
    parties |= watch.tables()
    others |= {name: (PARTY_SCHEMAS[name], table) for name, table in parties.items()}
    for name, (schema, table) in others.items():
        file = table_file(run, name, task.name)
        written[file] = write_table(file, schema, [table])
    if gear is not None:
        file = table_file(run, "logins", task.name)
        written[file] = write_table(file, PARTY_SCHEMAS["logins"], gear.logins())
    files = dict(output(run, file, count) for file, count in written.items())
    facts = {
        "rules": judges.found(),
        "measures": measure(posted.patterns, drivers, settings) | taken.measures() | short.measures(),
        "counts": counts.found,
        "phases": [one.to_dict() for one in posted.phases],
        "remarks": list(posted.remarks),
        "figures": {
            key: figure.to_dict() for key, figure in payment_figures(counts.found, posted.patterns).items()
        },
        "digest": drivers.digest,
    }
    return Done(task.key, files, facts)


class Judges:
    """The rules of a study's payments, which see the rows and both their legs as these are written."""

    def __init__(self, plan: Plan, accounts: pa.Table, parties: Mapping[str, pa.Table]) -> None:
        breaks = {story.id: set(story.breaks) for story in plan.narratives}
        self._ledger = Ledger(plan.rules.get("transactions"), breaks)
        self._accounts = accounts
        others = {"accounts": accounts}
        if self._ledger.rules is not None:
            known = self._ledger.rules.tables
            others |= {name: table for name, table in parties.items() if name in known}
            for name in others:
                self._ledger.passed(others, name, repairs=name == "accounts")
        self._rows = self._ledger.watching("transactions", others)
        self._legs = self._ledger.watching("legs", others)

    def watch(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Yield every batch of rows, in time order, after judging it."""
        for batch in batches:
            if self._rows is not None and self._legs is not None:
                self._rows.feed(batch)
                self._legs.feed(legs(pa.Table.from_batches([batch]), self._accounts))
            yield batch

    def found(self) -> dict[str, Any]:
        """Return the counts by rule, once the last batch has passed."""
        for check in (self._rows, self._legs):
            if check is not None:
                self._ledger.count(check.report())
        return self._ledger.to_dict()


@dataclass
class _Counts:
    """Counts rows by status and label as they pass."""

    found: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(("rows", "declined", "illicit", "decoy"), 0)
    )

    def watch(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Yield every batch after counting it."""
        for batch in batches:
            illicit = batch["is_fraud"].to_numpy(False) | batch["is_laundering"].to_numpy(False)
            declined = is_word(batch["status"], "declined").to_numpy(False)
            decoy = batch["_fs_src"].to_numpy() == DECOY
            masks = {"declined": declined, "illicit": illicit, "decoy": decoy}
            self.found["rows"] += batch.num_rows
            for name, mask in masks.items():
                self.found[name] += int(mask.sum())
            yield batch
