"""The shipped packs: complete, cited, true on real data, and able to fail on planted faults."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import yaml

from finsim.constraints.checking.check import check, check_batches
from finsim.constraints.explaining.explain import explain
from finsim.constraints.packs.ruleset import RuleSet
from finsim.constraints.repairing.repair import repair
from finsim.documents import shipped
from finsim.errors import DataError, RuleError
from finsim.records.legs import legs

PACKS = sorted(path.stem for path in shipped("constraints").glob("*.yaml"))


@pytest.mark.parametrize("name", PACKS)
def test_every_rule_says_why_and_by_whose_word(name):
    rules = RuleSet.load(name)
    assert rules.id == name
    silent = [rule.id for rule in rules.rules if not (rule.why and (rule.cite or rule.assumption))]
    assert silent == []
    for param in yaml.safe_load((shipped("constraints") / f"{name}.yaml").read_text())["params"].values():
        assert isinstance(param, dict)
        assert {"why", "cite", "assumption"} & set(param)


@pytest.mark.parametrize("name", PACKS)
def test_a_pack_survives_the_round_trip(name):
    rules = RuleSet.load(name)
    again = RuleSet.parse(rules.dump())
    assert again.digest == rules.digest
    assert again.dump() == rules.dump()
    assert [rule.text for rule in again.rules] == [rule.text for rule in rules.rules]


def test_the_digest_is_of_the_contents_not_of_the_layout():
    text = (shipped("constraints") / "ohlcv.yaml").read_text()
    rules = RuleSet.parse(text)
    assert RuleSet.parse("# another comment\n" + text).digest == rules.digest
    assert RuleSet.parse(text.replace("25%", "26%")).digest != rules.digest


def test_dump_keeps_texts_that_look_like_numbers():
    text = "finsim-rules: 1\npack: {id: a, version: '1e3', title: 'no', owner: 'null'}\ntable: t\n"
    text += "columns: {x: {type: float, default: 1e-9, optional: true}}\n"
    text += "rules: [{id: r, check: x > 0, tol: 1e-12}]\n"
    rules = RuleSet.parse(text)
    again = RuleSet.parse(rules.dump())
    assert again.data == rules.data
    assert again.version == "1e3"


def bars(count=300, seed=3):
    rng = np.random.default_rng(seed)
    close = 100 * np.exp(np.cumsum(0.01 * rng.standard_normal(count)))
    opened = np.append(close[0], close[:-1]) * np.exp(0.002 * rng.standard_normal(count))
    return pd.DataFrame(
        {
            "Date": pd.date_range("2020-01-01", periods=count),
            "Ticker": "ABC",
            "Open": opened,
            "High": np.maximum(opened, close) * 1.004,
            "Low": np.minimum(opened, close) * 0.996,
            "Close": close,
            "AdjClose": close / 2,
            "Volume": rng.integers(0, 10**6, count),
        }
    )


FAULTS = {
    "positive_prices": {"Low": -1.0},
    "positive_close": {"Close": -5.0},
    "high_is_highest": {"High": 1.0},
    "low_is_lowest": {"Low": 1e9},
    "volume_not_negative": {"Volume": -1},
    "dates_in_order": {"Date": pd.Timestamp("2019-01-01")},
    "dates_distinct": {"Date": pd.Timestamp("2020-01-02")},
    "bars.complete": {"Close": np.nan},
}


@pytest.mark.parametrize("rule", FAULTS)
def test_ohlcv_finds_each_planted_fault(rule):
    rules, frame = RuleSet.load("ohlcv"), bars()
    assert check(frame, rules).ok
    for column, value in FAULTS[rule].items():
        frame.loc[37, column] = value
    report = check(frame, rules)
    assert rule in report.broken()
    assert report[rule].first[0].row == 37 or rule == "dates_distinct"


@pytest.mark.parametrize(
    ("rule", "column", "factor"), [("daily_move", "Close", 1.5), ("opening_gap", "Open", 1.2)]
)
def test_ohlcv_wants_jumps_to_be_rare(rule, column, factor):
    rules, frame = RuleSet.load("ohlcv"), bars()
    frame.loc[50, column] *= factor
    assert check(frame, rules)[rule].verdict == "passed"  # one jump in 300 bars may happen
    frame.loc[::10, column] *= factor
    assert check(frame, rules)[rule].verdict == "broken"
    assert check(frame, rules, {"large_move": "60%", "large_gap": "60%"})[rule].verdict == "passed"


def test_a_negative_price_is_a_rule_per_asset():
    rules, frame = RuleSet.load("ohlcv"), bars().assign(Ticker="WTI")
    frame.loc[100, ["Open", "Low", "Close"]] = [-14.0, -40.32, -36.98]
    assert "positive_prices" in check(frame, rules).broken()
    assert check(frame, rules, {"may_be_negative": ["WTI"]})["positive_prices"].verdict == "passed"
    assert check(frame, rules, {"may_be_negative": ["BRENT"]})["positive_prices"].verdict == "broken"


def test_bundled_bars_hold_and_planted_faults_are_mended(tmp_path):
    bundled = shipped("data") / "wiki_aapl_ibm_2000_2013.csv.gz"
    rules = RuleSet.load("ohlcv")
    assert check(bundled, rules).ok
    frame = pd.read_csv(bundled)
    frame.loc[5, "High"], frame.loc[9, "Volume"] = 1.0, -3
    path = tmp_path / "broken.csv"
    frame.to_csv(path, index=False)
    fixed, report = repair(path, rules)
    assert check(fixed, rules).ok
    assert sum(report.touched().values()) == 2
    assert fixed["high"][5].as_py() == max(frame.Open[5], frame.Close[5])


@pytest.mark.parametrize(
    ("name", "broken"),
    [
        ("wiki_ohlcv_aapl_ibm_goog_fb_2000_2013.csv.gz", []),
        ("sp500_ohlcv_1950_2018.csv.gz", []),
        ("us_etf_stock_ohlcv_1998_2020.parquet", []),
        ("us_equity12_adjclose_1990_2020.csv.gz", None),
    ],
)
def test_real_bars(shared, name, broken):
    table = shared / "market_daily" / name
    if broken is None:  # a wide panel has no close column
        with pytest.raises(RuleError, match="no column 'close'"):
            check(table, RuleSet.load("ohlcv"))
        return
    report = check(table, RuleSet.load("ohlcv"))
    assert report.broken() == broken
    stream = check_batches(table, RuleSet.load("ohlcv"))
    assert stream.counts() == report.counts()


def tx_world():
    """Four accounts, a cash desk and a handful of payments that obey every rule."""
    accounts = pd.DataFrame(
        {
            "account_id": [1, 2, 3, 9],
            "kind": ["current", "savings", "business", "external"],
            "opening_balance": [100_000, 0, 5_000, 0],
            "overdraft_limit": [0, 0, 1_000, 0],
            "opened": pd.to_datetime(["2020-01-01"] * 4).date,
        }
    )
    moves = [(9, 1, 300_000), (1, 2, 50_000), (9, 1, 400_000), (2, 3, 20_000), (9, 1, 200_000), (3, 1, 6_000)]
    rows, balance = [], dict(zip(accounts.account_id, accounts.opening_balance, strict=True))
    for number, (payer, payee, amount) in enumerate(moves):
        balance[payer] -= amount
        balance[payee] += amount
        rows.append((number, payer, payee, amount, balance[payer], balance[payee]))
    names = ["tx_id", "from_account", "to_account", "amount", "from_balance_after", "to_balance_after"]
    frame = pd.DataFrame(rows, columns=names)
    days = pd.to_timedelta(np.arange(len(moves)), unit="D")
    return frame.assign(
        ts=pd.Timestamp("2026-01-01", tz="UTC") + days,
        status="posted",
        channel=["cash" if payer == 9 else "instant" for payer in frame.from_account],
        is_fraud=False,
        is_laundering=False,
        narrative=None,
        instance=-1,
        phase=None,
    ), accounts


def tx_report(frame, accounts, **options):
    return check({"transactions": frame, "accounts": accounts}, RuleSet.load("retail-tx"), **options)


TX_FAULTS = {
    "amount_positive": {"amount": 0},
    "two_parties": {"to_account": 2},
    "status_known": {"status": "pending"},
    "in_time_order": {"ts": pd.Timestamp("2025-01-01", tz="UTC")},
    "payer_exists": {"from_account": 77},
    "payee_exists": {"to_account": 77},
    "accounts_open": {"ts": pd.Timestamp("2019-12-31 23:59", tz="UTC")},
    "payer_can_pay": {"from_balance_after": -1},
    "truth_has_a_story": {"is_fraud": True},
    "story_is_whole": {"narrative": "app_scam"},
    "decoys_are_benign": {
        "narrative": "payroll_fan_out",
        "is_laundering": True,
        "instance": 1,
        "phase": "pay",
    },
    "transactions.key": {"tx_id": 2},
    "transactions.complete": {"status": None},
}


@pytest.mark.parametrize("rule", TX_FAULTS)
def test_retail_tx_finds_each_planted_fault(rule):
    frame, accounts = tx_world()
    report = tx_report(frame, accounts)
    assert not report.broken(), report.to_text()
    frame["narrative"], frame["phase"] = frame.narrative.astype(object), frame.phase.astype(object)
    for column, value in TX_FAULTS[rule].items():
        frame.loc[3, column] = value
    report = tx_report(frame, accounts)
    assert rule in report.broken(), report.to_text()
    assert report[rule].first[0].row == 3


def test_structuring_is_a_policy_that_only_a_narrative_may_break():
    frame, accounts = tx_world()
    frame.loc[5, ["from_account", "channel"]] = [9, "cash"]
    frame.loc[frame.channel == "cash", "amount"] = 300_000  # four times 3,000 within six days
    report = tx_report(frame, accounts)
    assert (report["structuring"].violations, report["structuring"].first[0].row) == (1, 5)
    frame["narrative"] = frame.narrative.astype(object)
    frame.loc[5, "narrative"] = "scatter_gather_structuring"
    excused = {"scatter_gather_structuring": {"structuring"}}
    assert tx_report(frame, accounts, excused=excused)["structuring"].excused == 1
    assert tx_report(frame, accounts, excused={"other": {"structuring"}})["structuring"].violations == 1
    frame.loc[5, "ts"] += pd.Timedelta(days=4)  # outside the week
    assert tx_report(frame, accounts)["structuring"].violations == 0
    assert tx_report(frame, accounts, params={"ctr": "13_000 USD"})["structuring"].violations == 0
    assert tx_report(frame, accounts, params={"worth_splitting": "3_001 USD"})["structuring"].fired == 0


def test_velocity_tolerates_a_few():
    frame, accounts = tx_world()
    many = pd.concat([frame.iloc[[1]]] * 200, ignore_index=True).assign(tx_id=np.arange(200))
    many["ts"] += pd.to_timedelta(np.arange(200), unit="min")
    assert tx_report(many, accounts)["velocity"].verdict == "broken"
    many["ts"] += pd.to_timedelta(np.arange(200), unit="h")
    assert tx_report(many, accounts)["velocity"].verdict == "passed"


def test_legs_follow_from_the_payments():
    frame, accounts = tx_world()
    both = legs(pa.Table.from_pandas(frame), pa.Table.from_pandas(accounts))
    rules = RuleSet.load("retail-tx")
    assert check({"legs": both}, rules.needing("legs")).verdicts()["broken"] == []
    wrong = both.to_pandas()
    wrong.loc[2, "balance_after"] += 1
    report = check({"legs": wrong}, rules.needing("legs"))
    assert [finding.row for finding in report["ledger"].first] == [2, 3]
    assert "lag" in next(iter(report["ledger"].first[0].operands.keys() - {"balance_after", "signed"}))
    fixed, _ = repair(wrong, rules)
    assert fixed.to_pandas().equals(both.to_pandas())


def test_explain_tells_a_reviewer_what_is_wrong_and_what_repair_would_do():
    frame = bars()
    frame.loc[7, ["High", "Volume"]] = [1.0, -2]
    rules = RuleSet.load("ohlcv")
    text = str(explain(frame, rules, 7))
    assert "row 7 of bars under pack ohlcv" in text
    assert "high_is_highest (invariant)" in text
    assert "here:   1 >= max(" in text
    assert "source: definition of a bar" in text
    top = max(frame.Open[7], frame.Close[7])
    assert f"high := max(high, open, close) (gives high = {top:.10g})" in text
    assert "clip volume (gives volume = 0)" in text
    assert "breaks no rule" in str(explain(frame, rules, 8))
    assert "cannot be decided" in str(explain(frame, rules, 0))
    with pytest.raises(DataError, match="no row 300"):
        explain(frame, rules, 300)


def test_explain_agrees_with_check_on_every_row():
    frame = bars(60)
    frame.loc[[3, 9], "Low"] = [-1.0, 1e6]
    frame.loc[20, "Date"] = frame.Date[2]
    rules = RuleSet.load("ohlcv")
    report = check(frame, rules)
    told = {row for result in report.results if result.violations for row in (f.row for f in result.first)}
    assert {row for row in range(60) if explain(frame, rules, row).breaches} == told
