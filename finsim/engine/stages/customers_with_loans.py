"""Loans of a study whose borrowers are customers of its payment world: who they are, and what they pay."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.feather as feather

from finsim.agents.borrowers.loan_courses import NEVER, LoanCourses, paid_and_missed
from finsim.agents.borrowers.matching import borrowers
from finsim.agents.economy.household_economy import month_days
from finsim.credit.book import money_of
from finsim.credit.losses import rows_of
from finsim.engine.finished_tasks import WORK
from finsim.engine.stages.payment_world import is_learned, population_of
from finsim.engine.study.loan_tape import tape_of
from finsim.engine.study.study_resolution import Plan, agent_settings, credit_settings
from finsim.notation import Array, Float1D, Int1D
from finsim.records.drivers import Drivers
from finsim.records.portfolio import CUSTOMER
from finsim.records.storage import replacing

_DAYS_LATE = 30


def are_customers(plan: Plan) -> bool:
    """Whether borrowers of the loan book are customers of the payment world.

    They are where a study simulates people and their payments beside a loan book in the same currency, whose
    tape has no column of that name.
    """
    return _has_both(plan) and not strangers(plan)


def strangers(plan: Plan) -> str:
    """Return why no borrower is a customer although a study has both; "" where they are, or one is absent."""
    study = plan.study
    if not _has_both(plan) or study.transactions is None or study.credit is None:
        return ""
    frame = tape_of(study.credit).frame
    if CUSTOMER in frame:
        return f"the tape has a column {CUSTOMER!r} of its own, so no borrower is a customer of the payments"
    loans, payments = money_of(frame, credit_settings(plan))[0], study.transactions.currency
    if loans == payments:
        return ""
    return (
        f"loans are in {loans} and payments in {payments}, so no borrower is a customer: "
        f"write transactions: {{currency: {loans}}}"
    )


def _has_both(plan: Plan) -> bool:
    """Whether a study simulates people beside a loan book."""
    study = plan.study
    return study.transactions is not None and study.credit is not None and not is_learned(plan)


def loan_part(drivers: Drivers) -> Mapping[str, Any]:
    """Return what the loan panel reads of a scenario, as plain data: equal parts give equal panels."""
    moved = {name: series for name, series in sorted(drivers.macro.items()) if np.any(series)}
    return {
        "macro": {name: [round(float(value), 12) for value in series] for name, series in moved.items()},
        "averages": sorted(set(drivers.macro_averages) & set(moved)),
        "link": asdict(drivers.credit),
        "months": drivers.clock.months,
    }


def courses_file(run: Path, label: str) -> Path:
    """Return the file of what customers with loans pay under one scenario."""
    return run / WORK / "courses" / f"{label}.arrow"


def read_courses(run: Path, label: str) -> LoanCourses:
    """Return what customers with loans pay under one scenario."""
    return LoanCourses.from_arrow(feather.read_table(courses_file(run, label)))


class CustomerLoans:
    """The loans of a book whose borrowers are customers; fed with the panel shard by shard."""

    def __init__(self, plan: Plan, book: pa.Table, drivers: Drivers) -> None:
        settings = agent_settings(plan)
        population = population_of(settings, plan.streams)
        leads, obligor = np.unique(rows_of(book)[1], return_inverse=True)
        due: Float1D = np.bincount(obligor, weights=book["payment"].to_numpy()).astype(np.float64)
        income = due  # a kept tape may state none: who pays more a month is the richer one
        if "income" in book.column_names:
            income = book["income"].to_pandas().to_numpy(dtype=np.float64)[leads]
        person = borrowers(population, settings, np.nan_to_num(income), due, plan.streams)[obligor]
        self._person = person
        ids = population.accounts.customer_id[population.people.current]
        self._customer = np.where(person >= 0, ids[np.maximum(person, 0)], 0)
        begins = month_days(drivers, settings)
        self._months = max(1, int((begins[:-1] < settings.days).sum()))
        self._book = book
        self._parts: list[LoanCourses] = []
        self._first = 0

    def named(self, tape: list[pa.Table]) -> list[pa.Table]:
        """Return the loans shard by shard with the customer of each; null for who banks elsewhere."""
        found, first = [], 0
        for some in tape:
            mine = slice(first, first + some.num_rows)
            ids = pa.array(self._customer[mine], pa.int64(), mask=self._person[mine] < 0)
            found.append(some.append_column(CUSTOMER, ids))
            first += some.num_rows
        return found

    def watch(self, months: pa.Table) -> None:
        """Take the panel of the next shard, ordered by loan and month."""
        ids = months["loan_id"].combine_chunks()
        begins = np.concatenate([[True], _differs(ids)])[: len(ids)]
        starts, loan = np.flatnonzero(begins), np.cumsum(begins) - 1
        month = np.arange(len(ids)) - starts[loan]
        behind, ended, default = self._courses(months, loan, month, len(starts))
        rows = np.flatnonzero(self._person[self._first : self._first + len(starts)] >= 0)
        paid, missed = paid_and_missed(behind[rows], ended[rows])
        own = self._first + rows
        book = self._book.take(pa.array(own))
        left = book["term_months"].to_numpy() - book["months_on_book"].to_numpy()
        self._parts.append(
            LoanCourses(
                self._person[own], own, book["payment"].to_numpy(), left.astype(np.int64), paid, missed,
                default[rows],
            )
        )  # fmt: skip
        self._first += len(starts)

    def _courses(self, months: pa.Table, loan: Int1D, month: Int1D, count: int) -> tuple[Array, Array, Int1D]:
        late = months["days_past_due"].to_numpy() // _DAYS_LATE
        status = months["status"].cast(pa.string()).to_numpy(zero_copy_only=False)
        behind = np.zeros((count, self._months), dtype=np.int64)
        ended = np.ones((count, self._months), dtype=np.bool_)
        seen = month < self._months
        behind[loan[seen], month[seen]] = late[seen]
        ended[loan[seen], month[seen]] = False
        default = np.full(count, NEVER, dtype=np.int64)
        died = status == "default"
        default[loan[died]] = month[died] + 1
        return behind, ended, default

    def table(self) -> pa.Table:
        """Return the courses of all customers' loans seen so far, one row each."""
        return pa.concat_tables([part.to_arrow() for part in self._parts])

    def write(self, file: Path) -> int:
        """Write the courses of all customers' loans; returns how many there are."""
        whole = self.table()
        with replacing(file) as temporary:
            feather.write_feather(whole, temporary, compression="lz4")
        return int(whole.num_rows)


def _differs(ids: pa.Array) -> Array:
    """Return bool[n - 1]: whether each id is another than the one before."""
    found: Array = pc.not_equal(ids[1:], ids[:-1]).to_numpy(zero_copy_only=False)
    return found
