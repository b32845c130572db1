"""Wages that fall to a tenth, or leave their day, are seen by metrics of events."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from finsim.evaluation.events.event_sides import event_case
from finsim.evaluation.events.standing import rows_of_words, standing_payments
from finsim.evaluation.events.standing.standing_payments import in_series
from finsim.evaluation.settings import Settings
from finsim.evaluation.tables.column_pairs import Roles
from finsim.randomness import Streams

DAY = pd.Timedelta(days=1)
ROLES = Roles(id="account", time="ts", amount="amount", counterparty="payee")


def ledger(seed: int, accounts: int = 200, wages: bool = True, day: int = 27) -> pd.DataFrame:
    """Return 150 days of accounts that shop at random and, with ``wages``, send a fixed sum once a month."""
    rng = np.random.default_rng(seed)
    months = pd.date_range("2024-01-01", periods=5, freq="MS")
    rows = []
    for k in range(accounts):
        for _ in range(rng.poisson(20)):
            at = months[0] + DAY * int(rng.integers(150)) + pd.Timedelta(hours=int(rng.integers(8, 20)))
            sum_ = round(float(rng.lognormal(3, 1)), 2)
            rows.append((f"a{k}", at, sum_, f"shop{rng.integers(30)}", rng.choice(["food", "fuel", "fun"])))
        if wages and k % 2:
            sum_ = round(float(rng.lognormal(7, 0.3)), 2)
            rows += [(f"a{k}", one + DAY * (day - 1), sum_, f"w{k}", "wage") for one in months]
    return pd.DataFrame(rows, columns=["account", "ts", "amount", "payee", "what"])


def case(real: pd.DataFrame, own: pd.DataFrame):
    tables = [pa.Table.from_pandas(one, preserve_index=False) for one in (real, own)]
    return event_case(*tables, None, ROLES, Streams(1), Settings(bootstrap=60))


@pytest.fixture(scope="module")
def real() -> pd.DataFrame:
    return ledger(1)


def scores(metric, real, own):
    return {one.subject: one for one in metric.measure(case(real, own))}


def test_series_by_hand(real):
    side = case(real, ledger(2)).sides[0]
    found, series = in_series(side)
    order = case(real, ledger(2)).sides[0].sequences.order
    assert (found == (real["what"] == "wage").to_numpy()[order]).all()
    assert series == 100


def test_other_people_of_the_same_kind_pass(real):
    own = ledger(3)
    found = {**scores(standing_payments, real, own), **scores(rows_of_words, real, own)}
    assert {one.verdict for one in found.values()} == {"pass"}
    assert set(found) == {"standing rows", "day of the month", "what"}
    assert all(one.low <= one.value <= one.high for one in found.values())


def test_wages_that_fall_to_a_tenth_are_seen(real):
    own = ledger(3)
    lost = (own["what"] == "wage") & (np.random.default_rng(0).random(len(own)) > 0.1)
    found = scores(rows_of_words, real, own[~lost])["what"]
    assert found.verdict in ("warn", "fail")
    assert found.value > 2.5
    assert "wage" in found.note
    assert scores(standing_payments, real, own[~lost])["standing rows"].verdict in ("warn", "fail")


def test_wages_on_any_day_and_on_another_day_are_seen(real):
    own = ledger(3)
    rng = np.random.default_rng(0)
    wage = own["what"] == "wage"
    spread = own.assign(ts=own["ts"] - DAY * np.where(wage, rng.integers(0, 27, len(own)), 0))
    assert scores(standing_payments, real, spread)["standing rows"].verdict in ("warn", "fail")
    other = scores(standing_payments, real, ledger(3, day=5))
    assert other["standing rows"].verdict == "pass"
    assert other["day of the month"].verdict in ("warn", "fail")


def employers(seed: int, alike: bool = True) -> pd.DataFrame:
    """Return accounts, and employers that pay twelve people on one day and hour of theirs; else on any."""
    rng = np.random.default_rng(seed)
    rows, start = [], pd.Timestamp("2024-01-01")
    for k in range(12):
        day, hour = int(rng.integers(22, 28)), int(rng.integers(1, 6))
        for j in range(12):
            sum_ = round(float(rng.lognormal(7, 0.3)), 2)
            if not alike:
                day, hour = int(rng.integers(22, 28)), int(rng.integers(1, 6))
            for month in range(5):
                at = start + pd.DateOffset(months=month, days=day, hours=hour, minutes=int(rng.integers(60)))
                rows.append((f"e{k}", at, sum_, f"p{k}-{j}", "wage"))
    people = ledger(seed, accounts=60)
    return pd.concat([people, pd.DataFrame(rows, columns=people.columns)], ignore_index=True)


def test_employers_that_pay_each_on_another_day_are_seen():
    real = employers(1)
    same, apart = (scores(standing_payments, real, employers(2, alike)) for alike in (True, False))
    assert same["paid together"].verdict == "pass"
    assert same["paid together"].value == pytest.approx(0.0, abs=1e-9)
    assert apart["paid together"].verdict in ("warn", "fail")
    assert apart["paid together"].value > 0.4
    assert apart["day of the month"].verdict == "pass"  # it does not see who pays when


def test_a_ledger_without_standing_payments_says_so(real):
    (score,) = standing_payments.measure(case(ledger(1, wages=False), ledger(2, wages=False)))
    assert score.verdict == "not computed"
    assert "0 standing series" in score.reason
    no_words = real.drop(columns=["what"])
    (score,) = rows_of_words.measure(case(no_words, no_words))
    assert score.verdict == "not computed"
