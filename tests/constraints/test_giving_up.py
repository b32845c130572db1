"""One hopeless row never costs the table: it is dropped or flagged, named, and everything else is mended."""

import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import finsim
from finsim.cli.main import main
from finsim.constraints.checking.check import check
from finsim.constraints.explaining.explain import explain
from finsim.constraints.packs.ruleset import RuleSet
from finsim.constraints.repairing.repair import repair
from finsim.constraints.repairing.repair_report import GivenUp
from finsim.errors import RuleError

RUN = (
    "{id: run, check: 'c = lag(c, default: 0) + a', repair: {do: set, expr: 'c := lag(c, default: 0) + a'%s}}"
)
LEAST = "{id: least, check: b >= a - 4, repair: {do: project, on: [b]%s}}"
HEAD = """
finsim-rules: 1
pack: {id: hopeless, version: 1}
table: t
key: [n]
order: {group: [g], by: [n]}
columns:
  n: {type: int}
  g: {type: int}
  a: {type: int, null: true}
  b: {type: int}
  c: {type: int}
rules:
"""
SUM = "{id: sum, check: c = a + b, repair: {do: set, expr: 'c := a + b'%s}}"
MOST = "{id: most, check: c <= 100, repair: {do: clip, on: c%s}}"


def pack(*rules):
    return RuleSet.parse(HEAD + "".join(f"  - {rule}\n" for rule in rules))


def frame(a, b, c, groups=1):
    rows = np.arange(len(a))
    return pd.DataFrame({"n": rows, "g": rows % groups, "a": a, "b": b, "c": c})


def random_frame(seed, rows=120):
    """Rows of which some are wrong, some hopeless (a + b > 100) and some both."""
    rng = np.random.default_rng(seed)
    a, b = rng.integers(0, 60, rows), rng.integers(0, 60, rows)
    return frame(a, b, a + b + rng.choice([0, 0, 7], rows))


@pytest.mark.parametrize("otherwise", ["", "flag", "drop"])
@pytest.mark.parametrize("seed", range(4))
def test_hopeless_rows_are_exactly_those_given_up(seed, otherwise):
    suffix = f", else: {otherwise}" if otherwise else ""
    rules, table = pack(SUM % suffix, MOST % ""), random_frame(seed)
    hopeless = table.index[table.a + table.b > 100]
    fixed, report = repair(table, rules)
    outcome = "drop" if otherwise == "drop" else "flag"
    assert report.given_up == (GivenUp(("sum", "most"), outcome, len(hopeless), tuple(hopeless[:5])),)
    assert report.lost == len(hopeless) > 0
    fine = table[~table.n.isin(hopeless)].assign(c=lambda rows: rows.a + rows.b)
    wrong = int((table.c != table.a + table.b).loc[fine.index].sum())
    touched = {"sum": wrong, "most": 0} if outcome == "flag" else None
    found = fixed.to_pandas()
    assert (
        found[~found.n.isin(hopeless)]
        .drop(columns="_rules", errors="ignore")
        .equals(fine.reset_index(drop=True) if outcome == "drop" else fine)
    )
    if outcome == "drop":
        assert check(fixed, rules).ok
        assert report.rows_after == len(table) - len(hopeless)
    else:
        kept = found[found.n.isin(hopeless)]
        assert kept.drop(columns="_rules").equals(table.loc[hopeless])  # every cell as it was given
        assert set(kept._rules) <= {"sum", "most", "most,sum"}
        assert found[~found.n.isin(hopeless)]._rules.isna().all()
        assert report.touched() == touched
    again, second = repair(fixed, rules)
    assert again.equals(fixed)
    assert second.lost == (0 if outcome == "drop" else len(hopeless))


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=20),
    st.integers(1, 3), st.sampled_from(["", ", else: drop", ", else: flag"]), st.integers(1, 30),
)  # fmt: skip
def test_any_table_comes_back(cells, groups, suffix, blocks):
    """Rules that clash within a row and along a group: what is broken afterwards is marked, and counted."""
    rules = pack(
        RUN % suffix,
        "{id: most, check: c <= 12, repair: {do: clip, on: c}}",
        LEAST % suffix,
        "{id: top, check: b <= 3, repair: {do: clip, on: b}}",
    )
    a, b, c = (list(one) for one in zip(*cells, strict=True))
    table = frame(a, b, c, groups)
    fixed, report = repair(table, rules, blocks=blocks)
    after = check(fixed, rules)
    broken = {name: after[name].violations for name in ("run", "most", "least", "top")}
    if not report.given_up:
        assert not any(broken.values())
    marked = fixed["_rules"].to_pylist() if "_rules" in fixed.column_names else [None] * fixed.num_rows
    counted = {name: sum(name in (one or "").split(",") for one in marked) for name in broken}
    assert counted == broken  # what is broken is marked, and nothing else
    assert len(table) - fixed.num_rows == sum(one.count for one in report.given_up if one.outcome == "drop")
    whole, _ = repair(table, rules)
    assert whole.equals(fixed)


