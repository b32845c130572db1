"""Nearest training records of a run: planted copies are found, lost and changed inputs are said."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import finsim
from finsim.engine import nearest_training
from finsim.engine.nearest_training import LABEL, with_nearest
from finsim.engine.run import run
from finsim.engine.study.study_file import Study
from finsim.provenance.manifest import read_manifest
from finsim.provenance.trace import trace
from finsim.provenance.trace_story import Story

DAYS = pd.bdate_range("2015-01-02", periods=600)


def prices(count: int = 600) -> pd.DataFrame:
    rng = np.random.default_rng(3)
    moves = rng.standard_t(5, (count, 2)) * 0.01
    frame = pd.DataFrame(100 * np.exp(np.cumsum(moves, axis=0)), columns=["up", "down"])
    return frame.assign(date=DAYS[:count].strftime("%Y-%m-%d"))[["date", "up", "down"]]


def tape(count: int = 400) -> pd.DataFrame:
    rng = np.random.default_rng(4)
    words = rng.choice(["car (new)", "education", "repairs"], count)
    bad = rng.random(count) < 0.3
    frame = pd.DataFrame(
        {
            "loan_no": [f"L{k:05d}" for k in range(count)],
            "amount": rng.integers(1_000, 90_000, count),
            "term_months": rng.integers(6, 72, count),
            "income": np.where(rng.random(count) < 0.1, np.nan, rng.integers(100_000, 900_000, count) / 100),
            "purpose": words,
            "bad": np.where(bad, "1", "0"),
        }
    )
    frame.loc[[5, 17], "bad"] = ""
    return frame


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a run that learned from two own files beside it."""
    folder = tmp_path_factory.mktemp("nearest")
    prices().to_csv(folder / "prices.csv", index=False)
    tape().to_csv(folder / "tape.csv", index=False)
    study: dict[str, Any] = {
        "finsim": "study/1",
        "id": "near",
        "market": {
            "data": str(folder / "prices.csv"),
            "generator": {"name": "bootstrap", "settings": {"block": 400}},
            "paths": 2,
            "sessions": 60,
            "shard_paths": 2,
            "rules": None,
        },
        "transactions": {
            "accounts": 300,
            "banks": 2,
            "days": 8,
            "shard_accounts": 300,
            "narratives": [{"name": "account_takeover", "count": 2}],
        },
        "credit": {
            "data": str(folder / "tape.csv"),
            "columns": {name: {"from": name, "null": True} for name in ("bad", "income")},
            "ignore": ["loan_no"],
            "loans": 120,
            "months": 6,
            "draws": 5000,
        },
        "evaluation": {"enabled": False},
    }
    return run(Study.model_validate(study), output=folder / "run").path


def planted(made: Path, story: Story, **values: Any) -> Story:
    """Return the story told again with other values in the row."""
    copy = Story(
        story.table, story.row, {**story.values, **values}, story.origin, (), {}, [], {}, story.training
    )
    return with_nearest(made, copy, read_manifest(made).to_dict())


def test_a_bar_of_a_bootstrap_is_found_in_its_history(made: Path) -> None:
    story = finsim.trace(made, "bars", 200)
    first = story.training["nearest"][0]
    assert story.training["nearest_means"] == LABEL == "nearest, not causal"
    assert (first["distance"], first["asset"]) == (0.0, story.values["asset"])
    assert first["p"] < 0.02
    assert len(story.training["nearest"]) == 5
    frame = pd.read_parquet(made / "bars")
    own = frame[(frame["path"] == story.values["path"]) & (frame["asset"] == story.values["asset"])]
    own = own[own["date"] <= story.values["date"]].tail(21)["close"].to_numpy()
    real = prices().set_index("date")[first["asset"]].loc[first["from"] : first["to"]].to_numpy()
    assert np.allclose(np.diff(np.log(own)), np.diff(np.log(real)))
    held = round((len(prices()) - 1) * 0.2)
    assert all(near["to"] <= str(DAYS[-held - 1].date()) for near in story.training["nearest"])
    assert story.training["p"].startswith("share of 202 real windows, held out")


