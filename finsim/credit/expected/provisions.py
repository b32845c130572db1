"""What a bank sets aside for each loan at its reporting dates: stage and expected credit loss, as rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from finsim.credit.conditional import MONTHS_PER_YEAR
from finsim.credit.expected.expected_credit_loss import (
    CreditLoss,
    Seen,
    allowance,
    credit_losses,
    opening_stages,
)
from finsim.credit.expected.risk_weights import risk_weighted_assets
from finsim.credit.factors import annual_factors, sector_factors
from finsim.credit.losses import rows_of
from finsim.credit.months.quality import quality_paths
from finsim.credit.months.uniforms import Draws
from finsim.credit.settings import Settings
from finsim.credit.text_codes import coded
from finsim.notation import Array, Float1D, Int1D
from finsim.randomness import Streams
from finsim.records.calendar import Clock
from finsim.records.drivers import Drivers
from finsim.records.portfolio import PROVISION_SCHEMA

DECEMBER = 12
IN_DEFAULT = 3


def reporting_months(clock: Clock) -> tuple[int, ...]:
    """Return the reporting dates of a panel in months after the jump-off: 0 and the end of each December."""
    calendar = clock.month_dates().astype("datetime64[M]").astype(np.int64) % MONTHS_PER_YEAR + 1
    return (0, *(np.flatnonzero(calendar == DECEMBER) + 1).tolist())


def provisions(
    loans: pa.Table, months: pa.Table, drivers: Drivers, streams: Streams, settings: Settings
) -> pa.Table:
    """Return one row per loan and reporting date of a shard, ordered by loan and date (PROVISION_SCHEMA).

    ``months`` is the panel of ``loans`` under ``drivers`` and ``streams`` its own: at a year end stage,
    balance and arrears are those of the panel, and the sector factor of the year and the quality of each
    borrower are known. A loan that
    defaults in that very month is in stage 3 with its loss; what defaulted, was repaid or matured before has
    no row.
    """
    later = reporting_months(drivers.clock)[1:]
    parts = [_opening(loans, drivers, settings)]
    parts += [at_month_end(loans, months, month, drivers, streams, settings) for month in later]
    loan = np.concatenate([part.pop("loan") for part in parts])
    order = np.argsort(loan, kind="stable")
    columns = {name: np.concatenate([part[name] for part in parts])[order] for name in parts[0]}
    columns["loan_id"] = loans["loan_id"].combine_chunks().take(pa.array(loan[order]))
    schema = provision_schema(loans)
    arrays = [pa.array(columns[name], schema.field(name).type) for name in schema.names]
    return pa.Table.from_arrays(arrays, schema=schema)


def provision_schema(loans: pa.Table) -> pa.Schema:
    """Return PROVISION_SCHEMA with ``loan_id`` as the book has it."""
    return PROVISION_SCHEMA.set(
        0, PROVISION_SCHEMA.field("loan_id").with_type(loans.schema.field("loan_id").type)
    )


def _opening(loans: pa.Table, drivers: Drivers, settings: Settings) -> dict[str, Any]:
    found, count = credit_losses(loans, drivers, settings), loans.num_rows
    stage = opening_stages(found, loans["pd"].to_numpy(), settings)
    rows = _columns(np.arange(count), stage, loans, found, _source(loans))
    return {**rows, "date": np.full(count, drivers.clock.start, dtype="datetime64[us]")}


def at_month_end(
    loans: pa.Table, months: pa.Table, month: int, drivers: Drivers, streams: Streams, settings: Settings
) -> dict[str, Any]:
    """Return the columns of PROVISION_SCHEMA at the end of a month, of the loans that the panel then has.

    ``loan`` is the row of each in ``loans``; stage 3 are the defaults of that very month.
    """
    end = drivers.clock.month_dates()[month - 1].astype("datetime64[us]")
    day = pa.scalar(end, months.schema.field("month").type)
    held = pc.is_in(months["status"].cast(pa.string()), pa.array(["current", "late", "default"]))
    rows = months.filter(pc.and_(pc.equal(months["month"], day), held))
    loan = pc.index_in(rows["loan_id"], loans["loan_id"].combine_chunks()).to_numpy().astype(np.int64)
    stage = rows["stage"].to_numpy().astype(np.int64)
    balance = rows["balance"].to_numpy()
    state = loans.take(pa.array(loan))
    term = state["term_months"].to_numpy().astype(np.int64)
    # With a payment pause a loan may outlive its term: what it still owes is due in one month.
    age = np.minimum(state["months_on_book"].to_numpy().astype(np.int64) + month, term - 1)
    for name, values in (("balance", balance), ("months_on_book", age)):
        at = state.schema.get_field_index(name)
        state = state.set_column(at, state.schema.field(at), pa.array(values, state.schema.field(at).type))
    overdue = rows["days_past_due"].to_numpy().astype(np.int64)
    lost, gone = rows["loss"].to_numpy().astype(np.float64), stage == IN_DEFAULT
    draws = Draws(streams, settings.shard_loans, *rows_of(state))
    quality = quality_paths(draws, month, settings)[-1]
    seen = Seen(month, _factor(state, month, streams, settings), overdue, quality)
    living = credit_losses(state, drivers, settings, seen)
    twelve, lifetime = np.where(gone, lost, living.twelve), np.where(gone, lost, living.lifetime)
    found = CreditLoss(twelve, lifetime, np.where(gone, np.inf, living.hazard), living.usual)
    return {**_columns(loan, stage, state, found, _source(rows)), "date": np.full(len(loan), end)}


def _factor(loans: pa.Table, month: int, streams: Streams, settings: Settings) -> Float1D:
    """Return the sector factor of the year of a month, by loan."""
    sector, sectors = coded(loans, "sector")
    years = -(-month // MONTHS_PER_YEAR)
    paths = sector_factors(sectors, years * MONTHS_PER_YEAR, streams, settings)
    found: Float1D = annual_factors(paths, settings)[month - 1, sector]
    return found


def _columns(
    loan: Int1D, stage: Int1D, loans: pa.Table, found: CreditLoss, source: dict[str, Array]
) -> dict[str, Any]:
    """Return the columns of one date; ``loans`` with balance and months on book of that day."""
    return {
        "loan": loan,
        "stage": stage,
        "balance": loans["balance"].to_numpy(),
        "lifetime_pd": -np.expm1(-found.hazard),
        "usual_lifetime_pd": -np.expm1(-found.usual),
        "ecl_12m": found.twelve,
        "ecl_lifetime": found.lifetime,
        "allowance": allowance(found, stage),
        "rwa": np.where(stage == IN_DEFAULT, 0.0, risk_weighted_assets(loans)),
        **source,
    }


def _source(table: pa.Table) -> dict[str, Array]:
    return {"_fs_src": np.zeros(table.num_rows, dtype=np.uint8), "_fs_seq": table["_fs_seq"].to_numpy()}


def by_date(table: pa.Table) -> list[dict[str, Any]]:
    """Return one record a reporting date and stage: loans, balance, both ECL, allowance and RWA."""
    names = ("balance", "ecl_12m", "ecl_lifetime", "allowance", "rwa")
    sums = table.group_by(["date", "stage"]).aggregate(
        [("loan_id", "count"), *((name, "sum") for name in names)]
    )
    return [
        {
            "date": str(row["date"].date()),
            "stage": int(row["stage"]),
            "loans": int(row["loan_id_count"]),
            **{name: float(row[f"{name}_sum"]) for name in names},
        }
        for row in sums.sort_by([("date", "ascending"), ("stage", "ascending")]).to_pylist()
    ]
