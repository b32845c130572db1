"""Every rule of every shipped pack against SQL by hand: violations and undecided rows, nulls included."""

import importlib
import re

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from naive.pack_sql.tables import MAKERS

from finsim.constraints.checking.check import check
from finsim.constraints.packs.ruleset import RuleSet
from finsim.documents import shipped

PACKS = sorted(path.stem for path in shipped("constraints").glob("*.yaml"))
CSV = {"usury": "usury-caps.csv", "ticks": "tick-sizes.csv"}


def twin(pack):
    return importlib.import_module(f"naive.pack_sql.{pack.replace('-', '_')}")


def counted(pack, tables, ids):
    """Return rule id -> (rows that break it, rows undecided, rows) by DuckDB."""
    sql, found = twin(pack), {}
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    for name, file in CSV.items():
        connection.execute(f"CREATE TABLE {name} AS FROM read_csv('{shipped('constraints') / file}')")
    for name, table in tables.items():
        numbered = table.append_column("rn", pa.array(np.arange(table.num_rows)))
        connection.register(f"{name}_given", numbered)
        connection.execute(f"CREATE TABLE {name} AS FROM {name}_given")
    for name, text in sql.VIEWS.items():
        if any(sql.RULES[one][0] == name for one in ids) or name in needed(sql, ids):
            connection.execute(f"CREATE TABLE {name} AS {text}")
    for view in {sql.RULES[one][0] for one in ids}:
        mine = [one for one in ids if sql.RULES[one][0] == view]
        terms = []
        for one in mine:
            _, when, check_it = sql.RULES[one]
            held = f"((NOT ({when})) OR ({check_it}))" if when else f"({check_it})"
            terms.append(
                f"count(*) FILTER (WHERE {held} IS FALSE), count(*) FILTER (WHERE {held} IS NULL), count(*)"
            )
        numbers = connection.execute(f"SELECT {', '.join(terms)} FROM {view}").fetchone()
        found |= {one: numbers[3 * k : 3 * k + 3] for k, one in enumerate(mine)}
    return found


def needed(sql, ids):
    """Return the views that the views of some rules read."""
    waiting, seen = [sql.RULES[one][0] for one in ids], set()
    while waiting:
        text = sql.VIEWS.get(waiting.pop(), "")
        fresh = {name for name in sql.VIEWS if re.search(rf"\b{name}\b", text)} - seen
        seen |= fresh
        waiting += fresh
    return seen


def compared(pack, tables):
    """Compare every rule that can run on the tables; return the results of `check`."""
    report = check(tables, RuleSet.load(pack), twin(pack).PARAMS)
    ran = {result.id: result for result in report.results if result.verdict != "skipped"}
    wanted = counted(pack, tables, list(ran))
    assert {name: (one.violations, one.unknown, one.rows) for name, one in ran.items()} == wanted
    return ran


@pytest.mark.parametrize("pack", PACKS)
def test_every_rule_has_its_twin(pack):
    assert set(twin(pack).RULES) == {rule.id for rule in RuleSet.load(pack).rules}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("pack", PACKS)
def test_counts_agree_on_random_tables_with_nulls(pack, seed):
    tables = MAKERS[pack](np.random.default_rng(seed))
    ran = compared(pack, tables)
    assert set(ran) == set(twin(pack).RULES)  # no rule was skipped
    told = [name for name, one in ran.items() if 0 < one.violations < one.rows - one.unknown]
    undecided = [name for name, one in ran.items() if one.unknown]
    assert len(told) >= 0.85 * len(ran), sorted(set(ran) - set(told))
    assert len(undecided) >= 0.5 * len(ran)


def cents(values):
    return np.rint(values.to_numpy(float) * 100).astype("int64")


def plain(table):
    """Return a frame as an Arrow table."""
    return pa.Table.from_pandas(table, preserve_index=False)


def read_frame(path):
    return pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path)


