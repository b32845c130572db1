"""Markov switching bodies: likelihood and laws beside statsmodels, chains beside plain ones."""

import itertools
import warnings

import numpy as np
import pytest
from small_generators import clustered, fitted

from finsim.errors import FitError
from finsim.generators.classical.regime import Regime
from finsim.generators.classical.regime_law import long_run, regime_law
from finsim.generators.generator import Sequences
from finsim.kernels.markets.regime_walk import regime_walk, smoothed
from finsim.randomness import Streams

MOVES = np.array([[0.98, 0.02], [0.05, 0.95]])


def switching(steps=1500, seed=0):
    draw = np.random.default_rng(seed)
    regime, found = 0, []
    for _ in range(steps):
        regime = int(draw.random() >= MOVES[regime, 0])
        found.append((1.0, 3.0)[regime] * draw.standard_normal())
    return np.array(found)


def begun(steps, *places):
    found = np.zeros(steps, dtype=bool)
    found[[0, *places]] = True
    return found


def test_the_law_is_the_one_that_statsmodels_finds():
    from statsmodels.tsa.regime_switching.markov_regression import MarkovRegression

    returns = switching()
    law = regime_law(returns, begun(len(returns)), 2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        peer = MarkovRegression(returns, k_regimes=2, trend="n", switching_variance=True).fit(disp=False)
    assert law.log_likelihood == pytest.approx(peer.llf, abs=0.1)
    assert law.variances == pytest.approx(np.sort(peer.params[2:]), rel=0.03)
    assert law.moves == pytest.approx(MOVES, abs=0.03)
    order = np.argsort(peer.params[2:])
    assert np.abs(law.probabilities - peer.smoothed_marginal_probabilities[:, order]).max() < 0.03


def test_smoothing_is_the_sum_over_all_chains():
    draw = np.random.default_rng(3)
    densities, start = draw.random((4, 2)), np.array([0.7, 0.3])
    found, counts = np.empty((4, 2)), np.zeros((2, 2))
    likelihood = smoothed(densities, begun(4), start, MOVES, found, counts)
    total, wanted, moved = 0.0, np.zeros((4, 2)), np.zeros((2, 2))
    for number in range(16):
        chain = [number >> step & 1 for step in range(4)]
        chance = start[chain[0]] * np.prod([MOVES[a, b] for a, b in itertools.pairwise(chain)])
        chance *= np.prod([densities[step, k] for step, k in enumerate(chain)])
        total += chance
        for step, k in enumerate(chain):
            wanted[step, k] += chance
        for a, b in itertools.pairwise(chain):
            moved[a, b] += chance
    assert np.prod(likelihood) == pytest.approx(total)
    assert found == pytest.approx(wanted / total)
    assert counts == pytest.approx(moved / total)


def test_sequences_do_not_run_into_each_other():
    draw = np.random.default_rng(4)
    densities, start = draw.random((7, 2)), np.array([0.5, 0.5])
    both, counts = np.empty((7, 2)), np.zeros((2, 2))
    smoothed(densities, begun(7, 3), start, MOVES, both, counts)
    apart, added = [np.empty((3, 2)), np.empty((4, 2))], np.zeros((2, 2))
    for one, part in zip(apart, (densities[:3].copy(), densities[3:].copy()), strict=True):
        smoothed(part, begun(len(part)), start, MOVES, one, added)
    assert both == pytest.approx(np.concatenate(apart))
    assert counts == pytest.approx(added)


def test_walks_are_the_plain_ones():
    draw = np.random.default_rng(5)
    chances, places = draw.random((3, 50)), draw.random((3, 50))
    places[0, 0] = 1.0 - 2**-53
    weights = draw.random((2, 9)) * [[1, 0, 1] * 3, [0, 1, 1] * 3]
    days = np.cumsum(weights, axis=1) / weights.sum(axis=1, keepdims=True)
    days[:, -1] = 1.0
    chosen = np.empty((3, 50), dtype=np.int64)
    regime_walk(chances, places, np.cumsum(MOVES, axis=1), days, np.array([0, 1, 0]), chosen)
    for path, regime in enumerate((0, 1, 0)):
        for step in range(50):
            regime = int(chances[path, step] >= MOVES[regime, 0])
            assert chosen[path, step] == np.searchsorted(days[regime], places[path, step], side="right")


def test_long_run_is_what_moves_leave_alone():
    assert long_run(MOVES) @ MOVES == pytest.approx(long_run(MOVES))
    assert long_run(MOVES) == pytest.approx([5 / 7, 2 / 7])


def test_paths_cluster_and_a_wild_end_goes_on_wild():
    returns = switching(3000)
    data = Sequences(np.stack([returns, returns * 0.5], axis=1)[None])
    model = fitted(Regime, Streams(0), data, Regime.Settings(regimes=2))
    made = model.sample(50, 500, Streams(1))
    assert np.allclose(made[..., 1], made[..., 0] * 0.5)
    assert made[..., 0].std() == pytest.approx(returns.std(), rel=0.1)
    sizes = np.abs(made[..., 0])
    assert np.mean([np.corrcoef(one[1:], one[:-1])[0, 1] for one in sizes]) > 0.08
    wild = np.tile([[4.0, 2.0], [-4.0, -2.0]], (5, 1))
    spread = [model.sample(300, 3, Streams(2), history=past)[..., 0].std() for past in (0.1 * wild, wild)]
    assert spread[1] > 2.0 * spread[0]


@pytest.mark.parametrize("regimes", [0, 9])
def test_a_number_of_regimes_that_is_none_is_refused(regimes):
    with pytest.raises(FitError) as caught:
        fitted(Regime, Streams(0), clustered(), Regime.Settings(regimes=regimes))
    assert caught.value.problems[0].place == "settings.regimes"


def test_a_market_that_never_moves_is_learned():
    model = fitted(Regime, Streams(0), Sequences(np.ones((1, 120, 2))), Regime.Settings())
    assert (model.sample(2, 9, Streams(1)) == 1.0).all()
