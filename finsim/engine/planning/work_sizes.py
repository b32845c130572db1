"""Sizes of the work of a run: rows of each table, and how often each kind of work is done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from finsim.engine.planning.payment_forecast import PaymentForecast
from finsim.engine.planning.scheme_forecast import SchemeForecast
from finsim.engine.study.loan_tape import loan_count
from finsim.engine.study.study_resolution import Plan


@dataclass(frozen=True)
class WorkSizes:
    """Rows by table and scenario: exact for bars, loans and losses, expected for the others."""

    rows: Mapping[str, Mapping[str, int]]
    payments: PaymentForecast | None = None
    schemes: tuple[SchemeForecast, ...] = field(default=())

    def total(self, *tables: str) -> int:
        """Return the rows of some tables over all scenarios; of all tables when none is named."""
        return sum(sum(rows.values()) for name, rows in self.rows.items() if not tables or name in tables)

    def largest(self, table: str) -> int:
        """Return the rows of a table in the scenario where it has most; 0 for a table that is not made."""
        return max(self.rows.get(table, {"": 0}).values())


def work_sizes(
    plan: Plan,
    months: Mapping[str, float],
    assets: int,
    payments: PaymentForecast | None,
    schemes: tuple[SchemeForecast, ...],
) -> WorkSizes:
    """Return the sizes of a study; ``months`` is how long a loan is followed in each scenario."""
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
        rows["patterns"] = found
    if study.credit:
        count = loan_count(study.credit)
        rows["loans"] = dict.fromkeys(labels, count)
        rows["months"] = {label: round(months[label] * count) for label in labels}
        rows["losses"] = dict.fromkeys(labels, study.credit.draws)
    return WorkSizes(rows, payments, schemes)
