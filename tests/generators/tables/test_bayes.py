"""The network on a law that is known: shares, conditional shares given any cell, likelihood."""

import numpy as np
import pytest
from small_tables import DAY, fitted, loans

from finsim.errors import FitError
from finsim.generators.tables.bayes import Bayes, _growth
from finsim.generators.tables.column_levels import ColumnLevels
from finsim.generators.tables.level_trees import TreeGrower
from finsim.records.mixed_table import MISSING_WORD, NUMBER, TIME, WORD, MixedColumn, MixedTable

# A -> B, A -> C, (B, C) -> D: a law of 2 x 2 x 3 x 2 cells.
A = np.array([0.4, 0.6])
B = np.array([[0.9, 0.1], [0.3, 0.7]])
C = np.array([[0.2, 0.5, 0.3], [0.6, 0.1, 0.3]])
D = np.array([[0.9, 0.2, 0.5], [0.1, 0.7, 0.5]])


def _law():
    """Return the probability of every cell [A, B, C, D]."""
    d = np.stack([1 - D, D], axis=-1)
    return A[:, None, None, None] * B[:, :, None, None] * C[:, None, :, None] * d[None]


def _table(rows=60_000):
    draw = np.random.default_rng(8)
    cells = np.unravel_index(draw.choice(24, rows, p=_law().ravel()), (2, 2, 3, 2))
    words = tuple("xyz")
    return MixedTable(
        {name: MixedColumn(WORD, one.astype(np.int32), words[: 3 if name == "C" else 2])
         for name, one in zip("ABCD", cells, strict=True)},
        rows,
    )  # fmt: skip


@pytest.fixture(scope="module")
def known():
    from finsim.randomness import Streams

    return fitted(Bayes, Streams(5), _table(), {"batch": 8_192})


def _shares(table):
    cells = np.ravel_multi_index([table[name].values for name in "ABCD"], (2, 2, 3, 2))
    return np.bincount(cells, minlength=24).reshape(2, 2, 3, 2) / table.rows


def test_a_known_law_is_recovered(known, streams):
    assert np.abs(_shares(known.sample(60_000, streams)) - _law()).max() < 0.01


@pytest.mark.parametrize(
    "given", [{"A": "y"}, {"D": "y"}, {"C": "z", "D": "x"}, {"B": "x", "C": "y", "D": "y"}]
)
def test_conditional_shares_given_any_cells(known, streams, given):
    made = _shares(known.sample(40_000, streams, given=given))
    law = _law()
    for axis, name in enumerate("ABCD"):
        if name in given:
            other = np.arange(law.shape[axis]) != "xyz".index(given[name])
            law[(slice(None),) * axis + (other,)] = 0.0
    assert np.abs(made - law / law.sum()).max() < 0.02


def test_the_likelihood_is_that_of_the_law(known, streams):
    table = _table(20_000)
    law = _law()
    entropy = -(law * np.log(law)).sum()
    assert known.row_losses(table, streams).mean() == pytest.approx(entropy, abs=0.02)


def test_columns_stand_first_where_asked_for(streams):
    model = fitted(Bayes, streams, _table(2_000), {"first": ("D", "C")})
    assert model.law.network.order[:2] == (3, 2)
    with pytest.raises(FitError, match="did you mean 'grade'"):
        fitted(Bayes, streams, None, {"first": ("grad",)})


def test_a_trained_network_beats_independent_columns(streams):
    held = loans(seed=11)
    trained = fitted(Bayes, streams).row_losses(held, streams).mean()
    many = fitted(Bayes, streams, loans(3_000)).row_losses(held, streams).mean()
    assert many < trained
    apart = fitted(Bayes, streams, None, {"penalty": 1e9, "refining": 0}).row_losses(held, streams).mean()
    assert trained < apart - 0.5


def _noise(rows, seed):
    draw = np.random.default_rng(seed)
    columns = {f"n{k}": MixedColumn(NUMBER, draw.random(rows)) for k in range(4)}
    columns["w"] = MixedColumn(WORD, draw.integers(0, 4, rows).astype(np.int32), tuple("abcd"))
    return MixedTable(columns, rows)


def test_noise_grows_no_trees(streams):
    model = fitted(Bayes, streams, _noise(950, 2))
    assert len(model.law.network.column) <= 5 + 2 * 2


