"""Planted copies are found to the last row; clean samples and held-out bars have none."""

import numpy as np
import pytest
from price_stand_ins import resampled, with_columns

from finsim.evaluation.case import Pieces, path_case
from finsim.evaluation.privacy import (
    bar_copies,
    day_copies,
    near_copies,
    shape_copies,
    turned_copies,
    window_copies,
)
from finsim.evaluation.privacy.bar_copies import copied_bars
from finsim.evaluation.privacy.day_copies import ratio_of
from finsim.evaluation.privacy.window_copies import covered_returns, runs_of
from finsim.evaluation.scorecard import Scorecard
from finsim.randomness import Streams
from finsim.records.paths import FIELDS, Paths

pytestmark = pytest.mark.sweep

SHARE = 0.02
WINDOW = 40


@pytest.fixture(scope="module")
def clean(real: Paths) -> Paths:
    rng = np.random.default_rng(17)
    paths = resampled(real, 10, 1_499, seed=3)
    returns = rng.standard_t(4, (10, 1_499, 2)) * 0.015
    close = 50.0 * np.exp(np.concatenate([np.zeros((10, 1, 2)), np.cumsum(returns, axis=1)], axis=1))
    factor = close / paths.close
    prices = {name: paths.columns[name] * factor for name in ("open", "high", "low", "close")}
    return with_columns(paths, **prices)


def with_rows(clean: Paths, real: Paths, share: float = SHARE) -> tuple[Paths, np.ndarray]:
    """Replace a share of bars by verbatim real bars; return the set and a mask [N, T, A]."""
    rng = np.random.default_rng(23)
    mask = rng.random(clean.close.shape) < share
    source = rng.integers(0, len(real.dates), mask.sum())
    asset = np.nonzero(mask)[2]
    columns = {name: values.copy() for name, values in clean.columns.items()}
    for name, values in columns.items():
        values[mask] = real.columns[name][0, source, asset]
    return with_columns(clean, **columns), mask


def with_windows(clean: Paths, real: Paths, rescale: bool, noise: float = 0.0) -> tuple[Paths, int]:
    """Overwrite windows of 40 bars, at other dates and perhaps other price levels; return their number."""
    rng = np.random.default_rng(29)
    columns = {name: values.copy() for name, values in clean.columns.items()}
    places = [(path, 7 + 300 * k) for path in range(clean.count) for k in range(3)]
    for path, start in places:
        source = int(rng.integers(0, len(real.dates) - WINDOW))
        factor = float(rng.uniform(0.2, 5.0)) if rescale else 1.0
        jitter = np.exp(noise * rng.standard_normal((WINDOW, 1)))
        for name, values in columns.items():
            window = real.columns[name][0, source : source + WINDOW]
            values[path, start : start + WINDOW] = window if name == "volume" else window * factor * jitter
    return with_columns(clean, **columns), len(places)


def telling(paths: Paths) -> np.ndarray:
    """Tell which bars have three different prices or more, up to rounding: bool[N, T, A]."""
    prices = np.stack([np.log(paths.columns[name]) for name in ("open", "high", "low", "close")])
    return (np.diff(np.sort(prices, axis=0), axis=0) > 1e-8).sum(axis=0) >= 2


def scores(metric, real, synthetic, quick, holdout=None):
    return metric.METRIC.compute(path_case(real, holdout, synthetic, Streams(7), quick))


EXACT = (bar_copies, shape_copies, window_copies)
NEAR = (near_copies, turned_copies)


@pytest.mark.parametrize("metric", [*EXACT, *NEAR, day_copies])
def test_clean_samples_hold_no_copy(metric, real, clean, quick):
    for score in scores(metric, real, clean, quick):
        assert score.verdict == "pass", score
        assert score.value <= score.goal


@pytest.mark.parametrize("metric", [*EXACT, *NEAR, day_copies])
def test_the_other_half_of_the_real_series_holds_no_copy(metric, halves, quick):
    early, late = halves
    for score in [*scores(metric, early, late, quick), *scores(metric, late, early, quick)]:
        assert score.verdict == "pass", score


