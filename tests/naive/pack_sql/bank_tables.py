"""Random tables for the packs of payments and loans."""

import numpy as np
import pandas as pd
from naive.pack_sql.damage import DAY, ID, INT, MONEY, REAL, TIME, TRUTH, WORDS, damaged, days, parents


def retail_tx(rng):
    kinds = ["current", "savings", "card", "business", "external"]
    accounts = pd.DataFrame(
        {
            "account_id": np.arange(1, 41),
            "customer_id": np.arange(41)[1:] // 2 + 1,
            "kind": [kinds[k % 5] for k in range(40)],
            "opening_balance": 0,
            "overdraft_limit": rng.choice([0, 50_000], 40),
            "opened": [pd.Timestamp("2025-12-25").date()] * 8 + [pd.Timestamp("2026-01-03").date()] * 32,
            "age": [30, 17, 30, 18, 45, 16, 70, 12] * 5,
            "daily_limit": rng.choice([30_000, 200_000], 40),
        }
    )
    count = 700
    who = rng.choice([1, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 99], count)
    minutes = np.where(rng.random(count) < 0.5, rng.integers(0, 2_000, count), rng.integers(0, 12_000, count))
    burst = np.arange(count) % 12 == 0
    minutes[burst], who[burst] = rng.integers(2_900, 3_000, burst.sum()), 1
    order = np.argsort(minutes, kind="stable")
    minutes, who, burst = minutes[order], who[order], burst[order]
    cash = (rng.random(count) < 0.3) & ~burst
    illicit = rng.random(count) < 0.1
    story = np.where(
        illicit, rng.choice(["app_scam", "payroll_fan_out", "marketplace_gather_scatter"], count), None
    )
    transactions = pd.DataFrame(
        {
            "tx_id": np.arange(count),
            "ts": [pd.Timestamp("2026-01-01", tz="UTC") + pd.Timedelta(int(m), "min") for m in minutes],
            "device_id": rng.choice([-1, 1, 2, 3, 88], count),
            "card_id": rng.choice([-1, 1, 2, 3, 88], count),
            "merchant_id": rng.choice([-1, 5, 6, 7, 99], count),
            "from_account": who,
            "to_account": rng.choice([1, 2, 3, 6, 7, 88], count),
            "amount": np.where(
                cash, rng.choice([150_000, 300_000, 999_999], count), rng.choice([100, 499, 5_000], count)
            ),
            "status": rng.choice(["posted", "posted", "posted", "declined"], count),
            "decline_reason": rng.choice(np.array([None, None, "funds"], dtype=object), count),
            "channel": np.where(cash, "cash", rng.choice(["card_not_present", "wire"], count)),
            "purpose": rng.choice(["groceries", "gambling", "5813"], count),
            "from_balance_after": rng.choice([-60_000, -50_000, -1, 0, 10_000], count),
            "is_fraud": illicit & (story == "app_scam"),
            "is_laundering": False,
            "narrative": story,
            "instance": np.where(illicit, 4, -1),
            "phase": np.where(illicit, "pay", None),
        }
    )
    ids = ("tx_id", "merchant_id", "device_id", "card_id", "from_account", "to_account")
    schema = dict.fromkeys(ids, ID) | {
        "ts": TIME,
        "amount": MONEY,
        "status": WORDS,
        "decline_reason": WORDS,
    }
    schema |= {"channel": WORDS, "purpose": WORDS, "from_balance_after": MONEY, "is_fraud": TRUTH}
    schema |= {"is_laundering": TRUTH, "narrative": WORDS, "instance": INT, "phase": WORDS}
    wrong = {"amount": [0, -5, 149_999, 1_000_000], "status": ["pending"], "to_account": list(range(1, 13)),
             "is_fraud": [True, False], "is_laundering": [True], "phase": ["hit"], "instance": [-1, 0],
             "ts": [pd.Timestamp("2025-12-01", tz="UTC"), pd.Timestamp("2026-01-02", tz="UTC")]}  # fmt: skip
    kinds_of = {
        "account_id": ID,
        "customer_id": ID,
        "kind": WORDS,
        "opening_balance": MONEY,
        "overdraft_limit": MONEY,
        "opened": DAY,
    }
    kinds_of |= {"age": INT, "daily_limit": MONEY}
    return {
        "transactions": damaged(rng, transactions, schema, wrong),
        "legs": retail_legs(rng),
        "accounts": parents(damaged(rng, accounts, kinds_of, ACCOUNT_FAULTS, 0.03), "account_id"),
        **retail_parties(rng),
    }


