"""The transaction world's tasks: ordinary orders by shard, then posting and writing by scenario."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import pyarrow as pa
import pyarrow.feather as feather

from finsim.agents.life import order_key, ordinary_orders
from finsim.agents.measures import measure
from finsim.agents.orders import Orders
from finsim.agents.population import Population, accounts_table, build_population
from finsim.agents.posting import post
from finsim.agents.schemes import scheme_orders
from finsim.agents.settings import Settings
from finsim.engine.breaches import Ledger
from finsim.engine.checkpoint import WORK, Done, output
from finsim.engine.resolve import Plan, agent_settings
from finsim.engine.tasks import Task
from finsim.records.legs import legs
from finsim.records.storage import replacing, write_table
from finsim.records.transactions import ACCOUNT_SCHEMA, PATTERN_SCHEMA, TRANSACTION_SCHEMA