def test_two_percent_of_verbatim_bars_are_counted_exactly(real, clean, quick):
    planted, mask = with_rows(clean, real)
    (score,) = scores(bar_copies, real, planted, quick)
    assert score.value == mask.sum()
    assert score.verdict == "fail"
    assert mask.mean() == pytest.approx(SHARE, rel=0.1)
    np.testing.assert_array_equal(copied_bars(real, planted) >= 0, mask.ravel())
    assert scores(shape_copies, real, planted, quick)[0].value == (mask & telling(planted)).sum()


def test_a_single_copied_bar_is_found(real, clean, quick):
    columns = {name: values.copy() for name, values in clean.columns.items()}
    for name, values in columns.items():
        values[3, 700, 1] = real.columns[name][0, 2_000, 0]
    (score,) = scores(bar_copies, real, with_columns(clean, **columns), quick)
    assert (score.value, score.verdict) == (1, "fail")


def test_copied_windows_are_counted_at_any_date_and_price_level(real, clean, quick):
    for rescale in (False, True):
        planted, count = with_windows(clean, real, rescale)
        windows, returns = scores(window_copies, real, planted, quick)
        assert windows.value == 2 * count
        assert returns.value == 2 * count * (WINDOW - 1)
        assert windows.verdict == "fail"
        expected = 0 if rescale else 2 * count * WINDOW
        assert scores(bar_copies, real, planted, quick)[0].value == expected
        places = np.zeros(clean.close.shape, dtype=bool)
        for start in (7, 307, 607):
            places[:, start : start + WINDOW] = True
        (shapes,) = scores(shape_copies, real, planted, quick)
        assert shapes.value == (places & telling(planted)).sum() > 0.99 * 2 * count * WINDOW
        assert scores(near_copies, real, planted, quick)[0].verdict == "fail"


@pytest.mark.parametrize("metric", [*EXACT, near_copies])
def test_copies_beyond_the_judged_paths_are_found(metric, real, clean, quick):
    """Only the first 4 of 10 paths are at hand; the copies stand on the others."""
    planted, _ = with_windows(clean, real, rescale=False)
    columns = {name: np.concatenate([clean.columns[name][:4], planted.columns[name][4:]]) for name in FIELDS}
    every = with_columns(clean, **columns)

    def block(first: int, stop: int) -> Paths:
        cut = {name: values[first:stop] for name, values in every.columns.items()}
        return Paths(every.assets, every.dates, cut, first)

    stored = Pieces(10, lambda: (block(k, min(k + 3, 10)) for k in range(0, 10, 3)))
    case = path_case(real, None, block(0, 4), Streams(7), quick, stored)
    whole = path_case(real, None, every, Streams(7), quick)
    for score, wanted in zip(metric.METRIC.compute(case), metric.METRIC.compute(whole), strict=True):
        assert score.verdict == "fail"
        assert "10 paths" in score.note
        if metric in EXACT:
            assert score == wanted
        else:
            assert score.n == wanted.n


@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize("step", [1, -1])
@pytest.mark.parametrize("length", [5, 9])
def test_a_short_run_is_a_copy_with_either_sign_and_direction(real, clean, sign, step, length):
    moves = clean.returns()
    moves[2, 100 : 100 + length, 1] = sign * real.returns()[0, 700 : 700 + length, 0][::step]
    found = runs_of(covered_returns(closes(real, real.returns()), closes(real, moves), 5))
    assert (list(found.asset), list(found.path), list(found.start), list(found.length)) == (
        [1], [2], [100], [length]
    )  # fmt: skip


def test_runs_say_where_copies_begin(real, clean):
    planted, _ = with_windows(clean, real, rescale=True)
    found = runs_of(covered_returns(real, planted, 5))
    assert set(found.start) == {7, 307, 607}
    assert set(found.length) == {WINDOW - 1}


def test_noisy_copies_escape_the_exact_checks_but_not_the_near_one(real, clean, quick):
    planted, _ = with_windows(clean, real, rescale=True, noise=0.002)
    assert scores(window_copies, real, planted, quick)[0].value == 0
    assert scores(near_copies, real, planted, quick)[0].verdict == "fail"


