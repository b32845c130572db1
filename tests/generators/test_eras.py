"""What drifts by the year: eras of a history, own parts of volatility, and what series have in common."""

import dataclasses

import numpy as np
import pytest
from small_generators import clustered

from finsim.generators.channel_layout import Layout
from finsim.generators.daily import coupling
from finsim.generators.daily.channel_laws import HORIZONS
from finsim.generators.daily.coupling import coupled
from finsim.generators.daily.day_encoding import DayEncoding
from finsim.generators.daily.eras import STAY, Eras
from finsim.generators.daily.local_moments import DAYS, local_means
from finsim.generators.daily.own_parts import own_parts
from finsim.generators.daily.persistence_tuning import at_rest
from finsim.generators.daily.volatility_state import VolatilityState
from finsim.generators.generator import Sequences

BARS = Layout(1, ("move", "gap", "upper", "lower", "other"), np.array([[0.004, 0.005]]))
SEEN = np.ones((1, 2_520), dtype=bool)


@pytest.fixture(scope="module")
def drifting():
    """Scores of ten years: all channels drift alike by two years at a time, the last by chance alone."""
    draw = np.random.default_rng(5)
    level = np.repeat([-0.8, 0.3, 1.2, -0.6, 0.0], 504)
    scores = draw.standard_normal((2_520, 5)) * np.exp(0.4 * level[:, None]) + level[:, None]
    scores[:, 1] -= 0.6 * level
    scores[:, 4] = draw.standard_normal(2_520)
    return scores[None], level


