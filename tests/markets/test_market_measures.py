"""Measures against paths whose answer is known, against pandas, and against the stressed body."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from by_hand import CLOCK, dfast_2026, drivers

from finsim.errors import RecordError
from finsim.markets.measures import measure, path_measures
from finsim.markets.shard import bars
from finsim.records.calendar import Clock
from finsim.records.drivers import identity
from finsim.records.paths import Paths

CLOCK_300 = Clock(date(2025, 12, 31), 300, 90, 12)


def closes(*series):
    values = np.stack(series, axis=-1)
    return Paths(tuple("ABCDEF"[: values.shape[-1]]), CLOCK_300.session_dates(), {"close": values[None]})


def test_known_drawdown():
    rise, fall, back = np.linspace(100, 120, 101), np.linspace(120, 60, 51)[1:], np.linspace(60, 90, 150)[1:]
    found = measure(closes(np.concatenate([rise, fall, back])), identity(CLOCK_300))
    assert found["equity.max_drawdown"] == pytest.approx(0.5)
    assert found["equity.days_peak_to_trough"] == 50
    assert "equity.corr63_peak" not in found
    assert "driver.equity.trough" not in found


def test_index_is_equal_weighted_at_jump_off_and_held():
    up, down = np.linspace(10, 30, 300), np.linspace(200, 100, 300)
    found = measure(closes(up, down), identity(CLOCK_300))
    assert found["equity.max_drawdown"] == 0
    assert found["equity.days_peak_to_trough"] == 0


def test_rolling_peaks_agree_with_pandas():
    random = np.random.default_rng(5)
    close = 50 * np.exp(np.cumsum(random.standard_t(4, (4, 300, 3)) * 0.02, axis=1))
    paths = Paths(("A", "B", "C"), CLOCK_300.session_dates(), {"close": close})
    found = path_measures(paths, identity(CLOCK_300))
    for i in range(4):
        index = pd.Series((close[i] / close[i, 0]).mean(axis=1))
        wanted = np.log(index).diff().rolling(21).std().max() * np.sqrt(252)
        assert found["equity.vol21_peak"][i] == pytest.approx(wanted, rel=1e-9)
        moves = pd.DataFrame(np.log(close[i])).diff()
        pairs = [moves[a].rolling(63).corr(moves[b]) for a, b in ((0, 1), (0, 2), (1, 2))]
        assert found["equity.corr63_peak"][i] == pytest.approx((sum(pairs) / 3).max(), rel=1e-7)


def test_dfast_measures(sampled, encoded):
    scenario = dfast_2026()
    found = measure(bars(sampled, encoded[1], scenario), scenario)
    assert found["driver.equity.trough"] == -0.578
    assert found["driver.equity.trough_step"] == 3
    assert found["equity.quarter_error"] < 1e-9
    assert found["equity.max_drawdown"] >= 0.578
    base = measure(bars(sampled, encoded[1], identity(CLOCK)), identity(CLOCK))
    assert found["equity.corr63_peak"] > base["equity.corr63_peak"]
    assert found["equity.vol21_peak"] > base["equity.vol21_peak"]


def test_quarter_error_uses_betas_and_sees_a_missed_level(sampled, encoded):
    betas = {"AAPL": 1.5}
    scenario = dfast_2026()
    paths = bars(sampled, encoded[1], scenario, betas)
    assert measure(paths, scenario, betas)["equity.quarter_error"] < 1e-9
    # Without the beta the index of both is judged: AAPL stands at 1.5 of the move, so it is off by a quarter.
    assert measure(paths, scenario)["equity.quarter_error"] == pytest.approx(0.25 * 57.8, abs=1e-6)


def test_shards_join_exactly(sampled, encoded):
    scenario = dfast_2026()
    paths = bars(sampled, encoded[1], scenario)
    whole = path_measures(paths, scenario)
    parts = [
        path_measures(bars(sampled[i : i + 30], encoded[1], scenario, None, i), scenario) for i in (0, 30)
    ]
    for name, values in whole.items():
        np.testing.assert_array_equal(np.concatenate([part[name] for part in parts]), values)


def test_the_window_ends_with_the_scenario():
    calm_then_crash = np.concatenate([np.full(200, 100.0), np.full(100, 10.0)])
    found = measure(closes(calm_then_crash), drivers(CLOCK_300, [(150, 0.0)]))
    assert found["equity.max_drawdown"] == 0
    assert found["driver.equity.trough_step"] == 1


def test_other_clock_is_refused():
    with pytest.raises(RecordError, match="300 sessions"):
        measure(closes(np.full(300, 5.0)), identity(CLOCK))
