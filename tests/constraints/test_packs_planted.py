"""The packs of quotes, company accounts and cards, and what the others say of minors, limits and caps: a
sound table passes, and each planted fault is found by the rule that is meant for it, in its row."""

import numpy as np
import pandas as pd
import pytest

from finsim.constraints.checking.check import check
from finsim.constraints.packs.ruleset import RuleSet

pytestmark = pytest.mark.sweep

DAY = pd.Timestamp("2026-01-05 14:30", tz="UTC")


def quotes(count=40):
    bid = 100.0 + 0.01 * (np.arange(count) % 5)
    return pd.DataFrame(
        {
            "symbol": "SPY",
            "ts": [DAY + pd.Timedelta(k, "s") for k in range(count)],
            "seq": np.arange(count),
            "event": np.where(np.arange(count) % 4 == 3, "trade", "quote"),
            "bid": bid,
            "ask": bid + 0.02,
            "bid_size": 300.0,
            "ask_size": 200.0,
            "bid2": bid - 0.01,
            "bid3": bid - 0.03,
            "ask2": bid + 0.03,
            "ask3": bid + 0.05,
            "price": bid + 0.01,
            "narrative": None,
        }
    )


def firms(count=60):
    rows = []
    for firm in range(count):
        cash = 5_000
        for year in (2023, 2024, 2025):
            cash += 300
            rows.append(
                {
                    "firm_id": firm,
                    "year": year,
                    "sector": "bank" if firm % 3 else "retail",
                    "assets": 100_000,
                    "liabilities": 60_000 + firm * 400,
                    "equity": 40_000 - firm * 400,
                    "debt": 30_000 + firm * 300,
                    "cash": cash,
                    "revenue": 50_000,
                    "ebitda": 9_000,
                    "ebit": 7_000,
                    "interest": 1_000 + firm * 50,
                    "cfo": 1_000,
                    "cfi": -600,
                    "cff": -100,
                    "cet1": 900,
                    "rwa": 10_000,
                    "defaulted": False,
                    "narrative": None,
                }
            )
    return pd.DataFrame(rows)


def cards():
    accounts = pd.DataFrame(
        {
            "account_id": [1, 2, 3],
            "opened": pd.to_datetime(["2020-01-01"] * 3).date,
            "age": [40, 20, 19],
            "income": [300_000, 100_000, 0],
            "cosigner": [False, False, True],
            "credit_limit": [500_000] * 3,
            "home_country": "US",
        }
    )
    rows = []
    for account in (1, 2, 3):
        balance = least = 0
        for k in range(8):
            paid, interest = least, round(balance * 0.015)
            balance += 20_000 + interest - paid
            least = min(balance, max(2_500, round(balance * 0.01) + interest))
            rows.append(
                {
                    "account_id": account,
                    "month": (pd.Timestamp("2025-01-31") + pd.offsets.MonthEnd(k)).date(),
                    "status": "current",
                    "credit_limit": 500_000,
                    "opening_balance": 0,
                    "purchases": 20_000,
                    "interest": interest,
                    "fees": 0,
                    "payments": paid,
                    "balance": balance,
                    "min_payment": least,
                    "apr": 0.18,
                    "utilisation": balance / 500_000,
                    "days_past_due": 0,
                    "jurisdiction": "",
                    "narrative": None,
                }
            )
    payments = pd.DataFrame(
        {
            "payment_id": np.arange(60),
            "account_id": 1 + np.arange(60) % 3,
            "ts": [DAY + pd.Timedelta(37 * k, "min") for k in range(60)],
            "amount": 1_000 + 10 * np.arange(60),
            "status": "posted",
            "country": "US",
            "category": "shop",
            "is_present": True,
            "user_age": 40,
            "narrative": None,
        }
    )
    return {"accounts": accounts, "statements": pd.DataFrame(rows), "payments": payments}


def loans(count=30):
    amount, rate, term = 900_000, 0.12, 24
    payment = round(amount * rate / 12 / (1 - (1 + rate / 12) ** -term))
    return pd.DataFrame(
        {
            "loan_id": np.arange(count),
            "loan_class": "mortgage",
            "age": 40,
            "jurisdiction": "",
            "income": 300_000,
            "other_debt": 20_000,
            "amount": amount,
            "rate": rate,
            "term_months": term,
            "payment": payment,
            "dti": (payment + 20_000) / 300_000,
            "collateral_value": 1_000_000,
            "ltv": 0.9,
            "opened": pd.to_datetime(["2022-06-01"] * count).date,
            "narrative": None,
        }
    )


