"""``LifeLaw``: how lives are spread, smoothed so far that no new one is a learned one.

A life is a handful of numbers: when it begins, how long it goes on, on how many days, how many payments a day
has, and its rates. Their ranks in a class of lives are normal scores. New scores are those of a learned life,
drawn towards the middle, plus noise that is correlated as the scores of all are: margins and correlations
stay as they are, and the life itself is left behind. Ends of lives and the number of days come from smoothed
quantiles, as exact days are private too. Source: own; smoothed bootstrap (Silverman and Young 1987) of a
Gaussian copula.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from finsim.generators.events.habits.amounts import normal, places
from finsim.generators.events.habits.days.activity import Lives
from finsim.notation import Array, Float1D, Float2D, Int1D

ENDS, OTHERS = 0.7, 0.6
"""Share of noise (s.d.) in the scores of first and last day, and in all others (assumptions: with less, lives
are told from unseen ones by their ends). What belongs closely together must have one share."""
ONCE, MORE, CROWDED = 0, 1, 2
OWN = 8
DRAWS = 2 * (4 + OWN) + 2
SMOOTH, QUANTILES, WIDEST = 3, 257, 3.5
"""Numbers of a life with smoothed quantiles; quantiles, between scores of +-WIDEST."""
LEAST, MOST_POINTS = 20, 2_000
"""Lives that make a class of their own; values that quantiles are read from at most (assumptions)."""
FULL = 0.98
UNSURE = 0.5
"""Part of the standard error of a rank over which quantiles are averaged (assumption)."""
_SCORES = np.linspace(-WIDEST, WIDEST, QUANTILES)


@dataclass(frozen=True)
class LifeLaw:
    """Class int64[E] of each learned life (-1: without events), and the law of each class.

    low, high float64[E, K], between which ranks each number of a life lies; quantiles float64[classes, K, Q];
    mix float64[classes, K, K], lower triangle of what noise is made by. slope float64[1] : how the logarithm
    of the number of days grows with that of the days there are.
    """

    kind: Int1D
    low: Float2D
    high: Float2D
    quantiles: Array
    mix: Array
    slope: Float1D

    def drawn(self, donor: Int1D, draws: Float2D) -> Float2D:
        """Return the numbers float64[S, K] of lives like those of donors; draws float64[S, DRAWS]."""
        size = self.low.shape[1]
        rank = self.low[donor] + draws[:, :size] * (self.high[donor] - self.low[donor])
        score = np.stack([normal(np.ascontiguousarray(one)) for one in rank.T], axis=1)
        noise = np.stack([normal(np.ascontiguousarray(one)) for one in draws.T[size : 2 * size]], axis=1)
        part = np.repeat([ENDS, OTHERS], [2, size - 2])
        found = np.zeros((len(donor), size))
        for kind in np.unique(self.kind[donor]):
            rows = np.flatnonzero(self.kind[donor] == kind)
            moved = np.sqrt(1.0 - part**2) * score[rows] + part * (noise[rows] @ self.mix[kind].T)
            for k in range(size):
                found[rows, k] = np.interp(moved[:, k], _SCORES, self.quantiles[kind, k])
        return found

    def spans(self, values: Float2D, donor: Int1D, shares: Float1D) -> tuple[Int1D, Int1D, Float1D]:
        """Return first and last active day int64[S] and how many there are float64[S], not yet rounded."""
        place, room = _places(shares)
        first = np.minimum(_day_at(place, values[:, 0]), len(shares) - 2)
        start = (place[first] + place[first + 1]) / 2.0
        last = np.maximum(_day_at(place, start + values[:, 1] * (place[-1] - start)), first + 1)
        inner = room[last] - room[first + 1] + 1.0
        count = 2.0 + _days_of(values[:, 2] + self.slope[0] * np.log(inner), inner)
        once = self.kind[donor] == ONCE
        first = np.where(once, _day_at(place, values[:, 0]), first)
        return first, np.where(once, first, last), np.where(once, 1.0, np.minimum(count, last - first + 1.0))


def learn_lives(lives: Lives, shares: Float1D, own: list[Float1D]) -> LifeLaw:
    """Learn the law of lives; ``own`` float64[E] of ``OWN`` rates and levels.

    shares float64[D] of the calendar. Lives of days of many payments are a class.
    """
    more = lives.active > 1
    kind = np.where(more, MORE, np.where(lives.active == 1, ONCE, -1))
    kind = np.where(more & (lives.crowded > 0), CROWDED, kind)
    place, room = _places(shares)
    first, last = np.maximum(lives.first, 0), np.maximum(lives.last, 0)
    start = (place[first] + place[first + 1]) / 2.0
    gone = ((place[last] + place[last + 1]) / 2.0 - start) / (place[-1] - start)
    inner = np.maximum(room[last] - room[np.minimum(first + 1, last)] + 1.0, 1.0)
    days = _exposure(np.maximum(lives.active - 2.0, 0.0), inner)
    slope = _slope(np.log(inner[more]), days[more])
    known = np.stack([start, gone, days - slope * np.log(inner), lives.size, *own], axis=1)
    low, high = np.full(known.shape, 0.5), np.full(known.shape, 0.5)
    quantiles = np.zeros((CROWDED + 1, known.shape[1], QUANTILES))
    mix = np.tile(np.eye(known.shape[1]), (CROWDED + 1, 1, 1))
    for one in (ONCE, MORE, CROWDED):
        rows = np.flatnonzero(kind == one)
        if not len(rows):
            continue
        for k in range(known.shape[1]):
            ordered = np.sort(known[rows, k])
            at = [
                np.searchsorted(ordered, known[rows, k], side=side) / len(rows) for side in ("left", "right")
            ]
            edge = 0.25 / len(rows)
            low[rows, k], high[rows, k] = (np.clip(ranks, edge, 1.0 - edge) for ranks in at)
            values = _spread(place, np.sort(first[rows])) if k == 0 else ordered
            quantiles[one, k] = _quantiles(values, k < SMOOTH)
        together = rows if one != CROWDED else np.flatnonzero(more)
        mix[one] = _mix((low[together] + high[together]) / 2.0)
    return LifeLaw(kind.astype(np.int64), low, high, quantiles, mix, np.array([slope]))


def _places(shares: Float1D) -> tuple[Float1D, Float1D]:
    """Return the calendar's share up to each day float64[D + 1], and how many busy days there are."""
    return (
        np.concatenate([[0.0], np.cumsum(shares)]),
        np.concatenate([[0.0], np.cumsum(np.minimum(shares, 1.0))]),
    )


