"""The index meets the levels of a scenario, its assets follow by their own covariance (Matheron's rule)."""

from __future__ import annotations

import numpy as np

from finsim.notation import Float1D, Float2D, Float3D

LEAST_BETA = 0.05
MEMBERS = 500
"""Names of the index on which scenario files measure volatility: the S&P 500."""
SINGLE_NAMES = 0.29
"""Mean pair correlation of single names in quiet years: daily returns of 12 large US stocks, 1990 to 2006."""
_ROUNDS = 80


def asset_multiplier(mult: Float1D, blend: Float1D, correlation: Float2D) -> Float2D:
    """Return the volatility multiple of each asset where the market index has ``mult``: float64[T, A].

    Of an asset's variance the share h is common (``common_shares``) and is multiplied as the index is, m^2;
    the rest by e m^2, e = (i0 / i1 - c0) / (1 - c0), i = 1/n + (1 - 1/n) c with c0 the pair correlation of
    single names before, c1 = c0 + k (1 - c0) and n the names of the index. So an index has m, and a stock
    with the share c0 has m / sqrt(i1 / i0): a higher correlation raises the volatility of an index by itself,
    and that part is not counted twice. A single asset is taken for an index. Source: own, from the variance
    of an equally weighted index of one factor.
    """
    rest = np.square(single_name(np.ones(len(blend)), blend))
    own = (rest - SINGLE_NAMES) / (1.0 - SINGLE_NAMES)
    share = common_shares(correlation)
    found: Float2D = mult[:, None] * np.sqrt(share + (1.0 - share) * own[:, None])
    return np.where(blend[:, None] > 0.0, found, mult[:, None])


def single_name(mult: Float1D, blend: Float1D) -> Float1D:
    """Return the multiple m / sqrt(i1 / i0) of an asset whose common share is c0: float64[T]."""
    after = SINGLE_NAMES + blend * (1.0 - SINGLE_NAMES)
    first, then = (1.0 / MEMBERS + (1.0 - 1.0 / MEMBERS) * pair for pair in (np.array(SINGLE_NAMES), after))
    found: Float1D = np.where(blend > 0.0, mult / np.sqrt(then / first), mult)
    return found


def common_shares(correlation: Float2D) -> Float1D:
    """Return the share of each asset's variance that one common factor makes: float64[A], in [0, 1].

    Communalities of the first principal factor of the correlations, found by iteration; a single asset has 1.
    Source: Harman 1976, "Modern factor analysis", ch. 8 (principal factors).
    """
    assets = len(correlation)
    share = np.full(assets, 1.0 if assets < 2 else 0.5)
    reduced = np.array(correlation, dtype=np.float64)
    for _ in range(_ROUNDS if assets > 1 else 0):
        np.fill_diagonal(reduced, share)
        size, directions = np.linalg.eigh(reduced)
        share = np.clip(directions[:, -1] ** 2 * size[-1], 0.0, 1.0)
    return share


def index_drift(
    returns: Float3D, spread: Float3D, blend: Float1D, correlation: Float2D, levels: list[tuple[int, float]]
) -> Float3D:
    """Return drifts float64[N, T, A] that put the equally weighted index of all assets on every level.

    ``returns`` are log returns and ``spread`` their s.d. by session; ``levels`` are (session, log level of
    the index from the jump-off), in order of time. Session t gets lambda x (covariance of the session) w,
    with w equal weights: the conditional mean of the assets given the index, which has least relative
    entropy among all drifts that reach the level; lambda is solved on each path. An asset moves by at least
    .05 of the mean one (assumption), so that every level can be reached.
    Source: Matheron's rule for Gaussian conditioning.
    """
    drift = np.zeros_like(returns)
    assets = returns.shape[2]
    reached = np.zeros((returns.shape[0], assets))
    session = 0
    for last, level in levels:
        piece = slice(session + 1, last + 1)
        own = spread[:, piece]
        kept = (1.0 - blend[piece])[None, :, None]
        mixed = np.einsum("nta,ab->ntb", own, correlation)
        direction = own * (kept * mixed + (1.0 - kept) * own.sum(axis=2, keepdims=True))
        total = direction.sum(axis=1)
        floor = LEAST_BETA * total.mean(axis=1, keepdims=True)
        lifted = np.maximum(total, floor)
        variance = own**2
        direction += (lifted - total)[:, None, :] * variance / variance.sum(axis=1, keepdims=True)
        reached = reached + returns[:, piece].sum(axis=1)
        size = _solved(reached, lifted, level)
        drift[:, piece] = size[:, None, None] * direction
        reached = reached + size[:, None] * lifted
        session = last
    return drift


def _solved(start: Float2D, slope: Float2D, level: float) -> Float1D:
    """Return lambda [N] with log mean exp(start + lambda slope) = level; slopes are above zero.

    Newton's steps on an increasing convex function, kept inside a bracket.
    """
    alone = (level - start) / slope  # where one asset would stand on the level: the first and last enclose it
    low, high = alone.min(axis=1), alone.max(axis=1)
    found: Float1D = alone.mean(axis=1)
    done = np.zeros(len(found), dtype=bool)
    for _ in range(_ROUNDS):
        lines = start + found[:, None] * slope
        top = lines.max(axis=1, keepdims=True)
        weight = np.exp(lines - top)
        total = weight.sum(axis=1)
        miss = top[:, 0] + np.log(total / start.shape[1]) - level
        low, high = np.where(miss < 0.0, found, low), np.where(miss > 0.0, found, high)
        step = found - miss / ((weight * slope).sum(axis=1) / total)
        step = np.where((step >= low) & (step <= high), step, (low + high) / 2.0)
        done |= np.abs(miss) < 1e-14  # each path by itself: no path depends on the others
        found = np.where(done, found, step)
        if done.all():
            break
    return found
