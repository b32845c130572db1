"""Planted ledgers: purchases that are paid back, transfers that stand on both sides, and chance alone."""

import numpy as np
from event_logs import BEGIN, DAY, DAYS, assembled, words

from finsim.records.event_log import EventRoles
from finsim.records.mixed_table import NUMBER, TIME, MixedColumn, MixedTable

MINUTE = 60_000_000_000
TRADES = ("food", "clothes", "pay")
SHOPS = 20


class Rows:
    """Moves of a ledger, row by row."""

    def __init__(self):
        self.rows = []

    def add(self, entity, time, partner, amount, direction, word, trade):
        if BEGIN <= time < BEGIN + DAYS * DAY:
            self.rows.append((entity, time, partner, round(amount, 2), direction, word, trade))

    def log(self, count, names, both, people=None):
        entity, time, partner, amount, direction, word, trade = (
            np.array(one) for one in zip(*self.rows, strict=True)
        )
        columns = {
            "when": MixedColumn(TIME, time, step=float(MINUTE)),
            "other": words(partner, names),
            "way": words(direction, ["Cargo", "Abono"]),
            "word": words(word, ["buy", "back", "send", "wage"]),
            "trade": words(trade, TRADES),
            "sum": MixedColumn(NUMBER, amount, step=0.01),
        }
        roles = EventRoles("when", "sum", "other", "word", direction="way")
        people = MixedTable({}, count) if people is None else people
        return assembled(entity, time, columns, roles, people, partner_is_entity=both)


def minute(rng):
    return int(rng.integers(0, DAYS * 1_440)) * MINUTE


def statement(count=60, seed=0, *, share=0.3, part=0.0, sends=8, mirror=True):
    """Statements of accounts: clothes are paid back 2 to 14 days later, ``part`` of them in half.

    Sends between accounts stand on both sides where ``mirror``. The first ``count`` partners are accounts.
    """
    rng = np.random.default_rng(seed)
    rows = Rows()
    for e in range(count):
        for _ in range(30):
            shop = int(rng.integers(SHOPS))
            time, amount, trade = BEGIN + minute(rng), float(rng.lognormal(3, 0.7)), shop % 2
            rows.add(e, time, count + shop, amount, 0, 0, trade)
            if trade == 1 and rng.random() < share:
                half = 0.5 if rng.random() < part else 1.0
                back = time + int(rng.integers(2, 15)) * DAY
                rows.add(e, back, count + shop, max(amount * half, 0.01), 1, 1, trade)
        for month in range(4):
            rows.add(e, BEGIN + (month * 30 + 26) * DAY, count + SHOPS, 1_500.0 + e, 1, 3, 2)
        for _ in range(sends):
            other, time = (e + int(rng.integers(1, 4))) % count, BEGIN + minute(rng)
            amount = float(rng.choice([5, 10, 20, 50]))
            rows.add(e, time, other, amount, 0, 2, 2)
            if mirror:
                rows.add(other, time, e, amount, 1, 2, 2)
    names = [f"a{k}" for k in range(count)] + [f"s{k}" for k in range(SHOPS + 1)]
    return rows.log(count, names, both=sends > 0)


def payers(count=60, seed=0):
    """Rows of who pays whom: shops are payers too, of what they pay back; friends send each other fives."""
    rng = np.random.default_rng(seed)
    rows = Rows()
    for e in range(count):
        for _ in range(30):
            shop, time = int(rng.integers(SHOPS)), BEGIN + minute(rng)
            amount = float(rng.lognormal(3, 0.7))
            rows.add(e, time, count + shop, amount, 0, 0, shop % 2)
            if shop % 2 and rng.random() < 0.3:
                rows.add(count + shop, time + int(rng.integers(2, 15)) * DAY, e, amount, 0, 1, 1)
        for _ in range(6):
            rows.add(e, BEGIN + minute(rng), e ^ 1, float(rng.choice([5, 10])), 0, 2, 2)
    names = [f"a{k}" for k in range(count)] + [f"s{k}" for k in range(SHOPS)]
    return rows.log(count + SHOPS, names, both=True)


def naive_answers(log, turned):
    """Return for each row the one before it of its pair and sum that goes the other way, row by row."""
    entity, partner, sums = log.entity(), log.part("partner"), np.abs(log.part("amount"))
    way, time = log.part("direction"), log.times
    before = np.full(len(entity), -1)
    for j in range(len(entity)):
        best = None
        for i in range(len(entity)):
            same = (entity[i], partner[i]) == (entity[j], partner[j])
            cross = (entity[i], partner[i]) == (partner[j], entity[j])
            fits = sums[i] == sums[j] and time[i] < time[j] and (same or (turned and cross))
            if fits and (best is None or time[i] > time[best]):
                best = i
        if best is None or time[j] - time[best] > 62 * DAY:
            continue
        same = entity[best] == entity[j]
        if (turned and not same and way[best] == way[j]) or (not turned and way[best] != way[j]):
            before[j] = best
    return before
