"""Random tables for the pack of credit cards."""

import numpy as np
import pandas as pd
from naive.pack_sql.damage import DAY, ID, INT, MONEY, REAL, TIME, TRUTH, WORDS, damaged, days, parents


def card_portfolio(rng):
    count = 40
    accounts = pd.DataFrame(
        {
            "account_id": np.arange(count),
            "opened": days(rng, "2025-11-01", 70, count),
            "age": rng.choice([16, 17, 18, 20, 21, 40], count),
            "income": rng.choice([0, 200_000], count),
            "cosigner": rng.random(count) < 0.5,
            "credit_limit": rng.choice([100_000, 500_000], count),
            "home_country": rng.choice(["US", "DE"], count),
        }
    )
    kinds = {"account_id": ID, "opened": DAY, "age": INT, "income": MONEY, "cosigner": TRUTH}
    kinds |= {"credit_limit": MONEY, "home_country": WORDS}
    return {
        "accounts": parents(damaged(rng, accounts, kinds, {"credit_limit": [-1]}), "account_id"),
        "statements": card_statements(rng, count),
        "payments": card_payments(rng, count),
    }


def card_statements(rng, count):
    rows = []
    for account in range(count + 2):
        balance, late, limit, least = int(rng.integers(0, 60_000)), 0, int(rng.choice([100_000, 60_000])), 0
        opening, status = balance, "current"
        for k in range(9):
            bought, fees = int(rng.choice([0, 9_000, 30_000])), int(rng.choice([0, 2_500]))
            interest = int(max(balance, 0) * 0.02)
            paid = int(rng.choice([0, max(0, least - 1), least, balance]) if balance > 0 else 0)
            late = late + 30 if paid < least else 0
            status = (
                "charged_off"
                if late >= 180 or status == "charged_off"
                else ("delinquent" if late >= 30 else "current")
            )
            balance = balance + bought + interest + fees - paid
            least = min(balance, max(2_500, round(balance * 0.01) + interest + fees))
            month = (pd.Timestamp("2021-01-31") + pd.offsets.MonthEnd(k)).date()
            rows.append((account, month, status, limit, opening, bought, interest, fees, paid, balance, least,
                         float(rng.choice([0.15, 0.2, 0.22, 0.36])), balance / limit, late,
                         str(rng.choice(["", "KR", "US-FCU", "XX"]))))  # fmt: skip
    names = ["account_id", "month", "status", "credit_limit", "opening_balance", "purchases", "interest",
             "fees", "payments", "balance", "min_payment", "apr", "utilisation", "days_past_due",
             "jurisdiction"]  # fmt: skip
    schema = dict.fromkeys(names, MONEY) | {
        "account_id": ID,
        "month": DAY,
        "status": WORDS,
        "days_past_due": INT,
    }
    schema |= {"apr": REAL, "utilisation": REAL, "jurisdiction": WORDS}
    wrong = {
        "status": ["current", "delinquent", "charged_off"],
        "credit_limit": [0, 100],
        "purchases": [-1],
        "fees": [-1],
    }
    wrong |= {
        "min_payment": [-1, 10**8],
        "apr": [-0.1, 0.5],
        "days_past_due": [-30, 0, 200],
        "balance": [0, -500],
    }
    return damaged(rng, pd.DataFrame(rows, columns=names), schema, wrong, 0.015)


def card_payments(rng, count):
    rows = []
    for number in range(900):
        minute = int(rng.integers(0, 3_000)) + (0 if number % 3 else 40_000)
        account = int(rng.choice([0, 1, 2, 3, int(rng.integers(0, count + 3))]))
        rows.append(
            (number, account, pd.Timestamp("2026-01-01", tz="UTC") + pd.Timedelta(minute, "min"),
             int(rng.choice([100, 499, 500, 4_000, 60_000, 900_000], p=[0.4, 0.1, 0.1, 0.3, 0.08, 0.02])),
             str(rng.choice(["posted", "declined"])), str(rng.choice(["US", "DE", "FR"])),
             str(rng.choice(["shop", "gambling", "5921"])), bool(rng.random() < 0.6),
             int(rng.choice([16, 17, 18, 40])))
        )  # fmt: skip
    names = [
        "payment_id",
        "account_id",
        "ts",
        "amount",
        "status",
        "country",
        "category",
        "is_present",
        "user_age",
    ]
    schema = dict(zip(names, (ID, ID, TIME, MONEY, WORDS, WORDS, WORDS, TRUTH, INT), strict=True))
    return damaged(rng, pd.DataFrame(rows, columns=names), schema, {"amount": [0, -1]}, 0.02)
