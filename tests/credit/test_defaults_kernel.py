import numpy as np
import pytest
from naive import defaults as naive
from scipy.special import ndtr, ndtri
from scipy.stats import binom, chi2

from finsim.kernels.defaults import DENSE_PD, draw_losses


def pool(rng, size, follows, pd_low=1e-4, pd_high=0.3):
    pd, rho = rng.uniform(pd_low, pd_high, size), rng.uniform(0.02, 0.24, size)
    lgd = rng.uniform(0.05, 1.0, size)
    kappa = (ndtri(pd) - ndtri(pd * lgd)) / np.sqrt(1 - rho)
    severity = kappa if follows else lgd
    return np.column_stack(
        [ndtri(pd) / np.sqrt(1 - rho), np.sqrt(rho / (1 - rho)), rng.uniform(1, 9, size), severity]
    )


def bucketed(pools, columns, shifts, follows, indices):
    starts = np.concatenate([[0], np.cumsum([len(p) for p in pools])])
    rows = []
    for k, p in enumerate(pools):
        bounds = (p[:, 0].max(), p[:, 1].min(), p[:, 1].max()) if len(p) else (0.0, 0.0, 0.0)
        rows.append([columns[k], shifts[k], *bounds, float(follows[k]), indices[k]])
    return starts, np.array(rows), np.ascontiguousarray(np.concatenate(pools))


def run(seed, first, factors, starts, bucket, loan):
    losses, hits = np.zeros(len(factors)), np.zeros(len(loan), dtype=np.int64)
    draw_losses(np.uint64(seed), first, factors, starts, bucket, loan, losses, hits)
    return losses, hits


def test_equals_the_plain_twin_on_mixed_buckets():
    rng = np.random.default_rng(1)
    follows = [True, False, True, False, True]
    pools = [pool(rng, n, f) for n, f in zip([40, 1, 0, 25, 60], follows, strict=True)]
    args = bucketed(pools, [0, 1, 0, 1, 1], [0.0, -1.0, 0.0, 0.5, -2.0], follows, [1, 1, 1, 0.6, 1.2])
    factors = np.concatenate([rng.standard_normal((40, 2)), [[8, -8], [-8, 8], [0, 0], [40, 40]]])
    losses, hits = run(77, 5, factors, *args)
    plain, plain_hits = naive.draw_losses(
        77, 5, factors.tolist(), args[0].tolist(), args[1].tolist(), args[2].tolist(), DENSE_PD
    )
    assert hits.tolist() == plain_hits
    assert hits.sum() > 300
    np.testing.assert_allclose(losses, plain, rtol=1e-12)


@pytest.mark.parametrize("pd", [1e-12, 1e-6, 0.02, 0.39, 0.41, 0.999999])
def test_equals_the_plain_twin_at_the_ends_of_pd(pd):
    loan = np.tile([ndtri(pd), 0.0, 2.0, 0.5], (200, 1))
    bucket = np.array([[0.0, 0.0, ndtri(pd), 0.0, 0.0, 0.0, 1.0]])
    factors = np.zeros((30, 1))
    losses, hits = run(3, 0, factors, np.array([0, 200]), bucket, loan)
    plain, plain_hits = naive.draw_losses(
        3, 0, factors.tolist(), [0, 200], bucket.tolist(), loan.tolist(), DENSE_PD
    )
    assert hits.tolist() == plain_hits
    np.testing.assert_allclose(losses, plain, rtol=1e-12)


def test_each_loan_defaults_at_its_own_rate():
    """Thinning within a bucket is exact: chi-square over 200 loans of PD 0.1 % to 30 %."""
    rng = np.random.default_rng(2)
    draws = 20_000
    loan = pool(rng, 200, False, 1e-3, 0.3)
    args = bucketed([loan], [0], [0.0], [False], [1.0])
    _, hits = run(11, 0, np.full((draws, 1), -0.4), *args)
    rate = ndtr(loan[:, 0] + 0.4 * loan[:, 1])
    statistic = ((hits - draws * rate) ** 2 / (draws * rate * (1 - rate))).sum()
    assert 1e-3 < chi2.sf(statistic, len(loan)) < 1 - 1e-3


@pytest.mark.parametrize("pd", [0.004, 0.05, 0.38, 0.45])
def test_counts_are_binomial(pd):
    """Skipping (below 40 %) and one uniform per loan (above) both give binomial(300, PD) counts."""
    draws, size = 20_000, 300
    loan = np.tile([ndtri(pd), 0.0, 1.0, 1.0], (size, 1))
    bucket = np.array([[0.0, 0.0, ndtri(pd), 0.0, 0.0, 0.0, 1.0]])
    counts, _ = run(5, 0, np.zeros((draws, 1)), np.array([0, size]), bucket, loan)
    edges = np.unique(binom.ppf(np.linspace(0.0, 1.0, 21)[1:-1], size, pd))
    chance = np.diff(np.concatenate([[0.0], binom.cdf(edges, size, pd), [1.0]]))
    seen = np.bincount(np.searchsorted(edges, np.rint(counts)), minlength=len(chance))
    statistic = ((seen - draws * chance) ** 2 / (draws * chance)).sum()
    assert chi2.sf(statistic, len(chance) - 1) > 1e-3


def test_pairs_of_loans_default_independently_given_the_factor():
    draws, size = 4_000, 40
    loan = np.tile([ndtri(0.2), 0.0, 1.0, 1.0], (size, 1))
    bucket = np.array([[0.0, 0.0, ndtri(0.2), 0.0, 0.0, 0.0, 1.0]])
    seen = np.zeros((draws, size))
    for d in range(draws):
        seen[d] = run(8, d, np.zeros((1, 1)), np.array([0, size]), bucket, loan)[1]
    r = np.corrcoef(seen, rowvar=False)[np.triu_indices(size, 1)]
    assert abs(r.mean()) * np.sqrt(draws * len(r)) < 4
    assert r.var() * draws == pytest.approx(1.0, abs=4 * np.sqrt(2 / len(r)))


def test_a_draw_does_not_depend_on_the_batch_it_is_in():
    rng = np.random.default_rng(4)
    args = bucketed([pool(rng, 80, True)], [0], [-1.0], [True], [1.0])
    factors = rng.standard_normal((50, 1))
    whole, _ = run(6, 0, factors, *args)
    parts = [run(6, k, factors[k : k + 10], *args)[0] for k in range(0, 50, 10)]
    assert np.array_equal(whole, np.concatenate(parts))
