"""What an epsilon costs: fidelity of the flow at epsilon 1, 3, 8 and without, by number of entities.

Run: python benchmarks/privacy_fidelity.py [--entities 2000 10000] [--bars] [--learned cards taiwan]

With ``--learned`` the bodies ``events`` and ``tabular`` on real data: see ``learned_privacy.py``.

Entities are simulated assets of 64 days (return and log volume): GARCH(1, 1) with Student-t innovations of
6 degrees, volume answering to the size of the return. With ``--bars`` also the bundled prices of AAPL and
IBM, where an entity is a block of 10 days. The private fits have a smaller network and fewer, larger
updates; these settings were chosen on simulated data of another seed. Seeds are fixed: it is a
measurement, not a release. One line a fit:

noise : of the clip. sd, ES99 : synthetic over real, of returns. W1 : Wasserstein distance in s.d., the
worst channel. corr : largest difference of a correlation of channels. acf : mean autocorrelation of absolute
returns, lags 1 to 10 (real in brackets). AUC : boosted trees on windows of 16 days, real against synthetic;
0.5 is the best.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass, replace

import learned_privacy
import numpy as np
from learned_data import LEDGERS, TABLES
from scipy.stats import wasserstein_distance
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score

from finsim import example_data
from finsim.errors import PrivacyBudgetError
from finsim.generators.flow.flow import Flow
from finsim.generators.generator import Budget, Sequences
from finsim.markets.features import encode
from finsim.markets.prices import read_prices
from finsim.markets.session_move import split_returns
from finsim.randomness import Streams

DAYS, WINDOW = 64, 16
PLAIN_STEPS, PRIVATE_STEPS = 300, 100
PLAIN = Flow.Settings(width=32, blocks=2, batch=128, learning_rate=3e-3, check_every=100)
PRIVATE = Flow.Settings(width=16, blocks=1, heads=2, batch=256, learning_rate=1e-3, check_every=100)
EPSILONS = (None, 8.0, 3.0, 1.0)


@dataclass(frozen=True)
class Case:
    """Data to learn, fresh data of the same law to compare with, and the unit that is protected."""

    name: str
    train: Sequences
    real: np.ndarray
    unit: str


def assets(count: int, seed: int) -> np.ndarray:
    """Return float64[count, DAYS, 2]: daily return and log volume of simulated assets."""
    draw = np.random.default_rng(seed)
    omega, alpha, beta = 0.02, 0.10, 0.88
    variance, past = np.ones(count), np.zeros(count)
    values = np.empty((count, DAYS + 200, 2))
    for day in range(DAYS + 200):
        variance = omega + (alpha * past**2 + beta) * variance
        past = draw.standard_t(6, count) * np.sqrt(4 / 6)
        move = past * np.sqrt(variance)
        values[:, day, 0] = 0.01 * move
        values[:, day, 1] = 0.4 * np.log(0.1 + move**2) + 0.5 * draw.standard_normal(count)
    return values[:, 200:]


def bars() -> Case:
    """Return the bundled bars as one history; blocks of 10 days are the entities."""
    features, encoding = encode(read_prices(example_data("wiki_aapl_ibm_2000_2013")))
    values = split_returns(features, encoding)
    whole = len(values) // DAYS * DAYS
    real = values[:whole].reshape(-1, DAYS, values.shape[1])
    return Case("bars, block of 10 days", Sequences(values[None]), real, "10 days")


def clustering(returns: np.ndarray) -> float:
    """Return the mean autocorrelation of absolute values over lags 1 to 10."""
    sizes = np.abs(returns) - np.abs(returns).mean()
    variance = np.square(sizes).mean()
    return float(np.mean([(sizes[:, k:] * sizes[:, :-k]).mean() / variance for k in range(1, 11)]))


def shortfall(returns: np.ndarray) -> float:
    """Return the mean of the worst 1 %."""
    return float(returns[returns <= np.quantile(returns, 0.01)].mean())


def windows(values: np.ndarray) -> np.ndarray:
    """Return rows of WINDOW days."""
    whole = values.shape[1] // WINDOW * WINDOW
    return values[:, :whole].reshape(-1, WINDOW * values.shape[2])


def auc(real: np.ndarray, made: np.ndarray) -> float:
    """Return the held-out AUC of boosted trees that tell real from synthetic windows."""
    one, two = windows(real), windows(made)
    size = min(len(one), len(two), 8000)
    draw = np.random.default_rng(0)
    rows = np.concatenate([draw.permutation(one)[:size], draw.permutation(two)[:size]])
    labels, order = np.repeat([0, 1], size), draw.permutation(2 * size)
    fit, judge = order[: len(order) // 2], order[len(order) // 2 :]
    model = HistGradientBoostingClassifier(random_state=0).fit(rows[fit], labels[fit])
    return float(roc_auc_score(labels[judge], model.predict_proba(rows[judge])[:, 1]))


def measured(case: Case, epsilon: float | None) -> str:
    """Fit, sample and return one line of the table."""
    started = time.process_time()
    settings, steps = PLAIN, PLAIN_STEPS
    if epsilon is not None:
        settings, steps = replace(PRIVATE, epsilon=epsilon, unit=case.unit), PRIVATE_STEPS
    model = Flow.fit(case.train, settings, Streams(7), Budget(steps), lambda done, text: None)
    cost = time.process_time() - started
    made = model.sample(1000, DAYS, Streams(8))
    real, channels = case.real, case.real.shape[2]
    spread = real.std(axis=(0, 1))
    flat = [values.reshape(-1, channels) for values in (real, made)]
    far = max(wasserstein_distance(flat[0][:, k], flat[1][:, k]) / spread[k] for k in range(channels))
    gap = np.abs(np.corrcoef(flat[0].T) - np.corrcoef(flat[1].T)).max()
    claim = model.report.privacy
    noise = "-" if claim is None else f"{claim['sigma']:.2f}"
    name = "none" if epsilon is None else f"{epsilon:g}"
    clusters = f"{clustering(made[..., 0]):.3f} ({clustering(real[..., 0]):.3f})"
    return (
        f"| {name} | {noise} | {made[..., 0].std() / spread[0]:.2f} "
        f"| {shortfall(made[..., 0]) / shortfall(real[..., 0]):.2f} | {far:.3f} | {gap:.3f} "
        f"| {clusters} | {auc(real, made):.3f} | {cost:.0f} |"
    )


def main() -> None:
    """Print a table for each case."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--entities", type=int, nargs="*", default=[2000, 10_000])
    parser.add_argument("--bars", action="store_true")
    parser.add_argument("--learned", nargs="*", default=[], choices=[*LEDGERS, *TABLES])
    chosen = parser.parse_args()
    for name in chosen.learned:
        learned_privacy.measured(name)
    if chosen.learned:
        return
    cases = [
        Case(
            f"{count:,} assets of {DAYS} days, each an entity",
            Sequences(assets(count, 1)),
            assets(4000, 2),
            "sequence",
        )
        for count in chosen.entities
    ]
    for case in [*cases, *([bars()] if chosen.bars else [])]:
        print(f"\n{case.name}\n| epsilon | noise | sd | ES99 | W1 | corr | acf | AUC | CPU s |", flush=True)
        for epsilon in EPSILONS:
            try:
                print(measured(case, epsilon), flush=True)
            except PrivacyBudgetError as refused:
                print(f"| {epsilon:g} | refused: {refused.problems[0].found}", flush=True)
    fresh = assets(1000, 3)
    print(f"\nreal against real: AUC {auc(assets(4000, 2), fresh):.3f}")


if __name__ == "__main__":
    main()
