"""How much is paid: laws of payees and groups of payees, and where in its law an entity pays."""

from __future__ import annotations

from dataclasses import dataclass, replace
from statistics import NormalDist

import numpy as np

from finsim.generators.events.habits.ledger import Ledger, means_by, sums_by
from finsim.generators.margins.few_sums import with_grain
from finsim.generators.margins.number_margin import NumberMargin
from finsim.kernels.events.normal_scores import to_places, to_scores
from finsim.notation import Array, Float1D, Float2D, Int1D
from finsim.randomness import Streams

LEAST_ROWS, MOST_LAWS, KNOTS = 60, 200, 65
MOST_PRIVATE = 2
MOST_OFTEN = 6
LIMIT_DROP, LIMIT_ROWS, MOST_LIMITS = 4.0, 8, 8
SHAPE_LEAST, SHAPE_ROWS, SHAPE_MASS, MOST_SHAPES, SHAPE_KNOTS = 10, 100, 4_000, 8, 1_025
"""Rows of an entity that tell how its payments lie about its level; rows that count of it; rows that a
shape rests on; shapes at most; points that a shape is read at (assumptions)."""
SPREAD_NOISE = 0.05
"""S.d. of what the logarithm of a spread is moved by where few tell it (assumption)."""
SPREAD_NEAR = 20
"""Entities on each side, by level, that a spread is drawn towards (assumption)."""
END = 4.5
"""Standard score of the last knot: between it and the one before, tails go on as those of a normal law."""
_KNOT_SCORES = np.array([-END, *(NormalDist().inv_cdf(k / (KNOTS - 1)) for k in range(1, KNOTS - 1)), END])
NORMAL = _KNOT_SCORES[None, :]
"""The one shape of payments that lie about their level as a normal law does."""


@dataclass(frozen=True)
class Amounts:
    """Laws of amounts, and the scores of entities in them.

    laws : margins; missing float64[laws], shares of lacking amounts. maps float64[laws, KNOTS], quantiles
    of the scores that the parts add up to. limits float64[H], sums that entities stop at; reach
    float64[laws, H + 1], the place of a limit in each law (1 for none). between, links, within : s.d. of
    the scores of entities, of their payees and of single payments. rounding float64[2], see
    ``roundings_alike``.
    """

    laws: tuple[NumberMargin, ...]
    missing: Float1D
    maps: Float2D
    limits: Float1D
    reach: Float2D
    within: float
    rounding: Float1D

    def cells(self, law: Int1D, score: Float1D, limit: Int1D, draws: Float2D) -> Float1D:
        """Return amounts float64[n] (NaN: lacking) by law and score; ``limit`` H for none; draws [n, 2]."""
        found = np.full(len(law), np.nan)
        order = np.argsort(law, kind="stable")
        starts = np.searchsorted(law[order], np.arange(len(self.laws) + 1))
        for k in np.flatnonzero(np.diff(starts)):
            rows = order[starts[k] : starts[k + 1]]
            if self.missing[k] >= 1.0:
                continue
            place = places(np.interp(score[rows], self.maps[k], _KNOT_SCORES)) * self.reach[k, limit[rows]]
            cells = self.laws[k].values(np.clip(place, 1e-9, 1.0 - 1e-9), draws[rows, 0])
            found[rows] = np.where(draws[rows, 1] < self.missing[k], np.nan, cells)
        return found


@dataclass(frozen=True)
class Levels:
    """Where entities and links pay in their laws: level, spread float64[E].

    limit int64[E]; effect float64[L], ``doubt`` float64[L] the s.d. of what is not known of it. shape
    float64[B, KNOTS] : quantiles of what single payments add, in spreads, of entities about the level
    ``middle`` float64[B].
    """

    level: Float1D
    doubt_of_level: Float1D
    spread: Float1D
    doubt_of_spread: Float1D
    limit: Int1D
    effect: Float1D
    doubt: Float1D
    shape: Float2D
    middle: Float1D

    def singles(self, level: Float1D, score: Float1D) -> Float1D:
        """Return what payments add in spreads float64[n], from levels and normal scores float64[n] each."""
        low = np.clip(np.searchsorted(_KNOT_SCORES, score, side="right") - 1, 0, KNOTS - 2)
        inside = (score - _KNOT_SCORES[low]) / np.diff(_KNOT_SCORES)[low]
        at = np.interp(level, self.middle, np.arange(len(self.middle)))
        first = np.minimum(at.astype(np.int64), max(len(self.middle) - 2, 0))
        found = np.zeros(len(score))
        for step in range(min(2, len(self.middle))):
            share = 1.0 - np.abs(at - first - step)
            left, right = self.shape[first + step, low], self.shape[first + step, low + 1]
            found += share * (left + inside * (right - left))
        return found


