"""What the market figures show, against plain definitions and closed forms."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import spearmanr

from finsim.randomness import Streams
from finsim.records.paths import Paths
from finsim.report.figures.market_data import (
    QUANTILES,
    autocorrelation,
    block_resamples,
    fan,
    rank_correlation,
    rolling_correlation,
    tail_of,
    years_of,
)


def generator(number: int) -> np.random.Generator:
    return Streams(number).at("report", "tests")


def paths_of(moves: np.ndarray) -> Paths:
    close = 100 * np.exp(np.cumsum(np.pad(moves, ((0, 0), (1, 0), (0, 0))), axis=1))
    dates = np.datetime64("2026-01-01") + np.arange(close.shape[1])
    return Paths(tuple("ABC"[: close.shape[2]]), dates, {"close": close})


def plain_autocorrelation(x: np.ndarray, lag: int) -> float:
    centred = x - x.mean()
    return float((centred[:-lag] * centred[lag:]).sum() / (centred**2).sum())


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 2**31), st.integers(20, 300))
def test_autocorrelation_is_its_definition(seed: int, steps: int) -> None:
    values = generator(seed).standard_t(3, (3, steps))
    found = autocorrelation(values, 10)
    wanted = [[plain_autocorrelation(row, k) for k in range(1, 11)] for row in values]
    np.testing.assert_allclose(found, wanted, atol=1e-10)


def test_autocorrelation_of_an_ar1_process() -> None:
    """x_t = 0.6 x_(t-1) + e has 0.6^k; s.e. of 200 paths of 2,000 is below 0.003."""
    rng = generator(1)
    x = np.zeros((200, 2000))
    for t in range(1, 2000):
        x[:, t] = 0.6 * x[:, t - 1] + rng.normal(size=200)
    np.testing.assert_allclose(autocorrelation(x, 4).mean(axis=0), 0.6 ** np.arange(1, 5), atol=0.01)


def test_tail_counts_days() -> None:
    """The k-th largest of T values is met on k / T of the days."""
    values = generator(2).normal(size=(1, 500))
    tail = tail_of(values, (0.5,))
    for share, level in zip(tail.shares, tail.levels[0], strict=True):
        assert (values >= level).mean() == pytest.approx(share)
    assert tail.shares.min() == pytest.approx(1 / 500)
    assert len(np.unique(tail.shares)) == len(tail.shares)
    assert np.all(tail.levels > 0)


def test_tail_of_a_pareto_law_is_straight() -> None:
    """P(X > x) = x^-3, so the slope on two logarithmic axes is -3."""
    values = generator(3).random((40, 5000)) ** (-1 / 3)
    tail = tail_of(values, (0.05, 0.5, 0.95))
    slope = np.polyfit(np.log(tail.levels[1]), np.log(tail.shares), 1)[0]
    assert slope == pytest.approx(-3.0, abs=0.1)
    assert np.all(np.diff(tail.levels, axis=0) >= 0)


def test_tail_without_positive_values_is_empty() -> None:
    assert tail_of(np.full((2, 50), -1.0), (0.5,)).shares.size == 0


def test_fan_is_the_quantile_over_paths() -> None:
    paths = paths_of(generator(4).normal(0, 0.02, (30, 50, 2)))
    found = fan(paths, 1, 7)
    relative = paths.close[:, ::7, 1] / paths.close[:, :1, 1]
    np.testing.assert_allclose(found, np.quantile(relative, QUANTILES, axis=0))
    np.testing.assert_allclose(found[:, 0], 1.0)


def test_rolling_correlation_is_its_definition() -> None:
    moves = generator(5).normal(size=(2, 90, 3))
    moves[:, :, 1] += moves[:, :, 0]
    ends, found = rolling_correlation(paths_of(moves), window=20)
    for place, end in enumerate(ends):
        for path in range(2):
            matrix = np.corrcoef(moves[path, end - 20 : end], rowvar=False)
            wanted = matrix[np.triu_indices(3, 1)].mean()
            assert found[path, place] == pytest.approx(wanted, abs=1e-8)


def test_rank_correlation_agrees_with_scipy() -> None:
    values = generator(6).standard_t(3, (1, 400, 4))
    values[..., 2] = np.exp(values[..., 0]) + 0.1 * values[..., 2]
    np.testing.assert_allclose(rank_correlation(values), spearmanr(values[0]).statistic, atol=1e-10)


def test_block_resamples_keep_blocks_and_addresses() -> None:
    values = np.arange(100.0)
    one, two = (block_resamples(values, 5, 10, Streams(7).at("memory")) for _ in range(2))
    np.testing.assert_array_equal(one, two)
    steps = np.diff(one.reshape(5, 10, 10), axis=2)
    assert np.all((steps == 1) | (steps == -99))


def test_decimal_years() -> None:
    dates = np.array(["2025-01-01", "2024-12-31", "2024-07-01"], dtype="datetime64[D]")
    np.testing.assert_allclose(years_of(dates), [2025.0, 2024 + 365 / 366, 2024 + 182 / 366])
