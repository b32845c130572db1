"""Small event logs of every shape, made by numpy alone."""

import numpy as np

from finsim.records.event_log import EventLog, EventRoles
from finsim.records.mixed_table import NUMBER, TIME, WORD, MixedColumn, MixedTable

DAY = 86_400_000_000_000
BEGIN = 14_600 * DAY
DAYS = 120


def words(values, names):
    return MixedColumn(WORD, np.asarray(values, dtype=np.int32), tuple(names))


def assembled(entity, time, columns, roles, entities, **more):
    order = np.lexsort((time, entity))
    count = entities.rows
    starts = np.searchsorted(entity[order], np.arange(count + 1)).astype(np.int64)
    events = MixedTable({name: one.take(order) for name, one in columns.items()}, len(order))
    return EventLog(events, starts, entities, roles, BEGIN, BEGIN + DAYS * DAY, **more)


def cards(count=90, seed=0, rows=40):
    """Dated card payments: merchants of four trades.

    A fixed fee, a limit at 2,500, credits, lacking states.
    """
    rng = np.random.default_rng(seed)
    sizes = np.maximum(rng.lognormal(np.log(rows), 0.8, count).astype(int), 1)
    entity = np.repeat(np.arange(count), sizes)
    n = len(entity)
    home = rng.integers(0, 4, count)
    favourite = rng.integers(0, 15, (count, 3)) + 15 * home[:, None]
    merchant = np.where(rng.random(n) < 0.6, favourite[entity, rng.integers(0, 3, n)], rng.integers(0, 60, n))
    day = (rng.random(n) ** 1.3 * DAYS).astype(int)
    day = np.where(rng.random(n) < 0.7, day - (day + 3) % 7 // 5, day).clip(0, DAYS - 1)
    amount = np.exp(rng.normal(3.0 + 0.5 * (merchant // 15), 0.8, n) + 0.4 * rng.normal(size=count)[entity])
    amount = np.round(np.minimum(amount * np.where(rng.random(n) < 0.05, 30, 1), 2_499.0), 2)
    amount = np.where(merchant % 15 == 0, 3.62, np.where(rng.random(n) < 0.03, -amount, amount))
    columns = {
        "when": MixedColumn(TIME, BEGIN + day * DAY, step=float(DAY)),
        "merchant": words(merchant, [f"m{k}" for k in range(60)]),
        "trade": words(merchant // 15, "abcd"),
        "state": words(np.where(merchant % 7 == 0, -1, merchant % 5), ["s0", "s1", "s2", "s3", "s4"]),
        "kind": words((amount < 0).astype(int), ["sale", "credit"]),
        "amount": MixedColumn(NUMBER, amount, step=0.01),
        "tip": MixedColumn(
            NUMBER, np.where(rng.random(n) < 0.5, np.nan, np.round(abs(amount) / 10)), step=1.0
        ),
    }
    entities = MixedTable({
        "branch": words(home, ["n", "e", "s", "w"]),
        "income": MixedColumn(NUMBER, np.round(rng.lognormal(8, 0.4, count)), step=1.0),
    }, count)  # fmt: skip
    roles = EventRoles("when", "amount", "merchant", "trade", direction="kind")
    return assembled(entity, columns["when"].values, columns, roles, entities)


def accounts(count=80, seed=0):
    """Instants between accounts, some of them outer ones, in two currencies."""
    rng = np.random.default_rng(seed)
    entity = np.repeat(np.arange(count), rng.poisson(20, count))
    n = len(entity)
    near = (entity + rng.integers(1, 4, n) * rng.choice([-1, 1], n)) % count
    other = np.where(rng.random(n) < 0.1, count + rng.integers(0, 5, n), near)
    second = (9 + 8 * rng.random(n)) * 3_600
    time = BEGIN + rng.integers(0, DAYS, n) * DAY + second.astype(np.int64) * 1_000_000_000
    money = (np.arange(count) % 2)[entity]
    amount = np.round(np.exp(rng.normal(4 + 3 * money, 1.0, n)), 2)
    columns = {
        "at": MixedColumn(TIME, time, step=1e9),
        "to": words(other, [f"acc{k}" for k in range(count)] + [f"outer{k}" for k in range(5)]),
        "amount": MixedColumn(NUMBER, np.where(rng.random(n) < 0.02, np.nan, amount), step=0.01),
        "money": words(money, ["EUR", "JPY"]),
        "booked": MixedColumn(TIME, time + rng.integers(0, 3, n) * DAY, step=1e9),
    }
    roles = EventRoles("at", "amount", "to", currency="money")
    return assembled(entity, time, columns, roles, MixedTable({}, count), partner_is_entity=True)


def single(count=60, seed=0):
    """Dated amounts of customers without a counterparty; many customers have one only."""
    rng = np.random.default_rng(seed)
    entity = np.repeat(np.arange(count), rng.geometric(0.4, count))
    day = rng.integers(0, DAYS, len(entity))
    columns = {
        "day": MixedColumn(TIME, BEGIN + day * DAY, step=float(DAY)),
        "paid": MixedColumn(NUMBER, np.round(rng.gamma(2, 20, len(entity)), 2), step=0.01),
    }
    return assembled(entity, columns["day"].values, columns, EventRoles("day", "paid"), MixedTable({}, count))


def degenerate():
    """Return logs that have hardly anything: by name."""
    one = MixedTable({}, 1)
    day = MixedColumn(TIME, np.array([BEGIN + 3 * DAY]), step=float(DAY))
    found = {
        "one event": assembled(np.zeros(1, int), day.values, {"day": day}, EventRoles("day"), one),
    }
    many = np.repeat(np.arange(9), 4)
    times = BEGIN + np.tile(np.arange(4), 9) * DAY
    plain = {"day": MixedColumn(TIME, times, step=float(DAY))}
    constant = MixedColumn(NUMBER, np.full(36, 5.0), step=1.0)
    lacking = MixedColumn(NUMBER, np.full(36, np.nan))
    silent = words(np.full(36, -1), ())
    found["constant amounts"] = assembled(
        many, times, {**plain, "sum": constant}, EventRoles("day", "sum"), MixedTable({}, 9)
    )
    found["all lacking"] = assembled(
        many, times, {**plain, "sum": lacking, "to": silent, "note": silent, "other": lacking},
        EventRoles("day", "sum", "to"), MixedTable({"blank": words(np.full(9, -1), ())}, 9),
    )  # fmt: skip
    found["idle entities"] = assembled(
        many * 2, times, {**plain, "sum": constant}, EventRoles("day", "sum"), MixedTable({}, 20)
    )
    found["one event each"] = assembled(
        np.arange(36), times, {**plain, "sum": constant}, EventRoles("day", "sum"), MixedTable({}, 36)
    )
    return found
