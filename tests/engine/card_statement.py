"""A made statement whose words belong together: types of payees, towns of accounts, cards, mandates."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from bank_statement import START, statement

TOWNS = ("Leeds", "York", "Hull")
KINDS = ("Food", "Fuel", "Clothes", "Books")


def card_statement(seed: int = 0) -> pd.DataFrame:
    """Return the rows of a statement with cash machines, categories, references and towns."""
    rng = np.random.default_rng(seed)
    table = statement(seed=seed)
    account = table["Account"].unique()
    cash = pd.DataFrame({
        "Account": rng.choice(account, 400),
        "Date": START + pd.to_timedelta(rng.integers(0, 75 * 86_400, 400), unit="s"),
        "Amount": -10.0 * rng.integers(1, 15, 400), "Type": "ATM", "Payee": "", "Other Account": "",
    })  # fmt: skip
    table = pd.concat([table, cash]).sort_values(["Account", "Date"], kind="stable", ignore_index=True)
    number = table["Account"].map({one: k for k, one in enumerate(account)})
    home = np.asarray(TOWNS)[number % 3]
    kind = table["Type"]
    at_shop = kind.isin(["POS", "ATM"]).to_numpy()
    shop = table["Payee"].str.extract(r"SHOP (\d+)", expand=False).astype(float)
    town = np.where(at_shop & ~(shop < 3).to_numpy(), home, "")  # the first three shops sell by post
    table["Payee"] = np.where(kind == "ATM", "CASH " + pd.Series(town).str.upper(), table["Payee"])
    mandate = table["Payee"].str[-1] + "M" + (100_000 + 37 * number).astype(str)
    words = {"SO": "RENT", "BGC": "SALARY", "FPO": "THANKS", "FPI": "THANKS"}
    table["Reference"] = np.select(
        [at_shop, kind == "DD"], ["CARD " + (1_000 + 13 * number).astype(str), mandate], kind.map(words)
    )
    told = {"SO": "Housing", "BGC": "Income", "DD": "Energy", "ATM": "Cash"}
    table["Category"] = np.where(
        kind == "POS", np.asarray(KINDS)[(shop.fillna(0) % 4).astype(int)], kind.map(told).fillna("Transfer")
    )
    return table.assign(Town=town)


def written(folder: Path, table: pd.DataFrame) -> tuple[Path, Path]:
    """Write rows and a schema; return both files."""
    table.assign(Date=table["Date"].dt.strftime("%d/%m/%Y %H:%M:%S")).to_csv(folder / "c.csv", index=False)
    (folder / "c.yaml").write_text(
        "finsim: schema/1\nkind: payments\ncolumns:\n  Account: {type: id, role: from_account}\n"
        '  Date: {type: ts, format: "%d/%m/%Y %H:%M:%S", role: date}\n'
        "  Amount: {type: money, ccy: GBP, role: amount}\n  Type: {type: cat, role: channel}\n"
        "  Payee: {type: id, role: merchant, null: true}\n"
        "  Other Account: {type: id, role: to_account, null: true}\n"
        "  Reference: {type: cat, role: purpose}\n  Category: {type: cat, role: category}\n"
        "  Town: {type: cat, null: true}\n"
    )
    return folder / "c.csv", folder / "c.yaml"
