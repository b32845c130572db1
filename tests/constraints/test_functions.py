"""Functions against closed forms and published values, on constants and on columns."""

import pyarrow as pa
import pytest
from naive.rule_tables import as_table, pack, random_rows, verdicts

from finsim.constraints.packs.ruleset import RuleSet

FACTS = [
    "add_months(d'2024-01-31', 1) = d'2024-02-29'", "add_months(d'2023-01-31', 1) = d'2023-02-28'",
    "add_months(d'2024-02-29', 12) = d'2025-02-28'", "add_months(d'2024-03-31', -1) = d'2024-02-29'",
    "add_months(d'2024-10-31', 4) = d'2025-02-28'", "add_months(d'1969-12-31', -2) = d'1969-10-31'",
    "year(d'1969-12-31') = 1969 and month(d'1969-12-31') = 12 and day(d'1969-12-31') = 31",
    "year(d'2000-02-29') = 2000 and month(d'2000-02-29') = 2 and day(d'2000-02-29') = 29",
    "weekday(d'2024-02-29') = 4", "weekday(d'1970-01-01') = 4", "weekday(d'1969-12-28') = 7",
    "days(d'2024-02-01', d'2024-03-01') = 29", "d'2024-03-01' - d'2024-02-01' = 29d",
    "d'2024-03-01' + 36h > d'2024-03-02'", "abs(36h - 3d) = 36h",
    # 100,000 at 6 % a year over 360 months costs 599.55 a month (Fabozzi, Mortgage-Backed Securities)
    "round(annuity(100_000 USD, 6% / 12, 360)) = 599.55 USD", "round(annuity(1200 USD, 0, 12)) = 100 USD",
    "round(annuity(100 USD, 1%, 1)) = 101 USD",
    "round(2.5) = 2 and round(3.5) = 4 and round(-2.5) = -2", "round(1.25 USD * 0.5) = 0.62 USD",
    "floor(-1.5) = -2 and ceil(-1.5) = -1",
    "clamp(5, 1, 3) = 3 and clamp(-5, 1, 3) = 1 and clamp(2, 1, 3) = 2",
    "on_tick(0.3, 0.1) and not on_tick(0.35, 0.1)",
    "on_tick(1.25 USD, 0.05 USD) and not on_tick(1.26 USD, 0.05 USD)",
    "on_tick(101.37, 0.01)", "round_to(0.29, 0.1) = 0.3 | tol: 1e-300",
    "round_to(1.005, 0.05) = 1 | tol: 1e-300",
    "round_to(7, 5) = 5 and round_to(8, 5) = 10 and round_to(-8, 5) = -10",
    "round_to(2.26 USD, 0.05 USD) = 2.25 USD",
    "round_to(5, 10) = 0 and round_to(15, 10) = 20 and round_to(-5, 10) = 0", "round_to(1, 0) is null",
    "round_to(99.87, 2.5) = 100 | tol: 1e-300", "round_to(7, -5) = 5",
    "5 / 2 = 2.5 | tol: 1e-15", "2 ^ 10 = 1024", "-2 ^ 2 = -4", "2 ^ 3 ^ 2 = 512",
    "7 - 2 - 1 = 4 and 8 / 4 / 2 = 1 | tol: 1e-15", "1 + 2 * 3 = 7", "not false and true",
    "false => false => false",
    "1k = 1000 and 2.5m = 2_500_000 | tol: 1e-9", "25bp * 4 = 1% | tol: 1e-15", "60min = 1h and 24h = 1d",
    "1k USD = 1000 USD and 0.01 USD > 0", "10 JPY = 10 JPY", "if 1 > 2 then false else true",
    "coalesce(1 / 0, 3) = 3 | tol: 1e-15", "max(1, 2.5, 2) = 2.5 | tol: 1e-15", "min(3 USD, 2 USD) = 2 USD",
    "1 in {1, 2} and 3 not in {1, 2}", "2 between 2 and 2", "(1 / 0) is null and (1 / 2) is not null",
]  # fmt: skip


@pytest.mark.parametrize("text", FACTS)
def test_a_fact_is_true(text):
    row = dict.fromkeys(("n", "g", "ts", "x", "y", "i", "j", "a", "b", "c", "d", "f", "p"))
    assert verdicts(pack([text]), {"t": as_table([{**row, "n": 0}])})["r0"] == [True]


def test_money_of_different_scales_compares_exactly():
    text = """
finsim-rules: 1
pack: {id: scales, version: 1}
table: t
columns: {cents: {type: money, ccy: USD, unit: minor}, mills: {type: money, ccy: USD, unit: minor, scale: 4}}
rules:
  - {id: same, check: cents = mills}
  - {id: sum, check: cents + mills > 2 USD}
  - {id: near, check: cents = mills, tol: 0.01 USD}
"""
    table = pa.table({"cents": [100, 100, 100], "mills": [10_000, 10_001, 10_101]})
    found = verdicts(RuleSet.parse(text), {"t": table})
    assert found["same"] == [True, False, False]
    assert found["sum"] == [False, True, True]
    assert found["near"] == [True, True, False]


def test_quantiles_are_those_of_hyndman_and_fan_type_7():
    rows = [
        {**row, "x": float(x), "c": "red"} for row, x in zip(random_rows(0, 5), (1, 2, 3, 4, 10), strict=True)
    ]
    rows += [{**rows[0], "x": None}, {**rows[0], "x": 7.0, "c": "blue"}, {**rows[0], "x": None, "c": "green"}]
    texts = [f"group_q(x, {share}, by: c) = {value} | tol: 1e-12" for share, value in
             (("0", 1), ("25%", 2), ("0.5", 3), ("90%", 7.6), ("1", 10))]  # fmt: skip
    found = verdicts(pack(texts), {"t": as_table(rows)})
    for number in range(len(texts)):
        assert found[f"r{number}"][:6] == [True] * 6
        assert found[f"r{number}"][6] is False
        assert found[f"r{number}"][7] is None  # a group of nulls has no quantile


def test_equal_operations_are_one_object():
    rules = pack(["max(x, y) > 0", "max(x, y) < 3 and lag(max(x, y)) > 1", "x > 0", "x > 0"])
    first, second, third, fourth = (rules.rule(f"r{k}").check for k in range(4))
    assert second.args[0].args[0] is first.args[0]
    assert second.args[1].args[0].args[0] is first.args[0]
    assert third is fourth


def test_a_parent_is_found_by_its_key_and_null_without_one():
    others = pa.table(
        {
            "id": pa.array([5, None, None, 10**15]),
            "v": pa.array([1.0, 2.0, 3.0, 4.0]),
            "w": pa.array([None] * 4, pa.date32()),
        }
    )
    rows = [{**row, "p": key} for row, key in zip(random_rows(0, 5), [5, 6, None, 10**15, -1], strict=True)]
    rules = pack(
        ["exists(o.id = p)", "parent(o.v, o.id = p) = 1 | tol: 1e-9", "parent(o.v, o.id = p) is null"]
    )
    found = verdicts(rules, {"t": as_table(rows), "o": others})
    assert found["r0"] == [True, False, None, True, False]
    assert found["r1"] == [True, None, None, False, None]
    assert found["r2"] == [False, True, True, False, True]
    dense = others.slice(0, 3)
    found = verdicts(rules, {"t": as_table(rows), "o": dense})
    assert found["r0"] == [True, False, None, False, False]
    assert found["r1"] == [True, None, None, None, None]
    empty = verdicts(rules, {"t": as_table(rows), "o": others.slice(0, 0)})
    assert empty["r0"] == [False, False, None, False, False]
    assert empty["r2"] == [True] * 5
