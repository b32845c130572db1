"""The path of the CET1 ratio of a bank that holds the book, quarter by quarter."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from finsim.credit.conditional import MONTHS_PER_YEAR, per_period
from finsim.credit.expected.expected_credit_loss import allowance, credit_losses, opening_stages
from finsim.credit.expected.provisions import IN_DEFAULT, at_month_end, reporting_months
from finsim.credit.expected.risk_weights import risk_weighted_assets
from finsim.credit.settings import Settings
from finsim.notation import Array, Float1D, Float2D, Int1D
from finsim.randomness import Streams
from finsim.records.drivers import Drivers, identity
from finsim.records.fixed_words import GRADES

QUARTER = 3


@dataclass(frozen=True)
class Quarters:
    """Sums over a book by grade: float64 [G, Q + 1], at the jump-off day and at Q quarter ends, minor units.

    ``balance``, ``allowance`` and ``rwa`` are of performing loans. ``interest``, on what was owed at the
    start of each month and less its funding, and ``loss`` are those of the quarter: 0 in column 0. Losses are
    those expected given the factor, by PD of the month and LGD of each row: the default of one loan decides
    nothing, however little of the book is left.
    """

    balance: Float2D
    allowance: Float2D
    rwa: Float2D
    interest: Float2D
    loss: Float2D

    def __add__(self, other: Quarters) -> Quarters:
        names = (one.name for one in fields(self))
        return Quarters(*(getattr(self, name) + getattr(other, name) for name in names))


def quarters(
    loans: pa.Table,
    months: pa.Table,
    provisions: pa.Table,
    drivers: Drivers,
    streams: Streams,
    settings: Settings,
) -> Quarters:
    """Return the sums of a shard from its panel and its ``provisions``, which have some of the quarter ends.

    The allowance of the jump-off day is that without a scenario: what a scenario adds is a charge of its
    first quarter. Later ones are those of ``provisions`` at the same date.
    """
    count = drivers.clock.months // QUARTER
    grade = pc.index_in(loans["grade"].cast(pa.string()), pa.array(GRADES)).to_numpy().astype(np.int64)
    calm = credit_losses(loans, identity(drivers.clock), settings)
    held = allowance(calm, opening_stages(calm, loans["pd"].to_numpy(), settings))
    found = np.zeros((3, len(GRADES), count + 1))
    found[:, :, 0] = _by_grade(grade, loans["balance"].to_numpy(), held, risk_weighted_assets(loans))
    known = set(reporting_months(drivers.clock))
    ends = drivers.clock.month_dates().astype("datetime64[us]")
    ids = loans["loan_id"].combine_chunks()
    for quarter in range(1, count + 1):
        month = quarter * QUARTER
        if month in known:
            rows: Any = provisions.filter(pc.equal(provisions["date"], pa.scalar(ends[month - 1])))
            columns = {name: rows[name].to_numpy() for name in ("stage", "balance", "allowance", "rwa")}
            columns["loan"] = pc.index_in(rows["loan_id"], ids).to_numpy()
        else:
            columns = at_month_end(loans, months, month, drivers, streams, settings)
        living = columns["stage"] != IN_DEFAULT
        sums = [columns[name][living] for name in ("balance", "allowance", "rwa")]
        found[:, :, quarter] = _by_grade(grade[columns["loan"][living]], *sums)
    balance, held_back, rwa = found
    return Quarters(balance, held_back, rwa, *_flows(loans, months, grade, drivers, settings))


def _by_grade(grade: Int1D, *values: Array) -> Float2D:
    return np.array([np.bincount(grade, weights=one, minlength=len(GRADES)) for one in values])


def _flows(
    loans: pa.Table, months: pa.Table, grade: Int1D, drivers: Drivers, settings: Settings
) -> tuple[Float2D, Float2D]:
    """Return interest less funding, and losses, by grade and quarter: float64 [G, Q + 1] each."""
    ids = months["loan_id"].combine_chunks()
    loan = pc.index_in(ids, loans["loan_id"].combine_chunks()).to_numpy().astype(np.int64)
    day = months["month"].to_numpy().astype("datetime64[us]")
    month = np.searchsorted(drivers.clock.month_dates().astype("datetime64[us]"), day)
    balance = months["balance"].to_numpy().astype(np.float64)
    first = np.concatenate([[True], loan[1:] != loan[:-1]])[: len(loan)]
    owed = np.where(first, loans["balance"].to_numpy()[loan], np.roll(balance, 1))
    spread = (loans["rate"].to_numpy()[loan] - settings.funding_rate) / MONTHS_PER_YEAR
    whole = drivers.clock.months // QUARTER * QUARTER
    kept = month < whole  # months behind the last whole quarter are left out
    size = whole // QUARTER + 1
    place = grade[loan] * size + month // QUARTER + 1
    lost = owed * per_period(months["pd"].to_numpy(), MONTHS_PER_YEAR) * months["lgd"].to_numpy()
    sums: list[Float2D] = []
    for one in (owed * spread, lost):
        found = np.bincount(place[kept], weights=one[kept], minlength=len(GRADES) * size)
        sums.append(found.astype(np.float64).reshape(len(GRADES), size))
    return sums[0], sums[1]


def capital_path(found: Quarters, settings: Settings) -> Float2D:
    """Return income, loss, growth of the allowance, capital, RWA and CET1 ratio: float64 [Q + 1, 6].

    The balance sheet is static, by grade: what is repaid or lost is lent anew at the grade's own rates, so
    the sums of a grade are those of a unit of its balance, times its opening one; a grade of which nothing is
    left counts as the mean of the others. Capital begins at ``cet1_ratio`` of the opening RWA; each quarter
    adds income, the interest less ``cost_to_income`` of it, and takes losses and the growth of the allowance.
    Before tax and dividends. Rows end where no balance or no RWA is left.
    Source: static balance sheet, EBA, EU-wide stress test 2025, methodological note; the rest is own.
    """
    weighted = found.rwa.sum(axis=0) > 0.0  # a book that can lose nothing has no ratio
    gone = np.flatnonzero((found.balance.sum(axis=0) <= 0.0) | ~weighted)
    end = int(gone[0]) if len(gone) else found.balance.shape[1]
    if end == 0:
        return np.zeros((0, 6))
    now, opening = found.balance[:, :end], found.balance[:, 0]
    before = np.hstack([now[:, :1], now[:, :-1]])
    cover, rwa = (_static(one[:, :end], now, opening) for one in (found.allowance, found.rwa))
    interest, loss = (_static(one[:, :end], before, opening) for one in (found.interest, found.loss))
    path = np.zeros((end, 6))
    path[1:, 0] = (1.0 - settings.cost_to_income) * interest[1:]
    path[1:, 1], path[1:, 2] = loss[1:], np.diff(cover)
    path[:, 3] = settings.cet1_ratio * rwa[0] + np.cumsum(path[:, 0] - path[:, 1] - path[:, 2])
    path[:, 4], path[:, 5] = rwa, path[:, 3] / rwa
    return path


def _static(values: Float2D, balance: Float2D, opening: Float1D) -> Float1D:
    """Return ``values`` by unit of ``balance``, [G, Q + 1], at the opening mix of grades: float64 [Q + 1]."""
    alive = balance > 0.0
    rate = np.where(alive, values / np.where(alive, balance, 1.0), 0.0)
    weight = opening[:, None] * alive
    found: Float1D = (weight * rate).sum(axis=0) / weight.sum(axis=0) * opening.sum()
    return found


COLUMNS = ("income", "loss", "allowance_growth", "capital", "rwa", "cet1_ratio")


def records(found: Quarters, drivers: Drivers, settings: Settings) -> list[dict[str, Any]]:
    """Return one record a quarter end, the jump-off day first: ``date`` and the COLUMNS of the path."""
    ends = drivers.clock.month_dates().astype("datetime64[D]")[QUARTER - 1 :: QUARTER]
    days = [str(drivers.clock.start), *(str(day) for day in ends)]
    path = capital_path(found, settings)
    return [
        {"date": day, **dict(zip(COLUMNS, row.tolist(), strict=True))}
        for day, row in zip(days, path, strict=False)
    ]
