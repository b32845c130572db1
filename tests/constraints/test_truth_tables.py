"""Kleene's three-valued logic, written out, and what a null does in each comparison."""

import pyarrow as pa
import pytest
from naive.rule_tables import as_table, pack, verdicts

from finsim.constraints.checking.check import check
from finsim.constraints.packs.ruleset import RuleSet

T, F, U = True, False, None
VALUES = [(p, q) for p in (T, F, U) for q in (T, F, U)]
TABLES = {
    "f and g": [T, F, U, F, F, F, U, F, U],
    "f or g": [T, T, T, T, F, U, T, U, U],
    "f => g": [T, F, U, T, T, T, T, U, U],
    "if f then g": [T, F, U, T, T, T, T, U, U],
    "not f": [F, F, F, T, T, T, U, U, U],
    "f = g": [T, F, U, F, T, U, U, U, U],
    "f != g": [F, T, U, T, F, U, U, U, U],
    "if f then g else not g": [T, F, U, F, T, U, U, U, U],
    "f is null": [F, F, F, F, F, F, T, T, T],
    "f is not null": [T, T, T, T, T, T, F, F, F],
    "not (f and g)": [F, T, U, T, T, T, U, T, U],
    "(f => g) = (not f or g)": [T, T, U, T, T, T, T, U, U],
    "coalesce(f, g)": [T, T, T, F, F, F, T, F, U],
}
PACK = """
finsim-rules: 1
pack: {id: logic, version: 1}
table: t
columns:
  f: {type: bool, null: true}
  g: {type: bool, null: true}
rules:
"""


@pytest.mark.parametrize("text", TABLES)
def test_logic(text):
    table = pa.table({"f": [p for p, _ in VALUES], "g": [q for _, q in VALUES]})
    rules = RuleSet.parse(PACK + f"  - {{id: r, check: '{text}'}}\n")
    assert verdicts(rules, {"t": table})["r"] == TABLES[text]


def row(**values):
    base = dict.fromkeys(("n", "g", "ts", "x", "y", "i", "j", "a", "b", "c", "d", "f", "p"))
    return {**base, "n": 0, **values}


UNKNOWN = [
    "x < y", "x = 1", "i = j", "a != b", "c = 'red'", "c in colours", "i in {1, 2}", "ts >= d",
    "d > d'2020-01-01'",
    "p = p", "abs(x) > 1", "x / 0 > 1", "0 / i > 1", "log(-1 * j) > 0", "sqrt(-1 * j) > 0", "on_tick(i, 0)",
    "annuity(1, 0.1, 0) > 0", "i = lag(i)", "x between 0 and 1", "(-1) ^ 0.5 > 0",
]  # fmt: skip


@pytest.mark.parametrize("text", UNKNOWN)
def test_a_null_operand_or_an_undefined_result_is_unknown(text):
    rows = [row(j=3)]
    assert verdicts(pack([text]), {"t": as_table(rows)})["r0"] == [None]


def test_nan_is_null_and_infinity_is_a_number():
    rows = [row(x=float("nan"), y=1.0), row(x=float("inf"), y=1.0), row(x=float("inf"), y=float("inf"))]
    found = verdicts(pack(["x > y", "x is null", "x - y > 0"]), {"t": as_table(rows)})
    assert found == {"r0": [None, True, False], "r1": [True, False, False], "r2": [None, True, None]}


def test_integers_that_leave_64_bits_are_unknown_and_counted():

    rows = [row(j=10**12, a=10**17), row(j=10**12, a=1)]
    report = check(as_table(rows), pack(["j * a > 0 USD"]))
    assert (report["r0"].unknown, report["r0"].undefined, report["r0"].violations) == (1, 1, 0)


def test_money_is_exact_where_floats_are_not():
    rows = [row(a=10**16 + 1, b=10**16), row(a=30, b=10)]
    found = verdicts(pack(["a = b", "a - b = 0.01 USD", "a = 3 * b"]), {"t": as_table(rows)})
    assert found == {"r0": [False, False], "r1": [True, False], "r2": [False, True]}
