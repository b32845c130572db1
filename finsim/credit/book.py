"""Learn a loan book from applications and synthesise as many loans as asked, shard by shard."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa

from finsim.credit.copula import fit_copula
from finsim.credit.loan_law import Learn, LoanLaw
from finsim.credit.loan_terms import (
    correlations,
    default_probability,
    grades,
    loan_rates,
    loss_given_default,
    whole_numbers,
    words,
)
from finsim.credit.pd_scorecard import PROTECTED, Scorecard, fit_scorecard
from finsim.credit.schedule import balance_after, payment
from finsim.credit.settings import Settings
from finsim.errors import FitError, RecordError
from finsim.notation import Array, Float1D, Int1D, minor_units
from finsim.randomness import Streams
from finsim.records.columns import DAY

KEYS = ("loan_id", "obligor_id")
_STATED = ("age", "amount", "term_months", "income", "rate", "pd", "lgd", "months_on_book")
_PLACED = ("bad", "sector", "loan_class", "currency")
# What only the very loans of the tape have: a resampled book takes these from its own schedule.
OWN_ONLY = ("balance", "ead", "opened")
OUTCOME = "bad"
_LEAST_ROWS = 50
_CALIBRATION_ROWS = 20_000

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
class Obligors:
    """How many loans the obligors of the tape have, and which columns never differ within one obligor."""

    sizes: Int1D
    shared: tuple[str, ...]


@dataclass(frozen=True)
class Book:
    """A fitted book: the joint law of applications, the scorecard and what turns both into loans.

    ``scorecard`` is None where the tape states every PD and no outcome; ``obligors`` where each loan has
    an obligor of its own.
    """

    law: LoanLaw
    scorecard: Scorecard | None
    features: tuple[str, ...]
    dates: frozenset[str]
    obligors: Obligors | None
    currency: str
    scale: float
    settings: Settings

    @property
    def minor(self) -> int:
        """How many minor units make one unit of the book's currency."""
        return minor_units(self.currency)


def fit_book(applications: pd.DataFrame, settings: Settings, learn: Learn | None = None) -> Book:
    """Fit the joint law and the PD scorecard to applications as read by ``read_applications``.

    ``learn`` makes the law from the columns of the book with ``group`` (sector and class) and, where the
    applications state one, the outcome ``bad``, which then stands in the loans; None: the book's copula.

    Amounts in DEM are converted with ``settings.mark_rate`` to ``settings.currency``. Raises FitError
    for fewer than 50 rows, a single outcome, or loans with neither an outcome nor a PD.
    """
    known = applications[applications["bad"].notna()] if "bad" in applications else applications
    frame = _with_days(known)
    features = feature_names(frame)
    frame = frame.assign(**{name: _worded(frame[name]) for name in features})
    scorecard = fit_card(frame, settings)
    joint = frame[[name for name in frame if name in (*_STATED, *features)]].assign(group=_groups(frame))
    label = frame["bad" if "bad" in frame else "pd"].to_numpy(dtype=np.float64)
    law: LoanLaw
    if learn is None:
        law = fit_copula(joint, "group", ("purpose",), label)
    else:
        law = learn(joint.assign(bad=frame["bad"].astype(bool)) if "bad" in frame else joint)
    if scorecard is not None:
        scorecard = _calibrated(scorecard, law, frame, settings)
    dates = frozenset(name for name in features if known[name].dtype.kind == "M")
    currency, scale = money_of(frame, settings)
    return Book(law, scorecard, tuple(features), dates, _obligors(known, joint), currency, scale, settings)


def _calibrated(scorecard: Scorecard, law: LoanLaw, frame: pd.DataFrame, settings: Settings) -> Scorecard:
    """Return the scorecard whose mean PD over the book's own applications is the target.

    A law whose rows are a little safer or riskier than the tape's would otherwise move the level.
    """
    target = float(frame["bad"].mean()) if settings.target_pd is None else settings.target_pd
    drawn = law.rows(_CALIBRATION_ROWS, Streams(0).at("scorecard", "calibration"))
    return scorecard.calibrated(drawn, target)


def feature_names(frame: pd.DataFrame) -> list[str]:
    """Return the columns that are neither keys nor anything the model itself computes."""
    known = {*KEYS, *_STATED, *_PLACED, *OWN_ONLY}
    return [str(name) for name in frame if name not in known]


