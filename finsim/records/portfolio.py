"""``Portfolio``: a loan book, its month panel and its loss distribution."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from finsim.errors import RecordError, did_you_mean
from finsim.notation import Float1D
from finsim.records.display.card import Card, Value
from finsim.records.display.fact_words import counted, money, percent, span
from finsim.records.frames.money_units import Money, Unit, checked_unit, money_fact
from finsim.records.loss_tail import LEAST_BEYOND, quantile_of, shortfall_of
from finsim.records.shown_rows import RowRecord
from finsim.records.table import Table

_TEXT = pa.dictionary(pa.int32(), pa.string())

MONTH_SCHEMA = pa.schema(
    [
        ("loan_id", pa.int64()),
        ("month", pa.date32()),
        ("status", _TEXT),
        ("balance", pa.int64()),
        ("pd", pa.float64()),
        ("lgd", pa.float64()),
        ("loss", pa.int64()),
    ]
)

LOSS_SCHEMA = pa.schema([("scenario_draw", pa.int64()), ("loss", pa.float64())])


LOAN_MONEY = Money(("income", "amount", "balance", "payment", "ead"), column="currency")
MONTH_MONEY = ("balance", "loss")
LOSS_MONEY = ("loss",)
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
