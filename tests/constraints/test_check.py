"""check and check_batches: levels, counts, excuses, intervals, first rows, streams, parameters."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from naive.rule_tables import as_table, others_table, pack, random_others, random_rows

from finsim.constraints.checking.check import check, check_batches
from finsim.constraints.checking.check_report import wilson
from finsim.constraints.packs.ruleset import RuleSet
from finsim.errors import DataError, RuleError

DEMO = """
finsim-rules: 1
pack: {id: demo, version: "1"}
table: loans
key: [loan_id]
columns:
  loan_id: {type: id}
  age: {type: int, null: true}
  amount: {type: money, ccy: USD, unit: minor}
  narrative: {type: cat, null: true, optional: true}
params: {cap: 2_000 USD}
rules:
  - {id: minor, when: age < 18, check: amount <= cap, why: "Minors may not borrow above {cap}", cite: policy}
  - {id: small, level: policy, check: amount <= 5_000 USD}
  - {id: filled, check: age > 0, nulls: fail}
  - {id: mostly, level: plausible, check: amount > 1_000 USD, expect: [0.5, 1]}
"""


def loans(**columns):
    base = {
        "loan_id": [1, 2, 3, 4, 4],
        "age": pd.array([17, 17, None, 40, 16], dtype="Int64"),
        "amount": [200_000, 200_001, 900_000, 900_000, 100],
        "narrative": [None, None, "scam", "other", None],
    }
    return pd.DataFrame({**base, **columns})


def test_every_level_counts_its_own_way():
    report = check(loans(), RuleSet.parse(DEMO), excused={"scam": {"small"}, "other": {"minor"}})
    minor, small, filled, mostly = (report[name] for name in ("minor", "small", "filled", "mostly"))
    assert (minor.rows, minor.fired, minor.violations, minor.unknown, minor.verdict) == (5, 3, 1, 1, "broken")
    assert (small.violations, small.excused, small.verdict) == (1, 1, "broken")
    assert (filled.violations, filled.unknown) == (1, 1)
    assert (mostly.violations, mostly.share, mostly.verdict) == (1, 0.8, "passed")
    assert report["loans.key"].violations == 1
    assert report["loans.complete"].verdict == "passed"
    assert not report.ok
    assert report.counts()["minor"] == 1


def test_the_first_rows_have_key_operands_and_filled_text():
    finding = check(loans(), RuleSet.parse(DEMO))["minor"].first[0]
    assert finding.row == 1
    assert finding.key == {"loan_id": "2"}
    assert finding.operands == {"age": "17", "amount": "2,000.01 USD", "cap": "2,000.00 USD"}
    assert finding.text == "if 17 < 18 then 2,000.01 USD <= 2,000.00 USD"


def test_text_and_dict_say_the_same():
    report = check(loans(), RuleSet.parse(DEMO))
    text, plain = report.to_text(), report.to_dict()
    assert "BROKEN  minor" in text
    assert "Minors may not borrow above 2,000.00 USD" in text
    assert "row 1 (loan_id 2): if 17 < 18 then 2,000.01 USD <= 2,000.00 USD" in text
    by_id = {rule["id"]: rule for rule in plain["rules"]}
    assert by_id["minor"]["first"][0]["row"] == 1
    assert plain["sha256"] == RuleSet.parse(DEMO).digest
    assert {rule["verdict"] for rule in plain["rules"]} <= {"passed", "broken", "skipped"}


def test_parameters_are_overridden_and_logged():
    rules = RuleSet.parse(DEMO)
    report = check(loans(), rules, {"cap": "1 USD"})
    assert report["minor"].violations == 2
    assert report.to_dict()["overrides"] == {"cap": {"old": "2_000 USD", "new": "1 USD"}}
    assert "1.00 USD" in report["minor"].why


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"capp": 1}, "did you mean 'cap'?"),
        ({"cap": 5}, "expected money USD"),
        ({"cap": "5 EUR"}, "expected money USD"),
        ({"cap": "about"}, "not a constant"),
    ],
)
def test_wrong_parameters_are_refused(params, message):
    with pytest.raises(RuleError, match="parameter") as caught:
        check(loans(), RuleSet.parse(DEMO), params)
    assert message in str(caught.value)


def test_absent_columns_and_tables_are_named():
    rules = RuleSet.parse(DEMO)
    with pytest.raises(RuleError) as caught:
        check(loans().rename(columns={"amount": "amounts"}).drop(columns="age"), rules)
    assert "no column 'age'" in str(caught.value)
    assert "did you mean 'amounts'?" in str(caught.value)
    with pytest.raises(RuleError, match="no table 'lons'"):
        check({"lons": loans()}, rules)


def test_rules_that_cannot_run_are_skipped_with_the_reason():
    text = DEMO.replace("age: {type: int, null: true}", "age: {type: int, optional: true}")
    report = check(loans().drop(columns="age"), RuleSet.parse(text))
    assert (report["minor"].verdict, report["minor"].reason) == ("skipped", "column age is absent")
    assert "skipped minor" in report.to_text()
    others = check({"t": as_table(random_rows(0, 5))}, pack(["exists(o.id = p)", "x > 0"]))
    assert others["r0"].reason == "table o is not given"
    assert others["r1"].verdict != "skipped"


def test_headers_match_by_name_letters_and_alias():
    text = DEMO.replace(
        "amount: {type: money, ccy: USD, unit: minor}",
        "amount: {type: money, ccy: USD, unit: minor, alias: [principal]}",
    )
    frame = loans().rename(columns={"amount": "Principal", "loan_id": "Loan ID", "age": "AGE"})
    assert check(frame, RuleSet.parse(text))["minor"].violations == 1


def test_wilson_interval_agrees_with_published_values():
    # Newcombe (1998), Statistics in Medicine 17, table I, method 3: 81/263 and 15/148
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert wilson(15, 148) == pytest.approx((0.0624, 0.1605), abs=5e-5)
    assert wilson(0, 20) == pytest.approx((0.0, 0.1611), abs=5e-5)
    assert wilson(0, 0) == (0.0, 1.0)


def test_plausible_rules_need_evidence():
    rules = RuleSet.parse(DEMO.replace("[0.5, 1]", "[0.85, 1]"))
    few = loans(amount=[200_000, 50, 50, 900_000, 900_000])
    many = pd.concat([few] * 100, ignore_index=True)
    assert check(few, rules)["mostly"].verdict == "passed"  # 3 of 5 hold: 0.85 is inside the interval
    assert check(many, rules)["mostly"].verdict == "broken"


TEXTS = [
    "x > lag(x)", "i = lag(i, 2, default: 1)", "cumsum(a) < 20 USD", "cumsum(x) < 3", "cummax(i) > 1",
    "first(c) = c",
    "runlen(f) < 3", "x > 0 or f", "c = lag(c)", "sum_in(i, 24h) > 1", "count_in(12h) < 2",
    "sum_day(a) > 1 USD",
    "exists(o.id = p)", "parent(o.v, o.id = p) > 0", "c in colours",
]  # fmt: skip


@pytest.mark.parametrize("size", [1, 5, 37, 400])
def test_a_stream_gives_the_same_report_as_the_whole_table(size):
    rows = sorted(random_rows(4, 300), key=lambda row: (row["ts"] is None, row["ts"] or 0, row["n"]))
    table, others = as_table(rows), others_table(random_others(2))
    rules = pack([*TEXTS, "group_count(by: c) > 1"])
    whole = check({"t": table, "o": others}, rules)
    stream = check_batches(table.to_batches(max_chunksize=size), rules, others={"o": others})
    for number, text in enumerate(TEXTS):
        one, two = whole[f"r{number}"], stream[f"r{number}"]
        assert one == two, text
    assert stream[f"r{len(TEXTS)}"].verdict == "skipped"
    assert "whole table" in stream[f"r{len(TEXTS)}"].reason


def test_a_stream_out_of_order_is_refused_and_one_without_sorting_is_not():
    rows = [row for row in random_rows(4, 60) if row["ts"] is not None]
    table = as_table(rows)
    with pytest.raises(DataError, match="out of order") as caught:
        check_batches(table.to_batches(max_chunksize=5), pack(["x > lag(x)"]))
    assert "sort the file" in str(caught.value)
    whole = check(table, pack(["x > lag(x)"], ", sort: false"))
    stream = check_batches(table.to_batches(max_chunksize=5), pack(["x > lag(x)"], ", sort: false"))
    assert stream["r0"] == whole["r0"]


def test_an_empty_stream_and_an_empty_table():
    rules = pack(["x > lag(x)", "x > 0", "unique(n)", "group_sum(x) > 0"])
    stream = check_batches([], rules)
    assert not stream.ok
    assert {(one.verdict, one.reason) for one in stream.results} == {("skipped", "the stream has no rows")}
    report = check(as_table([]), rules)
    assert not report.broken()
    assert not report.all_passed
    assert (report["r0"].rows, report["r0"].verdict, report["r0"].reason) == (
        0,
        "silent",
        "the table has no rows",
    )


@pytest.mark.parametrize("blocks", [1, 10, 64, 1_000_000])
def test_block_size_changes_nothing(blocks):
    table = as_table(random_rows(8, 150))
    rules = pack([text for text in TEXTS if "o." not in text])
    assert check(table, rules, blocks=blocks).to_dict() == check(table, rules).to_dict()


def test_windows_longer_than_a_64_bit_clock():
    day = 86_400 * 10**9
    count = 30_000
    table = pa.table(
        {
            "g": pa.array([str(k % 5_000) for k in range(count)]),
            "ts": pa.array((np.arange(count) // 5_000) * 400 * day, pa.timestamp("ns", tz="UTC")),
            "n": np.arange(count),
        }
    )
    text = """
finsim-rules: 1
pack: {id: long, version: 1}
table: t
order: {group: [g], by: [ts, n]}
columns: {g: {type: cat}, ts: {type: ts}, n: {type: int}}
rules:
  - {id: one, check: "count_in(400d) <= 1"}
  - {id: two, check: "count_in(401d) <= 2"}
  - {id: three, check: "count_in(801d) <= 2"}
"""
    report = check(table, RuleSet.parse(text), blocks=12_345)
    assert report["one"].violations == 0  # a row exactly 400 days ago is outside
    assert report["two"].violations == 0
    assert report["three"].violations == 4 * 5_000
