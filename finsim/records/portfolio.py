"""``Portfolio``: a loan book, its month panel and its loss distribution."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, get_args

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from finsim.call_errors import public
from finsim.errors import RecordError, did_you_mean
from finsim.notation import Float1D
from finsim.records.columns import (
    CENTS,
    DAY,
    DECIMAL,
    INTERNAL,
    KEY,
    LABEL,
    MONTHLY_CENTS,
    PER_YEAR,
    TEXT,
    column,
    never_null,
)
from finsim.records.display.card import Card, Value
from finsim.records.display.fact_words import counted, money, percent, span
from finsim.records.figures.loss_tail import LEAST_BEYOND, quantile_of, shortfall_of
from finsim.records.fixed_words import GRADES, LOAN_CLASSES, LOAN_STATUSES, RECOVERY_STATES
from finsim.records.frames.money_units import Money, Unit, checked_unit, minor_columns, money_fact
from finsim.records.shown_rows import RowRecord
from finsim.records.table import Table

_KEPT = "kept loans without one"
_TAPE = "gap in the tape"

CUSTOMER = "customer_id"
"""Column of loans that names the borrower in the payment world."""

_LOAN_COLUMNS = (
    column("loan_id", pa.int64(), "from 0; with `keep` the tape's own, text as text", role=KEY),
    column(
        "obligor_id",
        pa.int64(),
        "borrower: the number of its first loan, or the tape's own with `keep`; several loans only where the "
        "tape has them",
        role=KEY,
        null=_KEPT,
    ),
    column(
        CUSTOMER,
        pa.int64(),
        "the borrower as a customer: `customer_id` of `accounts`; only where people and loans are in one "
        "study and one currency",
        role=KEY,
        null="borrowers who bank elsewhere",
    ),
    column("sector", TEXT, "follows from the purpose, or the user's own column"),
    column("loan_class", TEXT, "decides LGD, correlation and the link to macro moves", words=LOAN_CLASSES),
    column("grade", TEXT, "A to G by `pd`", words=GRADES),
    column("vintage", TEXT, "quarter in which it was opened, 2025Q4"),
    column("opened", DAY, "when the loan was opened"),
    column("age", pa.int32(), "age of the borrower; not there when the tape has none", "years", null=_TAPE),
    column("income", pa.int64(), "income of the borrower", MONTHLY_CENTS, null=_KEPT),
    column("amount", pa.int64(), "lent", CENTS),
    column("balance", pa.int64(), "owed on the jump-off day", CENTS),
    column("currency", TEXT, "ISO 4217"),
    column("rate", pa.float64(), "interest", PER_YEAR),
    column("term_months", pa.int32(), "term of the loan", "months"),
    column("months_on_book", pa.int32(), "instalments paid before the jump-off day", "months"),
    column("payment", pa.int64(), "the annuity on amount, rate and term", MONTHLY_CENTS),
    column("dti", pa.float64(), "payment over income", DECIMAL, null=_KEPT),
    column("pd", pa.float64(), "probability of default in 12 months, through the cycle", DECIMAL),
    column("lgd", pa.float64(), "share lost in default, through the cycle", DECIMAL),
    column("rho", pa.float64(), "asset correlation", DECIMAL),
    column(
        "bad",
        pa.bool_(),
        "outcome drawn with the other columns, with a `generator` on a tape that states one",
        role=LABEL,
    ),
    column("ead", pa.int64(), "with `keep`, where the tape states it beside a balance", CENTS),
    column(
        "_fs_src", pa.uint8(), "0 body generator, 4 repaired by a rule, 5 real record (`keep`)", role=INTERNAL
    ),
    column("_fs_seq", pa.uint32(), "shard of loans", role=INTERNAL),
    column("_fs_row", pa.int64(), "with `keep`: number in the tape", role=INTERNAL),
    column("_fs_lead", pa.int64(), "with `keep`: number of the obligor's first loan", role=INTERNAL),
)
LOAN_COLUMNS: Mapping[str, pa.Field] = MappingProxyType({field.name: field for field in _LOAN_COLUMNS})
"""The columns that a loan book may have besides those of its tape."""


def loan_schema(table: pa.Schema, whole: Collection[str] = ()) -> pa.Schema:
    """Return the stored schema of a table of loans: known columns with their facts, others as of the tape.

    Columns named in ``whole`` have all their values in this book, whatever other books may lack.
    """
    fields = [_loan_field(field) for field in table]
    return pa.schema([never_null(field) if field.name in whole else field for field in fields])


def _loan_field(field: pa.Field) -> pa.Field:
    kind = DAY if pa.types.is_date(field.type) else field.type
    if field.name in LOAN_COLUMNS:
        return LOAN_COLUMNS[field.name].with_type(kind)
    unit = CENTS if field.name == "collateral_value" else ""
    return column(
        field.name, kind, "a further column of the tape that is used, by its own name", unit, null=_TAPE
    )


MONTH_SCHEMA = pa.schema(
    [
        column("loan_id", pa.int64(), "key of `loans`, of its type", role=KEY),
        column("month", DAY, "month end"),
        column("status", TEXT, "default, prepaid and matured end the loan", role=LABEL, words=LOAN_STATUSES),
        column(
            "balance",
            pa.int64(),
            "after this month's payment; exposure in the month of default; 0 when prepaid or matured",
            CENTS,
            role=LABEL,
        ),
        column(
            "pd",
            pa.float64(),
            "true probability for 12 months, given the scenario and the sector factor of the month",
            DECIMAL,
            role=LABEL,
        ),
        column("lgd", pa.float64(), "true share lost in default, given the same", DECIMAL, role=LABEL),
        column("loss", pa.int64(), "balance x lgd in the month of default, else 0", CENTS, role=LABEL),
    ]
)

LOSS_SCHEMA = pa.schema(
    [
        column("scenario_draw", pa.int64(), "number of the draw, from 0", role=KEY),
        column("loss", pa.float64(), "loss of the portfolio in that future", CENTS),
    ]
)

PROVISION_SCHEMA = pa.schema(
    [
        column("loan_id", pa.int64(), "key of `loans`, of its type", role=KEY),
        column("date", DAY, "reporting date: the jump-off day, then the end of each year of the panel"),
        column(
            "stage",
            pa.uint8(),
            "IFRS 9, as in `months`; at the jump-off day by the lifetime PD under the scenario",
            role=LABEL,
        ),
        column("balance", pa.int64(), "owed on that date", CENTS, role=LABEL),
        column(
            "lifetime_pd",
            pa.float64(),
            "probability of default over the rest of the loan's life, given what is known; 1 in stage 3",
            DECIMAL,
            role=LABEL,
        ),
        column(
            "usual_lifetime_pd",
            pa.float64(),
            "the same at the loan's own `pd`, without scenario and factor",
            DECIMAL,
            role=LABEL,
        ),
        column(
            "ecl_12m",
            pa.float64(),
            "expected credit loss of the next twelve months, discounted; in stage 3 the loss",
            CENTS,
            role=LABEL,
        ),
        column("ecl_lifetime", pa.float64(), "the same over the rest of the loan's life", CENTS, role=LABEL),
        column(
            "allowance",
            pa.float64(),
            "12-month ECL in stage 1, lifetime ECL in stages 2 and 3",
            CENTS,
            role=LABEL,
        ),
        column(
            "rwa",
            pa.float64(),
            "risk-weighted assets, internal-ratings formula at the loan's own `pd` and `lgd`; 0 in stage 3",
            CENTS,
            role=LABEL,
        ),
        column("_fs_src", pa.uint8(), "as in `months`", role=INTERNAL),
        column("_fs_seq", pa.uint32(), "shard of loans", role=INTERNAL),
    ]
)  # fmt: skip


RECOVERY_SCHEMA = pa.schema(
    [
        column("loan_id", pa.int64(), "key of `loans`, of its type", role=KEY),
        column("defaulted", DAY, "end of the month in which the loan defaulted", role=LABEL),
        column("month", DAY, "end of the month in which money comes back; goes on beyond the panel"),
        column(
            "state",
            TEXT,
            "workout; or probation for three months and then cured, and paid on",
            role=LABEL,
            words=RECOVERY_STATES,
        ),
        column("amount", pa.int64(), "paid in that month", CENTS, role=LABEL),
        column("_fs_src", pa.uint8(), "as in `months`", role=INTERNAL),
        column("_fs_seq", pa.uint32(), "shard of loans", role=INTERNAL),
    ]
)


LOAN_MONEY = Money(minor_columns(_LOAN_COLUMNS), column="currency")
MONTH_MONEY = minor_columns(MONTH_SCHEMA)
LOSS_MONEY = minor_columns(LOSS_SCHEMA)
PROVISION_MONEY = minor_columns(PROVISION_SCHEMA)
RECOVERY_MONEY = minor_columns(RECOVERY_SCHEMA)
PortfolioTable = Literal["loans", "months", "losses"]

_LEVEL = 0.99


@dataclass(frozen=True, repr=False)
class Portfolio(RowRecord):
    """Loans (one row each), months (one row per loan and month at risk) and losses per scenario draw.

    ``loans`` has at least loan_id, sector, loan_class, pd (12-month, through the cycle), lgd, balance
    (int64 minor units), rate (decimal per year), term_months. ``losses`` is float64[M], minor units.
    ``len``, ``head``, ``columns``, ``to_polars`` and the Arrow stream are of the loans.

    Example:
        >>> import finsim, numpy as np, pyarrow as pa
        >>> loans = pa.table({"loan_id": [1], "balance": [250_00], "currency": ["EUR"]})
        >>> book = finsim.Portfolio(loans, months=pa.table({}), losses=np.array([12_50.0]))
        >>> book.to_pandas(money="units")["balance"].tolist(), book.to_pandas("losses").columns.tolist()
        ([250.0], ['scenario_draw', 'loss'])

    """

    loans: pa.Table
    months: pa.Table
    losses: Float1D

    def _table(self) -> pa.Table:
        return self.loans

    def _money(self) -> Money:
        return LOAN_MONEY

    @public
    def to_pandas(
        self, table: PortfolioTable = "loans", *, money: Unit = "cents", internal: bool = False
    ) -> pd.DataFrame:
        """Return the loans, the month panel (``"months"``) or the loss of each draw (``"losses"``).

        ``money`` and ``internal`` as for all records; losses are float64 in both units.
        Raises RecordError for another table or unit, and for units of months and losses in currencies
        with different decimals.
        """
        unit, known = checked_unit(money), get_args(PortfolioTable)
        if table not in known:
            raise RecordError(
                f"table={table!r}", expected=" or ".join(known), remedy=did_you_mean(str(table), known)
            )
        if table == "loans":
            return self._framed(self.loans, unit, internal)
        return self._of_table(table).to_pandas(money=unit, internal=internal)

    def _of_table(self, name: str) -> Table:
        currency = ", ".join(LOAN_MONEY.currencies(self.loans))
        if name == "months":
            return Table(name, self.months, Money(MONTH_MONEY, currency=currency))
        draws = pa.array(np.arange(len(self.losses), dtype=np.int64))
        return Table(
            name,
            pa.table([draws, self.losses], schema=LOSS_SCHEMA),
            Money(LOSS_MONEY, currency=currency),
        )

    def card(self) -> Card:
        """Return loans, balance, mean PD, defaults, expected loss, VaR and ES 99 % of the losses."""
        dates = pc.min_max(self.months["month"]).as_py() if self.months.num_rows else {"min": None}
        count = len(pc.unique(self.months["month"])) if self.months.num_rows else 0
        title = f"Portfolio: {counted(self.loans.num_rows, 'loan')} over {counted(count, 'month')}"
        facts: list[tuple[str, Value]] = []
        facts += [("months", span(dates["min"], dates["max"]))] if dates["min"] is not None else []
        facts += [("balance", tuple(money(*one) for one in self._balances()))]
        if self.loans.num_rows:
            facts += [("mean PD", f"{percent(float(pc.mean(self.loans['pd']).as_py()))} in 12 months")]
            facts += [("defaults", self._defaults())]
        facts += self._risk()
        facts += [("classes", tuple(f"{name} {size:,}" for name, size in self._classes()))]
        note = money_fact(LOAN_MONEY, self.loans)
        return Card(title, (*facts, ("money", note)), note, "defaults a month")

    def _balances(self) -> list[tuple[float, str]]:
        """Return (minor units, currency) for each currency of the loans."""
        if "currency" not in self.loans.column_names:
            return [(pc.sum(self.loans["balance"]).as_py() or 0, "")]
        sums = self.loans.group_by("currency").aggregate([("balance", "sum")]).to_pylist()
        return sorted(
            ((row["balance_sum"] or 0, str(row["currency"] or "")) for row in sums), key=lambda x: x[1]
        )

    def _classes(self) -> list[tuple[str, int]]:
        counts = pc.value_counts(self.loans["loan_class"]).to_pylist()
        return sorted(((str(one["values"]), one["counts"]) for one in counts), key=lambda x: (-x[1], x[0]))

    def _risk(self) -> list[tuple[str, Value]]:
        draws = len(self.losses)
        if not draws:
            return []
        balances = self._balances()
        total, currency = sum(one for one, _ in balances), " and ".join(word for _, word in balances)
        ordered = np.sort(self.losses)

        def fact(amount: float) -> str:
            share = f" ({percent(amount / total)} of balance)" if total else ""
            return money(amount, currency) + share

        facts: list[tuple[str, Value]] = [
            ("expected loss", f"{fact(float(ordered.mean()))}, {draws:,} draws")
        ]
        if draws * (1.0 - _LEVEL) >= LEAST_BEYOND:
            facts += [("VaR 99 %", fact(quantile_of(ordered, _LEVEL)))]
            facts += [("ES 99 %", fact(shortfall_of(ordered, _LEVEL).value))]
        return facts

    def _defaults(self) -> str:
        hits = int(pc.sum(pc.equal(self.months["status"], "default")).as_py() or 0)
        return f"{hits:,} ({percent(hits / self.loans.num_rows)} of loans)"

    def _curve(self) -> Sequence[float]:
        months = self.months["month"].to_numpy()
        known, place = np.unique(months, return_inverse=True)
        hit = pc.fill_null(pc.equal(self.months["status"], "default"), False).to_numpy()
        return [float(count) for count in np.bincount(place[hit], minlength=len(known))]
