"""The loss distribution of a book over one horizon, by exact loan-level simulation."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from finsim.credit.conditional import default_point, loss_shift, sensitivity
from finsim.credit.factors import annual_draws, class_z
from finsim.credit.recovery import follows_frye_jacobs, price_indices
from finsim.credit.settings import Settings
from finsim.credit.text_codes import coded
from finsim.errors import RecordError
from finsim.kernels.defaults import draw_losses
from finsim.notation import Float1D, Float2D, Int1D, Int2D
from finsim.randomness import Streams
from finsim.records.drivers import Drivers

_BUCKET_WIDTH = 0.25  # in alpha: the bound is at most about twice a loan's own PD
_MOST_LOANS = 2048  # 64 kB of loans: a bucket stays in the cache over all draws


@dataclass(frozen=True)
class Buckets:
    """Loans sorted into buckets of one sector and class and of similar default points, for the kernel.

    ``order`` [N] is the row in the book of each sorted loan. Shapes: kernels.defaults.draw_losses.
    """

    sectors: tuple[str, ...]
    order: Int1D
    starts: Int1D
    bucket: Float2D
    loan: Float2D


def losses(
    loans: pa.Table,
    drivers: Drivers,
    draws: int,
    streams: Streams,
    settings: Settings,
    shard: int | None = None,
) -> Float1D:
    """Return portfolio losses of ``draws`` one-year futures under a scenario: float64 [M], minor units.

    Each draw has correlated sector factors around the scenario's z (its mean over ``loss_months``);
    loans default on their 12-month PD independently given the factors, and lose balance x LGD given
    the factor. With ``shard`` = b only block b of ``settings.block_draws`` draws is computed; the blocks
    put together are the whole. The same draws serve every scenario (common random numbers).
    Raises RecordError for no draws, or a block beyond them.
    """
    size = settings.block_draws
    blocks = -(-draws // size)
    if draws < 1 or (shard is not None and not 0 <= shard < blocks):
        raise RecordError(
            f"block {shard} of {draws} draws",
            expected=f"block 0 to {blocks - 1}",
            remedy="ask for more draws",
        )
    buckets = arrange(loans, drivers, settings)
    chosen = range(blocks) if shard is None else [shard]
    none = np.zeros(0, dtype=np.int64)
    parts = [
        _block(buckets, block, min(size, draws - block * size), streams, settings, none) for block in chosen
    ]
    return np.concatenate(parts)


def default_counts(
    loans: pa.Table, drivers: Drivers, draws: int, streams: Streams, settings: Settings
) -> Int1D:
    """Return how often each loan defaulted in the draws of ``losses``: int64 [N], in the book's order."""
    buckets = arrange(loans, drivers, settings)
    size = settings.block_draws
    hits = np.zeros(len(buckets.order), dtype=np.int64)
    for block in range(-(-draws // size)):
        _block(buckets, block, min(size, draws - block * size), streams, settings, hits)
    found = np.empty_like(hits)
    found[buckets.order] = hits
    return found


def homogeneous_losses(
    count: int, pd: float, rho: float, lgd: float, draws: int, streams: Streams
) -> Float1D:
    """Return loss rates of ``count`` equal loans under one factor: float64 [M], shares of the book.

    Runs the same kernel as ``losses`` on one bucket; its limit is ``risk.vasicek_quantile``.
    """
    alpha, beta = float(default_point(np.array(pd), np.array(rho))), float(sensitivity(np.array(rho)))
    starts = _cuts(np.zeros((count, 3), dtype=np.int64))
    loan = np.tile([alpha, beta, 1.0 / count, lgd], (count, 1))
    bucket = np.tile([0.0, 0.0, alpha, beta, beta, 0.0, 1.0], (len(starts) - 1, 1))
    one = Buckets(("all",), np.arange(count), starts, bucket, loan)
    settings = Settings()
    size = settings.block_draws
    none = np.zeros(0, dtype=np.int64)
    parts = [
        _block(one, block, min(size, draws - block * size), streams, settings, none)
        for block in range(-(-draws // size))
    ]
    return np.concatenate(parts)


def arrange(loans: pa.Table, drivers: Drivers, settings: Settings) -> Buckets:
    """Return the loans of a book sorted into buckets, with the scenario's shift of each bucket."""
    sector, sectors = coded(loans, "sector")
    kind, classes = coded(loans, "loan_class")
    pd_, rho, lgd = (loans[name].to_numpy() for name in ("pd", "rho", "lgd"))
    alpha, beta = default_point(pd_, rho), sensitivity(rho)
    step = np.floor(alpha / _BUCKET_WIDTH).astype(np.int64)
    order = np.lexsort((alpha, kind, sector))
    starts = _cuts(np.column_stack([sector, kind, step])[order])
    follows = follows_frye_jacobs(drivers, classes)
    severity = np.where(follows[kind], loss_shift(pd_, lgd, rho), lgd)
    exposure = loans["balance"].to_numpy().astype(np.float64)
    loan = np.column_stack([alpha, beta, exposure, severity])[order]
    shift = class_z(drivers, classes)[: settings.loss_months].mean(axis=0)
    index = price_indices(drivers, classes)[: settings.loss_months].mean(axis=0)
    first = starts[:-1]
    own = kind[order][first]
    bucket = np.column_stack(
        [
            sector[order][first],
            shift[own],
            np.maximum.reduceat(loan[:, 0], first),
            np.minimum.reduceat(loan[:, 1], first),
            np.maximum.reduceat(loan[:, 1], first),
            follows[own],
            index[own],
        ]
    ).astype(np.float64)
    return Buckets(sectors, order, starts, bucket, np.ascontiguousarray(loan))


def _cuts(keys: Int2D) -> Int1D:
    """Return where the buckets of sorted ``keys`` [N, 3] begin, none longer than the cache likes: [B + 1]."""
    changes = np.flatnonzero(np.any(np.diff(keys, axis=0) != 0, axis=1)) + 1
    edges = np.concatenate([[0], changes, [len(keys)]])
    parts = [np.arange(low, high, _MOST_LOANS) for low, high in itertools.pairwise(edges.tolist())]
    return np.concatenate([*parts, edges[-1:]]).astype(np.int64)


def _block(
    buckets: Buckets, block: int, count: int, streams: Streams, settings: Settings, hits: Int1D
) -> Float1D:
    """Return the losses of the first ``count`` draws of one block."""
    address = streams.under("draw", block)
    factors = annual_draws(buckets.sectors, settings.block_draws, address, settings)[:count]
    found = np.zeros(count)
    seed = np.uint64(address.word("defaults"))
    draw_losses(
        seed, 0, np.ascontiguousarray(factors), buckets.starts, buckets.bucket, buckets.loan, found, hits
    )
    return found
