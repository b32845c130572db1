"""Small tables of payments with everything that goes wrong: ties, windows' edges, self payments, declines."""

import numpy as np

HOUR = 3600 * 10**9


def nasty(kind):
    """Return rows (time, payer, payee, amount, posted) in time order; times hit the edges of windows."""
    if kind == "empty":
        return []
    if kind == "one account":
        return [(hour * HOUR, 0, 0, 500 * hour, hour % 3 > 0) for hour in (0, 0, 1, 24, 24, 25, 200)]
    if kind == "one moment":
        return [(5 * HOUR, a, b, 1_000, True) for a in range(3) for b in range(3) for _ in range(2)]
    if kind == "before 1970":
        return [(hour * HOUR, hour % 3, (hour + 1) % 3, 700, True) for hour in range(-60, 60, 7)]
    if kind == "chains":  # the edges of 3 days, 15 % and 115 %
        hops = [
            (0, 1_000),
            (72, 900),
            (73, 850),
            (144, 1_000),
            (145, 1_150),
            (146, 1_323),
            (147, 199),
            (148, 29),
        ]
        return [(hour * HOUR, k, k + 1, amount, True) for k, (hour, amount) in enumerate(hops)] + [
            (149 * HOUR, 20, 8, 40, True), (150 * HOUR, 8, 9, 6, True), (221 * HOUR, 9, 10, 6, True)
        ]  # fmt: skip
    rng = np.random.default_rng(sum(map(ord, kind)))
    count, accounts, step, span = {
        "sparse": (150, 7, HOUR, 400), "dense": (150, 5, HOUR // 2, 100),
        "crowded": (300, 3, HOUR // 60, 5_000), "many days": (150, 4, 24 * HOUR, 45),
    }[kind]  # fmt: skip
    time = np.sort(rng.integers(0, span, count)) * step
    sides = rng.integers(0, accounts, (2, count))
    amount = rng.choice([0, 1, 499, 500, 501, 1_000, 12_345, 10**9, -700], count)
    posted = rng.random(count) > 0.15
    columns = (time, sides[0], sides[1], amount, posted)
    return list(zip(*(column.tolist() for column in columns), strict=True))


KINDS = (
    "empty",
    "one account",
    "one moment",
    "before 1970",
    "sparse",
    "dense",
    "crowded",
    "many days",
    "chains",
)


def arrays(rows):
    """Return time, payer, payee, amount int64[n] and posted bool[n]."""
    columns = list(zip(*rows, strict=True)) if rows else [()] * 5
    return (*(np.array(column, np.int64) for column in columns[:4]), np.array(columns[4], bool))
