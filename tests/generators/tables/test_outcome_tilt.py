"""Rows weighted by an outcome that another column says: the rest of a row follows it again."""

from __future__ import annotations

import numpy as np
import pytest

from finsim.generators.tables.boosting.label_law import LabelLaw
from finsim.generators.tables.boosting.level_booster import LevelOdds
from finsim.generators.tables.boosting.outcome_tilt import OutcomeTilt, sayers
from finsim.generators.tables.boosting.refined_rows import RefinedRows
from finsim.generators.tables.boosting.row_ratio import RowRatio
from finsim.generators.tables.level_network import LevelNetwork
from finsim.generators.tables.level_trees import Growth, TreeGrower
from finsim.randomness import Streams

ROWS, COUNTS = 3_200, [3, 3, 5, 3]


def _levels(rng, rows=ROWS):
    """Return a and b, a rate that says the grade, and the grade, which follows a + b."""
    a, b = rng.integers(1, 3, rows), rng.integers(1, 3, rows)
    grade = 1 + (a + b + (rng.random(rows) < 0.2) > 3)
    rate = 2 * grade - rng.integers(0, 2, rows)
    return np.stack([a, b, rate, grade], axis=1).astype(np.int32)


def _apart(levels):
    """Return rows whose a and b know nothing of the rate and the grade."""

    def draw(count):
        rng = np.random.default_rng(count)
        rows = levels[rng.integers(0, len(levels), count)].copy()
        rows[:, :2] = rows[rng.permutation(count), :2]
        return rows

    return draw


def _network(levels, streams):
    """Return the network of a and b apart from the grade, which the rate follows."""
    grower = TreeGrower(levels, COUNTS, Growth(10, 0.5, 0.5))
    return LevelNetwork.of([3, 2, 0, 1], [
        grower.grove(3, [], streams), grower.grove(2, [3], streams), grower.grove(0, [], streams),
        grower.grove(1, [0], streams),
    ])  # fmt: skip


@pytest.fixture(scope="module")
def told():
    levels = _levels(np.random.default_rng(1))
    return levels, OutcomeTilt.fit(levels, COUNTS, 3, _apart(levels), Streams(5))


def test_what_says_an_outcome():
    levels = _levels(np.random.default_rng(2))
    assert sayers(levels, COUNTS, 3) == [2]
    levels[:, 3] = 1
    assert sayers(levels, COUNTS, 3) == []


def test_weights_are_the_ratio_of_the_laws(told):
    levels, tilt = told
    rows = _apart(levels)(9_000)
    weight = np.exp(tilt.log_weights(rows))
    assert weight.mean() == pytest.approx(1.0, abs=0.05)
    key, own = levels[:, :2].sum(axis=1) * 9 + levels[:, 3], rows[:, :2].sum(axis=1) * 9 + rows[:, 3]
    real = np.bincount(key, minlength=60) / len(levels)
    made = np.bincount(own, weights=weight, minlength=60) / weight.sum()
    before = np.bincount(own, minlength=60) / len(rows)
    assert np.abs(made - real).sum() < 0.25 * np.abs(before - real).sum()
    assert set(map(tuple, rows[:, 2:])) <= set(map(tuple, levels[:, 2:]))


def test_rows_are_drawn_by_the_tilt(told, streams, monkeypatch):
    levels, tilt = told
    apart = _network(levels, streams)
    law = RefinedRows(apart, LabelLaw.fit(levels, 3, streams.at("label")), None, tilt)
    for found in (law, RefinedRows.from_state(law.state())):
        rows = found.draw(6_000, {}, 1, np.random.default_rng(3))
        assert len(rows) == 6_000
        tie = [np.corrcoef(one[:, :2].sum(axis=1), one[:, 3])[0, 1] for one in (levels, rows)]
        assert tie[1] > 0.9 * tie[0]
    sizes, plain = [], LevelNetwork.draw
    monkeypatch.setattr(
        LevelNetwork, "draw", lambda one, count, *rest: sizes.append(count) or plain(one, count, *rest)
    )
    law.draw(100, {}, 1, np.random.default_rng(3))
    # As many more rows are drawn as the heaviest weighs, so that none is kept twice.
    assert sizes == [int(np.ceil(100 * np.exp(tilt.log_weights(levels).max())))]
    mean = [np.exp(one.log_chances(levels)).mean() for one in (law, RefinedRows(apart, law.label))]
    assert mean[0] > 1.2 * mean[1]


def test_few_rows_and_no_sayer_are_not_tilted(streams):
    levels = _levels(np.random.default_rng(4))
    assert OutcomeTilt.fit(levels[:2_999], COUNTS, 3, _apart(levels), streams) is None
    levels[:, 2] = 1
    assert OutcomeTilt.fit(levels, COUNTS, 3, _apart(levels), streams) is None


def test_of_several_classes_each_row_asks_the_odds_of_its_own():
    """The chance of a class against the rest is its share among rows that are alike, none if unseen."""
    rng = np.random.default_rng(4)
    a = rng.integers(1, 4, 12_000)
    grade = 1 + (a - 1 + (rng.random(12_000) < 0.3)) % 3
    levels = np.stack([a, rng.integers(1, 3, 12_000), grade], axis=1).astype(np.int32)
    law = LabelLaw.fit(levels, 2, Streams(3).at("label"))
    found = law.chance_alone(np.asfortranarray(levels))
    for one in range(1, 4):
        for two in range(1, 4):
            rows = (a == one) & (grade == two)
            if rows.any():
                share = rows.sum() / (a == one).sum()
                assert found[rows].mean() == pytest.approx(share, abs=0.03)
    np.testing.assert_allclose(found, law.chance_of(levels), atol=0.05)
    unseen = levels.copy()
    unseen[:, 2] = 7
    assert law.chance_alone(unseen).max() < 1e-5


def test_the_ratio_chooses_rows_before_the_tilt_does(told, streams):
    """Shares of rows are those that both weights give the network's rows, the ratio's first."""
    levels, tilt = told
    apart = _network(levels, streams)
    odds = LevelOdds(0.0, np.zeros((1, 1), np.int32), np.ones((1, 1), np.int32), np.log([[0.4, 1.6]]))
    ratio = RowRatio(odds, float(np.log(1.6)), 0.0)
    rows = RefinedRows(apart, None, ratio, tilt).draw(20_000, {}, 1, np.random.default_rng(3))
    plain = apart.draw(60_000, {}, np.random.default_rng(4))
    weight = np.exp(ratio.log_weights(plain) + tilt.log_weights(plain))
    for one in ((0, 2), (1, 2), (3, 2)):
        wanted = weight[plain[:, one[0]] == one[1]].sum() / weight.sum()
        assert (rows[:, one[0]] == one[1]).mean() == pytest.approx(wanted, abs=0.015)