def payments():
    accounts = pd.DataFrame(
        {
            "account_id": [1, 2, 3],
            "kind": ["current", "current", "merchant"],
            "age": [16, 40, None],
            "overdraft_limit": [0, 0, 0],
            "opened": pd.to_datetime(["2020-01-01"] * 3).date,
            "daily_limit": [100_000, 100_000, None],
        }
    ).astype({"age": "Int64", "daily_limit": "Int64"})
    count = 60
    transactions = pd.DataFrame(
        {
            "tx_id": np.arange(count),
            "ts": [DAY + pd.Timedelta(50 * k, "min") for k in range(count)],
            "from_account": 1 + np.arange(count) % 2,
            "to_account": 3,
            "amount": 1_000,
            "status": "posted",
            "channel": "card_not_present",
            "purpose": "groceries",
            "narrative": None,
            "instance": -1,
            "phase": None,
            "is_fraud": False,
            "is_laundering": False,
        }
    )
    return {"transactions": transactions, "accounts": accounts}


FAULTS = [
    ("quotes-lob", "quotes", "positive_quotes", {"bid": 0.0}),
    ("quotes-lob", "quotes", "bid_on_tick", {"bid": 100.005}),
    ("quotes-lob", "quotes", "ask_on_tick", {"ask": 100.025}),
    ("quotes-lob", "quotes", "uncrossed", {"ask": 100.0}),
    ("quotes-lob", "quotes", "second_bid_below_first", {"bid2": 100.04}),
    ("quotes-lob", "quotes", "third_bid_below_second", {"bid3": 100.04}),
    ("quotes-lob", "quotes", "second_ask_above_first", {"ask2": 100.0}),
    ("quotes-lob", "quotes", "third_ask_above_second", {"ask3": 100.0}),
    ("quotes-lob", "quotes", "sizes_positive", {"ask_size": 0.0}),
    ("quotes-lob", "quotes", "bid_size_in_lots", {"bid_size": 1.5}),
    ("quotes-lob", "quotes", "ask_size_in_lots", {"ask_size": 1.5}),
    ("quotes-lob", "quotes", "times_in_order", {"ts": DAY - pd.Timedelta(1, "h")}),
    ("corporate-credit", "firms", "balance_sheet", {"equity": 1}),
    ("corporate-credit", "firms", "cash_flow", {"cfi": 5_000}),
    ("corporate-credit", "firms", "assets_not_negative", {"assets": -1}),
    ("corporate-credit", "firms", "debt_is_a_liability", {"debt": 99_999}),
    ("corporate-credit", "firms", "ebitda_above_ebit", {"ebitda": 6_999}),
    ("corporate-credit", "firms", "interest_not_negative", {"interest": -1}),
    ("corporate-credit", "firms", "negative_revenue", {"revenue": -1}),
    ("corporate-credit", "firms", "capital_ratio", {"cet1": 449, "sector": "bank"}),
    ("corporate-credit", "firms", "years_in_order", {"year": 2000}),
    ("card-portfolio", "accounts", "limit_not_negative", {"credit_limit": -1}),
    ("card-portfolio", "accounts", "holder_of_age", {"age": 17}),
    ("card-portfolio", "accounts", "young_holder_can_pay", {"income": 0, "age": 20, "cosigner": False}),
    ("card-portfolio", "statements", "account_known", {"account_id": 9}),
    ("card-portfolio", "statements", "months_in_order", {"month": pd.Timestamp("2024-01-31").date()}),
    ("card-portfolio", "statements", "flows_not_negative", {"fees": -1}),
    ("card-portfolio", "statements", "balance_identity", {"purchases": 20_001}),
    ("card-portfolio", "statements", "within_limit", {"credit_limit": 1_000}),
    ("card-portfolio", "statements", "utilisation_identity", {"utilisation": 0.9}),
    ("card-portfolio", "statements", "min_payment_range", {"min_payment": 10**9}),
    ("card-portfolio", "statements", "min_payment_amortises", {"min_payment": 100}),
    ("card-portfolio", "statements", "apr_cap", {"apr": 0.361}),
    ("card-portfolio", "statements", "apr_cap", {"apr": 0.21, "jurisdiction": "KR"}),
    ("card-portfolio", "statements", "dpd_not_negative", {"days_past_due": -1}),
    ("card-portfolio", "statements", "dpd_steps", {"days_past_due": 32}),
    ("card-portfolio", "statements", "dpd_needs_a_missed_payment", {"days_past_due": 30}),
    ("card-portfolio", "statements", "status_of_arrears", {"status": "delinquent"}),
    ("card-portfolio", "statements", "charge_off_due", {"days_past_due": 180}),
    ("card-portfolio", "payments", "payment_positive", {"amount": 0}),
    ("card-portfolio", "payments", "payer_known", {"account_id": 9}),
    ("card-portfolio", "payments", "after_opening", {"ts": pd.Timestamp("2019-12-31", tz="UTC")}),
    ("card-portfolio", "payments", "minors", {"user_age": 17, "category": "7995"}),
    ("consumer-loans", "loans", "age_range", {"age": 6}),
    ("consumer-loans", "loans", "minor_loan", {"age": 17}),
    ("consumer-loans", "loans", "usury_cap", {"rate": 0.25}),
    ("consumer-loans", "loans", "annuity_identity", {"payment": 42_364}),
    ("consumer-loans", "loans", "dti_identity", {"other_debt": 20_001}),
    ("consumer-loans", "loans", "mortgage_dti_cap", {"dti": 0.44}),
    ("consumer-loans", "loans", "ltv_identity", {"collateral_value": 1_000_001}),
    ("consumer-loans", "loans", "ltv_cap", {"ltv": 0.98}),
    ("retail-tx", "transactions", "daily_limit", {"amount": 100_001}),
    ("retail-tx", "transactions", "minors_daily_limit", {"amount": 50_001, "from_account": 1}),
    ("retail-tx", "transactions", "minors_venues", {"purpose": "7995", "from_account": 1}),
]
MAKERS = {
    "quotes-lob": lambda: {"quotes": quotes()},
    "corporate-credit": lambda: {"firms": firms()},
    "card-portfolio": cards,
    "consumer-loans": lambda: {"loans": loans()},
    "retail-tx": payments,
}


