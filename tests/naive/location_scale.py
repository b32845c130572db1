"""Plain twin of finsim.kernels.location_scale."""

import math


def roll(innovations, averages, features, loadings):
    """Return (values, averages after the last step) as nested lists."""
    weight, centre, spread, low, high = features.tolist()
    location, log_scale = loadings.tolist()
    channels = innovations.shape[2]
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
                where = location[0][c] + sum(x * location[f + 1][c] for f, x in enumerate(seen))
                how = log_scale[0][c] + sum(x * log_scale[f + 1][c] for f, x in enumerate(seen))
                row.append(where + math.exp(min(max(how, -3.0), 3.0)) * shock)
            signals = (row + [x * x for x in row]) * (len(means) // (2 * channels))
            means = [m + w * (s - m) for m, w, s in zip(means, weight, signals, strict=True)]
            series.append(row)
        values.append(series)
        ends.append(means)
    return values, ends
