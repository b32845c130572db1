"""Equal lengths, ranks of the real path, folded intervals, and the ranked numbers against plain loops."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import wasserstein_distance

from finsim.evaluation import METRICS
from finsim.evaluation.case import log_gap, mean_gap, path_case
from finsim.evaluation.columns import RETURN, side
from finsim.evaluation.fidelity.distinct_paths import longest_stillness, repeats
from finsim.evaluation.fidelity.tail_reach import chance_of_years
from finsim.evaluation.fidelity.volatility import monthly_volatility
from finsim.evaluation.long_run.drawdown import max_drawdown
from finsim.evaluation.long_run.mean_return import calm_mean
from finsim.evaluation.long_run.variance_ratio import log_variance_ratio
from finsim.evaluation.long_run.wild_weeks import week_sizes
from finsim.evaluation.path_numbers.past_size import past_size
from finsim.evaluation.paths import evaluate_paths
from finsim.evaluation.ranks.equal_lengths import equal_lengths, reference_groups
from finsim.evaluation.ranks.folded_intervals import RAY_TAIL, folded_interval, inside, shrunk_interval
from finsim.evaluation.settings import Settings
from finsim.randomness import Streams
from finsim.records.paths import Paths


@pytest.fixture
def rng():
    return np.random.default_rng(12)


def closes(moves: np.ndarray, start: str = "2000-01-03") -> Paths:
    levels = np.cumsum(np.pad(moves, ((0, 0), (1, 0), (0, 0))), axis=1)
    names = tuple("AB"[: moves.shape[2]])
    return Paths(names, np.datetime64(start) + np.arange(levels.shape[1]), {"close": 100 * np.exp(levels)})


def walks(rng, count: int, days: int, assets: int = 1) -> Paths:
    return closes(0.01 * rng.standard_normal((count, days, assets)))


def test_a_longer_real_path_is_cut_into_parts_that_cover_it(rng):
    real, own = side(walks(rng, 1, 2_199)), side(walks(rng, 20, 1_260))
    cut = equal_lengths(real, own, 252, rng)
    assert (cut.real.count, cut.real.steps, cut.own.count, cut.blocks) == (2, 1_260, 20, 1)
    whole = real.columns[RETURN][0]
    assert np.array_equal(cut.real.columns[RETURN][0], whole[:1_260])
    assert np.array_equal(cut.real.columns[RETURN][1], whole[-1_260:])
    # 1,878 days counted once and 321 twice: 2,520^2 / (1,878 + 4 x 321) / 1,260 = 1.594 independent paths.
    assert cut.groups.shape[1] == 2
    assert cut.scale == pytest.approx(np.sqrt((1 / 1.594 + 1 / 20) * 2), rel=1e-3)


def test_longer_synthetic_paths_give_several_parts_of_one_path(rng):
    own = side(walks(rng, 9, 700))
    cut = equal_lengths(side(walks(rng, 1, 300)), own, 252, rng)
    assert (cut.own.count, cut.blocks, cut.groups.shape[1], cut.scale) == (18, 2, 1, 1.0)
    assert np.array_equal(cut.own.columns[RETURN][3], own.columns[RETURN][1, 300:600])
    assert np.allclose(np.diff(np.log(cut.own.paths.close), axis=1), cut.own.columns[RETURN])


def test_short_synthetic_paths_stand_for_no_more_parts_than_there_are_double_years(rng):
    cut = equal_lengths(side(walks(rng, 1, 2_520)), side(walks(rng, 50, 100)), 252, rng)
    assert cut.real.count == 26
    assert cut.groups.shape[1] == 5  # 2,520 / 504


def test_groups_have_the_spread_of_the_stated_number_of_paths():
    rng = np.random.default_rng(3)
    values = rng.standard_normal(4_000)
    groups, scale = reference_groups(rng, 4_000, 2.5)
    spread = (scale * (values[groups].mean(axis=1) - values.mean())).std()
    assert spread == pytest.approx(np.sqrt(1 / 2.5 + 1 / 4_000), rel=0.05)


def test_a_single_number_is_compared_with_the_mean_of_the_others_on_its_own_side(rng):
    real, own = walks(rng, 1, 400), walks(rng, 30, 400)
    case = path_case(real, None, own, Streams(1), Settings(bootstrap=50))
    found, estimates = case.series(RETURN, 0, lambda v: v.std(axis=1, keepdims=True), mean_gap)
    spreads = case.synthetic.column(RETURN, 0).std(axis=1)
    target = case.real.column(RETURN, 0).std()
    assert found.value == pytest.approx(abs(spreads.mean() - target))
    side_of = np.sign(target - spreads.mean())
    loop = [side_of * (spreads[k] - np.delete(spreads, k).mean()) for k in range(30)]
    assert found.floors == pytest.approx(loop)
    assert found.two_sided
    assert estimates.paths.shape == (30, 1)


def test_a_path_without_a_value_is_left_out_and_told(rng):
    moves = 0.01 * rng.standard_normal((20, 300, 1))
    moves[4] = 0.0
    case = path_case(walks(rng, 1, 300), None, closes(moves), Streams(1), Settings(bootstrap=50))
    found, _ = case.series(
        RETURN, 0, lambda v: np.where(v.std(axis=1) > 0, v.std(axis=1), np.nan)[:, None], log_gap
    )
    assert len(found.floors) == 19
    assert "1 of them without a value" in found.told


@pytest.mark.parametrize("truth", [0.0, 0.15, 1.0])
def test_folded_intervals_cover_what_they_should(rng, truth):
    held = []
    for _ in range(600):
        seen = truth + 0.2 * rng.standard_normal()
        draws = seen + 0.2 * rng.standard_normal((300, 1))
        low, high = folded_interval(draws, np.zeros(1), mean_gap)
        held.append(low <= truth <= high)
    assert 0.925 <= np.mean(held) <= 0.99


@pytest.mark.parametrize("size", [0.0, 0.05, 0.3])
def test_shrunk_intervals_cover_a_mean_gap_however_small(rng, size):
    truth = size * rng.choice([-1.0, 1.0], 40)
    held, values = [], []
    for _ in range(300):
        seen = truth + 0.1 * rng.standard_normal(40)
        noise = 0.1 * rng.standard_normal((100, 40))
        low, high = shrunk_interval(seen, noise, np.zeros(40), mean_gap)
        held.append(low <= size <= high)
        values.append(np.abs(seen).mean())
    assert 0.92 <= np.mean(held) <= 1.0
    if size == 0.05:
        assert np.mean(values) > 1.5 * size  # the plain value is far off: noise folds into it


@pytest.mark.parametrize("paths", [9, 60])
@pytest.mark.parametrize("jump", [0.0, 0.5, 6.0])
def test_the_area_is_exact_for_far_values_and_any_number_of_paths(rng, paths, jump):
    moves = 0.01 * rng.standard_normal((paths, 500, 1))
    moves[0, 100] += jump
    moves[0, 101] -= jump
    real, own = walks(rng, 1, 500), closes(moves)
    (score,) = evaluate_paths(real, None, own, Streams(1), Settings(bootstrap=30), ["wasserstein"])
    rows = np.diff(np.log(real.close[0, :, 0]))
    scale = np.subtract(*np.quantile(rows, [0.75, 0.25]))
    exact = wasserstein_distance(rows, np.diff(np.log(own.close), axis=1).ravel()) / scale
    assert score.value == pytest.approx(exact, rel=0.02)


def test_the_mean_of_calm_days_moves_with_the_drift_and_errs_less(rng):
    size = np.exp(np.repeat(rng.standard_normal((200, 40)), 63, axis=1)) * 0.01
    moves = size * rng.standard_normal(size.shape)
    shift = calm_mean(moves + 0.001) - calm_mean(moves)
    assert shift.mean() == pytest.approx(0.252, rel=0.1)
    assert calm_mean(moves).std() < 0.5 * (moves.mean(axis=1) * 252).std()
    loop = np.abs(moves[0, :21]).mean()
    for day in range(5):
        assert past_size(moves)[0, day] == pytest.approx(loop)
        loop = 0.94 * loop + 0.06 * abs(moves[0, day])


def test_variance_ratios_by_hand_and_of_a_pull(rng):
    moves = rng.standard_normal((1, 300))
    sums = [moves[0, k : k + 10].sum() - 10 * moves.mean() for k in range(291)]
    by_hand = np.log(np.mean(np.square(sums)) / (10 * moves.var()))
    assert log_variance_ratio(10, moves)[0] == pytest.approx(by_hand)
    assert abs(log_variance_ratio(21, rng.standard_normal((1, 60_000)))[0]) < 0.1
    pulled = np.diff(rng.standard_normal((1, 5_000)), axis=1)
    assert log_variance_ratio(63, pulled)[0] < -2


def test_falls_pauses_and_repetitions_by_hand(rng):
    assert max_drawdown(np.array([[0.1, -0.2, 0.05, -0.1, 0.3]])) == pytest.approx([0.25])
    assert max_drawdown(np.array([[0.1, 0.2]])) == pytest.approx([0.0])
    assert longest_stillness(np.array([[[1.0], [0.0], [0.0], [2.0], [0.0]]])).tolist() == [[2]]
    moves = rng.standard_normal((4, 200, 2))
    moves[3] = 2.0 * moves[1] + 0.05 * rng.standard_normal((200, 2))
    assert repeats(moves).tolist() == [False, False, False, True]
    assert monthly_volatility(np.tile([3.0, 4.0], (1, 21)))[0] == pytest.approx([np.sqrt(12.5)] * 2, rel=0.02)


def test_days_beyond_all_others_are_the_less_likely_the_more_years_have_them():
    own, real = np.zeros((99, 504)), np.zeros((1, 504))
    real[0, [3, 4, 5]] = 1.0
    assert chance_of_years(real, own, 0.002, 252) == pytest.approx(1 / 100)
    real[0, 300] = 1.0
    assert chance_of_years(real, own, 0.002, 252) == pytest.approx(1 / 100**2)
    assert chance_of_years(real, own, 0.01, 252) == 1.0


def test_one_flat_path_of_many_leaves_every_other_score(rng):
    moves = 0.01 * rng.standard_normal((40, 800, 2))
    moves[7] = 0.0
    real, names = walks(rng, 1, 800, 2), ("distinct_paths", "volatility", "drift", "hill", "kurtosis")
    scores = evaluate_paths(real, None, closes(moves), Streams(1), Settings(bootstrap=50), names)
    found = {score.subject: score for score in scores if score.metric == "distinct_paths"}
    assert found["still paths"].verdict == "fail"
    assert "path 7" in found["still paths"].reason
    assert all(score.value is not None for score in scores)
    whole = replace(closes(moves), columns={"close": np.delete(closes(moves).close, 7, axis=0)})
    again = evaluate_paths(real, None, whole, Streams(1), Settings(bootstrap=50), names)
    assert all(score.verdict != "fail" for score in again)


@pytest.mark.parametrize("phase", range(5))
def test_weeks_begin_on_each_of_five_days(rng, phase):
    paths = walks(rng, 2, 73, 2)
    sizes = np.abs(paths.returns()).mean(axis=2)
    expected = [[path[k : k + 5].mean() for k in range(phase, len(path) - 4, 5)] for path in sizes]
    assert np.allclose(week_sizes(side(paths), phase), expected)


@pytest.mark.parametrize("first", range(5))
def test_real_crisis_weeks_beyond_all_paths_are_seen_on_any_day(first):
    rng = np.random.default_rng(6)
    own, moves = walks(rng, 40, 900, 2), 0.01 * rng.standard_normal((1, 900, 2))
    wildest = max(week_sizes(side(own), phase).max() for phase in range(5))
    for begun in (100, 400, 700):
        moves[:, begun + first : begun + first + 5] = 1.03 * wildest
    case = path_case(closes(moves), None, own, Streams(1), Settings(bootstrap=20))
    found = METRICS.load("wild_weeks").compute(case)[0]
    assert f"begun at row {first}" in found.note
    # Three weeks in three years, beyond all of 40 paths: the chance is 5 / 41^3.
    assert (found.verdict, found.p) == ("warn", pytest.approx(5 / 41**3, rel=0.02))


@pytest.mark.parametrize(("shift", "verdict"), [(0, "pass"), (3, "warn")])
def test_crises_that_two_assets_do_not_share_are_told_by_weeks(rng, shift, verdict):
    def market(count: int, apart: int) -> Paths:
        moves = 0.01 * rng.standard_normal((count, 200, 5, 2))
        for path in moves:
            weeks = rng.choice(200, 10, replace=False)
            path[weeks, :, 0] *= 5.0
            path[(weeks + apart) % 200, :, 1] *= 5.0
        return closes(moves.reshape(count, 1_000, 2))

    case = path_case(market(1, 0), None, market(60, shift), Streams(1), Settings(bootstrap=20))
    _, weeks = METRICS.load("tail_dependence").compute(case)
    assert (weeks.subject, weeks.verdict) == ("wildest 5 % of weeks", verdict)
    assert weeks.value == pytest.approx(1.0 if shift else 0.0, abs=0.1)
    few = path_case(market(1, 0), None, market(3, shift), Streams(1), Settings(bootstrap=20))
    assert [one.verdict for one in METRICS.load("tail_dependence").compute(few)][1] == "no power"


def test_the_upper_end_along_a_ray_is_taken_at_half_the_level():
    assert inside(199) == (pytest.approx(4 / 198), pytest.approx(1 - 4 / 198))
    assert inside(199, 0.0125) == (pytest.approx(1.5 / 198), pytest.approx(1 - 4 / 198))
    # Two statistics that move together, far from the target: the distance is the difference, and the ends
    # are those of the noise.
    noise = np.random.default_rng(2).standard_normal(100)
    point, target = np.full(2, 20.0), np.zeros(2)
    low, high = shrunk_interval(point, np.stack([noise, noise], axis=1), target, mean_gap)
    levels = inside(100, RAY_TAIL)
    assert high == pytest.approx(20.0 - np.quantile(noise, levels[0]))
    assert low == pytest.approx(20.0 - np.quantile(noise, levels[1]))