def fit_card(frame: pd.DataFrame, settings: Settings) -> Scorecard | None:
    """Return the scorecard of a frame with outcomes; None for one that states every PD instead.

    Raises FitError for fewer than 50 rows, a single outcome, or loans with neither.
    """
    outcome = "bad" in frame and frame["bad"].nunique() == 2
    stated = "pd" in frame and bool(frame["pd"].notna().all())
    if len(frame) < _LEAST_ROWS or not (outcome or stated):
        bad = f" with {int(frame['bad'].sum())} defaults" if "bad" in frame else " without an outcome"
        raise FitError(
            f"{len(frame)} applications{bad}",
            place="applications",
            expected=f"at least {_LEAST_ROWS} rows, and both outcomes or a PD for each loan",
            remedy="add rows, map the column of outcomes to `bad`, or the bank's own PD to `pd`",
        )
    if not outcome:
        return None
    return fit_scorecard(frame, scored_names(frame), settings.target_pd)


def scored_names(frame: pd.DataFrame) -> list[str]:
    """Return the columns that the scorecard asks."""
    asked = ("age", "amount", "term_months", *feature_names(frame))
    return [name for name in asked if name in frame and name not in PROTECTED]


def money_of(frame: pd.DataFrame, settings: Settings) -> tuple[str, float]:
    """Return the currency of the book and what its amounts are multiplied by (marks become euros)."""
    stated = str(frame["currency"].iloc[0])
    if stated == "DEM":
        return settings.currency, settings.mark_rate
    return stated or settings.currency, 1.0