def learn_amounts(
    ledger: Ledger, law: Int1D, laws: int, link: Int1D, step: float, streams: Streams, alone: Int1D
) -> tuple[Amounts, Levels, Float1D]:
    """Learn the laws of rows (law int64[n]) and the scores of entities and links (link int64[n]).

    A law that no row has, as each payee has one of its own, is that of the rows whose law it would be but for
    their payees (alone int64[n]): those of one currency, where rows have some.
    Returns them, and the chance float64[n] that another payment of the law has the same amount.
    """
    present = ~np.isnan(ledger.amount)
    margins, missing = [], np.full(laws, 1.0 - present.mean() if len(law) else 1.0)
    score, chance = np.zeros(len(law)), np.zeros(len(law))
    draws = streams.at("scores").random(len(law))
    lawful = _fresh(ledger)
    whole = ledger.amount[lawful]
    for k in range(laws):
        rows = np.flatnonzero(law == k)
        there = rows[present[rows]]
        if len(rows):
            missing[k] = 1.0 - len(there) / len(rows)
        told = there[lawful[there]]
        sample = ledger.amount[told] if len(told) else ledger.amount[lawful & (alone == k)]
        sample = sample if len(sample) else (whole if len(whole) else np.zeros(1))
        margin = with_grain(NumberMargin.fit(sample, step), sample)
        margins.append(margin)
        if len(there):
            score[there] = margin.uniform(ledger.amount[there], draws[there])
            chance[there] = _shares(margin, ledger.amount[there])
    scores = np.zeros(len(law))
    to_scores(np.clip(score, 1e-9, 1 - 1e-9), scores)
    limits, limit = _limits(ledger, present)
    level = _levels(ledger, scores, present, link, limit)
    level = _with_shape(level, ledger.entity, scores - level.effect[link], present & lawful)
    level = _without_links(level, ledger, link)
    reach = np.ones((laws, len(limits) + 1))
    for k, margin in enumerate(margins):
        if len(limits):
            reach[k, :-1] = np.maximum(margin.uniform(limits, np.full(len(limits), 1.0 - 1e-9)), 1e-6)
    parts = Amounts(tuple(margins), missing, np.zeros((laws, KNOTS)), limits, reach, 1.0, np.zeros(2))
    within = (
        np.std(scores[present] - level.level[ledger.entity[present]] - level.effect[link[present]])
        if present.any()
        else 1.0
    )
    return replace(parts, within=float(within)), level, chance


def _fresh(ledger: Ledger) -> Array:
    """Return bool[n], true for amounts of at least three entities, and the first time an entity has one.

    What one entity repeats is its own memory: as an atom of a law it would be handed to others as it is.
    Who always pays one sum tells it once, however many have that sum too.
    """
    found = np.zeros(len(ledger.amount), dtype=np.bool_)
    present = np.flatnonzero(~np.isnan(ledger.amount))
    code = np.unique(ledger.amount[present], return_inverse=True)[1].astype(np.int64)
    size = int(code.max(initial=0)) + 1
    _, first = np.unique(ledger.entity[present] * size + code, return_index=True)
    sums = np.bincount(ledger.entity[present[first]], minlength=ledger.count)
    shared = np.bincount(code[first], minlength=size)[code] >= MOST_PRIVATE + 1
    found[present] = shared & (sums[ledger.entity[present]] > 1)
    found[present[first]] = True
    return found


def _shares(margin: NumberMargin, values: Float1D) -> Float1D:
    """Return the share of each value as an atom, 0 for others."""
    if not len(margin.atoms):
        return np.zeros(len(values))
    at = np.minimum(np.searchsorted(margin.atoms, values), len(margin.atoms) - 1)
    return np.where(margin.atoms[at] == values, margin.atom_share[at], 0.0)


