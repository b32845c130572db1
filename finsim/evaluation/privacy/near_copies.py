"""Near copies of windows: much closer to the training part than to real data the generator never saw.

Scale and offset do not matter (windows are standardised, all real dates are tried), and noise may be added.
The test is that of ``near_copy_test``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from finsim.evaluation.case import PathCase
from finsim.evaluation.metric import SHARE, Metric, Score
from finsim.evaluation.privacy.near_copy_test import Distances, Turn, judged, near_copies
from finsim.notation import Array, Bool1D, Float1D, Float2D, Int1D
from finsim.records.paths import Paths

CELLS = 8_000_000
PAIRS = 2_500_000_000
"""Most pairs of windows that are compared: about five seconds; turned ones a quarter of it."""
STRIDE_PARTS = 8
"""Synthetic windows begin at least every eighth of a window: a copy at any day is met with 30 of 32 days."""
NULL_WINDOWS = 5_000
"""Most real windows of each part that stand for unseen ones; more are thinned out by a stream."""
PROBES = 200
NOISE = 0.2
LEAST = 100


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


def library(paths: Paths, length: int, stride: int, together: bool = False) -> Library:
    """Cut every asset's returns into windows of mean 0 and norm 1; constant windows are dropped.

    ``together`` joins the windows of all assets on the same days, each with the same weight.
    """
    returns = paths.returns().transpose(0, 2, 1)
    cut = np.lib.stride_tricks.sliding_window_view(returns, length, axis=2)[:, :, ::stride]
    count, assets, starts, _ = cut.shape
    rows = compressed(cut.reshape(-1, length))
    rows = rows - rows.mean(axis=1, keepdims=True)
    norm = np.sqrt((rows**2).sum(axis=1))
    kept = norm > 1e-12
    scaled = (rows / np.where(kept, norm, 1.0)[:, None]).astype(np.float32)
    if together:
        scaled = scaled.reshape(count, assets, starts, length).transpose(0, 2, 1, 3)
        scaled = scaled.reshape(-1, assets * length) / np.float32(np.sqrt(assets))
        kept = kept.reshape(count, assets, starts).all(axis=1).ravel()
        assets = 1
    path = np.repeat(np.arange(count), assets * starts)
    start = np.tile(np.arange(starts) * stride, count * assets)
    return Library(scaled[kept], path[kept], start[kept])


def nearest(queries: Library, known: Library, apart: int | None = None, turned: int = 0) -> Float1D:
    """Return the distance of each query to its nearest known window: float64[n], sqrt(2 - 2 corr).

    With ``apart``, windows of the same path that begin less than ``apart`` rows away do not count. With
    ``turned``, the returns of one asset in a window, known windows count with their sign turned, run
    backwards, or both, and not as they are.
    """
    best = np.full(len(queries.rows), -1.0)
    size = max(16, CELLS // max(len(known.rows), 1))
    across = np.ascontiguousarray(known.rows.T)
    back = np.ascontiguousarray(backwards(known.rows, turned).T) if turned else None
    room = np.empty((min(size, max(len(queries.rows), 1)), len(known.rows)), np.float32)
    for k in range(0, len(queries.rows), size):
        part = slice(k, k + size)
        closeness = np.matmul(queries.rows[part], across, out=room[: len(queries.rows[part])])
        if back is not None:
            np.negative(closeness, out=closeness)
            np.maximum(closeness, np.abs(queries.rows[part] @ back), out=closeness)
        if apart is not None:
            same = queries.path[part, None] == known.path
            close = np.abs(queries.start[part, None] - known.start) < apart
            closeness[same & close] = -1.0
        best[part] = closeness.max(axis=1)
    return np.asarray(np.sqrt(np.maximum(2.0 - 2.0 * best, 0.0)))


def backwards(rows: Array, length: int) -> Array:
    """Return windows run backwards, the ``length`` returns of each asset for themselves."""
    return np.asarray(rows.reshape(len(rows), -1, length)[:, :, ::-1].reshape(rows.shape))


def measure(case: PathCase) -> list[Score]:
    """Return the share of windows flagged as near copies: of single assets, and of all assets together."""
    return window_scores(METRIC, case, turned=False)


def window_scores(metric: Metric[PathCase], case: PathCase, turned: bool) -> list[Score]:
    """Return one score of the windows of single assets, and one of all assets together where there are more.

    ``turned``: copies of real windows with their sign turned or run backwards are looked for.
    """
    length = case.settings.window
    subjects = {f"windows of {length} returns": False}
    if len(case.real.paths.assets) > 1:
        subjects[f"windows of {length} returns of all assets"] = True
    return [_score(metric, case, subject, together, turned) for subject, together in subjects.items()]


def _score(metric: Metric[PathCase], case: PathCase, subject: str, together: bool, turned: bool) -> Score:
    length = case.settings.window
    real = library(case.real.paths, length, 1, together)
    apart = length + case.settings.purge
    if case.holdout is not None:
        pairs = [(real, library(case.holdout.paths, length, 1, together))]
    else:
        first, later = (real.take(half) for half in _halves(case, real, apart))
        pairs = [(first, later), (later, first)]
    if min(len(part.rows) for pair in pairs for part in pair) < LEAST:
        return metric.missing(subject, f"fewer than {LEAST} real windows on each side of the split")
    known = sum(len(part.rows) for pair in pairs for part in pair)
    pairs_most = PAIRS // 4 if turned else PAIRS
    most = min(case.settings.max_windows, max(pairs_most // max(known, 1), 1))
    stride = _stride(case, length, most)
    queries = _queries(case, stride, most, together)
    if not len(queries.rows):
        return metric.missing(subject, "no synthetic window that moves")
    size = length if turned else 0
    nulls = [(_null(case, part), _null(case, spare)) for part, spare in pairs]
    turns = [
        _turn(queries, pair, null, _probes(case, pair[0], stride, size), apart, size)
        for pair, null in zip(pairs, nulls, strict=True)
    ]
    score = judged(metric, subject, near_copies(turns, case.settings.fdr), "windows", NOISE)
    of_all = f" of {len(pairs[0][0].rows) + len(pairs[0][1].rows):,}"
    told = f"{of_all}, each beside all the others; windows of all {case.pieces.count} paths"
    return replace(score, note=f"{score.note}{told}")


def _null(case: PathCase, part: Library) -> Library:
    """Return the windows of a part, at most ``NULL_WINDOWS`` of them, chosen by a stream."""
    if len(part.rows) <= NULL_WINDOWS:
        return part
    rng = case.streams.at("near copies", "null")
    return part.take(np.sort(rng.choice(len(part.rows), NULL_WINDOWS, replace=False)))


def _turn(
    queries: Library,
    pair: tuple[Library, Library],
    null: tuple[Library, Library],
    probes: Library,
    apart: int,
    turned: int,
) -> Turn:
    train, spare = pair

    def distances(some: Library, own_train: int | None = None, own_spare: int | None = None) -> Distances:
        return Distances(nearest(some, train, own_train, turned), nearest(some, spare, own_spare, turned))

    # A real window without its own weeks is unseen, in the hold-out as in training.
    unseen = distances(null[1], own_spare=apart).joined(distances(null[0], own_train=apart))
    return Turn(distances(queries), unseen, distances(probes))


def _probes(case: PathCase, train: Library, stride: int, turned: int) -> Library:
    """Return training windows with noise whose first and last days are not theirs, as a query meets them.

    With ``turned`` a third each has its sign turned, runs backwards, or both.
    """
    rng = case.streams.at("near copies", "planted")
    chosen = rng.choice(len(train.rows), min(PROBES, len(train.rows)), replace=False)
    rows = train.rows[chosen].astype(np.float64)
    if turned:
        kind = np.arange(len(rows)) % 3
        rows[kind > 0] = backwards(rows[kind > 0], turned)
        rows[kind < 2] *= -1.0
    width = rows.shape[1]
    spread = 1.0 / np.sqrt(width)
    rows += NOISE * spread * rng.standard_normal(rows.shape)
    day = np.arange(width) % case.settings.window
    lost = (day < stride // 4) | (day >= case.settings.window - stride // 4)
    rows[:, lost] = spread * rng.standard_normal((len(rows), int(lost.sum())))
    rows -= rows.mean(axis=1, keepdims=True)
    rows /= np.sqrt((rows**2).sum(axis=1, keepdims=True))
    return Library(rows.astype(np.float32), train.path[chosen], train.start[chosen])


def _stride(case: PathCase, length: int, most: int) -> int:
    """Return how many days apart synthetic windows begin: 1 where the work allows it."""
    starts = len(case.everything.dates) - length
    every = case.pieces.count * len(case.everything.assets) * max(starts, 1)
    return int(np.clip(-(-every // most), 1, max(length // STRIDE_PARTS, 1)))


def _queries(case: PathCase, stride: int, most: int, together: bool) -> Library:
    """Return windows of all synthetic paths, at most about ``most``; every path has its share."""
    rng, pieces, found = case.streams.at("near copies"), case.pieces, []
    for block in pieces:
        cut = library(block, case.settings.window, stride, together)
        share = -(-most * block.count // pieces.count)
        if len(cut.rows) > share:
            cut = cut.take(np.sort(rng.choice(len(cut.rows), share, replace=False)))
        found.append(cut)
    parts = ([part.rows for part in found], [part.path for part in found], [part.start for part in found])
    return Library(*(np.concatenate(part) for part in parts))


def _halves(case: PathCase, real: Library, apart: int) -> tuple[Bool1D, Bool1D]:
    """Tell which windows lie in the first and which in the second half of the real side."""
    if case.real.many:
        middle = case.real.count // 2
        return np.asarray(real.path < middle), np.asarray(real.path >= middle)
    steps = case.real.steps
    return np.asarray(real.start < (steps - apart) // 2), np.asarray(real.start >= (steps + apart) // 2)


METRIC = Metric(
    name="near_copies",
    case="paths",
    use=SHARE,
    unit="share of windows",
    lowest=0.0,
    highest=1.0,
    best=0.0,
    delta=0.005,
    origin="assumption: at most half a percent may have been missed; a near copy that is certain fails",
    order_free=False,
    compute=measure,
    summary="Windows too close to the training part",
    order=200,
    how=(
        "Share of windows much nearer to training data than to real data the generator never saw: the "
        "lower tail of held-out windows gives p, false discovery rate bounded by Benjamini and Hochberg. "
        "Copies planted by the test itself say how many could have been missed."
    ),
    misses="Needs a comparable hold-out; when the market changed between the two parts its power falls.",
    estimator=(
        "windows of 32 returns, of one asset and of all, begun at every first to fourth day, compressed and "
        "standardised, all real dates tried: p of log d(train) - log d(hold-out) by rank among real windows "
        "without their own weeks and below them by a generalised Pareto tail; Benjamini-Hochberg at 10 %; "
        "fails where one remains at 1 %. Without a hold-out the two halves take turns (p doubled)"
    ),
    references="0 / 1",
    required=True,
)
