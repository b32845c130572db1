"""repair: what passed stays, what broke is mended, twice is once, blocks do not matter, conflicts loud."""

from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from naive.rule_tables import verdicts

from finsim.constraints.checking.check import check
from finsim.constraints.checking.check_preparation import Session
from finsim.constraints.checking.given_tables import table_of
from finsim.constraints.packs.ruleset import RuleSet
from finsim.constraints.repairing.breach_detection import breaches
from finsim.constraints.repairing.repair import repair
from finsim.constraints.repairing.repair_report import GivenUp
from finsim.constraints.repairing.running_balance import recomputed, running_identity
from finsim.constraints.repairing.sequential_repair import Terms, one_by_one
from finsim.constraints.repairing.table_under_repair import Workpiece

OHLCV, LOANS, TX = (RuleSet.load(name) for name in ("ohlcv", "consumer-loans", "retail-tx"))


def broken_rows(rules, table, name):
    found = verdicts(rules, {name: table}, 1_000, name)
    hard = {rule.id for rule in rules.rules if rule.level != "plausible"}
    return {row for rule in hard & set(found) for row, held in enumerate(found[rule]) if held is False}


def mended(table, rules, blocks):
    """Repair and assert what must hold of every repair; return the table."""
    fixed, report = repair(table, rules, blocks=blocks)
    after = check(fixed, rules.needing(table_of(fixed, rules)))
    mending = [one for one in after.results if one.repair and not one.repair.startswith("flag")]
    assert [one.id for one in mending if one.verdict == "broken"] == []
    again, nothing = repair(fixed, rules, blocks=blocks)
    assert again.equals(fixed)
    assert sum(nothing.touched().values()) == 0
    for other in (1, 3, 1_000):
        assert repair(table, rules, blocks=other)[0].equals(fixed)
    assert report.rows_after == fixed.num_rows
    return fixed, report


PRICE = st.sampled_from([-1.0, 0.0, 1.0, 2.0, 2.5, 3.0, 50.0])
BAR = st.tuples(st.integers(0, 12), st.sampled_from("AB"), PRICE, PRICE, PRICE, PRICE, st.integers(-2, 5))


@settings(max_examples=25, deadline=None)
@given(st.lists(BAR, min_size=1, max_size=25), st.integers(1, 30))
def test_any_bars_become_valid_bars(bars, blocks):
    names = ["day", "asset", "open", "high", "low", "close", "volume"]
    frame = pd.DataFrame(bars, columns=names)
    frame["date"] = pd.to_datetime("2024-01-01") + pd.to_timedelta(frame.pop("day"), unit="D")
    frame["number"] = np.arange(len(frame))
    table = pa.Table.from_pandas(frame, preserve_index=False)
    fixed, _ = mended(table, OHLCV, blocks)
    clean = sorted(set(range(len(frame))) - broken_rows(OHLCV, table, "bars"))
    kept = fixed.to_pandas().set_index("number")
    stayed = [number for number in clean if number in kept.index]
    pd.testing.assert_frame_equal(kept.loc[stayed], frame.set_index("number").loc[stayed, kept.columns])
    positive = kept[["open", "high", "low", "close"]].min(axis=1) > 0
    assert positive.all()


LOAN = st.fixed_dictionaries(
    {
        "age": st.integers(16, 30),
        "income": st.sampled_from([0, 100_000, 333_333]),
        "amount": st.integers(-5, 3_000_000),
        "balance": st.integers(-5, 4_000_000),
        "rate": st.sampled_from([-0.01, 0.0, 0.05, 0.2399, 0.31]),
        "term_months": st.integers(0, 60),
        "payment": st.integers(0, 100_000),
        "dti": st.sampled_from([0.1, 0.25]),
        "lgd": st.sampled_from([-0.5, 0.45, 1.5]),
    }
)