def _levels(ledger: Ledger, score: Float1D, present: Array, link: Int1D, limit: Int1D) -> Levels:
    """Return what is known of entities and links, by moments: variance between, of links, and within."""
    count, links = ledger.count, int(link.max(initial=-1)) + 1
    z, e, m = score[present], ledger.entity[present], link[present]
    owner = np.zeros(links, np.int64)
    owner[link] = ledger.entity
    size = np.bincount(m, minlength=links).astype(np.float64)
    mean = sums_by(m, z, links) / np.maximum(size, 1.0)
    squares = sums_by(m, (z - mean[m]) ** 2, links)
    noise = squares.sum() / max((np.maximum(size, 1) - 1).sum(), 1.0) if (size > 1).any() else 1.0
    noise = max(float(noise), 1e-3)
    # Of entities: means of link means; links of one payment show their own variance with the noise.
    has = size > 0
    ties = np.bincount(owner[has], minlength=count).astype(np.float64)
    own = sums_by(owner[has], mean[has], count) / np.maximum(ties, 1.0)
    rest = ((mean - own[owner])[has] ** 2).sum() / max((np.maximum(ties, 1) - 1).sum(), 1.0)
    tie = max(float(rest) - noise * float((1.0 / size[has]).mean()) if has.any() else 0.0, 1e-3)
    some = ties > 0
    unsure = sums_by(owner[has], tie + noise / size[has], count)
    error = np.where(some, unsure / np.maximum(ties, 1.0) ** 2, 1.0)
    apart = float(own[some].var()) - float(error[some].mean()) if some.any() else 0.0
    apart = float(np.clip(apart, 1e-3, 1.0))
    trust = apart / (apart + error)
    level = np.where(some, own * trust, 0.0)
    believed = tie / (tie + noise / np.maximum(size, 1e-9))
    effect = np.where(has, (mean - level[owner]) * believed, 0.0)
    doubt = np.sqrt(tie * np.where(has, 1.0 - believed, 1.0))
    within = sums_by(e, (z - level[e] - effect[m]) ** 2, count)
    spread = np.sqrt((within + 6.0 * noise) / (np.bincount(e, minlength=count) + 6.0))
    unsure = np.sqrt(apart * np.where(some, 1 - trust, 1.0))
    return Levels(
        level,
        unsure,
        spread,
        np.full(count, SPREAD_NOISE),
        limit,
        effect,
        doubt,
        NORMAL,
        np.zeros(1),
    )


