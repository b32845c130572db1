"""Sizes of the work of a run: rows of each table, and how often each kind of work is done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from finsim.credit.expected.provisions import reporting_months
from finsim.engine.planning.loan_cost_sample import LoanWork
from finsim.engine.planning.payment_forecast import PaymentForecast
from finsim.engine.planning.scheme_forecast import SchemeForecast
from finsim.engine.stages.payment_world import is_learned, ledger_of_plan
from finsim.engine.study.loan_tape import loan_count, tape_of
from finsim.engine.study.study_resolution import Plan


@dataclass(frozen=True)
class Learned:
    """Size of a table that a world learns from: rows, columns, outcome of a tape.

    Of a ledger its entities, and its links: how many pairs of an entity and one that it pays there are.
    """

    rows: int
    columns: int
    entities: int = 0
    links: int = 0
    has_outcome: bool = False

    @property
    def cells(self) -> int:
        """Rows times columns."""
        return self.rows * self.columns


@dataclass(frozen=True)
class WorkSizes:
    """Rows by table and scenario: exact for bars, loans and losses, expected for the others.

    ``loans`` is the work on one loan by scenario; ``tape`` and ``ledger`` are what is learned from.
    """

    rows: Mapping[str, Mapping[str, int]]
    payments: PaymentForecast | None = None
    schemes: tuple[SchemeForecast, ...] = field(default=())
    loans: Mapping[str, LoanWork] = field(default_factory=dict)
    tape: Learned | None = None
    ledger: Learned | None = None

    def total(self, *tables: str) -> int:
        """Return the rows of some tables over all scenarios; of all tables when none is named."""
        return sum(sum(rows.values()) for name, rows in self.rows.items() if not tables or name in tables)

    def largest(self, table: str) -> int:
        """Return the rows of a table in the scenario where it has most; 0 for a table that is not made."""
        return max(self.rows.get(table, {"": 0}).values())


def work_sizes(
    plan: Plan,
    loans: Mapping[str, LoanWork],
    assets: int,
    payments: PaymentForecast | None,
    schemes: tuple[SchemeForecast, ...],
) -> WorkSizes:
    """Return the sizes of a study; ``loans`` is the work on a loan in each scenario."""
    study, labels = plan.study, list(plan.scenarios)
    rows: dict[str, dict[str, int]] = {}
    if study.market:
        bars = study.market.paths * study.market.sessions * assets
        rows["bars"] = dict.fromkeys(labels, bars)
    if payments is not None:
        of_schemes = {label: sum(one.rows for one in schemes if one.scenario == label) for label in labels}
        found = {label: sum(one.schemes for one in schemes if one.scenario == label) for label in labels}
        rows["transactions"] = {label: payments.rows[label] + of_schemes[label] for label in labels}
        rows["accounts"] = dict.fromkeys(labels, payments.accounts)
        rows |= {name: dict.fromkeys(labels, count) for name, count in payments.parties.items()}
        rows["patterns"] = found
    if study.credit:
        count = loan_count(study.credit)
        rows["loans"] = dict.fromkeys(labels, count)
        rows["months"] = {label: round(loans[label].months * count) for label in labels}
        rows["provisions"] = _provisions(plan, rows["months"], count)
        rows["losses"] = dict.fromkeys(labels, study.credit.draws)
    return WorkSizes(rows, payments, schemes, loans, _tape(plan), _ledger(plan))


def _provisions(plan: Plan, months: Mapping[str, int], loans: int) -> dict[str, int]:
    """Return about how many rows there are: a book that runs off evenly, in logarithms, to its months."""
    later, followed = reporting_months(plan.clock)[1:], plan.clock.months
    found = {}
    for label, rows in months.items():
        low, high = 0.0, 1.0  # share of the loans that ends in a month
        for _ in range(40):
            ends = 0.5 * (low + high)
            alive = loans * sum((1.0 - ends) ** month for month in range(followed))
            low, high = (ends, high) if alive > rows else (low, ends)
        found[label] = loans + round(loans * sum((1.0 - low) ** month for month in later))
    return found


def _tape(plan: Plan) -> Learned | None:
    if plan.study.credit is None:
        return None
    frame = tape_of(plan.study.credit).frame
    return Learned(len(frame), frame.shape[1], has_outcome="bad" in frame)


def _ledger(plan: Plan) -> Learned | None:
    if not is_learned(plan):
        return None
    ledger = ledger_of_plan(plan)
    log = ledger.log
    return Learned(log.events.rows, ledger.data.table.num_columns, log.count, log.links())
