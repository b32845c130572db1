"""Simulate one transaction world without a study, for ``finsim simulate``."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from finsim import documents
from finsim.agents.settings import NarrativeUse, Settings
from finsim.agents.simulate import simulate as simulate_agents
from finsim.errors import StudyError
from finsim.randomness import Streams
from finsim.records.columns import stored
from finsim.records.storage import write_table
from finsim.records.transaction_files import write_rows
from finsim.records.transactions import ACCOUNT_SCHEMA, PATTERN_SCHEMA, Transactions


def simulate(
    *, accounts: int = 2_000, days: int = 30, seed: int = 0, start: date = date(2026, 1, 1)
) -> Transactions:
    """Simulate bank transactions in memory, with every shipped narrative and decoy.

    ``start`` is the first calendar day. Needs no input data.
    """
    names = sorted(path.stem for path in documents.shipped("scenarios/narratives").glob("*.yaml"))
    uses = tuple(NarrativeUse(name) for name in names)
    settings = Settings(accounts=accounts, days=days, start=start, narratives=uses)
    return simulate_agents(settings, Streams(seed))


def simulate_transactions(
    output: Path,
    *,
    accounts: int,
    days: int,
    seed: int = 0,
    progress: Callable[[str, int, int], None] | None = None,
) -> dict[str, Any]:
    """Simulate and write transactions, labels, accounts and patterns into a new folder; return the counts."""
    if output.exists():
        raise StudyError("the output exists", place=str(output), remedy="choose another folder with -o")
    if progress:
        progress("simulating", 0, 1)
    world = simulate(accounts=accounts, days=days, seed=seed)
    write_rows((output / "transactions.parquet", output / "labels.parquet"), [world.rows])
    for name, schema, table in (
        ("accounts", ACCOUNT_SCHEMA, world.accounts),
        ("patterns", stored(PATTERN_SCHEMA), world.patterns),
    ):
        write_table(output / f"{name}.parquet", schema, [table])
    if progress:
        progress("simulating", 1, 1)
    illicit = np.asarray(world.rows["is_fraud"]) | np.asarray(world.rows["is_laundering"])
    declined = np.asarray(world.rows["status"].cast("string")) == "declined"
    return {
        "rows": world.rows.num_rows,
        "accounts": world.accounts.num_rows,
        "schemes": world.patterns.num_rows,
        "illicit_share": float(illicit.mean()),
        "declined_share": float(declined.mean()),
        "output": str(output),
    }