@pytest.mark.parametrize("pack", MAKERS)
def test_a_sound_table_breaks_nothing(pack):
    report = check(MAKERS[pack](), RuleSet.load(pack))
    assert report.broken() == [], report.to_text()


@pytest.mark.parametrize(("pack", "table", "rule", "fault"), FAULTS)
def test_a_planted_fault_is_found_in_its_row(pack, table, rule, fault):
    tables = MAKERS[pack]()
    row = 2 if len(tables[table]) < 10 else 7
    for column, value in fault.items():
        if value is not None and tables[table][column].isna().all():
            tables[table][column] = tables[table][column].astype(object)
        tables[table].loc[row, column] = value
    result = check(tables, RuleSet.load(pack))[rule]
    assert result.verdict == "broken"
    assert result.first[0].row == row


def test_no_fault_is_left_out():
    tried = {rule for _, _, rule, _ in FAULTS}
    plausible_or_below = {"positive_prices"}
    for pack in ("quotes-lob", "corporate-credit", "card-portfolio"):
        rules = RuleSet.load(pack)
        hard = {rule.id for rule in rules.rules if rule.level != "plausible" and "." not in rule.id}
        assert hard - tried <= plausible_or_below | SEPARATE, pack


SEPARATE = {
    "order_imbalance",
    "default_is_absorbing",
    "one_row_a_year",
    "one_statement_a_month",
    "charge_off_is_final",
    "velocity",
    "card_testing",
    "foreign_payments",
    "possible_travel",
}


def test_a_sustained_one_sided_book_is_for_a_labelled_story_only():
    frame = quotes(60).assign(ask_size=1.0)
    frame["ts"] = [DAY + pd.Timedelta(10 * k, "ms") for k in range(60)]
    rules = RuleSet.load("quotes-lob")
    result = check(frame, rules)["order_imbalance"]
    assert (result.violations, result.first[0].row) == (40, 20)  # the twenty-first within a second
    excused = {"spoofing": {"order_imbalance"}}
    assert check(frame.assign(narrative="spoofing"), rules, excused=excused)["order_imbalance"].excused == 40
    assert check(frame, rules, {"most_imbalance": "99.9%"})["order_imbalance"].violations == 0


def test_ticks_are_those_of_the_symbol():
    rules, frame = RuleSet.load("quotes-lob"), quotes(8).assign(symbol="ES")
    assert check(frame, rules)["bid_on_tick"].violations == 6  # of .00 to .04 only .00 is a quarter
    assert check(frame.assign(symbol="EURUSD"), rules)["bid_on_tick"].violations == 0


