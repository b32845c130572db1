"""Prices of another payee, and payments in months of pause, are seen by ``standing_payments``."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from finsim.evaluation.events.event_sides import event_case
from finsim.evaluation.events.standing import standing_payments
from finsim.evaluation.settings import Settings
from finsim.evaluation.tables.column_pairs import Roles
from finsim.randomness import Streams

ROLES = Roles(id="account", time="ts", amount="amount", counterparty="payee")
PRICES = {"films": 10.99, "music": 11.99, "gym": 24.99}


def ledger(seed: int) -> pd.DataFrame:
    """Return 100 accounts with subscriptions, a tax that pauses in February and March, and some shopping."""
    rng = np.random.default_rng(seed)
    rows = []
    for k in range(100):
        for payee, price in PRICES.items():
            day = int(rng.integers(28))
            if rng.random() < 0.5:
                rows += [(f"a{k}", month, day, price, payee) for month in range(6)]
        tax = float(round(rng.uniform(90, 190)))
        rows += [(f"a{k}", month, 14, tax, "tax") for month in (0, 3, 4, 5)]
        for _ in range(10):
            rows.append((f"a{k}", int(rng.integers(6)), int(rng.integers(28)), rng.lognormal(3, 1), "shop"))
    found = pd.DataFrame(rows, columns=["account", "month", "day", "amount", "payee"])
    starts = pd.date_range("2025-01-01", periods=6, freq="MS")
    found["ts"] = starts[found.pop("month")] + pd.to_timedelta(found.pop("day"), unit="D")
    return found


def scores(own: pd.DataFrame):
    tables = [pa.Table.from_pandas(one, preserve_index=False) for one in (ledger(1), own)]
    case = event_case(*tables, None, ROLES, Streams(1), Settings(bootstrap=60))
    return {one.subject: one for one in standing_payments.measure(case)}


def test_others_of_the_same_kind_pass():
    found = scores(ledger(2))
    assert {found[one].verdict for one in ("sums of payees", "months")} == {"pass"}


def test_prices_of_another_payee_are_seen():
    own = ledger(2)
    turned = dict(zip(PRICES.values(), (24.99, 10.99, 11.99), strict=True))
    found = scores(own.assign(amount=own["amount"].replace(turned)))
    assert found["sums of payees"].verdict in ("warn", "fail")
    assert found["sums of payees"].value == pytest.approx(1.0)
    assert found["months"].verdict == "pass"


def test_a_tax_in_its_months_of_pause_is_seen():
    own = ledger(2)
    moved = (own["payee"] == "tax") & own["ts"].dt.month.isin([4, 5])
    found = scores(own.assign(ts=own["ts"].where(~moved, own["ts"] - pd.DateOffset(months=2))))
    assert found["months"].verdict in ("warn", "fail")
    assert found["sums of payees"].verdict == "pass"
