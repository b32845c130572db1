"""The ledger as one would tell it: one order after the other, dictionaries, whole numbers."""

import math
from collections import defaultdict

MODES = ["fixed", "balance", "available", "pot", "previous", "attempt"]


class Story:
    """What is remembered of all schemes."""

    def __init__(self):
        self.stopped = defaultdict(lambda: "running")
        self.declines = defaultdict(int)
        self.spent = defaultdict(int)
        self.outcome, self.tried = {}, defaultdict(int)
        self.posted, self.last = defaultdict(int), defaultdict(int)
        self.pot = defaultdict(int)


def wanted(step, story):
    if story.stopped[step["scheme"]] != "running":
        return False
    if step["gate"] >= 0 and story.posted[step["gate"]] < step["gate_count"]:
        return False
    if step["until"] and story.posted[step["tally"]] >= step["until"]:
        return False
    return not step["retry"] or story.outcome.get(step["attempt"]) == "declined"


def as_people_write(amount, code, low, high):
    """A round sum for -1 and -2, else -3 - code cents below the next whole hundred."""
    if code in (-1, -2):
        unit = 10 ** (len(str(max(amount, 1))) - 1)
        step = max(unit // 2 if code == -1 else unit // 10, 100)
        found = amount // step * step
    else:
        found = math.ceil(amount / 100) * 100 - (-3 - code)
        if high and found > high:
            found -= 100
    return found if found >= max(low, 1) else amount


def worth(step, fixed, balance, overdraft, story):
    mode = MODES[step["mode"]]
    base = {
        "balance": balance,
        "available": balance + overdraft,
        "pot": story.pot[step["pot_from"]],
        "previous": story.last[step["tally"]],
        "attempt": story.tried[step["attempt"]],
    }
    amount = fixed if mode == "fixed" else math.floor(step["share"] * max(base[mode], 0))
    if step["high"]:
        amount = min(amount, step["high"])
    if step["step"] < 0:
        amount = as_people_write(amount, step["step"], step["low"], step["high"])
    elif step["step"] > 1 and amount >= step["step"]:
        amount = amount // step["step"] * step["step"]
    if amount < step["low"]:
        return step["low"] if mode in ("balance", "available") else 0
    return amount


def remember(step, amount, posted, story, limits):
    scheme = step["scheme"]
    story.tried[step["attempt"]] = amount
    story.outcome[step["attempt"]] = "posted" if posted else "declined"
    most_declines, most_spent = limits[scheme]
    if not posted:
        story.declines[scheme] += 1
        if step["abandon"]:
            story.stopped[scheme] = "abandoned"
        elif most_declines and story.declines[scheme] >= most_declines:
            story.stopped[scheme] = "declines"
        return
    story.posted[step["tally"]] += 1
    story.last[step["tally"]] = amount
    story.spent[scheme] += amount
    if step["pot_from"] >= 0:
        story.pot[step["pot_from"]] = max(0, story.pot[step["pot_from"]] - amount)
    if step["pot_to"] >= 0:
        story.pot[step["pot_to"]] += amount
    if most_spent and story.spent[scheme] >= most_spent:
        story.stopped[scheme] = "success"


def post(orders, balances, overdrafts, external, steps, limits):
    """Return one entry per order: None if skipped, else (status, amount, payer after, payee after).

    ``orders`` are (payer, payee, amount, step number or None); ``balances`` is changed in place.
    """
    story, told = Story(), []
    for payer, payee, amount, number in orders:
        step = None if number is None else steps[number]
        if step is not None:
            if not wanted(step, story):
                told.append(None)
                continue
            amount = worth(step, amount, balances[payer], overdrafts[payer], story)
            if amount <= 0:
                told.append(None)
                continue
        ok = external[payer] or balances[payer] - amount >= -overdrafts[payer]
        if ok:
            balances[payer] -= amount
            balances[payee] += amount
        if step is not None:
            remember(step, amount, ok, story, limits)
        told.append(("posted" if ok else "declined", amount, balances[payer], balances[payee]))
    return told, story
