"""Copied windows: runs of returns that repeat a run of real returns, at any date and any price level.

A run with its sign turned, run backwards, or both is a copy too.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from finsim.evaluation.case import PathCase
from finsim.evaluation.metric import SHARE, Metric, Score
from finsim.evaluation.privacy.chance_copies import counted
from finsim.evaluation.privacy.copy_census import held_out
from finsim.evaluation.privacy.matching import matches, varied
from finsim.notation import Array, Bool1D, Float2D, Int1D
from finsim.records.paths import Paths

TOLERANCE = 1e-8
LEAST_MOVES = 3


@dataclass(frozen=True)
class Runs:
    """Copied windows: asset, path, first return row and number of returns of each (int64 each)."""

    asset: Int1D
    path: Int1D
    start: Int1D
    length: Int1D


def window_rows(paths: Paths, run: int) -> Float2D:
    """Return all windows of ``run`` successive returns: [A * N * (T - run), run], order asset, path, time."""
    returns = paths.returns().transpose(2, 0, 1)
    return np.lib.stride_tricks.sliding_window_view(returns, run, axis=2).reshape(-1, run)


def turned(rows: Float2D) -> Float2D:
    """Return rows as they are, with their sign turned, run backwards, and both: [4 n, run]."""
    both = np.concatenate([rows, -rows])
    return np.concatenate([both, both[:, ::-1]])


def covered_returns(real: Paths, synthetic: Paths, run: int) -> Bool1D:
    """Tell which returns lie in a copied window: bool[A, N, T-1].

    A window is copied when ``run`` successive returns equal ``run`` successive real returns of any asset
    within 1e-8, at least three of them not zero, as they are or turned. Returns have no price level, so
    rescaled prices match.
    """
    known, queries = window_rows(real, run), window_rows(synthetic, run)
    known = turned(known[varied(known, LEAST_MOVES)])
    usable = varied(queries, LEAST_MOVES)
    hit = np.zeros(len(queries), dtype=bool)
    hit[usable] = matches(known, queries[usable], TOLERANCE) >= 0
    assets, paths, steps = len(synthetic.assets), synthetic.count, len(synthetic.dates) - 1
    begun = hit.reshape(assets, paths, steps - run + 1)
    covered = np.zeros((assets, paths, steps), dtype=bool)
    for k in range(run):
        covered[:, :, k : steps - run + 1 + k] |= begun
    return covered


def runs_of(covered: Array) -> Runs:
    """Return the maximal runs of covered returns."""
    padded = np.pad(covered, ((0, 0), (0, 0), (1, 1))).astype(np.int8)
    change = np.diff(padded, axis=2)
    asset, path, start = np.nonzero(change == 1)
    stop = np.nonzero(change == -1)[2]
    return Runs(asset, path, start, stop - start)


@dataclass(frozen=True)
class _Tally:
    """Copied windows and returns of some paths, the longest run, and how much was looked at."""

    windows: int = 0
    returns: int = 0
    longest: int = 0
    size: int = 0
    paths: int = 0

    def plus(self, covered: Bool1D) -> _Tally:
        """Return the tally with a further block of paths, bool[A, N, T-1]."""
        found = runs_of(covered)
        return _Tally(
            self.windows + len(found.length),
            self.returns + int(covered.sum()),
            max(self.longest, int(found.length.max(initial=0))),
            self.size + covered.size,
            self.paths + covered.shape[1],
        )


def measure(case: PathCase) -> list[Score]:
    """Return two scores: the number of copied windows and the number of returns inside them."""
    run = case.settings.copy_run
    subjects = ("windows", "returns inside copied windows")
    if min(len(side.dates) for side in (*held_out(case), case.real.paths, case.everything)) <= run + 1:
        return [METRIC.missing(subject, "fewer rows than a window") for subject in subjects]
    made = _Tally()
    for block in case.pieces:
        made = made.plus(covered_returns(case.real.paths, block, run))
    chance = _Tally().plus(covered_returns(*held_out(case), run))
    note = (
        f"runs of {run} or more equal returns; the longest has {made.longest}; "
        f"all {made.paths} paths were looked at"
    )
    windows = (chance.windows, chance.size // run)
    return [
        counted(METRIC, subjects[0], made.windows, made.size // run, windows, note),
        counted(METRIC, subjects[1], made.returns, made.size, (chance.returns, chance.size), note),
    ]


METRIC = Metric(
    name="window_copies",
    case="paths",
    use=SHARE,
    unit="count",
    lowest=0.0,
    highest=float("inf"),
    best=0.0,
    delta=0.0,
    origin="no copy beyond chance is acceptable",
    order_free=False,
    compute=measure,
    summary="Runs of returns that repeat a real run",
    order=190,
    how=(
        "Number of runs of successive returns that repeat a run of real returns, at any date and price "
        "level, with either sign, forwards or backwards."
    ),
    misses="Blind to copies with noise or with changed volatility; see near_copies and turned_copies.",
    estimator=(
        "runs of 5 or more returns equal to a real run (1e-8), any date, asset, price level, sign and "
        "direction: number of runs, number of returns inside"
    ),
    references="same",
    required=True,
)