def _spread(place: Float1D, day: Int1D) -> Float1D:
    """Return places in the calendar of ordered days, those of one day evenly over it."""
    _, first, counts = np.unique(day, return_index=True, return_counts=True)
    inside = (np.arange(len(day)) - np.repeat(first, counts) + 0.5) / np.repeat(counts, counts)
    return np.asarray(place[day] + inside * (place[day + 1] - place[day]))


def _quantiles(ordered: Float1D, is_smooth: bool) -> Float1D:
    """Return quantiles at normal scores; smooth ones are averaged as far as their rank is unsure.

    Source: Harrell & Davis 1982, with normal weights.
    """
    size = len(ordered)
    points = (
        ordered if size <= MOST_POINTS else np.quantile(ordered, (np.arange(MOST_POINTS) + 0.5) / MOST_POINTS)
    )
    at = (np.arange(len(points)) + 0.5) / len(points)
    wanted = places(_SCORES)
    if not is_smooth or size < LEAST:
        whole = (np.arange(size) + 0.5) / size
        return np.interp(wanted, whole, ordered)
    wide = np.maximum(UNSURE * np.sqrt(wanted * (1.0 - wanted) / (size + 1.0)), 0.25 / len(points))
    weight = np.exp(-0.5 * np.minimum(((at[None, :] - wanted[:, None]) / wide[:, None]) ** 2, 1_000.0))
    found = weight @ points / weight.sum(axis=1)
    return np.asarray(np.maximum.accumulate(found))


def _mix(rank: Float2D) -> Float2D:
    """Return the Cholesky factor of the correlations of scores, drawn to none where few lives tell them."""
    size, count = rank.shape[1], len(rank)
    score = np.stack([normal(np.ascontiguousarray(np.clip(one, 1e-6, 1.0 - 1e-6))) for one in rank.T])
    score -= score.mean(axis=1, keepdims=True)
    cover = score @ score.T / max(count, 1)
    spread = np.sqrt(np.maximum(np.diag(cover), 1e-12))
    alike = cover / spread[:, None] / spread
    alike[np.diag(cover) < 1e-9] = 0.0
    alike[:, np.diag(cover) < 1e-9] = 0.0
    told = count / (count + 2.0)
    np.fill_diagonal(alike, 1.0)
    return np.asarray(np.linalg.cholesky(0.99 * told * alike + (1.0 - 0.99 * told) * np.eye(size)))


def _exposure(days: Float1D, inner: Float1D) -> Float1D:
    """Return the logarithm of how many days there would be if they were not all different."""
    return np.asarray(np.log(-inner * np.log1p(-np.minimum((days + 0.5) / inner, FULL))))


def _days_of(exposure: Float1D, inner: Float1D) -> Float1D:
    return np.asarray(np.maximum(-inner * np.expm1(-np.exp(exposure) / inner) - 0.5, 0.0))


def _slope(x: Float1D, y: Float1D) -> float:
    """Return the slope of y over x, from 0 to 1."""
    if len(x) < 2 or x.var() < 1e-9:
        return 0.0
    return float(np.clip(((x - x.mean()) * (y - y.mean())).mean() / x.var(), 0.0, 1.0))


def _day_at(place: Float1D, where: Float1D) -> Int1D:
    return np.clip(np.searchsorted(place, where, side="right") - 1, 0, len(place) - 2).astype(np.int64)
