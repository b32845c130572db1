"""The rules as polars expressions in one lazy query.

By shift: the sequence rules take the order of the rows for granted (the quickest way). By over: window
expressions by account, as the documentation of polars teaches; these need no sorted accounts. ``rolling`` of
24 hours takes as long, and is not used because it also counts later rows of the same moment.
"""

from __future__ import annotations

import polars as pl
import pyarrow as pa
from constraint_peers.rules import DAILY_CAP, KNOWN, LABELS, POSTED, lines
from polars import col, when

PACKAGES = ("polars",)
DAY = pl.duration(hours=24)


def load(table: pa.Table) -> pl.DataFrame:
    """Return a data frame: texts as String, dictionaries as Enum, NaN as null."""
    coded = [name for name in LABELS if pa.types.is_dictionary(table[name].type)]
    kinds = {name: pl.Enum(table[name].chunk(0).dictionary.to_pylist()) for name in coded}
    frame = pl.from_arrow(table).cast(kinds).with_columns(col("score").fill_nan(None))
    return frame.rechunk()


def row_rules() -> dict[str, pl.Expr]:
    """Return what holds where a rule that sees one row is broken."""
    amount, rate, ltv = col("amount"), col("rate"), col("ltv")
    level = col("loan") * (rate / 12) / (1 - (-col("term") * (rate / 12).log1p()).exp())
    return {
        "amount_positive": amount <= 0,
        "fee_range": (col("fee") < 0) | (col("fee") > amount),
        "channel_known": ~col("channel").is_in(KNOWN),
        "status_known": ~col("status").is_in(POSTED),
        "minor_loan": (col("age") < 18) & (col("loan") > 200_000),
        "ltv_cap": (col("product") == "mortgage") & (ltv > 0.97),
        "ltv_range": ~ltv.is_between(0, 1.2),
        "rate_range": ~rate.is_between(0, 0.24),
        "rate_cap": (col("country") == "DE") & (rate > 0.18),
        "term_range": ~col("term").is_between(6, 84),
        "score_range": ~col("score").is_between(300, 850),
        "income_positive": col("income") <= 0,
        "cash_cap": (col("channel") == "cash") & (amount > 1_000_000),
        "age_range": ~col("age").is_between(16, 100),
        "annuity": (col("pmt") - level).abs() > 1,
        "dti_identity": (col("dti") - col("pmt") / col("income")).abs() > 1e-9,
    }


def by_shift() -> dict[str, pl.Expr]:
    """Return what holds where a rule that sees the rows before is broken, for sorted rows."""
    account, ts, amount, balance = col("account"), col("ts"), col("amount"), col("balance")
    signed = when(col("dir") == "credit").then(amount).otherwise(-amount)
    debit = when(col("dir") == "debit").then(amount).otherwise(0)
    same = account == account.shift(1)
    before = when(same).then(balance.shift(1)).otherwise(col("opening"))
    goes_on = same & (ts.dt.date() == ts.dt.date().shift(1))
    total = debit.cum_sum()
    today = total - when(goes_on).then(None).otherwise(total - debit).forward_fill()
    return {
        "ledger": balance != before + signed,
        "in_order": same & (ts <= ts.shift(1)),
        "daily_debit": today > DAILY_CAP,
        "velocity": (account == account.shift(5)) & (ts - ts.shift(5) < DAY),
    }


def by_over() -> dict[str, pl.Expr]:
    """Return the same with window expressions."""
    ts, amount, balance = col("ts"), col("amount"), col("balance")
    signed = when(col("dir") == "credit").then(amount).otherwise(-amount)
    debit = when(col("dir") == "debit").then(amount).otherwise(0)
    return {
        "ledger": balance != balance.shift(1).over("account").fill_null(col("opening")) + signed,
        "in_order": ts <= ts.shift(1).over("account"),
        "daily_debit": debit.cum_sum().over("account", ts.dt.date()) > DAILY_CAP,
        "velocity": ts - ts.shift(5).over("account") < DAY,
    }


WAYS = {"shift": by_shift, "over": by_over}


def check(frame: pl.DataFrame, sequences: bool, way: str = "shift") -> dict[str, int]:
    """Return breaches by rule; null is no breach, and ``sum`` passes over it."""
    rules = row_rules() | (WAYS[way]() if sequences else {})
    found = frame.lazy().select(**{name: broken.sum() for name, broken in rules.items()}).collect()
    return found.row(0, named=True)


def written(sequences: bool, way: str = "shift") -> int:
    """Return the lines of rules a user writes."""
    return lines(row_rules, WAYS[way]) if sequences else lines(row_rules)
