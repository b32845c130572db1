"""The kernels of market paths against their plain twins."""

import numpy as np
import pytest
from naive import volatility_walk as naive

from finsim.kernels.markets.volatility_walk import (
    absorb,
    levels_trace,
    mapped,
    trace,
    unity_of,
    unity_trace,
    walk,
)

RATES, MARKET = np.array([1.0, 0.3, 0.05]), np.array([1, 2])
LEVEL_RATES, MEANS = np.array([1.0, 0.2, 0.1]), 2
SQUARES = 2
ROLES = [[0], [0, 1, 2, 3], [0, 1, 2, 3, 4], [4, 0]]


def problem(draw, series, roles, paths=3):
    channels, horizons = series * len(roles), len(RATES)
    constants = (
        np.array(roles),
        0.5 + draw.random((series, 2)),
        0.1 * draw.standard_normal(channels),
        np.stack([0.5 + draw.random(series), *(np.full(series, one) for one in (0.02, 4.0, 0.1))], axis=1),
        RATES,
        MARKET,
    )
    memory = (
        0.2 + draw.random((paths, series, horizons)),
        0.2 + draw.random((paths, series, horizons + SQUARES)),
        0.2 + draw.random((paths, channels, len(LEVEL_RATES))),
        draw.random(paths),
        draw.standard_normal((paths, series, 2)),
    )
    return constants, memory


def plain(constants):
    return [one.tolist() for one in constants]


@pytest.mark.parametrize("roles", ROLES)
@pytest.mark.parametrize("series", [1, 3])
def test_walk(streams, series, roles):
    draw = streams.at("walk", series)
    constants, memory = problem(draw, series, roles)
    channels, seen = series * len(roles), 2 * len(RATES) + len(MARKET) + SQUARES
    pool, chosen = 2.0 * draw.standard_normal((120, channels)), draw.integers(20, size=(3, 40))
    edges = (np.array([-0.1, 0.2]), np.array([0.5]))
    direction = draw.standard_normal(series)
    common = (direction / np.sqrt((direction**2).sum()), 1, 0.1)
    pool[3] = 50.0  # beyond every table
    state = 0.3 * draw.standard_normal((series, 3 + seen))
    laws = 0.3 * draw.standard_normal((channels, 2, 3 + len(LEVEL_RATES) + seen))
    for bounded in (state, laws):
        bounded[..., 0], bounded[..., 1] = -0.7, 0.9
    tables = np.sort(draw.standard_normal((channels, 31)), axis=1)
    apart = np.stack([draw.random(series), 0.2 * draw.standard_normal(series)], axis=1)
    eras = draw.integers(4, size=(3, 40))
    drift = (eras, 0.3 * draw.standard_normal((4, channels)), *(0.5 + draw.random((2, 4, channels))), 3.0)
    arguments = (state, apart, laws, LEVEL_RATES, MEANS, tables)
    law = (*np.sort(draw.standard_normal((2, channels, 9)), axis=2), draw.random((channels, 2)))
    pull, bound = -0.5 * draw.random((series, 2)), 0.5 + draw.random((series, 2))
    pull[1:2] = 0.0  # the level of the second series is nobody's
    home, offset = (pull, bound), 0.2 * draw.standard_normal(series)
    wanted, ends = naive.walk(
        pool.tolist(),
        plain(edges),
        chosen.tolist(),
        plain(constants),
        *(one if isinstance(one, int) else one.tolist() for one in arguments),
        (common[0].tolist(), *common[1:]),
        (*plain(drift[:4]), drift[4]),
        (*plain(home), offset.tolist(), 0.9, plain(law)),
        plain(memory),
    )
    values = np.empty((3, 40, channels))
    final = (*law, np.full((channels, 2), -1.0))
    back = (*home, offset, 0.9, final)
    walk(pool, edges, chosen, constants, (*arguments, common, back), drift, memory, values)
    assert np.allclose(values, wanted, rtol=1e-10)
    for made, end in zip(memory, ends, strict=True):
        assert np.allclose(made, end, rtol=1e-10)


