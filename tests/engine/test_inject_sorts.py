"""Ledgers in which shops, firms and landlords are accounts like persons: each plays what it does."""

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

import finsim
from finsim.engine.injection.accounts.account_sorts import BOTH, PAID, PAYS, SELLS, AccountSorts, relations
from finsim.engine.injection.accounts.related_times import RelatedTimes
from finsim.engine.injection.accounts.rows_alike import rows_alike
from finsim.notation import NANOS_PER_DAY

HOUR = NANOS_PER_DAY // 24
PERSONS, SHOPS, FIRMS, HOMES = 80, 12, 3, 30


@cache
def ledger(seed=0):
    """Persons buy, pay rents on the 1st at 8, get wages on the 27th at 6, send each other fives at 19."""
    rng = np.random.default_rng(seed)
    rows = []
    months = [pd.Timestamp(2025, month, 1) for month in (2, 3, 4)]
    for k in range(PERSONS):
        me, friends = f"P{k:04d}", [f"P{(k + step) % PERSONS:04d}" for step in (1, 2, 5)]
        for month in months:
            rows.append((month.replace(day=27, hour=6), f"F{k % FIRMS}", me, "", "wage", 1_500.0 + k))
            rows.append((month.replace(hour=8), me, f"H{k % HOMES:03d}", "", "rent", 700.0))
            for _ in range(8):
                shop, day = int(rng.integers(SHOPS)), int(rng.integers(28))
                time = month + pd.Timedelta(days=day, minutes=int(rng.integers(600, 1_260)))
                amount = round(float(rng.lognormal(3, 0.7)), 2)
                rows.append((time, me, f"S{shop:03d}", f"shop {shop}", "buy", amount))
                if rng.random() < 0.05:
                    rows.append(
                        (time + pd.Timedelta(days=3), f"S{shop:03d}", me, f"shop {shop}", "back", amount)
                    )
            for _ in range(3):
                time = month + pd.Timedelta(days=int(rng.integers(28)), minutes=int(rng.normal(1_140, 60)))
                rows.append(
                    (time, me, str(rng.choice(friends)), "", "send", float(rng.choice([5, 10, 20, 50])))
                )
    frame = pd.DataFrame(rows, columns=["ts", "sender", "receiver", "merchant", "word", "amount"])
    frame["merchant"] = frame["merchant"].replace("", None)
    return frame.sort_values("ts", kind="stable", ignore_index=True)


@cache
def injected():
    stories = ["app_scam_mule_chain", "card_testing_escalation"]
    with TemporaryDirectory() as folder:
        file = Path(folder) / "ledger.parquet"
        ledger().to_parquet(file, index=False)
        made = finsim.inject(
            file, narratives=stories, rate=0.05, seed=5, output=Path(folder) / "o", progress=False
        )
        table = pq.read_table(made.transactions).to_pandas()
    return table[table["instance"] < 0], table[table["instance"] >= 0], made.separations


def test_every_real_row_stays():
    real = injected()[0][list(ledger().columns)].reset_index(drop=True)
    pd.testing.assert_frame_equal(real, ledger(), check_dtype=False, check_categorical=False)


def test_roles_are_played_by_accounts_that_do_so():
    real, added, _ = injected()
    assert len(added) > 100
    assert (added["sender"].astype(str) != added["receiver"].astype(str)).all()
    assert set(added["sender"].astype(str).str[0]) == {"P"}
    assert set(added["receiver"].astype(str).str[0]) == {"P", "S"}
    assert set(added["sender"].astype(str)) <= set(real["sender"].astype(str))


def test_rows_are_written_like_those_of_their_relation():
    added = injected()[1]
    between = added["receiver"].astype(str).str[0] == "P"
    assert set(added.loc[between, "word"]) == {"send"}
    assert set(added.loc[~between, "word"]) == {"buy"}
    hour = pd.to_datetime(added.loc[between, "ts"]).dt.hour
    assert ((hour >= 15) & (hour <= 22)).mean() > 0.95
    assert added.loc[between, "amount"].isin([5, 10, 20, 50]).mean() > 0.8
    assert added.loc[between, "amount"].max() <= 50
    assert added.loc[~between, "amount"].isin([5, 10, 20, 50]).mean() < 0.2


