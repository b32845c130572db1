"""One bank: borrowers are customers, and loans and payments tell the same story."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from finsim.engine.finished_run import Run
from finsim.engine.planning.plan_summary import describe
from finsim.engine.run import Work, run
from finsim.engine.stages.credit_stage import passed_book
from finsim.engine.stages.customers_with_loans import CustomerLoans
from finsim.engine.stages.order_keys import order_keys
from finsim.engine.study.study_file import study_of
from finsim.engine.study.study_resolution import resolve

HARD, WAVE = "dfast-severely-adverse-2026", "fraud-wave-mule-surge"


def study(currency: str = "EUR", **changes: Any) -> dict[str, Any]:
    told: dict[str, Any] = {
        "finsim": "study/1",
        "id": "one",
        "transactions": {"accounts": 700, "days": 125, "currency": currency, "shard_accounts": 500,
                         "narratives": [{"name": "account_takeover", "count": 3}]},
        "credit": {"data": "german_credit", "loans": 300, "months": 12, "draws": 5000,
                   "generator": {"name": "copula"}, "target_pd": 0.2},
        "scenarios": ["base", HARD, WAVE],
        "evaluation": {"enabled": False},
    }  # fmt: skip
    return {**told, **changes}


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return run(study_of(study()), output=tmp_path_factory.mktemp("one") / "run")


def frame(made: Run, table: str, scenario: str) -> pd.DataFrame:
    return pd.read_parquet(made.file(table, scenario))


def debits(made: Run, scenario: str) -> pd.DataFrame:
    """Each month of a customer's loan beside the direct debit of its instalment."""
    loans, accounts = frame(made, "loans", scenario), frame(made, "accounts", scenario)
    payments = frame(made, "transactions", scenario)
    current = accounts[accounts["kind"] == "current"].drop_duplicates("customer_id")
    known = loans.dropna(subset=["customer_id"]).merge(
        current[["customer_id", "account_id"]], on="customer_id", validate="one_to_one"
    )
    months = frame(made, "months", scenario).merge(known[["loan_id", "payment", "account_id"]], on="loan_id")
    months["period"] = months["month"].dt.to_period("M")
    payments["period"] = payments["ts"].dt.tz_localize(None).dt.to_period("M")
    months = months[months["period"] < payments["period"].max()]  # the last month is not whole
    paid = payments[payments["channel"] == "direct_debit"]
    both = months.merge(paid, left_on=["account_id", "period"], right_on=["from_account", "period"])
    both["due"] = both["payment"] * np.where(both["amount"] % both["payment"] == 0, 1, np.nan)
    return both.dropna(subset=["due"])


def test_borrowers_are_customers(one: Run) -> None:
    loans, accounts = frame(one, "loans", "base"), frame(one, "accounts", "base")
    known = loans["customer_id"].dropna()
    assert 100 < len(known) < len(loans)
    assert known.is_unique
    assert known.isin(accounts["customer_id"]).all()
    for scenario in (HARD, WAVE):
        assert frame(one, "loans", scenario)["customer_id"].equals(loans["customer_id"])
    rich = loans.dropna(subset=["customer_id"]).sort_values("income")["customer_id"]
    assert len(rich) == len(known)


@pytest.mark.parametrize("scenario", ["base", HARD])
def test_a_month_that_the_panel_counts_as_missed_has_a_declined_debit(one: Run, scenario: str) -> None:
    both = debits(one, scenario)
    late = both[both["days_past_due"] > 0]
    assert len(late) > 20
    declined = late.groupby(["loan_id", "period"])["status_y"].agg(lambda words: (words == "declined").any())
    assert declined.all()
    paid = both[both["days_past_due"] == 0]
    assert (paid["status_y"] == "declined").mean() < 0.1  # for want of money, as anybody's


def test_defaults_follow_declined_debits_and_lost_income(one: Run) -> None:
    both = debits(one, HARD)
    gone = both[both["status_x"] == "default"].drop_duplicates("loan_id")
    assert len(gone) >= 5
    for row in gone.itertuples():
        mine = both[(both["loan_id"] == row.loan_id) & (both["period"] >= row.period - 2)]
        assert (mine["status_y"] == "declined").sum() >= min(3, len(mine))


def test_what_moves_no_loan_leaves_the_payments_of_people_as_they_were(one: Run) -> None:
    keys = order_keys(resolve(study_of(study(scenarios=["base", HARD, WAVE, f"{HARD}@0"]))))
    assert keys["base"] == keys[WAVE] == keys[f"{HARD}@0"] != keys[HARD]
    ids = [
        payments[payments["category"].notna()]["tx_id"].size
        for payments in (frame(one, "transactions", label) for label in ("base", WAVE))
    ]
    assert abs(ids[0] - ids[1]) < 60  # the rows of schemes alone
    assert frame(one, "months", WAVE).equals(frame(one, "months", "base"))


@pytest.mark.slow
def test_two_workers_make_the_same_bank(one: Run, tmp_path: Path) -> None:
    alone = study_of(study(scenarios=["base"]))
    two = run(alone, output=tmp_path / "two", work=Work(workers=2))
    same = {item["path"]: item["sha256"] for item in one.manifest["outputs"]}
    made = {item["path"]: item["sha256"] for item in two.manifest["outputs"]}
    assert {"loans", "months", "transactions"} <= {path.split("/")[0] for path in made}
    for path, digest in made.items():
        if not path.startswith("driver_"):  # those have a column for what any scenario moves
            assert digest == same[path], path
    assert not (tmp_path / "two/.finsim/courses").exists()


def test_a_kept_tape_without_incomes_has_customers_too(tmp_path: Path) -> None:
    rng, count = np.random.default_rng(4), 80
    tape = {"loan_id": np.arange(count) + 1000, "amount": rng.integers(1_000, 30_000, count),
            "term": 48, "pd": 0.05, "lgd": 0.4}  # fmt: skip
    pd.DataFrame(tape).to_csv(tmp_path / "tape.csv", index=False)
    credit = {"data": str(tmp_path / "tape.csv"), "keep": True, "months": 12, "draws": 5000,
              "loan_class": "consumer", "sector": "all", "columns": {"term_months": "term"}}  # fmt: skip
    plan = resolve(study_of(study(credit=credit)))
    book = passed_book(plan)
    assert "income" not in book[0].column_names
    named = pa.concat_tables(CustomerLoans(plan, pa.concat_tables(book), plan.drivers["base"]).named(book))
    known = named.to_pandas().dropna(subset=["customer_id"])
    assert 40 < len(known) < count + 1
    assert known["customer_id"].is_unique


def test_loans_in_another_currency_are_of_people_elsewhere_and_plan_says_so() -> None:
    apart = study_of(study("USD"))
    said = describe(resolve(apart)).warnings["credit"]
    assert said == (
        "loans are in EUR and payments in USD, so no borrower is a customer: "
        "write transactions: {currency: EUR}",
    )
    assert "credit" not in describe(resolve(study_of(study()))).warnings
    keys = order_keys(resolve(apart))
    assert keys["base"] == keys[WAVE]
