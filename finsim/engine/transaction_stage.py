"""The transaction world's tasks: ordinary orders by shard, then posting and writing by scenario."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.feather as feather

from finsim.agents.life import order_key, ordinary_orders
from finsim.agents.measures import measure
from finsim.agents.orders import Orders, merge
from finsim.agents.population import Population, accounts_table, build_population
from finsim.agents.posting import post
from finsim.agents.schemes import scheme_orders
from finsim.agents.settings import Settings
from finsim.engine.breaches import Ledger
from finsim.engine.checkpoint import WORK, Done, output
from finsim.engine.resolve import Plan, agent_settings
from finsim.engine.tasks import Task
from finsim.notation import Int1D
from finsim.randomness import Streams
from finsim.records.legs import legs
from finsim.records.storage import replacing, write_table
from finsim.records.transactions import ACCOUNT_SCHEMA, PATTERN_SCHEMA, TRANSACTION_SCHEMA


def order_keys(plan: Plan) -> dict[str, str]:
    """Return for each scenario the key of its ordinary orders; equal behaviour gives one key."""
    return {label: order_key(drivers) for label, drivers in plan.drivers.items()}


def order_shards(plan: Plan) -> int:
    """Return the number of logical account shards."""
    return agent_settings(plan).shards


@lru_cache(maxsize=2)
def population_of(settings: Settings, streams: Streams) -> Population:
    """Return the population of a study, built once a process."""
    return build_population(settings, streams)


def _orders_file(run: Path, key: str, shard: int, piece: int) -> Path:
    return run / WORK / "orders" / key / f"{shard:05d}-{piece:05d}.arrow"


def orders_task(run: Path, plan: Plan, task: Task) -> Done:
    """Make the ordinary orders of one account shard and keep them by time slice."""
    settings = agent_settings(plan)
    label = next(label for label, key in order_keys(plan).items() if key == task.name)
    population = population_of(settings, plan.streams)
    orders = ordinary_orders(population, settings, plan.streams, task.shard, plan.drivers[label])
    files = {}
    for piece, (low, high) in enumerate(settings.slices()):
        part = orders.between(low, high)
        path = _orders_file(run, task.name, task.shard, piece)
        with replacing(path) as temporary:
            feather.write_feather(part.to_arrow(), temporary, compression="lz4")
        name, facts = output(run, path, len(part))
        files[name] = facts
    return Done(task.key, files)


def transactions_task(run: Path, plan: Plan, task: Task) -> Done:
    """Inject one scenario's schemes, post everything through the ledger, check and write the tables."""
    settings = agent_settings(plan)
    drivers = plan.drivers[task.name]
    population = population_of(settings, plan.streams)
    planned, schemes = scheme_orders(population, plan.narratives, settings, plan.streams, drivers)
    key = order_keys(plan)[task.name]

    def slices() -> Iterator[Orders]:
        for piece, (low, high) in enumerate(settings.slices()):
            parts = [
                Orders.from_arrow(feather.read_table(_orders_file(run, key, shard, piece), memory_map=True))
                for shard in range(settings.shards)
            ]
            yield merge([*parts, planned.between(low, high)])

    excused = {story.id: set(story.breaks) for story in plan.narratives}
    audit = _Audit(Ledger(plan.rules.get("transactions"), excused), accounts_table(population))
    posted = post(population, settings, slices(), schemes)
    folder = run / "transactions" / task.name
    rows = {
        "transactions": write_table(folder / "transactions.parquet", TRANSACTION_SCHEMA, audit.watch(posted)),
        "accounts": write_table(folder / "accounts.parquet", ACCOUNT_SCHEMA, [audit.accounts]),
        "patterns": write_table(folder / "patterns.parquet", PATTERN_SCHEMA, [posted.patterns]),
    }
    files = dict(output(run, folder / f"{name}.parquet", count) for name, count in rows.items())
    facts = {
        "rules": audit.ledger.to_dict(),
        "measures": measure(posted.patterns, drivers, settings),
        "counts": audit.counts,
        "digest": drivers.digest,
    }
    return Done(task.key, files, facts)


@dataclass
class _Audit:
    """Checks each batch as it passes, carrying every account's running balance from batch to batch."""

    ledger: Ledger
    accounts: pa.Table

    def __post_init__(self) -> None:
        ids = self.accounts["account_id"].to_numpy()
        self.order: Int1D = np.argsort(ids)
        self.sorted_ids: Int1D = ids[self.order]
        self.balance: Int1D = self.accounts["opening_balance"].to_numpy().copy()
        self.counts: dict[str, int] = dict.fromkeys(("rows", "declined", "illicit", "decoy"), 0)

    def watch(self, batches: Any) -> Iterator[pa.Table]:
        """Yield every batch after its rules were checked against its accounts and both its legs."""
        for batch in batches:
            table = pa.Table.from_batches([batch])
            self._count(table)
            if self.ledger.rules is None:
                yield table
                continue
            position = self.accounts.column_names.index("opening_balance")
            now = self.accounts.set_column(position, "opening_balance", pa.array(self.balance))
            both = legs(table, now)
            tables = {"transactions": table, "legs": both, "accounts": self.accounts}
            yield self.ledger.passed(tables, "transactions")
            self._carry(both)

    def _carry(self, both: pa.Table) -> None:
        """Take each account's last balance of this batch; legs are sorted by account and time."""
        account = both["account_id"].to_numpy()
        last = np.flatnonzero(np.append(account[1:] != account[:-1], True)) if len(account) else account
        where = self.order[np.searchsorted(self.sorted_ids, account[last])]
        self.balance[where] = both["balance_after"].to_numpy()[last]

    def _count(self, table: pa.Table) -> None:
        source = table["_fs_src"].to_numpy()
        illicit = table["is_fraud"].to_numpy() | table["is_laundering"].to_numpy()
        declined = np.asarray(table["status"].combine_chunks().indices if table.num_rows else [])
        for name, number in (
            ("rows", table.num_rows),
            ("declined", int((declined == 1).sum())),
            ("illicit", int(illicit.sum())),
            ("decoy", int(((source > 1) & ~illicit).sum())),
        ):
            self.counts[name] += number
