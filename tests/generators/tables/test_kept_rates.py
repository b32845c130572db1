"""Rates of an outcome by the words of other columns are as in the data, however cautious the trees are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from small_tables import fitted

from finsim.generators.tables.bayes import Bayes
from finsim.generators.tables.boosting import kept_rates
from finsim.generators.tables.boosting.kept_rates import KeptRates, softmax
from finsim.generators.tables.boosting.label_law import FEW_ROWS, LabelLaw
from finsim.records.mixed_table import NUMBER, WORD, MixedColumn, MixedTable

RATES = np.array([0.012, 0.04, 0.07, 0.12, 0.222])
SHARES = [0.25, 0.3, 0.22, 0.15, 0.08]
IS_WORD = np.array([True, False, True, True])


def _levels(rng, rows=4_000):
    """Return grade, a number whose tenths matter, a region that tells nothing, and the outcome."""
    grade = rng.choice(5, rows, p=SHARES)
    debt = rng.integers(1, 41, rows)
    odds = np.log(RATES / (1 - RATES))[grade] + 0.04 * (debt - 20)
    bad = rng.random(rows) < 1 / (1 + np.exp(-odds))
    return np.stack([1 + grade, debt, rng.integers(1, 5, rows), 1 + bad], axis=1).astype(np.int32)


def _blurred(levels, streams, part):
    """Return a law whose trees say only a part of what they learned."""
    law = LabelLaw.fit(levels, 3, streams.at("law"))
    odds = tuple(replace(one, value=part * one.value) for one in law.odds)
    return replace(law, odds=odds)


def _rates(group, values):
    return np.bincount(group, weights=values)[1:] / np.bincount(group)[1:]


@pytest.fixture(scope="module")
def levels():
    return _levels(np.random.default_rng(5))


@pytest.mark.parametrize("part", [0.0, 0.5, 1.8])
def test_rates_by_grade_and_tenth_are_those_of_the_rows(levels, streams, part):
    law = _blurred(levels, streams, part)
    kept = law.keeping(levels, IS_WORD)
    assert kept.rates.columns.tolist() == [0, 1]
    assert len(np.unique(kept.rates.group[1])) == 11  # tenths, and the missing cell
    real = levels[:, 3] == 2
    tenth = kept.rates.group[1][levels[:, 1]]
    for group in (levels[:, 0], tenth):
        size = np.bincount(group)[1:]
        goal, blurred, found = (_rates(group, one) for one in
                                (real, law.chances(levels)[:, 1], kept.chances(levels)[:, 1]))  # fmt: skip
        used = size > 0
        error = np.sqrt(np.maximum(goal * (1 - goal), 1e-3) / np.maximum(size, 1))
        assert (np.abs(found - goal) < error)[used].all()
        assert (np.abs(blurred - goal) > 2 * error)[used].any()
    assert kept.chances(levels)[:, 1].mean() == pytest.approx(real.mean(), rel=1e-3)


def test_a_sharper_law_keeps_the_rates(levels, streams):
    kept = LabelLaw.fit(levels, 3, streams.at("law")).keeping(levels, IS_WORD)
    sharp = kept.sharpened(2.0, levels)
    before, after = (one.chances(levels)[:, 1] for one in (kept, sharp))
    assert np.abs(before - after).max() > 0.02
    # The last grade has few rows: its shift pays a little for its size.
    assert _rates(levels[:, 0], after) == pytest.approx(_rates(levels[:, 0], before), rel=0.08, abs=2e-3)


def test_rates_are_fitted_to_rows_that_are_drawn_otherwise(levels, streams):
    """Drawn loans have other debts within a grade: its rate is that of the real ones all the same."""
    kept = LabelLaw.fit(levels, 3, streams.at("law")).keeping(levels, IS_WORD)
    drawn = levels[levels[:, 1] > 12]
    wanted = _rates(levels[:, 0], kept.chances(levels)[:, 1])
    before, after = (
        _rates(drawn[:, 0], one.chances(drawn)[:, 1]) for one in (kept, kept.fitting(drawn, levels))
    )
    assert after == pytest.approx(wanted, rel=0.1, abs=3e-3)
    assert np.abs(before - wanted).max() > 0.02
    share = kept.fitting(drawn, levels).chances(drawn)[:, 1].mean()
    assert share == pytest.approx((levels[:, 3] == 2).mean(), rel=5e-3)


def test_rates_of_few_rows_lean_on_the_law(streams):
    """A word of 40 rows keeps its rate by half at most, as others hardly differ; one of 1,600 keeps it."""
    size, hits = np.array([1_600, 1_600, 40]), np.array([160, 190, 8])
    word = 1 + np.repeat(np.arange(3), size)
    bad = np.concatenate([np.arange(n) < k for n, k in zip(size, hits, strict=True)])
    levels = np.stack([word, 1 + bad], axis=1).astype(np.int32)
    truth = np.stack([~bad, bad], axis=1).astype(np.float64)
    rates = replace(
        KeptRates(np.array([0]), np.arange(4)[None], np.array([[0.0, 0.02]]), np.zeros((1, 4, 2)))
    )
    base = np.log(truth.mean(axis=0))
    found, level = rates.met(np.tile(base, (len(levels), 1)), levels, rates.rates(levels, truth))
    chance = _rates(word, softmax(base + level + found.shifts(levels))[:, 1])
    goal = hits / size
    assert abs(chance[1] - goal[1]) < 0.35 * abs(bad.mean() - goal[1])
    assert abs(chance[2] - goal[2]) > 0.5 * abs(bad.mean() - goal[2])


def test_columns_that_tell_nothing_keep_nothing(streams):
    rng, found = streams.at("noise"), 0
    for _ in range(40):
        levels = rng.integers(1, 6, (500, 4)).astype(np.int32)
        truth = (levels[:, 3][:, None] == np.arange(1, 6)).astype(np.float64)
        found += len(KeptRates.of(levels, truth, 3, np.ones(4, np.bool_)).columns)
    assert found <= 6  # of 120
    assert KeptRates().shifts(levels) == 0.0


def test_only_the_columns_that_differ_most_are_kept(levels, monkeypatch):
    truth = (levels[:, 3][:, None] == [1, 2]).astype(np.float64)
    monkeypatch.setattr(kept_rates, "MOST_COLUMNS", 1)
    assert KeptRates.of(levels, truth, 3, IS_WORD).columns.tolist() == [0]


def test_of_few_rows_steeper_rates_stay_within_one_standard_error(streams):
    levels = _levels(streams.at("levels"), FEW_ROWS - 1)
    real = _rates(levels[:, 0], levels[:, 3] == 2)
    size = np.bincount(levels[:, 0])[1:]
    truth = (levels[:, 3][:, None] == [1, 2]).astype(np.float64)
    for part, is_steep in ((4.0, True), (0.0, False)):
        few = _blurred(levels, streams, part).keeping(levels, IS_WORD)
        exact = few._met(few.rates, 1.0, levels, few.rates.rates(levels, truth))
        off = [np.abs(_rates(levels[:, 0], one.chances(levels)[:, 1]) - real) for one in (few, exact)]
        assert (off[0] < 2 * np.sqrt(np.maximum(real * (1 - real), 2e-3) / size)).all()
        assert (off[0].sum() > 1.5 * off[1].sum()) == is_steep


def test_of_three_classes_each_keeps_its_rates(levels, streams):
    rows = levels.copy()
    late = (rows[:, 3] == 1) & (streams.at("late").random(len(rows)) < 0.05 * rows[:, 0])
    rows[late, 3] = 3
    law = _blurred(rows, streams, 0.3).keeping(rows, IS_WORD)
    chances = law.chances(rows)
    assert chances.sum(axis=1) == pytest.approx(np.ones(len(rows)))
    for place, one in enumerate(law.classes.tolist()):
        goal = _rates(rows[:, 0], rows[:, 3] == one)
        assert _rates(rows[:, 0], chances[:, place]) == pytest.approx(goal, abs=0.012)


def test_a_law_is_restored_with_its_rates(levels, streams):
    law = LabelLaw.fit(levels, 3, streams.at("law"))
    kept = law.keeping(levels, IS_WORD)
    again = LabelLaw.from_state("label", kept.state("label"))
    assert (again.chances(levels) == kept.chances(levels)).all()
    assert not [name for name in law.state("label") if "rates" in name]
    former = LabelLaw.from_state("label", law.state("label"))
    assert (former.chances(levels) == law.chances(levels)).all()
    assert set(kept._asked(4)) >= {0, 1}


def test_rates_of_many_rows_are_met_on_some(levels, streams, monkeypatch):
    monkeypatch.setattr(kept_rates, "MOST_ROWS", 2_000)
    kept = _blurred(levels, streams, 0.5).keeping(levels, IS_WORD)
    found = _rates(levels[:, 0], kept.chances(levels)[:, 1])
    assert found == pytest.approx(_rates(levels[:, 0], levels[:, 3] == 2), abs=0.035)


def _slope(rates, real, size):
    x, y = (np.log(one / (1 - one)) for one in (real, rates))
    weight = size * real * (1 - real)
    x = x - np.average(x, weights=weight)
    return float((weight * x * y).sum() / (weight * x * x).sum())


def test_drawn_loans_default_by_grade_as_the_tape_does(streams, monkeypatch):
    levels = _levels(streams.at("tape"), 2_000)
    rng = streams.at("noise")
    table = MixedTable(
        {
            "grade": MixedColumn(WORD, levels[:, 0] - 1, tuple("ABCDE")),
            "debt": MixedColumn(NUMBER, levels[:, 1].astype(float), (), 1.0),
            "office": MixedColumn(WORD, rng.integers(0, 30, 2_000).astype(np.int32),
                                  tuple(f"o{k}" for k in range(30))),
            "income": MixedColumn(NUMBER, np.round(np.exp(rng.normal(10, 0.5, 2_000))), (), 1.0),
            "bad": MixedColumn(WORD, levels[:, 3] - 1, ("no", "yes")),
        },
        2_000,
    )  # fmt: skip
    size = np.bincount(levels[:, 0])[1:]
    real = _rates(levels[:, 0], levels[:, 3] == 2)
    slopes = []
    for is_plain in (False, True):
        if is_plain:  # the twin: a law that keeps no rates
            monkeypatch.setattr(LabelLaw, "keeping", lambda law, levels, is_word: law)
        model = fitted(Bayes, streams, table, {"label": "bad", "learnable": False, "refining": 0})
        rows = model.sample(20_000, streams.under("new"))
        inner = model.law.draw(20_000, {}, 1, streams.at("inner"))
        share = model.law.label.chances(inner)[:, 1].mean()
        assert is_plain or share == pytest.approx((levels[:, 3] == 2).mean(), abs=5e-4)
        slopes.append(_slope(_rates(rows["grade"].values + 1, rows["bad"].values == 1), real, size))
    assert slopes[0] == pytest.approx(1.0, abs=0.08)
    assert slopes[1] < 0.92


def test_a_trend_that_tenths_do_not_tell_is_kept_by_thirds(streams):
    """Default rates of 4 to 8 % over a number of 2,000 rows; a hump of the same size is no trend."""
    found = {"trend": [], "none": []}
    for place in range(30):
        rng = streams.at("trend", place)
        levels = rng.integers(1, 41, (2_000, 2)).astype(np.int32)
        for name, slope in (("trend", 0.0014), ("none", 0.0)):
            bad = rng.random(2_000) < 0.062 + slope * (levels[:, 0] - 20.5)
            truth = np.stack([~bad, bad], axis=1).astype(np.float64)
            found[name].append(KeptRates.of(levels, truth, 1, np.zeros(2, np.bool_)))
    kept = [one for one in found["trend"] if len(one.columns)]
    assert len(kept) >= 21
    assert sum(len(one.columns) for one in found["none"]) <= 5
    thirds = [one for one in kept if len(np.unique(one.group[0][1:])) == 3]
    assert len(thirds) > 8
    assert all((one.spread[0] > 0).any() for one in thirds)
    few = KeptRates.of(levels[:999], truth[:999], 1, np.zeros(2, np.bool_))
    assert not len(few.columns)


def test_a_trend_needs_rows_of_both_classes_and_an_order():
    part = np.repeat(np.arange(1, 11), 100)
    bad = np.zeros(1_000, np.bool_)
    bad[-5:] = True
    assert kept_rates._trend(part, np.stack([~bad, bad], axis=1).astype(float)) < 0
    bad[-20:] = True
    assert kept_rates._trend(part, np.stack([~bad, bad], axis=1).astype(float)) > 10
    missing = np.where(part == 10, 0, part)  # what is missing has no place in the order
    assert kept_rates._trend(missing, np.stack([~bad, bad], axis=1).astype(float)) < 0
