"""Calibration of the simulated world: how people and firms pay, beside real purchasing cards and the goals.

Run: ``OMP_NUM_THREADS=1 python benchmarks/calibration.py [--accounts 5000] [--days 180] [--seeds 201 202]``.
Ordinary life only, without schemes. Figures are means over the seeds, and the least and the largest.

payments per card: Gini over the paying accounts of purchases. gaps: standard deviation over mean of the days
between two purchases of an account, all gaps together, and the median of each account's own. repeats: share
of rows with payer, payee and amount of an earlier row. duplicates: with its day too. reciprocity: share of
pairs of private accounts, of those that pay each other by a transfer, that do so in both directions.
"""

from __future__ import annotations

import argparse
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

import finsim

SHARED = Path(__file__).resolve().parents[2] / "shared"
CARDS = SHARED / "data" / "transactions" / "purchasing_cards_2010_half_a.csv.gz"
BENFORD = np.log10(1.0 + 1.0 / np.arange(1, 10))
GOALS = {
    "Gini of payments per card": (0.55, 0.65), "variation of gaps": (2.3, 3.0),
    "repeats of firms": (0.30, 0.40), "duplicates of firms": (0.05, 0.10), "reciprocity": (0.25, 1.0),
    "invoices q99.9 / median": (1_000.0, np.inf), "Benford MAD of invoices": (0.008, 0.015),
}  # fmt: skip
"""Figure -> the band that the world should be in; from purchasing cards, published diaries and ledgers."""


def gini(sizes: np.ndarray) -> float:
    """Return the Gini coefficient of counts."""
    ordered, n = np.sort(sizes), len(sizes)
    return float((2 * np.arange(1, n + 1) - n - 1) @ ordered / (n * ordered.sum()))


def variation_of_gaps(rows: pd.DataFrame, who: str, time: str) -> tuple[float, float]:
    """Return the variation of all gaps together, and the median of each entity's own."""
    ordered = rows.sort_values([who, time], kind="stable")
    gap = (ordered[time] - ordered[time].shift()) / pd.Timedelta(days=1)
    gap = gap[ordered[who].duplicated()]
    own = gap.groupby(ordered[who])
    enough = own.size() >= 5
    return float(gap.std() / gap.mean()), float((own.std() / own.mean())[enough].median())


def benford_mad(amounts: pd.Series) -> float:
    """Return the mean absolute deviation of first digits from Benford's law."""
    digit = amounts[amounts > 0].map(lambda value: int(f"{value:e}"[0]))
    share = digit.value_counts(normalize=True).reindex(range(1, 10), fill_value=0.0)
    return float(np.abs(share.to_numpy() - BENFORD).mean())


def reciprocity(rows: pd.DataFrame) -> float:
    """Return the share of paying pairs that pay in both directions."""
    pairs = rows[["from_account", "to_account"]].drop_duplicates()
    known = set(map(tuple, pairs.to_numpy()))
    return float(np.mean([(b, a) in known for a, b in known])) if known else float("nan")


def of_cards() -> dict[str, float]:
    """Return the figures of the real purchasing cards that have a counterpart."""
    rows = pd.read_csv(CARDS, parse_dates=["date"]).query("0 < amount < 1e6")
    same = ["card_id", "merchant_id", "amount"]
    return {
        "Gini of payments per card": gini(rows.groupby("card_id").size().to_numpy()),
        "variation of gaps": variation_of_gaps(rows, "card_id", "date")[0],
        "of one card, median": variation_of_gaps(rows, "card_id", "date")[1],
        "repeats of firms": float(rows.duplicated(same).mean()),
        "duplicates of firms": float(rows.duplicated([*same, "date"]).mean()),
        "invoices q99.9 / median": float(rows["amount"].quantile(0.999) / rows["amount"].median()),
        "Benford MAD of invoices": benford_mad(rows["amount"]),
        "repeats of people": float(rows.duplicated(same).mean()),
        "duplicates of people": float(rows.duplicated([*same, "date"]).mean()),
        "top payee of a card": top_payee(rows, "card_id", "merchant_id"),
    }


def top_payee(rows: pd.DataFrame, who: str, partner: str) -> float:
    """Return the mean share of an entity's payments that go to its most frequent payee."""
    counts = rows.groupby([who, partner]).size()
    return float((counts.groupby(level=0).max() / counts.groupby(level=0).sum()).mean())


def of_world(accounts: int, days: int, seed: int) -> dict[str, float]:
    """Return the figures of ordinary life in one world."""
    made = finsim.simulate(
        accounts=accounts, days=days, seed=seed, schemes={}, start=date(2026, 1, 1), progress=False
    )
    rows, held = made.to_pandas(), made.accounts.to_pandas().set_index("account_id")["kind"]
    rows = rows[rows["status"] == "posted"].assign(day=lambda table: table["ts"].dt.floor("D"))
    payer = rows["from_account"].map(held).astype(str)
    bought = rows[(rows["merchant_id"] >= 0) & payer.isin(["current", "card"])]
    firms = rows[payer == "business"]
    same = ["from_account", "to_account", "amount"]
    payee = rows["to_account"].map(held).astype(str)
    between = rows[(payer == "current") & (payee == "current")]
    invoices = rows[rows["purpose"].isin(["supplier", "invoice"])]
    return {
        "Gini of payments per card": gini(bought.groupby("from_account").size().to_numpy()),
        "variation of gaps": variation_of_gaps(bought, "from_account", "ts")[0],
        "of one card, median": variation_of_gaps(bought, "from_account", "ts")[1],
        "repeats of firms": float(firms.duplicated(same).mean()),
        "duplicates of firms": float(firms.duplicated([*same, "day"]).mean()),
        "reciprocity": reciprocity(between),
        "invoices q99.9 / median": float(invoices["amount"].quantile(0.999) / invoices["amount"].median()),
        "Benford MAD of invoices": benford_mad(invoices["amount"]),
        "repeats of people": float(bought.duplicated(same).mean()),
        "duplicates of people": float(bought.duplicated([*same, "day"]).mean()),
        "top payee of a card": top_payee(bought, "from_account", "to_account"),
        "purchases a person and day": len(bought) / days / int((held == "current").sum()),
        "declined": float((made.to_pandas()["status"] == "declined").mean()),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accounts", type=int, default=5_000)
    parser.add_argument("--days", type=int, default=180)
    parser.add_argument("--seeds", type=int, nargs="+", default=[201, 202, 203])
    given = parser.parse_args()
    real = of_cards() if CARDS.is_file() else {}
    worlds = pd.DataFrame([of_world(given.accounts, given.days, seed) for seed in given.seeds])
    print(f"{'figure':28s} {'goal':>14s} {'cards':>9s} {'world':>10s}  least to largest")
    for name in worlds:
        low, high = GOALS.get(name, (np.nan, np.nan))
        goal = "" if np.isnan(low) else f"{low:g} to {high:g}"
        real_value = f"{real[name]:.3g}" if name in real else ""
        print(
            f"{name:28s} {goal:>14s} {real_value:>9s} {worlds[name].mean():10.4g}  "
            f"{worlds[name].min():.4g} to {worlds[name].max():.4g}"
        )


if __name__ == "__main__":
    main()
