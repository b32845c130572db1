"""``ChangingLaw``: sums that vary about a level of the series, and months that are never paid."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from finsim.generators.events.habits.amounts import normal, places
from finsim.generators.events.habits.standing.changing_series import LEAST_OFTEN
from finsim.generators.events.habits.standing.periods import MONTH, index_of
from finsim.notation import Array, Bool1D, Float1D, Float2D, Int1D

QUANTILES, YEAR = 65, 12
LEAST_OWNERS = 3
"""Entities that must pay a payee before its own level and spread are learned (assumption)."""
OF_OFFER = 0.2
"""Share of the variance of levels between payees from which on levels are theirs (assumption)."""
LEAST_SPREAD, MOST_MEMORY = 1e-3, 0.95
GRAINS = (0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 50.0, 100.0)
GRAINED = 0.95
"""Share of the payments of a series that are multiples of a number from which on all are (assumption)."""
SEASONS = 2.0
"""Standard errors that a month of the year must be away from the others (assumption)."""


@dataclass(frozen=True)
class ChangingLaw:
    """How sums of series vary, by kind (K) and offer (O).

    A payment is level x exp(season + spread x residual). varies int64[K], 1 where sums do. level
    float64[O, 3] : mean and s.d. of the logarithm of the level at an offer, its sign; NaN where levels are
    those of the kind. spread float64[O, 2] : mean and s.d. of the logarithm of the s.d. of logarithms about
    the level. residual float64[K, QUANTILES], of unit variance; memory float64[K], correlation of one payment
    with the next. season float64[K, 12], logarithms by calendar month. grains float64[K, G] : cumulative
    shares of what sums of a series are multiples of, from the grid of the column to ``GRAINS``. pauses
    float64[O, 12] : shares of series that never pay in a calendar month.
    """

    varies: Int1D
    level: Float2D
    spread: Float2D
    residual: Float2D
    memory: Float1D
    season: Float2D
    grains: Float2D
    pauses: Float2D

    @classmethod
    def none(cls, kinds: int, offers: int) -> ChangingLaw:
        """Return the law of series that vary in nothing, as models of before have it."""
        level = np.full((offers, 3), np.nan)
        return cls(
            np.zeros(kinds, np.int64), level, np.zeros((offers, 2)), np.zeros((kinds, QUANTILES)),
            np.zeros(kinds), np.zeros((kinds, YEAR)), np.ones((kinds, len(GRAINS) + 1)),
            np.zeros((offers, YEAR)),
        )  # fmt: skip

    def at_offers(self, payee: Int1D) -> ChangingLaw:
        """Return the law by offer, of one learned by payee int64[O]."""
        return replace(self, level=self.level[payee], spread=self.spread[payee], pauses=self.pauses[payee])

    def leveled(self, kind: Int1D, offer: Int1D, score: Float1D, usual: Float1D) -> Float1D:
        """Return the levels float64[m] for normal scores: of their offer, else the ``usual`` ones."""
        mean, spread, sign = self.level[offer].T
        own = (self.varies[kind] > 0) & np.isfinite(mean)
        level = np.exp(np.where(own, mean + spread * score, 0.0))
        return np.where(own, sign * level, usual)

    def sums(
        self,
        of: tuple[Int1D, Int1D],
        level: Float1D,
        draws: tuple[Float2D, Float2D],
        month: Array,
        step: float,
    ) -> Float2D:
        """Return the sums float64[m, P] of series of kinds and offers ``of`` int64[m] each, whose sums vary.

        draws : of the series float64[m, 2] (how widely, how rounded) and of its periods float64[m, P];
        month int64[m, P], 0 is January.
        """
        kind, offer = of
        wide = self.spread[offer]
        spread = np.exp(wide[:, 0] + wide[:, 1] * normal(np.ascontiguousarray(draws[0][:, 0])))
        noise = normal(np.ascontiguousarray(draws[1].ravel())).reshape(draws[1].shape)
        noise = with_memory(noise, self.memory[kind])
        place = places(np.ascontiguousarray(noise.ravel())).reshape(noise.shape) * (QUANTILES - 1)
        low = np.clip(place.astype(np.int64), 0, QUANTILES - 2)
        left, right = (self.residual[kind[:, None], at] for at in (low, low + 1))
        residual = left + (place - low) * (right - left)
        found = level[:, None] * np.exp(self.season[kind[:, None], month] + spread[:, None] * residual)
        return rounded(found, self._grain(kind, draws[0][:, 1], step), step)

    def _grain(self, kind: Int1D, draw: Float1D, step: float) -> Float1D:
        which = (draw[:, None] >= self.grains[kind]).sum(axis=1)
        return np.asarray(np.append(step, GRAINS)[np.minimum(which, len(GRAINS))])

    def is_paused(self, offer: Int1D, draw: Float1D, month: Array) -> Array:
        """Return bool[m, P], months that series leave out; draw float64[m], one for all months of each."""
        return np.asarray(draw[:, None] < self.pauses[offer[:, None], month])


def with_memory(noise: Float2D, memory: Float1D) -> Float2D:
    """Return normal noise [m, P] in which each is correlated with the one before by memory float64[m]."""
    if not memory.any():
        return noise
    found, fresh = noise.copy(), np.sqrt(1.0 - memory**2)
    for k in range(1, noise.shape[1]):
        found[:, k] = memory * found[:, k - 1] + fresh * noise[:, k]
    return found


def rounded(sums: Float2D, grain: Float1D, step: float) -> Float2D:
    """Return sums as multiples of the grain float64[m] of their series, none of them 0."""
    size = np.where(grain > 0, grain, 1.0)[:, None]
    whole = np.sign(sums) * np.maximum(np.round(np.abs(sums) / size), 1.0) * size
    found = np.where(grain[:, None] > 0, whole, sums)
    return np.round(np.round(found / step) * step, 10) if step > 0 else np.asarray(found)


@dataclass(frozen=True)
class SeriesRows:
    """Rows of series in order: series int64[n], amount float64[n], month int64[n] (0 is January).

    kind, offer, entity int64[N] of the series.
    """

    series: Int1D
    amount: Float1D
    month: Int1D
    kind: Int1D
    offer: Int1D
    entity: Int1D


def levels(rows: SeriesRows, chosen: Bool1D, sums: Float1D) -> Float1D:
    """Return the sums float64[N], those of series chosen bool[N] replaced by their middle one."""
    found = sums.copy()
    order = np.lexsort((rows.amount, rows.series))
    starts = np.searchsorted(rows.series, np.arange(len(sums) + 1))
    size = np.diff(starts)
    low, high = (rows.amount[order][starts[:-1] + half] for half in ((size - 1) // 2, size // 2))
    middle = np.sign(low) * np.sqrt(np.abs(low * high))
    return np.where(chosen, middle, found)


def learn_changing(
    rows: SeriesRows, varies: Int1D, level: Float1D, pauses: Float2D, step: float
) -> ChangingLaw:
    """Return the law of kinds varies int64[K]; level float64[N], the middle sum of each series."""
    kinds, offers = len(varies), len(pauses)
    law = ChangingLaw.none(kinds, offers)
    for k in np.flatnonzero(varies):
        which = np.flatnonzero(rows.kind == k)
        inside = np.isin(rows.series, which)
        of = np.searchsorted(which, rows.series[inside])
        size = np.bincount(of, minlength=len(which))
        away = np.log(np.abs(rows.amount[inside])) - np.log(np.abs(level[which]))[of]
        law.season[k] = seasons(away, rows.month[inside], of)
        away = away - law.season[k][rows.month[inside]]
        away -= (np.bincount(of, away) / size)[of]
        spread = np.sqrt(np.bincount(of, away**2) / np.maximum(size - 1, 1))
        long = size >= LEAST_OFTEN
        long = long if long.any() else size > 0
        told = long & (spread > LEAST_SPREAD)
        spread = np.maximum(spread, LEAST_SPREAD)
        standard = (away / spread[of])[told[of]]
        if len(standard):
            unit = standard / np.sqrt((standard**2).mean())
            law.residual[k] = np.quantile(unit, np.linspace(0.0, 1.0, QUANTILES))
        law.memory[k] = memory(standard, of[told[of]], size)
        owners = rows.offer[which], rows.entity[which]
        # Of few payments the logarithm of a s.d. is too low by half its variance, which is also its error.
        noise = 1.0 / (2.0 * np.maximum(size[long] - 1, 1))
        wide = np.log(spread[long]) + noise
        law.spread[np.unique(owners[0])] = wide.mean(), 0.0
        law.spread[:] = _by_offer(law.spread, (owners[0][long], owners[1][long]), wide, noise)[0]
        logs = np.log(np.abs(level[which]))
        of_offers, share = _by_offer(law.spread, owners, logs, np.zeros(len(which)))
        if share >= OF_OFFER:
            known = _owned(*owners)
            sign = np.bincount(owners[0], np.sign(level[which]), offers)[known]
            law.level[known] = np.column_stack([of_offers[known], np.where(sign < 0, -1.0, 1.0)])
        law.grains[k] = _grain_shares(rows.amount[inside], of, len(which), step)
    return ChangingLaw(
        varies, law.level, law.spread, law.residual, law.memory, law.season, law.grains, pauses
    )


def seasons(away: Float1D, month: Int1D, of: Int1D) -> Float1D:
    """Return the mean of logarithms about the level by calendar month float64[12], as far as it is sure.

    Source: positive-part shrinkage (James and Stein 1961); below ``SEASONS`` standard errors there is none.
    """
    many = np.bincount(month, minlength=YEAR)
    if (many > 0).sum() < 2 or len(np.unique(of)) < LEAST_OWNERS:
        return np.zeros(YEAR)
    mean = np.bincount(month, away, YEAR) / np.maximum(many, 1)
    variance = np.bincount(month, (away - mean[month]) ** 2, YEAR) / np.maximum(many - 1, 1)
    error = np.where(many > 1, variance / np.maximum(many, 1), np.inf)
    kept = np.clip(1.0 - error / np.maximum(mean**2, 1e-12), 0.0, 1.0)
    return np.asarray(np.where(mean**2 > SEASONS**2 * error, kept * mean, 0.0))


def memory(standard: Float1D, of: Int1D, size: Int1D) -> float:
    """Return the correlation of payments with the next one of their series, 0 where chance may be it.

    About a mean of its own a series of n payments without memory has -1 / n (Kendall 1954).
    """
    inside = of[1:] == of[:-1]
    pairs = (standard[1:] * standard[:-1])[inside]
    if len(pairs) < QUANTILES:
        return 0.0
    found = float(pairs.mean() + (1.0 / size[of[1:][inside]]).mean())
    return float(np.clip(found, 0.0, MOST_MEMORY)) if abs(found) > SEASONS / np.sqrt(len(pairs)) else 0.0


def _by_offer(
    before: Float2D, owners: tuple[Int1D, Int1D], value: Float1D, noise: Float1D
) -> tuple[Float2D, float]:
    """Return mean and s.d. float64[O, 2] of values of series at their offers, other offers as before.

    Further, the share of the variance that lies between offers.

    An offer that few entities have is as the kind is; others are drawn towards it by their error. noise :
    variance of each value that is the error of its few payments.
    """
    offer, entity = owners
    found, mean = before.copy(), float(value.mean())
    whole = max(float(value.var() - noise.mean()), 0.0)
    found[np.unique(offer)] = mean, np.sqrt(whole)
    known = _owned(offer, entity)
    if not len(known):
        return found, 0.0
    place = np.searchsorted(known, offer)
    some = np.isin(offer, known)
    place, at, error = place[some], value[some], noise[some]
    count = np.bincount(place, minlength=len(known))
    own = np.bincount(place, at) / count
    inner = float(((at - own[place]) ** 2).sum()) / max(len(at) - len(known), 1)
    between = max(float(((own - mean) ** 2).mean()) - inner / float(count.mean()), 0.0)
    weight = between / np.maximum(between + inner / count, 1e-12)
    found[known, 0] = mean + weight * (own - mean)
    found[known, 1] = np.sqrt(max(inner - float(error.mean()), 0.0))
    return found, between / max(between + inner, 1e-12)


def _owned(offer: Int1D, entity: Int1D) -> Int1D:
    """Return the offers that enough entities have series at."""
    pairs = np.unique(np.column_stack([offer, entity]), axis=0)[:, 0]
    known, many = np.unique(pairs, return_counts=True)
    return np.asarray(known[many >= LEAST_OWNERS])


def _grain_shares(amount: Float1D, of: Int1D, series: int, step: float) -> Float1D:
    """Return cumulative shares of series by what all their sums are multiples of."""
    size, level = np.bincount(of, minlength=series), np.zeros(series, np.int64)
    for k, grain in enumerate(GRAINS):
        whole = np.abs(amount / grain - np.round(amount / grain)) < 1e-6
        level[(np.bincount(of, whole, series) >= GRAINED * size) & (grain > step)] = k + 1
    return np.asarray(np.cumsum(np.bincount(level, minlength=len(GRAINS) + 1)) / series)


def month_of(day: Array) -> Array:
    """Return the calendar month of days since 1970, 0 is January."""
    return np.asarray(index_of(MONTH, day) % YEAR)