@pytest.mark.parametrize(
    "name",
    [
        "wiki_ohlcv_aapl_ibm_goog_fb_2000_2013.csv.gz",
        "sp500_ohlcv_1950_2018.csv.gz",
        "us_etf_stock_ohlcv_1998_2020.parquet",
    ],
)
def test_counts_agree_on_real_bars(shared, name):
    frame = read_frame(shared / "market_daily" / name)
    frame.columns = [column.lower().removeprefix("adj") for column in frame.columns]
    frame = frame.loc[:, ~frame.columns.duplicated()].rename(columns={"ticker": "asset", "name": "asset"})
    frame = frame[[column for column in SCHEMA if column in frame]].assign(path=0)
    frame["asset"] = frame.get("asset", "INDEX")
    frame["date"] = pd.to_datetime(frame.date).dt.date
    ran = compared("ohlcv", {"bars": plain(frame)})
    assert len(ran) == len(twin("ohlcv").RULES)
    assert ran["daily_move"].unknown == frame.asset.nunique()


SCHEMA = ("path", "date", "asset", "open", "high", "low", "close", "volume")


def test_the_negative_price_of_oil_breaks_and_may(shared):
    frame = pd.read_csv(shared / "macro" / "risk_factors_daily_1962_2020.csv.gz")
    wti = next(column for column in frame if "wti" in column.lower())
    date = frame.columns[0]
    bars = pd.DataFrame(
        {"date": pd.to_datetime(frame[date]).dt.date, "asset": "WTI", "close": frame[wti]}
    ).dropna()
    assert check(bars, RuleSet.load("ohlcv"))["positive_close"].violations == 1
    lowest = check(bars, RuleSet.load("ohlcv"))["positive_close"].first[0].operands["close"]
    assert lowest == "-36.98"
    assert check(bars, RuleSet.load("ohlcv"), {"may_be_negative": ["WTI"]})["positive_close"].violations == 0


def test_counts_agree_on_real_consumer_loans(shared):
    given = pd.read_csv(shared / "credit" / "lendingclub_2018q1_loans.csv.gz")
    loans = pd.DataFrame(
        {
            "loan_id": np.arange(len(given)),
            "obligor_id": np.arange(len(given)),
            "sector": given.loan_purpose,
            "loan_class": "consumer",
            "age": 40,
            "jurisdiction": np.where(given.state == "NY", "US-NY", ""),
            "income": cents(given.annual_income / 12),
            "other_debt": 0,
            "amount": cents(given.loan_amount),
            "balance": cents(given.balance),
            "rate": given.interest_rate / 100,
            "term_months": given.term,
            "payment": cents(given.installment),
            "dti": given.debt_to_income / 100,
            "pd": 0.05,
            "lgd": 0.5,
            "rho": 0.1,
            "opened": pd.to_datetime(given.issue_month, format="%b-%Y").dt.date,
            "collateral_value": pd.array([pd.NA] * len(given), dtype="Int64"),
            "ltv": np.nan,
        }
    )
    months = MAKERS["consumer-loans"](np.random.default_rng(1))["months"]
    ran = compared("consumer-loans", {"loans": plain(loans), "months": months})
    assert ran["annuity_identity"].violations < 0.001 * len(loans)  # the lender rounds like the rule
    assert ran["usury_cap"].violations > 100
    assert ran["ltv_identity"].unknown == len(loans)


def test_counts_agree_on_real_card_statements(shared):
    given = pd.read_csv(shared / "credit" / "taiwan_card_default.csv.gz").head(4_000)
    late = ["PAY_0", *(f"PAY_{k}" for k in range(2, 7))]
    parts = [
        pd.DataFrame(
            {
                "account_id": given.index,
                "month": (pd.Timestamp("2005-09-30") - pd.offsets.MonthEnd(k)).date(),
                "credit_limit": given.LIMIT_BAL,
                "payments": given[f"PAY_AMT{k + 1}"],
                "balance": given[f"BILL_AMT{k + 1}"],
                "days_past_due": 30 * given[late[k]].clip(lower=0),
                "utilisation": given[f"BILL_AMT{k + 1}"] / given.LIMIT_BAL,
                "status": np.where(given[late[k]] > 0, "delinquent", "current"),
            }
        )
        for k in range(6)
    ]
    rest = MAKERS["card-portfolio"](np.random.default_rng(0))
    frame = pd.concat(parts, ignore_index=True)
    for name in rest["statements"].column_names:
        if name not in frame:
            kind = rest["statements"].schema.field(name).type
            frame[name] = "" if kind == pa.string() else (0.2 if kind == pa.float64() else 0)
    given_schema = rest["statements"].schema
    statements = pa.Table.from_pandas(frame[given_schema.names], given_schema, preserve_index=False)
    ran = compared("card-portfolio", {**rest, "statements": statements})
    assert ran["utilisation_identity"].violations == 0
    assert ran["dpd_steps"].violations > 100  # a status of two months late follows one of none
    assert ran["utilisation_sound"].violations > 100