@settings(max_examples=25, deadline=None)
@given(st.lists(LOAN, min_size=1, max_size=20), st.integers(1, 30))
def test_any_loans_become_a_consistent_tape(loans, blocks):
    frame = pd.DataFrame(loans).assign(loan_id=np.arange(len(loans)))
    table = pa.Table.from_pandas(frame, preserve_index=False)
    fixed, _ = mended(table, LOANS, blocks)
    for loan in fixed.to_pylist():
        monthly, count = loan["rate"] / 12, loan["term_months"]
        due = loan["amount"] * monthly / (1 - (1 + monthly) ** -count) if monthly else loan["amount"] / count
        assert abs(loan["payment"] - due) <= 1.5
        assert 0 <= loan["rate"] <= 0.24
        assert 0 <= loan["balance"] <= loan["amount"]
        assert loan["age"] >= 21 or loan["amount"] <= 1_000_000
        if loan["income"] > 0:
            assert loan["dti"] == pytest.approx(loan["payment"] / loan["income"], abs=1e-9)
    clean = sorted(set(range(len(loans))) - broken_rows(LOANS, table, "loans"))
    kept = fixed.to_pandas().set_index("loan_id").drop(columns="_rules", errors="ignore")
    pd.testing.assert_frame_equal(kept.loc[clean], frame.set_index("loan_id").loc[clean, kept.columns])


def ledger(seed, count, wrong):
    rng = np.random.default_rng(seed)
    account = np.sort(rng.integers(0, 6, count))
    signed = rng.integers(-500, 900, count)
    opening = 1_000 * account
    balance = opening + pd.Series(signed).groupby(account).cumsum().to_numpy()
    balance[rng.choice(count, wrong, replace=False)] += rng.integers(1, 50, wrong)
    return pd.DataFrame(
        {
            "account_id": account,
            "ts": pd.to_datetime("2026-01-01", utc=True) + pd.to_timedelta(np.arange(count), unit="h"),
            "tx_id": np.arange(count),
            "signed": signed,
            "balance_after": balance,
            "opening_balance": opening,
            "overdraft_limit": 10**9,
            "external": False,
        }
    )


@pytest.mark.parametrize(("seed", "count", "wrong"), [(0, 60, 5), (1, 200, 1), (2, 200, 80), (3, 6, 6)])
def test_a_running_balance_is_recomputed_row_by_row(seed, count, wrong):
    frame = ledger(seed, count, wrong)
    fixed, report = mended(pa.Table.from_pandas(frame, preserve_index=False), TX, 50)
    expected = frame.opening_balance + frame.signed.groupby(frame.account_id).cumsum()
    assert fixed["balance_after"].to_pylist() == expected.tolist()
    assert report.touched()["ledger"] == wrong


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("default", [", default: opening_balance", ""])
def test_the_running_pass_equals_going_row_by_row(seed, default):
    text = TX.dump().replace(", default: opening_balance", default)
    rules = RuleSet.parse(text)
    rule, frame = rules.rule("ledger"), ledger(seed, 80, 10).sample(frac=1, random_state=seed)
    session = Session(rules, {"legs": pa.Table.from_pandas(frame, preserve_index=False)}, None)
    piece = Workpiece(session, "legs")
    rows = breaches([rule], piece, 16, None)["ledger"]
    parts = running_identity(rule)
    assert parts is not None
    quick = recomputed(rule, parts, piece, rows)
    slow = one_by_one(rule, piece, rows, Terms((), 16, None))
    assert quick.rows.tolist() == slow.rows.tolist()
    assert quick.values["balance_after"].tolist() == slow.values["balance_after"].tolist()


ALMOST = {
    "balance_after = lag(balance_after, default: 0) + 2 * signed": True,
    "balance_after = signed - overdraft_limit * 2 + lag(balance_after)": True,
    "balance_after = lag(balance_after, 2) + signed": False,
    "balance_after = signed + lag(balance_after) - lag(signed)": False,
    "balance_after = -lag(balance_after) + signed": False,
    "balance_after = lag(balance_after) + round(balance_after / 2)": False,
    "balance_after <= lag(balance_after) + signed": False,
}


