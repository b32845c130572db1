"""Each fault is seen by the metric that is there for it, and left alone by the ones that are not."""

import numpy as np
import pytest
from price_stand_ins import bars, resampled, shuffled

from finsim.evaluation import METRICS
from finsim.evaluation.case import path_case
from finsim.evaluation.columns import GAP, LOWER, RETURN, UPPER, VOLUME, bar_columns, between
from finsim.evaluation.verdicts import judged_together
from finsim.randomness import Streams
from finsim.records.paths import Paths

pytestmark = pytest.mark.sweep


def verdicts(name: str, real: Paths, synthetic: Paths, quick) -> dict[str, str]:
    """Return the verdicts of one metric, its scores judged together."""
    case = path_case(real, None, synthetic, Streams(7), quick)
    return {score.subject: score.verdict for score in judged_together(METRICS.load(name).compute(case))}


GOOD = (
    "kolmogorov",
    "wasserstein",
    "clustering",
    "expected_shortfall",
    "correlation",
    "tail_dependence",
    "drift",
)


@pytest.mark.parametrize("name", GOOD)
def test_a_jittered_resample_passes(name, real, twin, quick):
    assert set(verdicts(name, real, twin, quick).values()) <= {"pass", "warn", "no power"}


@pytest.mark.parametrize("seed", [1, 2])
def test_shuffled_rows_fail_on_clustering_while_every_margin_passes(real, quick, seed):
    rows = shuffled(real, seed)
    assert set(verdicts("clustering", real, rows, quick).values()) == {"fail"}
    assert "fail" in verdicts("autocorrelation", real, rows, quick).values()
    for name in ("kolmogorov", "wasserstein", "hill", "expected_shortfall", "correlation", "tail_dependence"):
        found = verdicts(name, real, rows, quick)
        # Shuffled volume changes make volume a random walk that leaves the whole numbers.
        judged = {found[subject] for subject in found if VOLUME not in subject}
        assert judged <= {"pass", "no power"}, name


def test_shuffled_paths_fail_as_well(real, quick):
    many = [bar_columns(shuffled(real, seed)) for seed in range(8)]
    joined = {name: np.concatenate([columns[name] for columns in many]) for name in many[0]}
    found = verdicts("autocorrelation", real, bars(joined, real.assets), quick)
    assert [found[subject] for subject in found if "|r|" in subject] == ["fail", "fail"]


def test_capped_tails_fail_on_the_tail_while_ks_passes(real, quick):
    columns = bar_columns(resampled(real, 40, 1_512, seed=5))
    limit = np.quantile(np.abs(columns[RETURN]), 0.99, axis=(0, 1))
    columns[RETURN] = np.clip(columns[RETURN], -limit, limit)
    capped = bars(columns, real.assets)
    assert set(verdicts("tail_reach", real, capped, quick).values()) == {"fail"}
    assert verdicts("worst_falls", real, capped, quick)["all assets, worst day"] == "fail"
    found = verdicts("kolmogorov", real, capped, quick)
    assert {found[f"{asset} return"] for asset in real.assets} == {"pass"}


def test_gaussian_returns_fail_on_tails_and_clustering(real, quick):
    rng = np.random.default_rng(9)
    columns = bar_columns(resampled(real, 40, 1_512, seed=5))
    returns = bar_columns(real)[RETURN][0]
    root = np.linalg.cholesky(np.cov(returns.T))
    columns[RETURN] = rng.standard_normal(columns[RETURN].shape) @ root.T
    gaussian = bars(columns, real.assets)
    assert "fail" in verdicts("hill", real, gaussian, quick).values()
    assert set(verdicts("clustering", real, gaussian, quick).values()) == {"fail"}
    assert verdicts("correlation", real, gaussian, quick)["returns across assets"] == "pass"


def test_independent_columns_with_equal_margins_fail_on_dependence_only(real, twin, quick):
    rng = np.random.default_rng(13)
    columns = bar_columns(twin)
    mixed = {}
    for name in (RETURN, GAP, UPPER, LOWER, VOLUME):
        order = np.argsort(rng.random(columns[name].shape[0]))
        mixed[name] = columns[name].copy()
        mixed[name][:, :, 1] = columns[name][np.roll(order, 1)][:, :, 1]
    apart = bars(mixed, real.assets)
    assert verdicts("correlation", real, apart, quick)["returns across assets"] == "fail"
    assert set(verdicts("tail_dependence", real, apart, quick).values()) <= {"fail", "warn"}
    found = verdicts("kolmogorov", real, apart, quick)
    assert {found[f"{asset} return"] for asset in real.assets} == {"pass"}


def test_volatility_that_grows_with_the_years_fails_on_drift(real, quick):
    columns = bar_columns(resampled(real, 40, 2_520, seed=5))
    growth = np.exp(np.linspace(-0.4, 0.4, 2_520))[None, :, None]
    columns[RETURN] = columns[RETURN] * growth
    found = verdicts("drift", real, bars(columns, real.assets), quick)
    assert {verdict for subject, verdict in found.items() if "volatility" in subject} == {"fail"}
    assert set(verdicts("drift_distance", real, bars(columns, real.assets), quick).values()) == {"fail"}


def test_wrong_ranges_are_seen_by_the_margins_and_the_classifier(real, quick):
    part = between(real, 0, 1_500)
    columns = bar_columns(resampled(part, 12, 1_000, seed=5))
    columns[UPPER] = columns[UPPER] * 1.6
    wide = bars(columns, real.assets)
    found = verdicts("kolmogorov", part, wide, quick)
    assert {found[f"{asset} upper range"] for asset in real.assets} <= {"fail", "warn"}
    assert set(verdicts("two_sample", part, wide, quick).values()) == {"fail"}


def test_unrelated_volume_is_seen_by_the_columns_but_not_by_the_returns(real, twin, quick):
    columns = bar_columns(twin)
    rng = np.random.default_rng(19)
    columns[VOLUME] = rng.permuted(columns[VOLUME], axis=1)
    found = verdicts("correlation", real, bars(columns, real.assets), quick)
    assert found["returns across assets"] == "pass"
