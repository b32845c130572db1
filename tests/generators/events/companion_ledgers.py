"""Planted ledgers of rows that come with others: pre-authorisations, declines and retries, reversals."""

import numpy as np
from event_logs import BEGIN, DAY, DAYS, assembled, words

from finsim.records.event_log import EventRoles
from finsim.records.mixed_table import NUMBER, TIME, MixedColumn, MixedTable

SECOND = 1_000_000_000
KINDS = ("PURCHASE", "PREAUTH", "COMPLETION", "REVERSAL")
BUY, HOLD, DONE, BACK = range(4)
ANSWERS = ("00", "05", "91")
MODES = ("chip", "tap", "auto")
AUTO = 2
PUMPS, SHOPS, VENDING = 4, 20, 19


def ledger(count=60, seed=0, *, auto=0.2, told=True, retried=1.0, coded=False):
    """Return a log of cards at pumps, shops and a vending machine that is paid in bursts.

    Pumps hold 1.00 before the sum, but for 2 of 100 holds. One purchase in twenty is declined once or twice
    before it goes through, ``auto`` of all by machine: those are declined for good. ``retried``: share of
    other declines that are tried again. One in twenty is reversed hours later. Without ``told`` the words
    of all rows are dealt out anew. ``coded``: answers are numbers.
    """
    rng = np.random.default_rng(seed)
    rows = []

    def add(card, time, shop, amount, kind, answer, mode):
        if BEGIN <= time < BEGIN + DAYS * DAY:
            rows.append((card, time, shop, round(amount, 2), kind, answer, mode))

    for card in range(count):
        for _ in range(45):
            shop, mode = int(rng.integers(SHOPS)), int(rng.integers(2))
            time = BEGIN + int(rng.integers(DAYS * 86_400)) * SECOND
            amount = float(rng.lognormal(3, 0.6)) + 0.01
            if shop < PUMPS:
                add(card, time, shop, 1.0, HOLD, 0, mode)
                if rng.random() < 0.98:
                    add(card, time + int(rng.integers(60, 420)) * SECOND, shop, amount, DONE, 0, mode)
                continue
            if shop == VENDING:
                for turn in range(int(rng.integers(2, 5))):
                    add(card, time + turn * 90 * SECOND, shop, amount + turn, BUY, 0, int(rng.integers(2)))
                continue
            mode = AUTO if rng.random() < auto else mode
            if rng.random() < (0.2 if mode == AUTO else 0.1):
                for _ in range(int(rng.integers(1, 3))):
                    add(card, time, shop, amount, BUY, int(rng.integers(1, 3)), mode)
                    time += int(rng.integers(20, 200)) * SECOND
                    if mode == AUTO:
                        break
                if mode == AUTO or rng.random() >= retried:
                    continue
            add(card, time, shop, amount, BUY, 0, mode)
            if rng.random() < 0.05:
                add(card, time + int(rng.integers(3_600, 18_000)) * SECOND, shop, amount, BACK, 0, mode)
    card, time, shop, amount, kind, answer, mode = (np.array(one) for one in zip(*rows, strict=True))
    if not told:
        kind, answer, mode = (one[rng.permutation(len(one))] for one in (kind, answer, mode))
    code = np.array([0.0, 5.0, 91.0])[answer]
    columns = {
        "when": MixedColumn(TIME, time, step=float(SECOND)),
        "other": words(shop, [f"s{k}" for k in range(SHOPS)]),
        "kind": words(kind, KINDS),
        "answer": MixedColumn(NUMBER, code, step=1.0) if coded else words(answer, ANSWERS),
        "mode": words(mode, MODES),
        "sum": MixedColumn(NUMBER, amount, step=0.01),
    }
    roles = EventRoles("when", "sum", "other", channel="mode")
    return assembled(card, time, columns, roles, MixedTable({}, count), partner_is_entity=False)


def shares(log):
    """Return the shares of holds, sums of pumps, declines and reversals, and how many stand as planted.

    Each by a plain search among the rows of the card at the payee: a hold of 1.00 before a sum, a decline
    before an approved row of its sum, and so on.
    """
    entity, shop, sums, time = log.entity(), log.part("partner"), log.part("amount"), log.times
    kind, answer, mode = (log.events[name].values for name in ("kind", "answer", "mode"))

    def beside(row, rows, low, high, same=True):
        wait = (time[rows] - time[row]) // SECOND
        fits = (entity[rows] == entity[row]) & (shop[rows] == shop[row]) & (wait >= low) & (wait <= high)
        return bool((fits & (~same | (sums[rows] == sums[row]))).any())

    holds, done, back = (np.flatnonzero(kind == one) for one in (HOLD, DONE, BACK))
    declined = np.flatnonzero((answer > 0) & (mode != AUTO))
    bought = np.flatnonzero((kind == BUY) & (answer == 0))
    found = {
        "hold": [sums[row] == 1.0 and beside(row, done, 60, 420, np.False_) for row in holds],
        "done": [beside(row, holds, -420, -60, np.False_) for row in done],
        "declined": [beside(row, bought, 20, 400) for row in declined],
        "back": [beside(row, bought, -18_000, -3_600) for row in back],
    }
    return {name: (len(one) / log.events.rows, float(np.mean(one))) for name, one in found.items()}
