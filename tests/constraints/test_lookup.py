"""Lookup tables: values by keys and day, read as data; what is wrong in the file is said with its line."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from finsim.constraints.checking.check import check, check_batches
from finsim.constraints.explaining.explain import explain
from finsim.constraints.packs.ruleset import RuleSet
from finsim.constraints.repairing.repair import repair
from finsim.errors import DataError, RuleError

PACK = """finsim-rules: 1
pack: {id: demo, version: 1}
table: loans
columns:
  state: {type: cat, null: true}
  grade: {type: int}
  opened: {type: date, null: true}
  rate: {type: ratio}
lookup:
  cap: {file: caps.csv, by: [state, grade], valid: [from, to], type: ratio, default: %DEFAULT%}
rules:
  - {id: usury, check: "rate <= lookup(cap, state, grade, opened)", repair: {do: clip, on: rate}}
"""
CAPS = """state,grade,from,to,cap
NY,1,,2019-12-31,16%
NY,1,2020-01-01,,0.25
NY,2,,,30 %
TX,1,2020-02-01,2020-02-29,1800bp
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "caps.csv").write_text(CAPS)
    return tmp_path


def load(folder, default="null", pack=PACK):
    (folder / "rules.yaml").write_text(pack.replace("%DEFAULT%", default))
    return RuleSet.load(str(folder / "rules.yaml"))


def loans(rows):
    frame = pd.DataFrame(rows, columns=["state", "grade", "opened", "rate"])
    return frame.assign(opened=pd.to_datetime(frame.opened).dt.date)


ROWS = [
    ("NY", 1, "2019-12-31", 0.17), ("NY", 1, "2020-01-01", 0.17), ("NY", 2, "1960-01-01", 0.3),
    ("TX", 1, "2020-02-01", 0.18), ("TX", 1, "2020-02-29", 0.1800001),
]  # fmt: skip


def test_the_value_of_the_day_is_used_first_and_last_day_included(folder):
    report = check(loans(ROWS), load(folder, "error"))
    assert [finding.row for finding in report["usury"].first] == [0, 4]
    assert report["usury"].first[0].text == "0.17 <= 0.16"
    assert report["usury"].unknown == 0


@pytest.mark.parametrize(
    "row", [("CA", 1, "2020-01-01", 1), ("NY", 3, "2020-01-01", 1), ("TX", 1, "2020-03-01", 1)]
)
def test_no_match_is_null_or_an_error_as_declared(folder, row):
    report = check(loans([*ROWS, row]), load(folder))
    assert (report["usury"].violations, report["usury"].unknown) == (2, 1)
    with pytest.raises(DataError) as caught:
        check(loans([*ROWS, row]), load(folder, "error"))
    assert f"lookup cap has no row for state {row[0]!r}, grade {row[1]}, date {row[2]}" in str(caught.value)
    assert caught.value.problems[0].place == "table loans, row 5"


def test_a_null_key_or_date_is_unknown_and_no_error(folder):
    report = check(loans([(None, 1, "2020-01-01", 1), ("NY", 1, None, 1)]), load(folder, "error"))
    assert (report["usury"].violations, report["usury"].unknown) == (0, 2)


def test_blocks_streams_repair_and_explain_see_the_same_values(folder):
    rng = np.random.default_rng(4)
    rules, count = load(folder), 400
    frame = loans(
        {
            "state": rng.choice(["NY", "TX", "CA"], count),
            "grade": rng.integers(0, 4, count),
            "opened": pd.Timestamp("2019-06-01") + pd.to_timedelta(rng.integers(0, 500, count), "D"),
            "rate": rng.uniform(0, 0.4, count),
        }
    )
    whole = check(frame, rules)["usury"]
    assert 15 < whole.violations < whole.rows - whole.unknown
    for blocks in (1, 7, 1000):
        assert check(frame, rules, blocks=blocks)["usury"] == whole
    stream = check_batches(pa.Table.from_pandas(frame).to_batches(max_chunksize=33), rules)["usury"]
    assert (stream.violations, stream.unknown) == (whole.violations, whole.unknown)
    fixed, report = repair(frame, rules)
    assert report.touched() == {"usury": whole.violations}
    assert check(fixed, rules).ok
    assert "here:   0.17 <= 0.16" in str(explain(loans(ROWS), rules, 0))


def test_the_contents_of_the_file_are_part_of_the_pack(folder):
    rules = load(folder)
    again = RuleSet.parse(rules.dump())
    assert again.digest == rules.digest
    assert again.dump() == rules.dump()
    assert check(loans(ROWS), again).counts() == check(loans(ROWS), rules).counts()
    (folder / "caps.csv").write_text(CAPS.replace("16%", "18%"))
    assert load(folder).digest != rules.digest
    assert check(loans(ROWS), load(folder))["usury"].violations == 1


