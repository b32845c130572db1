"""Euler contributions: the share of each loan in the expected shortfall of its book."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from finsim.credit.conditional import collateral_lgd, systematic_lgd
from finsim.credit.factors import annual_draws
from finsim.credit.losses import Buckets, arrange, exposure_column, losses
from finsim.credit.settings import Settings
from finsim.kernels.defaults import draw_losses
from finsim.notation import Float1D, Int1D
from finsim.randomness import Streams
from finsim.records.drivers import Drivers


def shortfall_contributions(
    loans: pa.Table, drivers: Drivers, draws: int, level: float, streams: Streams, settings: Settings
) -> Float1D:
    """Return what each loan adds to the expected shortfall of ``losses``: float64 [N], minor units.

    The mean of the loan's own loss over the draws beyond the ``level`` quantile, the draw at the quantile
    with its fraction, so their sum is the expected shortfall of the same draws: Euler's allocation of a risk
    measure that is homogeneous of degree 1. Sums over the loans of an obligor or a sector are theirs. Only
    the draws of the tail are drawn once more, loan by loan; loans of one obligor that default together share
    by exposure x LGD. Raises RecordError as ``losses`` does.
    Source: Tasche 1999, "Risk contributions and performance measurement", sec. 4.
    """
    drawn = losses(loans, drivers, draws, streams, settings)
    buckets = arrange(loans, drivers, settings)
    weight = tail_weights(drawn, level)
    total = np.zeros(len(buckets.loan))
    size = settings.block_draws
    tail = np.flatnonzero(weight)
    for block in np.unique(tail // size).tolist():
        address = streams.under("draw", block)
        factors = annual_draws(buckets.sectors, size, address, settings)
        seed = np.uint64(address.word("defaults"))
        for draw in tail[tail // size == block].tolist():
            rows, lost = _losses_of(buckets, seed, draw - block * size, factors)
            total[rows] += weight[draw] * lost
    return total[buckets.place] * _shares(buckets.place, loans)


def tail_weights(drawn: Float1D, level: float) -> Float1D:
    """Return the weight of each draw in the expected shortfall: float64 [M], 1 in sum.

    As ``records.figures.loss_tail.shortfall_of``: the rank at the quantile enters with its fraction.
    """
    count = len(drawn)
    mass = count * (1.0 - level)
    at = min(int(np.floor(count * level + 1e-9)), count - 1)
    order = np.argsort(drawn, kind="stable")
    weight = np.zeros(count)
    weight[order[at + 1 :]] = 1.0 / mass
    weight[order[at]] = (mass - (count - at - 1)) / mass
    return weight


def _losses_of(
    buckets: Buckets, seed: np.uint64, draw: int, factors: np.ndarray[tuple[int, int], np.dtype[np.float64]]
) -> tuple[Int1D, Float1D]:
    """Return the sorted rows that default in one draw of a block, and what each loses."""
    hits = np.zeros(len(buckets.loan), dtype=np.int64)
    one = np.ascontiguousarray(factors[draw : draw + 1])
    draw_losses(seed, draw, one, buckets.starts, buckets.bucket, buckets.loan, np.zeros(1), hits)
    rows = np.flatnonzero(hits)
    bucket = buckets.bucket[np.searchsorted(buckets.starts, rows, side="right") - 1]
    alpha, beta, exposure, severity = buckets.loan[rows].T
    point = alpha - beta * (factors[draw, bucket[:, 0].astype(np.int64)] + bucket[:, 1])
    lgd = np.where(bucket[:, 5] > 0.0, systematic_lgd(point, severity), severity)
    return rows, exposure * collateral_lgd(lgd, bucket[:, 6])


def _shares(place: Int1D, loans: pa.Table) -> Float1D:
    """Return the share of each loan in the row that it stands in: 1 but for loans that default together."""
    owed = loans[exposure_column(loans)].to_numpy().astype(np.float64) * loans["lgd"].to_numpy()
    whole = np.bincount(place, weights=owed)[place]
    alone = np.bincount(place)[place]
    found: Float1D = np.where(whole > 0.0, owed / np.where(whole > 0.0, whole, 1.0), 1.0 / alone)
    return found
