"""What a scenario changes in learned ordinary life: payments are thinned, or done once more that day."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np

from finsim.agents.everyday.ordinary_payments import ORDER_BLOCK, order_key
from finsim.agents.payment_orders import Orders, by_time, concatenate
from finsim.agents.scenario_effects import behaviour
from finsim.agents.settings import Settings
from finsim.agents.vocabulary import PURPOSE
from finsim.engine.learned_payments.training_ledger import PaymentLedger
from finsim.notation import NANOS_PER_DAY, Float1D
from finsim.randomness import Streams
from finsim.records.drivers import Drivers

TWINS = ORDER_BLOCK >> 6
"""Ids that the payments of one layer have: those that a scenario adds come after those of the model."""


def readable(ledger: PaymentLedger) -> frozenset[str]:
    """Return the behaviours that this ledger can show: of words that it has, not of fallbacks."""
    words = ledger.words
    spend = [f"spend:{name}" for name in words.purposes | words.categories]
    spend += ["spend:all"] if ledger.has_shops else []
    spend += ["spend:transfer"] if ledger.has_transfers else []
    spend += ["cash_withdrawal"] if "cash" in words.purposes else []
    return frozenset([*spend, *(f"channel:{name}" for name in words.channels)])


def without_reader(drivers: Drivers, ledger: PaymentLedger) -> list[str]:
    """Return what a scenario moves that this ledger cannot show."""
    known = readable(ledger)
    return [name for name, series in drivers.behaviour.items() if name not in known and np.any(series != 1.0)]


def as_read(drivers: Drivers, ledger: PaymentLedger) -> Drivers:
    """Return the drivers with the behaviours alone that this ledger can show."""
    known = readable(ledger)
    kept = {name: series for name, series in drivers.behaviour.items() if name in known}
    # A learned ledger does not say who earns what from whom, so nothing is derived from the economy.
    return replace(drivers, behaviour=kept, macro={})


def moved_key(drivers: Drivers, ledger: PaymentLedger) -> str:
    """Return a digest of what ``moved`` reads of a scenario; equal keys mean equal ordinary payments."""
    return order_key(as_read(drivers, ledger))


def moved(
    orders: Orders, ledger: PaymentLedger, settings: Settings, drivers: Drivers, streams: Streams
) -> Orders:
    """Return the payments of a shard under a scenario, sorted by (ts, order_id).

    A payment stays where its own uniform number lies below the multiplier of its day, purpose and channel.
    Above 1 payments are added: to the same payee on the same day, with amount and time of day of another
    payment of the same payer to the same kind of payee. Random numbers are common to all scenarios.
    """
    told = as_read(drivers, ledger)
    if not told.behaviour or not len(orders):
        return orders
    effects = behaviour(told, settings)
    day = (orders.ts - settings.start_ns) // NANOS_PER_DAY
    factor = effects.factor(orders.purpose, orders.channel, day)
    if "cash_withdrawal" in told.behaviour:
        factor = factor * np.where(orders.purpose == PURPOSE["cash"], effects.cash[day], 1.0)
    u = streams.at("thinning").random(len(orders))
    parts = [orders.take(u < factor)]
    top = float(factor.max())
    layers = range(1, min(49, int(np.ceil(top - 1e-9))))
    parts += [_twins(orders, factor - layer, layer, streams) for layer in layers]
    return by_time(concatenate(parts))


def _twins(orders: Orders, excess: Float1D, layer: int, streams: Streams) -> Orders:
    """Return one more payment for the share ``excess`` of the payments."""
    rng = streams.at("more", layer)
    size = len(orders)
    u, v = rng.random(size), rng.random((2, size))
    group = orders.payer.astype(np.int64) * 2 + (orders.merchant >= 0)
    order = np.argsort(group, kind="stable")
    alike = group[order]
    low = np.searchsorted(alike, group, side="left")
    count = np.searchsorted(alike, group, side="right") - low
    lent, timed = (order[low + (one * count).astype(np.int64)] for one in v)
    late = orders.ts % NANOS_PER_DAY
    made = replace(
        orders, ts=orders.ts - late + late[timed], amount=orders.amount[lent],
        order_id=orders.order_id + layer * TWINS,
    )  # fmt: skip
    return made.take(u < excess)


def unread_lines(drivers: Mapping[str, Drivers], ledger: PaymentLedger) -> Iterator[tuple[str, str]]:
    """Yield the scenario and a sentence for every one that moves what this ledger cannot show."""
    for label, one in drivers.items():
        names = without_reader(one, ledger)
        if names:
            yield label, f"no reader in the learned ledger, so not moved: {', '.join(names)}"
