"""The outcome's law and the density ratio of ``bayes``: known laws are recovered, noise changes nothing."""

import numpy as np
import pytest
from small_tables import fitted, loans

from finsim.errors import FitError
from finsim.generators.margins.number_margin import NumberMargin
from finsim.generators.margins.smooth_margin import smooth_part, smooth_quantiles
from finsim.generators.tables.bayes import Bayes
from finsim.generators.tables.boosting.label_law import LabelLaw
from finsim.generators.tables.boosting.level_booster import Boosting, boosted
from finsim.generators.tables.boosting.refined_rows import RefinedRows
from finsim.generators.tables.boosting.row_ratio import RowRatio
from finsim.generators.tables.boosting.utility_critic import utility_line
from finsim.generators.tables.level_network import LevelNetwork
from finsim.generators.tables.level_trees import Growth, TreeGrower
from finsim.generators.tables.table_generator import with_label
from finsim.randomness import Streams

pytestmark = pytest.mark.sweep

ROWS = 6_000


def _levels(streams, rows=ROWS):
    """Return rows of four columns; the last is 1 with log odds -1 + (a - 2) / 2 + b."""
    rng = streams.at("levels")
    a, b, c = (rng.integers(0, size, rows) for size in (5, 2, 4))
    odds = -1 + (a - 2) / 2 + b
    y = rng.random(rows) < 1 / (1 + np.exp(-odds))
    return np.stack([a, b, c, y], axis=1).astype(np.int32), odds


def test_boosted_odds_are_those_of_the_law(streams):
    levels, odds = _levels(streams)
    found, saved = boosted(levels[:, :3], levels[:, 3] == 1, np.ones(ROWS), Boosting(), streams.at("folds"))
    assert np.abs(found.of(levels[:, :3]) - odds).mean() < 0.15
    assert saved > 0.05


def test_noise_is_not_boosted(streams):
    levels, _ = _levels(streams)
    noise = streams.at("noise").random(ROWS) < 0.3
    found, saved = boosted(levels, noise, np.ones(ROWS), Boosting(), streams.at("folds"))
    assert saved < 0.001
    assert np.abs(found.of(levels) - np.log(0.3 / 0.7)).mean() < 0.12


@pytest.mark.parametrize("classes", [1, 2, 4])
def test_the_law_of_an_outcome(streams, classes):
    levels, odds = _levels(streams)
    chance = 1 / (1 + np.exp(-odds))
    if classes != 2:
        levels[:, 3] = 3 if classes == 1 else levels[:, 3] + 2 * levels[:, 1]
    law = LabelLaw.fit(levels, 3, streams.at("label"))
    found = law.chances(levels)
    assert found.shape == (ROWS, classes)
    assert found.sum(axis=1) == pytest.approx(np.ones(ROWS))
    drawn = law.drawn(levels, streams.at("draws"))
    assert np.array_equal(drawn[:, :3], levels[:, :3])
    shares = [np.bincount(one[:, 3], minlength=4) / ROWS for one in (levels, drawn)]
    assert np.abs(shares[0] - shares[1]).max() < 0.03
    if classes == 2:
        assert np.abs(found[:, 1] - chance).mean() < 0.03
        sharp = law.sharpened(2.0, levels)
        assert sharp.chances(levels).mean(axis=0) == pytest.approx(found.mean(axis=0), abs=1e-3)
        assert sharp.chances(levels)[:, 1].std() > 1.3 * found[:, 1].std()
    strange = levels.copy()
    strange[:, 3] = 9
    assert (law.chance_of(strange) == 1e-6).all()