def test_counts_agree_on_real_card_payments(shared):
    given = pd.read_parquet(shared / "synthetic_fraud" / "handbook_cards_cust0_599.parquet").head(6_000)
    names = {column.lower(): column for column in given}
    rest = MAKERS["card-portfolio"](np.random.default_rng(0))
    count = len(given)
    payments = pa.table(
        {
            "payment_id": np.arange(count),
            "account_id": given[names["customer_id"]].to_numpy("int64"),
            "ts": pa.array(
                pd.to_datetime(given[names["tx_datetime"]]).dt.tz_localize("UTC").dt.as_unit("us")
            ),
            "amount": cents(given[names["tx_amount"]]),
            "status": ["posted"] * count,
            "country": ["US"] * count,
            "category": ["shop"] * count,
            "is_present": [True] * count,
            "user_age": [40] * count,
        }
    )
    ran = compared("card-portfolio", {**rest, "payments": payments})
    assert ran["velocity"].violations < 10


MINUTES = {
    "Time": "ts", "Ticker": "symbol", "BidClose": "bid", "AskClose": "ask", "BidSize": "bid_size",
    "AskSize": "ask_size", "Close": "price",
}  # fmt: skip


def quotes(frame, symbol):
    """Return a frame of quotes with every column of the pack, absent ones null."""
    schema = MAKERS["quotes-lob"](np.random.default_rng(0))["quotes"].schema
    frame = frame.assign(seq=np.arange(len(frame)), event="quote")
    frame["symbol"] = frame.get("symbol", symbol)
    for name in schema.names:
        if name not in frame:
            frame[name] = None
    return {"quotes": pa.Table.from_pandas(frame[schema.names], schema, preserve_index=False)}


@pytest.mark.parametrize("name", ["us_equity_minute", "btcusd_minute", "eurusd_daily", "bitstamp"])
def test_counts_agree_on_real_quotes(shared, name):
    if name == "bitstamp":
        given = pd.read_parquet(shared / "lob" / "bitstamp_btcusd_20150501_depth.parquet").head(5_000)
        given.columns = [column.replace(".", "_") for column in given]
        frame = pd.DataFrame(
            {
                "ts": pd.to_datetime((given.timestamp * 1_000).round().astype("int64"), unit="ms", utc=True),
                "bid": given.best_bid_price, "ask": given.best_ask_price,
                "bid_size": given.best_bid_vol / 1e8, "ask_size": given.best_ask_vol / 1e8,
            }
        )  # fmt: skip
        symbol = "BTCUSD"
    elif name == "eurusd_daily":
        given = pd.read_csv(shared / "fx" / "eurusd_daily_bidask.csv.gz")
        frame = pd.DataFrame({"ts": given.Time, "bid": given.BidClose, "ask": given.AskClose})
        symbol = "EURUSD"
    else:
        given = pd.read_csv(shared / "intraday" / f"{name}_trades_quotes.csv.gz")
        frame, symbol = given.rename(columns=MINUTES), ""
    frame["ts"] = pd.to_datetime(frame.ts, utc=True)
    ran = compared("quotes-lob", quotes(frame, symbol))
    assert ran["bid_on_tick"].violations <= 0.01 * len(frame)
    assert ran["positive_quotes"].violations == 0
    assert ran["times_in_order"].violations <= 3
    assert ran["uncrossed"].violations <= 0.02 * len(frame)
