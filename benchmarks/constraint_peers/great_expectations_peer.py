"""The rules as a suite of Great Expectations on pandas.

Expectations compare one column with constants, or two columns; what a rule computes goes to a helper column,
made with pandas inside the clock. ``fee_range`` takes two expectations, which no row breaks both.
"""

from __future__ import annotations

import os
from typing import Any

os.environ["GX_ANALYTICS_ENABLED"] = "false"

import great_expectations as gx
import numpy as np
import pandas as pd
from constraint_peers import pandas_table
from constraint_peers.rules import DAILY_CAP, KNOWN, POSTED, lines
from great_expectations.expectations import (
    ExpectColumnPairValuesAToBeGreaterThanB as Exceeds,
)
from great_expectations.expectations import (
    ExpectColumnPairValuesToBeEqual as Equal,
)
from great_expectations.expectations import (
    ExpectColumnValuesToBeBetween as Between,
)
from great_expectations.expectations import (
    ExpectColumnValuesToBeInSet as InSet,
)

PACKAGES = ("great_expectations", "pandas")
load = pandas_table.load


def row_helpers(t: pd.DataFrame) -> dict[str, Any]:
    """Return what rules on one row compute."""
    monthly = t["rate"] / 12
    level = t["loan"] * monthly / -np.expm1(-t["term"] * np.log1p(monthly))
    return {"annuity_off": t["pmt"] - level, "dti_off": t["dti"] - t["pmt"] / t["income"]}


def helpers_before(t: pd.DataFrame) -> dict[str, Any]:
    """Return what rules on rows before compute."""
    return {
        "balance_due": pandas_table.ledger(t),
        "gap": pandas_table.since(t, 1).dt.total_seconds(),
        "since_fifth": pandas_table.since(t, 5).dt.total_seconds(),
        "debit_today": pandas_table.debit_today(t),
    }


def row_rules() -> dict[str, list[Any]]:
    """Return the expectations of each rule on one row."""
    return {
        "amount_positive": [Between(column="amount", min_value=0, strict_min=True)],
        "fee_range": [Between(column="fee", min_value=0),
                      Exceeds(column_A="amount", column_B="fee", or_equal=True)],
        "channel_known": [InSet(column="channel", value_set=KNOWN)],
        "status_known": [InSet(column="status", value_set=POSTED)],
        "minor_loan": [given("age < 18", column="loan", max_value=200_000)],
        "ltv_cap": [given("product == 'mortgage'", column="ltv", max_value=0.97)],
        "ltv_range": [Between(column="ltv", min_value=0, max_value=1.2)],
        "rate_range": [Between(column="rate", min_value=0, max_value=0.24)],
        "rate_cap": [given("country == 'DE'", column="rate", max_value=0.18)],
        "term_range": [Between(column="term", min_value=6, max_value=84)],
        "score_range": [Between(column="score", min_value=300, max_value=850)],
        "income_positive": [Between(column="income", min_value=0, strict_min=True)],
        "cash_cap": [given("channel == 'cash'", column="amount", max_value=1_000_000)],
        "age_range": [Between(column="age", min_value=16, max_value=100)],
        "annuity": [Between(column="annuity_off", min_value=-1, max_value=1)],
        "dti_identity": [Between(column="dti_off", min_value=-1e-9, max_value=1e-9)],
    }  # fmt: skip


def rules_before() -> dict[str, list[Any]]:
    """Return the expectations of each rule on rows before."""
    return {
        "ledger": [Equal(column_A="balance", column_B="balance_due")],
        "in_order": [Between(column="gap", min_value=0, strict_min=True)],
        "daily_debit": [Between(column="debit_today", max_value=DAILY_CAP)],
        "velocity": [Between(column="since_fifth", min_value=86_400)],
    }


def given(condition: str, **bounds: Any) -> Any:
    """Return bounds for some rows only."""
    return Between(row_condition=condition, condition_parser="pandas", **bounds)


def check(frame: pd.DataFrame, sequences: bool) -> dict[str, int]:
    """Return breaches by rule."""
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    rules = row_rules() | (rules_before() if sequences else {})
    wide = frame.assign(**row_helpers(frame), **(helpers_before(frame) if sequences else {}))
    asset = context.data_sources.add_pandas("pandas").add_dataframe_asset("payments")
    batch = asset.add_batch_definition_whole_dataframe("all").get_batch({"dataframe": wide})
    suite = gx.ExpectationSuite(name="payments")
    for name, expectations in rules.items():
        for place, one in enumerate(expectations):
            one.meta = {"rule": name, "part": place}
            suite.add_expectation(one)
    found = dict.fromkeys(rules, 0)
    for result in batch.validate(suite, result_format="BASIC").results:
        if result.exception_info.get("raised_exception"):
            raise RuntimeError(result.exception_info["exception_message"])
        found[result.expectation_config.meta["rule"]] += result.result["unexpected_count"]
    return found


def written(sequences: bool) -> int:
    """Return the lines of rules a user writes."""
    shared = (pandas_table.ledger, pandas_table.since, pandas_table.debit_today)
    more = (helpers_before, rules_before, *shared) if sequences else ()
    return lines(row_helpers, row_rules, given, *more)
