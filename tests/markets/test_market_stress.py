"""The overlay: exact levels, stated volatility and correlation, the body's shape, and the identity."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from by_hand import BLEND, CLOCK, EQUITY, VIX, dfast_2026, drivers, quarter_ends
from hypothesis import given, settings
from hypothesis import strategies as st
from naive.market_overlay import overlay

from finsim.errors import RecordError, ScenarioError, StudyError
from finsim.markets.blend import blend_maps, blended
from finsim.markets.body_statistics import local_volatility
from finsim.markets.features import decode, encode
from finsim.markets.index_bridge import asset_multiplier, common_shares, index_drift, single_name
from finsim.markets.shard import bars
from finsim.markets.stress import stress
from finsim.records.calendar import Clock
from finsim.records.drivers import Anchor, identity
from finsim.records.paths import Paths

SHORT = Clock(date(2025, 12, 31), 130, 90, 36)
AT = CLOCK.sessions_at(quarter_ends())


@pytest.fixture(scope="module")
def stressed(sampled, encoded):
    return stress(sampled, encoded[1], dfast_2026())


@pytest.fixture(scope="module")
def gaussian():
    """Encoding of a body with constant volatility and correlation 0.4, and 150 of its feature paths."""
    random = np.random.default_rng(11)
    factor = np.linalg.cholesky(np.array([[1, 0.4], [0.4, 1]])) * np.array([[0.01], [0.02]])
    moves = random.standard_normal((8000, 2)) @ factor.T
    days = np.busday_offset("1990-01-01", np.arange(8001), roll="forward")
    close = 100 * np.exp(np.cumsum(np.vstack([np.zeros(2), moves]), axis=0))
    encoding = encode(Paths(("A", "B"), days, {"close": close[None]}))[1]
    return encoding, random.standard_normal((150, CLOCK.sessions, 2)) @ factor.T


@pytest.mark.parametrize("betas", [None, {"IBM": 0.7}, {"AAPL": 1.6, "IBM": 0.7}])
def test_the_index_and_named_assets_are_on_the_dfast_path_at_every_quarter_end(sampled, encoded, betas):
    paths = bars(sampled, encoded[1], dfast_2026(), betas)
    moves = paths.close[:, AT] / paths.close[:, :1] - 1
    goal = np.array(EQUITY) / 100
    named = [a for a, asset in enumerate(paths.assets) if asset in (betas or {})]
    for a in named:
        assert np.abs(moves[..., a] - goal * betas[paths.assets[a]]).max() < 1e-10
    free = [a for a in range(2) if a not in named]
    if free:
        assert np.abs(moves[..., free].mean(axis=2) - goal).max() < 1e-10
    assert np.argmin(goal) == 2
    if len(free) == 2:  # they are no longer one stock: over assets and over paths
        assert moves[:, 2].std(axis=1, ddof=1).mean() > 0.05
        assert (moves[:, 2, 0] - moves[:, 2, 1]).std() > 0.03


def test_stressed_bars_stay_valid(sampled, encoded):
    columns = bars(sampled, encoded[1], dfast_2026()).columns
    assert (columns["low"] > 0).all()
    assert (columns["low"] <= np.minimum(columns["open"], columns["close"])).all()
    assert (columns["high"] >= np.maximum(columns["open"], columns["close"])).all()
    assert (columns["volume"] >= 0).all()


def test_no_stress_returns_the_very_array(sampled, encoded):
    encoding = encoded[1]
    for calm in (
        identity(CLOCK),
        replace(dfast_2026(), severity=0.0),
        drivers(CLOCK, vol_mult=1.0, corr_blend=0.0, jump=0.0, spread_mult=3.0),
        drivers(CLOCK, anchors=[(CLOCK.sessions, -0.3)]),
    ):
        assert stress(sampled, encoding, calm) is sampled


def test_input_jump_off_bar_and_calm_sessions_are_untouched(sampled, encoded):
    before = sampled.copy()
    mult = np.where(np.arange(CLOCK.sessions) < 200, 2.0, 1.0)
    found = stress(sampled, encoded[1], drivers(CLOCK, [(150, -0.4)], vol_mult=mult))
    np.testing.assert_array_equal(sampled, before)
    np.testing.assert_array_equal(found[:, 0], sampled[:, 0])
    np.testing.assert_array_equal(found[:, 200:], sampled[:, 200:])
    assert not np.any(found[:, 1:200, 0] == sampled[:, 1:200, 0])


def test_agrees_with_the_plain_twin(sampled, encoded):
    encoding = encoded[1]
    random = np.random.default_rng(3)
    mult, blend = random.uniform(0.5, 4, 130), random.uniform(0, 0.95, 130)
    jump = np.where(random.random(130) < 0.05, -0.1, 0.0)
    given_drivers = drivers(
        SHORT, [(20, -0.3), (21, -0.2), (100, 0.5)], vol_mult=mult, corr_blend=blend, jump=jump
    )
    maps = blend_maps(np.array(encoding.body.correlation), blend)
    own = asset_multiplier(mult, blend, np.array(encoding.body.correlation))
    moves = ((20, -0.3), (21, -0.2), (100, 0.5))
    cases = [
        ({"AAPL": 1.3, "IBM": 1.0}, {s: [1.3 * m, m] for s, m in moves}, own, None),
        (None, dict(moves), mult, blend),
    ]
    for betas, levels, multiple, mixed in cases:
        found = encoding.split(stress(sampled[:4, :130], encoding, given_drivers, betas))[..., 0]
        beta = (betas or {}).get("AAPL", 1.0)
        jumps = np.stack([np.log1p(beta * np.expm1(jump)), jump], axis=1)
        for i in range(4):
            returns = encoding.split(sampled[i : i + 1, :130])[0, ..., 0].tolist()
            twin = overlay(returns, encoding.body, multiple, maps, jumps, levels, mixed)
            np.testing.assert_allclose(found[i], twin, rtol=1e-9, atol=1e-11)


def test_volatility_is_the_multiple_and_its_local_shape_stays(sampled, encoded, stressed):
    encoding = encoded[1]
    before, after = (encoding.split(x)[..., 0] for x in (sampled, stressed))
    correlation = np.array(encoding.body.correlation)
    for q, vix in enumerate(VIX):
        piece = slice((AT[q - 1] if q else 0) + 1, AT[q] + 1)
        centred = [x[:, piece] - x[:, piece].mean(axis=1, keepdims=True) for x in (before, after)]
        ratio = centred[1][..., 0].std() / centred[0][..., 0].std()
        single = asset_multiplier(np.array([vix / 26.4]), np.array([BLEND[q]]), correlation)[0, 0]
        assert ratio == pytest.approx(single, rel=0.06)
        index = centred[1].mean(axis=2).std() / centred[0].mean(axis=2).std()
        pair = correlation[0, 1]
        both = (1.0 + pair + BLEND[q] * (1.0 - pair)) / (1.0 + pair)  # variance of two assets by correlation
        assert index == pytest.approx(single * np.sqrt(both), rel=0.12)
    free = slice(AT[-1] + 1, None)
    np.testing.assert_array_equal(after[:, free], before[:, free])
    local = [local_volatility(x - x.mean(axis=1, keepdims=True), x.std(axis=(0, 1))) for x in (before, after)]
    for q in range(13):
        piece = slice((AT[q - 1] if q else 0) + 21, AT[q] + 1)
        shapes = [np.log(x[:, piece, 0]).ravel() for x in local]
        assert np.corrcoef(shapes)[0, 1] > 0.8


def test_correlation_rises_as_the_file_says(gaussian):
    encoding, features = gaussian
    found = stress(features, encoding, dfast_2026())
    for q, k in enumerate(BLEND):
        piece = slice((AT[q - 1] if q else 0) + 1, AT[q] + 1)
        innovations = [
            (x[:, piece] - x[:, piece].mean(axis=1, keepdims=True)).reshape(-1, 2).T
            for x in (features, found)
        ]
        before, after = (np.corrcoef(x)[0, 1] for x in innovations)
        error = 4 * (1 - after**2) / np.sqrt(innovations[0].shape[1])
        assert after == pytest.approx((1 - k) * before + k, abs=error + 0.01)


def test_session_moves_split_into_night_and_day_and_shadows_scale(sampled, encoded):
    encoding = encoded[1]
    found = encoding.split(stress(sampled, encoding, drivers(CLOCK, vol_mult=2.0)))
    body = encoding.split(sampled)
    night = np.array(encoding.body.overnight_mean)
    np.testing.assert_allclose(found[:, 1:, :, 1] - night, 2 * (body[:, 1:, :, 1] - night), atol=1e-15)
    shadows = (slice(None), slice(1, None), slice(None), slice(2, 4))
    positive = body[shadows] > 0
    np.testing.assert_allclose(found[shadows][positive] ** 3, 2 * body[shadows][positive] ** 3, rtol=1e-12)
    np.testing.assert_array_equal(found[shadows][~positive], body[shadows][~positive])
    rise = (found - body)[:, 1:, :, 4]
    np.testing.assert_allclose(
        rise, np.broadcast_to(np.log(2) * np.array(encoding.body.volume_elasticity), rise.shape), atol=1e-12
    )


def test_bridge_and_jump_split_by_the_overnight_share(sampled, encoded):
    encoding = encoded[1]
    jump = np.zeros(CLOCK.sessions)
    jump[10] = np.log(0.8)
    found = encoding.split(stress(sampled, encoding, drivers(CLOCK, jump=jump)))
    moved = found - encoding.split(sampled)
    np.testing.assert_allclose(moved[:, 10, :, 0], np.log(0.8))
    share = np.array(encoding.body.overnight_share)
    np.testing.assert_allclose(moved[:, 10, :, 1], np.tile(np.log(0.8) * share, (60, 1)))
    assert np.abs(np.delete(moved, 10, axis=1)).max() == 0
    bridged = encoding.split(stress(sampled, encoding, drivers(CLOCK, [(60, -0.3)]))) - encoding.split(
        sampled
    )
    np.testing.assert_allclose(bridged[..., 1], bridged[..., 0] * share, atol=1e-15)


def test_bridge_has_least_relative_entropy(sampled, encoded):
    """Any other drift with the same sum costs more: the first-order condition d_t / sigma_t^2 = constant."""
    encoding = encoded[1]
    found = stress(sampled, encoding, drivers(CLOCK, [(60, -0.3)]), {"AAPL": 1.0, "IBM": 1.0})
    drift = encoding.split(found - sampled)[:, 1:61, :, 0]
    body = encoding.body
    sigma = local_volatility(encoding.split(sampled)[..., 0] - np.array(body.mean), np.array(body.sigma))
    price = drift / sigma[:, 1:61] ** 2
    np.testing.assert_allclose(price, np.broadcast_to(price[:, :1], price.shape), rtol=1e-6)


def test_the_bridge_of_the_index_is_matherons_rule():
    """Gaussian assets pinned by a small move of their index: the conditional mean, at less cost than pins."""
    rng = np.random.default_rng(2)
    scores = rng.standard_normal((5, 9)) + 0.8
    covariance = scores @ scores.T / 9
    sigma = 0.01 * np.sqrt(np.diag(covariance) / np.diag(covariance).mean())
    correlation = covariance / np.sqrt(np.outer(np.diag(covariance), np.diag(covariance)))
    returns = np.zeros((1, 31, 5))
    spread = np.broadcast_to(sigma, returns.shape)
    drift = index_drift(returns, spread, np.zeros(31), correlation, [(30, 1e-6)])
    full = np.outer(sigma, sigma) * correlation
    weight = np.full(5, 0.2)
    wanted = 1e-6 * full @ weight / (weight @ full @ weight)
    np.testing.assert_allclose(drift[0].sum(axis=0), wanted, rtol=1e-4)
    deep = index_drift(returns, spread, np.zeros(31), correlation, [(10, np.log(0.8)), (30, np.log(0.45))])
    total = deep[0].sum(axis=0)
    assert np.exp(total).mean() == pytest.approx(0.45, abs=1e-12)
    assert np.exp(deep[0, :11].sum(axis=0)).mean() == pytest.approx(0.8, abs=1e-12)

    def cost(moves):
        return moves @ np.linalg.solve(30 * full, moves) / 2

    assert cost(total) < cost(np.full(5, np.log(0.45)))
    np.testing.assert_array_equal(index_drift(returns, spread, np.zeros(31), correlation, []), 0.0)


def test_an_asset_against_the_market_cannot_keep_a_level_out_of_reach():
    correlation = np.array([[1.0, -0.9], [-0.9, 1.0]])
    spread = np.broadcast_to(np.array([0.02, 0.005]), (3, 61, 2))
    returns = 0.01 * np.random.default_rng(1).standard_normal((3, 61, 2))
    found = returns + index_drift(returns, spread, np.zeros(61), correlation, [(60, np.log(0.05))])
    np.testing.assert_allclose(np.exp(found[:, 1:].sum(axis=1)).mean(axis=1), 0.05, rtol=1e-10)


def test_the_volatility_of_an_index_is_not_counted_twice():
    """12 stocks, c0 = .288, c1 = .665 (case): 4.25 of the S&P 500 in 2008Q4 is 2.8 of one of its names."""
    correlation = np.full((12, 12), 0.29) + np.eye(12) * 0.71
    k = (0.665 - 0.29) / (1 - 0.29)
    single = asset_multiplier(np.array([4.25, 2.0]), np.array([k, 0.0]), correlation)
    wanted = 4.25 / np.sqrt((1 + 499 * 0.665) / (1 + 499 * 0.29))
    assert single[0] == pytest.approx(np.full(12, wanted), rel=1e-6)
    assert (single[1] == 2.0).all()
    assert 2.0 < wanted < 2.9
    assert 3.5 < wanted * 1.412 < 4.5
    assert single_name(np.array([4.25]), np.array([k]))[0] == pytest.approx(wanted)
    assert asset_multiplier(np.array([3.0]), np.array([0.5]), np.ones((1, 1))).tolist() == [[3.0]]


def test_a_fund_of_the_market_moves_as_the_index_and_a_stock_beside_it_does_not():
    """One factor with the loadings of an index fund, two stocks, oil and gold."""
    loading = np.array([0.99, 0.55, 0.6, 0.4, -0.2])
    correlation = np.outer(loading, loading)
    np.fill_diagonal(correlation, 1.0)
    np.testing.assert_allclose(common_shares(correlation), loading**2, atol=2e-3)
    blend = np.array([0.53])
    found = asset_multiplier(np.array([4.25]), blend, correlation)[0]
    assert found[0] > 4.1
    assert (found[1:3] > 2.7).all()
    assert (found[1:3] < 3.05).all()
    assert found[4] < found[3] < found[1]
    # the variance of an index of names with the share c0, at the new correlation
    single = single_name(np.array([1.0]), blend)[0]
    after = 0.29 + 0.53 * 0.71
    assert single**2 * (1 / 500 + 499 / 500 * after) == pytest.approx(1 / 500 + 499 / 500 * 0.29)
    whole = asset_multiplier(np.array([2.0]), np.array([0.0]), correlation)
    assert (whole == 2.0).all()


def test_each_path_depends_on_itself_alone(sampled, encoded, stressed):
    parts = [stress(sampled[i : i + 20], encoded[1], dfast_2026()) for i in (0, 20, 40)]
    np.testing.assert_array_equal(np.concatenate(parts), stressed)
    whole = bars(sampled[:20], encoded[1], dfast_2026(), None, 20)
    assert whole.first_path == 20
    np.testing.assert_array_equal(whole.dates, CLOCK.session_dates())
    same = decode(parts[0], encoded[1], CLOCK.session_dates())
    np.testing.assert_array_equal(whole.columns["high"], same.columns["high"])


def test_a_panel_of_closes_is_stressed_too(gaussian):
    encoding, features = gaussian
    close = bars(features, encoding, dfast_2026()).close
    np.testing.assert_allclose((close[:, AT[2]] / close[:, 0]).mean(axis=1), 0.422, rtol=1e-10)


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 7), st.integers(0, 10_000), st.floats(0, 0.99))
def test_blended_matrices_stay_positive_definite_and_are_reached(assets, seed, k):
    random = np.random.default_rng(seed)
    scores = random.standard_normal((assets, assets + 3)) + random.uniform(0, 2)
    covariance = scores @ scores.T
    scale = np.sqrt(np.diag(covariance))
    correlation = covariance / np.outer(scale, scale)
    target = blended(correlation, np.array([k]))[0]
    assert np.linalg.eigvalsh(target)[0] > 0
    found = blend_maps(correlation, np.array([k, 0.0]))
    np.testing.assert_allclose(found[0] @ correlation @ found[0].T, target, atol=1e-9)
    np.testing.assert_array_equal(found[1], np.eye(assets))
    order = random.permutation(assets)
    turned = blend_maps(correlation[np.ix_(order, order)], np.array([k]))[0]
    np.testing.assert_allclose(turned, found[0][np.ix_(order, order)], atol=1e-7)


def test_twin_assets_can_still_be_stressed(history):
    """Perfectly correlated assets: the correlation matrix is made positive definite, levels stay exact."""
    close = np.repeat(history.close[..., :1], 3, axis=2)
    features, encoding = encode(Paths(("A", "B", "C"), history.dates, {"close": close}))
    found = bars(features[None, :130], encoding, drivers(SHORT, [(60, -0.5)], corr_blend=0.9, vol_mult=2.0))
    np.testing.assert_allclose((found.close[:, 60] / found.close[:, 0]).mean(axis=1), 0.5, rtol=1e-10)


def test_impossible_levels_are_refused_with_the_remedy(sampled, encoded):
    with pytest.raises(ScenarioError) as caught:
        stress(sampled, encoded[1], dfast_2026(), {"AAPL": 2.0, "IBM": 1.8})
    text = str(caught.value)
    assert "AAPL would move by beta 2 x -57.8% = -115.6%" in text
    assert "lower the beta of IBM below 1.73" in text
    assert len(caught.value.problems) == 3
    with pytest.raises(ScenarioError, match="beta 2 x"):
        stress(sampled, encoded[1], drivers(CLOCK, jump=np.log(0.4)), {"AAPL": 2.0})


@pytest.mark.parametrize("sessions", [(5, 5), (9, 4), (0, 3)])
def test_anchors_out_of_order_are_refused(sampled, encoded, sessions):
    with pytest.raises(ScenarioError, match="anchor sessions"):
        stress(sampled, encoded[1], drivers(CLOCK, [(s, -0.1) for s in sessions]))


def test_anchors_beyond_the_last_session_are_ignored(sampled, encoded):
    short = sampled[:3, :130]
    far = replace(
        drivers(SHORT, [(60, -0.2)]), anchors=(Anchor(60, -0.2), Anchor(130, -1.5), Anchor(130, 0.0))
    )
    np.testing.assert_array_equal(
        stress(short, encoded[1], far), stress(short, encoded[1], drivers(SHORT, [(60, -0.2)]))
    )


def test_other_refusals(sampled, encoded):
    with pytest.raises(StudyError, match="did you mean 'AAPL'"):
        stress(sampled, encoded[1], dfast_2026(), {"APPL": 1.0})
    with pytest.raises(RecordError, match="60 rows"):
        stress(sampled[:, :60], encoded[1], dfast_2026())
    for blend in (1.0, -0.1, np.nan):
        with pytest.raises(ScenarioError, match="corr_blend"):
            stress(sampled, encoded[1], drivers(CLOCK, corr_blend=blend))
