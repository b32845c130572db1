"""Relations that every real row keeps: found, kept by a twin, broken by independent columns, and named."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from people_stand_ins import as_case

from finsim.evaluation.attacks.intervals import excess_chance
from finsim.evaluation.metric import Score
from finsim.evaluation.real_data.column_rules import determined, measure
from finsim.evaluation.tables.column_pairs import Roles
from finsim.evaluation.verdicts import judged_together


def tape(rows: int, seed: int) -> pd.DataFrame:
    """Loans: paid at most the amount, a town in one state, two dates in order, two columns empty together."""
    rng = np.random.default_rng(seed)
    amount = np.exp(rng.normal(9, 1, rows)).round(2)
    town = rng.integers(0, 12, rows)
    begun = pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 900, rows), unit="D")
    partner = np.where(rng.random(rows) < 0.4, rng.normal(40, 9, rows), np.nan)
    return pd.DataFrame(
        {
            "amount": amount, "paid": (amount * rng.random(rows)).round(2),
            "town": [f"t{k}" for k in town], "state": [f"s{k // 3}" for k in town],
            "begun": begun, "ended": begun + pd.to_timedelta(rng.integers(1, 900, rows), unit="D"),
            "partner_age": partner,
            "partner_income": np.where(np.isnan(partner), np.nan, rng.normal(3e4, 1e4, rows)),
            "free": rng.normal(0, 1, rows),
        }
    )  # fmt: skip


def judged(real: pd.DataFrame, own: pd.DataFrame, spare: pd.DataFrame | None = None) -> Score:
    (score,) = judged_together(measure(as_case(real, own, spare, Roles())))
    return score


@pytest.mark.parametrize("held", [True, False])
def test_a_twin_keeps_what_independent_columns_break(held: bool) -> None:
    real, own, spare = tape(600, 1), tape(600, 2), tape(600, 3) if held else None
    kept = judged(real, own, spare)
    assert (kept.verdict, kept.value) == ("pass", 0.0)
    assert kept.note.startswith("4 relations hold in every real row")
    rng = np.random.default_rng(4)
    broken = {
        "paid at most amount": own.assign(paid=rng.permutation(own.paid)),
        "town determines state": own.assign(state=rng.permutation(own.state)),
        "begun at most ended": own.assign(ended=rng.permutation(own.ended)),
        "partner_age and partner_income are empty together": own.assign(
            partner_age=rng.permutation(own.partner_age)
        ),
    }
    for told, made in broken.items():
        found = judged(real, made, spare)
        assert found.verdict == "fail"
        assert told in found.note
        assert found.value == pytest.approx(found.ceiling, abs=0.08)


def test_a_row_in_a_hundred_is_within_the_margin_and_five_are_not() -> None:
    real, own = tape(1_000, 5), tape(1_000, 6)
    for share, verdict in ((0.01, "pass"), (0.015, "warn"), (0.05, "fail")):
        made = own.copy()
        rows = made.index[: int(share * len(made))]
        made.loc[rows, "paid"] = made.loc[rows, "amount"] + 1.0
        found = judged(real, made)
        assert (found.verdict, found.value) == (verdict, share)
        alone = excess_chance((int(1_000 * share), 1_000), (0, 1_000), 0.01)
        assert found.p == pytest.approx(min(4 * alone, 1.0))  # each of four relations was looked at


def test_a_rule_with_an_exception_and_one_that_says_nothing_are_no_rules() -> None:
    real, own = tape(400, 7), tape(400, 8)
    real.loc[0, "paid"] = real.loc[0, "amount"] + 1.0
    assert judged(real, own).note.startswith("3 relations")
    for part in (real, own):
        part["tiny"] = part["free"] / 1e6 - 100.0  # below everything by its range alone
    assert judged(real, own).note.startswith("3 relations")
    none = judged(real[["free"]], own[["free"]])
    assert (none.verdict, none.reason) == (
        "not computed", "no two columns have a relation that holds in every real row",
    )  # fmt: skip


def test_halves_of_a_table_break_relations_no_oftener_than_chance() -> None:
    fails = 0
    for seed in range(30):
        rng = np.random.default_rng(seed)
        sides = []
        for _ in range(2):
            first = rng.normal(0, 1, 300)
            sides.append(
                pd.DataFrame({"a": first, **{f"b{k}": first + 2.2 + rng.normal(0, 1, 300) for k in range(9)}})
            )
        fails += judged(*sides).verdict == "fail"
    assert fails <= 3


def test_a_level_that_has_two_others_determines_none() -> None:
    assert determined(np.array([0, 1, 1, -1]), np.array([2, 0, 0, 1])).tolist() == [2, 0]
    assert determined(np.array([0, 1, 1]), np.array([2, 0, 1])) is None
    assert determined(np.array([-1]), np.array([0])) is None


@pytest.mark.parametrize("share", [0.0, 0.04])
def test_a_day_booked_is_compared_with_the_day_of_an_hour(share: float) -> None:
    """Booked on its day a payment at noon is not booked before; on the day before it is."""

    def side(seed: int, early: float) -> pd.DataFrame:
        rng = np.random.default_rng(seed)
        day = pd.Timestamp("2023-01-01") + pd.to_timedelta(rng.integers(0, 300, 800), unit="D")
        paid = day + pd.to_timedelta(rng.integers(1, 1_440, 800), unit="min")
        lag = np.where(np.arange(800) < early * 800, -1, rng.integers(0, 3, 800))
        return pd.DataFrame({"paid": paid, "booked": day + pd.to_timedelta(lag, unit="D")})

    found = judged(side(1, 0.0), side(2, share))
    assert found.note.startswith("1 relations hold in every real row; paid at most booked")
    assert (found.value, found.verdict) == (share, "fail" if share else "pass")


def test_a_number_linked_within_words_is_compared() -> None:
    """A sum billed as it is at home and at a rate of the month abroad, 0 where it is refused."""

    def payments(seed: int) -> pd.DataFrame:
        rng = np.random.default_rng(seed)
        amount = np.exp(rng.normal(4, 1, 2_000)).round(2)
        day = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 60, 2_000), unit="D")
        abroad, refused = rng.random(2_000) < 0.2, rng.random(2_000) < 0.1
        billed = np.where(refused, 0.0, (amount * np.where(abroad, 1.05 + 0.05 * day.month, 1.0)).round(2))
        words = {"where": np.where(abroad, "abroad", "home"), "answer": np.where(refused, "no", "yes")}
        return pd.DataFrame({"amount": amount, "day": day, "billed": billed, **words})

    real, own, spare = payments(1), payments(2), payments(3)
    assert judged(real, own, spare).verdict == "pass"
    rows = np.random.default_rng(4).permutation(100)
    some = own.assign(billed=np.r_[own.billed[:100].to_numpy()[rows], own.billed[100:]])
    for made in (some, own.assign(day=own.day + pd.Timedelta(days=0), billed=own.amount)):
        found = judged(real, made, spare)
        assert found.verdict == "fail"
        assert "billed follows from amount (equal, at rates of where, 0)" in found.note
    later = own.assign(day=own.day + pd.Timedelta(days=365))
    assert judged(real, later, spare).verdict != "fail"  # no rate of these months is known


def mortgages(rows: int, seed: int) -> pd.DataFrame:
    """Loans repaid or interest-only, each kind by its formula, and an index of the region and quarter."""
    rng = np.random.default_rng(seed)
    begun = pd.Timestamp("2018-01-01") + pd.to_timedelta(rng.integers(0, 1_400, rows), unit="D")
    amount, month = 500.0 * rng.integers(80, 900, rows), rng.integers(150, 700, rows) / 120_000
    kind, region = rng.choice(["repaid", "interest"], rows, p=[0.8, 0.2]), rng.integers(0, 3, rows)
    term = rng.choice([120.0, 180, 240], rows)
    level = amount * month / (1 - (1 + month) ** -term)
    quarter = begun.year * 4 + begun.quarter
    return pd.DataFrame(
        {
            "amount": amount, "rate": (1_200 * month).round(2), "term": term,
            "kind": kind, "region": [f"r{k}" for k in region], "begun": begun,
            "index": (100 + 7 * region + np.sin(quarter) + quarter % 40).round(1),
            "payment": np.where(kind == "interest", amount * month, level).round(2),
        }
    )  # fmt: skip


def test_formulas_of_words_and_numbers_of_a_period_are_kept_by_a_twin_and_broken_apart() -> None:
    real, twin = mortgages(2_000, 1), mortgages(1_500, 2)
    assert judged(real, twin).value == 0.0
    for column, told in (("payment", "by kind"), ("index", "the quarter of begun and region")):
        own = twin.assign(**{column: np.random.default_rng(3).permutation(twin[column])})
        score = judged(real, own)
        assert score.verdict == "fail"
        assert told in score.note
    wrong = twin.assign(payment=twin["payment"] + np.where(twin["kind"] == "interest", 1.0, 0.0))
    share = (twin["kind"] == "interest").mean()
    assert judged(real, wrong).value == pytest.approx(share, abs=0.01)
