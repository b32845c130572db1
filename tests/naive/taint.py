"""Illicit money as one would tell it: each account has a clean and an illicit part, and pays from the mix."""

from collections import defaultdict


def sources(steps):
    """Return which payments bring illicit money: frauds, and launderings of accounts not paid before.

    ``steps`` are (ts, scheme, payer, payee, fraud, laundering).
    """
    found = []
    for ts, scheme, payer, _, fraud, laundering in steps:
        paid = any(one[0] < ts and one[1] == scheme and one[3] == payer for one in steps)
        found.append(bool(fraud or (laundering and not paid)))
    return found


def follow(rows, opening, external):
    """Return the illicit share of every row: (payer, payee, amount, posted, source, laundering) in order."""
    balance, illicit, shares = dict(opening), defaultdict(float), []
    for payer, payee, amount, posted, source, laundering in rows:
        if not posted:
            shares.append(0.0)
            continue
        own = max(balance[payer], 0)
        lent = max(amount - own, 0)
        share = 0.0 if payer in external else illicit[payer] / (own + lent)
        illicit[payer] -= share * amount
        balance[payer] -= amount
        if source or (laundering and payer in external):
            share = 1.0
        owed = max(-balance[payee], 0)
        balance[payee] += amount
        if payee not in external:
            illicit[payee] += share * max(amount - owed, 0)
        if payer in external or balance[payer] <= 0:
            illicit[payer] = 0.0
        assert illicit[payee] <= max(balance[payee], 0) + 1e-6 * amount
        shares.append(share)
    return shares