def test_the_ratio_mends_a_wrong_law(streams):
    levels, _ = _levels(streams)
    rng = streams.at("mixed")

    def draw(count):
        rows = levels[rng.integers(0, ROWS, count)].copy()
        rows[:, 3] = rows[rng.permutation(count), 3]
        return rows

    ratio = RowRatio.fit(levels, draw, Boosting(), streams.at("trees"))
    drawn = draw(20_000)
    weight = np.exp(ratio.log_weights(drawn))
    assert weight.mean() == pytest.approx(1.0, abs=0.03)
    assert weight.max() <= np.exp(ratio.cap - ratio.level) * (1 + 1e-9)  # no row counts for more than the cap
    real, before = (np.corrcoef(one[:, 0], one[:, 3])[0, 1] for one in (levels, drawn))
    kept = drawn[rng.random(len(drawn)) < weight / weight.max()]
    assert abs(before) < 0.03
    assert np.corrcoef(kept[:, 0], kept[:, 3])[0, 1] == pytest.approx(real, abs=0.05)
    assert RowRatio.fit(levels, lambda count: levels[rng.integers(0, ROWS, count)], Boosting(), rng) is None


@pytest.mark.parametrize(("rows", "drawn"), [(100, 1_000), (3_000, 20_000), (15_000, 30_000)])
def test_small_tables_draw_more_rows_to_learn_from(streams, rows, drawn):
    levels, _ = _levels(streams, rows)
    asked = []

    def draw(count):
        asked.append(count)
        return levels[streams.at("more").integers(0, rows, count)]

    RowRatio.fit(levels, draw, Boosting(most=1), streams.at("trees"))
    assert asked[0] == drawn


@pytest.fixture(scope="module")
def outcome():
    return fitted(Bayes, Streams(5), loans(3_000), {"label": "default", "batch": 512})


def test_given_outcomes_follow_the_outcomes_law(outcome, streams):
    """Shares of grades given a default by ``given`` are those among defaults of a free sample."""
    free = outcome.sample(40_000, streams)
    bad = free["default"].values == 1
    given = outcome.sample(10_000, streams, given={"default": "yes"})
    assert (given["default"].values == 1).all()
    shares = [
        np.bincount(one, minlength=4) / len(one) for one in (free["grade"].values[bad], given["grade"].values)
    ]
    assert np.abs(shares[0] - shares[1]).max() < 0.03
    assert len(np.unique(given["amount"].values)) > 9_000


def test_rows_given_an_outcome_are_those_of_its_law_though_the_network_knows_it_too(streams):
    """Shares by Bayes' rule: q(x) p(y | x) over all x, where q(y | x) is near p(y | x) and may not count."""
    a, b, y = (one.ravel() for one in np.meshgrid(range(5), range(2), range(2), indexing="ij"))
    whole = np.stack([a, b, y], axis=1).astype(np.int32)
    rng = streams.at("levels")
    x = np.stack([rng.integers(0, 5, ROWS), rng.integers(0, 2, ROWS)], axis=1)
    told = rng.random(ROWS) < 1 / (1 + np.exp(-1.5 * (x[:, 0] - 2) - x[:, 1]))
    levels = np.concatenate([x, told[:, None]], axis=1).astype(np.int32)
    grower = TreeGrower(levels, [5, 2, 2], Growth(20, 1.0, 1.0))
    groves = [grower.grove(k, [0, 1] if k == 2 else [], streams.under("trees")) for k in range(3)]
    network = LevelNetwork.of([0, 1, 2], groves)
    law = RefinedRows(network, LabelLaw.fit(levels, 2, streams.at("label")))
    drawn = law.draw(20_000, {2: 1}, 8, streams.at("draws"))
    place = drawn[:, 0] * 2 + drawn[:, 1]
    ones = whole[whole[:, 2] == 1]
    free = np.exp(network.log_chances(whole)).reshape(10, 2).sum(axis=1)
    wanted = free * law.label.chances(ones)[:, 1]
    assert np.bincount(place, minlength=10) / 20_000 == pytest.approx(wanted / wanted.sum(), abs=0.012)


