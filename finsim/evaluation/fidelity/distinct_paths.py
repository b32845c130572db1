"""Are the synthetic paths different from each other, and does each of them move."""

from __future__ import annotations

import numpy as np

from finsim.evaluation.case import PathCase
from finsim.evaluation.columns import RETURN
from finsim.evaluation.metric import BACKTEST, FAIL, PASS, Metric, Score
from finsim.notation import Array, Bool1D, Float2D, Float3D, Int1D

ALIKE = 0.98
RUN, LEAST_RUN = 3, 10
FAR = 10.0
MOST = 1_000


def repeats(returns: Float3D) -> Bool1D:
    """Return which paths [N, T, A] correlate at 0.98 or more with a path before them, days by days.

    Scale and a little noise do not hide a repetition; paths that never move are not looked at.
    """
    flat = returns.reshape(len(returns), -1)
    flat = flat - flat.mean(axis=1, keepdims=True)
    size = np.sqrt((flat**2).sum(axis=1))
    flat = flat / np.where(size > 0, size, 1.0)[:, None]
    return np.asarray((np.tril(flat @ flat.T, -1) >= ALIKE).any(axis=1))


def longest_stillness(returns: Float3D) -> Float2D:
    """Return the longest run of returns of exactly zero of each path and asset: [N, T, A] -> [N, A]."""
    clock = np.arange(1, returns.shape[1] + 1)[None, :, None]
    moved = np.maximum.accumulate(np.where(returns != 0, clock, 0), axis=1)
    return np.asarray((clock - moved).max(axis=1))


def measure(case: PathCase) -> list[Score]:
    """Return the share of paths that repeat another, stand still, or leave the scale of the rest."""
    own = np.diff(np.log(case.everything.close[:MOST]), axis=1)
    limit = max(RUN * longest_stillness(case.real.columns[RETURN]).max(), LEAST_RUN)
    still = (longest_stillness(own) > limit).any(axis=1)
    spread = own.std(axis=1)
    usual = np.median(spread, axis=0)
    apart = ((spread > FAR * usual) | (spread < usual / FAR)).any(axis=1)
    return [
        _score("repeated paths", repeats(own), f"correlate at {ALIKE} or more with a path before them"),
        _score("still paths", still, f"hold an asset unchanged for more than {limit:.0f} bars"),
        _score("paths out of scale", apart, f"swing {FAR:.0f} times more or less than the median path"),
    ]


def _score(subject: str, found: Array, words: str) -> Score:
    share, where = float(found.mean()), np.flatnonzero(found)
    told = f"{len(where)} of {len(found)} paths {words}"
    judged = (FAIL, f"{told}: {_listed(where)}") if len(where) else (PASS, "")
    return METRIC.scored(subject, share, (share, share), len(found), (0.0, 1.0, 0.0), judged, told)


def _listed(where: Int1D) -> str:
    shown = ", ".join(str(path) for path in where[:5])
    return f"path {shown}" + (" and others" if len(where) > 5 else "")


METRIC = Metric(
    name="distinct_paths",
    case="paths",
    use=BACKTEST,
    unit="share of paths",
    lowest=0.0,
    highest=1.0,
    best=0.0,
    delta=0.0,
    origin="none tolerated: every path is counted as evidence of its own",
    order_free=False,
    compute=measure,
    summary="Paths that repeat another, stand still or leave the scale of the rest",
    order=5,
    how=(
        "Share of paths whose returns correlate at 0.98 or more with another path's, "
        "that stand still for longer "
        "than three times the longest real pause (10 bars at least), or whose volatility is a tenth or ten "
        "times the median path's. Counted, so that there is no chance in it."
    ),
    misses="Looks at the first 1,000 paths; paths that share half of their shocks are called distinct.",
    estimator="count among the first 1,000 paths; correlation over all bars and assets",
    references="0 / 1",
    required=True,
)
