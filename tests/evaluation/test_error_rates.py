"""False alarms, faults found and coverage of the verdicts on price paths, by simulation.

The fast tests are a small part of `benchmarks/verdict_error_rates.py`; the slow ones are the whole of it.
"""

import importlib
import sys
from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from finsim.evaluation.long_run.mean_return import calm_mean

pytestmark = pytest.mark.sweep

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))
rates = importlib.import_module("verdict_error_rates")
laws = importlib.import_module("price_laws")

HEAVY, MILD = laws.LAWS
FAULTS = tuple(laws.faults(laws.LAWS[HEAVY]))
SURE = [name for name in FAULTS if name.startswith(("drift of -40", "pull", "volatility frozen", "tails"))]


def test_the_law_has_the_stated_volatility_and_tails():
    moves = laws.returns(np.random.default_rng(3), 40, laws.LAWS[MILD])
    assert moves.std() == pytest.approx(laws.VOLATILITY, rel=0.05)
    assert np.corrcoef(moves[..., 0].ravel(), moves[..., 1].ravel())[0, 1] == pytest.approx(0.5, abs=0.05)


def test_the_bound_of_a_drift_by_hand():
    steady = laws.Law(alpha=0.0, gamma=0.0, beta=0.0, freedom=1e9)
    found = laws.drift_error(steady, np.zeros((1, 400, 2)))
    # The mean of two assets of correlation .5 over 400 days.
    assert found == pytest.approx(252 * laws.VOLATILITY * np.sqrt(0.75 / 400))
    heavy = laws.drift_error(laws.Law(0.0, 0.0, 0.0, 6), np.zeros((1, 400, 2)))
    assert heavy == pytest.approx(found / np.sqrt(8 / 10 * 6 / 4))


@pytest.mark.parametrize("seeds", [1, pytest.param(4, marks=pytest.mark.slow)])
def test_a_perfect_generator_hardly_ever_fails(seeds):
    failed = [rates.failed_uses(law, "", 40, seed) for law in (HEAVY, MILD) for seed in range(seeds)]
    assert sum(bool(uses) for uses in failed) <= seeds // 4


@pytest.mark.parametrize("fault", SURE)
def test_gross_faults_are_found(fault):
    assert rates.failed_uses(MILD, fault, 40, 1)


@pytest.mark.parametrize(
    ("fault", "subject"),
    [("2 distinct paths of 40", "repeated paths"), ("one path dead flat", "still paths")],
)
def test_paths_that_are_none_are_counted(fault, subject):
    scores = rates.replicate(MILD, fault, 40, 2).scores
    assert {s.subject: s.verdict for s in scores if s.metric == "distinct_paths"}[subject] == "fail"
    assert all(s.value is not None for s in scores if s.metric in ("volatility", "mean_return", "hill"))


def test_thin_tails_have_the_stated_shortfall():
    rng = np.random.default_rng(4)
    moves = laws.returns(rng, 60, laws.LAWS[HEAVY])
    thin = laws.thin_tails(0.75, moves, rng)
    for sign in (-1.0, 1.0):
        ordered = [np.sort((sign * values[..., 0]).ravel()) for values in (moves, thin)]
        before, after = (values[-len(moves) * 25 :].mean() for values in ordered)
        assert after / before == pytest.approx(0.75, abs=0.01)
    assert np.median(np.abs(thin)) == pytest.approx(np.median(np.abs(moves)))


def test_crises_of_one_asset_are_moved_and_nothing_is_lost():
    rng = np.random.default_rng(5)
    moves = laws.returns(rng, 3, laws.LAWS[HEAVY])
    apart = laws.crises_apart(0.04, moves, rng)
    assert np.array_equal(apart[..., 0], moves[..., 0])
    assert np.array_equal(np.sort(apart[..., 1], axis=1), np.sort(moves[..., 1], axis=1))
    sizes = [np.abs(each).reshape(3, -1, 5, 2).mean(axis=2) for each in (moves, apart)]
    together = [np.mean([np.corrcoef(path.T)[0, 1] for path in size]) for size in sizes]
    assert together[1] < together[0] - 0.1


