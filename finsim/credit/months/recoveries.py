"""What comes back after a default, month by month: loans that cure, and workouts that take their time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from finsim.credit.conditional import MONTHS_PER_YEAR
from finsim.credit.settings import Settings
from finsim.notation import Array, Float1D, Float2D, Int1D
from finsim.randomness import Streams
from finsim.records.calendar import month_ends
from finsim.records.drivers import Drivers
from finsim.records.fixed_words import RECOVERY_STATES
from finsim.records.portfolio import RECOVERY_SCHEMA

# assumption: a default that loses at most this share goes on paying, after three months of probation.
CURES = 0.10
PROBATION = 3
# assumption: workouts end after three years; what comes back halves every 6 to 18 months.
LONGEST = 36
HALF_LIVES = (6.0, 18.0)
_WORKOUT, _PROBATION, _CURED = range(len(RECOVERY_STATES))


@dataclass(frozen=True)
class Defaults:
    """D defaults: row of the loan in the book, month of default from 1, exposure, loss in minor units."""

    loan: Int1D
    month: Int1D
    exposure: Int1D
    loss: Int1D

    @property
    def kept(self) -> Float1D:
        """Share of the exposure that comes back, at its value on the day of default."""
        found: Float1D = 1.0 - self.loss / np.maximum(self.exposure, 1)
        return found


def recoveries(
    loans: pa.Table, months: pa.Table, drivers: Drivers, streams: Streams, settings: Settings, shard: int
) -> pa.Table:
    """Return one row per default and month in which money comes back, ordered by loan and month.

    ``months`` is the panel of ``loans``, all of one shard. The flows of a default, discounted at the loan's
    rate / 12 a month, are its exposure less its loss, to the rounding of their cents. A default that loses at
    most ``CURES`` is in probation for three months and then cured: it pays a level instalment over the rest
    of its term. Others are worked out: what comes back falls by half every half-life, a uniform of the loan
    between ``HALF_LIVES``, and ends after ``LONGEST`` months. Months go on beyond the panel. Source: own;
    ranges of workout data, CreditMetrics 1997, ch. 7.
    """
    known = _defaults(loans, months, drivers)
    book = loans.take(pa.array(known.loan))
    cures = known.loss <= CURES * known.exposure
    rate = book["rate"].to_numpy() / MONTHS_PER_YEAR
    left = book["term_months"].to_numpy().astype(np.int64) - book["months_on_book"].to_numpy() - known.month
    left = np.maximum(left, 1)
    drawn = streams.under("panel", shard).at("workout").random(settings.shard_loans)
    half = (
        HALF_LIVES[0]
        + (HALF_LIVES[1] - HALF_LIVES[0]) * drawn[_numbers(loans)[known.loan] % settings.shard_loans]
    )
    last = np.where(cures, left, LONGEST)
    month = np.arange(1, int(last.max(initial=1)) + 1)[:, None]
    shape = np.where(cures, 1.0, 0.5 ** (month / half)) * (month <= last)
    worth = (shape * (1.0 + rate) ** -month).sum(axis=0)
    value = known.exposure * known.kept
    flows = _whole_cents(shape * (value / np.maximum(worth, 1e-300)))
    return _rows(loans, known, flows, cures, drivers, shard)


def _defaults(loans: pa.Table, months: pa.Table, drivers: Drivers) -> Defaults:
    gone = months.filter(pc.equal(months["status"].cast(pa.string()), "default"))
    loan = pc.index_in(gone["loan_id"], loans["loan_id"].combine_chunks()).to_numpy().astype(np.int64)
    dates = drivers.clock.month_dates().astype("datetime64[us]")
    day = gone["month"].to_numpy().astype("datetime64[us]")
    month = np.searchsorted(dates, day).astype(np.int64) + 1
    return Defaults(loan, month, gone["balance"].to_numpy(), gone["loss"].to_numpy())


def _numbers(loans: pa.Table) -> Int1D:
    """Return the number of each loan in the book: a kept loan's own id may be anything."""
    found: Int1D = loans["_fs_row" if "_fs_row" in loans.column_names else "loan_id"].to_numpy()
    return found


def _whole_cents(flows: Float2D) -> Array:
    """Return flows in whole cents [T, D]; what is rounded goes on to the next month."""
    total = np.rint(np.cumsum(flows, axis=0))
    found: Array = np.diff(total, axis=0, prepend=0.0).astype(np.int64)
    return found


def _rows(
    loans: pa.Table, known: Defaults, flows: Array, cures: Array, drivers: Drivers, shard: int
) -> pa.Table:
    which, after = np.nonzero(flows.T > 0)
    state = np.where(cures[which], np.where(after < PROBATION, _PROBATION, _CURED), _WORKOUT)
    reach = int((known.month[which] + after).max(initial=0)) + 1
    ends = month_ends(drivers.clock.start, reach).astype("datetime64[us]")
    schema = recovery_schema(loans)
    values: dict[str, Array | pa.Array] = {
        "loan_id": loans["loan_id"].combine_chunks().take(pa.array(known.loan[which])),
        "defaulted": ends[known.month[which] - 1],
        "month": ends[known.month[which] + after],
        "state": pa.DictionaryArray.from_arrays(pa.array(state.astype(np.int32)), pa.array(RECOVERY_STATES)),
        "amount": flows.T[which, after],
        "_fs_src": np.zeros(len(which), dtype=np.uint8),
        "_fs_seq": np.full(len(which), shard, dtype=np.uint32),
    }
    arrays = [pa.array(values[name], schema.field(name).type) for name in schema.names]
    return pa.Table.from_arrays(arrays, schema=schema)


def recovery_schema(loans: pa.Table) -> pa.Schema:
    """Return RECOVERY_SCHEMA with ``loan_id`` as the book has it."""
    kind = loans.schema.field("loan_id").type
    return RECOVERY_SCHEMA.set(0, RECOVERY_SCHEMA.field("loan_id").with_type(kind))