@pytest.mark.parametrize("check", ALMOST)
def test_only_a_running_identity_gets_the_running_pass(check):
    value = check.partition("=")[2].strip()
    text = TX.dump().replace("lag(balance_after, default: opening_balance) + signed", value)
    rules = RuleSet.parse(text.replace(f"balance_after = {value}", check))
    assert (running_identity(rules.rule("ledger")) is not None) == ALMOST[check]


def test_a_null_in_a_running_balance_starts_it_anew():
    frame = ledger(4, 40, 6).astype({"signed": "Int64", "balance_after": "Int64"})
    frame.loc[[10, 20], "signed"] = pd.NA
    old, new = "signed:\n        type: money", "signed:\n        'null': true\n        type: money"
    assert old in TX.dump()
    fixed, _ = repair(frame, RuleSet.parse(TX.dump().replace(old, new)))
    mended, stored = fixed["balance_after"].to_pylist(), frame.balance_after.tolist()
    assert [mended[10], mended[20]] == [stored[10], stored[20]]
    for row in range(1, 40):
        if frame.account_id[row] == frame.account_id[row - 1] and row not in (10, 20):
            assert mended[row] == mended[row - 1] + frame.signed[row]


SEQUENCE = """
finsim-rules: 1
pack: {id: seq, version: 1}
table: t
order: {group: [g], by: [t]}
columns: {g: {type: id}, t: {type: int}, v: {type: float, null: true}, w: {type: float, null: true}}
rules:
"""


def naive_forward(frame, breaks, act):
    """Go through each group in order; ``act`` returns the row's new v, or None to drop it."""
    kept = []
    for _, group in frame.groupby("g", sort=False):
        before = None
        for row in group.sort_values("t", kind="stable").to_dict("records"):
            if before is not None and breaks(row, before):
                changed = act(row, before)
                if changed is None:
                    continue
                row["v"] = changed
            kept.append(row)
            before = row
    return pd.DataFrame(kept).sort_values("n").reset_index(drop=True)


@pytest.mark.parametrize("blocks", [1, 4, 1_000])
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(
    ("rule", "breaks", "act"),
    [
        ("check: v >= lag(v), repair: {do: drop}", lambda r, b: r["v"] < b["v"], lambda r, b: None),
        ("check: v >= lag(v) - 1, repair: {do: clip, on: v}", lambda r, b: r["v"] < b["v"] - 1,
         lambda r, b: b["v"] - 1),
        ("check: v <= 2 * lag(v), repair: {do: set, expr: 'v := lag(v) + w'}",
         lambda r, b: r["v"] > 2 * b["v"], lambda r, b: b["v"] + r["w"]),
    ],
)  # fmt: skip
def test_repairs_that_see_mended_predecessors_equal_going_row_by_row(rule, breaks, act, seed, blocks):
    rng = np.random.default_rng(seed)
    count = 120
    frame = pd.DataFrame(
        {
            "n": np.arange(count),
            "g": rng.integers(0, 5, count),
            "t": rng.integers(0, 50, count),
            "v": rng.choice([0.5, 1.0, 2.0, 8.0, 9.0], count),
            "w": rng.choice([0.0, 0.25], count),
        }
    )
    fixed, _ = repair(frame, RuleSet.parse(SEQUENCE + f"  - {{id: r, {rule}}}\n"), blocks=blocks)
    pd.testing.assert_frame_equal(fixed.to_pandas(), naive_forward(frame, breaks, act))


