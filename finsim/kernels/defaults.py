"""Portfolio losses per draw by geometric skipping: exact loan identity, work per default, not per loan."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from finsim.kernels.kernel import kernel
from finsim.kernels.xoshiro import mixed, next_uniform, seed_state
from finsim.notation import Array

# Above this conditional PD a uniform per loan is cheaper than a logarithm per candidate (measured).
DENSE_PD = 0.4
_SQRT_HALF = math.sqrt(0.5)


@kernel
def normal_cdf(x: Any) -> Any:
    """Return the standard normal distribution function of one number."""
    return 0.5 * math.erfc(-x * _SQRT_HALF)


@kernel
def loan_loss(chance: Any, point: Any, exposure: Any, severity: Any, follows: Any, index: Any) -> Any:
    """Return the loss of a loan that defaults at conditional point a, where Phi(a) = ``chance``.

    The LGD is ``severity``, or where ``follows`` > 0 the Frye-Jacobs Phi(a - severity) / Phi(a) with
    severity = kappa; recoveries are multiplied by the price ``index``.
    """
    lgd = normal_cdf(point - severity) / chance if follows > 0.0 else severity
    lgd += (1.0 - lgd) * (1.0 - index)
    return exposure * min(max(lgd, 0.0), 1.0)


@kernel
def draw_losses(
    seed: Any,
    first: int,
    factors: Array,
    starts: Array,
    bucket: Array,
    loan: Array,
    losses: Array,
    hits: Array,
) -> None:
    """Add to ``losses`` [D] the losses of draws ``first`` .. of one block; add defaults per loan to ``hits``.

    ``factors`` [D, F]; ``starts`` int64 [B + 1] cuts the loans into buckets; ``bucket`` [B, 7] holds
    factor column, scenario shift of z, largest alpha, least and largest beta, Frye-Jacobs (1 or 0),
    price index; ``loan`` [N, 4] holds alpha, beta, exposure and LGD (or kappa). ``hits`` int64 [N], or
    [0] to skip. Loan i defaults with probability Phi(alpha_i - beta_i z), independently given z. Draw d
    of bucket b depends on (seed, b, first + d) alone. Buckets are the outer loop so that a bucket's loans
    stay in the cache for all draws. ``argument_checks.bad_draws`` checks the arguments before the call.
    """
    state = np.empty(4, np.uint64)
    for b in range(bucket.shape[0]):
        bucket_seed = mixed(seed + np.uint64(b))
        own = loan[starts[b] : starts[b + 1]]
        own_hits = hits[starts[b] : starts[b + 1]]
        column = int(bucket[b, 0])
        shift, alpha_most, follows, index = bucket[b, 1], bucket[b, 2], bucket[b, 5], bucket[b, 6]
        for draw in range(losses.shape[0]):
            z = factors[draw, column] + shift
            # No loan of the bucket has a conditional point above this one.
            most = alpha_most - (bucket[b, 3] if z > 0.0 else bucket[b, 4]) * z
            bound = normal_cdf(most)
            # Written so that a NaN, should one ever get here, takes the safe way too.
            if not bound > 0.0:
                continue
            seed_state(bucket_seed, np.uint64(first + draw), state)
            if bound > DENSE_PD:
                losses[draw] += try_all(state, z, own, follows, index, own_hits)
            else:
                losses[draw] += skip_through(state, z, most, bound, own, follows, index, own_hits)


@kernel
def try_all(state: Array, z: Any, loan: Array, follows: Any, index: Any, hits: Array) -> Any:
    """Return the loss of one bucket with one uniform per loan: cheaper where many default."""
    total = 0.0
    count = hits.shape[0] > 0
    alpha, beta, chance = np.nan, np.nan, 0.0
    for i in range(loan.shape[0]):
        if loan[i, 0] != alpha or loan[i, 1] != beta:
            alpha, beta = loan[i, 0], loan[i, 1]
            chance = normal_cdf(alpha - beta * z)
        if next_uniform(state) < chance:
            total += loan_loss(chance, alpha - beta * z, loan[i, 2], loan[i, 3], follows, index)
            if count:
                hits[i] += 1
    return total


@kernel
def skip_through(
    state: Array,
    z: Any,
    most: Any,
    bound: Any,
    loan: Array,
    follows: Any,
    index: Any,
    hits: Array,
) -> Any:
    """Return the loss of one bucket, jumping from one candidate default to the next.

    The number of loans passed over is geometric with probability ``bound``, floor(ln U / ln(1 - bound));
    a candidate is kept with probability PD_i / bound. Source: Devroye 1986, ch. X.2 (geometric
    inversion) and ch. II.3 (thinning by rejection).
    """
    total = 0.0
    per_log = 1.0 / math.log1p(-bound)
    count = hits.shape[0] > 0
    i = -1
    last = loan.shape[0] - 1
    while True:
        gap = math.log(next_uniform(state)) * per_log
        if not gap < last - i:
            return total
        i += 1 + int(gap)
        point = loan[i, 0] - loan[i, 1] * z
        chance = bound
        # A loan at the bound needs no thinning: a homogeneous bucket costs one draw per default.
        if point < most:
            chance = normal_cdf(point)
            if next_uniform(state) * bound >= chance:
                continue
        total += loan_loss(chance, point, loan[i, 2], loan[i, 3], follows, index)
        if count:
            hits[i] += 1
