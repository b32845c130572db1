"""What ``finsim evaluate`` must say about held-out, shuffled and copied bars, and about odd inputs."""

from dataclasses import replace

import numpy as np
import pytest
from price_stand_ins import resampled, shuffled, with_columns, without

from finsim.errors import DataError
from finsim.evaluation import METRICS
from finsim.evaluation.columns import between
from finsim.evaluation.evaluate import evaluate
from finsim.evaluation.paths import evaluate_paths
from finsim.evaluation.scorecard import Scorecard
from finsim.evaluation.settings import Settings
from finsim.randomness import Streams
from finsim.records.paths import Paths

pytestmark = pytest.mark.sweep

SLOW = ("two_sample", "discriminative", "predictive")
ORDER = METRICS.of_case("paths")
JUDGED = tuple(name for name in ORDER if name not in ("discriminative", "predictive"))
FAST = tuple(name for name in ORDER if name not in SLOW)
PARTS = {"the last 30 %": (0.7, 1.0), "a block inside": (0.4, 0.7)}


def judged(real, synthetic, quick, holdout=None, metrics=FAST) -> Scorecard:
    return Scorecard(tuple(evaluate_paths(real, holdout, synthetic, Streams(7), quick, metrics)))


def uses(card: Scorecard) -> dict[str, str]:
    return {use: verdict.verdict for use, verdict in card.verdicts().items()}


@pytest.mark.parametrize("part", PARTS)
def test_a_held_out_part_never_fails_and_one_path_shows_too_little_to_pass(part, real, quick):
    start, stop = (round(edge * len(real.dates)) for edge in PARTS[part])
    card = judged(without(real, start, stop), between(real, start, stop), quick, metrics=JUDGED)
    assert uses(card) == {"stress a portfolio": "no power", "backtest": "no power", "share": "pass"}
    assert "fail" not in {score.verdict for score in card.scores}
    (told, *_) = card.of("mean_return")
    assert "needs at least 8" in told.reason


def test_many_good_paths_pass_and_the_notes_say_how_many_are_wanted(real, quick):
    own = resampled(real, 60, len(real.dates) - 1, seed=2, noise=0.1)
    card = judged(real, own, quick, metrics=[name for name in JUDGED if "copies" not in name])
    assert uses(card) == {"stress a portfolio": "pass", "backtest": "pass"}
    assert "rank among 60 synthetic paths" in card.of("volatility")[0].note
    assert "200 or more are wanted" in card.of("volatility")[0].note


def test_shuffled_rows_fail_on_autocorrelation(real, quick):
    card = judged(real, shuffled(real, 4), quick)
    assert uses(card)["backtest"] == "fail"
    failed = {score.metric for score in card.scores if score.verdict == "fail" and score.use == "backtest"}
    assert {"autocorrelation", "clustering"} <= failed
    assert not {"kolmogorov", "wasserstein"} & failed


def test_two_percent_planted_copies_are_caught_with_the_right_count(real, twin, quick):
    rng = np.random.default_rng(21)
    days = rng.random(twin.close.shape[:2]) < 0.02
    source = rng.integers(0, len(real.dates), days.sum())
    columns = {name: values.copy() for name, values in twin.columns.items()}
    for name, values in columns.items():
        values[days] = real.columns[name][0, source]
    card = judged(real, with_columns(twin, **columns), quick, metrics=("bar_copies", "shape_copies"))
    (bars,) = card.of("bar_copies")
    assert (bars.value, bars.verdict) == (2 * days.sum(), "fail")
    assert uses(card)["share"] == "fail"
    assert f"{2 * days.sum()} of {twin.close.size} are copies" in card.verdicts()["share"].reasons[0]


def test_real_bars_as_they_are_may_not_be_shared(real, quick):
    card = judged(real, real, quick)
    assert uses(card)["share"] == "fail"
    assert "fail" not in {score.verdict for score in card.scores if score.use != "share"}
    assert card.of("bar_copies")[0].value == 2 * len(real.dates)


def test_a_given_hold_out_is_the_floor_of_a_single_path(real, quick):
    early, middle, late = (between(real, k * 1_090, (k + 1) * 1_090) for k in range(3))
    card = judged(early, late, quick, middle, metrics=("kolmogorov", "expected_shortfall", "near_copies"))
    swapped = judged(early, middle, quick, metrics=("kolmogorov", "expected_shortfall"))
    floors = {(s.metric, s.subject): s.floor for s in card.scores if s.metric != "near_copies"}
    values = {(s.metric, s.subject): s.value for s in swapped.scores}
    for key, floor in floors.items():
        assert floor == pytest.approx(values[key], abs=0.02)