CELLS = [
    ("NY,2,,,30 %", "NY,2,,,thirty", 4, "column cap", "'thirty' is not ratio"),
    ("NY,2,,,30 %", "NY,2,,,30 USD", 4, "column cap", "'30 USD' is not ratio"),
    ("NY,2,,,30 %", "NY,2,,,", 4, "column cap", "'' is not ratio"),
    ("NY,2,,,30 %", "NY,2,1.1.2020,,30 %", 4, "column from", "'1.1.2020' is not a date"),
    ("NY,2,,,30 %", "NY,2,2020-01-01,2019-01-01,30 %", 4, "column to", "validity ends before it begins"),
    ("NY,2,,,30 %", ",2,,,30 %", 4, "column state", "the key is empty"),
    ("NY,1,2020-01-01", "NY,1,2019-12-31", 3, "", "NY, 1 is valid at the same time in"),
    ("TX,1,2020-02-01,2020-02-29", "NY,2,2020-02-01,2020-02-29", 5, "", "NY, 2 is valid at the same time in"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "line", "column", "found"), CELLS)
def test_a_bad_cell_is_refused_at_its_line(folder, old, new, line, column, found):
    (folder / "caps.csv").write_text(CAPS.replace(old, new))
    with pytest.raises(RuleError) as caught:
        load(folder)
    (problem,) = caught.value.problems
    assert problem.place.startswith(f"{folder / 'caps.csv'}:{line}")
    assert column in problem.place
    assert found in problem.found


def test_all_bad_cells_are_told_at_once(folder):
    (folder / "caps.csv").write_text(CAPS.replace("16%", "x").replace("30 %", "y"))
    with pytest.raises(RuleError) as caught:
        load(folder)
    assert [problem.place.rpartition("caps.csv:")[2] for problem in caught.value.problems] == [
        "2, column cap", "4, column cap"
    ]  # fmt: skip


FILES = [
    ("", "a lookup", "not a CSV table: its header is empty"),
    ("state,grade,from,to,cap\n", "", "the lookup has no rows"),
    (CAPS.replace("state,", "sate,"), "did you mean 'sate'?", "no column 'state'"),
    (CAPS.replace("grade,", "state,"), "", "names a column twice"),
    (CAPS + "NY,2\n", "", "line 6 has 2 cells, the header 5"),
    (CAPS.replace("cap", "cap,note").replace("%", "%,x").replace("0.25", "0.25,").replace("bp", "bp,"),
     "add `value:`", "which column is the value?"),
    (CAPS + '"NY', "", "not a CSV table"),
    ("\xff\xfe", "", "not a CSV table"),
    (CAPS.replace("NY,2", "NY,two"), "correct the cell", "grade holds 'two', not a whole number"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "remedy", "found"), FILES)
def test_a_file_that_is_no_lookup_is_refused(folder, text, remedy, found):
    (folder / "caps.csv").write_bytes(text.encode("latin-1"))
    with pytest.raises(RuleError) as caught:
        load(folder)
    assert found in str(caught.value)
    assert remedy in str(caught.value) or remedy == "a lookup"


@pytest.mark.parametrize(
    ("file", "found"),
    [
        ("nothing.csv", "no such file: nothing.csv"),
        ("../caps.csv", "lies outside the folder"),
        ("/etc/passwd", "lies outside the folder"),
        ("link.csv", "lies outside the folder"),
        ("a/../../caps.csv", "lies outside the folder"),
        ("below", "not a CSV table"),
        ("x" * 5_000, ""),
        ("'a\\0b'", ""),
    ],
)
def test_files_must_lie_in_the_folder_of_the_rules(folder, file, found):
    inner = folder / "inner"
    (inner / "below").mkdir(parents=True)
    (inner / "link.csv").symlink_to(folder / "caps.csv")
    with pytest.raises(RuleError) as caught:
        load(inner, pack=PACK.replace("caps.csv", file))
    assert found in str(caught.value)
    assert "usury" not in str(caught.value)


def test_a_file_in_a_folder_below_is_found(folder):
    (folder / "below").mkdir()
    (folder / "caps.csv").rename(folder / "below" / "caps.csv")
    assert (
        check(loans(ROWS), load(folder, pack=PACK.replace("caps.csv", "below/caps.csv")))["usury"].violations
        == 2
    )


