"""The rules as a pandera schema for pandas: checks of columns, and checks of the frame across columns."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pandera.pandas as pa
from constraint_peers import pandas_table
from constraint_peers.rules import DAILY_CAP, KNOWN, POSTED, lines
from pandera.errors import SchemaErrors
from pandera.pandas import Check, Column

PACKAGES = ("pandera", "pandas")
load = pandas_table.load


def columns() -> dict[str, Column]:
    """Return the rules on one column."""
    return {
        "amount": Column("int64", Check.gt(0, name="amount_positive")),
        "channel": Column(checks=Check.isin(KNOWN, name="channel_known")),
        "status": Column(checks=Check.isin(POSTED, name="status_known")),
        "ltv": Column(float, Check.in_range(0, 1.2, name="ltv_range")),
        "rate": Column(float, Check.in_range(0, 0.24, name="rate_range")),
        "term": Column("int16", Check.in_range(6, 84, name="term_range")),
        "score": Column(float, Check.in_range(300, 850, name="score_range"), nullable=True),
        "income": Column("int64", Check.gt(0, name="income_positive")),
        "age": Column("int16", Check.in_range(16, 100, name="age_range")),
    }


def annuity(t: pd.DataFrame) -> pd.Series:
    """Return whether the payment is that of an annuity."""
    monthly = t["rate"] / 12
    return (t["pmt"] - t["loan"] * monthly / -np.expm1(-t["term"] * np.log1p(monthly))).abs() <= 1


def across() -> list[Check]:
    """Return the rules on several columns of a row."""
    return [
        Check(lambda t: t["fee"].between(0, t["amount"]), name="fee_range"),
        Check(lambda t: ~((t["age"] < 18) & (t["loan"] > 200_000)), name="minor_loan"),
        Check(lambda t: ~((t["product"] == "mortgage") & (t["ltv"] > 0.97)), name="ltv_cap"),
        Check(lambda t: ~((t["country"] == "DE") & (t["rate"] > 0.18)), name="rate_cap"),
        Check(lambda t: ~((t["channel"] == "cash") & (t["amount"] > 1_000_000)), name="cash_cap"),
        Check(annuity, name="annuity"),
        Check(lambda t: (t["dti"] - t["pmt"] / t["income"]).abs() <= 1e-9, name="dti_identity"),
    ]


def before() -> list[Check]:
    """Return the rules on rows before."""
    day = pd.Timedelta(days=1)
    return [
        Check(lambda t: t["balance"] == pandas_table.ledger(t), name="ledger"),
        Check(lambda t: ~(pandas_table.since(t, 1) <= pd.Timedelta(0)), name="in_order"),
        Check(lambda t: pandas_table.debit_today(t) <= DAILY_CAP, name="daily_debit"),
        Check(lambda t: ~(pandas_table.since(t, 5) < day), name="velocity"),
    ]


def check(frame: pd.DataFrame, sequences: bool) -> dict[str, int]:
    """Return breaches by rule: the false ones in what each failed check put out."""
    alone, checks = columns(), across() + (before() if sequences else [])
    found = {one.name: 0 for one in (*checks, *(column.checks[0] for column in alone.values()))}
    try:
        pa.DataFrameSchema(alone, checks).validate(frame, lazy=True)
    except SchemaErrors as failed:
        found |= {one.check.name: int((~one.check_output).sum()) for one in failed.schema_errors}
    return found


def written(sequences: bool) -> int:
    """Return the lines of rules a user writes."""
    more = (before, pandas_table.ledger, pandas_table.since, pandas_table.debit_today) if sequences else ()
    return lines(columns, annuity, across, *more)