def test_assets_match_by_name_then_by_position(real, quick):
    own = resampled(real, 9, 400, seed=2)
    swapped = Paths(
        ("IBM", "AAPL"), own.dates, {name: values[:, :, ::-1] for name, values in own.columns.items()}
    )
    renamed = replace(own, assets=("one", "two"))
    values = [
        [score.value for score in judged(real, paths, quick, metrics=("kolmogorov", "correlation")).scores]
        for paths in (own, swapped, renamed)
    ]
    assert values[1] == pytest.approx(values[0])
    assert values[2] == pytest.approx(values[0])
    single = Paths(("MSFT",), own.dates, {"close": own.close[:, :, :1]})
    with pytest.raises(DataError, match="in common"):
        judged(real, single, quick)


def test_a_short_panel_of_closes_is_judged_as_far_as_it_goes(real, quick):
    own = resampled(real, 1, 120, seed=2)
    closes = Paths(own.assets[:1], own.dates, {"close": own.close[:, :, :1]})
    card = judged(real, closes, quick)
    assert {score.verdict for score in card.of("autocorrelation")} >= {"not computed"}
    assert card.of("bar_copies")[0].verdict == "not computed"
    assert card.of("kolmogorov")[0].value is not None
    assert {score.subject for score in card.of("kolmogorov")} == {"AAPL return"}


def test_unusable_prices_are_refused_with_the_column(real, quick):
    broken = real.columns["low"].copy()
    broken[0, 5, 0] = -1.0
    with pytest.raises(DataError, match="low"):
        judged(real, with_columns(real, low=broken), quick)
    with pytest.raises(DataError, match="64 bars"):
        judged(real, between(real, 0, 30), quick)


def test_thinned_paths_and_scores_depend_on_the_seed_alone(real, quick):
    own = resampled(real, 30, 300, seed=2)
    few = replace(quick, max_paths=10)
    first, again = (judged(real, own, few, metrics=("hill", "bar_copies")) for _ in range(2))
    assert first == again
    assert first.of("hill")[0].n == 10 * 300
    assert first.of("bar_copies")[0].n == own.close[:, 1:].size  # all paths begin at the same close


def test_a_history_that_all_paths_share_is_no_copy(real, quick):
    own = resampled(real, 9, 300, seed=2)
    joined = {name: values.copy() for name, values in own.columns.items()}
    for name, values in joined.items():
        values[:, :40] = real.columns[name][:, -40:]
    card = judged(real, with_columns(own, **joined), quick, metrics=("bar_copies", "window_copies"))
    assert {score.verdict for score in card.scores} == {"pass"}
    single = {name: values[:1] for name, values in joined.items()}
    alone = judged(real, Paths(own.assets, own.dates, single), quick, metrics=("bar_copies",))
    assert alone.of("bar_copies")[0].value == 80


@pytest.mark.slow
def test_the_whole_battery_with_judges_on_good_and_held_out_bars(real):
    settings = Settings()
    middle = len(real.dates) // 2
    held = evaluate(between(real, 0, middle), between(real, middle, len(real.dates)), Streams(7), settings)
    assert uses(held) == {"stress a portfolio": "no power", "backtest": "no power", "share": "pass"}
    good = evaluate(real, resampled(real, 100, 2_520, seed=2), Streams(7), settings)
    assert {score.metric for score in good.scores} == set(ORDER)
    assert uses(good)["stress a portfolio"] == "pass"
    assert uses(good)["backtest"] == "pass"
    assert "not computed" not in {score.verdict for score in good.scores}


@pytest.mark.slow
def test_real_against_real_seldom_raises_a_false_alarm(shared):
    """Later parts and inner blocks of five US assets against the rest: at most one use in ten fails."""
    import pandas as pd

    table = pd.read_parquet(shared / "market_daily" / "us_etf_stock_ohlcv_1998_2020.parquet")
    settings = Settings(bootstrap=100)
    alarms = []
    for name in ("SPY", "IWM", "EEM", "AAPL", "IBM"):
        rows = table[table["Ticker"] == name].sort_values("Date")
        columns = {
            field: rows[f"Adj{field.title()}"].to_numpy(float)[None, :, None]
            for field in ("open", "high", "low", "close")
        }
        columns["high"] = np.maximum.reduce([columns[field] for field in ("open", "high", "close")])
        columns["low"] = np.minimum.reduce([columns[field] for field in ("open", "low", "close")])
        columns["volume"] = rows["Volume"].to_numpy(np.int64)[None, :, None]
        bars = Paths((name,), rows["Date"].to_numpy().astype("datetime64[D]"), columns)
        for begin in range(0, len(bars.dates) - 3_000, 1_000):
            part = between(bars, begin, begin + 3_000)
            for start, stop in ((1_500, 3_000), (2_100, 3_000), (1_200, 1_950)):
                card = judged(without(part, start, stop), between(part, start, stop), settings)
                alarms += [verdict == "fail" for verdict in uses(card).values()]
    assert len(alarms) >= 90
    assert np.mean(alarms) <= 0.10
