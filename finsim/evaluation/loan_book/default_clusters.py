"""Default clustering: defaults of a sector come in waves when sector factors drive them."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from finsim.evaluation.loans import CreditCase
from finsim.evaluation.metric import HIGHER, PASS, STRESS, WARN, Metric, Score
from finsim.evaluation.resampling import stationary_indices
from finsim.notation import Float1D, Float2D

BLOCK = 6
LEAST_MONTHS = 12
DEFAULT = "default"


def default_counts(loans: pa.Table, months: pa.Table) -> tuple[Float2D, Float2D]:
    """Return defaults and loans at risk by month and sector: float64[T, S] each."""
    sector = pc.dictionary_encode(pc.cast(loans["sector"], pa.string())).combine_chunks()
    sector = sector.chunk(0) if isinstance(sector, pa.ChunkedArray) else sector
    codes = sector.indices.to_numpy().astype(np.int64)
    ids = loans["loan_id"].to_numpy()
    order = np.argsort(ids)
    owner = codes[order[np.searchsorted(ids[order], months["loan_id"].to_numpy())]]
    dates, place = np.unique(months["month"].to_numpy(), return_inverse=True)
    hit = np.asarray(pc.equal(pc.cast(months["status"], pa.string()), DEFAULT).to_numpy())
    size = (len(dates), int(codes.max()) + 1)
    cell = place * size[1] + owner
    at_risk = np.bincount(cell, minlength=size[0] * size[1]).reshape(size)
    defaults = np.bincount(cell[hit], minlength=size[0] * size[1]).reshape(size)
    return defaults.astype(np.float64), at_risk.astype(np.float64)


def dispersion(defaults: Float2D, at_risk: Float2D) -> Float1D:
    """Return sum (d - n p)^2 / sum n p (1 - p), p the pooled rate, over the last axis; 1 if independent.

    Source: Pearson's index of dispersion for binomial counts.
    """
    rate = defaults.sum(axis=-1) / at_risk.sum(axis=-1)
    expected = at_risk * rate[..., None]
    spread = ((defaults - expected) ** 2).sum(axis=-1)
    return np.asarray(spread / (expected * (1.0 - rate[..., None])).sum(axis=-1))


def measure(case: CreditCase) -> list[Score]:
    """Return one score a sector with at least 20 defaults, and one for all loans together."""
    if case.months is None or case.months.num_rows == 0:
        return [METRIC.missing("monthly defaults", "no month panel was given")]
    defaults, at_risk = default_counts(case.loans, case.months)
    if len(defaults) < LEAST_MONTHS:
        return [METRIC.missing("monthly defaults", f"{len(defaults)} months; needs {LEAST_MONTHS}")]
    names = pc.unique(pc.cast(case.loans["sector"], pa.string())).to_pylist()
    scores = [_score(case, "all loans", defaults.sum(axis=1), at_risk.sum(axis=1))]
    for k, name in enumerate(names):
        if defaults[:, k].sum() >= 20:
            scores.append(_score(case, f"sector {name}", defaults[:, k], at_risk[:, k]))
    return scores


def _score(case: CreditCase, subject: str, defaults: Float1D, at_risk: Float1D) -> Score:
    rng = case.streams.at("loans", "clusters", subject)
    picked = stationary_indices(rng, len(defaults), len(defaults), BLOCK, case.settings.bootstrap)
    value = float(dispersion(defaults, at_risk))
    low, high = (float(v) for v in np.quantile(dispersion(defaults[picked], at_risk[picked]), [0.025, 0.975]))
    verdict, reason = PASS, ""
    if subject == "all loans" and value <= 1.0 + METRIC.delta:
        verdict, reason = (
            WARN,
            f"dispersion {value:.2f}: defaults look independent, joint losses come out too small",
        )
    note = f"{int(defaults.sum())} defaults in {len(defaults)} months; 1 = independent defaults"
    return METRIC.scored(
        subject,
        value,
        (low, high),
        int(defaults.sum()),
        (None, 1.0, 1.0 + METRIC.delta),
        (verdict, reason),
        note,
    )


METRIC = Metric(
    name="default_clusters",
    case="credit",
    use=STRESS,
    unit="variance over binomial variance",
    lowest=0.0,
    highest=float("inf"),
    best=float("inf"),
    delta=0.0,
    origin="own: independent defaults have dispersion 1; no real monthly panel is bundled to compare with",
    order_free=True,
    compute=measure,
    direction=HIGHER,
    summary="Dispersion of monthly default counts",
    order=40,
    how=(
        "Variance of monthly default counts over what independent defaults would give; 1 means no clustering."
    ),
    misses="There is no real monthly panel to compare with: above 1 is asked for, how far is not.",
    estimator="variance of monthly default counts over its binomial value, all loans and each sector",
    references="- / 1",
)