def test_rows_are_judged_beside_their_kind_too():
    for one in injected()[2]:
        assert one.alike_column
        assert 0.5 <= one.alike_column_auc < max(one.column_auc, 0.75)


class Past:
    """The part of a history that sorts read, of rows (payer, payee, shop)."""

    def __init__(self, rows, count):
        self.payer, self.payee, self.shop = np.array(rows, dtype=np.int64).T
        self.size, self.count = np.ones(len(rows), np.int64), count
        self.outgoing, self.has_names = np.ones(len(rows), bool), False
        self.rows_out = np.bincount(self.payer, minlength=count)
        self.rows_in = np.bincount(self.payee, minlength=count)


class Columns:
    layout = "account to account"


def test_sorts_by_hand():
    """0 to 5 buy at 6 (shop 0), which pays 0 back; 7 pays all six; 0 and 1 pay 8, and each other."""
    rows = [(k, 6, 0) for k in range(6)] + [(6, 0, 0)] + [(7, k, -1) for k in range(6)]
    rows += [(0, 8, -1), (1, 8, -1), (0, 1, -1), (1, 0, -1)]
    found = AccountSorts.of(Past(rows, 9), Columns(), np.zeros(len(rows), np.int64))
    assert found.sort.tolist() == [BOTH] * 6 + [SELLS, PAYS, PAID]
    assert found.is_mixed
    assert found.aside == ()
    assert found.relation[[0, 6, 7, 13, 15]].tolist() == [3, 15, 8, 1, 0]
    assert relations(found.sort, np.array([-1]), np.array([-1]), np.array([-1])).tolist() == [0]


def test_a_seller_without_a_name_has_many_buyers():
    rows = [(k, 12, -1) for k in range(11)] + [(k, 13, -1) for k in range(9)] + [(0, 1, -1), (1, 0, -1)]
    found = AccountSorts.of(Past(rows, 14), Columns(), np.zeros(len(rows), np.int64))
    assert found.sort[[12, 13]].tolist() == [SELLS, PAID]


def test_what_comes_on_a_day_of_the_month_is_put_aside():
    rows = [(k, 6, 0) for k in range(6)] + [(k, 7, -1) for k in range(6)]
    for step, aside in ((30, (PAID,)), (11, ())):
        days = np.arange(len(rows)) * step + 1
        time = pd.date_range("2025-01-01", periods=len(rows), freq="MS").to_numpy().astype("datetime64[ns]")
        time = time.astype(np.int64) if step == 30 else days * NANOS_PER_DAY
        assert AccountSorts.of(Past(rows, 8), Columns(), time).aside == aside


def test_rows_alike_have_the_same_shares():
    relation = np.repeat([0, 1, 2, -1], [600, 300, 50, 10])
    among = np.arange(len(relation)) % 10 != 9
    found = rows_alike(relation, among, np.repeat([0, 1, 7], [10, 20, 5]))
    assert np.bincount(relation[found], minlength=3).tolist() == [135, 270, 0]
    assert not (found & ~among).any()
    spread = np.diff(np.flatnonzero(found & (relation == 0)))
    assert spread.max() <= 6
    assert not rows_alike(relation, among, np.array([7])).any()


def test_times_go_to_the_hours_of_their_relation_and_stay_in_order():
    whole = np.arange(24) * HOUR
    times = RelatedTimes(whole, {0: np.array([19, 20]) * HOUR, 1: np.array([8]) * HOUR}, 0, 5 * NANOS_PER_DAY)
    ts = np.array([3, 15, 16, 40]) * HOUR
    found = times.moved(ts, np.array([0, 0, 3, 1])) // HOUR
    assert found.tolist() == [
        19,
        20,
        40,
        56,
    ]  # what came before the 20th hour is a day later, and all after it
    late = times.moved(np.array([118, 119]) * HOUR, np.array([0, 1])) // HOUR
    assert late.tolist() == [116, 116]  # no day is left