def test_crisis_weeks_are_removed_from_the_day_on_which_they_begin():
    rng = np.random.default_rng(6)
    moves = laws.returns(rng, 2, laws.LAWS[HEAVY])
    gone = laws.without_crises(0.04, 2, moves, rng)
    sizes = [np.abs(each[:, 2:2_517]).reshape(2, -1, 5, 2).mean(axis=(2, 3)) for each in (moves, gone)]
    assert np.quantile(sizes[0], 0.95) < sizes[1].max() <= np.quantile(sizes[0], 0.965)
    assert (gone == moves).mean() > 0.9


@pytest.fixture(scope="module")
def pool():
    with ProcessPoolExecutor(2) as workers:
        yield workers


@pytest.mark.slow
@pytest.mark.parametrize("law", [HEAVY, MILD])
def test_law_against_itself_fails_in_at_most_five_percent(law, pool):
    keys = [("law", law, "", seed) for seed in range(10_000, 10_200)]
    found = list(pool.map(partial(rates.of_law, 100), keys))
    assert all(rates.count(found, use, "fail") <= 10 for use in rates.USES)
    assert all(rates.count(found[::5], use, "pass") >= 36 for use in rates.USES)  # those with the classifier


@pytest.mark.slow
@pytest.mark.parametrize("law", [HEAVY, MILD])
def test_no_other_statistic_could_know_the_drift_much_better(law):
    """The error of the calm mean beside the information bound, and the power that follows from it."""
    moves = laws.returns(np.random.default_rng(17), 2_000, laws.LAWS[law])
    error = np.mean([calm_mean(moves[:, :, asset]) for asset in (0, 1)], axis=0).std()
    bound = laws.drift_error(laws.LAWS[law], moves)
    assert 0.95 * bound < error < 1.06 * bound
    first_step = 0.05 / 17 / 2  # two of seventeen parts, of which the first score has half; two-sided
    edge = stats.norm.isf(first_step)
    assert stats.norm.sf(edge - (0.252 - 0.02) / error) > 0.85
    assert stats.norm.sf(edge - (0.252 - 0.02) / bound) < 0.99


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_fails_in_four_of_five(fault, pool):
    # A drift of +29 % a year lies at the edge: seeds of both blocks that were looked at, and 7 of 10, not 8.
    is_at_the_edge = "+29 %" in fault
    seeds = (*range(10_000, 10_020), *(range(500_000, 500_060) if is_at_the_edge else ()))
    for law in laws.LAWS:
        keys = [("fault", law, fault, seed) for seed in seeds]
        found = sum(bool(found["fails"]) for found in pool.map(partial(rates.of_law, 100), keys))
        assert found >= (0.7 if is_at_the_edge else 0.8) * len(seeds)


@pytest.mark.slow
def test_intervals_cover_ninety_to_ninety_eight_percent(pool):
    jobs = [pool.submit(rates.covered, law, 40, 1_000, 6, seed) for law in laws.LAWS for seed in range(6)]
    found = defaultdict(list)
    for job in jobs:
        for name, held in job.result().items():
            found[name] += held
    counted = ("distinct_paths", "tail_reach")  # counts and extremes: no noise of a mean in them
    every = [held for name, all_held in found.items() if name not in counted for held in all_held]
    assert 0.90 <= np.mean(every) <= 0.98
    # Panels share the value they aim at, so that 6 reals a law are few: four standard errors below.
    assert all(np.mean(held) >= 0.80 for held in found.values())


@pytest.mark.slow
def test_real_prices_beside_real_prices_do_not_fail(shared, pool):
    found = {sort: list(pool.map(rates.verdict_words, pairs(shared))) for sort, pairs in rates.SPLITS.items()}
    assert all(len(cards) == 60 for cards in found.values())
    single, windows, halves = found.values()
    assert not any(rates.count(single, use, "fail") for use in rates.USES)
    assert all(rates.count(windows, use, "fail") <= 3 for use in rates.USES)
    # Of 60 splits at 5 % each up to 6 fail in 97 of 100 draws.
    assert all(rates.count(halves, use, "fail") <= 6 for use in rates.USES)
