"""How much of what sets the volatility of one series apart from that of all is more than chance."""

from __future__ import annotations

import numpy as np

from finsim.notation import Float2D

SHARES = (0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875, 1.0)
"""Shares that are tried; none at all would leave series whose level nothing can tune."""
# assumption: the moves of a day follow a t law of five degrees of freedom; two dozen series say enough.
_FREEDOM, _JUDGED, _ROUNDS = 5.0, 24, 8
# assumption: days per series below which the covariance of a day's moves says nothing.
_FEWEST = 5


def own_parts(returns: Float2D, log_scales: Float2D) -> Float2D:
    """Return float64[A, 2]: the share of its own part that a log scale keeps, and what then holds its mean.

    returns : float64[n, A]; log_scales : float64[n, A], each from the past of its own series. The own part is
    the difference from the mean of all series. Series that move together have volatilities that do, and what
    their own pasts say beyond that is mostly chance, which takes correlation away. The share, one for all
    series, is the one under which the days are likeliest, by a multivariate t law whose scale matrix is
    fitted for each (Kent, Tyler & Vardi 1994). Source: own.
    """
    series = returns.shape[1]
    if series == 1 or len(returns) < _FEWEST * series:
        return np.tile([1.0, 0.0], (series, 1))
    chosen = np.unique(np.linspace(0, series - 1, min(series, _JUDGED)).astype(np.int64))
    common = log_scales.mean(axis=1, keepdims=True)
    parts, apart = log_scales - common, (log_scales - common).mean(axis=0)
    likely = []
    for share in SHARES:
        scales = (common + share * (parts - apart))[:, chosen]
        likely.append(_likelihood(returns[:, chosen] * np.exp(-scales)) - scales.sum(axis=1).mean())
    share = SHARES[int(np.argmax(likely))]
    return np.stack([np.full(series, share), (1.0 - share) * apart], axis=1)


def _likelihood(rows: Float2D) -> float:
    """Return the mean log likelihood, but for a constant, of rows float64[n, A] of a t law around 0."""
    size = rows.shape[1]
    spread = np.atleast_2d(rows.T @ rows) / len(rows)
    for _ in range(_ROUNDS):
        spread = spread + 1e-9 * (np.trace(spread) / size + 1e-300) * np.eye(size)
        far = (rows @ np.linalg.inv(spread) * rows).sum(axis=1)
        spread = (rows * ((_FREEDOM + size) / (_FREEDOM + far))[:, None]).T @ rows / len(rows)
    spread = spread + 1e-9 * (np.trace(spread) / size + 1e-300) * np.eye(size)
    far = (rows @ np.linalg.inv(spread) * rows).sum(axis=1)
    distance = 0.5 * (_FREEDOM + size) * np.log1p(far / _FREEDOM).mean()
    return float(-0.5 * np.linalg.slogdet(spread)[1] - distance)
