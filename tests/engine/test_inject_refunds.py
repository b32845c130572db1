"""Money that merchants pay back, and outside accounts that only pay or are only paid."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from made_ledgers import accounts, cards, statements

import finsim
from finsim.errors import StudyError

BACK = 0.08


def put(frame: pd.DataFrame, folder: Path, story: str, **more: Any) -> tuple[Any, pd.DataFrame]:
    made = finsim.inject(frame, narratives=story, output=folder / "out", seed=4, progress=False, **more)
    rows = pq.read_table(made.transactions).to_pandas()
    return made, rows[rows["instance"] >= 0]


def returned(frame: pd.DataFrame) -> np.ndarray:
    return np.random.default_rng(2).random(len(frame)) < BACK


def carded() -> pd.DataFrame:
    return cards().rename(columns={"when": "ts", "card": "card_id", "shop": "merchant"})


def test_a_refund_is_a_row_of_the_card_with_the_other_sign(tmp_path: Path) -> None:
    frame = carded()
    frame["amount"] = np.where(returned(frame), -frame["amount"], frame["amount"])
    frame["kind"] = np.where(frame["amount"] < 0, "credit", "sale")
    _, added = put(frame, tmp_path, "goods_sent_back", rate=0.03)
    back = added[added["phase"] == "money_back"]
    assert len(back) > 15
    assert (back["amount"] < 0).all()
    assert set(back["kind"]) == {"credit"}
    assert (added[added["phase"] == "order"]["amount"] > 0).all()
    for _, rows in added.groupby("instance"):
        assert rows["card_id"].nunique() == 1
        assert rows["merchant"].nunique() == 1
        paid = rows.loc[rows["amount"] > 0, "amount"].sum()
        assert -rows["amount"].min() <= paid * 1.01 + 0.01


def test_cards_without_refunds_do_not_carry_them(tmp_path: Path) -> None:
    with pytest.raises(StudyError) as told:
        put(carded(), tmp_path, "first_party_chargeback,card_testing_escalation")
    assert "first_party_chargeback: role 'web_shop' needs merchants that pay back" in str(told.value)
    assert "card_testing_escalation" not in str(told.value)


def test_between_accounts_the_till_of_the_shop_pays(tmp_path: Path) -> None:
    sold = cards().rename(columns={"when": "ts"})
    back = returned(sold)
    card, till = "C" + sold["card"].astype(str), "T" + sold["shop"].str[1:]
    frame = pd.DataFrame({
        "ts": sold["ts"], "from_account": np.where(back, till, card),
        "to_account": np.where(back, card, till), "amount": sold["amount"], "merchant": sold["shop"],
    })  # fmt: skip
    _, added = put(frame, tmp_path, "goods_sent_back", rate=0.03)
    back_rows = added[added["phase"] == "money_back"]
    assert len(back_rows) > 15
    assert (back_rows["from_account"].str[1:] == back_rows["merchant"].str[1:]).all()
    assert (back_rows["from_account"].str[0] == "T").all()
    assert (back_rows["to_account"].str[0] == "C").all()
    for _, rows in added.groupby("instance"):
        buyers = {*rows.loc[rows["phase"] == "order", "from_account"], *rows.loc[
            rows["phase"] == "money_back", "to_account"]}  # fmt: skip
        assert len(buyers) == 1


def test_persons_outside_pay_or_are_paid_as_the_table_knows_them(tmp_path: Path) -> None:
    inner = accounts()
    pays = inner.sample(200, random_state=1).assign(sender=[f"IN{k % 20:06d}" for k in range(200)])
    paid = inner.sample(200, random_state=2).assign(receiver=[f"XX{k % 20:06d}" for k in range(200)])
    frame = pd.concat([inner, pays, paid]).sort_values("ts", ignore_index=True).assign(
        tx_id=np.arange(len(inner) + 400)
    )  # fmt: skip
    _, added = put(frame, tmp_path, "account_takeover", rate=0.02)
    assert added.loc[added["phase"] == "pass_on", "receiver"].str.startswith("XX").all()
    only_pays = frame[~frame["receiver"].str.startswith("XX")]
    with pytest.raises(StudyError, match="outside accounts that are paid"):
        put(only_pays, tmp_path / "other", "account_takeover", rate=0.02)


@pytest.mark.parametrize(("word", "carries"), [("in", True), ("out", False)])
def test_cash_pays_in_where_a_row_says_so(tmp_path: Path, word: str, carries: bool) -> None:
    frame = statements()
    frame["amount"] = np.where(frame["amount"] > 0, (4 * frame["amount"]).round(2), frame["amount"])
    here = (frame["amount"] > 0) if word == "in" else (frame["amount"] < 0)
    frame["text"] = np.where(here & (np.arange(len(frame)) % 5 == 0), "Cash ", frame["text"])
    if carries:
        _, added = put(frame, tmp_path, "funnel_account", rate=0.02)
        deposits = added[added["phase"] == "deposit"]
        assert (deposits["amount"] > 0).all()
        receipts = frame.loc[frame["amount"] > 0, "amount"]
        place = np.searchsorted(np.sort(receipts), deposits["amount"]) / len(receipts)
        assert 0.13 < place.mean() < 0.7  # among receipts, not among what is paid (.09)
        paid, told = (np.sort(-one.loc[one["amount"] < 0, "amount"]) for one in (frame, added))
        # Payments stand in the middle of payments, as receipts are told by their direction anyway.
        assert (np.searchsorted(paid, told) / len(paid)).mean() == pytest.approx(0.5, abs=0.1)
    else:
        with pytest.raises(StudyError, match=r"role 'cash' needs outside accounts that pay \(cash\)"):
            put(frame, tmp_path, "funnel_account", rate=0.02)


def test_amounts_of_a_fan_out_stay_among_those_of_a_ledger_of_like_sums(tmp_path: Path) -> None:
    """One pays many: were it one sum, it would be above all others, and theirs below (AUC .75)."""
    frame = accounts(8_000)
    frame["amount"] = np.round(np.random.default_rng(5).uniform(100, 600, len(frame)), 2)
    _, added = put(frame, tmp_path, "charity_fan_out", rate=0.1)
    place = np.searchsorted(np.sort(frame["amount"]), added["amount"]) / len(frame)
    counts = np.histogram(place, bins=4, range=(0, 1))[0] / len(added)
    assert counts.min() > 0.07
    assert counts.max() < 0.45
    for _, rows in added.groupby("instance"):
        came, went = (rows.loc[rows["phase"] == one, "amount"].sum() for one in ("donate", "grant"))
        assert went <= came * 1.05


def test_young_cards_are_any_cards_where_ages_are_not_known(tmp_path: Path) -> None:
    made, added = put(carded(), tmp_path, "synthetic_identity_bust_out", rate=0.05)
    assert any("known from below alone" in one for one in made.remarks)
    assert added["card_id"].nunique() > 10
