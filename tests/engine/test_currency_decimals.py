"""A sampled ledger of several currencies writes each with the decimals that its rows have in the data."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import finsim
from finsim.engine.learned.currency_decimals import told_places

DECIMALS = {"EUR": 2, "JPY": 0, "KWD": 3}
SIZE = {"EUR": 3_000.0, "JPY": 80_000.0, "KWD": 20.0}


def _written(amount: float, money: str, german: bool) -> str:
    plain = f"{amount:,.{DECIMALS[money]}f}" if german else f"{amount:.{DECIMALS[money]}f}"
    return plain.translate(str.maketrans(",.", ".,")) if german else plain


@pytest.mark.parametrize("german", [False, True])
def test_sums_have_the_decimals_of_their_currency(german: bool, tmp_path: Path) -> None:
    rng, count = np.random.default_rng(3), 600
    card = rng.integers(0, 30, count)
    money = np.array(list(DECIMALS))[card % 3]
    amount = np.exp(rng.normal(0, 0.5, count)) * np.array([SIZE[one] for one in money])
    day = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 60 * 86_400, count), "s")
    frame = pd.DataFrame({
        "card_id": [f"C{k:03d}" for k in card], "date": day.strftime("%Y-%m-%d %H:%M:%S"),
        "merchant": [f"{one} shop {k}" for one, k in zip(money, rng.integers(0, 9, count), strict=True)],
        "amount": [_written(*one, german) for one in zip(amount, money, strict=True)], "ccy": money,
    })  # fmt: skip
    frame.to_csv(tmp_path / "l.csv", index=False, sep=";" if german else ",")
    finsim.fit(tmp_path / "l.csv", generator="habits", kind="events", id="card_id", output=tmp_path / "m")
    finsim.sample(tmp_path / "m", entities=30, output=tmp_path / "s.csv")
    found = pd.read_csv(tmp_path / "s.csv", sep=";" if german else ",", dtype=str)
    part = found["amount"].str.partition("," if german else ".")
    assert set(found["ccy"]) == set(DECIMALS)
    assert (part[2].str.len() == found["ccy"].map(DECIMALS)).all()
    assert not german or part[0].str.contains(".", regex=False).any()


def test_a_currency_with_whole_and_broken_sums_has_as_many_decimals_at_most() -> None:
    assert told_places({"EUR": (0, 2), "JPY": (0, 0), "odd": (-1, 2)}) == {"EUR": (0, 2), "JPY": (0, 0)}
    assert told_places({"EUR": (2, 2), "USD": (2, 2)}) == {}