def _with_days(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the frame with dates as days since 1970, NaN where missing."""
    dates = [str(name) for name in frame if frame[name].dtype.kind == "M"]
    days = {name: (frame[name] - pd.Timestamp(0)) / pd.Timedelta(days=1) for name in dates}
    return frame.assign(**days) if days else frame


def _worded(values: pd.Series) -> pd.Series:
    """Return a column of words with "missing" in its gaps; numbers stay as they are."""
    return values if values.dtype.kind in "if" else values.where(values.notna(), "missing")


def _groups(frame: pd.DataFrame) -> pd.Series:
    return frame["sector"].str.cat(frame["loan_class"], sep="|")


def _obligors(known: pd.DataFrame, joint: pd.DataFrame) -> Obligors | None:
    """Return what loans of one obligor have in common; None when no obligor has two."""
    if "obligor_id" not in known:
        return None
    codes = pd.factorize(known["obligor_id"])[0].astype(np.int64)
    alone = codes < 0  # a loan without an obligor id stands for itself
    codes[alone] = codes.max(initial=0) + 1 + np.arange(int(alone.sum()))
    sizes = np.bincount(codes)
    if sizes.max(initial=0) < 2:
        return None
    most = joint.groupby(codes).nunique(dropna=False).max()
    shared = [str(name) for name, count in most.items() if count == 1]
    return Obligors(sizes.astype(np.int64), tuple(shared))


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
    rows = dict(book.law.rows(settings.shard_loans, rng))
    draws = {name: rng.random(settings.shard_loans) for name in ("noise", "income", "season")}
    lead = _leads(book, rng)
    rows = _shared(book, rows, lead)
    pairs = [name.split("|") for name in book.law.groups]
    sector = np.array([pair[0] for pair in pairs])[rows["group"]]
    loan_class = np.array([pair[1] for pair in pairs])[rows["group"]]
    pd_ = default_probability(book.scorecard, rows)[lead]
    lgd = loss_given_default(loan_class, rows)
    amount = _amounts(book, rows)
    term = np.maximum(rows["term_months"], 1).astype(np.int64)
    rate = np.round(loan_rates(settings, rows, pd_, lgd, draws["noise"]), 4)
    due = payment(amount, rate, term)
    paid = _paid(settings, rows, term, draws["season"])
    income = _income(book, rows, due, draws["income"])
    opened = opening_days(settings, paid)
    number = shard * settings.shard_loans + np.arange(settings.shard_loans)
    age = {"age": whole_numbers(rows["age"], pa.int32())} if "age" in rows else {}
    columns: dict[str, Array | pa.Array] = {
        "loan_id": number,
        "obligor_id": number[lead],
        "sector": words(sector, sorted({pair[0] for pair in pairs})),
        "loan_class": words(loan_class, sorted({pair[1] for pair in pairs})),
        "grade": grades(pd_),
        "vintage": _vintage(book, opened),
        "opened": pa.array(opened.astype("datetime64[us]")),
        **age,
        "income": income,
        "amount": amount,
        "balance": balance_after(amount, rate, due, term, paid),
        "currency": words(np.full(len(number), book.currency), (book.currency,)),
        "rate": rate,
        "term_months": term.astype(np.int32),
        "months_on_book": paid.astype(np.int32),
        "payment": due,
        "dti": due / income,
        "pd": pd_,
        "lgd": lgd,
        "rho": correlations(loan_class, pd_),
    }
    columns.update({name: _feature(book, name, rows[name]) for name in book.features})
    if OUTCOME in rows:
        columns[OUTCOME] = np.asarray(rows[OUTCOME], dtype=np.bool_)
    columns["_fs_src"] = np.zeros(len(number), dtype=np.uint8)
    columns["_fs_seq"] = np.full(len(number), shard, dtype=np.uint32)
    return pa.table(columns)


def _leads(book: Book, rng: np.random.Generator) -> Int1D:
    """Return for each loan of a shard the place of its obligor's first loan; loans of one stand together."""
    count = book.settings.shard_loans
    if book.obligors is None:
        return np.arange(count)
    sizes = rng.choice(book.obligors.sizes, count)
    starts = np.cumsum(sizes) - sizes
    return np.repeat(starts, sizes)[:count].astype(np.int64)


def _shared(book: Book, rows: dict[str, Array], lead: Int1D) -> dict[str, Array]:
    """Give all loans of an obligor what the tape's obligors have in common."""
    if book.obligors is None:
        return rows
    return {name: values[lead] if name in book.obligors.shared else values for name, values in rows.items()}


def _paid(settings: Settings, rows: Mapping[str, Array], term: Int1D, chance: Float1D) -> Int1D:
    """Return the instalments paid so far: as the tape's loans, else uniform up to ``seasoning_months``."""
    drawn = np.floor(chance * np.minimum(settings.seasoning_months + 1, term)).astype(np.int64)
    if "months_on_book" not in rows:
        return drawn
    stated = np.asarray(rows["months_on_book"], dtype=np.float64)
    known = np.clip(np.nan_to_num(stated), 0, term - 1).astype(np.int64)
    return np.where(np.isnan(stated), drawn, known)


def _feature(book: Book, name: str, values: Array) -> Array | pa.Array:
    if name == "collateral_value":
        return whole_numbers(np.rint(values * book.scale * book.minor), pa.int64())
    if name in book.dates:
        return whole_numbers(np.rint(values), pa.int32()).cast(pa.date32()).cast(DAY)
    if values.dtype.kind not in "if":
        return words(values, book.law.words(name))
    if name in book.law.whole:
        return whole_numbers(values, pa.int64())
    return pa.array(values, from_pandas=True)


def _amounts(book: Book, rows: Mapping[str, Array]) -> Array:
    """Return amounts in minor units, whole currency units, capped for young borrowers."""
    settings = book.settings
    units = np.maximum(np.rint(rows["amount"] * book.scale), 1.0)
    if "age" in rows:
        young = rows["age"] < settings.young_age
        units = np.where(young, np.minimum(units, settings.young_cap), units)
    return units.astype(np.int64) * book.minor


def _income(book: Book, rows: Mapping[str, Array], due: Array, chance: Float1D) -> Array:
    """Return monthly income, minor units.

    Where the applications state none, the share of income that the instalment takes is drawn within
    the borrower's band and income follows from it, down to a floor. assumption: uniform in the band.
    """
    low = np.full(len(due), _NO_BAND[0])
    high = np.full(len(due), _NO_BAND[1])
    for code, (least, most) in _BANDS.items() if "instalment_band" in rows else ():
        inside = rows["instalment_band"] == code
        low[inside], high[inside] = least, most
    share = low + (high - low) * chance
    floor = book.settings.income_floor * book.minor
    found: Array = np.maximum(np.ceil(due / share).astype(np.int64), floor)
    if "income" not in rows:
        return found
    missing = np.isnan(rows["income"])
    stated = np.rint(np.nan_to_num(rows["income"]) * book.scale * book.minor).astype(np.int64)
    return np.where(missing, found, np.maximum(stated, book.minor))


def opening_days(settings: Settings, paid: Int1D) -> Array:
    """Return the day on which each loan was opened, ``paid`` months before ``as_of``: datetime64[D]."""
    stamp = pd.Timestamp(settings.as_of)
    ends = stamp.is_month_end
    dates = [
        (stamp - pd.offsets.MonthEnd(k) if ends and k else stamp - pd.DateOffset(months=k)).date()
        for k in range(int(paid.max()) + 1)
    ]
    return np.array(dates, dtype="datetime64[D]")[paid]


def _vintage(book: Book, opened: Array) -> pa.Array:
    """Return the quarter of each loan, from a dictionary that all shards share."""
    periods = pd.DatetimeIndex(opened).to_period("Q").astype(str).to_numpy()
    last = pd.Period(pd.Timestamp(book.settings.as_of), "Q")
    known = [str(last - k) for k in range(_oldest(book) // 3 + 2, -1, -1)]
    return words(periods, known)


def _oldest(book: Book) -> int:
    """Return the most months that a loan of the book can have been open."""
    stated = book.law.greatest("months_on_book")
    return max(book.settings.seasoning_months, int(stated))