@pytest.mark.parametrize("roles", ROLES)
def test_trace_is_absorb_step_by_step_and_skips_what_was_not_observed(streams, roles):
    draw = streams.at("trace")
    constants, (variances, signed, *_) = problem(draw, 2, roles)
    values, observed = draw.standard_normal((30, 2 * len(roles))), draw.random(30) < 0.8
    before, found = (variances[0].copy(), signed[0].copy()), np.empty((31, 2, 8 + SQUARES))
    trace(values, observed, constants, *before, found)
    state = (variances[0].tolist(), signed[0].tolist())
    for step in range(31):
        assert np.allclose(found[step], naive.features(*state, MARKET))
        if step < 30 and observed[step]:
            state = naive.absorb(values[step].tolist(), *plain(constants)[:5], *state)
    assert np.allclose(before[0], state[0])
    assert np.allclose(before[1], state[1])


def test_one_wrong_quote_counts_as_the_largest_variance(streams):
    constants, (variances, signed, *_) = problem(streams.at("quote"), 1, [0, 1, 2, 3])
    absorb(np.array([0.0, 0.0, 0.0, 1e6]), *constants[:5], variances[0], signed[0])
    assert variances[0, 0, 0] == pytest.approx(4.02)


def test_levels_are_moving_averages_before_each_step(streams):
    draw = streams.at("levels")
    scores, observed = 2.0 * draw.standard_normal((25, 3)), draw.random(25) < 0.7
    levels, found = np.ones((3, 3)), np.empty((26, 3, 3))
    levels_trace(scores, observed, LEVEL_RATES, MEANS, levels, found)
    state = np.ones((3, 3))
    for step in range(26):
        assert np.allclose(found[step], [naive.told(row, MEANS) for row in state.tolist()])
        if step < 25 and observed[step]:
            pairs = zip(state.tolist(), scores[step].tolist(), strict=True)
            state = np.array([naive.followed(row, score, LEVEL_RATES, MEANS) for row, score in pairs])
    assert np.allclose(levels, state)
    assert np.abs(scores).max() > 3.0  # a square beyond the largest


def test_unity_is_the_share_of_moves_along_a_direction(streams):
    direction = np.array([0.6, 0.8])
    assert unity_of(np.array([0.3, 0.4]), direction) == pytest.approx(1.0)
    assert unity_of(np.array([0.8, -0.6]), direction) == pytest.approx(0.0, abs=1e-12)
    assert unity_of(np.array([9.0, 0.0]), direction) == unity_of(np.array([4.0, 0.0]), direction)
    draw = streams.at("unity")
    moves, observed = 3.0 * draw.standard_normal((20, 2)), draw.random(20) < 0.7
    found = np.full(21, 0.5)
    unity_trace(moves, observed, direction, 0.1, found)
    state = 0.5
    for step in range(21):
        assert found[step] == pytest.approx(state)
        if step < 20 and observed[step]:
            state += 0.1 * (naive.unity(moves[step], direction) - state)


def test_mapped(streams):
    draw = streams.at("mapped")
    starts, stops = np.sort(draw.random((2, 9)), axis=1), np.sort(draw.random((2, 9)), axis=1)
    slopes = draw.random((2, 2))
    values = np.concatenate([draw.uniform(-0.5, 1.5, (1, 50, 2)), starts.T[None]], axis=1)
    wanted = [
        [naive.mapped(x, starts[c].tolist(), stops[c].tolist(), slopes[c]) for c, x in enumerate(row)]
        for row in values[0].tolist()
    ]
    snapped, still = values.copy(), np.array([[stops[0, 4], 0.2], [stops[1, 4], 0.0]])
    mapped(values, (starts, stops, slopes, np.array([[0.0, -1.0], [stops[1, 4], -1.0]])))
    assert np.allclose(values[0], wanted)
    mapped(snapped, (starts, stops, slopes, still))
    near = np.abs(values - still[:, 0]) <= 0.2
    near[..., 1] = values[..., 1] == still[1, 0]
    assert 2 < near.sum() < 50
    assert np.array_equal(snapped, np.where(near, still[:, 0], values))
