"""The very loans of a tape as a book: their own keys and terms, nothing resampled."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow as pa

from finsim.credit.book import feature_names, fit_card, opening_days
from finsim.credit.loan_terms import (
    correlations,
    default_probability,
    grades,
    loan_rates,
    loss_given_default,
    whole_numbers,
    words,
)
from finsim.credit.schedule import balance_after, payment
from finsim.credit.settings import Settings
from finsim.errors import DataError, Problem
from finsim.notation import Array, Float1D, Int1D, minor_units
from finsim.randomness import Streams
from finsim.records.columns import DAY

FROM_TAPE = 5
"""``_fs_src`` of a real record."""
_SHOWN = 5


def kept_loans(
    applications: pd.DataFrame, settings: Settings, streams: Streams, unscored: Sequence[str] = ()
) -> pa.Table:
    """Return the loans of a tape, in its order, with the columns of a book (docs/reference/credit-model.md).

    Ids, PD, LGD, rate, balance, months on book, sector and class are the tape's own where it states them.
    A missing PD comes from the scorecard of the tape's outcomes, a missing LGD from the class, a missing
    rate is priced; the balance is the stated one, else the exposure, else that of the schedule. ``_fs_row``
    numbers the loans and ``_fs_lead`` is the number of the obligor's first loan. The scorecard does not ask
    columns that are ``unscored``. Raises DataError for loans
    past their term or opened after ``as_of``, FitError where PDs are missing and cannot be fitted.
    """
    frame = applications.reset_index(drop=True)
    rows = {str(name): frame[name].to_numpy() for name in frame}
    count = len(frame)
    number = np.arange(count)
    known = frame[frame["bad"].notna()] if "bad" in frame else frame
    stated = "pd" in frame and bool(frame["pd"].notna().all())
    pd_ = default_probability(None if stated else fit_card(known.drop(columns=[*unscored]), settings), rows)
    loan_class = frame["loan_class"].to_numpy()
    lgd = loss_given_default(loan_class, rows)
    noise = streams.at("loans", "kept").random(count)
    term, paid = _months(frame, settings)
    rate = loan_rates(settings, rows, pd_, lgd, noise)
    owed = _stated(rows, ("balance", "ead"))
    currency = frame["currency"].replace("", settings.currency)
    minor = minor_units(str(currency.iloc[0]))  # a tape is in one currency
    amount = _in_minor(_whole(_stated(rows, ("amount", "balance", "ead")), "an amount or a balance"), minor)
    due = payment(amount, rate, term)
    scheduled = balance_after(amount, rate, due, term, paid)
    balance = np.where(np.isnan(owed), scheduled, _in_minor(np.nan_to_num(owed), minor))
    ids, obligors, lead = _keys(frame)
    columns: dict[str, Array | pa.Array] = {
        "loan_id": ids,
        "obligor_id": obligors,
        "sector": _coded(frame["sector"]),
        "loan_class": _coded(frame["loan_class"]),
        "grade": grades(pd_),
        **_dated(frame, settings, paid),
        **({"age": whole_numbers(rows["age"], pa.int32())} if "age" in rows else {}),
        **_incomes(rows, due, minor),
        "amount": amount,
        "balance": balance,
        **({"ead": _exposure(rows["ead"], balance, minor)} if {"ead", "balance"} <= set(rows) else {}),
        "currency": _coded(currency),
        "rate": rate,
        "term_months": term.astype(np.int32),
        "months_on_book": paid.astype(np.int32),
        "payment": due,
        "pd": pd_,
        "lgd": lgd,
        "rho": correlations(loan_class, pd_),
    }
    columns.update({name: _feature(name, frame[name], minor) for name in feature_names(frame)})
    columns["_fs_src"] = np.full(count, FROM_TAPE, dtype=np.uint8)
    columns["_fs_seq"] = (number // settings.shard_loans).astype(np.uint32)
    columns["_fs_row"] = number
    columns["_fs_lead"] = lead
    return pa.table(columns)


def _in_minor(units: Array, minor: int) -> Int1D:
    return np.rint(np.asarray(units, dtype=np.float64) * minor).astype(np.int64)


def _stated(rows: dict[str, Array], names: Sequence[str]) -> Float1D:
    """Return the first of some columns that states a number, loan by loan; NaN where none does."""
    found = np.full(len(next(iter(rows.values()))), np.nan)
    for name in names:
        if name in rows:
            found = np.where(np.isnan(found), np.asarray(rows[name], dtype=np.float64), found)
    return found


def _whole(values: Float1D, what: str) -> Float1D:
    """Return values of loans as they are. Raises DataError that names the loans without one."""
    gaps = np.flatnonzero(np.isnan(values))
    if len(gaps):
        shown = [
            Problem(f"the tape, row {row}", "the cell is empty", f"{what} of every loan that is kept",
                    "fill the cell or drop the row")
            for row in gaps[:_SHOWN].tolist()
        ]  # fmt: skip
        more = (
            [Problem("the tape", f"{len(gaps) - _SHOWN:,} more loans like these")]
            if len(gaps) > _SHOWN
            else []
        )
        raise DataError.of([*shown, *more])
    return values


def _exposure(ead: Array, balance: Int1D, minor: int) -> Int1D:
    """Return the stated exposures, minor units; the balance where none is stated."""
    units = np.asarray(ead, dtype=np.float64)
    return np.where(np.isnan(units), balance, _in_minor(np.nan_to_num(units), minor))


def _months(frame: pd.DataFrame, settings: Settings) -> tuple[Int1D, Int1D]:
    """Return the term and the instalments paid at ``as_of``: stated, else since opening, else 0."""
    term = _whole(frame["term_months"].to_numpy(dtype=np.float64), "a term").astype(np.int64)
    stated, column = np.full(len(term), np.nan), ""
    if "months_on_book" in frame:
        stated, column = frame["months_on_book"].to_numpy(dtype=np.float64), "months_on_book"
    if "opened" in frame:
        day = frame["opened"].dt
        since = ((settings.as_of.year - day.year) * 12 + settings.as_of.month - day.month).to_numpy()
        stated = np.where(np.isnan(stated), since.astype(np.float64), stated)
        column = column or "opened"
    paid = np.nan_to_num(stated).astype(np.int64)
    wrong = np.flatnonzero((paid < 0) | (paid >= term))
    if len(wrong):
        first = int(wrong[0])
        name = f"loan {frame['loan_id'].iloc[first]!r}" if "loan_id" in frame else f"row {first}"
        raise DataError(
            f"{len(wrong):,} of {len(term):,} loans are not running at {settings.as_of}; column {column!r}: "
            f"{name} has {paid[first]} months on book, term {term[first]}",
            place="the tape", expected="loans that are opened and not past their term",
            remedy="set `start:` of the study to the day of the tape, or drop these rows; loans with a "
            "balance of 0 are left out",
        )  # fmt: skip
    return term, paid


def _keys(frame: pd.DataFrame) -> tuple[pa.Array, pa.Array, Int1D]:
    """Return loan ids and obligor ids as the tape has them, and the number of each obligor's first loan."""
    number = np.arange(len(frame))
    ids = pa.array(frame["loan_id"].tolist() if "loan_id" in frame else number)
    if "obligor_id" not in frame:
        return ids, ids, number
    owners = frame["obligor_id"]
    codes = pd.factorize(owners)[0]
    alone = codes < 0  # a loan without an obligor id stands for itself
    first = pd.Series(number).groupby(codes).transform("min").to_numpy()
    return ids, pa.array(owners.where(owners.notna(), None).tolist()), np.where(alone, number, first)