CALLS = [
    ("lookup(cp, state, grade, opened)", "unknown lookup 'cp'", "did you mean 'cap'?"),
    ("lookup(cap, state, grade)", "lookup cap with 2 arguments", "use lookup(cap, state, grade, date)"),
    ("lookup(cap, grade, rate, opened)", "lookup by ratio (grade)", "labels, whole numbers or truths"),
    ("lookup(cap, grade, grade, opened)", "state holds 'NY', not a whole number", "labels"),
    ("lookup(cap, state, grade, grade)", "lookup on int", "give a date or time last"),
    ("lookup('cap', state, grade, opened)", "lookup is not called like this", "use lookup(name"),
    ("lookup()", "lookup is not called like this", "use lookup(name"),
    ("lookup(cap, state, grade, on: opened)", "lookup is not called like this", "use lookup(name"),
    ("lookup(cap, stat, grade, opened)", "unknown column 'stat'", "did you mean 'state'?"),
    ("cap", "unknown column 'cap'", ""),
    ("lookup(cap, state, grade, opened) / 1 USD", "cannot divide ratio by money USD", ""),
]  # fmt: skip


@pytest.mark.parametrize(("call", "found", "remedy"), CALLS)
def test_a_wrong_call_is_refused_where_it_stands(folder, call, found, remedy):
    with pytest.raises(RuleError) as caught:
        load(folder, pack=PACK.replace("lookup(cap, state, grade, opened)", call))
    (problem,) = caught.value.problems
    line = PACK[: PACK.index("usury")].count("\n") + 1
    assert problem.place.startswith(f"{folder / 'rules.yaml'}:{line}:")
    assert found in problem.found
    assert "^" in problem.found
    assert remedy in problem.remedy


SPECS = [
    ("file: caps.csv, ", "", "a lookup has either `file` or `rows`"),
    ("file: caps.csv", "file: caps.csv, rows: [{state: NY}]", "a lookup has either `file` or `rows`"),
    ("valid: [from, to]", "valid: [from]", "the first and the last day"),
    ("type: ratio", "type: money", "money without a currency"),
    ("type: ratio", "tpye: ratio", "unknown key 'tpye'"),
    ("default: null", "default: 5", "default"),
    ("cap: {", "1cap: {", "is not a plain word"),
    ("lookup:\n  cap: {", "lookup:\n - {", "`lookup` is not a mapping"),
    ("by: [state, grade]", "by: []", "by"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "found"), SPECS)
def test_a_wrong_declaration_is_refused_at_its_place(folder, old, new, found):
    with pytest.raises(RuleError) as caught:
        load(folder, pack=PACK.replace("%DEFAULT%", "null").replace(old, new))
    assert found in str(caught.value)
    assert f"{folder / 'rules.yaml'}:" in str(caught.value)


def test_money_days_truths_and_labels_are_values_too(tmp_path):
    text = """finsim-rules: 1
pack: {id: demo, version: 1}
table: t
columns: {tier: {type: cat}, paid: {type: money, ccy: USD, unit: minor}, at: {type: ts}, on: {type: bool}}
lookup:
  limit: {by: [tier], type: money, ccy: USD, scale: 3, rows: [{tier: a, v: 1.5k USD}, {tier: b, v: -2 USD}]}
  begins: {by: [tier, on], valid: [from, to], value: d, type: date, default: null, rows: [
    {tier: a, on: true, from: null, to: 2026-01-01, d: 2025-01-01},
    {tier: a, on: false, from: "", to: "", d: 2027-01-01}]}
  known: {by: [tier], type: bool, rows: [{tier: a, v: true}, {tier: b, v: false}]}
  other: {by: [tier], type: cat, rows: [{tier: a, v: b}, {tier: b, v: c}]}
rules:
  - {id: paid, check: "paid <= lookup(limit, tier)"}
  - {id: begun, check: "at >= lookup(begins, tier, on, at)"}
  - {id: known, check: "lookup(known, tier)"}
  - {id: other, check: "lookup(other, tier) = 'b'"}
"""
    frame = pd.DataFrame(
        {
            "tier": ["a", "a", "b", "a"],
            "paid": [150_000, 150_001, -200, 0],
            "at": pd.to_datetime(
                ["2026-01-01T23:59:59", "2026-01-02T00:00:00", "2026-01-01T00:00:00", "2026-06-01T00:00:00"]
            ),
            "on": [True, True, True, False],
        }
    )
    report = check(frame, RuleSet.parse(text))
    broken = {result.id: [finding.row for finding in result.first] for result in report.results}
    assert {name: rows for name, rows in broken.items() if rows} == {
        "paid": [1],
        "begun": [3],
        "known": [2],
        "other": [2],
    }
    assert report["begun"].unknown == 2