def test_a_seeded_choice_of_real_windows_stands_for_the_unseen(real, clean, quick, monkeypatch):
    monkeypatch.setattr(near_copies, "NULL_WINDOWS", 300)
    planted, _ = with_windows(clean, real, rescale=True, noise=0.002)
    found = scores(near_copies, real, planted, quick)
    assert [score.verdict for score in found] == ["fail", "fail"]
    assert all("null: 600 real windows of" in score.note for score in found)
    assert found == scores(near_copies, real, planted, quick)
    assert "fail" not in {score.verdict for score in scores(near_copies, real, clean, quick)}


def test_the_whole_real_file_is_a_copy_of_itself(real, quick):
    for metric in EXACT:
        assert scores(metric, real, real, quick)[0].verdict == "fail"
    assert scores(bar_copies, real, real, quick)[0].value == 2 * len(real.dates)


def test_tick_prices_that_repeat_by_chance_are_measured_on_the_hold_out(quick):
    """Closes on a coarse grid without volume repeat: the hold-out shows it, so chance is no copy."""
    rng = np.random.default_rng(31)

    def ticks(steps: int) -> Paths:
        close = 10.0 + np.round(np.abs(np.cumsum(rng.choice([-1, 0, 1], (1, steps, 1)), axis=1)) % 5) / 10
        high, low = close + rng.integers(0, 2, close.shape) / 10, close - rng.integers(0, 2, close.shape) / 10
        dates = np.datetime64("2010-01-01") + np.arange(steps)
        return Paths(("X",), dates, {"open": close, "high": high, "low": low, "close": close})

    case = path_case(ticks(900), ticks(900), ticks(900), Streams(7), quick)
    (score,) = bar_copies.METRIC.compute(case)
    assert score.value > 100
    assert score.verdict == "no power"  # every bar repeats, so a copy would score no worse
    assert score.floor > 100


def test_closes_alone_are_checked_by_windows_only(real, clean, quick):
    planted, count = with_windows(clean, real, rescale=True)
    left = Paths(real.assets, real.dates, {"close": real.close})
    right = Paths(planted.assets, planted.dates, {"close": planted.close})
    assert scores(bar_copies, left, right, quick)[0].verdict == "not computed"
    assert scores(window_copies, left, right, quick)[0].value == 2 * count


@pytest.mark.parametrize("rows", [64, 70, 90])
def test_a_series_with_less_than_a_window_to_hold_out_is_told(rows, real, clean, quick):
    left, right = (
        Paths(side.assets, side.dates[:rows], {"close": side.close[:, :rows]}) for side in (real, clean)
    )
    found = scores(window_copies, left, right, quick)
    assert {score.reason for score in found} <= {"fewer rows than a window", ""}
    assert [score.verdict for score in found] == ["not computed"] * 2 or rows == 90


def closes(paths: Paths, returns: np.ndarray, decimals: int | None = None) -> Paths:
    """Return closes from 100 with float[N, T, A] returns, on a grid of decimals where it is given."""
    walks = np.concatenate([np.zeros((len(returns), 1, returns.shape[2])), np.cumsum(returns, axis=1)], 1)
    close = 100.0 * np.exp(walks)
    close = close if decimals is None else np.round(close, decimals)
    return Paths(paths.assets, paths.dates[0] + np.arange(close.shape[1]), {"close": close})


@pytest.mark.parametrize(("decimals", "subject"), [(None, "returns"), (4, "returns at a real return")])
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_days_in_random_order_are_found(real, quick, decimals, subject, sign):
    moves = real.returns()
    order = np.random.default_rng(5).permutation(moves.shape[1])
    made = closes(real, sign * moves[:, order], decimals)
    alone = closes(real, moves)
    assert all(score.verdict == "pass" for score in scores(window_copies, alone, made, quick))
    found = {score.subject: score for score in scores(day_copies, alone, made, quick)}
    assert found[subject].verdict == "fail"
    if decimals is None:
        assert found[subject].value == found[subject].n


