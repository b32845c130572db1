"""Stand-in generators for the tests: a good one and several with a known fault."""

from dataclasses import replace

import numpy as np

from finsim.evaluation.columns import GAP, LOWER, RETURN, UPPER, VOLUME, bar_columns
from finsim.evaluation.resampling import stationary_indices
from finsim.records.paths import Paths


def bars(columns: dict, assets: tuple[str, ...], start: float = 100.0) -> Paths:
    """Turn columns [N, T, A] into bars of T + 1 dates that have exactly these columns."""
    first = np.zeros((len(columns[RETURN]), 1, len(assets)))
    close = start * np.exp(np.concatenate([first, np.cumsum(columns[RETURN], axis=1)], axis=1))
    opened = np.concatenate([close[:, :1], close[:, :-1] * np.exp(columns[GAP])], axis=1)
    upper, lower = (np.concatenate([first, columns[name]], axis=1) for name in (UPPER, LOWER))
    change = columns[VOLUME] - columns[VOLUME].mean(axis=1, keepdims=True)
    volume = np.exp(14.0 + np.concatenate([first, np.cumsum(change, axis=1)], axis=1))
    dates = np.datetime64("2013-03-04") + np.arange(close.shape[1])
    return Paths(
        assets,
        dates,
        {
            "open": opened,
            "high": np.maximum(opened, close) * np.exp(upper),
            "low": np.minimum(opened, close) * np.exp(-lower),
            "close": close,
            "volume": np.clip(volume, 1.0, 1e15).astype(np.int64),
        },
    )


def resampled(real: Paths, paths: int, steps: int, seed: int, noise: float = 0.3) -> Paths:
    """Block-resample real rows and jitter their size: the body is right, no row is a copy."""
    rng = np.random.default_rng(seed)
    columns = bar_columns(real)
    days = stationary_indices(rng, columns[RETURN].shape[1], steps, 120, paths)
    size = np.exp(noise * rng.standard_normal((paths, steps, 1)) - noise**2 / 2)
    return bars({name: values[0][days] * size for name, values in columns.items()}, real.assets)


def shuffled(real: Paths, seed: int) -> Paths:
    """Return the real rows in random order, each row whole."""
    columns = bar_columns(real)
    order = np.random.default_rng(seed).permutation(columns[RETURN].shape[1])
    return bars({name: values[:, order] for name, values in columns.items()}, real.assets)


def without(paths: Paths, start: int, stop: int) -> Paths:
    """Return the bars before ``start`` and from ``stop`` on as one series."""
    kept = np.r_[0:start, stop : len(paths.dates)]
    columns = {name: values[:, kept] for name, values in paths.columns.items()}
    return Paths(paths.assets, paths.dates[: len(kept)], columns)


def with_columns(paths: Paths, **changed: np.ndarray) -> Paths:
    return replace(paths, columns={**paths.columns, **changed})
