"""Paths -> the stationary columns that are compared: returns, gaps, intraday ranges, volume changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from finsim.errors import DataError, did_you_mean
from finsim.notation import Array, Float2D, Float3D
from finsim.randomness import Streams
from finsim.records.paths import Paths

RETURN, GAP, UPPER, LOWER, VOLUME = "return", "gap", "upper range", "lower range", "volume change"
SPREAD = "log spread"
NOTHING_MOVES = "no asset moves on both sides"
MANY = 8
_LEAST_SPREAD = 1e-9


@dataclass(frozen=True)
class Side:
    """One side of a comparison: bar paths and their columns, each float64[N, T-1, A].

    Row t of a column belongs to bar t+1: log return of the close, log gap from the previous close to
    the open, log(high / max(open, close)), log(min(open, close) / low), change of log(1 + volume), log of
    log(ask / bid).
    """

    paths: Paths
    columns: Mapping[str, Float3D]

    @property
    def count(self) -> int:
        """Number of paths N."""
        return self.paths.count

    @property
    def steps(self) -> int:
        """Number of rows of a column, T-1."""
        return len(self.paths.dates) - 1

    @property
    def many(self) -> bool:
        """Whether there are enough paths (8) to resample whole paths instead of blocks of days."""
        return self.count >= MANY

    def column(self, name: str, asset: int) -> Float2D:
        """Return one column of one asset, float64[N, T-1]."""
        return self.columns[name][:, :, asset]


def bar_columns(paths: Paths) -> dict[str, Float3D]:
    """Return the columns of ``Side`` that the bars allow; a panel of closes gives returns only."""
    close = paths.close
    columns = {RETURN: np.diff(np.log(close), axis=1)}
    if {"open", "high", "low"} <= set(paths.columns):
        start, high, low = (paths.columns[name][:, 1:] for name in ("open", "high", "low"))
        last = close[:, 1:]
        columns[GAP] = np.log(start / close[:, :-1])
        columns[UPPER] = np.log(high / np.maximum(start, last))
        columns[LOWER] = np.log(np.minimum(start, last) / low)
    if "volume" in paths.columns and np.any(paths.columns["volume"] > 0):
        columns[VOLUME] = np.diff(np.log1p(paths.columns["volume"].astype(np.float64)), axis=1)
    if paths.has_quotes:
        spread = np.log(paths.columns["ask"][:, 1:] / paths.columns["bid"][:, 1:])
        columns[SPREAD] = np.log(np.maximum(spread, _LEAST_SPREAD))
    return columns


def side(paths: Paths) -> Side:
    """Return the paths with their columns; raises DataError for prices that are not positive numbers."""
    fields = [name for name in ("open", "high", "low", "close", "bid", "ask") if name in paths.columns]
    bad = [name for name in fields if not np.all(paths.columns[name] > 0)]
    if bad or not all(np.isfinite(paths.columns[name]).all() for name in fields):
        raise DataError(
            f"prices that are not positive numbers in {', '.join(bad or fields)}",
            expected="finite prices > 0",
            remedy="run `finsim check --rules ohlcv` and repair the bars",
        )
    if len(paths.dates) < 64:
        raise DataError(f"{len(paths.dates)} dates", expected="at least 64 bars in every path")
    return Side(paths, bar_columns(paths))


def thinned(paths: Paths, most: int, streams: Streams) -> Paths:
    """Return at most ``most`` paths, chosen by the stream ``("paths",)``, in their order."""
    if paths.count <= most:
        return paths
    chosen = np.sort(streams.at("paths").choice(paths.count, most, replace=False))
    columns = {name: values[chosen] for name, values in paths.columns.items()}
    return replace(paths, columns=columns)


def between(paths: Paths, start: int, stop: int) -> Paths:
    """Return the bars of dates start..stop-1 of every path."""
    columns = {name: values[:, start:stop] for name, values in paths.columns.items()}
    return replace(paths, dates=paths.dates[start:stop], columns=columns)


def shared_start(paths: Paths) -> int:
    """Return how many leading dates have the same closes in every path (a jump-off bar, a history).

    They were handed to the generator, not made by it. 0 for a single path.
    """
    if paths.count < 2:
        return 0
    same = np.all(paths.close == paths.close[:1], axis=(0, 2))
    return int(np.argmin(same)) if not same.all() else 0


def common_assets(real: Paths, synthetic: Paths) -> tuple[Paths, Paths]:
    """Return both sides with the same assets and fields in the same order.

    Assets are matched by name; when no name agrees but the counts do, by position.
    Raises DataError when neither works.
    """
    shared = [name for name in real.assets if name in synthetic.assets]
    fields = [name for name in real.columns if name in synthetic.columns]
    if shared:
        left, right = ([side.assets.index(name) for name in shared] for side in (real, synthetic))
    elif len(real.assets) == len(synthetic.assets):
        shared = list(real.assets)
        left = right = list(range(len(shared)))
    else:
        raise DataError(
            f"assets {list(real.assets)} on the real and {list(synthetic.assets)} on the synthetic side",
            expected="at least one asset in common",
            remedy=did_you_mean(synthetic.assets[0], real.assets),
        )
    return _select(real, shared, left, fields), _select(synthetic, shared, right, fields)


def moving_assets(real: Paths, synthetic: Paths) -> tuple[Paths, Paths, tuple[str, ...]]:
    """Return both sides without the assets that never move on one of them, and the names of these.

    Raises DataError when no asset is left.
    """
    moves = [
        np.ptp(paths.returns().reshape(-1, len(paths.assets)), axis=0) > 0 for paths in (real, synthetic)
    ]
    kept = [int(a) for a in np.flatnonzero(moves[0] & moves[1])]
    still = [asset for a, asset in enumerate(real.assets) if a not in kept]
    if not still:
        return real, synthetic, ()
    if not kept:
        raise DataError(f"{NOTHING_MOVES}: {', '.join(still)}", expected="prices that change")
    names, fields = [real.assets[a] for a in kept], list(real.columns)
    left, right = (_select(paths, names, kept, fields) for paths in (real, synthetic))
    return left, right, tuple(still)


def _select(paths: Paths, names: list[str], indices: list[int], fields: list[str]) -> Paths:
    columns: dict[str, Array] = {name: paths.columns[name][:, :, indices] for name in fields}
    return replace(paths, assets=tuple(names), columns=columns, kinds=())
