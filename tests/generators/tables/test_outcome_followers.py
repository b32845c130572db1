"""Columns that are known with an outcome follow it: the outcome follows the rest, whatever says it after."""

import numpy as np
import pytest

from finsim.generators.generator import Budget
from finsim.generators.tables.bayes import Bayes
from finsim.generators.tables.boosting.outcome_followers import OutcomeFollowers
from finsim.randomness import Streams
from finsim.records.mixed_table import NUMBER, WORD, MixedColumn, MixedTable

ROWS, WORDS = 1_500, ("bad", "paid", "runs")
SETTINGS = Bayes.Settings(label="status", refining=20, learnable=False)


def _tape(rng, words):
    """Return rate, status and days to default, which bad loans alone have: one in 40 at first, then in 3."""
    rate = rng.integers(0, 4, ROWS)
    bad = rng.random(ROWS) < np.array([0.025, 0.06, 0.15, 0.35])[rate]
    status = np.where(bad, 0, 1 + rng.integers(0, words - 1, ROWS)).astype(np.int32)
    days = np.where(bad, rng.integers(90, 900, ROWS) + 500.0 * rate, np.nan)
    return MixedTable({
        "rate": MixedColumn(NUMBER, rate + 0.0, (), 1.0), "days": MixedColumn(NUMBER, days, (), 1.0),
        "status": MixedColumn(WORD, status, WORDS[:words]),
    }, ROWS)  # fmt: skip


def _rates(table):
    bad, rate = table["status"].values == 0, table["rate"].values
    return np.array([bad[rate == one].mean() for one in range(4)])


@pytest.fixture(scope="module", params=[2, 3])
def learned(request):
    data = _tape(np.random.default_rng(request.param), request.param)
    law = Bayes.fit(data, SETTINGS, Streams(1), Budget(), lambda done, text: None)
    return data, Bayes.from_state(law.state())


def test_a_default_follows_the_rate_and_its_date_the_default(learned):
    data, law = learned
    made = law.sample(8_000, Streams(2))
    assert law.law.followers.columns == (1,)
    assert _rates(made) == pytest.approx(_rates(data), abs=0.04)
    assert (np.isnan(made["days"].values) == (made["status"].values != 0)).all()
    late = [np.nanmean(one["days"].values[one["rate"].values == 3]) for one in (data, made)]
    assert late[1] == pytest.approx(late[0], rel=0.05)


@pytest.mark.parametrize("cells", [{"status": "bad"}, {"days": 1700.0}])
def test_a_given_outcome_or_date_keeps_the_law_of_the_rate(learned, cells):
    data, law = learned
    made = law.sample(4_000, Streams(3), given=cells)
    assert (made["status"].values == 0).mean() > 0.99
    rate = made["rate"].values
    if "days" in cells:  # 1,700 days are met at the two highest rates alone
        assert (rate >= 2).mean() > 0.94
        return
    real = data["rate"].values[data["status"].values == 0]
    assert [(rate == one).mean() for one in range(4)] == pytest.approx(
        [(real == one).mean() for one in range(4)], abs=0.06
    )


def test_the_chance_of_rows_adds_up(learned):
    law = learned[1]
    sizes = [one.count for one in law.columns.values()]
    cells = np.stack([one.ravel() for one in np.indices(sizes)], axis=1).astype(np.int32)
    assert np.exp(law.law.log_chances(cells)).sum() == pytest.approx(1.0, abs=0.15)


def test_what_decides_nothing_stays_where_it_is():
    rng = np.random.default_rng(4)
    levels = rng.integers(0, 3, (2_000, 3)).astype(np.int32)  # empty in a third, whatever the outcome
    levels[:, 2] = rng.integers(1, 4, 2_000)
    assert OutcomeFollowers.find(levels, 2).columns == ()
    levels[:, 0] = np.where(levels[:, 2] == 3, 1, 0)
    found = OutcomeFollowers.find(levels, 2)
    assert (found.columns, found.rules.tolist()) == ((0,), [[0, 1, 0, 0], [0, 2, 0, 0], [0, 3, 1, 0]])
    assert OutcomeFollowers.find(levels, 2, taken=(0,)).columns == ()
    assert found.last([2, 0, 1]) == [2, 1, 0]


def test_a_level_that_says_every_class_follows_the_outcome_as_empty_cells_do():
    rng = np.random.default_rng(5)
    levels = rng.integers(1, 4, (2_000, 3)).astype(np.int32)
    levels[:, 0] = np.where(levels[:, 2] == 3, rng.integers(3, 6, 2_000), 2)  # no month in arrears, or some
    found = OutcomeFollowers.find(levels, 2)
    assert (found.columns, found.rules.tolist()) == ((0,), [[0, 1, 0, 2], [0, 2, 0, 2], [0, 3, 1, 2]])
    assert not found.contradicted(levels, 2).any()
    wrong = levels.copy()
    wrong[:, 0] = np.where(levels[:, 2] == 3, 2, 3)
    assert found.contradicted(wrong, 2).all()
    levels[levels[:, 2] == 2, 0] = rng.integers(2, 4, (levels[:, 2] == 2).sum())  # one class has both
    assert OutcomeFollowers.find(levels, 2).columns == ()
    old = found.state() | {"followers.rules": np.array([[0, 1, 0], [0, 3, 1]])}
    assert OutcomeFollowers.from_state(old).rules.tolist() == [[0, 1, 0, 0], [0, 3, 1, 0]]
