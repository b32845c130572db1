"""Cash and charges name nobody: their words are of no transfer; firms are those that never pay a shop."""

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pytest
from bank_statement import COUNT, DAYS, START, statement, written

import finsim

pytestmark = pytest.mark.sweep

FIRMS = 12
SAID = {"FPO": ["rent share", "thanks", "dinner"], "FPI": ["rent share", "thanks", "dinner"]}


def ledger():
    """Return a statement with cash and charges that name nobody, firms without purchases, and remarks."""
    rng, table = np.random.default_rng(8), statement()
    accounts = table["Account"].drop_duplicates()
    table = table[~(table["Account"].isin(accounts[:FIRMS]) & (table["Type"] == "POS"))]
    rows = []
    for one in accounts:
        for day in rng.integers(0, DAYS, 12):
            at = START + pd.Timedelta(days=int(day), hours=int(rng.integers(8, 20)))
            cash = rng.random() < 0.7
            rows.append(
                (one, at, -float(rng.choice([20, 50, 100])) if cash else -4.5, "CASH" if cash else "CHG")
            )
    more = pd.DataFrame(rows, columns=["Account", "Date", "Amount", "Type"]).assign(
        **{"Payee": "", "Other Account": ""}
    )
    both = pd.concat([table, more]).sort_values(["Account", "Date"], kind="stable", ignore_index=True)
    both["Memo"] = [
        f"{SAID[word][k % 3]} {k % 97}" if word in SAID else f"{word} no {k % 89}"
        for k, word in enumerate(both["Type"])
    ]
    return both, set(accounts[:FIRMS])


@cache
def injected():
    table, firms = ledger()
    with TemporaryDirectory() as folder:
        data, schema = written(Path(folder), table)
        schema.write_text(schema.read_text() + "  Memo: {type: cat}\n")
        made = finsim.inject(
            data, narratives=["mule_network", "rapid_movement", "lost_or_stolen_card"], schema=schema,
            rate=0.06, seed=3, output=Path(folder) / "o", progress=False,
        )  # fmt: skip
        found = pd.read_parquet(made.transactions).astype({"Account": str, "Type": str, "Memo": str})
    return found[found["narrative"].notna()], firms


def test_transfers_have_words_and_remarks_of_transfers():
    added, _ = injected()
    between = added[added["narrative"] != "lost_or_stolen_card"]
    assert len(between) > 80
    assert set(between["Type"]) == {"FPO", "FPI"}
    assert between["Memo"].str.contains("rent share|thanks|dinner").all()


def test_cards_are_those_of_accounts_that_pay_shops():
    added, firms = injected()
    cards = added[added["narrative"] == "lost_or_stolen_card"]
    assert len(cards) > 30
    assert not set(cards["Account"]) & firms
    assert COUNT > 5 * FIRMS
