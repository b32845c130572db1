"""Draws that are even inside groups: their twin, and what rows of ``bayes`` gain by them."""

import numpy as np
import pytest
from naive import even_draws as naive
from small_tables import fitted, loans

from finsim.generators.tables.bayes import Bayes
from finsim.generators.tables.boosting.label_law import saying
from finsim.generators.tables.boosting.utility_critic import _auc, _scores
from finsim.generators.tables.even_uniforms import EvenUniforms
from finsim.kernels.trees.even_draws import PARTS, even_draws
from finsim.records.mixed_table import WORD, MixedColumn


def _draws(groups, group, streams, name="draws", even=True):
    return EvenUniforms(groups, streams.at(name), even).of(group)


@pytest.mark.parametrize("rows", [0, 1, 300])
@pytest.mark.parametrize("groups", [1, 7])
def test_even_draws_are_those_of_the_twin(streams, rows, groups):
    group = streams.at("groups").integers(0, groups, rows).astype(np.int32)
    draws = streams.at("draws").random(rows)
    if rows > 1:
        draws[:2] = 0.0, 1.0 - 2.0**-53
    found = draws.copy()
    even_draws(
        group, np.zeros(groups, np.int64), np.tile(np.arange(PARTS, dtype=np.uint8), (groups, 1)), found
    )
    assert found == pytest.approx(naive.even_draws(group, draws, PARTS), abs=1e-15)
    assert ((found >= 0) & (found < 1)).all()


def test_each_run_of_a_group_fills_all_parts_once(streams):
    group = streams.at("groups").integers(0, 3, 2_000).astype(np.int32)
    found = _draws(3, group, streams)
    for one in range(3):
        mine = found[group == one]
        runs = (mine[: len(mine) // PARTS * PARTS] * PARTS).astype(int).reshape(-1, PARTS)
        assert (np.sort(runs, axis=1) == np.arange(PARTS)).all()
        assert len({tuple(run) for run in runs.tolist()}) == len(runs)
    loose = _draws(3, group, streams, even=False)
    assert np.bincount((loose[:PARTS] * PARTS).astype(int)).max() > 1


def test_each_draw_alone_is_uniform_and_groups_are_independent(streams):
    """The third of a run, over 4,000 groups: even in 64 parts, and untied to the second and to others."""
    group = np.tile(np.arange(4_000, dtype=np.int32), 3)
    found = _draws(4_000, group, streams).reshape(3, 4_000)
    expected = 4_000 / 64
    for row in found:
        counts = np.bincount((row * 64).astype(int), minlength=64)
        assert ((counts - expected) ** 2 / expected).sum() < 110
    # Without replacement from 16 parts: -1/15 times what the parts are of the variance, no more.
    assert np.corrcoef(found[1], found[2])[0, 1] == pytest.approx(-1 / 15, abs=0.05)
    assert abs(np.corrcoef(found[2][:-1], found[2][1:])[0, 1]) < 0.05


def _spread(model, streams, batches=24):
    """Return the variance of the share of each grade between batches over that of independent rows."""
    size = model.settings.batch
    codes = model.sample(size * batches, streams)["grade"].values.reshape(batches, size)
    shares = np.stack([(codes == one).mean(axis=1) for one in range(3)])
    mean = shares.mean(axis=1)
    return float((shares.var(axis=1) / (mean * (1 - mean) / size)).mean())


def test_even_rows_vary_less_between_samples_and_independent_ones_as_by_chance(streams):
    plain = {"batch": 256, "refining": 0}
    assert _spread(fitted(Bayes, streams, None, plain), streams) < 0.35
    assert _spread(fitted(Bayes, streams, None, plain | {"even": False}), streams) == pytest.approx(
        1, abs=0.5
    )


def test_columns_that_say_the_outcome_are_found(streams):
    rng = streams.at("levels")
    label = rng.integers(0, 3, 3_000)
    nearly = np.where(rng.random(3_000) < 0.003, 0, 2 * label + 1)
    often = np.where(rng.random(3_000) < 0.2, 0, label)
    levels = np.stack([rng.integers(0, 9, 3_000), label, 5 - label, often, nearly], axis=1).astype(np.int32)
    assert saying(levels, 1) == (2, 4)
    assert saying(np.ones((50, 2), np.int32), 0) == ()


@pytest.fixture(scope="module")
def told():
    """Loans whose ``sign`` says the default, so that the outcome's law may not see it."""
    from finsim.randomness import Streams

    table = loans(3_000)
    draw = np.random.default_rng(3)
    bad = table["default"].values == table["default"].words.index("yes")
    sign = MixedColumn(WORD, (2 * bad + draw.integers(0, 2, table.rows)).astype(np.int32), tuple("abcd"))
    return fitted(Bayes, Streams(5), table.with_columns({"sign": sign}), {"label": "default", "batch": 512})


def test_the_outcomes_law_is_blind_to_what_says_it(told, streams):
    names = list(told.columns)
    law = told.law
    # A date of the default says it as well.
    hidden = {names[one] for one in law.label.hidden}
    assert "sign" in hidden
    assert {names[one] for one in law.network.order[-len(hidden) :]} == hidden
    levels = law.network.draw(300, {}, streams.at("rows"))
    turned = levels.copy()
    turned[:, list(law.label.hidden)] = 0
    assert np.array_equal(law.label.chances(levels), law.label.chances(turned))
    assert law.label.chances(levels)[:, 1].std() > 0.02
    made = told.sample(4_000, streams)
    bad = made["default"].values == made["default"].words.index("yes")
    assert ((made["sign"].values >= 2) == bad).mean() > 0.99
    again = type(told).from_state(told.state())
    assert again.law.label.hidden == law.label.hidden
    assert again.sample(40, streams).digest() == told.sample(40, streams).digest()


def test_what_says_the_outcome_can_be_given(told, streams):
    made = told.sample(2_000, streams, given={"sign": "d"})
    assert (made["sign"].values == made["sign"].words.index("d")).all()
    assert (made["default"].values == made["default"].words.index("yes")).mean() > 0.97
    both = told.sample(500, streams, given={"sign": "a", "default": "no"})
    assert (both["default"].values == both["default"].words.index("no")).all()


def test_likelihoods_with_a_blind_law_add_up(told, streams):
    law = told.law
    levels = law.network.draw(20_000, {}, streams.at("rows"))
    ratio = np.exp(law.log_chances(levels) - law.network.log_chances(levels))
    assert ratio.mean() == pytest.approx(1.0, abs=0.06)


def test_the_critic_does_not_see_what_says_the_outcome(told, streams):
    """A target model that saw it would tell the outcome of every row."""
    levels = told.law.draw(400, {}, 1, streams.at("rows"))
    truth = levels[:, told.law.label.column]
    scores = _scores(told.law, int(np.bincount(truth).argmax()), 400, levels, 1, streams)[0]
    other = truth != np.bincount(truth).argmax()
    assert 0.55 < _auc(scores, other) < 0.95
