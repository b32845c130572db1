"""Nearest payments of a learned ledger: cells by a plain loop, a planted copy, receipts and outsiders."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import finsim
from finsim.engine.nearest_training import LABEL, with_nearest
from finsim.engine.run import run
from finsim.engine.study.study_file import Study
from finsim.provenance.manifest import read_manifest
from finsim.provenance.trace_story import Story


def ledger() -> pd.DataFrame:
    """Forty accounts that pay each other, rows in no order; amounts are all different."""
    rng = np.random.default_rng(6)
    count = 900
    payer = rng.integers(0, 40, count)
    payee = (payer + rng.integers(1, 6, count)) % 40
    days = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 60 * 24, count), unit="h")
    amount = rng.permutation(np.arange(count)) + rng.integers(1_000, 2_000, count) * 1_000
    return pd.DataFrame(
        {
            "from_account": [f"A{k:02d}" for k in payer],
            "to_account": [f"A{k:02d}" for k in payee],
            "time": days.strftime("%Y-%m-%d %H:%M"),
            "amount": amount / 100,
        }
    )


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("payments")
    ledger().to_csv(folder / "ledger.csv", index=False)
    part: dict[str, Any] = {"data": str(folder / "ledger.csv"), "entities": 200, "days": 20, "rules": None}
    study = {"finsim": "study/1", "id": "near", "transactions": part, "evaluation": {"enabled": False}}
    return run(Study.model_validate(study), output=folder / "run").path


def first_of_an_account(made: Path) -> int:
    """Return the row of a payment before which its payer paid nothing."""
    rows = pd.read_parquet(made / "transactions")
    return int(rows.drop_duplicates("from_account").index[3])


def told(made: Path, story: Story, **values: Any) -> dict[str, Any]:
    copy = replace(story, values={**story.values, **values})
    return with_nearest(made, copy, read_manifest(made).to_dict()).training


def test_a_payment_like_one_of_the_ledger_is_found_at_its_row(made: Path) -> None:
    story = finsim.trace(made, "transactions", first_of_an_account(made))
    assert story.training["nearest_means"] == LABEL
    assert len(story.training["nearest"]) == 5
    frame = ledger()
    times = pd.to_datetime(frame["time"])
    firsts = times.groupby(frame["from_account"]).idxmin()  # nothing paid before: no days since, nobody known
    for row in firsts.iloc[[2, 20]]:
        copied = {"amount": round(frame.amount[row] * 100), "ts": str(times[row])}
        near = told(made, story, **copied)["nearest"]
        assert (near[0]["row"], near[0]["distance"]) == (row, 0.0)
        assert near[0]["p"] < 0.05
        assert near[1]["distance"] > 0.0


def test_days_since_and_known_counterparties_come_from_the_rows_before(made: Path) -> None:
    rows = pd.read_parquet(made / "transactions")
    again = rows[rows.duplicated(["from_account", "to_account"])].index[0]
    story = finsim.trace(made, "transactions", int(again))
    own = rows.loc[again]
    before = rows[(rows.from_account == own.from_account) & (rows.index < again)]
    since = (own.ts - before.ts.iloc[-1]) / pd.Timedelta(days=1)
    frame = ledger()
    frame["time"] = pd.to_datetime(frame["time"])
    best, chosen = np.inf, -1
    for _, group in frame.sort_values("time", kind="stable").groupby("from_account"):
        for k in range(len(group)):
            last = None if k == 0 else (group.time.iloc[k] - group.time.iloc[k - 1]) / pd.Timedelta(days=1)
            known = group.to_account.iloc[k] in set(group.to_account.iloc[:k])
            gap = abs(share(frame.amount, own.amount / 100) - share(frame.amount, group.amount.iloc[k]))
            gap += 1.0 if last is None else abs(share(gaps(frame), since) - share(gaps(frame), last))
            gap += float(not known)
            gap += abs(share(hours(frame), own.ts.hour + own.ts.minute / 60 + own.ts.second / 3600)
                       - share(hours(frame), group.time.iloc[k].hour))  # fmt: skip
            if gap / 4 < best:
                best, chosen = gap / 4, int(group.index[k])
    found = story.training["nearest"][0]
    assert found["distance"] == pytest.approx(best, abs=2e-3)
    assert chosen in [one["row"] for one in story.training["nearest"]]


def share(known: pd.Series, value: float) -> float:
    """Return the rank of a value among known ones, ties in the middle."""
    return float(((known < value).mean() + (known <= value).mean()) / 2)


def gaps(frame: pd.DataFrame) -> pd.Series:
    ordered = frame.sort_values("time", kind="stable")
    return ordered.groupby("from_account")["time"].diff().dropna() / pd.Timedelta(days=1)


def hours(frame: pd.DataFrame) -> pd.Series:
    return frame["time"].dt.hour


def test_a_payment_between_accounts_that_were_not_learned_says_so(made: Path) -> None:
    story = finsim.trace(made, "transactions", 0)
    assert "neither account" in told(made, story, from_account=-5, to_account=-6)["note"]