def test_what_drifts_is_found_but_for_chance_and_what_prices_are_sums_of(drifting):
    scores, level = drifting
    eras = Eras.fit(scores, SEEN, BARS)
    at = eras.trace(scores, SEEN)
    assert np.array_equal(at[0, :-1], np.arange(2_520) // DAYS)  # the learned history is in its own stretches
    means, logs = eras.means[at[0, :-1]], eras.log_scales[at[0, :-1]]
    assert not means[:, :2].any()
    assert not logs[:, 0].any()
    assert np.sqrt(np.mean((means[:, 2] - level) ** 2)) < 0.3 * level.std()
    assert np.corrcoef(logs[:, 1], level)[0, 1] > 0.8
    assert logs[:, 2].std() == pytest.approx(0.4 * level.std(), rel=0.25)
    assert max(means[:, 4].std(), logs[:, 4].std()) < 0.06


def test_volumes_have_no_means_of_eras_but_follow_their_own_half_year(drifting, streams):
    """They, and nobody else, answer to half a year where there are eras; sizes of half a year nobody's."""
    scores, level = drifting
    values = 0.01 * scores
    values[..., 4] = scores[..., 4] + 2.0 * level
    encoding, _ = DayEncoding.fit(Sequences(values), BARS, 20.0, (60.0, 20.0), streams.at("atoms"))
    eras, weights = encoding.eras, encoding.laws.weights
    assert eras.means[:, 2].any()
    assert not eras.means[:, 4].any()
    assert weights[4, 0, 3 + 3] > 0.1
    assert not weights[2:4, 0, 3 + 3].any()
    assert not weights[:, 1, 3 + 5].any()
    assert eras.log_scales[:, 4].std() < 0.15  # around local means the spread is that of noise


def test_inner_scores_come_back_and_no_longer_drift(drifting):
    scores, _ = drifting
    eras = Eras.fit(scores, SEEN, BARS)
    at = eras.trace(scores, SEEN)
    inner = eras.inner(scores, at)
    assert np.abs(inner[0, :, 3].reshape(10, -1).mean(axis=1)).max() < 0.25
    location, spread = eras.outer(np.zeros((1, 2_521, 5)), np.zeros((1, 2_521, 5)), at)
    assert np.allclose(location[:, :-1] + np.exp(spread[:, :-1]) * inner, scores)


def test_a_history_like_an_era_goes_on_in_it(drifting):
    scores, _ = drifting
    eras = Eras.fit(scores, SEEN, BARS)
    draw = np.random.default_rng(6)
    late = draw.standard_normal((1, 250, 5)) * np.exp(0.4 * 1.2) + 1.2
    late[..., 1] -= 1.2
    late[..., 4] = draw.standard_normal(250)
    known = np.ones((1, 250), dtype=bool)
    known[0, :40] = False
    at = eras.trace(late, known)
    assert set(at[0, 60:] * DAYS // 504) <= {2}
    assert eras.places(at)[0] // 504 == 2


def test_the_variance_of_a_local_mean_knows_of_dependence():
    draw = np.random.default_rng(7)
    rows = draw.standard_normal((20_000, 2))
    for step in range(1, len(rows)):
        rows[step, 1] += 0.3 * rows[step - 1, 1]
    means, noise = local_means(rows)
    assert noise == pytest.approx(means.var(axis=0), rel=0.35)
    assert noise[1] > 1.5 * noise[0]


def test_paths_walk_the_history_there_and_back_and_jump_once_in_two_years(drifting):
    eras = Eras.fit(drifting[0], SEEN, BARS)
    places = np.array([0, 2_519, 2_519 + 30])
    draws = [np.random.default_rng(k) for k in range(3)]
    at = eras.course(draws, 10, places)
    assert at.tolist() == [[0] * 10, [119] * 10, [118] * 3 + [118] * 7]
    assert places.tolist() == [10, 2_529, 2_559]
    at = eras.course([np.random.default_rng(k) for k in range(60)], 2_000, np.zeros(60, dtype=np.int64))
    steps = np.abs(np.diff(at, axis=1))
    assert (steps > 1).sum() == pytest.approx(60 * 2_000 / STAY, rel=0.15)
    assert np.bincount(at[:, 1_000:].ravel(), minlength=120).min() > 0
    ahead = np.full(1, 5)
    halves = [eras.course([np.random.default_rng(8)], n, ahead) for n in (20, 30)]
    assert ahead[0] == 55
    assert halves[1][0, 0] == 25 // DAYS


def test_a_jump_leads_to_the_day_that_was_drawn(drifting, monkeypatch):
    eras = Eras.fit(drifting[0], SEEN, BARS)
    monkeypatch.setattr("finsim.generators.daily.eras.STAY", 1.0)  # every step is a jump
    at = eras.course([np.random.default_rng(3)], 50, np.zeros(1, dtype=np.int64))
    draw = np.random.default_rng(3)
    draw.random(50)
    days = draw.integers(5_040, size=50)
    assert np.array_equal(at[0], np.minimum(days, 5_039 - days) // DAYS)


def test_a_short_history_has_one_era():
    eras = Eras.fit(np.ones((1, 503, 5)), np.ones((1, 503), dtype=bool), BARS)
    places = np.zeros(2, dtype=np.int64)
    assert not eras.several
    assert not eras.course([np.random.default_rng(1)] * 2, 50, places).any()
    assert not places.any()


def test_two_series_keep_what_their_volatilities_have_of_their_own():
    """Returns of one volatility whose estimates err apart, and returns of two volatilities."""
    draw = np.random.default_rng(9)
    one, apart = 0.4 * draw.standard_normal((3_000, 1)), 0.4 * draw.standard_normal((3_000, 2))
    days = draw.standard_t(5, (3_000, 1)) + 0.4 * draw.standard_t(5, (3_000, 2))
    shared = own_parts(days * np.exp(one), one + apart + [0.5, -0.3])
    assert (shared[:, 0] <= 0.25).all()
    kept = own_parts(days * np.exp(one + apart), one + apart)
    assert (kept[:, 0] == 1.0).all()
    assert np.allclose(kept[:, 1], 0.0)
    scales = one + apart + [0.5, -0.3]
    mean = scales.mean(axis=1, keepdims=True)
    after = mean + shared[:, 0] * (scales - mean) + shared[:, 1]
    assert np.allclose(after.mean(axis=0), scales.mean(axis=0))
    assert own_parts(days[:9], one[:9] + apart[:9]).tolist() == [[1.0, 0.0], [1.0, 0.0]]


def test_an_offset_moves_each_series_by_itself_whatever_its_share():
    data = clustered(600, 3)
    state = VolatilityState.fit(data.values, data.observed(), Layout.plain(3), 20.0)
    state = dataclasses.replace(state, own=np.array([[0.25, 0.1], [0.25, 0.0], [0.25, -0.1]]))
    state.weights[:, :2] = -9.0, 9.0
    offset = np.array([0.3, -0.1, 0.0])
    before, after = (
        one.log_scales(state.means[None])[0] for one in (state, state.tuned(np.ones(3), np.ones(3), offset))
    )
    assert np.allclose(after - before, offset)


def test_paths_get_the_correlation_of_the_data_in_calm_and_in_storm(streams, monkeypatch):
    """Days that know nothing of each other: on paths they move together, more so when it is tense."""
    draw, size = streams.at("market"), np.array([1.0])
    rows = []
    for _ in range(3_000):
        one = draw.standard_normal(2)
        share = 0.3 if size[0] < 1.0 else 0.8
        common = np.sqrt(share) * draw.standard_normal() + np.sqrt(1.0 - share) * one
        rows.append(size * common)
        size = np.sqrt(0.05 + 0.9 * size**2 + 0.05 * rows[-1].mean() ** 2 / 0.7)
    data = Sequences(np.array(rows)[None])
    monkeypatch.setattr(coupling, "_STEPS", 400)
    encoding, _ = DayEncoding.fit(data, Layout.plain(2), 20.0, (60.0, 20.0), draw)
    pool = draw.standard_normal((len(encoding.edges) + 1, len(encoding.unities) + 1, 500, 2)).reshape(-1, 2)
    asked = (encoding, data.values, data.observed(), pool, at_rest(encoding, 20), draw)
    found = coupled(*asked).reshape(len(encoding.edges) + 1, -1, 2)
    alone = [np.corrcoef(one.T)[0, 1] for one in found]
    assert alone[0] < 0.5 < 0.65 < alone[-1]
    assert np.allclose(np.sort(found.reshape(-1, 2)[:1_500, 0]), np.sort(pool[:1_500, 0]), atol=0.3)


def test_beside_widths_of_eras_no_month_makes_up_for_the_one_before():
    """Gaps are wide in one year and narrow in another; beside what drifts so, months are alike."""
    draw = np.random.default_rng(8)
    width = np.exp(0.6 * np.repeat(np.sin(np.arange(10) * 2.0), 252))
    values = draw.standard_normal((2_520, 5)) * [0.01, 0.004, 0.25, 0.25, 0.2] + [0, 0, 1.0, 1.0, 0]
    values[:, 1] *= width
    encoding, _ = DayEncoding.fit(Sequences(values[None]), BARS, 20.0, (60.0, 20.0), draw)
    assert encoding.eras.log_scales[:, 1].std() > 0.2
    assert (encoding.laws.weights[:, 1, 3 + len(HORIZONS)] >= -1e-9).all()
