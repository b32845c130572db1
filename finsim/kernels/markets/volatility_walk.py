"""A volatility state per series: what a day's bar does to it, and how it scales the day that follows.

Symbols: N paths, T steps, A series (assets), F channels of a series, C = A * F, H horizons of the state,
K horizons of levels, E of sizes, M market features, R horizons of squared returns, P = 2H + M + R features
of a series. All variances are in units of the series' own mean variance.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np

from finsim.kernels.kernel import kernel
from finsim.notation import Bool1D, Float1D, Float2D, Float3D, Int1D, Int2D

Law: TypeAlias = tuple[Float2D, Float2D, Float2D, Float2D]
"""Starts, stops, slopes and still, as ``mapped`` wants them."""

Home: TypeAlias = tuple[Float2D, Float2D, Float1D, float, Law]
"""Of levels that come back. Float64[A, 2] twice: by how much the distances of a level from its mean and
from its month move scores of moves, and up to which distances; float64[A], what is added to the first; what
is left of the second each day; the law that values get, as levels are sums of what it makes of them."""

Drift: TypeAlias = tuple[Int2D, Float2D, Float2D, Float2D, float]
"""Int64[N, T], stretch of history; float64[E, C] three times, shift and width of scores, and by how much
values of what is neither move nor shadow are wider around their centre; the reach of scores."""

Constants: TypeAlias = tuple[Int1D, Float2D, Float1D, Float2D, Float1D, Int1D]
"""Roles, scales of shadows, centre, limits, rates and market, as ``absorb`` and ``features`` want them."""

MOVE, GAP, UPPER, LOWER, OTHER = 0, 1, 2, 3, 4
"""Roles of channels: move of a session, gap before it, roots of the shadows, anything else."""
FARTHEST = 4.0
LARGEST, LEAST = 9.0, 0.1
"""assumption: a squared score counts for at most 9, and .1 is added to its average before the logarithm."""


@kernel
def features(variances: Float2D, signed: Float2D, market: Int1D, found: Float2D) -> None:
    """Fill ``found`` float64[A, P]: log variances, signed moves in slow deviations, market means, squares.

    variances : float64[A, H]; signed : float64[A, H + R], squared returns behind signed moves;
    market : int64[M], horizons whose mean over series is a feature.
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
    behind = 2 * horizons + len(market)
    for a in range(series):
        for h in range(signed.shape[1] - horizons):
            found[a, behind + h] = np.log(signed[a, horizons + h])


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
    """Let the values float64[C] of one step act on variances float64[A, H] and signed moves, in place.

    shadows : float64[A, 2], scales of the shadows; centre : float64[C]; limits : float64[A, 4], mean
    variance, and in units of it floor and largest variance, and floor of squared returns;
    rates : float64[H]. signed : float64[A, H + R], squared returns on the first R horizons behind moves.
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
        squared = min(total * total, limits[a, 2]) + limits[a, 3]
        for h in range(signed.shape[1] - len(rates)):
            signed[a, len(rates) + h] += rates[h] * (squared - signed[a, len(rates) + h])


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
def follow(levels: Float1D, score: float, rates: Float1D, means: int) -> None:
    """Let one score act on the levels float64[K + E] of its channel, in place.

    The first ``means`` K are moving averages of scores, the others of squared scores up to ``LARGEST``.
    """
    square = min(score * score, LARGEST)
    for k in range(len(rates)):
        levels[k] += rates[k] * ((score if k < means else square) - levels[k])


@kernel
def unity_of(moves: Float1D, direction: Float1D) -> float:
    """Return how much of the moves float64[A] of one step, in deviations, lies in a direction of length 1.

    Of their squares, 0 to 1; a move counts for at most ``FARTHEST`` deviations. No moves have no unity.
    """
    along, total = 0.0, 1e-12
    for a in range(len(moves)):
        move = min(max(moves[a], -FARTHEST), FARTHEST)
        along += direction[a] * move
        total += move * move
    return along * along / total


@kernel
def unity_trace(moves: Float2D, observed: Bool1D, direction: Float1D, rate: float, found: Float1D) -> None:
    """Fill ``found`` float64[T + 1], the moving average of unity before each step of moves float64[T, A].

    ``found[0]`` is where it begins; steps that are not ``observed`` change nothing.
    """
    for step in range(len(moves)):
        found[step + 1] = found[step]
        if observed[step]:
            found[step + 1] += rate * (unity_of(moves[step], direction) - found[step])


@kernel
def levels_trace(
    scores: Float2D, observed: Bool1D, rates: Float1D, means: int, levels: Float2D, found: Float3D
) -> None:
    """Fill ``found`` float64[T + 1, C, K + E], levels before each step; ``levels`` are the last.

    Of squared scores ``found`` has the logarithm, with ``LEAST`` added.
    """
    for step in range(len(scores) + 1):
        for c in range(levels.shape[0]):
            for k in range(len(rates)):
                found[step, c, k] = levels[c, k] if k < means else np.log(levels[c, k] + LEAST)
            if step < len(scores) and observed[step]:
                follow(levels[c], scores[step, c], rates, means)


@kernel
def bounded(weights: Float1D, levels: Float1D, means: int, seen: Float1D) -> float:
    """Return intercept and weights float64[3 + K + E + P] on levels and features, within the first two."""
    total = weights[2]
    for k in range(len(levels)):
        total += weights[3 + k] * (levels[k] if k < means else np.log(levels[k] + LEAST))
    for p in range(len(seen)):
        total += weights[3 + len(levels) + p] * seen[p]
    found: float = min(max(total, weights[0]), weights[1])
    return found


@kernel
def mapped_value(value: float, c: int, law: Law) -> float:
    """Return where a value of channel ``c`` goes from knots ``starts`` to ``stops`` float64[C, G].

    Straight in between; beyond the ends on with ``slopes`` float64[C, 2]. Starts are increasing. What then
    lies within ``still[c, 1]`` of ``still[c, 0]`` is that value. Without knots all stays where it is.
    """
    starts, stops, slopes, still = law
    knots = starts.shape[1]
    if knots == 0:
        return value
    if value <= starts[c, 0]:
        value = stops[c, 0] + slopes[c, 0] * (value - starts[c, 0])
    elif value >= starts[c, knots - 1]:
        value = stops[c, knots - 1] + slopes[c, 1] * (value - starts[c, knots - 1])
    else:
        low, high = 0, knots - 1
        while high - low > 1:
            middle = (low + high) // 2
            if starts[c, middle] <= value:
                low = middle
            else:
                high = middle
        share = (value - starts[c, low]) / (starts[c, high] - starts[c, low])
        value = stops[c, low] + share * (stops[c, high] - stops[c, low])
    if abs(value - still[c, 0]) <= still[c, 1]:
        value = still[c, 0]
    return value


@kernel
def pulled(away: Float1D, pull: Float1D, bound: Float1D, offset: float) -> float:
    """Return by how much distances float64[2] of a level move the score of its move, see ``Home``."""
    shift: float = pull[0] * min(max(away[0] + offset, -bound[0]), bound[0])
    shift += pull[1] * min(max(away[1], -bound[1]), bound[1])
    return shift


@kernel
def tabled(score: float, table: Float1D, reach: float) -> float:
    """Return the value of a score in a table float64[G] on an even grid from -reach to reach."""
    knots = len(table)
    place = (min(max(score, -reach), reach) + reach) * ((knots - 1) / (2.0 * reach))
    below = min(int(place), knots - 2)
    value: float = table[below] + (place - below) * (table[below + 1] - table[below])
    return value


@kernel
def walk(
    pool: Float2D,
    edges: tuple[Float1D, Float1D],
    chosen: Int2D,
    constants: Constants,
    weights: tuple[Float2D, Float2D, Float3D, Float1D, int, Float2D, tuple[Float1D, int, float], Home],
    drift: Drift,
    memory: tuple[Float3D, Float3D, Float3D, Float1D, Float3D],
    values: Float3D,
) -> None:
    """Fill ``values`` float64[N, T, C] with paths that follow innovations of a pool.

    pool : float64[B * G * S, C], S innovations for each of the B stretches of tension and, within, the G of
    unity that ``edges`` float64[B - 1] and float64[G - 1], increasing, part; the tension of a step is the
    mean log scale of all series. chosen : int64[N, T] below S. ``weights`` are state, own, laws, rates of
    levels, how many of these are of means, tables, of unity the direction float64[A] (see ``unity_of``),
    the horizon whose deviations its moves are in and its rate, and home (see ``Home``).
    drift : stretches of the history, what they do to scores and values, and reach, see ``Drift``.
    own : float64[A, 2], share of its difference from the mean that a log scale keeps, and what is added.
    state : float64[A, 3 + P], lowest and highest log scale, intercept and weights of the features.
    laws : float64[C, 2, 3 + K + E + P], the same of location and log scale of a channel's scores, from its
    levels (see ``levels_trace``) and the features.
    tables : float64[C, G], the scaled values of scores on an even grid from -reach to reach.
    ``memory`` is variances float64[N, A, H], signed float64[N, A, H + R], levels float64[N, C, K + E],
    unity float64[N] and distances float64[N, A, 2] of levels with a pull, updated in place.
    """
    roles, shadows, centre, limits, rates, market = constants
    state, own, laws, level_rates, means, tables, (direction, horizon, unity_rate), home = weights
    eras, shifts, widths, wider, reach = drift
    pull, bound, offset, monthly, law = home
    variances, signed, levels, unity, distance = memory
    paths, steps = chosen.shape
    series, fields = len(shadows), len(roles)
    seen, scales, moves = np.empty((series, state.shape[1] - 3)), np.empty(series), np.empty(series)
    size = len(pool) // ((len(edges[0]) + 1) * (len(edges[1]) + 1))
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
            scales[:] = tension + own[:, 0] * (scales - tension) + own[:, 1]
            tension, era = scales.mean(), eras[path, step]
            row = chosen[path, step]
            for edge in edges[0]:
                if tension > edge:
                    row += size * (len(edges[1]) + 1)
            for edge in edges[1]:
                if unity[path] > edge:
                    row += size
            for a in range(series):
                grown, root = np.exp(scales[a]), np.exp(scales[a] / 3.0)
                moves[a], away = 0.0, distance[path, a]
                shift = pulled(away, pull[a], bound[a], offset[a])
                for f in range(fields):
                    c = a * fields + f
                    location = bounded(laws[c, 0], levels[path, c], means, seen[a])
                    spread = bounded(laws[c, 1], levels[path, c], means, seen[a])
                    score = location + np.exp(spread) * pool[row, c]
                    follow(levels[path, c], score, level_rates, means)
                    score = shifts[era, c] + widths[era, c] * score + (shift if roles[f] == MOVE else 0.0)
                    value = tabled(score, tables[c], reach)
                    if roles[f] <= GAP:
                        moves[a] += grown * value
                        value = centre[c] + grown * value
                        if pull[a, 0] != 0.0:
                            away += mapped_value(value, c, law)
                    elif roles[f] == OTHER:
                        value = centre[c] + wider[era, c] * value
                    elif value > 0.0:
                        value *= root
                    values[path, step, c] = value
                away[1] *= monthly
                moves[a] /= np.sqrt(limits[a, 0] * variances[path, a, horizon])
            unity[path] += unity_rate * (unity_of(moves, direction) - unity[path])
            absorb(values[path, step], roles, shadows, centre, limits, rates, variances[path], signed[path])


@kernel
def mapped(values: Float3D, law: Law) -> None:
    """Move ``values`` float64[N, T, C], in place, as ``mapped_value`` does."""
    for path in range(values.shape[0]):
        for step in range(values.shape[1]):
            for c in range(values.shape[2]):
                values[path, step, c] = mapped_value(values[path, step, c], c, law)
