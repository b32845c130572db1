"""Copied days: single returns that repeat a real return, in any order and with either sign."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from finsim.evaluation.attacks.intervals import clopper_pearson
from finsim.evaluation.case import PathCase
from finsim.evaluation.metric import FAIL, PASS, SHARE, Metric, Score
from finsim.evaluation.privacy.chance_copies import counted
from finsim.evaluation.privacy.copy_census import held_out
from finsim.extras import Later
from finsim.notation import Float1D, Int2D
from finsim.records.paths import Paths

stats = Later("scipy.stats", "evaluate")
special = Later("scipy.special", "evaluate")
SUBJECTS = ("returns", "returns at a real return")
TOLERANCE = 1e-11
"""Returns of the same prices differ by less; smooth returns agree so closely in one of a million cases."""
WIDER = 1_000
"""Times the tolerance within which smooth returns come near a real one so many times as often as equal it."""
MOST_TICKS = 50_000
"""Prices are taken to be up to so many ticks, where they stand on a grid; assumption."""
GRID = 0.1
"""Share of returns that are ratios of whole numbers from which prices stand on a grid; by chance 3 % are."""
WIDE = (0.25, 0.05, 0.01)
"""Shares of the widest gaps between real returns: the wider, the more rounding a copy may have."""
SIGNS = 2
NEAR = 0.1
"""A return within a twentieth of its gap of one of its ends; by chance this share of returns is."""
MARGIN = 0.1
"""Further share of near returns that is allowed: densities bend within a gap; assumption."""
LEAST = 30
LEVEL = 0.01


def moves_of(paths: Paths) -> Iterator[Float1D]:
    """Yield the returns of each asset that are not zero, all paths together."""
    returns = paths.returns()
    for index in range(returns.shape[2]):
        own = returns[:, :, index].ravel()
        yield own[(own != 0.0) & np.isfinite(own)]


def repeated(real: Paths, synthetic: Paths) -> tuple[int, int]:
    """Return how many synthetic returns equal a real one of any asset, sign aside, and how many there are."""
    known = _known(real)
    own = np.concatenate(list(moves_of(synthetic)))
    return _hits(known, own), len(own)


def by_rounding(real: Paths, synthetic: Paths) -> tuple[int, int]:
    """Return how many returns equal a real one after the ratio of their two prices is moved by one tick.

    Such returns are copies of nothing: prices on a grid, and low ones above all, have few ratios. Where many
    returns are such ratios the number is the upper end of its interval: one hit by chance is no copy.
    """
    own = np.abs(np.concatenate(list(moves_of(synthetic))))
    over, under = ratio_of(np.exp(own))
    on_grid = under > 0
    moved = [np.log((over[on_grid] + step) / under[on_grid]) for step in (-1.0, 1.0)]
    hits, rows = _hits(_known(real), np.concatenate(moved)), 2 * len(own)
    is_grid = on_grid.mean() > GRID if rows else False
    return round(clopper_pearson(hits, rows)[1] * rows) if is_grid else hits, rows


def by_closeness(real: Paths, synthetic: Paths) -> tuple[int, int]:
    """Return how many returns come near a real one without being equal, and among how many that is one equal.

    A million smooth returns beside thousands of real ones are equal up to the tolerance now and then; within
    ``WIDER`` times it they are so many times as often.
    """
    known = _known(real)
    own = np.concatenate(list(moves_of(synthetic)))
    near = _hits(known, own, WIDER * TOLERANCE) - _hits(known, own)
    return near, (WIDER - 1) * len(own)


def ratio_of(values: Float1D) -> tuple[Float1D, Float1D]:
    """Return numerators and denominators of numbers that are ratios of whole numbers up to ``MOST_TICKS``.

    By continued fractions; 0 over 0 where there is none within 1e-11.
    """
    rest, over, under = values.copy(), np.ones(len(values)), np.zeros(len(values))
    before = (np.zeros(len(values)), np.ones(len(values)))
    found = (np.zeros(len(values)), np.zeros(len(values)))
    open_ = np.arange(len(values))
    while len(open_):
        whole = np.floor(rest)
        over, under, before = whole * over + before[0], whole * under + before[1], (over, under)
        is_it = np.abs(over - values[open_] * under) <= TOLERANCE * over
        kept = under <= MOST_TICKS
        for part, own in zip(found, (over, under), strict=True):
            part[open_[is_it & kept]] = own[is_it & kept]
        on = kept & ~is_it & (rest > whole)
        open_, rest = open_[on], 1.0 / (rest[on] - whole[on])
        over, under, before = over[on], under[on], (before[0][on], before[1][on])
    return found


def _known(real: Paths) -> Float1D:
    return np.asarray(np.unique(np.abs(np.concatenate(list(moves_of(real))))))


def _hits(known: Float1D, own: Float1D, within: float = TOLERANCE) -> int:
    if not len(known):
        return 0
    size = np.abs(own)
    at = np.searchsorted(known, size)
    below, above = known[np.maximum(at - 1, 0)], known[np.minimum(at, len(known) - 1)]
    return int((np.minimum(np.abs(size - below), np.abs(above - size)) <= within).sum())


def near_ends(real: Paths, synthetic: Paths) -> list[tuple[int, int]]:
    """Return (near an end, all) of the synthetic returns in wide gaps of their asset's real returns.

    One pair for each share of ``WIDE``, then one each for the returns with their sign turned. A return
    independent of the real ones lies anywhere in its gap.
    """
    found = np.zeros((SIGNS * len(WIDE), 2), dtype=np.int64)
    for known, own in zip(moves_of(real), moves_of(synthetic), strict=True):
        levels = np.unique(known)
        if len(levels) >= LEAST:
            found += np.concatenate([_in_gaps(levels, own), _in_gaps(levels, -own)])
    return [(int(near), int(count)) for near, count in found]


def _in_gaps(levels: Float1D, own: Float1D) -> Int2D:
    """Return (near an end, all) of returns in the gaps of sorted ``levels``, a row for each of ``WIDE``."""
    gaps = np.diff(levels)
    inside = own[(own >= levels[0]) & (own <= levels[-1])]
    at = np.clip(np.searchsorted(levels, inside), 1, len(gaps))
    at = np.where(  # a return at an end belongs to the wider of its two gaps
        (np.abs(levels[at] - inside) <= TOLERANCE) & (at < len(gaps))
        & (gaps[np.minimum(at, len(gaps) - 1)] > gaps[at - 1]), at + 1, at,
    )  # fmt: skip
    gap = gaps[at - 1]
    depth = np.minimum(np.abs(inside - levels[at - 1]), np.abs(levels[at] - inside)) / gap
    wide = [gap >= np.quantile(gaps, 1.0 - share) for share in WIDE]
    return np.array([[(depth[one] <= NEAR / 2.0).sum(), one.sum()] for one in wide], dtype=np.int64)


def measure(case: PathCase) -> list[Score]:
    """Return two scores: returns that repeat a real one, and in wide gaps those close to a real one."""
    sides = held_out(case)
    if min(len(side.dates) for side in (*sides, case.everything)) < LEAST:
        return [METRIC.missing(subject, f"fewer than {LEAST} rows") for subject in SUBJECTS]
    copies, size = 0, 0
    chance, close = np.zeros(2, dtype=np.int64), np.zeros(2, dtype=np.int64)
    near = np.zeros((SIGNS * len(WIDE), 2), dtype=np.int64)
    for block in case.pieces:
        more, count = repeated(case.real.paths, block)
        copies, size = copies + more, size + count
        chance += by_rounding(case.real.paths, block) if more else (0, 0)
        close += by_closeness(case.real.paths, block)
        near += near_ends(case.real.paths, block)
    usual = max(repeated(*sides), (int(chance[0]), int(chance[1])), key=_rate)
    note = f"in any order, either sign; all {case.pieces.count} paths were looked at"
    score = counted(METRIC, SUBJECTS[0], copies, size, usual, note)
    smooth = (int(close[0]), int(close[1]))
    if _rate(smooth) > _rate(usual):
        mean = size * _rate(smooth)
        score = replace(
            counted(METRIC, SUBJECTS[0], copies, size, smooth, note),
            p=float(special.gammainc(copies, mean)) if copies else 1.0,
        )
    return [score, _close(near.tolist(), near_ends(*sides), note)]


def _rate(found: tuple[int, int]) -> float:
    return found[0] / max(found[1], 1)


def _close(found: list[list[int]], chance: list[tuple[int, int]], note: str) -> Score:
    """Return the score of the gaps where most returns are too near an end; chance is that of later real ones.

    fail: more returns than ``NEAR`` + ``MARGIN``, or than held-out ones may have, at one per cent over all
    shares of ``WIDE`` and both signs.
    """
    best: tuple[float, int, int, float] | None = None
    for (near, count), (held, among) in zip(found, chance, strict=True):
        usual = clopper_pearson(held, among)[1] if among >= LEAST else 1.0
        goal = max(NEAR + MARGIN, usual) if held > NEAR * among else NEAR + MARGIN
        p = float(stats.binom.sf(near - 1, count, min(goal, 1.0))) if count >= LEAST else 1.0
        if count >= LEAST and (best is None or p < best[0]):
            best = (p, near, count, goal)
    if best is None:
        return METRIC.missing(SUBJECTS[1], f"fewer than {LEAST} returns in wide gaps between real returns")
    p, near, count, goal = best
    verdict, reason = PASS, ""
    if p * len(found) < LEVEL:
        verdict = FAIL
        reason = f"{near} of {count} returns in wide gaps lie at a real return; chance explains {goal:.0%}"
    low, high = (count * limit for limit in clopper_pearson(near, count))
    span = (NEAR * count, float(count), goal * count)
    return METRIC.scored(SUBJECTS[1], float(near), (low, high), count, span, (verdict, reason), note)


METRIC = Metric(
    name="day_copies",
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
    summary="Single returns that repeat a real return, in any order",
    order=195,
    how=(
        "Number of returns equal to a real return of any asset, sign aside, wherever they stand; and, for "
        "rounded copies, the share of returns close to a real one among those that fall between real returns "
        "far apart, where an independent return lies anywhere."
    ),
    misses="Days with noise, and rescaled days; see near_copies for those that stay in order.",
    estimator=(
        "returns equal to a real one (1e-11), against held-out returns, synthetic ones moved by a tick, and "
        "a thousandth of those within 1e-8 (then p is Poisson's); share within 5 % of an end of the widest "
        "25, 5 and 1 % of the gaps between real returns, against 20 % or what held-out returns show, either "
        "sign (binomial, 1 % over the six)"
    ),
    references="chance / all",
    required=True,
)
