"""What repair refuses, what it says when rules are at odds, and what its report measures."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finsim.constraints.checking.check import check
from finsim.constraints.packs.ruleset import RuleSet
from finsim.constraints.repairing.repair import repair
from finsim.constraints.repairing.repair_report import GivenUp, shift_of_change, shift_of_removal
from finsim.errors import RuleError

HEAD = """
finsim-rules: 1
pack: {id: limits, version: 1}
table: t
key: [n]
order: {group: [g], by: [t]}
columns:
  n: {type: int}
  g: {type: id}
  t: {type: int}
  v: {type: float, null: true}
  w: {type: float, null: true}
  m: {type: money, ccy: USD, unit: minor, optional: true}
  c: {type: cat, optional: true}
rules:
"""


def pack(*rules):
    return RuleSet.parse(HEAD + "".join(f"  - {rule}\n" for rule in rules))


REFUSED = [
    ("{do: project, on: [v, x]}", "unknown column 'x'", "use one of"),
    ("{do: project}", "which columns does it project?", "on: [column"),
    ("{do: project, on: [v, c]}", "'c' is cat, not a number", "use set or resample"),
    ("{do: project, on: [v, t]}", "'t' names or orders the rows", "take it out of `on`"),
    ("{do: resample, on: [n]}", "'n' names or orders the rows", "take it out of `on`"),
    ("{do: project, on: [v, m]}", "columns of different units", "give each a weight"),
    ("{do: project, on: [v], weights: {w: 1}}", "weight of 'w', which does not move", "use one of: v"),
    ("{do: project, on: [v], weights: {v: 0}}", "the weight of 'v' is 0", "above 0"),
    ("{do: project, on: [m]}", "the rule says nothing of m", "name columns of `check`"),
    ("{do: clip, on: [v, w]}", "clip of 2 columns", "clip one column"),
    ("{do: clip, on: v, max: 3}", "clip takes no `max`", "clip takes `on`"),
    ("{do: resample, on: v, weights: {v: 1}}", "resample takes no `weights`", "`on`, `max`, `else`"),
    ("{do: drop, else: flag}", "drop takes no `else`", "drop takes `whole`"),
    ("{do: flag, on: v}", "flag takes no `on`", "leave it out"),
    ("{do: resample, on: v, max: 0}", "repair.max", "write `max: 7`"),
    ("{do: resample, on: v, else: keep}", "repair.else", "use one of: drop, flag"),
    ("{do: drop, whole: table}", "repair.whole", "did you mean"),
]


@pytest.mark.parametrize(("text", "found", "remedy"), REFUSED)
def test_a_repair_that_makes_no_sense_is_refused_at_its_place(text, found, remedy):
    with pytest.raises(RuleError) as caught:
        pack("{id: r, check: v <= w, repair: " + text + "}")
    problem = caught.value.problems[0]
    assert problem.place.startswith("<rules>:16:")
    assert found in problem.found
    if "did you mean" not in remedy:
        assert remedy in problem.remedy


@pytest.mark.parametrize(
    ("check", "found"),
    [
        ("v < 1 or w < 1", "leave a choice"),
        ("not abs(v - w) <= 1", "abs of columns that move is not linear"),
        ("m != 2 USD", "!= leaves a choice"),
        ("v * w <= 1", "* of columns that move is not linear"),
        ("cumsum(v) <= w", "cumsum of columns that move is not linear"),
        ("min(v, w) <= 3", "min of columns that move is not linear"),
        ("v > 1 => w > 1", "leave a choice"),
    ],
)
def test_only_linear_rules_are_projected(check, found):
    on = "m" if "m" in check.split() else "v, w"
    with pytest.raises(RuleError) as caught:
        pack(f"{{id: r, check: '{check}', repair: {{do: project, on: [{on}]}}}}")
    assert found in caught.value.problems[0].found
    assert "or use resample" in caught.value.problems[0].remedy


@pytest.mark.parametrize("do", ["project", "resample"])
def test_a_computed_column_is_not_drawn_or_moved(do):
    with pytest.raises(RuleError) as caught:
        pack(
            "{id: identity, check: v = 2 * w, tol: 1e-9, repair: {do: set, expr: 'v := 2 * w'}}",
            f"{{id: r, check: v <= 3, repair: {{do: {do}, on: [v]}}}}",
        )
    (problem,) = caught.value.problems
    assert problem.place.startswith("<rules>:17:")
    assert "rule identity computes 'v'" in problem.found
    pack(
        "{id: up, check: v >= w, repair: {do: set, expr: 'v := max(v, w)'}}",
        f"{{id: r, check: v <= 3, repair: {{do: {do}, on: [v]}}}}",
    )


def test_projections_in_a_circle_are_refused():
    with pytest.raises(RuleError, match="repairs in a circle"):
        pack(
            "{id: a, check: v <= w, repair: {do: project, on: [v]}}",
            "{id: b, check: w <= v, repair: {do: project, on: [w]}}",
        )


def test_whole_groups_are_dropped_and_need_a_group():
    rules = pack("{id: r, check: v >= 0, repair: {do: drop, whole: group}}")
    frame = pd.DataFrame(
        {"n": range(6), "g": [1, 1, 2, 2, 3, 3], "t": 0, "v": [1, -1, 1, 1, -1, -1.0], "w": 0.0}
    )
    fixed, report = repair(frame, rules)
    assert fixed["n"].to_pylist() == [2, 3]
    assert report.touched() == {"r": 4}
    later = pack("{id: r, check: v >= lag(v), repair: {do: drop, whole: group}}")
    assert repair(frame.assign(t=frame.n), later)[0]["n"].to_pylist() == [2, 3, 4, 5]
    with pytest.raises(RuleError, match="which group is dropped"):
        RuleSet.parse(
            HEAD.replace("order: {group: [g], by: [t]}\n", "")
            + "  - {id: r, check: v > 0, repair: {do: drop, whole: group}}\n"
        )


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 5), st.integers(0, 5), st.permutations(range(8)))
def test_the_rules_at_odds_are_exactly_the_planted_pair(first, second, order):
    harmless = [
        "{id: h0, check: w >= 0, repair: {do: clip, on: w}}",
        "{id: h1, check: w <= 9, repair: {do: clip, on: w}}",
        "{id: h2, check: v >= -100, repair: {do: clip, on: v}}",
        "{id: h3, check: v <= 100, repair: {do: clip, on: v}}",
        "{id: h4, check: n >= 0, repair: {do: flag}}",
        "{id: h5, check: m >= 0, repair: {do: clip, on: m}}",
        "{id: high, check: v >= 5, repair: {do: clip, on: v}}",
        "{id: low, check: v <= 3, repair: {do: clip, on: v}}",
    ]
    rules = pack(*(harmless[place] for place in order))
    frame = pd.DataFrame({"n": range(6), "g": 1, "t": range(6), "v": 4.0, "w": -1.0, "m": -1})
    frame.loc[frame.n != first, "g"] = 2
    frame["w"] = float(second) - 3
    _, report = repair(frame, rules)
    names = tuple(sorted(("high", "low"), key=lambda one: order.index(6 if one == "high" else 7)))
    assert report.given_up == (GivenUp(names, "flag", 6, (0, 1, 2, 3, 4)),)


def test_three_rules_at_odds_are_all_named():
    rules = pack(
        "{id: a, check: v >= w + 1, repair: {do: clip, on: v}}",
        "{id: b, check: w >= 5, repair: {do: clip, on: w}}",
        "{id: c, check: v <= 3, repair: {do: clip, on: v}}",
        "{id: d, check: v <= 1000, repair: {do: clip, on: v}}",
    )
    frame = pd.DataFrame({"n": [0], "g": 1, "t": 0, "v": [2.0], "w": [1.0]})
    _, report = repair(frame, rules)
    assert report.given_up == (GivenUp(("a", "b", "c"), "flag", 1, (0,)),)


def test_rows_given_up_are_those_of_the_table_as_given():
    rules = pack(
        "{id: gone, check: w >= 0, repair: {do: drop}}",
        "{id: high, check: v >= 5, repair: {do: set, expr: 'v := 1'}}",
    )
    frame = pd.DataFrame({"n": range(4), "g": 1, "t": 0, "v": [9.0, 9.0, 9.0, 1.0], "w": [-1.0, 1, 1, 1]})
    fixed, report = repair(frame, rules)
    assert report.given_up == (GivenUp(("high",), "flag", 1, (3,)),)
    assert fixed.select(["n", "v", "_rules"]).to_pylist()[-1] == {"n": 3, "v": 1.0, "_rules": "high"}


def distance(a, b):
    """The two-sample Kolmogorov-Smirnov distance, from its definition."""
    points = np.concatenate((a, b))
    return max(abs(np.mean(a <= point) - np.mean(b <= point)) for point in points)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 1_000), st.integers(1, 30), st.integers(0, 29))
def test_the_shift_of_a_column_is_the_two_sample_distance(seed, count, change):
    rng = np.random.default_rng(seed)
    before = rng.integers(0, 8, count).astype(float)
    rows = rng.choice(count, min(change, count), replace=False)
    after = before.copy()
    after[rows] = rng.integers(-3, 12, len(rows))
    exact = distance(before, after)
    assert shift_of_change(before[rows], after[rows], count) == pytest.approx(exact, abs=1e-12)
    kept = np.delete(before, rows)
    if len(kept):
        exact = distance(before, kept)
        assert shift_of_removal(before[rows], before) == pytest.approx(exact, abs=1e-12)


def test_labels_shift_by_total_variation_and_many_rows_bring_a_warning():
    rules = pack("{id: r, check: c = 'a', repair: {do: set, expr: \"c := 'a'\"}}")
    frame = pd.DataFrame({"n": range(20), "g": 1, "t": 0, "v": 0.0, "w": 0.0, "c": ["b", "x"] + ["a"] * 18})
    _, report = repair(frame, rules)
    (one,) = report.rules
    assert one.shift == {"c": pytest.approx(0.1)}
    assert one.move is None
    assert one.warning == "10% of rows touched: train with the rule"
    assert report.warnings() == ["r: 10% of rows touched: train with the rule"]
    assert "train with the rule" in report.to_text()
    assert report.to_dict()["rules"][0]["shift"] == one.shift


def test_the_annuity_identity_of_two_thousand_loans_is_exact_to_the_cent():
    rng = np.random.default_rng(0)
    count, rules = 2_000, RuleSet.load("consumer-loans")
    frame = pd.DataFrame(
        {
            "loan_id": np.arange(count),
            "amount": rng.integers(50_000, 5_000_000, count),
            "rate": rng.uniform(0, 0.24, count),
            "term_months": rng.integers(6, 120, count),
            "payment": rng.integers(1, 10**6, count),
        }
    )
    fixed, report = repair(pa.Table.from_pandas(frame), rules)
    assert report.rows_after == count
    monthly = frame.rate / 12
    due = frame.amount * monthly / (1 - (1 + monthly) ** -frame.term_months.astype(float))
    assert (np.abs(fixed["payment"].to_numpy() - due) <= 0.5 + 1e-6).all()
    assert check(fixed, rules)["annuity_identity"].violations == 0
    pd.testing.assert_frame_equal(fixed.to_pandas().drop(columns="payment"), frame.drop(columns="payment"))
