"""A law of prices whose truth is known, the faults that are planted in its paths, and real prices."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.signal import lfilter

from finsim.records.paths import Paths

DAYS, WARM_UP, VOLATILITY, CORRELATION = 2_520, 500, 0.015, 0.5


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


def drift_error(law: Law, moves: np.ndarray) -> float:
    """Return the smallest standard error of a drift that both assets share, in log return per year.

    The information bound of a shift of known law (Cramer and Rao): a bivariate Student vector with covariance
    H has the information 1' H^-1 1 (f + 2) / (f + 4) f / (f - 2) about it, here averaged over the days
    of moves float64[n, T, 2] after the first hundred, whose variance is followed from its long-run value.
    """
    variance = np.full((len(moves), 2), VOLATILITY**2)
    omega = VOLATILITY**2 * (1 - law.alpha - law.gamma / 2 - law.beta)
    inverse = np.linalg.inv([[1, CORRELATION], [CORRELATION, 1]])
    known = []
    for day in range(moves.shape[1]):
        unit = 1.0 / np.sqrt(variance)
        known.append(float(np.einsum("ni,ij,nj->n", unit, inverse, unit).mean()))
        move = moves[:, day]
        variance = omega + (law.alpha + law.gamma * (move < 0)) * move**2 + law.beta * variance
    freedom = law.freedom
    tails = (freedom + 2) / (freedom + 4) * freedom / (freedom - 2)
    return float(252.0 / np.sqrt(np.mean(known[100:]) * tails * moves.shape[1]))


def prices(moves: np.ndarray, start: str) -> Paths:
    """Return closes that have these log returns."""
    levels = np.concatenate([np.zeros((len(moves), 1, 2)), np.cumsum(moves, axis=1)], axis=1)
    dates = np.datetime64(start) + np.arange(levels.shape[1])
    return Paths(("A", "B"), dates, {"close": 100.0 * np.exp(levels)})


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
    return np.asarray(np.clip(moves, -limit, limit))


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


def reversed_in_time(moves: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Let the days run backwards."""
    return moves[:, ::-1]


def stale(share: float, moves: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Repeat the close of the day before on so many days of each asset; the next close catches up."""
    levels = np.cumsum(moves, axis=1)
    days = np.arange(moves.shape[1])[None, :, None]
    kept = rng.random(moves.shape) >= share
    kept[:, 0] = True
    last = np.maximum.accumulate(np.where(kept, days, 0), axis=1)
    return np.diff(np.take_along_axis(levels, last, axis=1), axis=1, prepend=0.0)


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
        "time reversed": reversed_in_time,
        "signs turned": partial(scaled, -1.0),
        "a tenth of days without a move": partial(stale, 0.1),
    }


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


def sp500(shared: Path, rng: np.random.Generator, rows: int) -> np.ndarray:
    """Return windows of the S&P 500 (1950 to 2018) side by side, each from 100: float64[N, rows + 1]."""
    table = pd.read_csv(shared / "market_daily" / "sp500_ohlcv_1950_2018.csv.gz")
    line = table[next(c for c in table.columns if c.lower() == "close")].to_numpy(float)
    starts = np.arange(rng.integers(rows), len(line) - rows, rows)
    windows = np.stack([line[start : start + rows + 1] for start in starts])
    return np.asarray(100.0 * windows / windows[:, :1])


DAYS_OF_WINDOWS = np.datetime64("1950-01-03") + np.arange(2_521)


def sp500_windows(shared: Path, splits: int = 60, rows: int = 1_260) -> Iterator[tuple[Paths, Paths]]:
    """Yield one window of five years and the others that do not overlap it."""
    rng = np.random.default_rng(7)
    for _ in range(splits):
        windows = sp500(shared, rng, rows)
        chosen = rng.integers(len(windows))
        others = np.delete(windows, chosen, axis=0)
        yield closes("SPX", windows[[chosen]], DAYS_OF_WINDOWS), closes("SPX", others, DAYS_OF_WINDOWS)


def sp500_halves(shared: Path, splits: int = 60, rows: int = 252) -> Iterator[tuple[Paths, Paths]]:
    """Yield half of the windows of a year, drawn at random, and the other half: about 34 paths a side."""
    rng = np.random.default_rng(8)
    for _ in range(splits):
        windows = rng.permutation(sp500(shared, rng, rows))
        half = len(windows) // 2
        left, right = (closes("SPX", part, DAYS_OF_WINDOWS) for part in (windows[:half], windows[half:]))
        yield left, right
