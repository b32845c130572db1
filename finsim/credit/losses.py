"""The loss distribution of a book over one horizon, by exact loan-level simulation."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from finsim.credit.conditional import default_point, loss_shift, sensitivity
from finsim.credit.factors import annual_draws, class_z
from finsim.credit.months.seasoning import of_first_year
from finsim.credit.recovery import follows_frye_jacobs, price_indices
from finsim.credit.settings import Settings
from finsim.credit.text_codes import coded
from finsim.errors import Problem, RecordError
from finsim.kernels.argument_checks import bad_draws
from finsim.kernels.defaults import draw_losses
from finsim.notation import Float1D, Float2D, Int1D, Int2D
from finsim.randomness import Streams
from finsim.records.drivers import Drivers

_BUCKET_WIDTH = 0.25  # in alpha: the bound is at most about twice a loan's own PD
_MOST_LOANS = 2048  # 64 kB of loans: a bucket stays in the cache over all draws


@dataclass(frozen=True)
class Buckets:
    """Loans sorted into buckets of one sector and class and of similar default points, for the kernel.

    ``place`` [N] tells for each loan of the book which sorted row it is in: loans of one obligor that have
    one PD, sector and class share a row and default together. Shapes: kernels.defaults.draw_losses.
    """

    sectors: tuple[str, ...]
    place: Int1D
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
    hits = np.zeros(len(buckets.loan), dtype=np.int64)
    for block in range(-(-draws // size)):
        _block(buckets, block, min(size, draws - block * size), streams, settings, hits)
    return hits[buckets.place]


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
    """Return the loans of a book sorted into buckets, with the scenario's shift of each bucket.

    Raises RecordError naming the column and row of a PD, LGD, correlation or exposure that cannot be.
    """
    check_loans(loans)
    sector, sectors = coded(loans, "sector")
    kind, classes = coded(loans, "loan_class")
    pd_, rho, lgd = (loans[name].to_numpy() for name in ("pd", "rho", "lgd"))
    exposure = loans[exposure_column(loans)].to_numpy().astype(np.float64)
    pd_ = of_first_year(pd_, loans, settings)
    alpha, beta = default_point(pd_, rho), sensitivity(rho)
    joint, lead = _joint_rows(loans, sector, kind, pd_)
    if len(lead) < len(joint):
        lost = np.bincount(joint, weights=exposure * lgd)
        exposure = np.bincount(joint, weights=exposure)
        lgd = lost / np.where(exposure > 0.0, exposure, 1.0)
        sector, kind = sector[lead], kind[lead]
        pd_, rho, alpha, beta = pd_[lead], rho[lead], alpha[lead], beta[lead]
    follows = follows_frye_jacobs(drivers, classes)
    step = np.floor(alpha / _BUCKET_WIDTH).astype(np.int64)
    order = np.lexsort((alpha, kind, sector))
    starts = _cuts(np.column_stack([sector, kind, step])[order])
    severity = np.where(follows[kind], loss_shift(pd_, lgd, rho), lgd)
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
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    return Buckets(sectors, rank[joint], starts, bucket, np.ascontiguousarray(loan))


def exposure_column(loans: pa.Table) -> str:
    """Return the column of exposures at default: ``ead`` where the book has one, else ``balance``."""
    return "ead" if "ead" in loans.column_names else "balance"


def check_loans(loans: pa.Table) -> None:
    """Raise RecordError for every column that holds a number no loan can have, with its first row."""
    limits = {
        "pd": (np.nextafter(0.0, 1.0), np.nextafter(1.0, 0.0), "above 0 and below 1"),
        "rho": (0.0, np.nextafter(1.0, 0.0), "from 0 to below 1"),
        "lgd": (0.0, 1.0, "from 0 to 1"),
        exposure_column(loans): (0.0, 2.0**62, "0 or more minor units"),
    }
    problems = []
    for name, (low, high, expected) in limits.items():
        values = loans[name].to_numpy().astype(np.float64)
        wrong = np.flatnonzero(~((values >= low) & (values <= high)))
        if len(wrong):
            found = f"{values[wrong[0]]:g} ({len(wrong)} rows in all)"
            problems.append(Problem(f"loans: column {name!r}, row {wrong[0]}", found, expected))
    if problems:
        raise RecordError.of(problems)


def rows_of(loans: pa.Table) -> tuple[Int1D, Int1D]:
    """Return the number of each loan in the book, and that of its obligor's first loan: int64 [N] each.

    A resampled book numbers its loans itself; a kept one has the tape's own ids, and ``_fs_row`` and
    ``_fs_lead`` beside them.
    """
    if "_fs_row" in loans.column_names:
        return loans["_fs_row"].to_numpy(), loans["_fs_lead"].to_numpy()
    row = loans["loan_id"].to_numpy()
    return row, loans["obligor_id"].to_numpy() if "obligor_id" in loans.column_names else row


def _joint_rows(loans: pa.Table, sector: Int1D, kind: Int1D, pd_: Float1D) -> tuple[Int1D, Int1D]:
    """Return the joint row of each loan, and the first loan of each joint row, in the book's order."""
    every = np.arange(loans.num_rows)
    owner = rows_of(loans)[1] if "loan_id" in loans.column_names else every
    if len(np.unique(owner)) == len(owner):
        return every, every
    keys = np.column_stack([owner, sector, kind, pd_.view(np.int64)])
    _, first, joint = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    by_book = np.argsort(first)
    number = np.empty_like(by_book)
    number[by_book] = np.arange(len(by_book))
    return number[joint.reshape(-1)], first[by_book]


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
    return losses_given(buckets, factors, address, hits)


def losses_given(buckets: Buckets, factors: Float2D, address: Streams, hits: Int1D) -> Float1D:
    """Return the losses of draws whose sector factors are given, [D, K]; ``hits`` as for ``draw_losses``.

    Raises RecordError for factors or loans that are no numbers.
    """
    found = np.zeros(len(factors))
    seed = np.uint64(address.word("defaults"))
    arguments = (np.ascontiguousarray(factors), buckets.starts, buckets.bucket, buckets.loan, found, hits)
    wrong = bad_draws(*arguments)
    if wrong:
        raise RecordError(wrong, place="loss draws", expected="finite numbers and buckets that exist")
    draw_losses(seed, 0, *arguments)
    return found
