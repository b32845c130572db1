"""Ledgers of accounts with planted bills of changing sums and habits of one weekday, made by numpy alone."""

import numpy as np
from event_logs import DAY, words
from standing_ledgers import BEGIN, MINUTE, month_days, to_monday

from finsim.records.event_log import EventLog, EventRoles
from finsim.records.mixed_table import NUMBER, TIME, MixedColumn, MixedTable

WORDS = ("shop", "energy", "card", "tax", "market", "rent", "coffee", "site", "premium")
SHOP, ENERGY, CARD, TAX, MARKET, RENT, COFFEE, SITE, PREMIUM = range(9)
LEVELS = (60.0, 150.0)


def bills(people=120, days=365, seed=0, shown=True, life=True, only=WORDS, odd=False, years=False):
    """Accounts shop at random, with coffee on any working day (some); beside, each with a chance of its own:

    energy (own day, weekends wait; supplier 0 has a level of 60, 1 of 150; s.d. .15, winter .3 more), a card
    settled two days before the month ends (s.d. .5), a tax (round sums; February and March paused), a market
    on Saturdays (fives, s.d. .3, one week in ten without), rent (one sum), a wage on Fridays; with ``years``
    a premium once a year. ``odd`` : one energy bill in 25 a week late, another one paid twice.
    """
    rng = np.random.default_rng(seed)
    names: list[str] = []
    rows = []

    def add(owner, payee, word, day, amount, minute=600):
        if payee not in names:
            names.append(payee)
        if WORDS[word] in only:
            for one, size in zip(day, np.broadcast_to(amount, len(day)), strict=True):
                if BEGIN <= one < BEGIN + days:
                    at = one * DAY + (minute + int(rng.integers(30))) * MINUTE
                    rows.append((owner, at, names.index(payee), word, round(float(size), 2)))

    for k in range(people):
        if rng.random() < 0.8:
            due = to_monday(month_days(days, int(rng.integers(1, 29))))
            season = 0.3 * np.cos(
                2 * np.pi * (due.astype("datetime64[D]").astype("datetime64[M]").astype(int)) / 12
            )
            supplier = int(rng.integers(2))
            size = LEVELS[supplier] * np.exp(0.2 * rng.normal() + 0.15 * rng.normal(size=len(due)) + season)
            if odd:
                due = due + 7 * (rng.random(len(due)) < 0.04)
                twice = rng.random(len(due)) < 0.02
                due, size = np.append(due, due[twice] + 3), np.append(size, size[twice])
            add(k, f"energy{supplier}", ENERGY, due, size, 60)
        if rng.random() < 0.5:
            due = month_days(days + 31, 1)[1:] - 3
            add(k, "card", CARD, due, rng.lognormal(6, 0.4) * np.exp(0.5 * rng.normal(size=len(due))), 120)
        if rng.random() < 0.4:
            due = month_days(days, 15)
            month = due.astype("datetime64[D]").astype("datetime64[M]").astype(int) % 12
            add(k, "town", TAX, due[(month != 1) & (month != 2)], 10.0 * int(rng.integers(10, 20)), 180)
        if rng.random() < 0.4:
            due = np.arange(BEGIN - BEGIN % 7 + 2, BEGIN + days, 7)
            due = due[rng.random(len(due)) < 0.9]
            size = 5 * np.round(12 * np.exp(0.3 * rng.normal(size=len(due))))
            add(k, f"market{rng.integers(5)}", MARKET, due, size, 660)
        if rng.random() < 0.4:
            add(
                k,
                f"landlord{rng.integers(20)}",
                RENT,
                month_days(days, 1),
                10.0 * int(rng.integers(50, 120)),
                30,
            )
        if rng.random() < 0.2:
            due = np.arange(BEGIN - BEGIN % 7 + 1, BEGIN + days, 7)
            add(k, f"site{rng.integers(3)}", SITE, due, 500 * np.exp(0.1 * rng.normal(size=len(due))), 360)
        if years:
            due = month_days(days, int(rng.integers(1, 29)), 12, int(rng.integers(12)))
            add(k, "insurer", PREMIUM, due, round(rng.lognormal(5, 0.3), 2), 90)
        if life:
            many, shops = int(rng.poisson(days / 6)), rng.integers(30, size=6)
            for day, shop in zip(rng.integers(days, size=many), rng.choice(shops, many), strict=True):
                add(k, f"shop{shop}", SHOP, [BEGIN + day], rng.lognormal(3, 0.6))
            if rng.random() < 0.3:
                due = BEGIN + np.flatnonzero(rng.random(days) < 0.5)
                add(k, f"cafe{rng.integers(4)}", COFFEE, due[(due + 3) % 7 < 5], 3.5 + rng.integers(2), 480)
    return _log(rows, people, names, days, shown)


def _log(rows, people, names, days, shown):
    owner, time, payee, word, amount = (np.array(one) for one in zip(*rows, strict=True))
    order = np.lexsort((time, owner))
    columns = {
        "when": MixedColumn(TIME, time[order].astype(np.int64), step=float(MINUTE)),
        "payee": words(payee[order], names),
        "amount": MixedColumn(NUMBER, amount[order].astype(np.float64), step=0.01),
    }
    if shown:
        columns["what"] = words(word[order], WORDS)
    starts = np.searchsorted(owner[order], np.arange(people + 1)).astype(np.int64)
    log = EventLog(
        MixedTable(columns, len(order)), starts,
        MixedTable({"of": words(np.zeros(people, int), ["person"])}, people),
        EventRoles("when", "amount", "payee", "what" if shown else None), BEGIN * DAY, (BEGIN + days) * DAY,
        False,
    )  # fmt: skip
    return log, word[order]
