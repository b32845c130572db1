"""``Portfolio``: a loan book, its month panel and its loss distribution."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import pandas as pd
import pyarrow as pa

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
)

_KEPT = "kept loans without one"
_TAPE = "gap in the tape"

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
    column("sector", TEXT, "follows from the purpose, or the user's own column"),
    column("loan_class", TEXT, "decides LGD, correlation and the link to macro moves"),
    column("grade", TEXT, "A to G by `pd`"),
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


def loan_schema(table: pa.Schema) -> pa.Schema:
    """Return the stored schema of a table of loans: known columns with their facts, others as of the tape."""
    return pa.schema([_loan_field(field) for field in table])


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
        column("status", TEXT, "default, prepaid and matured end the loan", role=LABEL),
        column(
            "balance",
            pa.int64(),
            "after this month's payment; exposure in the month of default; 0 when prepaid or matured",
            CENTS,
        ),
        column(
            "pd",
            pa.float64(),
            "for 12 months, given the scenario and the sector factor of the month",
            DECIMAL,
        ),
        column("lgd", pa.float64(), "share lost in default, given the same", DECIMAL),
        column("loss", pa.int64(), "balance x lgd in the month of default, else 0", CENTS, role=LABEL),
    ]
)

LOSS_SCHEMA = pa.schema(
    [
        column("scenario_draw", pa.int64(), "number of the draw, from 0", role=KEY),
        column("loss", pa.float64(), "loss of the portfolio in that future", CENTS),
    ]
)


@dataclass(frozen=True)
class Portfolio:
    """Loans (one row each), months (one row per loan and month at risk) and losses per scenario draw.

    ``loans`` has at least loan_id, sector, loan_class, pd (12-month, through the cycle), lgd, balance
    (int64 minor units), rate (decimal per year), term_months. ``losses`` is float64[M], minor units.
    """

    loans: pa.Table
    months: pa.Table
    losses: Float1D

    def to_pandas(self) -> pd.DataFrame:
        """Return the loans as a DataFrame."""
        frame: pd.DataFrame = self.loans.to_pandas()
        return frame
