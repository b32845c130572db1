"""Columns of a tape that are known after the outcome: out of scorecard and new loans, and named."""

import json

import numpy as np
import pandas as pd

from finsim.credit.book import feature_names, fit_card
from finsim.credit.kept import kept_loans
from finsim.credit.settings import Settings
from finsim.engine.study.after_outcome import unknown
from finsim.engine.study.credit_part import CreditPart
from finsim.engine.study.loan_tape import describe_tape, tape_of
from finsim.randomness import Streams

ROWS = 400
COLUMNS = {
    "bad": {"from": "Status", "is": "lost", "good": ["paid", "runs"]}, "term_months": "Term",
    "opened": {"from": "Opened", "type": "date"},
}  # fmt: skip


def _tape(folder, defaults=60):
    rng = np.random.default_rng(5)
    bad = rng.permutation(np.arange(ROWS) < defaults)
    opened = pd.Timestamp("2019-01-01") + pd.to_timedelta(rng.integers(0, 900, ROWS), unit="D")
    when = (opened + pd.to_timedelta(rng.integers(90, 700, ROWS), unit="D")).strftime("%Y%m%d").astype(float)
    frame = pd.DataFrame({
        "Amount": rng.integers(1_000, 30_000, ROWS), "Term": rng.choice([24, 48], ROWS),
        "Status": np.where(bad, "lost", rng.choice(["paid", "runs"], ROWS)),
        "Opened": opened.strftime("%Y-%m-%d"),
        "Due": (opened + pd.to_timedelta(700, unit="D")).strftime("%Y-%m-%d"),
        "Lost on": np.where(bad & (rng.random(ROWS) < 0.7), when, np.nan),
        "Loss": np.where(bad, rng.integers(100, 900, ROWS), 0),
        "Note": np.where(bad, "collection", np.where(rng.random(ROWS) < 0.5, "none", "letter")),
        "Jobs": np.where(rng.random(ROWS) < 0.6, rng.integers(0, 5, ROWS) - bad, np.nan),
    })  # fmt: skip
    frame.to_csv(folder / "tape.csv", index=False)
    return {"data": str(folder / "tape.csv"), "columns": json.loads(json.dumps(COLUMNS))}


def _read(part, **keys):
    part["columns"]["due"] = {"from": "Due", "type": "date"} if keys.pop("declared", False) else {}
    if not part["columns"]["due"]:
        del part["columns"]["due"]
    return tape_of(CreditPart.model_validate({**part, **keys}))


def test_what_is_known_after_the_outcome_is_left_out_and_named(tmp_path):
    tape = _read(_tape(tmp_path))
    names = feature_names(tape.frame)
    assert "Jobs" in names
    assert not {"Lost on", "Loss", "Note"} & set(names)
    (note,) = [one for one in tape.notes if one.startswith("not learned")]
    assert "Lost on (filled only for loans that defaulted)" in note
    assert "Loss (tells the outcome by itself (AUC 1.000))" in note
    assert "Note (tells" in note
    assert "`columns:`" in note
    assert {one.header for one in tape.columns if not one.name} >= {"Lost on", "Loss", "Note"}
    card = fit_card(tape.frame, Settings())
    chance = card.probability({name: tape.frame[name].to_numpy() for name in tape.frame})
    assert chance.max() < 0.5


def test_a_date_after_the_opening_is_not_learned_unless_declared(tmp_path):
    part = _tape(tmp_path)
    frame = _read(part, keep=True).frame.assign(Due=lambda one: one["opened"] + pd.Timedelta(days=700))
    assert unknown(frame).dates == {"Due": "a date after `opened`, which is drawn anew"}
    assert unknown(frame.assign(Due=frame["opened"] - pd.Timedelta(days=1))).dates == {}
    tape = _read(part, declared=True)
    assert "due" in tape.frame
    assert not any("Due" in note for note in tape.notes)


def test_a_declared_column_stays_and_is_told(tmp_path):
    part = _tape(tmp_path)
    part["columns"]["loss"] = {"from": "Loss", "type": "float"}
    tape = _read(part)
    assert "loss" in tape.frame
    assert "in the scorecard, as declared: Loss (tells the outcome by itself (AUC 1.000))" in tape.notes


def test_kept_loans_keep_their_columns_and_the_scorecard_goes_without(tmp_path):
    tape = _read(_tape(tmp_path), keep=True)
    assert set(tape.unscored) == {"Lost on", "Loss", "Note"}
    assert {"Lost on", "Loss", "Note"} <= set(tape.frame)
    frame = tape.frame.drop(columns=["opened"])
    with_, without = (kept_loans(frame, Settings(), Streams(1), one) for one in ((), tape.unscored))
    assert "Loss" in without.column_names
    assert max(with_["pd"].to_pylist()) == 0.6
    assert max(without["pd"].to_pylist()) < 0.5


def test_a_plan_says_what_the_scorecard_does_not_ask_and_which_purposes_have_no_class(tmp_path):
    part = _tape(tmp_path)
    frame = pd.read_csv(part["data"])
    frame.assign(Rate=0.05, Goal=np.where(np.arange(ROWS) % 2, "business", "Immobilien")).to_csv(
        part["data"], index=False
    )
    part["columns"] |= {"rate": "Rate", "purpose": "Goal"}
    told = describe_tape(CreditPart.model_validate(part))[0]
    assert (told["not_scored"], told["without_class"]) == (["Rate"], ["Immobilien"])
    stated = describe_tape(CreditPart.model_validate({**part, "loan_class": "mortgage"}))[0]
    assert stated["without_class"] == []


def test_few_defaults_tell_nothing(tmp_path):
    assert unknown(_read(_tape(tmp_path, 9)).frame).after == {}