def retail_parties(rng):
    """Customers of the 40 accounts, and 40 shops, each with faults."""
    customers = pd.DataFrame(
        {
            "customer_id": np.arange(1, 19),
            "kind": ["person", "firm", "person"] * 6,
            "since": [pd.Timestamp("2025-12-25").date(), pd.Timestamp("2026-01-02").date()] * 9,
        }
    )
    shops = pd.DataFrame({"merchant_id": np.arange(1, 41), "account_id": rng.choice([1, 2, 40, 77], 40)})
    devices = pd.DataFrame({"device_id": np.arange(1, 41)})
    seen = pd.Timestamp("2026-01-01", tz="UTC") + pd.to_timedelta(rng.integers(-90, 90, 40), unit="h")
    devices["first_seen"] = seen
    cards = pd.DataFrame({"card_id": np.arange(1, 41), "account_id": rng.choice([1, 2, 3], 40)})
    cards["issued"] = [pd.Timestamp("2025-12-25").date(), pd.Timestamp("2026-01-03").date()] * 20
    cards["expires"] = [pd.Timestamp("2026-01-04").date(), pd.Timestamp("2029-12-31").date()] * 20
    of_cards = {"card_id": ID, "account_id": ID, "issued": DAY, "expires": DAY}
    of_devices = {"device_id": ID, "first_seen": TIME}
    of_customers = {"customer_id": ID, "kind": WORDS, "since": DAY}
    wrong = {"since": [pd.Timestamp("2026-02-01").date()], "kind": ["firm"]}
    return {
        "cards": parents(damaged(rng, cards, of_cards, {}, 0.05), "card_id"),
        "devices": parents(damaged(rng, devices, of_devices, {}, 0.05), "device_id"),
        "customers": parents(damaged(rng, customers, of_customers, wrong, 0.05), "customer_id"),
        "merchants": parents(
            damaged(rng, shops, {"merchant_id": ID, "account_id": ID}, {}, 0.05), "merchant_id"
        ),
    }


ACCOUNT_FAULTS = {"overdraft_limit": [-1], "age": [5]}
LEG_FAULTS = {
    "balance_after": [-1_001, -1_000, 0],
    "signed": [0],
    "ts": [pd.Timestamp("2026-01-02", tz="UTC")],
}


def retail_legs(rng):
    count = 240
    frame = pd.DataFrame({"account_id": np.arange(count) % 6, "tx_id": np.arange(count)})
    frame["ts"] = [
        pd.Timestamp("2026-01-01", tz="UTC") + pd.Timedelta(int(h), "h") for h in np.arange(count) // 3
    ]
    frame["signed"] = rng.choice([-700, -100, 0, 300, 900], count)
    frame["opening_balance"] = frame.account_id * 100
    frame["balance_after"] = frame.opening_balance + frame.groupby("account_id").signed.cumsum()
    frame["overdraft_limit"], frame["external"] = 1_000, frame.account_id == 5
    schema = {"account_id": ID, "ts": TIME, "tx_id": ID, "signed": MONEY, "balance_after": MONEY}
    schema |= {"opening_balance": MONEY, "overdraft_limit": MONEY, "external": TRUTH}
    return damaged(rng, frame, schema, LEG_FAULTS, 0.02)


