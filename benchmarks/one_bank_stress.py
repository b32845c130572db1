"""One bank under stress, read from the rows of a run alone, and the panel's tail beside the loss draws.

    python benchmarks/one_bank_stress.py [SEED ...]

For each seed a bank of 8,000 accounts whose borrowers hold part of 2,400 loans (mean PD 12 %), 250 days,
base and dfast-severely-adverse-2026. ``declined``: share of borrowers in default who had a declined direct
debit in the two months before. ``rolls``: of loans 60 days late, the share that defaults in the next month.
``salaries``: of those who are ever paid a salary, the share that gets a benefit and no salary in a month
beside the move of unemployment, in percent (a share without either takes the salary to another bank). Then
the default rate of a year of an infinitely fine book of the panel, PD 2 %, rho 20 %, over 200,000 worlds,
beside the loss draws.
"""

from __future__ import annotations

import sys
import tempfile
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from finsim.credit.losses import homogeneous_losses
from finsim.credit.months.monthly_risk import monthly_risk
from finsim.credit.settings import Settings
from finsim.engine.finished_run import Run
from finsim.engine.run import run
from finsim.engine.study.study_file import study_of
from finsim.randomness import Streams
from finsim.records.calendar import Clock
from finsim.records.drivers import identity

HARD = "dfast-severely-adverse-2026"


def study(seed: int) -> dict[str, object]:
    """Return the study of a seed."""
    return {
        "finsim": "study/1",
        "id": "one-bank",
        "seed": seed,
        "transactions": {"accounts": 8000, "days": 250, "currency": "EUR"},
        "credit": {"data": "german_credit", "loans": 2400, "months": 12, "draws": 5000, "target_pd": 0.12},
        "scenarios": ["base", HARD],
        "evaluation": {"enabled": False},
    }


def frame(made: Run, table: str, scenario: str) -> pd.DataFrame:
    """Return a table of a scenario."""
    return pd.read_parquet(made.file(table, scenario))


def paid(made: Run, scenario: str) -> pd.DataFrame:
    """Return the payments with their calendar month."""
    rows = frame(made, "transactions", scenario)
    return rows.assign(period=rows["ts"].dt.tz_localize(None).dt.to_period("M"))


def declined(made: Run, scenario: str) -> tuple[int, float]:
    """Return the defaulters whose two months before are in the payments, and the share declined in them."""
    rows, accounts = paid(made, scenario), frame(made, "accounts", scenario)
    owner = accounts.set_index("account_id")["customer_id"]
    bad = rows[(rows["status"] == "declined") & (rows["channel"] == "direct_debit")]
    seen = set(zip(bad["from_account"].map(owner), bad["period"], strict=True))
    months = frame(made, "months", scenario)
    months = months[months["status"].astype(str) == "default"]
    loans = frame(made, "loans", scenario).dropna(subset=["customer_id"]).set_index("loan_id")["customer_id"]
    gone = months.assign(customer=months["loan_id"].map(loans), period=months["month"].dt.to_period("M"))
    gone = gone.dropna(subset=["customer"])
    first, last = rows["period"].min(), rows["period"].max()
    gone = gone[(gone["period"] - 2 >= first) & (gone["period"] - 1 < last)]
    had = [
        (row.customer, row.period - 1) in seen or (row.customer, row.period - 2) in seen
        for row in gone.itertuples()
    ]
    return len(had), float(np.mean(had))


def rolls(made: Run, scenario: str) -> tuple[int, float]:
    """Return how many loan months are 60 days late and not the last, and the share that defaults."""
    months = frame(made, "months", scenario).sort_values(["loan_id", "month"])
    after = months.groupby("loan_id")["status"].shift(-1).astype(object)
    late = (months["days_past_due"] == 60) & after.notna()
    return int(late.sum()), float((after[late].astype(str) == "default").mean())


def paid_to(made: Run, scenario: str, purpose: str) -> pd.Series:
    """Return by month the accounts that got pay of a kind."""
    labels = frame(made, "labels", scenario)[["tx_id", "purpose"]]
    rows = paid(made, scenario).merge(labels, on="tx_id")
    rows = rows[(rows["status"] == "posted") & (rows["purpose"].astype(str) == purpose)]
    return rows.groupby("period")["to_account"].agg(set)


def salaries(made: Run) -> pd.DataFrame:
    """Return by month the share of earners who get a benefit and no salary under stress, and the move.

    Earners are paid in the month: a salary in base or under stress, or a benefit in the place of one.
    """
    calm, hard, benefit = (
        paid_to(made, *which) for which in (("base", "salary"), (HARD, "salary"), (HARD, "benefit"))
    )
    always = paid_to(made, "base", "benefit")
    ever = set().union(*calm)
    move = frame(made, "driver_months", HARD)["unemployment"].to_numpy()
    found = []
    for at, (month, base) in enumerate(calm.items()):
        instead = (benefit.get(month, set()) - hard[month]) & ever
        earners = base | hard[month] | instead | (always.get(month, set()) & ever)
        elsewhere = base - hard[month] - instead
        shares = (100 * len(group) / len(earners) for group in (instead, elsewhere))
        found.append((str(month), len(earners), *shares, move[at]))
    return pd.DataFrame(found, columns=["month", "earners", "lost", "elsewhere", "move"]).iloc[:-1]


def tails(count: int = 200_000, months: int = 12) -> dict[str, list[float]]:
    """Return q99 and q99.9 of a year's default rate: panel of a fine book, and loss draws."""
    rate, settings = [], replace(Settings(), quality_drift=0.0, sector_correlation=0.0)
    clock = identity(Clock(date(2025, 12, 31), 2, 1, months))
    for block in range(count // 20_000):
        names = [f"{block}-{k}" for k in range(20_000)]
        columns = {"sector": names, "loan_class": ["consumer"] * 20_000}
        columns |= {"term_months": np.full(20_000, 60), "months_on_book": np.zeros(20_000, np.int64)}
        columns |= {
            name: np.full(20_000, value) for name, value in (("pd", 0.02), ("rho", 0.2), ("lgd", 0.45))
        }
        still = np.zeros((months, 20_000))
        risk = monthly_risk(pa.table(columns), clock, Streams(900 + block), settings, still)
        rate.append(1.0 - np.prod(1.0 - risk.monthly, axis=0))
    drawn = homogeneous_losses(100_000, 0.02, 0.2, 1.0, count // 4, Streams(907))
    return {
        name: np.quantile(x, [0.99, 0.999]).round(4).tolist()
        for name, x in (("panel", np.concatenate(rate)), ("draws", drawn))
    }


def main() -> None:
    """Print a line for each figure."""
    for seed in [int(word) for word in sys.argv[1:]] or [61]:
        with tempfile.TemporaryDirectory() as folder:
            made = run(study_of(study(seed)), output=Path(folder) / "run")
            for scenario in ("base", HARD):
                print(f"seed {seed}, {scenario}: declined before default", declined(made, scenario))
                print(f"seed {seed}, {scenario}: 60 days late, default next", rolls(made, scenario))
            stops = salaries(made)
            print(stops.round(2).to_string(index=False))
            print(f"largest distance {(stops['lost'] - stops['move']).abs().max():.2f} points", flush=True)
    print("q99 and q99.9, PD 2 %, rho 20 % (closed form .1286, .2263):", tails())


if __name__ == "__main__":
    main()
