"""Ledgers of accounts with planted standing payments, made by numpy alone."""

import numpy as np
from event_logs import DAY, words

from finsim.records.event_log import EventLog, EventRoles
from finsim.records.mixed_table import NUMBER, TIME, MixedColumn, MixedTable

BEGIN = int(np.datetime64("2023-01-01", "D").astype(np.int64))
MINUTE = 60 * 10**9
WORDS = ("shop", "rent", "wage", "sub", "insurance", "cleaner", "pay")
PRICES = (4.99, 7.99, 12.99, 19.99, 29.90)


def month_days(days, at, step=1, first=0):
    """Days since 1970 on the day ``at`` (from 1) of every ``step`` months within the period."""
    months = np.arange(first, days // 28 + 2, step) + 636
    start = months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    end = (months + 1).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    found = np.minimum(start + at - 1, end - 1)
    return found[(found >= BEGIN) & (found < BEGIN + days)]


def to_monday(day):
    """Move days of a weekend to the Monday behind it."""
    return day + np.where((day + 3) % 7 == 5, 2, np.where((day + 3) % 7 == 6, 1, 0))


def ledger(people=120, firms=4, days=180, seed=0, between=True, dated=False, plant=True, cities=3):
    """Accounts shop at random; with ``plant`` they pay rents (day 1 or the Monday behind) and subscriptions.

    Firms pay wages (day 27, month by month the same, some with a raise), some accounts a cleaner (weekly) and
    an insurance (quarterly). ``city`` is that of the account, of wages that of the employee.
    """
    rng = np.random.default_rng(seed)
    names = [f"P{k:04d}" for k in range(people)] + [f"F{k:02d}" for k in range(firms)]
    outer = [f"shop{k}" for k in range(40)] + [f"sub{k}" for k in range(5)]
    outer += [f"landlord{k}" for k in range(25)] + [
        "insurer",
        "insurer2",
        *(f"cleaner{k}" for k in range(15)),
    ]
    code = {name: k for k, name in enumerate([*names, *outer])}
    rows = []

    def add(owner, payee, word, day, amount, minute):
        for one, sum_, at in zip(day, np.broadcast_to(amount, len(day)), minute, strict=True):
            rows.append((code[owner], one * DAY + int(at) * MINUTE, code[payee], word, sum_, home[owner]))

    home = {name: int(rng.integers(cities)) for name in names}
    employer = np.minimum(rng.geometric(0.5, people) - 1, firms - 1)
    for k, name in enumerate(names[:people]):
        for _ in range(int(rng.poisson(days / 6))):
            sum_ = 3.5 if rng.random() < 0.25 else round(float(rng.lognormal(3, 0.6)), 2)
            shop = f"shop{int(rng.integers(4)) + 4 * (k % 10)}"
            add(name, shop, 0, [BEGIN + int(rng.integers(days))], sum_, [600 + int(rng.integers(600))])
        if not plant:
            continue
        if rng.random() < 0.5:
            due = to_monday(month_days(days, 1))
            due = due[due < BEGIN + days]
            rent = float(round(rng.normal(850, 150) / 10) * 10)
            add(name, f"landlord{int(rng.integers(25))}", 1, due, rent, 480 + rng.integers(60, size=len(due)))
        for s in rng.choice(5, int(rng.integers(0, 4)), replace=False):
            due = month_days(days, int(rng.integers(1, 29)))
            add(name, f"sub{s}", 3, due, PRICES[s], 180 + rng.integers(4, size=len(due)))
        if rng.random() < 0.3:
            due = month_days(days, int(rng.integers(1, 29)), 3, int(rng.integers(3)))
            sum_ = round(float(rng.lognormal(4, 0.3)), 2)
            add(name, rng.choice(["insurer", "insurer2"]), 4, due, sum_, [60] * len(due))
        if rng.random() < 0.25:
            due = np.arange(BEGIN + int(rng.integers(7)), BEGIN + days, 7)
            add(
                name,
                f"cleaner{int(rng.integers(15))}",
                5,
                due,
                float(rng.integers(4, 9) * 10),
                [720] * len(due),
            )
        if rng.random() < 0.85 and firms:
            due = month_days(days, 27)
            wage = np.full(len(due), round(float(rng.lognormal(7.5, 0.35)), 2))
            if rng.random() < 0.3:
                wage[int(rng.integers(1, len(due))) :] *= 1.05
            who = f"F{employer[k]:02d}"
            mine, home[who] = home[who], home[name]
            add(who, name, 2, due, np.round(wage, 2), 360 + rng.integers(40, size=len(due)))
            home[who] = mine
    return _log(rows, len(names), [*names, *outer], days, between, dated)


def _log(rows, count, names, days, between, dated):
    owner, time, payee, word, amount, city = (np.array(one) for one in zip(*rows, strict=True))
    order = np.lexsort((time, owner))
    time = time[order] // DAY * DAY if dated else time[order]
    starts = np.searchsorted(owner[order], np.arange(count + 1)).astype(np.int64)
    columns = {
        "when": MixedColumn(TIME, time.astype(np.int64), step=float(DAY if dated else MINUTE)),
        "payee": words(payee[order], names),
        "what": words(word[order], WORDS),
        "amount": MixedColumn(NUMBER, amount[order].astype(np.float64), step=0.01),
        "city": words(city[order], [f"c{k}" for k in range(64)]),
    }
    entities = MixedTable(
        {"of": words((np.arange(count) >= count - 4).astype(int), ["person", "firm"])}, count
    )
    return EventLog(
        MixedTable(columns, len(order)), starts, entities, EventRoles("when", "amount", "payee", "what"),
        BEGIN * DAY, (BEGIN + days) * DAY, between,
    )  # fmt: skip
