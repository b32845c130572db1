"""Bills at random days, of one sum or of any, and habits that leave their weekday are seen."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from finsim.evaluation.events.event_sides import event_case
from finsim.evaluation.events.standing import standing_payments
from finsim.evaluation.events.standing.changing_payments import rhythms
from finsim.evaluation.settings import Settings
from finsim.evaluation.tables.column_pairs import Roles
from finsim.randomness import Streams

DAY = pd.Timedelta(days=1)
START = pd.Timestamp("2024-01-01")
ROLES = Roles(id="account", time="ts", amount="amount", counterparty="payee")
MONTHS = pd.date_range(START, periods=8, freq="MS")


def ledger(seed: int, accounts: int = 150) -> pd.DataFrame:
    """Return 240 days of accounts that shop at random; half pay energy, a third market on Saturdays."""
    rng = np.random.default_rng(seed)
    rows = []
    for k in range(accounts):
        for _ in range(rng.poisson(40)):
            at, shop = START + DAY * int(rng.integers(240)), f"shop{rng.integers(20)}"
            rows += [(f"a{k}", at, rng.lognormal(3, 1), shop)]
        if k % 2:
            due, level = int(rng.integers(28)), rng.lognormal(4, 0.3)
            rows += [
                (f"a{k}", one + DAY * due, level * np.exp(0.2 * rng.normal()), "energy") for one in MONTHS
            ]
        if k % 3 == 0:
            rows += [(f"a{k}", START + DAY * (5 + 7 * week), 60 * np.exp(0.3 * rng.normal()), "market")
                     for week in range(33) if rng.random() < 0.9]  # fmt: skip
    frame = pd.DataFrame(rows, columns=["account", "ts", "amount", "payee"])
    return frame.assign(amount=frame["amount"].round(2))


def case(real: pd.DataFrame, own: pd.DataFrame):
    tables = [pa.Table.from_pandas(one, preserve_index=False) for one in (real, own)]
    return event_case(*tables, None, ROLES, Streams(1), Settings(bootstrap=60))


def scores(real: pd.DataFrame, own: pd.DataFrame):
    return {one.subject: one for one in standing_payments.measure(case(real, own))}


@pytest.fixture(scope="module")
def real() -> pd.DataFrame:
    return ledger(1)


def test_pairs_in_rhythm_by_hand(real):
    side = case(real, real).sides[0]
    monthly, weekly = rhythms(side, np.zeros(len(real), np.bool_))
    payee = real["payee"].to_numpy()[side.sequences.order]
    assert set(payee[weekly.kept]) == {"market"}
    assert weekly.kept[payee == "market"].all()
    # The first payment of a pair has no gap before it.
    energy = payee == "energy"
    assert monthly.paid[energy].sum() == monthly.kept[energy].sum() == 75 * 7
    assert int(weekly.regular.sum()) == 50


def test_other_people_pass(real):
    found = scores(real, ledger(3))
    assert set(found) == {"standing rows", "a month apart", "spread of sums", "one weekday"}
    assert {one.verdict for name, one in found.items() if name != "standing rows"} == {"pass"}
    assert found["standing rows"].verdict == "not computed"


def test_bills_at_random_days_are_seen(real):
    own, rng = ledger(3), np.random.default_rng(0)
    bill = (own["payee"] == "energy").to_numpy()
    when = START + pd.to_timedelta(rng.integers(240, size=len(own)), unit="D")
    found = scores(real, own.assign(ts=np.where(bill, when, own["ts"])))
    assert found["a month apart"].verdict in ("warn", "fail")
    assert found["a month apart"].value > 0.2
    assert found["one weekday"].verdict == "pass"


@pytest.mark.parametrize("spread", [0.01, 1.0])
def test_bills_of_nearly_one_sum_and_of_any_sum_are_seen(real, spread):
    own, rng = ledger(3), np.random.default_rng(0)
    bill = (own["payee"] == "energy").to_numpy()
    level = own.groupby(["account", "payee"])["amount"].transform("median")
    other = (level * np.exp(spread * rng.standard_normal(len(own)))).round(2)
    found = scores(real, own.assign(amount=np.where(bill, other, own["amount"])))
    assert found["spread of sums"].verdict in ("warn", "fail")
    assert found["a month apart"].verdict == "pass"


def test_habits_that_leave_their_weekday_are_seen(real):
    own, rng = ledger(3), np.random.default_rng(0)
    habit = (own["payee"] == "market").to_numpy()
    other = own["ts"] + pd.to_timedelta(np.where(habit, rng.integers(-3, 4, len(own)), 0), unit="D")
    found = scores(real, own.assign(ts=other))
    assert found["one weekday"].verdict in ("warn", "fail")
    assert found["one weekday"].value > 0.3
    assert found["a month apart"].verdict == "pass"


def test_a_sample_without_bills_is_seen(real):
    own = ledger(3)
    found = scores(real, own[own["payee"].str.startswith("shop")])
    assert found["a month apart"].verdict in ("warn", "fail")
    assert found["one weekday"].value == 1.0
