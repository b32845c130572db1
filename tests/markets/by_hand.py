"""Drivers, bodies and files made by hand for the market tests."""

from datetime import date

import numpy as np

from finsim.records.calendar import Clock, step_ends
from finsim.records.drivers import Anchor, Drivers

CLOCK = Clock(date(2025, 12, 31), 2520, 90, 36)

# Federal Reserve 2026 severely adverse: equity in percent from jump-off, VIX, and the file's blend.
EQUITY = (-38.7, -48.5, -57.8, -53.8, -49.9, -45.9, -42.0, -38.0, -34.1, -30.1, -26.1, -22.2, -18.2)
VIX = (59.7, 72.0, 70.9, 66.6, 62.3, 58.1, 53.8, 49.5, 45.3, 41.0, 36.7, 32.5, 28.2)
BLEND = (0.55, 0.6, 0.55, 0.45, 0.4, 0.35, 0.3, 0.25, 0.2, 0.15, 0.1, 0.05, 0.0)


def quarter_ends(clock=CLOCK, count=13):
    return step_ends(clock.start, "quarter", count)


def per_session(values, after, clock=CLOCK):
    """Hold each quarter's value from the session after the last quarter end; ``after`` holds to the end."""
    at = clock.sessions_at(quarter_ends(clock, len(values)))
    step = np.searchsorted(at, np.arange(clock.sessions), side="left")
    return np.append(values, after)[np.minimum(step, len(values))].astype(float)


def dfast_2026(clock=CLOCK):
    moves = np.array(EQUITY) / 100
    at = clock.sessions_at(quarter_ends(clock))
    return Drivers(
        "dfast-severely-adverse-2026", "by hand", 1.0, "", clock, "quarter",
        step_dates=tuple(str(day) for day in quarter_ends(clock)),
        anchors=tuple(Anchor(int(s), float(m)) for s, m in zip(at, moves, strict=True)),
        equity_steps=moves,
        market={
            "vol_mult": per_session(np.array(VIX) / 26.4, 1.0, clock),
            "corr_blend": per_session(BLEND, 0.0, clock),
        },
    )  # fmt: skip


def drivers(clock, anchors=(), severity=1.0, **market):
    levels = tuple(Anchor(session, move) for session, move in anchors)
    series = {name: np.broadcast_to(value, clock.sessions).astype(float) for name, value in market.items()}
    return Drivers("by-hand", "by hand", severity, "", clock, "quarter", anchors=levels, market=series)


def blocks(features, count, steps, random, length=40):
    """Sample feature paths by the stationary block bootstrap, geometric blocks of mean ``length``."""
    rows = np.empty((count, steps), dtype=int)
    now = random.integers(0, len(features), count)
    for t in range(steps):
        fresh = random.random(count) < 1 / length
        now = np.where(fresh, random.integers(0, len(features), count), (now + 1) % len(features))
        rows[:, t] = now
    return features[rows]
