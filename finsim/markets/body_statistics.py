"""Statistics of a market body: mean, volatility, correlation and how a day splits into night and day."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from finsim.notation import Float2D, Float3D

DECAY = 0.94
"""Daily decay of the local variance. Source: RiskMetrics technical document, 4th ed. 1996, ch. 5."""

_TINY = 1e-8
_LEAST_EIGENVALUE = 1e-6


@dataclass(frozen=True)
class Body:
    """What a stress needs to know of the history, one value per asset.

    * ``mean``, ``sigma``: mean and s.d. of the daily log return.
    * ``overnight_mean``, ``overnight_share``: mean of the overnight gap, and its part of the day's variance.
    * ``volume_elasticity``: rise of log volume per rise of log local volatility; ``spread_elasticity``: of
      the log bid-ask spread (empty without quotes).
    * ``correlation``: [A][A], of returns divided by their local volatility; positive definite.
    """

    mean: tuple[float, ...]
    sigma: tuple[float, ...]
    overnight_mean: tuple[float, ...]
    overnight_share: tuple[float, ...]
    volume_elasticity: tuple[float, ...]
    correlation: tuple[tuple[float, ...], ...]
    spread_elasticity: tuple[float, ...] = ()


def local_volatility(innovations: Float3D, sigma: Float2D, current: bool = False) -> Float3D:
    """Return the local s.d. of each session, float64[N, T, A], from demeaned log returns [N, T, A].

    An exponential average of squares (decay 0.94) that starts at ``sigma`` [A]. It sees only earlier
    sessions, so that a session's own surprise never sets its own scale; ``current=True`` adds the session.
    """
    variance = np.maximum(sigma, _TINY) ** 2
    begin = np.broadcast_to(DECAY * variance, (innovations.shape[0], 1, innovations.shape[2]))
    smooth = _averaged(innovations**2, begin[:, 0])
    if not current:
        smooth = np.concatenate([begin / DECAY, smooth[:, :-1]], axis=1)
    floor = (1e-3 * np.maximum(sigma, _TINY)) ** 2
    local: Float3D = np.sqrt(np.maximum(smooth, floor))
    return local


def _averaged(squares: Float3D, held: Float2D) -> Float3D:
    """Return the exponential average of squares [N, T, A] that starts with ``held`` [N, A] of them.

    As ``scipy.signal.lfilter`` has it, to the last bit; to import that takes 0.6 s.
    """
    found = np.empty((squares.shape[1], squares.shape[0], squares.shape[2]))
    np.multiply(1 - DECAY, np.moveaxis(squares, 1, 0), out=found)
    for now in found:
        now += held
        held = DECAY * now
    return np.ascontiguousarray(np.moveaxis(found, 0, 1))


def describe_body(
    returns: Float2D, gaps: Float2D | None, volume: Float2D | None, spread: Float2D | None = None
) -> Body:
    """Estimate the body from moves, overnight gaps, detrended log volume and log spread, each float64[T, A].

    What the data does not have is None: the overnight share or the elasticity is then 0.
    """
    mean, sigma = returns.mean(axis=0), returns.std(axis=0)
    innovations = (returns - mean)[None]
    scaled = innovations[0] / local_volatility(innovations, sigma)[0]
    nothing = np.zeros(len(mean))
    overnight_mean, share, elasticity = nothing, nothing, nothing
    if gaps is not None:
        overnight_mean, share = gaps.mean(axis=0), _overnight_share(returns, gaps)
    local = np.log(local_volatility(innovations, sigma, current=True)[0])
    if volume is not None:
        elasticity = _elasticity(local, volume)
    return Body(
        _numbers(mean),
        _numbers(sigma),
        _numbers(overnight_mean),
        _numbers(share),
        _numbers(elasticity),
        tuple(_numbers(row) for row in _correlation(scaled)),
        () if spread is None else _numbers(_elasticity(local, spread - spread.mean(axis=0))),
    )


def _numbers(values: Float2D) -> tuple[float, ...]:
    return tuple(float(value) for value in values)


def _overnight_share(returns: Float2D, gaps: Float2D) -> Float2D:
    night, day = gaps.var(axis=0), (returns - gaps).var(axis=0)
    share: Float2D = night / np.maximum(night + day, _TINY**2)
    return share


def _elasticity(log_local: Float2D, volume: Float2D) -> Float2D:
    """Regression slope of log volume, or log spread, on log local volatility, kept in [0, 1].

    The positive relation is Karpoff 1987 for volume and Glosten and Milgrom 1985 for spreads; the slope is
    the history's own; the bounds are an assumption.
    """
    centred = log_local - log_local.mean(axis=0)
    slope = (centred * volume).sum(axis=0) / np.maximum((centred**2).sum(axis=0), _TINY)
    kept: Float2D = np.clip(slope, 0.0, 1.0)
    return kept


def _correlation(scaled: Float2D) -> Float2D:
    """Correlation matrix, blended with the identity until its least eigenvalue is clear of zero."""
    centred = scaled - scaled.mean(axis=0)
    length = np.maximum(np.sqrt((centred**2).sum(axis=0)), _TINY)
    matrix: Float2D = (centred / length).T @ (centred / length)
    np.fill_diagonal(matrix, 1.0)
    least = float(np.linalg.eigvalsh(matrix)[0])
    if least < _LEAST_EIGENVALUE:
        weight = (_LEAST_EIGENVALUE - least) / (1 - least)
        matrix = (1 - weight) * matrix + weight * np.eye(len(matrix))
    return matrix
