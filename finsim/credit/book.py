"""Learn a loan book from applications and synthesise as many loans as asked, shard by shard."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa

from finsim.credit.copula import Copula, fit_copula, sample_copula
from finsim.credit.pd_scorecard import PROTECTED, Scorecard, fit_scorecard
from finsim.credit.reference_parameters import CLASSES, GRADE_BOUNDS, GRADES, asset_correlation
from finsim.credit.schedule import balance_after, payment
from finsim.credit.settings import Settings
from finsim.errors import FitError, RecordError
from finsim.notation import MINOR_UNITS, Array, Float1D
from finsim.randomness import Streams

_KEPT = ("age", "amount", "term_months", "bad", "sector", "loan_class", "currency", "income", "rate")
_LEAST_ROWS = 50

# Statlog code -> share of disposable income the instalment takes (Groemping 2019, "South German credit
# data: correcting a widely used data set"); the outer bounds .05 and .45 are an assumption.
_BANDS: Mapping[int, tuple[float, float]] = {
    1: (0.35, 0.45),
    2: (0.25, 0.35),
    3: (0.20, 0.25),
    4: (0.05, 0.20),
}
_NO_BAND = (0.05, 0.40)


@dataclass(frozen=True)
class Book:
    """A fitted book: the joint law of applications, the scorecard and what turns both into loans."""

    copula: Copula
    scorecard: Scorecard
    features: tuple[str, ...]
    currency: str
    scale: float
    settings: Settings


def fit_book(applications: pd.DataFrame, settings: Settings) -> Book:
    """Fit the copula and the PD scorecard to applications as read by ``read_applications``.

    Amounts in DEM are converted with ``settings.mark_rate`` to ``settings.currency``.
    Raises FitError for fewer than 50 rows or a single outcome.
    """
    if len(applications) < _LEAST_ROWS or applications["bad"].nunique() < 2:
        raise FitError(
            f"{len(applications)} applications with {int(applications['bad'].sum())} defaults",
            place="applications",
            expected=f"at least {_LEAST_ROWS} rows and both outcomes",
            remedy="add rows",
        )
    features = [str(name) for name in applications if name not in _KEPT]
    scored = [name for name in ("age", "amount", "term_months", *features) if name not in PROTECTED]
    scorecard = fit_scorecard(applications, scored, settings.target_pd)
    group = applications["sector"].str.cat(applications["loan_class"], sep="|")
    joint = applications.drop(columns=["sector", "loan_class", "currency"]).assign(group=group)
    copula = fit_copula(joint, "group", ("purpose",), "bad")
    stated = str(applications["currency"].iloc[0])
    marks = stated == "DEM"
    currency = settings.currency if marks or not stated else stated
    scale = settings.mark_rate if marks else 1.0
    return Book(copula, scorecard, tuple(features), currency, scale, settings)


def loans(book: Book, count: int, streams: Streams, first: int = 0) -> pa.Table:
    """Return loans ``first`` .. ``first + count - 1``, one row each, in order of ``loan_id``.

    Loan i belongs to shard i // shard_loans and depends on the seed and that shard alone, so any cut
    into calls gives the same rows. Identities that hold exactly: payment = round(annuity(amount, rate,
    term_months)), dti = payment / income, balance = amount after ``months_on_book`` scheduled payments.
    Columns: docs/reference/credit-model.md. Raises RecordError for an empty or negative range.
    """
    if count < 1 or first < 0:
        raise RecordError(f"{count} loans from {first}", expected="at least 1 loan from 0 on")
    size = book.settings.shard_loans
    parts = []
    for shard in range(first // size, (first + count - 1) // size + 1):
        low, high = max(first, shard * size), min(first + count, (shard + 1) * size)
        parts.append(_shard(book, shard, streams).slice(low - shard * size, high - low))
    return pa.concat_tables(parts).combine_chunks()


def _shard(book: Book, shard: int, streams: Streams) -> pa.Table:
    settings = book.settings
    rng = streams.at("loans", "shard", shard)
    rows = sample_copula(book.copula, settings.shard_loans, rng)
    draws = {name: rng.random(settings.shard_loans) for name in ("noise", "income", "season")}
    pairs = [name.split("|") for name in book.copula.groups]
    sector = np.array([pair[0] for pair in pairs])[rows["group"]]
    loan_class = np.array([pair[1] for pair in pairs])[rows["group"]]
    pd_ = book.scorecard.probability(rows)
    lgd = _loss_given_default(loan_class, rows)
    amount = _amounts(book, rows)
    term = np.maximum(rows["term_months"], 1).astype(np.int64)
    rate = rows["rate"] if "rate" in rows else _loan_rate(settings, pd_, lgd, draws["noise"])
    rate = np.round(np.clip(rate, 0.0, settings.rate_cap), 4)
    due = payment(amount, rate, term)
    paid = np.floor(draws["season"] * np.minimum(settings.seasoning_months + 1, term)).astype(np.int64)
    income = _income(book, rows, due, draws["income"])
    opened = _opened(settings, paid)
    number = shard * settings.shard_loans + np.arange(settings.shard_loans)
    columns: dict[str, Array | pa.Array] = {
        "loan_id": number,
        "obligor_id": number,
        "sector": _words(sector, sorted({pair[0] for pair in pairs})),
        "loan_class": _words(loan_class, sorted({pair[1] for pair in pairs})),
        "grade": _words(np.array(GRADES)[np.searchsorted(GRADE_BOUNDS, pd_, side="right")], GRADES),
        "vintage": _vintage(settings, opened),
        "opened": pa.array(opened, pa.date32()),
        "age": rows["age"].astype(np.int32),
        "income": income,
        "amount": amount,
        "balance": balance_after(amount, rate, due, term, paid),
        "currency": _words(np.full(len(number), book.currency), (book.currency,)),
        "rate": rate,
        "term_months": term.astype(np.int32),
        "months_on_book": paid.astype(np.int32),
        "payment": due,
        "dti": due / income,
        "pd": pd_,
        "lgd": lgd,
        "rho": _correlations(loan_class, pd_),
    }
    columns.update({name: _feature(book, name, rows[name]) for name in book.features})
    columns["_fs_src"] = np.zeros(len(number), dtype=np.uint8)
    columns["_fs_seq"] = np.full(len(number), shard, dtype=np.uint32)
    return pa.table(columns)


def _words(values: Array, known: tuple[str, ...] | list[str]) -> pa.Array:
    """Return a dictionary column whose dictionary is the same in every shard."""
    order = {word: code for code, word in enumerate(known)}
    codes = np.array([order[word] for word in values.tolist()], dtype=np.int32)
    return pa.DictionaryArray.from_arrays(pa.array(codes), pa.array(list(known), pa.string()))


def _feature(book: Book, name: str, values: Array) -> Array | pa.Array:
    if values.dtype.kind in "if":
        return values
    return _words(values, sorted(str(level) for level in book.copula.levels[name]))


def _amounts(book: Book, rows: Mapping[str, Array]) -> Array:
    """Return amounts in minor units, whole currency units, capped for young borrowers."""
    settings = book.settings
    units = np.maximum(np.rint(rows["amount"] * book.scale), 1.0)
    young = rows["age"] < settings.young_age
    units = np.where(young, np.minimum(units, settings.young_cap), units)
    return units.astype(np.int64) * MINOR_UNITS


def _loan_rate(settings: Settings, pd_: Float1D, lgd: Float1D, noise: Float1D) -> Float1D:
    """Risk-based pricing: funding + expected loss + margin + noise (s.d. ``rate_noise``)."""
    spread = settings.rate_noise * np.sqrt(12.0) * (noise - 0.5)
    found: Float1D = settings.funding_rate + pd_ * lgd + settings.margin + spread
    return found


def _income(book: Book, rows: Mapping[str, Array], due: Array, chance: Float1D) -> Array:
    """Return monthly income, minor units.

    Where the applications have none, the share of income that the instalment takes is drawn within
    the borrower's band and income follows from it, down to a floor. assumption: uniform in the band.
    """
    if "income" in rows:
        stated = np.rint(rows["income"] * book.scale * MINOR_UNITS).astype(np.int64)
        return np.maximum(stated, MINOR_UNITS)
    low = np.full(len(due), _NO_BAND[0])
    high = np.full(len(due), _NO_BAND[1])
    for code, (least, most) in _BANDS.items() if "instalment_band" in rows else ():
        inside = rows["instalment_band"] == code
        low[inside], high[inside] = least, most
    share = low + (high - low) * chance
    floor = book.settings.income_floor * MINOR_UNITS
    found: Array = np.maximum(np.ceil(due / share).astype(np.int64), floor)
    return found


def _loss_given_default(loan_class: Array, rows: Mapping[str, Array]) -> Float1D:
    """Return LGD by class; a guarantor or real estate lowers it. assumption: by .10 and .05."""
    base = np.array([CLASSES[name].lgd for name in loan_class.tolist()])
    if "guarantor" in rows:
        base = base - 0.10 * (rows["guarantor"] == "guarantor")
    if "property" in rows:
        base = base - 0.05 * (rows["property"] == "real estate")
    found: Float1D = np.clip(base, 0.05, 1.0)
    return found


def _correlations(loan_class: Array, pd_: Float1D) -> Float1D:
    rho = np.empty(len(pd_))
    for name in sorted(set(loan_class.tolist())):
        rows = loan_class == name
        rho[rows] = asset_correlation(name, pd_[rows])
    return rho


def _opened(settings: Settings, paid: Array) -> Array:
    stamp = pd.Timestamp(settings.as_of)
    ends = stamp.is_month_end
    dates = [
        (stamp - pd.offsets.MonthEnd(k) if ends and k else stamp - pd.DateOffset(months=k)).date()
        for k in range(int(paid.max()) + 1)
    ]
    return np.array(dates, dtype="datetime64[D]")[paid]


def _vintage(settings: Settings, opened: Array) -> pa.Array:
    periods = pd.DatetimeIndex(opened).to_period("Q").astype(str).to_numpy()
    last = pd.Period(pd.Timestamp(settings.as_of), "Q")
    known = [str(last - k) for k in range(settings.seasoning_months // 3 + 2, -1, -1)]
    return _words(periods, known)
