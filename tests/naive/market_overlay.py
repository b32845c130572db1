"""The overlay of a scenario on market features, one number at a time, as the guide states it."""

import math


def local_sigmas(innovations, sigma):
    variance, found = max(sigma, 1e-8) ** 2, []
    for innovation in innovations:
        found.append(math.sqrt(max(variance, (1e-3 * max(sigma, 1e-8)) ** 2)))
        variance = 0.94 * variance + 0.06 * innovation**2
    return found


def asset_multiples(m, k, correlation):
    """The multiples of two assets where the index has ``m``: more on what they share than on the rest."""
    if k == 0:
        return [m, m]
    n, c0 = 500, 0.29
    c1 = c0 + k * (1 - c0)
    before, after = (1 / n + (1 - 1 / n) * c for c in (c0, c1))
    own = (before / after - c0) / (1 - c0)
    common = abs(correlation[0][1])  # one factor of two assets
    return [m * math.sqrt(common + (1 - common) * own)] * 2


def index_size(start, slope, goal):
    """The multiple of ``slope`` that puts the mean gross return on exp(goal), by bisection."""
    low, high = -1e4, 1e4
    for _ in range(200):
        middle = (low + high) / 2
        top = [x + middle * b for x, b in zip(start, slope, strict=True)]
        most = max(top)
        level = most + math.log(sum(math.exp(x - most) for x in top) / len(top))
        low, high = (middle, high) if level < goal else (low, middle)
    return (low + high) / 2


def overlay(returns, body, mult, maps, jumps, levels, blend=None):
    """Stressed returns [T][A] of one path; ``levels`` is {session: move of each asset, or of the index}.

    ``mult`` is that of each asset by session; with ``blend`` that of the index.

    With ``blend`` all assets follow the index; without it each stands on its own level.
    """
    if blend is not None:
        mult = [asset_multiples(m, k, body.correlation) for m, k in zip(mult, blend, strict=True)]
    steps, assets = len(returns), len(returns[0])
    surprise = [[returns[t][a] - body.mean[a] for a in range(assets)] for t in range(steps)]
    columns = [local_sigmas([row[a] for row in surprise], body.sigma[a]) for a in range(assets)]
    result = [list(returns[0])]
    for t in range(1, steps):
        z = [surprise[t][a] / columns[a][t] for a in range(assets)]
        mixed = [sum(maps[t][a][b] * z[b] for b in range(assets)) for a in range(assets)]
        result.append(
            [body.mean[a] + mult[t][a] * columns[a][t] * mixed[a] + jumps[t][a] for a in range(assets)]
        )
    if blend is not None:
        return indexed(result, columns, mult, body.correlation, blend, levels)
    for a in range(assets):
        start, reached = 0, 0.0
        for session in sorted(levels):
            days = range(start + 1, session + 1)
            goal = math.log(1 + levels[session][a])
            gap = goal - reached - sum(result[t][a] for t in days)
            weights = {t: (columns[a][t] * mult[t][a]) ** 2 for t in days}
            for t in days:
                result[t][a] += gap * weights[t] / sum(weights.values())
            start, reached = session, goal
    return result


def indexed(result, columns, mult, correlation, blend, levels):
    """Put the index on its levels: each session moves by its covariance with the equally weighted index."""
    assets, start, reached = len(columns), 0, [0.0] * len(columns)
    for session in sorted(levels):
        days = range(start + 1, session + 1)
        push = {}
        for t in days:
            s = [columns[a][t] * mult[t][a] for a in range(assets)]
            c = [
                [(1 - blend[t]) * correlation[a][b] + blend[t] for b in range(assets)] for a in range(assets)
            ]
            push[t] = [sum(s[a] * c[a][b] * s[b] for b in range(assets)) for a in range(assets)]
        total = [sum(push[t][a] for t in days) for a in range(assets)]
        assert min(total) > 0.05 * sum(total) / assets
        reached = [reached[a] + sum(result[t][a] for t in days) for a in range(assets)]
        size = index_size(reached, total, math.log(1 + levels[session]))
        for t in days:
            for a in range(assets):
                result[t][a] += size * push[t][a]
        reached = [x + size * b for x, b in zip(reached, total, strict=True)]
        start = session
    return result