def test_the_report_counts_and_measures_moves():
    frame = pd.DataFrame({"date": pd.date_range("2024-01-01", periods=4), "close": [1.0, 2.0, 3.0, 4.0]})
    frame = frame.assign(open=frame.close, low=frame.close, high=[1.0, 2.0, 1.0, 4.0], volume=[1, 1, -3, 1])
    fixed, report = repair(frame, OHLCV)
    assert fixed["high"].to_pylist() == [1, 2, 3, 4]
    assert fixed["volume"].to_pylist() == [1, 1, 0, 1]
    assert fixed["volume"].type == pa.int64()
    assert report.touched()["high_is_highest"] == 1
    one = next(rule for rule in report.rules if rule.id == "high_is_highest")
    assert one.move == pytest.approx(2.0 / np.std([1, 2, 1, 4]))
    assert "high_is_highest: set, 1 rows, mean move" in report.to_text()
    assert report.to_dict()["rows_after"] == 4


def test_rules_without_repair_are_left_and_named():
    frame = pd.DataFrame({"loan_id": [1], "amount": [100], "rate": [0.1], "term_months": [1], "age": [12]})
    fixed, report = repair(frame, LOANS)
    assert report.left == {"mostly_adults": 1}
    assert fixed.to_pandas().equals(frame)


def test_flags_name_the_rules_in_a_column_and_are_written_once():
    frame = pd.DataFrame({"loan_id": [1, 2], "amount": [9, 9], "rate": [0.1, 0.1], "term_months": [1, 1]})
    fixed, _ = repair(frame.assign(income=[0, 5]), LOANS)
    assert fixed["_rules"].to_pylist() == ["income_positive", None]
    assert repair(fixed, LOANS)[0].equals(fixed)


def test_excused_rows_are_left_alone():
    text = SEQUENCE.replace("v: {", "narrative: {type: cat, null: true}, v: {") + (
        "  - {id: r, level: policy, check: v <= 1, repair: {do: clip, on: v}}\n"
    )
    frame = pd.DataFrame(
        {"g": [1, 1], "t": [1, 2], "narrative": ["scam", None], "v": [5.0, 5.0], "w": [0.0, 0.0]}
    )
    fixed, _ = repair(frame, RuleSet.parse(text), excused={"scam": {"r"}})
    assert fixed["v"].to_pylist() == [5.0, 1.0]


def test_contradicting_repairs_give_the_row_up_and_name_rules_and_rows():
    text = SEQUENCE + (
        "  - {id: high, check: v >= 5, repair: {do: clip, on: v}}\n"
        "  - {id: low, check: v <= 3, repair: {do: clip, on: v}}\n"
    )
    frame = pd.DataFrame({"g": [1], "t": [1], "v": [4.0], "w": [0.0]})
    fixed, report = repair(frame, RuleSet.parse(text))
    assert fixed.to_pylist() == [{"g": 1, "t": 1, "v": 4.0, "w": 0.0, "_rules": "high,low"}]
    assert report.given_up == (GivenUp(("high", "low"), "flag", 1, (0,)),)
    assert "1 rows left as given and flagged (row 0); at odds: high, low in row 0" in report.to_text()
    assert (report.lost, report.touched()) == (1, {"high": 0, "low": 0})


def test_a_repair_that_cannot_be_computed_gives_the_row_up():
    text = SEQUENCE + "  - {id: r, check: v > 0, repair: {do: set, expr: 'v := w'}}\n"
    frame = pd.DataFrame({"g": [1, 1], "t": [1, 2], "v": [-1.0, -1.0], "w": [np.nan, 3.0]})
    fixed, report = repair(frame, RuleSet.parse(text))
    assert (fixed["v"].to_pylist(), fixed["_rules"].to_pylist()) == ([-1.0, 3.0], ["r", None])
    assert report.given_up == (GivenUp(("r",), "flag", 1, (0,)),)
    assert "its repair does not satisfy r in row 0" in report.to_text()


