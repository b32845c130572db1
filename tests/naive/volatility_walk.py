"""Plain twin of finsim.kernels.markets.volatility_walk."""

import math

MOVE, GAP, UPPER, LOWER, OTHER = range(5)


def features(variances, signed, market):
    """Return the features of every series as nested lists [A][P]."""
    rows = []
    for logs, moves in zip(variances, signed, strict=True):
        rows.append([math.log(v) for v in logs] + [m / math.sqrt(logs[-1]) for m in moves[: len(logs)]])
    shared = [sum(row[place] for row in rows) / len(rows) for place in market]
    squares = [[math.log(s) for s in moves[len(variances[0]) :]] for moves in signed]
    return [row + shared + own for row, own in zip(rows, squares, strict=True)]


def bar(values, roles, shadows, centre):
    """Return (variance, return) of one series' values."""
    part = dict.fromkeys((MOVE, GAP, UPPER, LOWER), 0.0)
    for role, value, middle in zip(roles, values, centre, strict=True):
        if role in (MOVE, GAP):
            part[role] = value - middle
        elif role in (UPPER, LOWER):
            part[role] = shadows[role - UPPER] * max(value, 0.0) ** 3
    size = abs(part[MOVE])
    found = part[MOVE] ** 2
    if UPPER in roles:
        # Rogers & Satchell: log(H/O) log(H/C) + log(L/O) log(L/C).
        high, low = max(part[MOVE], 0.0) + part[UPPER], min(part[MOVE], 0.0) - part[LOWER]
        ranged = high * (high - part[MOVE]) + low * (low - part[MOVE])
        assert math.isclose(
            ranged, part[UPPER] * (part[UPPER] + size) + part[LOWER] * (part[LOWER] + size), abs_tol=1e-12
        )
        found = 0.5 * found + 0.5 * ranged
    return found + part[GAP] ** 2, part[MOVE] + part[GAP]


def absorb(row, roles, shadows, centre, limits, rates, variances, signed):
    """Return variances and signed moves after one step."""
    width = len(roles)
    after = ([], [])
    for a, (mean, floor, most, least) in enumerate(limits):
        part = slice(a * width, (a + 1) * width)
        size, total = bar(row[part], roles, shadows[a], centre[part])
        new = min(size / mean, most) + floor
        after[0].append([v + r * (new - v) for v, r in zip(variances[a], rates, strict=True)])
        moved = total / math.sqrt(mean)
        moves, squares = signed[a][: len(rates)], signed[a][len(rates) :]
        square = min(moved**2, most) + least
        after[1].append(
            [s + r * (moved - s) for s, r in zip(moves, rates, strict=True)]
            + [s + r * (square - s) for s, r in zip(squares, rates, strict=False)]
        )
    return after


def unity(moves, direction):
    """Return the share of squared moves, of at most four deviations, along a direction."""
    bounded = [min(max(move, -4.0), 4.0) for move in moves]
    along = sum(d * move for d, move in zip(direction, bounded, strict=True))
    return along**2 / (1e-12 + sum(move**2 for move in bounded))


def followed(levels, score, rates, means):
    """Return levels after one score: averages of scores, then of their squares."""
    news = [score] * means + [min(score**2, 9.0)] * (len(rates) - means)
    return [v + r * (new - v) for v, r, new in zip(levels, rates, news, strict=True)]


def told(levels, means):
    """Return levels as laws see them: logarithms of averages of squares."""
    return [v if k < means else math.log(v + 0.1) for k, v in enumerate(levels)]


def walk(
    pool,
    edges,
    chosen,
    constants,
    state,
    apart,
    laws,
    level_rates,
    means,
    tables,
    common,
    drift,
    home,
    memory,
):
    """Return (values [N][T][C], memory after) of nested lists."""
    roles, shadows, centre, limits, rates, market = constants
    direction, horizon, unity_rate = common
    eras, shifts, widths, wider, reach = drift
    pull, bound, offset, monthly, final = home
    width, knots = len(roles), len(tables[0])
    parts = [len(one) + 1 for one in edges]
    size = len(pool) // (parts[0] * parts[1])
    paths, ends = [], []
    for rows, eras_of, variances, signed, levels, one, away in zip(chosen, eras, *memory, strict=True):
        levels, path, united = [list(own) for own in levels], [], one
        away = [list(own) for own in away]
        for place, era in zip(rows, eras_of, strict=True):
            seen, values = features(variances, signed, market), []
            scales = [linear(weights, own) for weights, own in zip(state, seen, strict=True)]
            mean = sum(scales) / len(scales)
            scales = [
                (1 - share) * mean + share * one + more
                for one, (share, more) in zip(scales, apart, strict=True)
            ]
            tense = sum(sum(scales) / len(scales) > edge for edge in edges[0])
            stretch = tense * parts[1] + sum(united > edge for edge in edges[1])
            shocks = pool[stretch * size + place]
            for c, law in enumerate(laws):
                own, table = seen[c // width], tables[c]
                design = told(levels[c], means) + own
                scale, spread = scales[c // width], math.exp(linear(law[1], design))
                score = linear(law[0], design) + spread * shocks[c]
                levels[c] = followed(levels[c], score, level_rates, means)
                score = shifts[era][c] + widths[era][c] * score
                if roles[c % width] == MOVE:
                    a = c // width
                    far = (away[a][0] + offset[a], away[a][1])
                    for weight, x, most in zip(pull[a], far, bound[a], strict=True):
                        score += weight * min(max(x, -most), most)
                at = (min(max(score, -reach), reach) + reach) / (2 * reach) * (knots - 1)
                below = min(int(at), knots - 2)
                value = table[below] + (at - below) * (table[below + 1] - table[below])
                role = roles[c % width]
                if role in (MOVE, GAP):
                    value = centre[c] + math.exp(scale) * value
                elif role in (UPPER, LOWER) and value > 0:
                    value *= math.exp(scale / 3)
                elif role == OTHER:
                    value = centre[c] + wider[era][c] * value
                values.append(value)
            for a, weights in enumerate(pull):
                kept = [c for c in range(a * width, (a + 1) * width) if roles[c % width] in (MOVE, GAP)]
                moved = sum(mapped(values[c], *(part[c] for part in final)) for c in kept)
                moved = moved if weights[0] else 0.0
                away[a] = [away[a][0] + moved, monthly * (away[a][1] + moved)]
            moves = []
            for a, (mean, *_) in enumerate(limits):
                part = slice(a * width, (a + 1) * width)
                total = bar(values[part], roles, shadows[a], centre[part])[1]
                moves.append(total / math.sqrt(mean * variances[a][horizon]))
            united += unity_rate * (unity(moves, direction) - united)
            variances, signed = absorb(values, roles, shadows, centre, limits, rates, variances, signed)
            path.append(values)
        paths.append(path)
        ends.append((variances, signed, levels, united, away))
    return paths, [list(part) for part in zip(*ends, strict=True)]


def linear(weights, seen):
    """Return intercept and weights on what is seen, within bounds (the first two weights)."""
    low, high, total = weights[:3]
    total += sum(w * x for w, x in zip(weights[3:], seen, strict=True))
    return min(max(total, low), high)


def mapped(value, starts, stops, slopes):
    """Return one value moved from starts to stops."""
    if value <= starts[0]:
        return stops[0] + slopes[0] * (value - starts[0])
    if value >= starts[-1]:
        return stops[-1] + slopes[1] * (value - starts[-1])
    at = max(k for k, start in enumerate(starts) if start <= value)
    share = (value - starts[at]) / (starts[at + 1] - starts[at])
    return stops[at] + share * (stops[at + 1] - stops[at])