def test_the_likelihood_of_refined_rows_adds_up(outcome, streams):
    """The mean of exp(log p - log q) over rows of the network is 1: the law is one of probability."""
    rng = streams.at("rows")
    levels = outcome.law.network.draw(30_000, {}, rng)
    ratio = np.exp(outcome.law.log_chances(levels) - outcome.law.network.log_chances(levels))
    assert ratio.mean() == pytest.approx(1.0, abs=0.05)


def test_the_critic_reports_on_rows_that_chose_nothing(streams):
    settings = {"label": "default", "critic": 0.4, "refining": 20, "batch": 512}
    model = fitted(Bayes, streams, loans(900), settings)
    found = model.report.utility
    assert found["rows"] == 180
    assert found["low"] <= found["uplift"] <= found["high"]
    assert found["uplift"] == pytest.approx(found["chosen"] - found["plain"])
    assert (found["uplift"] == 0.0) == (found["sharpness"] == 1.0)
    assert model.law.label.sharpness == found["sharpness"]
    assert model.report.to_dict()["utility"] == found
    assert "no uplift is shown" in utility_line({**found, "low": -0.1})
    assert "no uplift" not in utility_line({**found, "low": 0.01})
    assert (
        type(model).from_state(model.state()).sample(40, streams).digest()
        == model.sample(40, streams).digest()
    )


@pytest.mark.parametrize(
    ("settings", "found"),
    [
        ({"critic": 0.3}, "no outcome"),
        ({"critic": 0.6, "label": "default"}, "at most"),
        ({"critic": 0.05, "label": "default"}, "100 rows"),
        ({"critic": -0.1, "label": "default"}, "critic"),
        ({"label": "amount"}, "too many classes"),
        ({"label": "defalt"}, "did you mean 'default'"),
    ],
)
def test_settings_of_an_outcome_are_checked(settings, found):
    with pytest.raises(FitError, match=found):
        Bayes.refuse(loans(), Bayes.Settings(**settings))


def test_a_label_is_set_where_there_is_a_key_for_it():
    from finsim.generators.tables.resample import ResampleRows

    assert with_label(Bayes.Settings(), "bad").label == "bad"
    assert with_label(Bayes.Settings(label="own"), "bad").label == "own"
    assert with_label(Bayes.Settings(), None) == Bayes.Settings()
    assert with_label(ResampleRows.Settings(), "bad") == ResampleRows.Settings()


def test_smooth_quantiles_are_nearer_to_the_law(streams):
    rng = streams.at("normal")
    share = np.linspace(0.02, 0.98, 49)
    from scipy.stats import norm

    errors = []
    for _ in range(60):
        cells = np.sort(rng.normal(size=200))
        places = np.linspace(0, 1, 101)
        smooth = np.interp(share, places, smooth_quantiles(cells, 101))
        errors.append([np.abs(one - norm.ppf(share)).mean() for one in (smooth, np.quantile(cells, share))])
    assert np.mean(errors, axis=0)[0] < 0.97 * np.mean(errors, axis=0)[1]
    assert smooth_quantiles(np.array([1.0, 2.0]), 2).tolist() == [1.0, 2.0]


def test_only_even_columns_are_smooth(streams):
    rng = streams.at("cells")
    even = np.round(rng.normal(40, 9, 800))
    rounded = np.where(rng.random(800) < 0.1, 40.0, even)
    uneven = np.round(100 * rng.integers(0, 9, 800) / rng.integers(9, 30, 800))
    for cells, wanted in ((even, "all"), (rounded, "but one"), (uneven, "none")):
        values, counts = np.unique(cells, return_counts=True)
        calm = smooth_part(values, counts, 1.0)
        if wanted == "but one":
            assert values[~calm].tolist() == [40.0]
        else:
            assert calm.all() == (wanted == "all")
            assert calm.any() == (wanted == "all")
    margin = NumberMargin.fit(rounded, 1.0, smooth=True)
    assert margin.atoms.tolist() == [40.0]
    assert np.array_equal(
        NumberMargin.fit(uneven, 1.0, smooth=True).atoms, NumberMargin.fit(uneven, 1.0).atoms
    )
