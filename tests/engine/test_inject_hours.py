"""Purchases of schemes: never at cash machines, at hours of their merchants, within what came in."""

from types import SimpleNamespace
from typing import cast

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import finsim
from finsim.engine.injection.accounts.cash_words import is_of_notes, machine_rows, says_cash, words_of_cash
from finsim.engine.injection.accounts.merchant_hours import MerchantHours
from finsim.engine.injection.entity_histories import Histories, cash_rows
from finsim.engine.injection.ledger_sample import LedgerSample
from finsim.engine.injection.money.passed_on import Bounds, is_spent, passed_on
from finsim.kernels.ledger import OF_POT
from finsim.notation import NANOS_PER_DAY

HOUR = NANOS_PER_DAY // 24
NOTES = np.repeat([2_000, 3_000, 5_000, 10_000], 50)


@pytest.mark.parametrize(("sums", "is_cash"), [
    (NOTES, True), (NOTES + 150, True), (np.where(np.arange(200) % 3 > 0, NOTES, NOTES + 250), True),
    (np.rint(NOTES * 1.02).astype(int), True), (np.maximum(NOTES + 100, NOTES * 102 // 100), True),
    (NOTES - 1, False), (NOTES + 99, False), (np.repeat([1_250, 2_250, 700], 50), False),
    (np.random.default_rng(0).integers(100, 9_000, 300), False),
    (np.repeat([899, 1_399, 1_899], 50), False),
])  # fmt: skip
def test_sums_of_notes_are_told_with_a_fee_or_without(sums, is_cash):
    assert is_of_notes(sums, 100) == is_cash


def test_words_and_merchant_codes_say_a_machine():
    def rows(*words):
        return machine_rows(pa.chunked_array([pa.array(words, pa.string())])).tolist()

    assert rows("CB", "Retrait", None, "ATM") == [False, True, False, True]
    assert rows("5411", "6011", "6010") == [False, True, True]
    assert rows("6011", "some text") == [False, False]  # no column of merchant codes


def test_a_word_of_cash_is_one_of_notes_among_others_that_are_none():
    fee = np.where(np.arange(200) % 2, 180, 0)
    sums = np.concatenate([np.random.default_rng(1).integers(150, 9_000, 700), NOTES + fee, NOTES])
    word, every = np.repeat([0, 1, 2], [700, 200, 200]), np.ones(1_100, bool)
    assert words_of_cash(word, every, sums, 100).tolist() == [False, True, True]
    assert not words_of_cash(word, every, np.tile(NOTES, 6)[:1_100], 100).any()  # all are round
    assert not words_of_cash(word, every, sums, 100, most=3).any()


def test_cash_paid_in_a_shop_is_no_machine():
    column = pa.chunked_array([pa.array(["cash"] * 100 + ["card"] * 100)])
    every, even = np.ones(200, bool), np.arange(200) % 4 == 0
    odd = np.random.default_rng(2).integers(150, 9_000, 200)
    assert says_cash(cash_rows(column), even, every, odd, 100).sum() == 25  # those of the word that are notes
    notes = NOTES.reshape(4, 50).T.ravel()
    assert says_cash(cash_rows(column), even, every, notes, 100).tolist() == [True] * 100 + [False] * 100


def hours(late, shop, **kinds) -> MerchantHours:
    size = len(late)
    past = SimpleNamespace(outgoing=np.ones(size, bool), shop=shop, shops=int(shop.max()) + 1, is_log=False)
    sample = SimpleNamespace(time=late, begin=0, daily=np.ones(30))
    made = MerchantHours.of(cast(LedgerSample, sample), cast(Histories, past), np.ones(size, bool), **kinds)
    assert made is not None
    return made


def test_times_go_to_hours_of_the_merchant_and_keep_their_order():
    rng = np.random.default_rng(3)
    late = np.concatenate(
        [rng.integers(8, 19, 400) * HOUR, rng.integers(20, 27, 400) % 24 * HOUR, [3 * HOUR]]
    )
    known = hours(late, np.concatenate([np.repeat([0, 1], 400), [2]]))
    ts = np.sort(rng.integers(0, 25 * NANOS_PER_DAY, 80))
    shop = rng.integers(-1, 3, 80)
    made = known.moved(ts, shop, np.zeros(80, bool), np.random.default_rng(4))
    assert (np.diff(made) >= 0).all()
    at = made % NANOS_PER_DAY // HOUR
    assert at[shop == 0].min() >= 7
    assert at[shop == 0].max() <= 19
    assert np.isin(at[shop == 1], [19, 20, 21, 22, 23, 0, 1, 2, 3]).all()
    same = (shop >= 0) & [known.knows(one, time) for one, time in zip(shop, ts, strict=True)]
    assert (made[same] == ts[same]).mean() > 0.5
    assert (made - ts < 3 * NANOS_PER_DAY).all()
    asked = ((0, 3 * HOUR), (1, 23 * HOUR), (0, 19 * HOUR))
    assert [known.knows(*one) for one in asked] == [False, True, True]


def test_a_payment_of_the_night_goes_to_the_nearest_hours():
    late = np.arange(6, 23).repeat(20) * HOUR
    known = hours(late, np.zeros(len(late), int))
    ts = np.arange(1, 9) * NANOS_PER_DAY + 3 * HOUR
    quiet = known.moved(ts, np.zeros(8, int), np.ones(8, bool), np.random.default_rng(1))
    loud = known.moved(ts, np.zeros(8, int), np.zeros(8, bool), np.random.default_rng(1))
    assert (quiet % NANOS_PER_DAY // HOUR == 6).all()
    assert len(set((loud % NANOS_PER_DAY).tolist())) > 2


def test_the_last_day_is_not_left():
    late = np.arange(8, 12).repeat(20) * HOUR
    known = hours(late, np.zeros(len(late), int))
    made = known.moved(np.array([29 * NANOS_PER_DAY + 23 * HOUR]), np.zeros(1, int), np.zeros(1, bool),
                       np.random.default_rng(0))  # fmt: skip
    assert made[0] < 30 * NANOS_PER_DAY


def spend(*, opening=True, fee=0, least=1):
    """Return what is paid: 100 come in, half is passed on, then 80 and 10 are spent in a shop."""
    orders = SimpleNamespace(
        plan_row=np.arange(4), payer=np.array([9, 1, 1, 1]), payee=np.array([1, 2, 7, 7])
    )
    plan = SimpleNamespace(
        mode=np.array([0, 1, 0, 0]), share=np.array([0, 0.5, 0, 0]), pot_from=np.array([-1, 0, -1, -1]),
        pot_to=np.array([0, 1, -1, -1]),
    )  # fmt: skip
    shops = np.stack([np.full(4, -1), np.array([-1, -1, 3, 3])], axis=1)
    plan.mode = np.where(plan.mode == 1, OF_POT, OF_POT + 10)
    spends = is_spent(orders, plan, shops)
    bounds = Bounds(spends, least, np.array([True, True, False, False]), lambda one: (fee, 0))
    sums = np.array([100, 40, 80, 10])
    return spends, passed_on(orders, sums, plan, lambda asked, rows, most: asked.astype(np.int64), bounds)


def test_what_is_spent_is_bounded_by_what_is_left():
    spends, (some, sums) = spend()
    assert spends.tolist() == [False, False, True, True]
    assert sums.tolist() == [100, 50, 50, 0]
    assert some.tolist() == [True, True, True, False]
    assert spend(fee=3)[1][1].tolist() == [100, 50, 47, 0]
    assert spend(least=60)[1][1].tolist() == [100, 50, 0, 10]


def bank() -> pd.DataFrame:
    """Return purchases by day, machines with a fee, bills at 4 at night, of 40 accounts."""
    rng = np.random.default_rng(8)
    rows = []
    for k in range(40):
        for month in range(1, 7):
            rows.append((k, pd.Timestamp(2024, month, 5, 4), "POWER", "DEBIT", 40.0 + k, 0.0))
            rows.append((k, pd.Timestamp(2024, month, 9, 4), "PHONE", "DEBIT", 19.99, 0.0))
            for _ in range(9):
                time = pd.Timestamp(2024, month, int(rng.integers(1, 28)), int(rng.integers(9, 20)))
                sums = round(float(rng.lognormal(3, 0.7)), 2)
                rows.append((k, time, f"SHOP {rng.integers(6)}", "CARD", sums, 0.0))
            for _ in range(3):
                time = pd.Timestamp(2024, month, int(rng.integers(1, 28)), int(rng.integers(0, 24)))
                note = float(rng.choice([20, 40, 50, 100]))
                fee = 0.0 if rng.random() < 0.6 else max(1.0, round(0.02 * note, 2))
                rows.append((k, time, "MACHINE B" if fee else "MACHINE A", "NOTES", note + fee, fee))
    frame = pd.DataFrame(rows, columns=["card", "ts", "merchant", "word", "amount", "fee"])
    return frame.sort_values("ts", kind="stable", ignore_index=True)


def test_no_added_purchase_stands_at_a_machine_or_in_the_night(tmp_path):
    bank().to_parquet(tmp_path / "b.parquet", index=False)
    said = finsim.inject(
        tmp_path / "b.parquet", narratives="card_testing_escalation", output=tmp_path / "o", rate=0.03,
        seed=1, progress=False,
    )  # fmt: skip
    rows = pd.read_parquet(said.transactions)
    added = rows[rows["instance"] >= 0]
    assert len(added) > 50
    assert set(added["merchant"].astype(str).str[:4]) == {"SHOP"}
    assert set(added["word"].astype(str)) == {"CARD"}
    assert (added["fee"] == 0).all()
    assert added["ts"].dt.hour.between(9, 20).all()
    assert any("payments are made while the payer sleeps, and 0 of them" in one for one in said.remarks)
