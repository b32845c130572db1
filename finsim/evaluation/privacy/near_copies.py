"""Near copies: windows much closer to the training part than to real data the generator never saw.

Scale and offset do not matter (windows are standardised, all dates are tried), and noise may be
added. Each window gets a conformal p-value of log d(s, train) - log d(s, hold-out) against real windows;
Benjamini-Hochberg then bounds the share of false alarms among the flagged ones.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from finsim.evaluation.case import PathCase
from finsim.evaluation.metric import SHARE, Metric, Score, verdict_below
from finsim.extras import Later
from finsim.notation import Array, Bool1D, Float1D, Float2D, Int1D
from finsim.records.paths import Paths

stats = Later("scipy.stats", "evaluate")

CHUNK = 1024
TINY = 1e-6
STRIDE_PARTS = 2


@dataclass(frozen=True)
class Library:
    """Standardised windows float32[m, w] with the path and the first row each was cut from."""

    rows: Array
    path: Int1D
    start: Int1D

    def take(self, chosen: Array) -> Library:
        """Return some of the windows."""
        return Library(self.rows[chosen], self.path[chosen], self.start[chosen])


def compressed(rows: Float2D) -> Float2D:
    """Return arcsinh(row / its mean magnitude): one crash day must not make all crash windows alike."""
    scale = np.abs(rows).mean(axis=1, keepdims=True)
    return np.asarray(np.arcsinh(2.0 * rows / np.where(scale > 0, scale, 1.0)))


def library(paths: Paths, length: int, stride: int) -> Library:
    """Cut every asset's returns into windows of mean 0 and norm 1; constant windows are dropped."""
    returns = paths.returns().transpose(0, 2, 1)
    cut = np.lib.stride_tricks.sliding_window_view(returns, length, axis=2)[:, :, ::stride]
    count, assets, starts, _ = cut.shape
    rows = compressed(cut.reshape(-1, length))
    rows = rows - rows.mean(axis=1, keepdims=True)
    norm = np.sqrt((rows**2).sum(axis=1))
    path = np.repeat(np.arange(count), assets * starts)
    start = np.tile(np.arange(starts) * stride, count * assets)
    kept = norm > 1e-12
    scaled = (rows[kept] / norm[kept, None]).astype(np.float32)
    return Library(scaled, path[kept], start[kept])


def nearest(queries: Library, known: Library, apart: int | None = None) -> Float1D:
    """Return the distance of each query to its nearest known window: float64[n], sqrt(2 - 2 corr).

    With ``apart``, windows of the same path that begin less than ``apart`` rows away do not count.
    """
    best = np.full(len(queries.rows), -1.0)
    for k in range(0, len(queries.rows), CHUNK):
        part = slice(k, k + CHUNK)
        closeness = queries.rows[part] @ known.rows.T
        if apart is not None:
            same = queries.path[part, None] == known.path
            close = np.abs(queries.start[part, None] - known.start) < apart
            closeness[same & close] = -1.0
        best[part] = closeness.max(axis=1)
    return np.asarray(np.sqrt(np.maximum(2.0 - 2.0 * best, 0.0)))


def conformal(scores: Float1D, null: Float1D) -> Float1D:
    """Return (1 + number of null scores at or below) / (1 + number of null scores) for each score."""
    below = np.searchsorted(np.sort(null), scores, side="right")
    return np.asarray((1.0 + below) / (1.0 + len(null)), dtype=np.float64)


def discoveries(p_values: Float1D, rate: float) -> Bool1D:
    """Tell which p-values Benjamini-Hochberg flags at false discovery rate ``rate``: bool[n]."""
    order = np.argsort(p_values, kind="stable")
    limit = rate * np.arange(1, len(order) + 1) / len(order)
    below = np.flatnonzero(p_values[order] <= limit)
    flagged = np.zeros(len(order), dtype=bool)
    if len(below):
        flagged[order[: below[-1] + 1]] = True
    return flagged


def log_ratio(queries: Library, train: Library, spare: Library, apart: int | None) -> Float1D:
    """Return log d(query, train) - log d(query, spare); very negative means a copy of training data."""
    return np.asarray(np.log(nearest(queries, train) + TINY) - np.log(nearest(queries, spare, apart) + TINY))


