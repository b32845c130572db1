"""What stressed paths show, under the names that a scenario's ``expect`` block uses."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from finsim.errors import RecordError
from finsim.markets.stress import beta_of
from finsim.notation import MONTH, Float1D, Float2D, Float3D
from finsim.records.drivers import Anchor, Drivers
from finsim.records.paths import PRICE, RETURN, Paths

FIGURE_MONTHS = 36
_VOLATILITY_WINDOW, _CORRELATION_WINDOW = 21, 63


def measure(paths: Paths, drivers: Drivers, betas: Mapping[str, float] | None = None) -> dict[str, float]:
    """Return the measures of paths under drivers: medians over paths, but the largest ``quarter_error``.

    The index is the mean over assets of close / close of session 0: equal weights at jump-off, then held.
    Levels such as yields are no part of it; where all assets are levels there are no ``equity`` measures.
    All ``equity`` measures run from session 0 to the end of the scenario's last step (the whole path when it
    has no steps), and are left out where the path is too short for their window.

    * ``equity.max_drawdown``: largest fall of the index from a running peak, 0 to 1.
    * ``equity.days_peak_to_trough``: sessions from that peak to the trough.
    * ``equity.vol21_peak``: highest 21-session s.d. of the index's log returns, annualised by the calendar.
    * ``equity.corr63_peak``: highest 63-session correlation of log returns, mean over pairs of assets.
    * ``equity.quarter_error``: largest distance, in points, on any path at any anchor, of the index of the
      assets without a beta from the driver's move, and of each asset with one from beta x that move.
    * ``driver.equity.trough``: lowest anchored move; ``driver.equity.trough_step``: its step, from 1.
    """
    found = {name: float(np.median(values)) for name, values in path_measures(paths, drivers).items()}
    anchors = [anchor for anchor in drivers.anchors if anchor.session < len(paths.dates)]
    if anchors and paths.where(PRICE, RETURN):
        found["equity.quarter_error"] = _anchor_error(paths, anchors, betas)
    return found | driver_measures(drivers)


def path_measures(paths: Paths, drivers: Drivers) -> dict[str, Float1D]:
    """Return the ``equity`` measures path by path, float64[N], so that shards can be joined exactly.

    Raises RecordError when paths and clock do not hold the same number of sessions.
    """
    if len(paths.dates) != drivers.clock.sessions:
        raise RecordError(f"{len(paths.dates)} sessions", expected=f"{drivers.clock.sessions} of the clock")
    stop = _last_session(drivers) + 1
    equities = list(paths.where(PRICE, RETURN))
    if not equities:
        return {}
    index = paths.relative()[:, :stop, equities].mean(axis=2)
    depth, length = _drawdown(index)
    found = {"equity.max_drawdown": depth, "equity.days_peak_to_trough": length}
    moves = np.diff(np.log(index), axis=1)
    if moves.shape[1] >= _VOLATILITY_WINDOW:
        variance = _rolling(moves, moves, _VOLATILITY_WINDOW).max(axis=1)
        unbiased = variance * _VOLATILITY_WINDOW / (_VOLATILITY_WINDOW - 1)
        found["equity.vol21_peak"] = np.sqrt(unbiased * paths.calendar.steps_a_year)
    if moves.shape[1] >= _CORRELATION_WINDOW and len(equities) > 1:
        pairwise = _mean_correlation(paths.returns()[:, : stop - 1, equities])
        found["equity.corr63_peak"] = pairwise.max(axis=1)
    return found


def index_figures(paths: Paths) -> dict[str, Float1D]:
    """Return what a comparison of scenarios says of the index, path by path, float64[N] each.

    All over the first 36 months of the paths, or the whole path when it is shorter, so that scenarios of
    different lengths and the unstressed world are measured alike: ``drawdown`` (largest fall from a running
    peak, 0 to 1), ``trough`` (its session, from 0) and, for two assets or more, ``dispersion`` (standard
    deviation over assets of the simple return from session 0 to that trough, divisor assets - 1). The index
    is that of ``measure``; nothing is returned where every asset is a level. Source: own.
    """
    equities = list(paths.where(PRICE, RETURN))
    if not equities:
        return {}
    months = paths.dates.astype("datetime64[M]")
    stop = max(2, int(np.searchsorted(months, months[0] + FIGURE_MONTHS * MONTH, side="left")))
    relative = paths.relative()[:, :stop, equities]
    index = relative.mean(axis=2)
    fall = 1 - index / np.maximum.accumulate(index, axis=1)
    trough = fall.argmax(axis=1)
    rows = np.arange(len(index))
    found = {"drawdown": fall[rows, trough], "trough": trough.astype(np.float64)}
    if len(equities) > 1:
        found["dispersion"] = relative[rows, trough].std(axis=1, ddof=1)
    return found


def driver_measures(drivers: Drivers) -> dict[str, float]:
    """Return the trough of the equity driver and its step; nothing when no level is anchored."""
    if not drivers.anchors:
        return {}
    lowest = min(drivers.anchors, key=lambda anchor: anchor.move)
    ends = _step_sessions(drivers)
    before = np.searchsorted(ends, lowest.session) if ends else drivers.anchors.index(lowest)
    return {"driver.equity.trough": lowest.move, "driver.equity.trough_step": float(before + 1)}


def _step_sessions(drivers: Drivers) -> list[int]:
    if not drivers.step_dates:
        return []
    dates = np.array(drivers.step_dates, dtype="datetime64[D]")
    return [int(session) for session in drivers.clock.sessions_at(dates)]


def _last_session(drivers: Drivers) -> int:
    last = drivers.clock.sessions - 1
    ends = [*_step_sessions(drivers)[-1:], *(anchor.session for anchor in drivers.anchors)]
    return min(max(ends, default=last), last)


def _drawdown(index: Float2D) -> tuple[Float1D, Float1D]:
    """Depth of the largest drawdown of each path, and sessions from its peak to its trough."""
    peak = np.maximum.accumulate(index, axis=1)
    fall = 1 - index / peak
    trough = fall.argmax(axis=1)
    rows = np.arange(len(index))
    at_peak = index == peak
    before = np.arange(index.shape[1]) <= trough[:, None]
    last_peak = index.shape[1] - 1 - np.argmax((at_peak & before)[:, ::-1], axis=1)
    return fall[rows, trough], (trough - last_peak).astype(np.float64)


def _rolling(left: Float2D, right: Float2D, window: int) -> Float2D:
    """Covariance of the last ``window`` values at each step, float64[N, T - window + 1]; divisor window."""

    def total(values: Float2D) -> Float2D:
        summed = np.cumsum(np.pad(values, ((0, 0), (1, 0))), axis=1)
        found: Float2D = summed[:, window:] - summed[:, :-window]
        return found

    covariance: Float2D = total(left * right) / window - total(left) * total(right) / window**2
    return covariance


def _mean_correlation(moves: Float3D) -> Float2D:
    """Mean over pairs of the rolling correlation: float64[N, T - 62]; a constant asset correlates 0."""
    assets = moves.shape[2]
    spread = [
        np.sqrt(np.maximum(_rolling(own, own, _CORRELATION_WINDOW), 1e-18))
        for own in np.moveaxis(moves, 2, 0)
    ]
    pairs = [(a, b) for a in range(assets) for b in range(a)]
    total = np.zeros_like(spread[0])
    for a, b in pairs:
        total += _rolling(moves[..., a], moves[..., b], _CORRELATION_WINDOW) / (spread[a] * spread[b])
    return total / len(pairs)


def _anchor_error(paths: Paths, anchors: list[Anchor], betas: Mapping[str, float] | None) -> float:
    sessions, equities = [anchor.session for anchor in anchors], list(paths.where(PRICE, RETURN))
    beta = beta_of(paths.assets, betas)
    driver = np.array([anchor.move for anchor in anchors])
    moves = paths.relative()[:, sessions] - 1
    named = [a for a in equities if paths.assets[a] in (betas or {})]
    free = [a for a in equities if a not in named]
    misses = [np.abs(moves[..., named] - driver[:, None] * beta[named]).max()] if named else []
    misses += [np.abs(moves[..., free].mean(axis=2) - driver).max()] if free else []
    return float(max(misses) * 100)
