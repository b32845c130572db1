"""What follows from a loan's features: PD, LGD, rate, grade and correlation; and columns to hold them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa

from finsim.credit.pd_scorecard import Scorecard
from finsim.credit.reference_parameters import CLASSES, GRADE_BOUNDS, GRADES, asset_correlation
from finsim.credit.settings import Settings
from finsim.notation import Array, Float1D


def default_probability(scorecard: Scorecard | None, rows: Mapping[str, Array]) -> Float1D:
    """Return the PD of each row: the stated one, else the scorecard's: float64 [N]."""
    if scorecard is None:
        return np.asarray(rows["pd"], dtype=np.float64)
    if "pd" not in rows:
        return scorecard.probability(rows)
    stated = np.asarray(rows["pd"], dtype=np.float64)
    found: Float1D = np.where(np.isnan(stated), scorecard.probability(rows), stated)
    return found


def loan_rates(
    settings: Settings, rows: Mapping[str, Array], pd_: Float1D, lgd: Float1D, noise: Float1D
) -> Float1D:
    """Return the rate of each loan: the stated one as it is, else the priced one, at most ``rate_cap``."""
    priced = np.round(np.clip(_loan_rate(settings, pd_, lgd, noise), 0.0, settings.rate_cap), 4)
    if "rate" not in rows:
        return np.asarray(priced, dtype=np.float64)
    stated = np.asarray(rows["rate"], dtype=np.float64)
    found: Float1D = np.where(np.isnan(stated), priced, stated)
    return found


def grades(pd_: Float1D) -> pa.Array:
    """Return the grade of each PD, A to G, as a dictionary column."""
    return words(np.array(GRADES)[np.searchsorted(GRADE_BOUNDS, pd_, side="right")], GRADES)


def whole_numbers(values: Array, kind: pa.DataType) -> pa.Array:
    """Return a column of whole numbers; NaN becomes null."""
    missing = np.isnan(values) if values.dtype.kind == "f" else np.zeros(len(values), dtype=bool)
    return pa.array(np.where(missing, 0, values).astype(np.int64), mask=missing).cast(kind)


def words(values: Array, known: Sequence[str]) -> pa.Array:
    """Return a dictionary column whose dictionary is the same in every shard."""
    order = {word: code for code, word in enumerate(known)}
    codes = np.array([order[word] for word in values.tolist()], dtype=np.int32)
    return pa.DictionaryArray.from_arrays(pa.array(codes), pa.array(list(known), pa.string()))


def _loan_rate(settings: Settings, pd_: Float1D, lgd: Float1D, noise: Float1D) -> Float1D:
    """Risk-based pricing: funding + expected loss + margin + noise (s.d. ``rate_noise``)."""
    spread = settings.rate_noise * np.sqrt(12.0) * (noise - 0.5)
    found: Float1D = settings.funding_rate + pd_ * lgd + settings.margin + spread
    return found


def loss_given_default(loan_class: Array, rows: Mapping[str, Array]) -> Float1D:
    """Return the stated LGD, else that of the class, less .10 with a guarantor and .05 with real estate.

    assumption: the two figures.
    """
    base = np.array([CLASSES[name].lgd for name in loan_class.tolist()])
    if "guarantor" in rows:
        base = base - 0.10 * (rows["guarantor"] == "guarantor")
    if "property" in rows:
        base = base - 0.05 * (rows["property"] == "real estate")
    found: Float1D = np.clip(base, 0.05, 1.0)
    if "lgd" in rows:
        stated = np.asarray(rows["lgd"], dtype=np.float64)
        return np.where(np.isnan(stated), found, stated)
    return found


def correlations(loan_class: Array, pd_: Float1D) -> Float1D:
    """Return the asset correlation of each loan by its class and PD: float64 [N]."""
    rho = np.empty(len(pd_))
    for name in sorted(set(loan_class.tolist())):
        rows = loan_class == name
        rho[rows] = asset_correlation(name, pd_[rows])
    return rho
