"""The overlay of a scenario on market features, one number at a time, as the guide states it."""

import math


def local_sigmas(innovations, sigma):
    variance, found = max(sigma, 1e-8) ** 2, []
    for innovation in innovations:
        found.append(math.sqrt(max(variance, (1e-3 * max(sigma, 1e-8)) ** 2)))
        variance = 0.94 * variance + 0.06 * innovation**2
    return found


def overlay(returns, body, mult, maps, jumps, levels):
    """Stressed returns [T][A] of one path; ``levels`` is {session: simple move of each asset}."""
    steps, assets = len(returns), len(returns[0])
    surprise = [[returns[t][a] - body.mean[a] for a in range(assets)] for t in range(steps)]
    columns = [local_sigmas([row[a] for row in surprise], body.sigma[a]) for a in range(assets)]
    result = [list(returns[0])]
    for t in range(1, steps):
        z = [surprise[t][a] / columns[a][t] for a in range(assets)]
        mixed = [sum(maps[t][a][b] * z[b] for b in range(assets)) for a in range(assets)]
        result.append(
            [body.mean[a] + mult[t] * columns[a][t] * mixed[a] + jumps[t][a] for a in range(assets)]
        )
    for a in range(assets):
        start, reached = 0, 0.0
        for session in sorted(levels):
            days = range(start + 1, session + 1)
            goal = math.log(1 + levels[session][a])
            gap = goal - reached - sum(result[t][a] for t in days)
            weights = {t: (columns[a][t] * mult[t]) ** 2 for t in days}
            for t in days:
                result[t][a] += gap * weights[t] / sum(weights.values())
            start, reached = session, goal
    return result