STORED = """
finsim-rules: 1
pack: {id: stored, version: 1}
table: t
columns:
  n: {type: int}
  money: {type: money, ccy: USD, unit: minor}
  day: {type: date}
  time: {type: ts}
  word: {type: cat}
  flag: {type: bool}
  small: {type: float}
rules:
  - {id: a, check: money <= 5 USD, repair: {do: clip, on: money}}
  - {id: b, check: "day <= d'2024-01-01'", repair: {do: clip, on: day}}
  - {id: c, check: "time >= d'2024-01-01'", repair: {do: clip, on: time}}
  - {id: d, check: "word = 'good'", repair: {do: set, expr: "word := 'good'"}}
  - {id: e, check: flag, repair: {do: set, expr: "flag := n > 0"}}
  - {id: f, check: small < 1, repair: {do: clip, on: small}}
  - {id: g, check: n > 2, repair: {do: clip, on: n}}
"""


@pytest.mark.parametrize(
    ("money", "day", "time", "word", "small", "whole"),
    [
        (pa.int64(), pa.date32(), pa.timestamp("ns", tz="UTC"), pa.string(), pa.float64(), pa.int64()),
        (pa.decimal128(12, 2), pa.timestamp("s"), pa.timestamp("us"), pa.dictionary(pa.int32(), pa.string()),
         pa.float32(), pa.int8()),
        (pa.decimal128(20, 4), pa.date64(), pa.timestamp("ms", tz="Europe/Berlin"), pa.large_string(),
         pa.int32(), pa.int32()),
    ],
)  # fmt: skip
def test_values_are_written_back_in_the_type_in_which_they_are_stored(money, day, time, word, small, whole):
    amounts = [Decimal("1.00"), Decimal("7.25")] if pa.types.is_decimal(money) else [100, 725]
    table = pa.table(
        {
            "n": pa.array([3, 0], whole),
            "money": pa.array(amounts, money),
            "day": pa.array([19_000, 19_999], pa.int32()).cast(pa.date32()).cast(day),
            "time": pa.array([1_800_000_000, 0], pa.int64()).cast(pa.timestamp("s")).cast(
                pa.timestamp(time.unit)).cast(time),
            "word": pa.array(["good", "bad"]).cast(word) if not pa.types.is_dictionary(word) else pa.array(
                ["good", "bad"]).dictionary_encode(),
            "flag": [True, False],
            "small": pa.array([0, 2], small),
        }
    )  # fmt: skip
    rules = RuleSet.parse(STORED)
    fixed, _ = repair(table, rules)
    assert fixed.schema == table.schema
    assert check(fixed, rules).ok
    assert fixed.to_pylist()[0] == table.to_pylist()[0]
    assert fixed["n"].to_pylist() == [3, 3]


@pytest.mark.parametrize(
    ("check", "before", "after"),
    [
        ("n >= 2.5", 1, 3),
        ("n <= 2.5", 9, 2),
        ("n > 2", 1, 3),
        ("n < 2", 9, 1),
        ("n > 1.5", 0, 2),
        ("n <= 2", 9, 2),
    ],
)
def test_clip_moves_whole_numbers_to_the_nearest_allowed(check, before, after):
    text = "finsim-rules: 1\npack: {id: clip, version: 1}\ntable: t\ncolumns: {n: {type: int}}\nrules:\n"
    rules = RuleSet.parse(text + f"  - {{id: r, check: {check}, repair: {{do: clip, on: n}}}}\n")
    assert repair(pd.DataFrame({"n": [before]}), rules)[0]["n"].to_pylist() == [after]


def test_sequence_set_of_another_column_needs_no_going_row_by_row():
    text = (
        SEQUENCE
        + "  - {id: r, check: w = v - lag(v), tol: 1e-12, repair: {do: set, expr: 'w := v - lag(v)'}}\n"
    )
    frame = pd.DataFrame({"g": [1, 1, 1], "t": [1, 2, 3], "v": [1.0, 4.0, 6.0], "w": [0.0, 0.0, 2.0]})
    fixed, report = repair(frame, RuleSet.parse(text))
    assert fixed["w"].to_pylist() == [0.0, 3.0, 2.0]
    assert report.touched() == {"r": 1}