def test_rows_after_a_hopeless_one_are_judged_against_what_is_left_of_it():
    rules = pack(
        RUN % "",
        "{id: even, check: a != 5, repair: {do: set, expr: 'a := b'}}",
        "{id: fit, check: b = 5 => c = 0, repair: {do: set, expr: 'c := 0'}}",
    )
    fixed, report = repair(frame([1, 1, 1, 1], [0, 5, 0, 0], [1, 9, 3, 9]), rules)
    assert report.given_up == (GivenUp(("run", "fit"), "flag", 1, (1,)),)
    assert fixed["c"].to_pylist() == [1, 9, 10, 11]


def test_a_rule_about_the_whole_group_loses_its_group_only():
    rules = pack(
        "{id: total, check: 'group_sum(c, by: g) <= 10', repair: {do: set, expr: 'c := b', else: drop}}"
    )
    table = frame([0] * 6, [9, 1, 9, 1, 9, 1], [9, 3, 9, 3, 9, 3], groups=2)
    fixed, report = repair(table, rules)
    assert fixed["g"].to_pylist() == [1, 1, 1]
    assert report.given_up == (GivenUp(("total",), "drop", 3, (0, 2, 4)),)


@pytest.mark.parametrize(
    "rule",
    [
        "{id: r, check: c <= 100, repair: {do: clip, on: c, else: drop}}",
        "{id: r, check: c <= 100, repair: {do: set, expr: 'c := 1', else: flag}}",
        "{id: r, check: c + b <= 100, repair: {do: project, on: [c], else: drop}}",
        "{id: r, check: c <= 100, repair: {do: resample, on: [c], else: flag}}",
        "{id: r, check: n >= lag(n), order: {by: [n], sort: false}, repair: {do: sort, else: drop}}",
    ],
)
def test_every_repair_takes_an_else_and_says_it(rule):
    text = pack(rule).rule("r").repair.text
    assert "else drop" in text or "else flag" in text or "then flag" in text


@pytest.mark.parametrize("do", ["drop", "flag"])
def test_what_needs_no_else_refuses_it(do):
    with pytest.raises(RuleError, match="takes no `else`"):
        pack(f"{{id: r, check: c <= 1, repair: {{do: {do}, else: drop}}}}")


def test_a_drop_rule_still_takes_rows_that_were_put_back():
    rules = pack(SUM % "", MOST % "", "{id: far, check: c <= 1000, repair: {do: drop}}")
    fixed, report = repair(frame([80, 1], [90, 1], [9_999, 2]), rules)
    assert fixed["n"].to_pylist() == [1]
    assert report.touched()["far"] == 1