def _dated(frame: pd.DataFrame, settings: Settings, paid: Int1D) -> dict[str, pa.Array]:
    """Return the opening day, stated or from the months on book, and its quarter."""
    days = opening_days(settings, paid).astype("datetime64[ns]")
    if "opened" in frame:
        stated = frame["opened"].to_numpy(dtype="datetime64[ns]")
        days = np.where(np.isnat(stated), days, stated)
    opened = pd.Series(days, dtype="datetime64[ns]")
    quarter = opened.dt.to_period("Q").astype(str)
    return {"vintage": _coded(quarter), "opened": pa.array(opened.to_numpy().astype("datetime64[us]"))}


def _incomes(rows: dict[str, Array], due: Int1D, minor: int) -> dict[str, pa.Array]:
    """Return income and debt to income where the tape states an income; nothing is made up."""
    if "income" not in rows:
        return {}
    units = np.asarray(rows["income"], dtype=np.float64)
    ratio: Float1D = due / np.maximum(np.rint(units * minor), 1.0)
    return {
        "income": whole_numbers(np.rint(units * minor), pa.int64()),
        "dti": pa.array(ratio, from_pandas=True),
    }


def _coded(values: pd.Series) -> pa.Array:
    return words(values.to_numpy(), sorted(set(values)))


def _feature(name: str, values: pd.Series, minor: int) -> pa.Array:
    if name == "collateral_value":
        return whole_numbers(np.rint(values.to_numpy(dtype=np.float64) * minor), pa.int64())
    if values.dtype.kind == "M":
        return pa.array(values.dt.normalize().to_numpy(), from_pandas=True).cast(DAY)
    if values.dtype.kind in "if":
        return pa.array(values.to_numpy(), from_pandas=True)
    return _coded(values.where(values.notna(), "missing").astype(str))