def test_prices_on_a_grid_repeat_ratios_by_chance(real, clean, quick):
    """Low prices in cents have few ratios: returns moved by a tick repeat real ones as often."""
    alone = Paths(real.assets, real.dates, {"close": np.round(real.close, 2)})
    cheap = Paths(clean.assets, clean.dates, {"close": np.round(clean.close / 20.0, 2)})
    first, _ = scores(day_copies, alone, cheap, quick)
    assert (first.verdict, first.value > 100) == ("pass", True)


def test_ratios_of_prices_on_a_grid_are_found():
    over, under = ratio_of(np.array([101 / 100, 4_999 / 5_001, 3.0, np.exp(0.01234567)]))
    assert over.tolist() == [101, 4_999, 3, 0]
    assert under.tolist() == [100, 5_001, 1, 0]


SLOW = pytest.mark.slow


@pytest.mark.parametrize(
    "turn",
    [
        pytest.param("sign", marks=SLOW),
        pytest.param("backwards", marks=SLOW),
        pytest.param("both", marks=SLOW),
    ],
)
def test_turned_windows_are_found_and_others_are_not(real, clean, quick, turn):
    rng = np.random.default_rng(7)
    moves = clean.returns().copy()
    known = real.returns()[0]
    for path in range(clean.count):
        at, start = int(rng.integers(0, 1_400)), int(rng.integers(0, len(known) - WINDOW))
        window = known[start : start + WINDOW] * (-1.0 if turn != "backwards" else 1.0)
        window = window if turn == "sign" else window[::-1]
        moves[path, at : at + WINDOW] = 1.7 * window + 0.002 * rng.standard_normal(window.shape)
    alone = Paths(real.assets, real.dates, {"close": real.close})
    planted = closes(clean, moves)
    assert "fail" in [score.verdict for score in scores(turned_copies, alone, planted, quick)]
    assert all(score.verdict != "fail" for score in scores(near_copies, alone, planted, quick))
    assert all(score.verdict == "pass" for score in scores(day_copies, alone, planted, quick))


def smooth(seed: int, count: int, scale: float = 2e-4) -> Paths:
    """Return closes that stand on no grid, with returns so small that some are equal by chance."""
    moves = np.random.default_rng(seed).standard_normal((count, 2_519, 1)) * scale
    return from_moves(moves)


def from_moves(moves: np.ndarray) -> Paths:
    close = 100.0 * np.exp(np.concatenate([np.zeros((len(moves), 1, 1)), np.cumsum(moves, axis=1)], axis=1))
    return Paths(("A",), np.datetime64("2000-01-03") + np.arange(close.shape[1]), {"close": close})


def test_smooth_returns_that_are_equal_by_chance_are_no_copies(quick):
    law, made = smooth(1, 1), smooth(2, 40)
    (score, _) = scores(day_copies, law, made, quick)
    known = np.abs(np.diff(np.log(law.close[0, :, 0])))
    own = np.abs(np.diff(np.log(made.close[:, :, 0]), axis=1)).ravel()
    within = [sum((np.abs(own - one) <= width).sum() for one in known) for width in (1e-11, 1e-8)]
    assert score.value == within[0] > 0
    assert score.floor == pytest.approx(within[1] / 1_000, rel=0.2)
    assert score.verdict == "pass"
    moves = np.diff(np.log(made.close), axis=1)
    moves[5, :60] = np.diff(np.log(law.close[0, :61]), axis=0)[::-1]
    planted = Scorecard(tuple(scores(day_copies, law, from_moves(moves), quick)))
    assert planted.scores[0].verdict == "fail"
    # A short path has no chance to meet a real return: one copied day is a copy.
    moves = np.diff(np.log(smooth(3, 1, 0.01).close), axis=1)
    moves[0, 7] = np.log(law.close[0, 9] / law.close[0, 8])
    single = Scorecard(tuple(scores(day_copies, law, from_moves(moves), quick)))
    assert (single.scores[0].value, single.scores[0].verdict) == (1, "fail")
