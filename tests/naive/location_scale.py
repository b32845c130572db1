"""Plain twin of finsim.kernels.location_scale."""

import math


def roll(innovations, averages, features, loadings, bounds):
    """Return (values, averages after the last step) as nested lists."""
    weight, centre, spread, low, high = features.tolist()
    channels = innovations.shape[2]

    def linear(part, seen, c):
        total = float(part[0, c]) + sum(x * float(part[f + 1, c]) for f, x in enumerate(seen))
        return total

    def between(value, low_high, c):
        return min(max(value, float(low_high[0, c])), float(low_high[1, c]))

    values, ends = [], []
    for path, means in zip(innovations.tolist(), averages.tolist(), strict=True):
        series = []
        for shocks in path:
            seen = []
            for f, mean in enumerate(means):
                is_square = (f // channels) % 2 == 1
                raw = math.log(max(mean, 0.0) + 0.1) if is_square else mean
                seen.append(min(max((raw - centre[f]) / spread[f], low[f]), high[f]))
            row = []
            for c, shock in enumerate(shocks):
                middle = between(linear(loadings[0], seen, c), bounds[0], c)
                log_scale = between(linear(loadings[1], seen, c), bounds[1], c)
                row.append(middle + math.exp(log_scale) * shock)
            signals = (row + [x * x for x in row]) * (len(means) // (2 * channels))
            means = [m + w * (s - m) for m, w, s in zip(means, weight, signals, strict=True)]
            series.append(row)
        values.append(series)
        ends.append(means)
    return values, ends
