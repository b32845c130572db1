"""What a record costs: training once, each record after that, and from how many records on it pays.

For each world of a run: fixed = CPU seconds of its training + of judging the run (paid once); marginal = CPU
seconds of making its tables, over all scenarios, divided by its records. A record is a bar, a payment, or a
loan with its months and its part of the loss draws. Break-even is the least number of records n with
fixed + n * marginal <= n * (price of one real record), all in money.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from finsim.exports.run_facts import Prices
from finsim.records.run_layout import place_of

RECORD_OF = {
    "market": ("bars", "bar"),
    "transactions": ("transactions", "payment"),
    "credit": ("loans", "loan with its months"),
}
"""World -> the table whose rows are its records, and what one is called."""
_HOUR = 3600.0


def cost_ledger(manifest: Mapping[str, Any], prices: Prices | None = None) -> dict[str, Any]:
    """Return CPU seconds by world as plain data, with money and break-even where prices are given.

    ``worlds[name]`` has ``record``, ``records``, ``training_cpu_seconds``, ``making_cpu_seconds``,
    ``cpu_seconds_per_record``, and with a CPU price ``fixed_cost``, ``cost_per_record``; with both prices
    ``break_even_records`` (None: never) and ``break_even`` in words.
    """
    given = prices or Prices()
    cost = manifest["cost"]["cpu_seconds"]
    judging = float(cost.get("evidence", 0.0))
    found: dict[str, Any] = {}
    for world, (table, record) in RECORD_OF.items():
        count = sum(item["rows"] for item in manifest["outputs"] if place_of(item["path"])[0] == table)
        if count and world in cost:
            training = sum(_training(item) for item in manifest["models"] if item["world"] == world)
            making = max(float(cost[world]) - training, 0.0)
            line: dict[str, Any] = {
                "record": record,
                "records": count,
                "training_cpu_seconds": training,
                "making_cpu_seconds": making,
                "cpu_seconds_per_record": making / count,
            }
            found[world] = {**line, **_money(training + judging, making / count, given)}
    return {
        "unit": "CPU seconds of the machine that made the run",
        "judging_cpu_seconds": judging,
        "cpu_price_per_hour": given.cpu_hour,
        "price_per_real_record": given.record,
        "currency": given.currency or "not stated",
        "worlds": found,
    }


def _training(model: Mapping[str, Any]) -> float:
    return float(model.get("training", {}).get("cpu_seconds") or 0.0)


def _money(fixed_seconds: float, record_seconds: float, prices: Prices) -> dict[str, Any]:
    if prices.cpu_hour is None:
        return {}
    fixed, marginal = (seconds / _HOUR * prices.cpu_hour for seconds in (fixed_seconds, record_seconds))
    found: dict[str, Any] = {"fixed_cost": fixed, "cost_per_record": marginal}
    if prices.record is None:
        return found
    least = _break_even(fixed, marginal, prices.record)
    words = (
        "never: a real record costs no more than making one"
        if least is None
        else f"from {least:,} records on"
    )
    return {**found, "break_even_records": least, "break_even": words}


def _break_even(fixed: float, marginal: float, price: float) -> int | None:
    """Return the least count at which making costs no more than buying; None when it never does."""
    if price <= marginal:
        return None
    return max(math.ceil(round(fixed / (price - marginal), 9)), 1)
