"""Bodies of bars judged in one run: window test, facts in their bands, cost; every generator alike.

Usage: python benchmarks/bodies.py PRICES [--generators daily_flow garch regime bootstrap flow] [--seed 0]

The first four fifths of the prices are learned; 40 paths of 2,520 steps are made. AUC: boosted trees tell
32-bar windows of these paths from those of the learned data, folds by half-year (.5 is best; a copier such
as bootstrap has an advantage). Facts, per asset: mean autocorrelation of |r| at lags 1-5, 6-20 and 21-60 and
of r at lag 1, leverage (mean correlation of r with |r| 1 to 10 steps later), Hill index of both sides at 5 %
and 1 %, kurtosis at 1, 5 and 20 steps, volatility, 99.9 % loss; mean over paths inside the 95 % band of 200
resamples of the learned data in blocks of 252. Trend: of each asset's log volatility and mean return, year
by year, the mean slope over paths in its standard errors; the largest is told, which of one asset is beyond 3
once in 300 times by chance. All costs are processor seconds on one thread.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from finsim.engine.market_model.fit_and_sample import Learner, learn
from finsim.evaluation.columns import between, side
from finsim.evaluation.fidelity.window_features import Windows, windows
from finsim.evaluation.learner import fitted_scores, fold_of, weighted_auc
from finsim.generators import GENERATORS
from finsim.markets.features import decode, encode
from finsim.markets.prices import read_prices
from finsim.notation import Array, Float1D
from finsim.randomness import Streams
from finsim.records.paths import Paths

PATHS, STEPS, BLOCK, RESAMPLES = 40, 2520, 252, 200


def auc(real: Windows, made: Windows, folds: int = 5) -> float:
    values = np.concatenate([real.features, made.features])
    is_made = np.repeat([False, True], [len(real.start), len(made.start)])
    groups = np.concatenate([2 * real.group, 2 * made.group + 1])
    draw, fold = np.random.default_rng(0), np.empty(len(values), dtype=int)
    for one in (False, True):
        fold[is_made == one] = fold_of(groups[is_made == one], folds, draw)
    scores = np.zeros(len(values))
    for k in range(folds):
        rest = fold != k
        scores[~rest] = fitted_scores(values[rest], is_made[rest], values[~rest], k, 40)
    return float(weighted_auc(scores, is_made, np.ones((1, len(values))))[0])


def facts(returns: Float1D) -> Float1D:
    sizes = np.abs(returns)
    found = [np.mean([_lagged(sizes, sizes, k) for k in range(low, high + 1)])
             for low, high in ((1, 5), (6, 20), (21, 60))]  # fmt: skip
    found.append(_lagged(returns, returns, 1))
    found.append(np.mean([_lagged(returns, sizes, k) for k in range(1, 11)]))
    found += [_hill(side * returns, share) for share in (0.05, 0.01) for side in (-1.0, 1.0)]
    for size in (1, 5, 20):
        sums = returns[: len(returns) // size * size].reshape(-1, size).sum(axis=1)
        found.append(float(((sums - sums.mean()) ** 4).mean() / sums.var() ** 2))
    return np.array([*found, returns.std(), np.quantile(-returns, 0.999)])


def _lagged(left: Float1D, right: Float1D, lag: int) -> float:
    return float(np.corrcoef(left[:-lag], right[lag:])[0, 1])


def _hill(losses: Float1D, share: float) -> float:
    ordered = np.sort(losses)[::-1][: max(5, int(share * len(losses))) + 1]
    return float(1.0 / np.maximum(np.log(ordered[:-1] / ordered[-1]).mean(), 1e-9))


def bands(returns: Array) -> Array:
    """Return lowest and highest value of every fact of every asset: float64[2, A, facts]."""
    draw, count = np.random.default_rng(1), len(returns)
    found = []
    for _ in range(RESAMPLES):
        starts = draw.integers(0, count - BLOCK, -(-count // BLOCK))
        rows = (starts[:, None] + np.arange(BLOCK)).ravel()[:count]
        found.append([facts(returns[rows, a]) for a in range(returns.shape[1])])
    return np.quantile(np.array(found), (0.025, 0.975), axis=0)


def within(paths: Paths, known: Array) -> tuple[int, int]:
    """Return how many facts, as means over paths, lie in their bands, and how many there are."""
    returns = paths.returns()
    means = np.array([np.mean([facts(one[:, a]) for one in returns], axis=0)
                      for a in range(returns.shape[2])])  # fmt: skip
    met = (means >= known[0]) & (means <= known[1])
    return int(met.sum()), met.size


def trends(paths: Paths) -> Array:
    """Return slopes of volatility and mean over the years, in standard errors over paths: float64[2, A]."""
    returns = paths.returns()
    years = returns.shape[1] // BLOCK
    blocks = returns[:, : years * BLOCK].reshape(len(returns), years, BLOCK, -1)
    year = np.arange(years) - (years - 1) / 2.0
    found = []
    for values in (np.log(np.maximum(blocks.std(axis=2), 1e-12)), blocks.mean(axis=2)):
        slopes = np.einsum("y,pya->pa", year, values) / (year @ year)
        found.append(slopes.mean(axis=0) / np.maximum(slopes.std(axis=0, ddof=1), 1e-300))
    return np.stack(found) * np.sqrt(len(returns))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("data")
    parser.add_argument("--generators", nargs="+", default=["daily_flow", "garch", "regime", "bootstrap"])
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    prices = read_prices(options.data)
    learned = between(prices, 0, int(0.8 * len(prices.dates)))
    features, encoding = encode(learned)
    real, known = windows(side(learned), 32, 8), bands(learned.returns()[0])
    print(f"{len(learned.dates)} bars of {', '.join(learned.assets)}; {len(real.start)} windows", flush=True)
    for name in options.generators:
        GENERATORS.entry(name, "--generators")
        started = time.process_time()
        body = learn(Learner(name), features, encoding, {}, Streams(options.seed))
        fitting = time.process_time() - started
        started = time.process_time()
        dates = encoding.calendar.after(encoding.last_date, STEPS)
        made = decode(body.features(PATHS, STEPS, Streams(options.seed).under("sample")), encoding, dates)
        sampling = time.process_time() - started
        met, count = within(made, known)
        trend = np.abs(trends(made)).max(axis=1)
        print(f"{name}: AUC {auc(real, thinned(windows(side(made), 32, 16), 4 * len(real.start))):.3f}, "
              f"{met} of {count} facts in band, "
              f"largest trend {trend[0]:.1f} and {trend[1]:.1f}, fit {fitting:.1f} CPU s, "
              f"{PATHS} paths {sampling:.2f} CPU s", flush=True)  # fmt: skip


def thinned(found: Windows, most: int) -> Windows:
    """Return at most so many of the windows, drawn without replacement."""
    if len(found.start) <= most:
        return found
    return found.take(np.sort(np.random.default_rng(1).choice(len(found.start), most, replace=False)))


if __name__ == "__main__":
    main()
