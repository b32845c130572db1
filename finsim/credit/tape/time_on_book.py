"""The observed default rate of a tape, brought to 12 months by the time that its loans were followed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from finsim.notation import Bool1D, Float1D

_DAYS_A_YEAR, _MONTHS_A_YEAR = 365.25, 12.0
_NEARLY = 0.99
"""A date is of one outcome, or the same for all loans, in 99 % of its cells (assumption)."""


@dataclass(frozen=True)
class ObservedRate:
    """Defaults, loan-years at risk, loans, and what told the time: a column, or the dates of the tape."""

    defaults: int
    years: float
    loans: int
    by: str

    @property
    def pd(self) -> float:
        """The 12-month PD of a constant hazard: 1 - exp(-defaults / loan-years)."""
        return float(-np.expm1(-self.defaults / self.years))

    def said(self) -> str:
        """Return the rate and how it was found in one sentence."""
        return (
            f"target_pd as_observed: {self.pd:.2%} in 12 months, of {self.defaults:,} defaults in "
            f"{self.years:,.0f} loan-years ({self.by}); {self.defaults / self.loans:.2%} of the loans "
            "defaulted in all the time that they were followed"
        )


def observed_rate(frame: pd.DataFrame) -> ObservedRate | None:
    """Return the default rate of a tape per loan-year; None where nothing says how long it was followed.

    Defaults over exposure is the maximum likelihood of a constant hazard (occurrence/exposure rate;
    Kalbfleisch and Prentice 2002, ch. 3). A loan is at risk from its opening to the first of its default,
    its end and the day of the tape: a date that all loans share, else the last day on which anything was
    opened or ended. ``months_on_book`` stands for the dates where no opening is known. Of a default without
    a date half the time is taken (assumption). Loans of unknown outcome count as not defaulted.
    """
    if "bad" not in frame:
        return None
    bad = frame["bad"].to_numpy(dtype=np.float64) == 1.0
    if "opened" in frame and frame["opened"].dtype.kind == "M":
        years, by = _years_by_dates(frame, bad), "by the dates of the tape"
    elif "months_on_book" in frame:
        months = frame["months_on_book"].to_numpy(dtype=np.float64)
        years, by = np.asarray(months / _MONTHS_A_YEAR), "by months_on_book"
    else:
        return None
    known = np.isfinite(years)
    total = float(np.maximum(years[known], 0.0).sum())
    defaults = int(bad[known].sum())
    return ObservedRate(defaults, total, int(known.sum()), by) if defaults and total > 0 else None


def _years_by_dates(frame: pd.DataFrame, bad: Bool1D) -> Float1D:
    """Return the years at risk of each loan, float64[N]; NaN without an opening."""
    days = {name: _days(frame[name]) for name in frame if frame[name].dtype.kind == "M"}
    opened = days.pop("opened")
    ends = [one for one in days.values() if _ends_one_outcome(one, opened, bad)]
    first = _first(ends, len(opened))
    last = _day_of_tape(list(days.values()), opened, first)
    stop = np.fmin(np.full(len(opened), last), first)
    if "term_months" in frame:
        term = frame["term_months"].to_numpy(dtype=np.float64) / _MONTHS_A_YEAR * _DAYS_A_YEAR
        stop = np.fmin(stop, opened + term)
    years = np.maximum(stop - opened, 0.0) / _DAYS_A_YEAR
    found: Float1D = np.where(bad & np.isnan(first), 0.5 * years, years)
    return found


def _ends_one_outcome(days: Float1D, opened: Float1D, bad: Bool1D) -> bool:
    """Tell whether a date after the opening is there for defaults alone, or for none: it ends a loan."""
    there = ~np.isnan(days)
    if not there.any() or there.all():
        return False
    share = float(bad[there].mean())
    later = (
        float((days >= opened)[there & ~np.isnan(opened)].mean())
        if (there & ~np.isnan(opened)).any()
        else 0.0
    )
    of_one = share >= _NEARLY or (share <= 1.0 - _NEARLY and not there[~bad].all())
    return of_one and later >= _NEARLY


def _first(dates: list[Float1D], rows: int) -> Float1D:
    """Return the first of some dates of each loan, NaN where it has none."""
    found = np.full(rows, np.nan)
    for one in dates:
        found = np.fmin(found, one)
    return found


def _day_of_tape(dates: list[Float1D], opened: Float1D, first: Float1D) -> float:
    """Return the day up to which a tape tells: one that all loans share, else the last of what happened."""
    happened = float(np.nanmax(np.append(opened, first)))
    for one in dates:
        if np.isnan(one).any():
            continue
        values, counts = np.unique(one, return_counts=True)
        day = float(values[int(np.argmax(counts))])
        if counts.max() >= _NEARLY * len(one) and day >= float(np.nanquantile(opened, _NEARLY)):
            return day
    return happened


def _days(values: pd.Series) -> Float1D:
    return np.asarray((values - pd.Timestamp(0)) / pd.Timedelta(days=1), dtype=np.float64)
