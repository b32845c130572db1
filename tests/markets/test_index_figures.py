"""The figures of the index equal a plain loop over paths, and stop after 36 months."""

from __future__ import annotations

import numpy as np
import pytest

from finsim.markets.measures import FIGURE_MONTHS, index_figures
from finsim.records.paths import DIFFERENCE, PRICE, Paths


def made(close: np.ndarray, kinds: tuple[str, ...] = (), first: str = "2025-12-31") -> Paths:
    dates = np.datetime64(first) + np.arange(close.shape[1])
    return Paths(tuple("ABCD"[: close.shape[2]]), dates, {"close": close}, kinds=kinds)


def plain(close: np.ndarray) -> tuple[float, int, float]:
    """Drawdown, its session and the dispersion there, of one path [T, A], as a reader would compute them."""
    relative = close / close[0]
    index = [sum(row) / len(row) for row in relative]
    depth, at, peak = 0.0, 0, index[0]
    for session, level in enumerate(index):
        peak = max(peak, level)
        if 1 - level / peak > depth:
            depth, at = 1 - level / peak, session
    mean = sum(relative[at]) / len(relative[at])
    spread = sum((value - mean) ** 2 for value in relative[at]) / (len(relative[at]) - 1)
    return depth, at, spread**0.5


def test_they_equal_a_plain_loop() -> None:
    rng = np.random.default_rng(3)
    close = 100 * np.exp(np.cumsum(rng.normal(0, 0.02, (5, 300, 3)), axis=1))
    found = index_figures(made(close))
    for path in range(5):
        depth, at, spread = plain(close[path])
        assert found["drawdown"][path] == pytest.approx(depth, abs=1e-12)
        assert found["trough"][path] == at
        assert found["dispersion"][path] == pytest.approx(spread, abs=1e-12)


def test_what_happens_after_36_months_does_not_count() -> None:
    days = 1300
    close = np.full((1, days, 2), 100.0)
    close[0, 500] = 80.0  # a fall of a fifth in the second year
    dates = np.datetime64("2025-12-31") + np.arange(days)
    months = dates.astype("datetime64[M]") - dates[0].astype("datetime64[M]")
    inside, outside = (
        np.flatnonzero(months.astype(int) < FIGURE_MONTHS)[-1],
        np.flatnonzero(months.astype(int) >= FIGURE_MONTHS)[0],
    )
    close[0, outside] = 10.0
    assert index_figures(made(close))["drawdown"][0] == pytest.approx(0.2)
    close[0, inside] = 50.0
    assert index_figures(made(close))["drawdown"][0] == pytest.approx(0.5)


def test_levels_are_no_part_of_it_and_one_asset_has_no_dispersion() -> None:
    close = np.array([[[100.0, 2.0], [90.0, -1.0], [95.0, 3.0]]])
    mixed = index_figures(made(close, (PRICE, DIFFERENCE)))
    assert mixed["drawdown"][0] == pytest.approx(0.1)
    assert "dispersion" not in mixed
    assert index_figures(made(close, (DIFFERENCE, DIFFERENCE))) == {}