def test_trades_outside_the_quote_are_rare():
    frame = quotes(200)
    frame.loc[3, "price"] = 101.0
    assert check(frame, RuleSet.load("quotes-lob"))["trade_inside_the_quote"].verdict == "passed"
    assert check(frame, RuleSet.load("quotes-lob"))["trade_inside_the_quote"].violations == 1
    frame.loc[frame.event == "trade", "price"] = 101.0
    assert check(frame, RuleSet.load("quotes-lob"))["trade_inside_the_quote"].verdict == "broken"


def test_leverage_goes_with_thin_coverage():
    frame = firms()
    assert check(frame, RuleSet.load("corporate-credit"))["leverage_against_coverage"].fired == 18
    frame["interest"] = frame["interest"].max() + 100 - frame["interest"]  # the levered cover most
    result = check(frame, RuleSet.load("corporate-credit"))["leverage_against_coverage"]
    assert (result.verdict, result.share) == ("broken", 0.0)


def test_default_and_charge_off_end_a_history():
    frame = firms()
    frame.loc[4, "defaulted"] = True
    assert check(frame, RuleSet.load("corporate-credit"))["default_is_absorbing"].first[0].row == 5
    tables = cards()
    tables["statements"].loc[3, "status"] = "charged_off"
    result = check(tables, RuleSet.load("card-portfolio"))["charge_off_is_final"]
    assert (result.violations, result.first[0].row) == (1, 4)


def test_one_row_a_period():
    frame = firms()
    frame.loc[2, "year"] = 2024
    report = check(frame, RuleSet.load("corporate-credit"))
    assert (report["one_row_a_year"].violations, report["years_in_order"].violations) == (1, 0)
    tables = cards()
    tables["statements"].loc[2, "month"] = tables["statements"].month[1]
    report = check(tables, RuleSet.load("card-portfolio"))
    assert (report["one_statement_a_month"].violations, report["months_in_order"].violations) == (1, 0)


def test_bursts_of_card_payments_are_policies():
    tables, rules = cards(), RuleSet.load("card-portfolio")
    burst = tables["payments"].index < 20
    tables["payments"].loc[burst, "account_id"] = 1
    tables["payments"].loc[burst, "ts"] = [DAY + pd.Timedelta(k, "min") for k in range(20)]
    report = check(tables, rules)
    assert (report["velocity"].violations, report["velocity"].first[0].row) == (10, 10)
    assert report["card_testing"].violations == 0
    tables["payments"].loc[burst, "amount"] = 100
    assert check(tables, rules)["card_testing"].first[0].row == 5
    tables["payments"].loc[burst, "country"] = "DE"
    report = check(tables, rules)
    assert report["foreign_payments"].first[0].row == 10
    assert report["possible_travel"].violations == 0  # at home again only hours later
    tables["payments"].loc[12, "country"] = "FR"
    assert [one.row for one in check(tables, rules)["possible_travel"].first] == [12, 13]


def test_caps_follow_the_day_of_the_contract():
    frame = loans(6).assign(jurisdiction="KR", loan_class="consumer", rate=[0.28, 0.25, 0.22, 0.2, 0.21, 0.2])
    frame["opened"] = pd.to_datetime(
        ["2018-02-07", "2018-02-07", "2018-02-08", "2021-07-07", "2021-07-07", "2016-03-02"]
    ).date
    result = check(frame, RuleSet.load("consumer-loans"))["usury_law"]
    assert [finding.row for finding in result.first] == [0, 4]
    assert result.unknown == 1  # before the first row of the table


def test_small_remote_payments_are_a_policy_in_retail_too():
    tables, rules = payments(), RuleSet.load("retail-tx")
    burst = tables["transactions"].index < 12
    tables["transactions"].loc[burst, ["from_account", "amount"]] = [2, 300]
    tables["transactions"].loc[burst, "ts"] = [DAY + pd.Timedelta(k, "min") for k in range(12)]
    assert check(tables, rules)["card_testing"].first[0].row == 5
    crowd = pd.concat([tables["transactions"]] * 3, ignore_index=True)
    crowd = crowd.assign(
        tx_id=np.arange(180), from_account=2, amount=10, ts=[DAY + pd.Timedelta(k, "min") for k in range(180)]
    )
    assert check({**tables, "transactions": crowd}, rules)["personal_velocity"].first[0].row == 40
