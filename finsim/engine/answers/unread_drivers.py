"""What scenarios say that no world of a study reads: a remark, so that nobody takes it for a result."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from finsim.agents.economy.household_economy import READS
from finsim.credit.factors import FACTOR, link
from finsim.credit.reference_parameters import CLASSES
from finsim.engine.study.market_history import complete_history
from finsim.engine.study.study_resolution import Plan
from finsim.records.drivers import CreditLink, Drivers

SPREAD, DEPTH = "spread_mult", "depth_mult"
READERS = {
    "anchors": "market",
    "market": "market",
    "behaviour": "transactions",
    "intensity": "transactions",
    "mules": "transactions",
}
"""Part of the drivers -> the world that reads it; macro variables are read one by one."""


def unread_remarks(plan: Plan) -> list[str]:
    """Return a remark for series that no world reads, and for scenarios that reach no world of the study."""
    unread = _unread(plan)
    found: dict[str, list[str]] = {}
    for label, drivers in plan.drivers.items():
        for name in set(unread) & set(drivers.market):
            found.setdefault(name, []).append(label)
    remarks = [
        f"liquidity.{name} of {', '.join(labels)} moves no table: {unread[name]}"
        for name, labels in sorted(found.items())
    ]
    for label, drivers in plan.drivers.items():
        worlds = dict.fromkeys(_read_by(drivers, set(unread)))
        if worlds and not any(getattr(plan.study, world) for world in worlds):
            remarks.append(
                f"{label} moves what only {' and '.join(worlds)} would read: it moves no table here"
            )
    return remarks


def unread_variables(plan: Plan) -> str:
    """Return a remark on the macro variables that move and that nothing reads, '' where all are read.

    The loan book reads what its links and its collateral name, simulated payments what
    ``household_economy.READS`` lists; markets and learned payments read none of them.
    """
    moved = {name for drivers in plan.drivers.values() for name in drivers.macro}
    if plan.study.credit:
        moved -= {name for drivers in plan.drivers.values() for name in _macro_read(drivers)}
    if plan.study.transactions and plan.study.transactions.data is None:
        moved -= set(READS)
    return f"no world of this study reads macro {', '.join(sorted(moved))}" if moved else ""


def _unread(plan: Plan) -> dict[str, str]:
    """Return the series of the markets that nothing reads in this study, and why."""
    if plan.study.market is None:
        return {}
    found = {DEPTH: "no table of a run shows depth"}
    if "bid" not in complete_history(plan.study.market).columns:
        found[SPREAD] = "these prices have no bid and ask"
    return found


def _read_by(drivers: Drivers, unread: set[str]) -> Iterator[str]:
    """Yield the world of every part of the drivers that says something."""
    if drivers.credit != CreditLink():
        yield "credit"
    if drivers.macro:
        yield "credit"
    if any(name in READS and np.any(series) for name, series in drivers.macro.items()):
        yield "transactions"
    for part, world in READERS.items():
        said = getattr(drivers, part)
        if len(said) and not (part == "market" and set(said) <= unread):
            yield world


def _macro_read(drivers: Drivers) -> set[str]:
    linked = {name for loan_class in CLASSES for name, beta in link(drivers, loan_class).items() if beta}
    return linked | {FACTOR} | set(drivers.credit.collateral.values())
