"""Merchants of schemes are paid at hours and in amounts that they know."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from made_ledgers import cards

import finsim
from finsim.agents.payment_orders import Orders
from finsim.agents.schemes.role_casting import Candidates, Member
from finsim.engine.injection.fitting_shops import ShopHabits, with_fitting_shops
from finsim.engine.injection.ledger_sample import LedgerSample

HOUR = 3_600 * 10**9
NIGHT, NOON, DEAR, NEW = range(4)


def _habits() -> ShopHabits:
    """Return merchants paid at 3 and at 12 o'clock for 10 to 20, one at 12 for 500, one of a single row."""
    shop = np.repeat([NIGHT, NOON, DEAR, NEW], [40, 40, 40, 1])
    hour = np.where(shop == NIGHT, 3, 12)
    size = np.where(shop == DEAR, 500, 10 + np.arange(len(shop)) % 11)
    past: Any = SimpleNamespace(
        outgoing=np.ones(len(shop), bool), shop=shop, shops=4, size=size, is_log=False
    )
    found = ShopHabits.of(cast(LedgerSample, SimpleNamespace(time=hour * HOUR, begin=0)), past)
    assert found is not None
    return found


def test_a_merchant_knows_its_hours_and_amounts() -> None:
    ts, amounts = np.array([12, 13, 3, 12]) * HOUR, np.array([15, 20, 15, 500])
    fits = [_habits().fit(shop, ts, amounts) for shop in (NIGHT, NOON, DEAR, NEW)]
    assert fits == [0.25, 0.5, 0.25, 1.0]


def test_a_merchant_that_does_not_know_its_payments_is_another() -> None:
    """Accounts 10 to 13 are the merchants; the one paid at noon is taken where both are members."""
    shop_of = np.append(np.full(10, -1), np.arange(4))
    able = Candidates(np.arange(10, 13), np.arange(3), np.array([1.0, 2.0, 3.0]), 0, 0, np.zeros(0, int), 0)
    zero = np.zeros(2, dtype=np.int64)

    def paid(accounts: list[int], payee: list[int], hour: int) -> list[int]:
        orders = Orders(zero + hour * HOUR, zero, np.array(payee), zero, zero, zero, zero, zero, zero)
        members = {"till": [Member(one, shop_of[one], "till") for one in accounts]}
        made = with_fitting_shops(orders, np.array([15, 16]), ({"till": able}, members),
                                  (_habits(), shop_of), np.random.default_rng(1))  # fmt: skip
        return made.payee.tolist()

    assert paid([10], [10, 10], 12) == [11, 11]
    assert paid([11], [11, 11], 12) == [11, 11]
    assert paid([11], [11, 11], 3) == [10, 10]
    assert paid([10, 11], [10, 11], 12) == [10, 11]


def test_subscriptions_stay_at_their_hour(tmp_path: Path) -> None:
    frame = cards(2_000).rename(columns={"when": "date"})
    frame["merchant"] = "M" + (frame.pop("shop").str[1:].astype(int) % 40).astype(str)
    web = frame["sector"] == "web"
    day = frame["date"].dt.floor("D")
    frame["date"] = np.where(web, day + pd.Timedelta(hours=3), frame["date"])
    frame["amount"] = np.where(web, 9.99, frame["amount"])
    made = finsim.inject(frame.sort_values("date"), narratives="card_testing_escalation", rate=0.06, seed=1,
                         output=tmp_path / "out", progress=False)  # fmt: skip
    rows = pq.read_table(made.transactions).to_pandas()
    web = (rows["sector"] == "web") & (rows["instance"] >= 0)
    known = (rows["date"].dt.hour[web] == 3) & rows["amount"][web].between(7, 13)
    assert (~known).sum() <= 0.05 * (rows["instance"] >= 0).sum()  # a quarter where any merchant will do
