"""How often verdicts on price paths are wrong: false alarms, faults found, and coverage of the intervals.

    python benchmarks/verdict_error_rates.py [--replicates 200] [--faults 20] [--paths 100] [--workers 2]
        [--shared FOLDER]

Every replicate draws one "real" path of ten years and a panel of synthetic ones from one GJR-GARCH law with
Student innovations (two assets), plants a fault in the panel or none, and judges it. Coverage: intervals from
40 paths against the value at 1,000. Real prices, where the folder of shared data is given: a later part of a
stock beside 20 years before it (one path), and five years of the S&P 500 beside its other years (many paths).
The TimeGAN judges, the classifier and the copy checks are left out. Prints Markdown; about 20 CPU minutes.
"""

from __future__ import annotations

import argparse
import resource
import time
import warnings
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.signal import lfilter

from finsim.evaluation import METRICS
from finsim.evaluation.metric import Score
from finsim.evaluation.paths import evaluate_paths
from finsim.evaluation.scorecard import Scorecard
from finsim.evaluation.settings import Settings
from finsim.evaluation.uses import BACKTEST, FAIL, NO_POWER, NOT_COMPUTED, PASS, STRESS
from finsim.randomness import Streams
from finsim.records.paths import Paths

LEFT_OUT = ("two_sample", "discriminative", "predictive")
DAYS, WARM_UP, VOLATILITY, CORRELATION = 2_520, 500, 0.015, 0.5
USES = (BACKTEST, STRESS)


@dataclass(frozen=True)
class Law:
    """GJR-GARCH(1, 1): h' = omega + (alpha + gamma 1[r < 0]) r^2 + beta h, Student innovations."""

    alpha: float
    gamma: float
    beta: float
    freedom: float


LAWS = {
    "persistence .98, 6 d.o.f.": Law(0.04, 0.08, 0.90, 6),
    "persistence .97, 8 d.o.f.": Law(0.04, 0.06, 0.90, 8),
}
HEAVY = "persistence .98, 6 d.o.f."


def returns(rng: np.random.Generator, count: int, law: Law, days: int = DAYS) -> np.ndarray:
    """Return daily log returns of two assets: float64[count, days, 2]."""
    variance = np.full((count, 2), VOLATILITY**2)
    omega = VOLATILITY**2 * (1 - law.alpha - law.gamma / 2 - law.beta)
    root = np.linalg.cholesky([[1, CORRELATION], [CORRELATION, 1]]).T
    found = np.empty((count, days, 2))
    unit = np.sqrt((law.freedom - 2) / law.freedom)
    for day in range(-WARM_UP, days):
        shared = np.sqrt(rng.chisquare(law.freedom, (count, 1)) / law.freedom)
        moved = np.sqrt(variance) * (rng.standard_normal((count, 2)) @ root / shared) * unit
        if day >= 0:
            found[:, day] = moved
        variance = omega + (law.alpha + law.gamma * (moved < 0)) * moved**2 + law.beta * variance
    return found


def prices(moves: np.ndarray, start: str) -> Paths:
    """Return closes that have these log returns."""
    levels = np.concatenate([np.zeros((len(moves), 1, 2)), np.cumsum(moves, axis=1)], axis=1)
    dates = np.datetime64(start) + np.arange(levels.shape[1])
    return Paths(("A", "B"), dates, {"close": 100.0 * np.exp(levels)})


SELDOM: tuple[str, ...] = ()
"""Faults of which fewer than four of five are found: shown, not promised."""
Fault = Callable[[np.ndarray, np.random.Generator], np.ndarray]


