"""Sums of a scheme are those of its story, and of the currency they are paid in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from made_ledgers import ACCOUNTS_ONLY, accounts, cards

import finsim
from finsim.engine.injection.money.amount_steps import at_steps, step_of
from finsim.engine.injection.money.story_level import lean, leaning


def _put(frame: pd.DataFrame, folder: Path, story: str | Path, rate: float) -> tuple[pd.DataFrame, Any]:
    made = finsim.inject(frame, narratives=story, rate=rate, seed=3, output=folder / "out", progress=False)
    rows = pq.read_table(made.transactions).to_pandas()
    return rows[rows["instance"] >= 0], made


def test_large_money_leaves_the_small_sums_empty_and_small_money_the_large_ones() -> None:
    large, usual, small = (lean(np.array([one])) for one in (400_000, 4_000, 300))
    assert (large, usual) == (pytest.approx(0.3), pytest.approx(0.0, abs=1e-9))
    assert -0.5 < small < -0.2
    parts = np.arange(1_000) / 1_000
    for level, low, high in ((large, 0.3, 1.0), (usual, 0.0, 1.0), (-0.3, 0.0, 0.7)):
        found = np.array([leaning(part, level) for part in parts])
        assert found.min() == pytest.approx(low, abs=0.01)
        assert found.max() == pytest.approx(high, abs=0.01)


def test_a_stolen_card_is_tried_with_less_than_a_fifth_of_the_purchases(tmp_path: Path) -> None:
    frame = cards()
    added, _ = _put(frame, tmp_path, "card_testing_escalation", 0.04)
    tried = added[added["phase"] == "test"]
    assert len(tried) > 20
    assert tried["amount"].max() <= frame["amount"].quantile(0.21)
    assert added.loc[added["phase"] == "escalate", "amount"].median() > 2 * tried["amount"].median()


def test_schemes_are_the_same_in_money_of_any_size_and_in_any_century(tmp_path: Path) -> None:
    """A limit in the cents of the narratives' world must not end a scheme of a ledger in large money."""
    frame = cards(1_200)
    later = frame["when"] + pd.Timedelta(days=176 * 365)
    large = frame.assign(amount=(frame["amount"] * 1e9).round(2), when=later)
    plain, _ = _put(frame, tmp_path / "a", "card_testing_escalation", 0.03)
    scaled, _ = _put(large, tmp_path / "b", "card_testing_escalation", 0.03)
    assert plain["phase"].tolist() == scaled["phase"].tolist()
    assert scaled["amount"].to_numpy() / 1e9 == pytest.approx(plain["amount"].to_numpy(), rel=0.06)


def test_laundered_sums_stand_among_the_larger_ones_of_their_accounts(tmp_path: Path) -> None:
    frame = accounts(4_000)
    (tmp_path / "mule_ring.yaml").write_text(ACCOUNTS_ONLY)
    added, _ = _put(frame, tmp_path, tmp_path / "mule_ring.yaml", 0.06)
    law = np.sort(frame["amount"])
    most = np.searchsorted(law, added.groupby("instance")["amount"].max()) / len(law)
    assert len(most) > 20
    assert most.min() > 0.3
    each = np.searchsorted(law, added["amount"]) / len(law)
    assert 0.5 < each.mean() < 0.7


def test_whole_units_stay_whole_in_the_currency_that_has_no_cents(tmp_path: Path) -> None:
    """Yen of thousands beside euros with cents: sums of each are its own, as the sums of schemes say."""
    frame = accounts(4_000)
    payer, payee = (frame[side].str[2:].astype(int) for side in ("sender", "receiver"))
    is_yen = (payer % 2 == 0).to_numpy()
    frame["receiver"] = [f"DE{number:08d}" for number in payee // 2 * 2 + payer % 2]
    frame["amount"] = np.where(is_yen, (frame["amount"] * 160).round(), frame["amount"])
    frame["currency"] = np.where(is_yen, "JPY", "EUR")
    frame = frame[frame["sender"] != frame["receiver"]]
    (tmp_path / "mule_ring.yaml").write_text(ACCOUNTS_ONLY)
    added, made = _put(frame, tmp_path, tmp_path / "mule_ring.yaml", 0.06)
    yen, euro = (added[added["currency"] == one] for one in ("JPY", "EUR"))
    assert min(len(yen), len(euro)) > 40
    assert (yen["amount"] % 1 == 0).all()
    assert (euro["amount"] % 1 != 0).mean() > 0.8
    assert yen["amount"].median() > 40 * euro["amount"].median()
    patterns = pq.read_table(made.patterns).to_pandas().set_index("instance")["amount"]
    assert added.groupby("instance")["amount"].sum().to_numpy() == pytest.approx(patterns.to_numpy())


@pytest.mark.parametrize(
    ("amounts", "step"),
    [([1_200_00, 300_00] * 20, 10_000), ([1_215, 430] * 20, 5), ([1_217, 430] * 20, 1),
     ([5_000_00] * 3, 100), ([5_017] * 3, 1), ([], 1), ([700] * 300 + [733], 100)],
)  # fmt: skip
def test_the_step_is_what_nearly_all_sums_are_multiples_of(amounts: list[int], step: int) -> None:
    assert step_of(np.array(amounts, dtype=np.int64), 100) == step


def test_sums_at_steps_are_none_above_and_none_gone() -> None:
    assert at_steps(np.array([1_250, -1_250, 30, 0]), np.array([100] * 4)).tolist() == [1_200, -1_200, 100, 0]
