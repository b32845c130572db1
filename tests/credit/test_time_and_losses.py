"""Observed default rates are brought to 12 months by the time on book, observed losses give the LGD."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from finsim.credit.tape.observed_losses import are_observed, observed_losses
from finsim.credit.tape.time_on_book import observed_rate
from finsim.engine.study.credit_part import CreditPart
from finsim.engine.study.loan_tape import tape_of

CUT = pd.Timestamp("2025-12-31")
HAZARD = 0.03


def tape(rows: int = 6_000, seed: int = 4) -> pd.DataFrame:
    """Return loans of a constant hazard, followed to default, end or the day of the tape."""
    rng = np.random.default_rng(seed)
    opened = pd.Timestamp("2018-01-01") + pd.to_timedelta(rng.integers(0, 2_900, rows), unit="D")
    term = rng.choice([24, 48, 60], rows)
    followed = np.minimum((CUT - opened).days, term * 30.4375)
    lives = rng.exponential(365.25 / HAZARD, rows)
    bad = lives < followed
    when = (pd.Series(opened) + pd.to_timedelta(np.minimum(lives, 9_000).astype(int), unit="D")).where(bad)
    insured = rng.random(rows) < 0.4
    lost = np.where(bad, np.where(insured, 0.27, 0.44) + rng.normal(0, 0.1, rows), np.nan)
    return pd.DataFrame({
        "amount": rng.integers(1_000, 30_000, rows), "term_months": term, "opened": opened, "bad": bad,
        "default_day": when, "tape_day": CUT, "insured": insured, "house": rng.integers(0, 5, rows),
        "lgd": np.clip(lost, 0, 1),
    })  # fmt: skip


def test_the_rate_of_loans_followed_for_years_is_that_of_twelve_months():
    frame = tape()
    found = observed_rate(frame)
    assert frame["bad"].mean() > 0.07
    assert found.pd == pytest.approx(1 - np.exp(-HAZARD), rel=0.12)
    by_hand = np.minimum((CUT - frame["opened"]).dt.days, frame["term_months"] * 30.4375)
    by_hand = by_hand.where(~frame["bad"], (frame["default_day"] - frame["opened"]).dt.days)
    assert found.years == pytest.approx(by_hand.sum() / 365.25, rel=1e-9)
    assert found.defaults == frame["bad"].sum()


def test_loans_of_unknown_outcome_were_at_risk_too():
    frame = tape()
    open_ = frame.assign(bad=frame["bad"].astype(float).where(frame["bad"] | (frame.index % 3 > 0)))
    assert open_["bad"].isna().sum() > 1_000
    assert observed_rate(open_).pd == pytest.approx(observed_rate(frame).pd, rel=1e-9)


@pytest.mark.parametrize(
    ("gone", "near"), [(["tape_day"], 0.01), (["default_day"], 0.06), (["tape_day", "default_day"], 0.06)]
)
def test_a_day_that_is_not_written_is_told_by_others_or_stands_half_way(gone, near):
    frame = tape()
    assert observed_rate(frame.drop(columns=gone)).pd == pytest.approx(observed_rate(frame).pd, rel=near)


def test_a_first_payment_ends_no_loan_and_a_repayment_does():
    frame = tape()
    first = frame.assign(first_due=frame["opened"] + pd.Timedelta(days=30))
    assert observed_rate(first).years == pytest.approx(observed_rate(frame).years, rel=1e-9)
    early = (frame["opened"] + pd.Timedelta(days=200)).where(~frame["bad"] & (frame.index % 2 == 0))
    assert observed_rate(frame.assign(repaid=early)).years < 0.8 * observed_rate(frame).years


def test_months_on_book_tell_the_time_and_nothing_tells_none():
    frame = tape().drop(columns=["opened", "default_day", "tape_day"]).assign(months_on_book=24)
    assert observed_rate(frame).years == pytest.approx(2.0 * len(frame))
    assert observed_rate(frame.drop(columns="months_on_book")) is None


def test_losses_by_what_tells_them_are_those_of_every_loan():
    frame = tape()
    assert are_observed(frame)
    found = observed_losses(frame, ["house", "insured"])
    for insured, mean in ((True, 0.27), (False, 0.44)):
        lgd = found.lgd[(frame["insured"] == insured).to_numpy()]
        assert lgd.std() < 1e-12
        assert lgd[0] == pytest.approx(frame["lgd"][frame["insured"] == insured].mean(), abs=1e-9)
        assert lgd[0] == pytest.approx(mean, abs=0.03)
    assert "insured" in found.said
    assert "house" not in found.said


def test_what_tells_nothing_is_not_asked_and_few_losses_say_nothing():
    frame = tape()
    assert len(np.unique(observed_losses(frame, ["house"]).lgd)) == 1
    assert observed_losses(frame.assign(lgd=frame["lgd"].where(frame.index < 100)), ["insured"]) is None


def test_a_stated_lgd_of_all_loans_stays_as_it_is():
    assert not are_observed(tape().assign(lgd=0.35))


def test_a_study_says_rate_and_losses(tmp_path):
    tape().to_csv(tmp_path / "t.csv", index=False)
    columns = {"opened": {"from": "opened", "type": "date"}, "bad": {"from": "bad", "is": "True"}}
    keys = {"lgd": {"from": "lgd", "null": True}}
    part = {"data": str(tmp_path / "t.csv"), "columns": columns | keys, "target_pd": "as_observed"}
    read = tape_of(CreditPart.model_validate(part))
    (rate,) = [note for note in read.notes if note.startswith("target_pd as_observed")]
    assert "loan-years (by the dates of the tape)" in rate
    (said,) = [note for note in read.notes if note.startswith("LGD from lgd")]
    assert "by insured" in said
    assert not read.frame["lgd"].isna().any()
    kept = tape_of(CreditPart.model_validate({**part, "keep": True})).frame
    assert kept["lgd"].nunique() > 100
    tape().drop(columns=["opened", "default_day", "tape_day"]).to_csv(tmp_path / "t.csv", index=False)
    part["columns"] = {name: one for name, one in part["columns"].items() if name != "opened"}
    notes = tape_of(CreditPart.model_validate(part)).notes
    assert any("taken for 12 months as no column says how long" in note for note in notes)


def test_a_default_without_a_date_was_at_risk_for_half_the_time():
    frame = tape()
    bad = frame["bad"].to_numpy()
    days = np.minimum((CUT - frame["opened"]).dt.days, frame["term_months"] / 12 * 365.25).to_numpy()
    found = observed_rate(frame.drop(columns="default_day"))
    assert found.years == pytest.approx((days[~bad].sum() + 0.5 * days[bad].sum()) / 365.25, rel=1e-9)
