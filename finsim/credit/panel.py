"""The monthly panel of a shard of loans: payments, arrears, prepayment, absorbing default, loss."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from finsim.credit.losses import check_loans, rows_of
from finsim.credit.months.arrears import DEFAULT_AFTER, missed_instalments, roll_rates
from finsim.credit.months.loss_scatter import realised_loss_rates
from finsim.credit.months.monthly_risk import MonthlyRisk, monthly_risk
from finsim.credit.months.quality import quality_paths
from finsim.credit.months.ratings import RATING, rating_words, ratings
from finsim.credit.months.stages import stages
from finsim.credit.months.uniforms import Draws
from finsim.credit.schedule import balances
from finsim.credit.settings import Settings
from finsim.notation import Array, Float1D, Int1D, Int2D
from finsim.randomness import Streams
from finsim.records.columns import INTERNAL, LABEL, column
from finsim.records.drivers import Drivers
from finsim.records.fixed_words import LOAN_STATUSES
from finsim.records.portfolio import MONTH_SCHEMA

STATUSES = LOAN_STATUSES
CURRENT, LATE, DEFAULT, PREPAID, MATURED = range(5)

PANEL_SCHEMA = pa.schema(
    [
        *MONTH_SCHEMA,
        column("days_past_due", pa.int16(), "0, 30, 60 or 90", "days", role=LABEL),
        column(
            "stage",
            pa.uint8(),
            "IFRS 9: 1 performing, 2 lifetime PD clearly above that at origination, or late; 3 in default",
            role=LABEL,
        ),
        column("_fs_src", pa.uint8(), "as in `loans`", role=INTERNAL),
        column("_fs_seq", pa.uint32(), "shard of loans", role=INTERNAL),
    ]
)


@dataclass(frozen=True)
class _Fate:
    """How each loan ends: the month (from 1; beyond T: not in the panel), the status there, and arrears.

    ``missed`` is the month of the first unpaid instalment of a defaulting loan, else beyond the panel;
    ``behind`` [T, n] counts unpaid instalments that are made good, ``severity`` [n] a uniform for the loss.
    """

    end: Int1D
    status: Int1D
    missed: Int1D
    behind: Int2D
    severity: Float1D


def panel(
    loans: pa.Table, drivers: Drivers, streams: Streams, settings: Settings, shard: int
) -> pa.RecordBatch:
    """Return one row per month and loan at risk of one shard, ordered by loan and month (PANEL_SCHEMA).

    ``loans`` is the book or any part of it; rows of other shards are left out. A loan's last row is its
    ``default`` (balance = exposure at default, loss = round(balance x lgd)), ``prepaid`` or ``matured``
    (both balance 0): the end is absorbing and no row follows it. ``pd`` and ``lgd`` are conditional on the
    factor, ``pd`` on the borrower's quality too; ``pd`` is for 12 months at the month's rate, ``lgd`` the
    mean, and the realised one in the row of default. Before a default two rows are ``late`` (30, 60 days) and
    the balance stays at the last paid one; other loans are late and make good (``months/arrears.py``).
    Uniforms belong to (seed, shard, month, loan), not to the scenario: severity 0 equals base byte for
    byte, and where PDs only rise and prepayment does not, every base defaulter defaults, no later, under
    stress (forbearance aside).
    """
    row, lead = rows_of(loans)
    mine = row // settings.shard_loans == shard
    book, row, lead = loans.filter(pa.array(mine)), row[mine], lead[mine]
    check_loans(book)
    months = drivers.clock.months
    left = book["term_months"].to_numpy().astype(np.int64) - book["months_on_book"].to_numpy()
    paths = balances(
        book["balance"].to_numpy(), book["rate"].to_numpy(), book["payment"].to_numpy(), left, months
    )
    draws = Draws(streams, settings.shard_loans, row, lead)
    risk = monthly_risk(book, drivers, streams, settings, quality_paths(draws, months, settings))
    fate = _fates(risk, left, draws, drivers, settings)
    return _rows(book, drivers, settings, shard, (risk, fate, paths, left))


def _fates(risk: MonthlyRisk, left: Int1D, draws: Draws, drivers: Drivers, settings: Settings) -> _Fate:
    """Let default, prepayment and maturity compete; default wins ties, then maturity."""
    months = drivers.clock.months
    default_draw = draws.of_obligors("default", months)
    early_draw = draws.of_loans("prepayment", months)
    spared = draws.once("forbearance") < drivers.credit.forbearance_share
    early = min(settings.prepayment * drivers.credit.prepayment_mult, 1.0)
    defaulted = _first(default_draw < risk.monthly)
    prepaid = _first(early_draw < early)
    defaults = (defaulted <= months) & (defaulted <= prepaid) & (defaulted <= left)
    prepays = ~defaults & (prepaid <= months) & (prepaid < left)
    delay = np.where(defaults & spared, drivers.credit.forbearance_months, 0)
    end = np.where(defaults, defaulted + delay, np.where(prepays, prepaid, left))
    status = np.where(defaults, DEFAULT, np.where(prepays, PREPAID, MATURED))
    missed = np.where(defaults, np.maximum(defaulted - DEFAULT_AFTER, 0) + 1, months + 1)
    rates = roll_rates(risk.z, settings)
    behind = missed_instalments(default_draw, risk.monthly, rates, missed, end)
    return _Fate(end, status, missed, behind, draws.of_each_loan("severity"))


def _first(hit: Array) -> Int1D:
    """Return the month (from 1) of the first hit of each loan, one past the last month if none."""
    return np.where(hit.any(axis=0), hit.argmax(axis=0) + 1, len(hit) + 1)


def _rows(
    book: pa.Table,
    drivers: Drivers,
    settings: Settings,
    shard: int,
    parts: tuple[MonthlyRisk, _Fate, Int2D, Int1D],
) -> pa.RecordBatch:
    risk, fate, paths, left = parts
    months, count = drivers.clock.months, book.num_rows
    month = np.arange(1, months + 1)[:, None]
    last = month == fate.end
    status = np.where(last, fate.status, CURRENT)
    before = fate.end - month
    running_up = (fate.status == DEFAULT) & (before > 0) & (before < DEFAULT_AFTER)
    status[(fate.behind > 0) | running_up] = LATE
    dying = running_up | (status == DEFAULT)
    overdue = np.where(fate.behind > 0, 30 * fate.behind, np.where(dying, 30 * (DEFAULT_AFTER - before), 0))
    paid = np.minimum(np.maximum(month - fate.behind, 0), fate.missed - 1)
    balance = paths[paid, np.arange(count)]
    balance[status == PREPAID] = 0
    lgd = np.array(risk.lgd)
    at, loan = np.nonzero(status == DEFAULT)
    lgd[at, loan] = realised_loss_rates(lgd[at, loan], fate.severity[loan], settings.loss_scatter)
    loss = np.where(status == DEFAULT, np.rint(balance * lgd), 0.0).astype(np.int64)
    stage = stages(risk, left, overdue, status == DEFAULT, settings)
    kept = (month <= fate.end).T
    dates = drivers.clock.month_dates()
    words = pa.array(STATUSES, pa.string())
    row_of = np.broadcast_to(np.arange(count)[:, None], (count, months))[kept]
    column_of = np.broadcast_to(np.arange(months), (count, months))[kept]
    values: dict[str, Array | pa.Array] = {
        "loan_id": book["loan_id"].combine_chunks().take(pa.array(row_of)),
        "month": pa.array(dates[column_of].astype("datetime64[us]")),
        "status": pa.DictionaryArray.from_arrays(pa.array(status.T[kept].astype(np.int32)), words),
        "balance": balance.T[kept],
        "pd": risk.annual.T[kept],
        "lgd": lgd.T[kept],
        "loss": loss.T[kept],
        "days_past_due": overdue.T[kept].astype(np.int16),
        "stage": stage.T[kept].astype(np.uint8),
        **_rating(risk, status == DEFAULT, kept, settings),
        "_fs_src": np.zeros(len(row_of), dtype=np.uint8),
        "_fs_seq": np.full(len(row_of), shard, dtype=np.uint32),
    }
    schema = panel_schema(book, settings)
    return pa.RecordBatch.from_arrays([pa.array(values[n]) for n in schema.names], schema=schema)


def _rating(risk: MonthlyRisk, defaulted: Array, kept: Array, settings: Settings) -> dict[str, pa.Array]:
    if settings.ratings == "none":
        return {}
    return {RATING.name: rating_words(ratings(risk, defaulted, settings).T[kept])}


def panel_schema(loans: pa.Table, settings: Settings) -> pa.Schema:
    """Return PANEL_SCHEMA with ``loan_id`` as the book has it, and ``rating`` where the settings want one."""
    found = PANEL_SCHEMA.set(0, PANEL_SCHEMA.field("loan_id").with_type(loans.schema.field("loan_id").type))
    return found if settings.ratings == "none" else found.insert(found.get_field_index("_fs_src"), RATING)