def test_the_first_bars_of_a_path_have_the_window_of_its_beginning(made: Path) -> None:
    story = finsim.trace(made, "bars", 0)
    assert story.training["of"].startswith("20 returns of up, path 0")
    assert len(story.training["nearest"]) == 5


def test_a_loan_with_the_values_of_a_row_has_distance_zero_to_it(made: Path) -> None:
    story = trace(made, "loans", 7)
    assert story.training["learned_fields"] == ["income", "amount", "term_months", "purpose"]
    row = tape().iloc[200]
    copied = {
        "amount": int(row["amount"]) * 100,
        "term_months": int(row["term_months"]),
        "income": None if np.isnan(row["income"]) else round(row["income"] * 100),
        "purpose": row["purpose"],
    }
    near = planted(made, story, **copied).training
    first = near["nearest"][0]
    assert (first["row"], first["distance"]) == (198, 0.0)  # two rows before it have no outcome
    assert "2 of 400 rows lack an amount, a term or an outcome: left out" in near["of"]
    assert first["p"] < 0.02
    assert near["learned_from"][0]["rows_used"] == 398
    other = planted(
        made, story, **{**copied, "purpose": "education" if row["purpose"] != "education" else "repairs"}
    )
    assert other.training["nearest"][0]["distance"] > 0


def test_a_fresh_loan_lies_no_nearer_than_real_ones(made: Path) -> None:
    p = [finsim.trace(made, "loans", row).training["nearest"][0]["p"] for row in range(40)]
    assert 0.25 < float(np.mean(p)) < 0.9


def test_payments_are_told_exactly(made: Path) -> None:
    labels = pd.read_parquet(made / "labels")
    row = int(np.flatnonzero(labels["instance"] >= 0)[0])
    told = finsim.trace(made, "transactions", row)
    lineage = told.training["lineage"]
    for word in ("exact: made by the simulator", "narrative account_takeover", "learned from no real record"):
        assert word in lineage
    assert f"phase {labels['phase'].iloc[row]}" in lineage
    assert told.origin["stream"] in lineage
    assert "nearest" not in told.training
    life = finsim.trace(made, "transactions", int(np.flatnonzero(labels["instance"] < 0)[0]))
    assert "ordinary life" in life.training["lineage"]
    assert "learned from no real record" in life.training["lineage"]


def test_months_and_losses_point_to_the_loans(made: Path) -> None:
    assert "followed from loan 0 of this run" in finsim.trace(made, "months", 0).training["lineage"]
    assert "drawn from the loans" in finsim.trace(made, "losses", 0).training["lineage"]


@pytest.mark.parametrize(("table", "name"), [("bars", "prices.csv"), ("loans", "tape.csv")])
def test_lost_and_changed_training_data_are_one_sentence(made: Path, table: str, name: str) -> None:
    file = made.parent / name
    kept = file.read_bytes()
    try:
        file.write_bytes(kept + b"\n")
        told = finsim.trace(made, table, 3)
        assert told.training["note"].endswith(f"{name} has changed since the run")
        file.unlink()
        told = finsim.trace(made, table, 3)
        assert told.training["note"].endswith(f"{name} is not there any more")
        assert "nearest" not in told.training
        assert told.training["learned_from"][0]["file"] == str(file)
        assert "is not there any more" in told.to_text()
    finally:
        file.write_bytes(kept)


def test_few_held_out_windows_are_replaced_by_training_windows(
    made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nearest_training, "LEAST_HELD_OUT", 10_000)
    story = finsim.trace(made, "bars", 200)
    assert "real windows, left out one at a time" in story.training["p"]
    assert story.training["nearest"][0]["p"] < 0.02


def test_a_price_that_stands_still_has_no_nearest(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nearest_training, "_window", lambda *_: (["a", "b"], np.zeros(20)))
    assert "does not move" in finsim.trace(made, "bars", 200).training["note"]


def test_the_story_is_plain_data_and_text(made: Path) -> None:
    for table in ("bars", "loans"):
        story = finsim.trace(made, table, 50)
        assert json.loads(json.dumps(story.to_dict(), allow_nan=False))["training"]["nearest"]
        assert "nearest, not causal" in story.to_text()
