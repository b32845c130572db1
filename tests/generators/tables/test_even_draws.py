"""Draws that are even inside groups: their twin, and what rows of ``bayes`` gain by them."""

import numpy as np
import pytest
from naive import even_draws as naive
from small_tables import fitted

from finsim.generators.tables.bayes import Bayes
from finsim.generators.tables.even_uniforms import EvenUniforms
from finsim.kernels.trees.even_draws import PARTS, even_draws


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
        group, np.zeros(groups, np.uint8), np.tile(np.arange(PARTS, dtype=np.uint8), (groups, 1)), found
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