def test_explain_says_that_a_row_is_hopeless():
    rules = pack("{id: low, check: b <= a, repair: {do: project, on: [b]}}", "{id: high, check: b >= a + 1}")
    (breach,) = explain(frame([1], [9], [0]), rules, 0).breaches
    assert breach.repair.endswith("; at odds: low, high; the row would be flagged")
    (breach,) = explain(frame([80, 1], [90, 1], [170, 2]), pack(SUM % "", MOST % ""), 0).breaches
    assert breach.repair == "clip c; at odds: sum, most; the row would be flagged"
    assert breach.proposed == {}
    (breach,) = explain(frame([80, 1], [10, 1], [170, 9]), pack(SUM % "", MOST % ""), 1).breaches
    assert (breach.repair, breach.proposed) == ("c := a + b", {"c": "2"})


def exit_code(*arguments):
    with pytest.raises(SystemExit) as done:
        main(list(arguments))
    return done.value.code


def test_the_command_writes_the_table_names_the_rules_and_ends_with_1(tmp_path, capsys):
    rules, out = tmp_path / "rules.yaml", tmp_path / "out.csv"
    rules.write_text(HEAD + f"  - {SUM % ''}\n  - {MOST % ''}\n")
    frame([1, 80, 3], [1, 90, 3], [2, 170, 9]).to_csv(tmp_path / "t.csv", index=False)
    args = ["check", str(tmp_path / "t.csv"), "--rules", str(rules), "--repair", "-o", str(out)]
    assert exit_code(*args, "--json") == 1
    found = json.loads(capsys.readouterr().out)["result"]["repair"]["given_up"]
    assert found == [{"rules": ["sum", "most"], "outcome": "flag", "count": 1, "rows": [1]}]
    assert pd.read_csv(out).c.tolist() == [2, 170, 6]
    rules.write_text(rules.read_text().replace("on: c", "on: c, else: drop"))
    assert exit_code(*args) == 1
    assert pd.read_csv(out).c.tolist() == [2, 6]
    assert "1 rows dropped (row 1); at odds: sum, most in row 1" in capsys.readouterr().out


def test_a_row_that_is_fine_once_another_is_dropped_is_not_given_up():
    rules = pack(
        "{id: low, check: c < 100, repair: {do: set, expr: 'c := 200', else: drop}}",
        "{id: after, check: 'lag(c) < 100', repair: {do: set, expr: 'b := 7'}}",
    )
    fixed, report = repair(frame([1, 1, 1], [0, 0, 0], [200, 5, 6]), rules)
    assert report.given_up == (GivenUp(("low",), "drop", 1, (0,)),)
    assert fixed["b"].to_pylist() == [0, 0]
    assert check(fixed, rules).ok


def test_a_rule_that_looks_into_its_own_table_sees_what_was_mended():
    rules = pack("{id: one, check: 'count_of(t, t.c = c) <= 1', repair: {do: set, expr: 'c := 6'}}")
    fixed, report = repair(frame([1, 1, 1], [0, 0, 0], [5, 5, 6]), rules)
    assert fixed["c"].to_pylist() == [5, 5, 6]
    assert report.given_up == (GivenUp(("one",), "flag", 2, (0, 1)),)


def test_a_shift_counts_each_cell_once_however_many_rounds_moved_it(tmp_path):
    """Two rules pull one row to and fro for four rounds: a distance of two samples is at most 1."""
    (tmp_path / "r.yaml").write_text(
        "finsim-rules: 1\npack: {id: p, version: '1'}\ntable: t\n"
        "columns: {a: {type: int}, b: {type: int}, c: {type: int}}\nrules:\n"
        "  - {id: s, check: c = a + b, repair: {do: set, expr: 'c := a + b'}}\n"
        "  - {id: m, check: c <= 100, repair: {do: clip, on: c}}\n"
    )
    table = pa.table({"a": [80, 1, 1], "b": [90, 2, 2], "c": [1, 3, 7]})
    _, report = finsim.repair(table, str(tmp_path / "r.yaml"))
    shifts = [amount for rule in report.rules for amount in rule.shift.values()]
    assert shifts
    assert max(shifts) <= 1.0