def shifted(change: float, moves: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Add a constant to every daily log return."""
    return moves + change


def pulled(half_life: float, moves: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Pull the log price back to its start with this half-life in days."""
    keep = 0.5 ** (1.0 / half_life)
    return np.diff(lfilter([1.0], [1.0, -keep], moves, axis=1), axis=1, prepend=0.0)


def without_crises(share: float, phase: int, moves: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Replace the wildest weeks (this share of all, by the mean of |r|) by other weeks of the same path.

    Weeks begin ``phase`` days after the start of the path.
    """
    if phase:
        turned = np.roll(moves, -phase, axis=1)
        return np.roll(without_crises(share, 0, turned, rng), phase, axis=1)
    weeks = moves.reshape(len(moves), -1, 5, 2)
    size = np.abs(weeks).mean(axis=(2, 3))
    wild = size > np.quantile(size, 1.0 - share)
    found = weeks.copy()
    for path, marks in enumerate(wild):
        found[path, marks] = weeks[path, rng.choice(np.flatnonzero(~marks), int(marks.sum()))]
    return found.reshape(moves.shape)


def crises_apart(share: float, moves: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Move the wildest weeks of the second asset elsewhere, so that assets have no crisis in common."""
    found = moves.copy()
    for path in range(len(moves)):
        weeks = moves[path, :, 1].reshape(-1, 5)
        wild = np.flatnonzero((size := np.abs(weeks).mean(axis=1)) > np.quantile(size, 1.0 - share))
        places = np.arange(len(weeks))
        others = rng.choice(np.setdiff1d(places, wild), len(wild), replace=False)
        places[wild], places[others] = others, wild
        found[path, :, 1] = weeks[places].ravel()
    return found


def scaled(factor: float, moves: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Multiply every return."""
    return moves * factor


def frozen(law: Law, moves: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return paths of the same law with constant volatility."""
    return returns(rng, len(moves), replace(law, alpha=0.0, gamma=0.0, beta=0.0), moves.shape[1])


def few_distinct(distinct: int, moves: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Keep 40 paths, of which so many are distinct."""
    return moves[np.arange(40) % distinct]


def one_flat(moves: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Let one path stand still."""
    found = moves.copy()
    found[rng.integers(len(moves))] = 0.0
    return found


def capped(share: float, moves: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Cap |r| at its quantile over all paths."""
    limit = np.quantile(np.abs(moves), 1.0 - share, axis=(0, 1))
    return np.clip(moves, -limit, limit)


def thin_tails(factor: float, moves: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Shrink what lies beyond the outer 5 % of each side until ES 99 of all days has this factor."""
    found = moves.copy()
    for asset in range(2):
        for sign in (-1.0, 1.0):
            values = sign * found[:, :, asset]
            edge, far = np.quantile(values, [0.95, 0.99])
            shortfall = values[values >= far].mean()
            keep = (factor * shortfall - edge) / (shortfall - edge)
            values = np.where(values > edge, edge + keep * (values - edge), values)
            found[:, :, asset] = sign * values
    return found


def faults(law: Law) -> dict[str, Fault]:
    """Return the planted faults by name."""
    return {
        "drift of -40 % a year (-.002 a day)": partial(shifted, -0.002),
        "drift of +29 % a year (+.001 a day)": partial(shifted, 0.001),
        "pull to the start, half-life 23 days": partial(pulled, 23.0),
        "crisis weeks removed (wildest 4 %)": partial(without_crises, 0.04, 0),
        "crisis weeks removed, begun two days later": partial(without_crises, 0.04, 2),
        "crisis weeks of one asset moved elsewhere": partial(crises_apart, 0.04),
        "volatility x 0.75": partial(scaled, 0.75),
        "volatility x 1.4": partial(scaled, 1.4),
        "volatility frozen": partial(frozen, law),
        "2 distinct paths of 40": partial(few_distinct, 2),
        "one path dead flat": one_flat,
        "tails capped at 99 %": partial(capped, 0.01),
        "ES 99 25 % too low": partial(thin_tails, 0.75),
    }


def names_judged() -> list[str]:
    """Return the metrics of prices that are judged here."""
    files = METRICS.files().items()
    return [n for n, one in files if one.case == "paths" and one.use in USES and n not in LEFT_OUT]


def judged(real: Paths, made: Paths, seed: int) -> tuple[Score, ...]:
    """Return the judged scores of one comparison."""
    settings = Settings(max_paths=made.count)
    found = evaluate_paths(real, None, made, Streams(seed), settings, names_judged())
    return Scorecard(tuple(found)).scores


def draws(law: str, paths: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.random.Generator]:
    """Return one real path and a panel of a law, and the generator."""
    rng = np.random.default_rng([seed, paths, *law.encode()])
    return returns(rng, 1, LAWS[law]), returns(rng, paths, LAWS[law]), rng


def replicate(law: str, fault: str, paths: int, seed: int) -> tuple[Score, ...]:
    """Judge one real path beside a panel with a fault, or with none ("")."""
    real, made, rng = draws(law, paths, seed)
    if fault:
        made = faults(LAWS[law])[fault](made, rng)
    return judged(prices(real, "2000-01-03"), prices(made, "2013-01-01"), seed)


def failed(scores: Iterable[Score]) -> set[str]:
    """Return the uses in which a score fails."""
    return {score.use for score in scores if score.verdict == FAIL}


def failed_uses(law: str, fault: str, paths: int, seed: int) -> set[str]:
    """Return the uses that fail in one replicate."""
    return failed(replicate(law, fault, paths, seed))


def covered(law: str, paths: int, far: int, panels: int, seed: int) -> dict[str, list[bool]]:
    """Return by metric whether intervals of panels hold the value at ``far`` paths, one real path."""
    real, made, rng = draws(law, far, seed)
    left = prices(real, "2000-01-03")
    targets = {(s.metric, s.subject): s.value for s in judged(left, prices(made, "2013-01-01"), seed)}
    found: dict[str, list[bool]] = defaultdict(list)
    for k in range(panels):
        panel = prices(returns(rng, paths, LAWS[law]), "2013-01-01")
        for score in judged(left, panel, seed + k):
            target = targets[score.metric, score.subject]
            if score.low is not None and score.high is not None and target is not None:
                found[score.metric].append(score.low <= target + 1e-12 and target <= score.high + 1e-12)
    return dict(found)


def closes(name: str, values: np.ndarray, dates: np.ndarray) -> Paths:
    """Return paths float64[N, T] of one asset."""
    return Paths((name,), dates[: values.shape[1]], {"close": values[:, :, None]})


def later_parts(shared: Path) -> Iterator[tuple[Paths, Paths]]:
    """Yield 20 years of a stock (or what there is) and a later part: 12 stocks x 5 lengths."""
    table = pd.read_csv(shared / "market_daily" / "us_equity12_adjclose_1990_2020.csv.gz")
    dates = pd.to_datetime(table.iloc[:, 0]).to_numpy().astype("datetime64[D]")
    for name in table.columns[1:]:
        values = table[name].to_numpy(float)
        known = np.isfinite(values) & (values > 0)
        line, days = values[known], dates[known]
        for length in (630, 1_008, 1_260, 1_890, 2_520):
            cut = min(5_040, len(line) - length - 1)
            yield (
                closes(name, line[None, :cut], days),
                closes(name, line[None, cut : cut + length + 1], days[cut:]),
            )


def sp500_windows(shared: Path, splits: int = 60, rows: int = 1_260) -> Iterator[tuple[Paths, Paths]]:
    """Yield one window of five years of the S&P 500 (1950 to 2018) and the others that do not overlap it."""
    table = pd.read_csv(shared / "market_daily" / "sp500_ohlcv_1950_2018.csv.gz")
    line = table[next(c for c in table.columns if c.lower() == "close")].to_numpy(float)
    days = np.datetime64("1950-01-03") + np.arange(len(line))
    rng = np.random.default_rng(7)
    for _ in range(splits):
        starts = np.arange(rng.integers(rows), len(line) - rows, rows)
        windows = np.stack([line[start : start + rows + 1] for start in starts])
        windows = 100.0 * windows / windows[:, :1]
        chosen = rng.integers(len(windows))
        yield (
            closes("SPX", windows[[chosen]], days),
            closes("SPX", np.delete(windows, chosen, axis=0), days),
        )


def verdict_words(pair: tuple[Paths, Paths]) -> dict[str, str]:
    """Return the verdict of both uses, without what is left out here being missed."""
    scores = judged(*pair, seed=1)
    asked = [score for score in scores if score.value is not None or score.verdict != NOT_COMPUTED]
    found = {}
    for use in USES:
        words = {score.verdict for score in asked if score.use == use}
        required = [s for s in asked if s.use == use and METRICS.files()[s.metric].required]
        silent = all(2 * _share(required, name, NO_POWER) < 1 for name in {s.metric for s in required})
        found[use] = FAIL if FAIL in words else (PASS if silent else NO_POWER)
    return found


def _share(scores: list[Score], name: str, word: str) -> float:
    own = [score for score in scores if score.metric == name and score.verdict in (PASS, NO_POWER)]
    return sum(score.verdict == word for score in own) / max(len(own), 1)


def share(found: int, of: int) -> str:
    """Return a share in words."""
    return f"{found} of {of}"


def main() -> None:
    """Print the tables."""
    options = argparse.ArgumentParser()
    for name, number in (("replicates", 200), ("faults", 20), ("paths", 100), ("workers", 2), ("reals", 12)):
        options.add_argument(f"--{name}", type=int, default=number)
    options.add_argument("--shared", type=Path)
    asked = options.parse_args()
    warnings.simplefilter("ignore")
    begun = time.time()
    with ProcessPoolExecutor(asked.workers) as pool:
        _nulls(pool, asked)
        _faults(pool, asked)
        _coverage(pool, asked)
        if asked.shared:
            _real(pool, asked.shared)
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(f"\n{spent.ru_utime + spent.ru_stime:.0f} CPU seconds, {time.time() - begun:.0f} s.", flush=True)


def _count(pool: Executor, law: str, fault: str, paths: int, times: int) -> Counter[str]:
    found: Counter[str] = Counter()
    jobs = [pool.submit(failed_uses, law, fault, paths, seed) for seed in range(times)]
    for job in jobs:
        uses = job.result()
        found.update([*uses, *(["any"] if uses else [])])
    return found


def _nulls(pool: Executor, asked: argparse.Namespace) -> None:
    print(f"| {asked.paths} paths of the law itself | backtest fails | stress fails |\n|---|---|---|")
    for law in LAWS:
        found = _count(pool, law, "", asked.paths, asked.replicates)
        cells = " | ".join(share(found[use], asked.replicates) for use in USES)
        print(f"| {law} | {cells} |", flush=True)


def _faults(pool: Executor, asked: argparse.Namespace) -> None:
    print("\n| planted fault | " + " | ".join(LAWS) + " |\n|---|" + "---|" * len(LAWS))
    for fault in faults(LAWS[HEAVY]):
        cells = []
        for law in LAWS:
            found = _count(pool, law, fault, asked.paths, asked.faults)
            cells.append(share(found["any"], asked.faults))
        print(f"| {fault} | " + " | ".join(cells) + " |", flush=True)


def _coverage(pool: Executor, asked: argparse.Namespace) -> None:
    for law in LAWS:
        found: dict[str, list[bool]] = defaultdict(list)
        jobs = [pool.submit(covered, law, 40, 1_000, 6, seed) for seed in range(asked.reals // 2)]
        for job in jobs:
            for name, held in job.result().items():
                found[name] += held
        print(f"\n| {law}: intervals from 40 paths | hold the value at 1,000 |\n|---|---|")
        for name in names_judged():
            if found.get(name):
                print(f"| `{name}` | {np.mean(found[name]):.3f} of {len(found[name])} |", flush=True)


def _real(pool: Executor, shared: Path) -> None:
    print("\n| real against real | backtest | stress |\n|---|---|---|")
    for label, pairs in (
        ("one later part beside 20 years", later_parts(shared)),
        ("five years of the S&P 500 beside the others", sp500_windows(shared)),
    ):
        words = list(pool.map(verdict_words, pairs))
        cells = [
            ", ".join(f"{n} {word}" for word, n in Counter(one[use] for one in words).most_common())
            for use in USES
        ]
        print(f"| {label} | {cells[0]} | {cells[1]} |", flush=True)


if __name__ == "__main__":
    main()