def p_values(queries: Library, train: Library, spare: Library, apart: int) -> Float1D:
    """Return conformal p-values of the queries; the null is every spare window against the rest of spare."""
    return conformal(log_ratio(queries, train, spare, None), log_ratio(spare, train, spare, apart))


def measure(case: PathCase) -> list[Score]:
    """Return one score: the share of windows flagged as near copies."""
    length = case.settings.window
    subject = f"windows of {length} returns"
    real = library(case.real.paths, length, 1)
    queries = _queries(case, length)
    apart = length + case.settings.purge
    if case.holdout is not None:
        spare = library(case.holdout.paths, length, 1)
        pairs = [(real, spare)]
    else:
        first = _first_half(case, real, apart)
        later = _second_half(case, real, apart)
        pairs = [(real.take(first), real.take(later)), (real.take(later), real.take(first))]
    if min(len(part.rows) for pair in pairs for part in pair) < 100 or len(queries.rows) < 10:
        return [METRIC.missing(subject, "fewer than 100 real windows on each side of the split")]
    found = np.min([p_values(queries, train, spare, apart) for train, spare in pairs], axis=0)
    flagged = discoveries(np.minimum(found * len(pairs), 1.0), case.settings.fdr)
    return [_score(case, subject, flagged, len(pairs), min(len(spare.rows) for _, spare in pairs))]


def _queries(case: PathCase, length: int) -> Library:
    """Return windows of all synthetic paths, at most about ``max_windows``; every path has its share."""
    rng, pieces, found = case.streams.at("near copies"), case.pieces, []
    for block in pieces:
        cut = library(block, length, max(length // STRIDE_PARTS, 1))
        share = -(-case.settings.max_windows * block.count // pieces.count)
        if len(cut.rows) > share:
            cut = cut.take(np.sort(rng.choice(len(cut.rows), share, replace=False)))
        found.append(cut)
    parts = ([part.rows for part in found], [part.path for part in found], [part.start for part in found])
    return Library(*(np.concatenate(part) for part in parts))


def _score(case: PathCase, subject: str, flagged: Bool1D, pairs: int, null: int) -> Score:
    count, n = int(flagged.sum()), len(flagged)
    low = float(stats.beta.ppf(0.025, count, n - count + 1)) if count else 0.0
    high = float(stats.beta.ppf(0.975, count + 1, n - count)) if count < n else 1.0
    goal = max(METRIC.delta, 3.0 / n)
    verdict, reason = verdict_below(count / n, low, goal)
    least = int(np.ceil(n * pairs / (null + 1) / case.settings.fdr))
    note = (
        f"{count} of {n} windows flagged at FDR {case.settings.fdr:.0%}; fewer than {least} cannot be seen; "
        f"windows of all {case.pieces.count} paths"
    )
    return METRIC.scored(subject, count / n, (low, high), n, (0.0, 1.0, goal), (verdict, reason), note)


def _first_half(case: PathCase, real: Library, apart: int) -> Bool1D:
    if case.real.many:
        return np.asarray(real.path < case.real.count // 2)
    return np.asarray(real.start < (case.real.steps - apart) // 2)


def _second_half(case: PathCase, real: Library, apart: int) -> Bool1D:
    if case.real.many:
        return np.asarray(real.path >= case.real.count // 2)
    return np.asarray(real.start >= (case.real.steps + apart) // 2)


METRIC = Metric(
    name="near_copies",
    case="paths",
    use=SHARE,
    unit="share of windows",
    lowest=0.0,
    highest=1.0,
    best=0.0,
    delta=0.005,
    origin="assumption: half a percent, at least 3 windows; some false flags are expected",
    order_free=False,
    compute=measure,
    summary="Windows too close to the training part",
    order=200,
    how=(
        "Share of windows much nearer to training data than to real data the generator never saw: "
        "conformal p-values, false discovery rate bounded by Benjamini and Hochberg."
    ),
    misses="Needs a comparable hold-out; when the market changed between the two parts its power falls.",
    estimator=(
        "windows of 32 returns, compressed and standardised, all real dates tried: conformal p of log"
        " d(train) - log d(hold-out) against held-out windows; Benjamini-Hochberg at 10 %. Without a "
        "hold-out the two halves take turns (p doubled)"
    ),
    references="0 / 1",
    required=True,
)
