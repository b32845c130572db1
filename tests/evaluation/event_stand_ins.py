"""Rows of entities in time, seeded, with habits that can be taken away one at a time."""

from __future__ import annotations

import numpy as np
import pandas as pd

SHOPS = 400


def events(seed: int, entities: int = 300, clock: bool = True, first: int = 0) -> pd.DataFrame:
    """Return rows with card, ts, amount, merchant_id, channel, label: levels, bursts, habits, life spans.

    The label is more likely for large amounts at shops that are new to the card.
    """
    rng = np.random.default_rng(seed)
    popular = 1.0 / np.arange(1, SHOPS + 1)
    popular /= popular.sum()
    parts = []
    for who in range(first, first + entities):
        start = rng.integers(0, 200)
        life = 20 + rng.gamma(2.0, 60.0)
        days: list[float] = []
        at = float(start)
        pace = rng.gamma(2.0, 3.0) + 0.5
        while at < start + life and at < 365 and len(days) < 400:
            at += rng.exponential(pace)
            days.append(at)
            more = int(rng.random() < 0.3) * int(rng.integers(1, 4))
            days += list(at + rng.exponential(0.02, more))
        days = sorted(days)
        size = len(days)
        own = rng.choice(SHOPS, int(rng.integers(2, 6)), p=popular, replace=False)
        habit = rng.random(size) < 0.7
        shop = np.where(habit, own[rng.integers(0, len(own), size)], rng.choice(SHOPS, size, p=popular))
        level = rng.normal(3.0, 0.8)
        amount = np.round(np.exp(level + 0.6 * rng.standard_normal(size)), 2)
        amount = np.where(rng.random(size) < 0.3, np.ceil(amount / 5.0) * 5.0, amount)
        hour = np.clip(rng.normal(14.0, 4.0, size), 0.0, 23.9) / 24.0
        moment = np.floor(days) + hour if clock else np.floor(days)
        moment = np.sort(moment)
        odds = 0.01 + 0.25 * (~habit) * (amount > np.exp(level))
        parts.append(
            pd.DataFrame(
                {
                    "card": f"c{who:05d}",
                    "ts": pd.Timestamp("2021-01-01") + pd.to_timedelta(np.round(moment * 86_400), unit="s"),
                    "amount": amount,
                    "merchant_id": shop.astype(np.int64),
                    "channel": rng.choice(["chip", "online", "swipe"], size, p=[0.6, 0.3, 0.1]),
                    "bad": (rng.random(size) < odds).astype(np.int64),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def entities_mixed(rows: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Half of all rows change cards."""
    made = rows.copy()
    moved = np.flatnonzero(rng.random(len(rows)) < 0.5)
    made.loc[moved, "card"] = made["card"].to_numpy()[rng.permutation(moved)]
    return made


def bursts_removed(rows: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """The rows of a card are spread evenly over its life."""
    made = rows.sort_values(["card", "ts"], kind="stable").copy()
    grouped = made.groupby("card")["ts"]
    start, end = grouped.transform("min"), grouped.transform("max")
    place, size = grouped.cumcount(), grouped.transform("size")
    whole = (end - start).dt.total_seconds() * place / np.maximum(size - 1, 1)
    made["ts"] = start + pd.to_timedelta(np.round(whole), unit="s")
    return made


def amounts_rounded(rows: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Every amount is whole."""
    return rows.assign(amount=np.maximum(np.round(rows["amount"]), 1.0))


def partners_independent(rows: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Counterparties are dealt anew over all rows."""
    return rows.assign(merchant_id=rng.permutation(rows["merchant_id"].to_numpy()))


def lives_cut(rows: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Nothing is left after the first 60 days of a card."""
    start = rows.groupby("card")["ts"].transform("min")
    return rows[rows["ts"] < start + pd.Timedelta(days=60)].reset_index(drop=True)


FAULTS = {
    "entities_mixed": (entities_mixed, "counterparties"),
    "bursts_removed": (bursts_removed, "gaps"),
    "amounts_rounded": (amounts_rounded, "amounts"),
    "partners_independent": (partners_independent, "counterparties"),
    "lives_cut": (lives_cut, "first_last"),
}
"""Fault -> the change, and a metric that must find it."""