def _with_shape(level: Levels, entity: Int1D, score: Float1D, told: Array) -> Levels:
    """Return the levels with the shape of single payments and spreads as far as they are believed.

    score float64[n] less the effects of links; ``told`` bool[n] are the rows whose amounts are not repeats.
    An entity with many rows counts for no more than one with ``SHAPE_ROWS``.
    """
    rows = np.flatnonzero(told)
    size = np.bincount(entity[rows], minlength=len(level.level))
    rows = rows[size[entity[rows]] >= SHAPE_LEAST]
    one = entity[rows]
    weight = np.minimum(1.0, SHAPE_ROWS / np.maximum(size[one], 1))
    bins = int(min(MOST_SHAPES, weight.sum() // SHAPE_MASS))
    if not bins:
        return level
    apart = (score[rows] - level.level[one]) / level.spread[one]
    order = np.argsort(level.level[one], kind="stable")
    place = np.empty(len(rows))
    place[order] = np.cumsum(weight[order])
    which = np.minimum((place / place.max() * bins).astype(np.int64), bins - 1)
    middle = np.bincount(which, weight * level.level[one], bins) / np.bincount(which, weight, bins)
    shape = np.stack([_shape_of(apart[which == k], weight[which == k]) for k in range(bins)])
    peaks = float((weight * apart**4).sum() * weight.sum() / (weight * apart**2).sum() ** 2)
    level = with_believed_spread(level, np.bincount(entity, minlength=len(level.level)), peaks)
    return replace(level, shape=shape, middle=np.maximum.accumulate(middle + 1e-9 * np.arange(bins)))


def with_believed_spread(level: Levels, rows: Int1D, peaks: float) -> Levels:
    """Return the levels with spreads drawn towards those of entities about the same level.

    The logarithm of a spread of n values of kurtosis ``peaks`` is wrong by about (peaks - 1) / 4 n in
    variance. What a spread is not known by, new lives draw.
    """
    some = np.flatnonzero(rows >= SHAPE_LEAST)
    order = some[np.argsort(level.level[some], kind="stable")]
    if len(order) < 2 * SPREAD_NEAR:
        return level
    log, weight = np.log(level.spread[order]), rows[order].astype(np.float64)
    usual = _moving(log * weight, SPREAD_NEAR) / _moving(weight, SPREAD_NEAR)
    error = (peaks - 1.0) / (4.0 * rows[order])
    apart = max(float(((log - usual) ** 2).mean() - error.mean()), 1e-4)
    trust = apart / (apart + error)
    spread, doubt = level.spread.copy(), level.doubt_of_spread.copy()
    spread[order], doubt[order] = np.exp(usual + trust * (log - usual)), np.sqrt(apart * (1.0 - trust))
    return replace(level, spread=spread, doubt_of_spread=doubt)


def _moving(values: Float1D, width: int) -> Float1D:
    """Return the sums of values at most ``width`` places from each."""
    total = np.concatenate([[0.0], np.cumsum(values)])
    at = np.arange(len(values))
    return np.asarray(total[np.minimum(at + width + 1, len(values))] - total[np.maximum(at - width, 0)])


def _shape_of(apart: Float1D, weight: Float1D) -> Float1D:
    """Return quantiles float64[KNOTS] of weighted values, of mean square 1."""
    order = np.argsort(apart, kind="stable")
    at = (np.cumsum(weight[order]) - weight[order] / 2) / weight.sum()
    size = np.sqrt((weight * apart**2).sum() / weight.sum())
    return np.asarray(knots(np.interp(np.linspace(0, 1, SHAPE_KNOTS), at, apart[order])) / max(size, 1e-9))


def _without_links(level: Levels, ledger: Ledger, link: Int1D) -> Levels:
    """Return the levels with the effects of payees in place of those of links: what one link is, is private.

    ``doubt`` gains what links of one payee differ by: new entities have amounts of their own with it.
    """
    owner = np.zeros(len(level.effect), np.int64)
    owner[link] = ledger.payee
    rows = np.bincount(link, minlength=len(owner))
    often = np.minimum(np.log2(np.maximum(rows, 1)).astype(np.int64), MOST_OFTEN)
    usual = means_by(often, level.effect, MOST_OFTEN + 1)[often]
    found, doubt = level.effect - usual, level.doubt
    size = np.bincount(owner, minlength=ledger.payees).astype(np.float64)
    mean = means_by(owner, found, ledger.payees)
    whole = float((found**2 + doubt**2).mean()) if len(found) else 0.0
    inside = float(((found - mean[owner]) ** 2).sum() / max((np.maximum(size, 1) - 1).sum(), 1))
    inside = min(inside + float((doubt**2).mean()), whole) if len(found) else 0.0
    between = max(whole - inside, 0.0)
    trust = between / np.maximum(between + inside / np.maximum(size, 1.0), 1e-12)
    left = between * (1.0 - trust) + inside
    return replace(level, effect=usual + (mean * trust)[owner], doubt=np.sqrt(left)[owner])


def knots(score: Float1D) -> Float1D:
    """Return the quantiles float64[KNOTS] of scores; the ends go on as steeply as the tenth before them."""
    inner = np.quantile(score, np.linspace(0.0, 1.0, KNOTS)[1:-1])
    back = (KNOTS - 1) // 10
    steep = _KNOT_SCORES[-2] - _KNOT_SCORES[-2 - back]
    low = inner[0] - (inner[back] - inner[0]) / steep * (END + _KNOT_SCORES[1])
    high = inner[-1] + (inner[-1] - inner[-1 - back]) / steep * (END - _KNOT_SCORES[-2])
    return np.asarray(np.concatenate([[low], inner, [high]]) + 1e-9 * np.arange(KNOTS))


def _limits(ledger: Ledger, present: Array) -> tuple[Float1D, Int1D]:
    """Return sums float64[H] that many entities stop at, and which of them each entity has (H: none).

    A limit is a round sum under which, within 4 %, there are at least four times the payments and eight
    entities more than above (assumption).
    """
    amount, entity = ledger.amount[present], ledger.entity[present]
    none = np.zeros(0), np.zeros(ledger.count, np.int64)
    if len(amount) < 200 or not (amount > 0).any():
        return none
    ordered = np.sort(amount)
    top = np.full(ledger.count, -np.inf)
    np.maximum.at(top, entity, amount)
    tops = np.sort(top[np.isfinite(top)])
    high = np.log10(max(ordered[-1], 1.0))
    round_sums = np.array(
        [k * 10.0**p for p in range(1, int(high) + 1) for k in (1, 1.5, 2, 2.5, 3, 4, 5, 6, 7.5, 8)]
    )
    round_sums = np.unique(round_sums[round_sums > np.quantile(ordered, 0.8)])
    below = _between(ordered, round_sums * 0.96, round_sums)
    above = _between(ordered, round_sums, round_sums * 1.04)
    ends = _between(tops, round_sums * 0.9, round_sums)
    further = _between(tops, round_sums, round_sums * 1.1)
    kept = (below >= LIMIT_DROP * above + LIMIT_ROWS) & (ends >= further + 8)
    limits = round_sums[kept][np.argsort(-below[kept], kind="stable")][:MOST_LIMITS]
    limits = np.sort(limits)
    limit = np.searchsorted(limits, top, side="left")
    return limits, limit.astype(np.int64)


def _between(ordered: Float1D, low: Float1D, high: Float1D) -> Float1D:
    """Return how many of ordered values lie above ``low`` up to ``high``."""
    return np.searchsorted(ordered, high, side="right") - np.searchsorted(ordered, low, side="right") * 1.0


def normal(places: Float1D) -> Float1D:
    """Return the normal scores of places in (0, 1)."""
    out = np.empty(len(places))
    to_scores(np.ascontiguousarray(places), out)
    return out


def places(scores: Float1D) -> Float1D:
    """Return the normal places of scores."""
    out = np.empty(len(scores))
    to_places(np.ascontiguousarray(scores), out)
    return out
