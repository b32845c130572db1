"""Every shared column of applications and loans: KS for numbers, total variation for categories."""

from __future__ import annotations

import numpy as np

from finsim.evaluation.loans import Column, CreditCase
from finsim.evaluation.metric import STRESS, Evidence, Metric, Score
from finsim.notation import Float1D, Int2D


def gaps(column: Column, left: Float1D, right: Float1D) -> Float1D:
    """Return the distances of shares on ``column``'s cells: sup |F - G| or half the sum of |p - q|."""
    difference = left - right
    if column.numeric:
        return np.asarray(np.abs(np.cumsum(difference, axis=-1)).max(axis=-1))
    return np.asarray(0.5 * np.abs(difference).sum(axis=-1))


def cells(column: Column) -> list[np.ndarray]:
    """Return the cell number of each value, real, synthetic and held out (numbers: their rank order)."""
    parts = [column.real, column.own] if column.spare is None else [column.real, column.own, column.spare]
    known = np.unique(np.concatenate(parts))
    return [np.searchsorted(known, part) for part in parts]


def measure(case: CreditCase) -> list[Score]:
    """Return one score a shared column; floor: resampled applications against the applications."""
    if not case.columns:
        return [METRIC.missing("shared columns", "applications and loans share no column")]
    scores = []
    for column in case.columns:
        parts = cells(column)
        size = int(max(part.max() for part in parts)) + 1
        real, own = (_shares(part[None], size) for part in parts[:2])
        twins = _resampled(case, "real", parts[0], len(parts[0]), size)
        acting = _resampled(case, "twin", parts[0], min(len(parts[1]), 20 * len(parts[0])), size)
        draws = _resampled(case, "own", parts[1], len(parts[1]), size)
        spare = float(gaps(column, _shares(parts[2][None], size), real)[0]) if len(parts) > 2 else None
        evidence = Evidence(
            float(gaps(column, own, real)[0]), gaps(column, draws, real), gaps(column, acting, twins), spare
        )
        even = np.full((1, size), 1.0 / size)
        note = "KS" if column.numeric else "total variation"
        scores.append(
            METRIC.compared(
                column.name, evidence, ceiling=float(gaps(column, even, real)[0]), n=len(parts[1]), note=note
            )
        )
    return scores


def _shares(parts: Int2D, size: int) -> Float1D:
    offsets = np.arange(len(parts))[:, None] * size
    counts = np.bincount((parts + offsets).ravel(), minlength=len(parts) * size)
    return np.asarray(counts.reshape(len(parts), size) / parts.shape[1])


def _resampled(case: CreditCase, role: str, part: Float1D, rows: int, size: int) -> Float1D:
    """Return shares of bootstrap resamples of ``rows`` rows: a multinomial draw over the cells."""
    shares = np.bincount(part, minlength=size) / len(part)
    rng = case.streams.at("loans", "margins", role)
    return np.asarray(rng.multinomial(rows, shares, case.settings.bootstrap) / rows)


METRIC = Metric(
    name="loan_margins",
    case="credit",
    use=STRESS,
    unit="probability",
    lowest=0.0,
    highest=1.0,
    best=0.0,
    delta=0.05,
    origin="assumption: five points of probability beyond sampling noise",
    order_free=True,
    compute=measure,
    summary="Distribution of every shared loan column",
    order=10,
    how=(
        "Distance of the distribution of one column between loans and real applications: KS for "
        "numbers, total variation for categories."
    ),
    misses="Says nothing about combinations of columns; see loan_dependence and loan_two_sample.",
    estimator=(
        "KS of numbers, total variation of categories, each shared column; money divided by its own median"
    ),
    references="resampled applications / even shares",
)
