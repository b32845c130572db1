"""The rules as a pandera schema for polars: checks of columns, and polars expressions across columns."""

from __future__ import annotations

import pandera.polars as pa
import polars as pl
from constraint_peers import polars_peer
from constraint_peers.rules import KNOWN, POSTED, lines
from pandera.errors import SchemaErrors
from pandera.polars import Check, Column, PolarsData
from polars import col

PACKAGES = ("pandera", "polars")
load = polars_peer.load


def columns() -> dict[str, Column]:
    """Return the rules on one column."""
    return {
        "amount": Column(pl.Int64, Check.gt(0, name="amount_positive")),
        "channel": Column(checks=Check.isin(KNOWN, name="channel_known")),
        "status": Column(checks=Check.isin(POSTED, name="status_known")),
        "ltv": Column(pl.Float64, Check.in_range(0, 1.2, name="ltv_range")),
        "rate": Column(pl.Float64, Check.in_range(0, 0.24, name="rate_range")),
        "term": Column(pl.Int16, Check.in_range(6, 84, name="term_range")),
        "score": Column(pl.Float64, Check.in_range(300, 850, name="score_range"), nullable=True),
        "income": Column(pl.Int64, Check.gt(0, name="income_positive")),
        "age": Column(pl.Int16, Check.in_range(16, 100, name="age_range")),
    }


def across() -> dict[str, pl.Expr]:
    """Return what holds where a rule on several columns of a row is broken."""
    level = col("loan") * (col("rate") / 12) / (1 - (-col("term") * (col("rate") / 12).log1p()).exp())
    return {
        "fee_range": (col("fee") < 0) | (col("fee") > col("amount")),
        "minor_loan": (col("age") < 18) & (col("loan") > 200_000),
        "ltv_cap": (col("product") == "mortgage") & (col("ltv") > 0.97),
        "rate_cap": (col("country") == "DE") & (col("rate") > 0.18),
        "cash_cap": (col("channel") == "cash") & (col("amount") > 1_000_000),
        "annuity": (col("pmt") - level).abs() > 1,
        "dti_identity": (col("dti") - col("pmt") / col("income")).abs() > 1e-9,
    }


def frame_check(name: str, broken: pl.Expr) -> Check:
    """Return a check of the frame."""

    def holds(data: PolarsData) -> pl.LazyFrame:
        return data.lazyframe.select(~broken)

    return Check(holds, name=name)


def check(frame: pl.DataFrame, sequences: bool) -> dict[str, int]:
    """Return breaches by rule: the false ones in what each failed check put out."""
    alone = columns()
    broken = across() | (polars_peer.by_shift() if sequences else {})
    checks = [frame_check(name, one) for name, one in broken.items()]
    found = {one.name: 0 for one in (*checks, *(column.checks[0] for column in alone.values()))}
    try:
        pa.DataFrameSchema(alone, checks).validate(frame, lazy=True)
    except SchemaErrors as failed:
        found |= {one.check.name: (~one.check_output.to_series()).sum() for one in failed.schema_errors}
    return found


def written(sequences: bool) -> int:
    """Return the lines of rules a user writes."""
    return lines(columns, across, frame_check, *((polars_peer.by_shift,) if sequences else ()))
