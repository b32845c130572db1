"""A volatility state per series: what a day's bar does to it, and how it scales the day that follows.

Symbols: N paths, T steps, A series (assets), F channels of a series, C = A * F, H horizons of the state,
K horizons of levels, M market features, P = 2H + M features of a series. All variances are in units of the
series' own mean variance.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np

from finsim.kernels.kernel import kernel
from finsim.notation import Bool1D, Float1D, Float2D, Float3D, Int1D, Int2D

Constants: TypeAlias = tuple[Int1D, Float2D, Float1D, Float2D, Float1D, Int1D]
"""Roles, scales of shadows, centre, limits, rates and market, as ``absorb`` and ``features`` want them."""

MOVE, GAP, UPPER, LOWER, OTHER = 0, 1, 2, 3, 4
"""Roles of channels: move of a session, gap before it, roots of the shadows, anything else."""


@kernel
def features(variances: Float2D, signed: Float2D, market: Int1D, found: Float2D) -> None:
    """Fill ``found`` float64[A, P]: log variances, signed moves in slow deviations, market means.

    variances, signed : float64[A, H]; market : int64[M], horizons whose mean over series is a feature.
    """
    series, horizons = variances.shape
    for a in range(series):
        root = 1.0 / np.sqrt(variances[a, horizons - 1])
        for h in range(horizons):
            found[a, h] = np.log(variances[a, h])
            found[a, horizons + h] = signed[a, h] * root
    for m in range(len(market)):
        total = 0.0
        for a in range(series):
            total += found[a, market[m]]
        for a in range(series):
            found[a, 2 * horizons + m] = total / series


@kernel
def absorb(
    row: Float1D,
    roles: Int1D,
    shadows: Float2D,
    centre: Float1D,
    limits: Float2D,
    rates: Float1D,
    variances: Float2D,
    signed: Float2D,
) -> None:
    """Let the values float64[C] of one step act on variances and signed moves float64[A, H], in place.

    shadows : float64[A, 2], scales of the shadows; centre : float64[C]; limits : float64[A, 3], mean
    variance, and floor and largest variance in units of it; rates : float64[H].
    The variance of a bar is the square of its gap and the mean of the square of its move and the
    estimate of Rogers & Satchell 1991 (eq. 3), which shadows give; without shadows the square of the move.
    """
    series, fields = len(shadows), len(roles)
    for a in range(series):
        move, gap, upper, lower, bars = 0.0, 0.0, 0.0, 0.0, 0
        for f in range(fields):
            value = row[a * fields + f]
            if roles[f] == MOVE:
                move = value - centre[a * fields + f]
            elif roles[f] == GAP:
                gap = value - centre[a * fields + f]
            elif roles[f] == UPPER:
                root = max(value, 0.0)
                upper, bars = shadows[a, 0] * root * root * root, 1
            elif roles[f] == LOWER:
                root = max(value, 0.0)
                lower, bars = shadows[a, 1] * root * root * root, 1
        squared = move * move
        if bars:
            size = abs(move)
            squared = 0.5 * squared + 0.5 * (upper * (upper + size) + lower * (lower + size))
        variance = min((gap * gap + squared) / limits[a, 0], limits[a, 2]) + limits[a, 1]
        total = (move + gap) / np.sqrt(limits[a, 0])
        for h in range(len(rates)):
            variances[a, h] += rates[h] * (variance - variances[a, h])
            signed[a, h] += rates[h] * (total - signed[a, h])


@kernel
def trace(
    values: Float2D,
    observed: Bool1D,
    constants: Constants,
    variances: Float2D,
    signed: Float2D,
    found: Float3D,
) -> None:
    """Fill ``found`` float64[T + 1, A, P], the features before each step of float64[T, C] and after the last.

    Steps that are not ``observed`` change nothing; ``variances`` and ``signed`` end after the last step.
    """
    roles, shadows, centre, limits, rates, market = constants
    for step in range(len(values)):
        features(variances, signed, market, found[step])
        if observed[step]:
            absorb(values[step], roles, shadows, centre, limits, rates, variances, signed)
    features(variances, signed, market, found[len(values)])


@kernel
def levels_trace(scores: Float2D, observed: Bool1D, rates: Float1D, levels: Float2D, found: Float3D) -> None:
    """Fill ``found`` float64[T + 1, C, K], averages of scores before each step; ``levels`` are the last."""
    for step in range(len(scores)):
        found[step] = levels
        if observed[step]:
            for c in range(levels.shape[0]):
                for k in range(len(rates)):
                    levels[c, k] += rates[k] * (scores[step, c] - levels[c, k])
    found[len(scores)] = levels


@kernel
def walk(
    pool: Float2D,
    edges: Float1D,
    chosen: Int2D,
    constants: Constants,
    weights: tuple[Float2D, Float3D, Float1D, Float2D],
    reach: float,
    memory: tuple[Float3D, Float3D, Float3D],
    values: Float3D,
) -> None:
    """Fill ``values`` float64[N, T, C] with paths that follow innovations of a pool.

    pool : float64[B * S, C], S innovations for each of the B stretches of tension that ``edges``
    float64[B - 1], increasing, part; the tension of a step is the mean log scale of all series.
    chosen : int64[N, T] below S. ``weights`` are state, laws, rates
    of levels and tables. state : float64[A, 3 + P], lowest and highest
    log scale, intercept and weights of the features. laws : float64[C, 2, 3 + K + P], the same of
    location and log scale of a channel's scores, from its levels and the features. tables : float64[C, G],
    the scaled values of scores on an even grid from -reach to reach.
    ``memory`` is variances, signed : float64[N, A, H] and levels : float64[N, C, K], updated in place.
    """
    roles, shadows, centre, limits, rates, market = constants
    state, laws, level_rates, tables = weights
    variances, signed, levels = memory
    paths, steps = chosen.shape
    series, fields = len(shadows), len(roles)
    heights, knots = len(level_rates), tables.shape[1]
    seen, scales = np.empty((series, state.shape[1] - 3)), np.empty(series)
    size = len(pool) // (len(edges) + 1)
    width = (knots - 1) / (2.0 * reach)
    for path in range(paths):
        for step in range(steps):
            features(variances[path], signed[path], market, seen)
            tension = 0.0
            for a in range(series):
                scale = state[a, 2]
                for p in range(seen.shape[1]):
                    scale += state[a, 3 + p] * seen[a, p]
                scales[a] = min(max(scale, state[a, 0]), state[a, 1])
                tension += scales[a] / series
            row = chosen[path, step]
            for edge in edges:
                if tension > edge:
                    row += size
            for a in range(series):
                grown, root = np.exp(scales[a]), np.exp(scales[a] / 3.0)
                for f in range(fields):
                    c = a * fields + f
                    location, spread = laws[c, 0, 2], laws[c, 1, 2]
                    for k in range(heights):
                        location += laws[c, 0, 3 + k] * levels[path, c, k]
                        spread += laws[c, 1, 3 + k] * levels[path, c, k]
                    for p in range(seen.shape[1]):
                        location += laws[c, 0, 3 + heights + p] * seen[a, p]
                        spread += laws[c, 1, 3 + heights + p] * seen[a, p]
                    location = min(max(location, laws[c, 0, 0]), laws[c, 0, 1])
                    spread = min(max(spread, laws[c, 1, 0]), laws[c, 1, 1])
                    score = location + np.exp(spread) * pool[row, c]
                    for k in range(heights):
                        levels[path, c, k] += level_rates[k] * (score - levels[path, c, k])
                    place = (min(max(score, -reach), reach) + reach) * width
                    below = min(int(place), knots - 2)
                    value = tables[c, below] + (place - below) * (tables[c, below + 1] - tables[c, below])
                    if roles[f] <= GAP:
                        value = centre[c] + grown * value
                    elif roles[f] <= LOWER and value > 0.0:
                        value *= root
                    values[path, step, c] = value
            absorb(values[path, step], roles, shadows, centre, limits, rates, variances[path], signed[path])


@kernel
def mapped(values: Float3D, starts: Float2D, stops: Float2D, slopes: Float2D) -> None:
    """Move ``values`` float64[N, T, C], in place, from knots ``starts`` to ``stops`` float64[C, G].

    Straight in between; beyond the ends on with ``slopes`` float64[C, 2]. Starts are increasing.
    """
    knots = starts.shape[1]
    for path in range(values.shape[0]):
        for step in range(values.shape[1]):
            for c in range(values.shape[2]):
                value = values[path, step, c]
                if value <= starts[c, 0]:
                    values[path, step, c] = stops[c, 0] + slopes[c, 0] * (value - starts[c, 0])
                elif value >= starts[c, knots - 1]:
                    values[path, step, c] = stops[c, knots - 1] + slopes[c, 1] * (
                        value - starts[c, knots - 1]
                    )
                else:
                    low, high = 0, knots - 1
                    while high - low > 1:
                        middle = (low + high) // 2
                        if starts[c, middle] <= value:
                            low = middle
                        else:
                            high = middle
                    share = (value - starts[c, low]) / (starts[c, high] - starts[c, low])
                    values[path, step, c] = stops[c, low] + share * (stops[c, high] - stops[c, low])
