"""Words that real rows have only beside another row are in added rows only beside another added row."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

import finsim
from finsim.engine.injection import inject as injection


def _cards() -> pd.DataFrame:
    """Cards at pumps that hold 1.00 minutes before a sum, and shops, where declines are tried again."""
    rng = np.random.default_rng(4)
    rows: list[tuple[object, ...]] = []
    for card in range(50):
        for _ in range(40):
            shop, amount = int(rng.integers(30)), round(float(rng.lognormal(3, 0.6)) + 0.01, 2)
            time, mode = int(rng.integers(90 * 86_400)), ("chip", "tap")[card % 2]
            head = f"C{card:03d}", f"S{shop:02d}", "pump" if shop < 8 else "shop", mode
            if shop < 8:
                rows.append((time - int(rng.integers(60, 400)), *head, "HOLD", "00", 1.0))
                rows.append((time, *head, "DONE", "00", amount))
                continue
            if rng.random() < 0.12:
                rows.append((time - int(rng.integers(20, 200)), *head, "BUY", "05", amount))
            rows.append((time, *head, "BUY", "00", amount))
    names = ["time", "card", "shop", "mcc", "mode", "kind", "answer", "amount"]
    frame = pd.DataFrame(rows, columns=names).sort_values("time").reset_index(drop=True)
    return frame.assign(time=pd.Timestamp("2024-01-01") + pd.to_timedelta(frame["time"] + 500, unit="s"))


def _alone(made: pd.DataFrame) -> dict[str, tuple[int, float]]:
    """Return how many added holds, sums of pumps and declines there are, and the share that stand alone.

    Each by a plain search among added rows of the scheme: a hold of 1.00 with the sum after it, and so on.
    """
    found: dict[str, list[bool]] = {"hold": [], "done": [], "declined": []}
    for _, rows in made.groupby(["instance", "card", "shop"]):
        for row in rows.itertuples():
            wait = (rows["time"] - row.time).dt.total_seconds()
            if row.kind == "HOLD":
                fits = (rows["kind"] == "DONE") & wait.between(60, 400)
                found["hold"].append(not (row.amount == 1.0 and fits.any()))
            if row.kind == "DONE":
                found["done"].append(not ((rows["kind"] == "HOLD") & wait.between(-400, -60)).any())
            if row.answer == "05":
                again = (rows["answer"] == "00") & (rows["amount"] == row.amount) & wait.between(20, 200)
                found["declined"].append(not again.any())
    return {name: (len(one), float(np.mean(one))) for name, one in found.items()}


def test_added_rows_bring_those_that_real_ones_come_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame = _cards()

    def made(name: str) -> tuple[pd.DataFrame, pd.DataFrame, tuple[str, ...]]:
        told = finsim.inject(frame, narratives=["card_testing_escalation", "lost_or_stolen_card"],
                             output=tmp_path / name, rate=0.08, seed=2, progress=False)  # fmt: skip
        rows = pq.read_table(told.transactions).to_pandas()
        return rows[rows["instance"] >= 0], pq.read_table(told.patterns).to_pandas(), told.remarks

    added, patterns, remarks = made("out")
    found = _alone(added)
    assert all(count >= 10 and alone == 0.0 for count, alone in found.values()), found
    holds, declines = (sum(added[name] == word) for name, word in (("kind", "HOLD"), ("answer", "05")))
    for said in (
        f"kind=HOLD: 100% of such rows are followed by another at the same payee; they came along with "
        f"added ones, {holds} in all",
        f"answer=05: 100% of such rows are followed by another at the same payee; they came along with "
        f"added ones, {declines} in all",
    ):
        assert any(remark.startswith(said) for remark in remarks), remarks
    # Pumps are chosen as often as they are paid, not as often as they have rows; words stay together.
    assert (added[added["kind"] != "HOLD"]["mcc"] == "pump").mean() == pytest.approx(0.25, abs=0.1)
    assert ((added["mcc"] == "pump") == added["kind"].isin(["HOLD", "DONE"])).all()
    modes = added["card"].str[1:].astype(int) % 2
    assert (added["mode"] == np.where(modes == 1, "tap", "chip")).all()
    moves = added[(added["kind"] != "HOLD") & (added["answer"] == "00")]  # the others move nothing
    assert patterns["amount"].to_numpy() == pytest.approx(
        moves.groupby("instance")["amount"].sum().to_numpy()
    )
    monkeypatch.setattr(injection, "companions", lambda *known: None)
    naive = _alone(made("twin")[0])
    assert all(alone >= 0.7 for count, alone in naive.values() if count), naive
    assert naive["hold"][0] > 5
