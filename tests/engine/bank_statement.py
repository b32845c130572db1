"""A made bank statement: shops by name, transfers by account and holder, both sides, wages, rents."""

from pathlib import Path

import numpy as np
import pandas as pd

COUNT, DAYS = 70, 75
START = pd.Timestamp("2024-01-01")
EMPLOYERS, LANDLORDS, FRIENDS = 3, 4, 20


def statement(*, wait: int = 240, seed: int = 0) -> pd.DataFrame:
    """Return rows of ``COUNT`` accounts; second sides follow within ``wait`` seconds, or at once."""
    rng = np.random.default_rng(seed)
    rows = []
    account = [f"{10_000_000 + 7 * k}" for k in range(COUNT)]
    outer = [f"{55_000_000 + 11 * k}" for k in range(EMPLOYERS + LANDLORDS + FRIENDS)]
    name = [f"HOLDER {k}" for k in range(COUNT)]

    def put(k, time, amount, word, payee, other=""):
        rows.append((account[k], time, round(float(amount), 2), word, payee, other))

    def some_time():
        seconds = int(np.clip(rng.normal(14, 3.5), 7, 22) * 3_600) + int(rng.integers(0, 3_600))
        return START + pd.Timedelta(days=int(rng.integers(DAYS)), seconds=seconds)

    for k in range(COUNT):
        wage, rent = 1_500 + float(rng.integers(1_000)), 500 + 5 * int(rng.integers(40))
        boss, home = k % EMPLOYERS, EMPLOYERS + k % LANDLORDS
        for month in range(3):
            first = START + pd.DateOffset(months=month)
            put(k, first + pd.Timedelta(days=24, hours=6), wage, "BGC", f"FIRM {boss}", outer[boss])
            put(k, first + pd.Timedelta(hours=2), -rent, "SO", f"LANDLORD {home}", outer[home])
            put(k, first + pd.Timedelta(days=k % 9, hours=3), -20.0 - k, "DD", f"UTILITY {k % 3}")
        for _ in range(30):
            put(k, some_time(), -rng.lognormal(2.6, 0.8), "POS", f"SHOP {int(25 * rng.random() ** 2)}")
        for _ in range(8):
            other, time = (k + int(rng.integers(1, 4))) % COUNT, some_time()
            amount = 5 * int(rng.integers(1, 40)) if rng.random() < 0.5 else rng.lognormal(3.5, 0.8)
            put(k, time, -amount, "FPO", name[other], account[other])
            later = time + pd.Timedelta(seconds=int(rng.integers(1, wait)) if wait else 0)
            put(other, later, amount, "FPI", name[k], account[k])
        for _ in range(3):
            friend, sign = EMPLOYERS + LANDLORDS + int(rng.integers(FRIENDS)), rng.choice([-1, 1])
            amount = sign * rng.lognormal(3.5, 0.8)
            put(k, some_time(), amount, "FPO" if sign < 0 else "FPI", f"FRIEND {friend}", outer[friend])
    table = pd.DataFrame(rows, columns=["Account", "Date", "Amount", "Type", "Payee", "Other Account"])
    table = table[table["Date"] < START + pd.Timedelta(days=DAYS)]
    return table.sort_values(["Account", "Date"], kind="stable", ignore_index=True)


def written(folder: Path, table: pd.DataFrame, *, names: str = "merchant", accounts: str = "to_account"):
    """Write rows and a schema; return both files. A role "" leaves the column out of the schema."""
    table.assign(Date=table["Date"].dt.strftime("%d/%m/%Y %H:%M:%S")).to_csv(folder / "s.csv", index=False)
    text = (
        "finsim: schema/1\nkind: payments\ncolumns:\n  Account: {type: id, role: from_account}\n"
        '  Date: {type: ts, format: "%d/%m/%Y %H:%M:%S", role: date}\n'
        "  Amount: {type: money, ccy: GBP, role: amount}\n  Type: {type: cat, role: channel}\n"
    )
    text += f"  Payee: {{type: id, role: {names}, null: true}}\n" if names else ""
    text += f"  Other Account: {{type: id, role: {accounts}, null: true}}\n" if accounts else ""
    (folder / "s.yaml").write_text(text)
    return folder / "s.csv", folder / "s.yaml"


def second_sides(table: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return rows that pay accounts of the table, and the pairs of each with the other account's own row."""
    text = table.astype({"Account": str, "Amount": float})
    inside = text[text["Other Account"].astype(str).isin(set(text["Account"]))].reset_index()
    inside["Other Account"] = inside["Other Account"].astype(str)
    out, into = inside[inside["Amount"] < 0], inside[inside["Amount"] > 0]
    sides = ["Account", "Other Account"]
    pairs = out.merge(into, left_on=sides, right_on=sides[::-1], suffixes=("", "_2"))
    pairs = pairs[(pairs["Amount"] + pairs["Amount_2"]).abs() < 0.005]
    pairs["wait"] = (pairs["Date_2"] - pairs["Date"]).dt.total_seconds()
    return out, pairs[pairs["wait"].between(0, 86_400)]