def test_one_column_of_noise_in_twenty_grows_a_tree_where_splits_cost_less(streams):
    """From 1,000 rows on; at a fifth of the penalty most do."""
    grown = {}
    for penalty in (0.5, 0.14):
        growth = _growth(Bayes.Settings(penalty=penalty), 1_500)
        grown[penalty] = 0
        for seed in range(8):
            columns = _noise(1_500, seed).columns.values()
            cut = [ColumnLevels.fit(column, 19, smooth=True) for column in columns]
            levels = np.stack([one.levels(column) for one, column in zip(cut, columns, strict=True)], axis=1)
            grower = TreeGrower(levels, [one.count for one in cut], growth)
            trees = [grower.grove(column, list(range(column)), streams)[0] for column in range(1, 5)]
            grown[penalty] += sum(int(tree.column[0] >= 0) for tree in trees)
    assert grown[0.5] <= 4
    assert grown[0.14] > 16


def test_several_trees_are_drawn_from_evenly(streams):
    from finsim.generators.tables.level_network import LevelNetwork
    from finsim.generators.tables.level_trees import LevelTree

    leaf = [np.array([one], np.int32) for one in (-1, 0, 0, 0)]
    trees = [LevelTree(*leaf, np.array([[share, 1.0]])) for share in (0.1, 0.5)]
    network = LevelNetwork.of([0, 1], [trees[:1], trees])
    levels = network.draw(40_000, {}, streams.at("levels"))
    assert np.abs(levels.mean(axis=0) - [0.9, 0.7]).max() < 0.01
    rows = np.array([[0, 0], [1, 1]], np.int32)
    assert np.exp(network.log_chances(rows)) == pytest.approx([0.1 * 0.3, 0.9 * 0.7])
    given = network.draw(40_000, {1: 1}, streams.at("given"))
    assert given[:, 0].mean() == pytest.approx(0.9, abs=0.01)


def test_missing_together_and_words_never_seen(streams):
    table = loans()
    model = fitted(Bayes, streams, table)
    made = model.sample(3_000, streams)
    closed = ~made["closed"].missing()
    default = np.array([made["default"].words[code] == "yes" for code in made["default"].values])
    assert (closed == default).mean() > 0.98
    strange = table.with_columns({"state": MixedColumn(WORD, np.full(table.rows, 1, np.int32), ("CA", "ZZ"))})
    assert np.isfinite(model.row_losses(strange, streams)).all()
    gone = table.with_columns({"grade": MixedColumn(WORD, np.full(table.rows, MISSING_WORD, np.int32), ())})
    assert model.row_losses(gone, streams).mean() > model.row_losses(table, streams).mean() + 5
    with pytest.raises(FitError, match="state"):
        model.row_losses(table.without("state"), streams)


@pytest.mark.slow
def test_every_setting_changes_what_comes_out(streams):
    given = {"default": "yes"}
    other = [{"bins": 6}, {"least": 150}, {"penalty": 5.0}, {"smoothing": 3.0}, {"first": ("default",)},
             {"particles": 9}, {"batch": 64}, {"even": False},
             {"label": "default"}]  # fmt: skip
    made = {
        fitted(Bayes, streams, None, one).sample(50, streams, given=given).digest() for one in [{}, *other]
    }
    assert len(made) == 10
    many = loans(1_500)
    other = [{}, {"refining": 0}, {"label": "default"}, {"label": "default", "sharpness": 0.2},
             {"label": "default", "refining": 5}]  # fmt: skip
    plain = {"penalty": 1e9}
    assert (
        len({fitted(Bayes, streams, many, plain | one).sample(200, streams).digest() for one in other}) == 5
    )
    for wrong in (
        {"bins": 1},
        {"least": 0},
        {"penalty": -1.0},
        {"smoothing": -1.0},
        {"trees": 0},
        {"particles": 0},
        {"sharpness": -1.0},
        {"refining": -1},
    ):
        with pytest.raises(FitError, match=next(iter(wrong))):
            fitted(Bayes, streams, None, wrong)


def test_dates_keep_to_working_days(streams):
    draw = np.random.default_rng(3)
    day = draw.integers(15_000, 18_000, 3_000)
    day = day - np.maximum((day + 3) % 7 - 4, 0)
    when = MixedColumn(TIME, (day * DAY).astype(np.int64), (), float(DAY))
    model = fitted(Bayes, streams, MixedTable({"when": when, "n": MixedColumn(NUMBER, day + 0.5)}, 3_000))
    made = model.sample(3_000, streams)["when"].values // DAY
    weekday = np.bincount((made + 3) % 7, minlength=7) / 3_000
    assert weekday[5:].sum() < 0.01
    assert weekday[4] == pytest.approx(((day + 3) % 7 == 4).mean(), abs=0.04)
    assert len(np.intersect1d(made, day)) > 500