def consumer_loans(rng):
    count = 400
    amount, term = (
        rng.choice([50_000, 180_000, 210_000, 999_900, 1_200_000], count),
        rng.choice([6, 12, 36, 60], count),
    )
    rate = rng.choice([0.0, 0.05, 0.18, 0.2, 0.239, 0.24, 0.26, 0.3, 0.37], count)
    grown = (1 + rate / 12) ** -term
    due = np.where(rate == 0, amount / term, amount * rate / 12 / np.where(rate == 0, 1, 1 - grown))
    income, debt = rng.choice([100_000, 300_000], count), rng.choice([0, 10_000, 40_000], count)
    value = rng.choice([200_000, 1_000_000, 1_300_000], count)
    payment = np.rint(due).astype(int)
    loans = pd.DataFrame(
        {
            "loan_id": np.arange(count),
            "obligor_id": np.arange(count),
            "sector": "home",
            "loan_class": rng.choice(["consumer", "cards", "mortgage", "auto"], count),
            "age": rng.choice([6, 7, 17, 18, 20, 21, 50, 100, 101], count),
            "jurisdiction": rng.choice(["", "", "KR", "JP", "US-FCU", "US-MLA", "XX"], count),
            "income": income,
            "other_debt": debt,
            "amount": amount,
            "balance": (amount * rng.choice([0.0, 0.5, 1.0], count)).astype(int),
            "rate": rate,
            "term_months": term,
            "payment": payment,
            "dti": (payment + debt) / income,
            "collateral_value": value,
            "ltv": amount / value,
            "pd": rng.choice([0.01, 0.2], count),
            "lgd": rng.choice([0.0, 0.4, 1.0], count),
            "rho": rng.choice([0.0, 0.15], count),
            "opened": days(rng, "2015-01-01", 3_000, count),
        }
    )
    schema = {
        "loan_id": ID,
        "obligor_id": ID,
        "sector": WORDS,
        "loan_class": WORDS,
        "age": INT,
        "jurisdiction": WORDS,
    }
    schema |= dict.fromkeys(
        ("income", "other_debt", "amount", "balance", "payment", "collateral_value"), MONEY
    )
    schema |= {
        "rate": REAL,
        "term_months": INT,
        **dict.fromkeys(("dti", "ltv", "pd", "lgd", "rho"), REAL),
        "opened": DAY,
    }
    wrong = {
        "income": [0, -1],
        "amount": [0, -100],
        "balance": [-1, 2_000_000],
        "payment": [0, 1],
        "term_months": [0, -3],
    }
    wrong |= {
        "rate": [-0.01, 0.5],
        "dti": [0.44, 0.6],
        "ltv": [0.9, 1.2],
        "pd": [0.0, 1.0],
        "lgd": [-0.1, 1.1],
    }
    wrong |= {"rho": [-0.01, 1.0], "collateral_value": [0]}
    return {"loans": damaged(rng, loans, schema, wrong, 0.03), "months": loan_months(rng)}


def loan_months(rng):
    rows = []
    for loan in range(45):
        balance, length = 100_000, int(rng.integers(2, 9))
        end = str(rng.choice(["default", "prepaid", "matured", "current"]))
        for k in range(length):
            status = end if k == length - 1 else str(rng.choice(["current", "late"]))
            balance = 0 if status in ("prepaid", "matured") else balance - int(rng.integers(0, 9_000))
            lgd = float(rng.choice([0.25, 0.4, 0.333]))
            loss = round(balance * lgd) if status == "default" else 0
            month = (pd.Timestamp("2026-01-31") + pd.offsets.MonthEnd(k)).date()
            rows.append((loan * 9, month, status, balance, 0.02, lgd, loss))
    names = ["loan_id", "month", "status", "balance", "pd", "lgd", "loss"]
    schema = dict(zip(names, (ID, DAY, WORDS, MONEY, REAL, REAL, MONEY), strict=True))
    wrong = {
        "status": ["default", "gone", "matured"],
        "balance": [-1, 0, 200_000],
        "loss": [1, 30_000],
        "pd": [1.5],
    }
    return damaged(rng, pd.DataFrame(rows, columns=names), schema, wrong, 0.03)
