"""The interpreter against the naive twin: every function, random expressions, nulls, ties, unsorted rows."""

import random

import numpy as np
import pytest
from naive.rule_tables import (
    LETS,
    LOOKUPS,
    PARAMS,
    as_table,
    others_table,
    pack,
    random_others,
    random_rows,
    verdicts,
)
from naive.rules import World, evaluate

from finsim.constraints.functions import CROSS, FUNCTIONS

ROW_RULES = [
    "x > 0", "x <= y", "i = j", "i != j", "x >= 1 and y < 2 or i = 3", "not (x > 0 and f)", "x > 0 => y > 0",
    "if f then x > 0", "if f then x > 0 else y > 0", "x between 0 and y", "c = 'red'", "c != 'red'",
    "c in {'red', 'green'}", "c in colours", "c not in colours", "i in {1, 2, -3}", "i in numbers",
    "x is null", "x is not null or f is null", "(i is null) = f", "f", "f = (x > 0)", "true", "false or f",
    "a > 3 USD", "a <= limit", "a + b >= 3 USD", "a - b < 0", "-a < 0", "a * 2 > 5 USD", "a * rate > 10 USD",
    "a / b > 1", "a / 2 > 1.5 USD", "x / y > 1", "i / j > 1", "x + i > y - j", "x * y <= i * j", "x ^ 2 < 2",
    "(x + 3) ^ (-1) > 0", "abs(x - y) <= 0.5", "min(x, y, i) < 0", "max(a, b) = a", "round(x) = i",
    "round(x, 1) > 0.2", "floor(x) < x", "ceil(x) > i", "sqrt(x) < 2", "log(x) < 1", "exp(x) > 2",
    "clamp(x, 0, 2) > 0.1", "coalesce(x, y, 1) > 0", "coalesce(i, 0) = 0", "annuity(x, 0.01, j) > 0.5",
    "annuity(a, rate / 12, j) > 1 USD", "round(annuity(a, 0, j)) = a", "on_tick(x, 0.25)", "on_tick(i, j)",
    "on_tick(a, 1 USD)", "year(d) = 2025", "month(d) < 6", "day(d) >= 15", "weekday(d) in {6, 7}",
    "month(ts) = 1", "days(d, d'2025-01-01') > 0", "add_months(d, i) >= d'2025-02-28'", "d > d'2025-01-01'",
    "ts >= d", "ts - d'2026-01-01' > 36h", "ts + 12h > d'2026-01-05'", "half > 0.2", "big => a > 2 USD",
    "if big then a > 2 USD else a <= 2 USD", "(if f then a else 0) >= 0", "(if x > 0 then i else j) = 2",
    "exists(o.id = p)", "parent(o.v, o.id = p) > 0", "d >= parent(o.w, o.id = p)", "x > 25 bp and y < 1_000",
    "unique(c, i)", "unique(p)", "group_count(by: c) > 20", "group_sum(i, by: c) > 3", "group_sum(x) > 0",
    "round_to(x, 0.25) > y", "round_to(i, 2) = i", "round_to(a, 1 USD) <= b", "round_to(x, y) < 1",
    "round_to(i, j) < i", "round_to(x, 0.1) = x | tol: 1e-12", "round_to(a + b, 2 USD) = a",
    "group_q(x, 50%, by: c) < x", "group_q(x, 0.9) < y", "group_q(a, 25%, by: c) <= b",
    "group_q(i, 1) = i | tol: 1e-12",
    "group_q(x, 0, by: c) >= 0", "group_q(y, rate, by: f) > x", "group_q(x + y, 0.3) > 0",
    "lookup(cap, c, j, d) > 5.5%", "lookup(cap, c, i, ts) < 1", "lookup(cap, 'red', j, d) is null",
    "lookup(cap, c, j, d'2024-06-01') >= 0", "lookup(fee, c) <= a", "lookup(fee, 'blue') < b",
    "lookup(kind, f) = c", "lookup(fee, lookup(kind, f)) > 0",
    "group_min(x, by: c) < y", "group_max(a) >= a", "group_distinct(c) = 3", "group_distinct(p, by: c) > 4",
]  # fmt: skip
SEQUENCE_RULES = [
    "x > lag(x)", "i = lag(i, 2)", "a >= lag(a, default: b)", "lag(i, 3, default: 0) >= 0", "c = lag(c)",
    "lag(f, default: true) => f", "ts >= lag(ts)", "first(x) > y", "first(c) = c", "cumsum(i) > 2",
    "cumsum(x) < 1",
    "cumsum(a) >= 10 USD", "cumsum(f) > 3", "cummax(x) > x", "cummax(i) = i", "cummax(a) > 3 USD",
    "runlen(f) > 1",
    "runlen(x > 0) >= 2", "lag(cumsum(i), default: 0) + i >= 2", "a - lag(a) + lag(b) > 0", "lag(lag(i)) = 1",
    "x > 0 or lag(x, 5) is null",
]  # fmt: skip
TIMED_RULES = [
    "count_in(24h) > 2", "count_in(1s) <= 1", "count_in(7d) > 10", "sum_in(i, 24h) > 1",
    "sum_in(a, 2d) > 100 USD",
    "sum_in(f, 36h) >= 2", "sum_in(x > 0, 3d) > 2", "max_in(i, 24h) = i", "max_in(x, 5h) > 1",
    "sum_in(x, 10h) > 1",
    "sum_day(i) > 1", "sum_day(a) <= 200 USD", "sum_month(i) > 5", "sum_month(f) < 4",
    "sum_in(if c = 'red' then a else 0 USD, 72h) > 2 * limit",
]  # fmt: skip


@pytest.fixture(params=[0, 1])
def rows(request):
    return random_rows(request.param, 60)


def expected(texts, rows, others, is_sorted=True):
    world = World(rows, ("g",), ("ts", "n"), is_sorted, PARAMS, LETS, {"o": others}, LOOKUPS)
    return {f"r{k}": evaluate(text.partition(" | ")[0], world) for k, text in enumerate(texts)}


def compare(texts, rows, others, order="", blocks=7):
    tables = {"t": as_table(rows), "o": others_table(others)}
    found = verdicts(pack(texts, order), tables, blocks)
    wanted = expected(texts, rows, others, "false" not in order)
    for number, text in enumerate(texts):
        assert found[f"r{number}"] == wanted[f"r{number}"], text
    return wanted


def test_row_functions(rows):
    wanted = compare(ROW_RULES, rows, random_others(1), blocks=17)
    told = [k for k, cells in wanted.items() if {True, False} <= set(cells)]
    assert len(told) > 0.8 * len(ROW_RULES)  # the rules distinguish rows; few are constant


@pytest.mark.parametrize("order", ["", ", sort: false"])
@pytest.mark.parametrize("blocks", [1, 7, 100])
def test_sequence_functions(rows, order, blocks):
    compare(SEQUENCE_RULES, rows, [], order, blocks)


@pytest.mark.parametrize("blocks", [1, 7, 100])
def test_windows_and_periods_with_tied_unsorted_and_missing_times(rows, blocks):
    compare(TIMED_RULES, rows, [], "", blocks)


def test_every_function_is_compared_with_its_twin():
    tried = " ".join((*ROW_RULES, *SEQUENCE_RULES, *TIMED_RULES))
    assert [name for name in (*FUNCTIONS, *CROSS) if f"{name}(" not in tried] == []


class _Writer:
    """Writes random well-typed expressions."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def number(self, depth):
        if depth == 0:
            return self.random.choice(["x", "y", "i", "j", "1", "0", "2.5", "rate"])
        a, b = self.number(depth - 1), self.number(depth - 1)
        return self.random.choice(
            [f"({a} + {b})", f"({a} - {b})", f"{a} * {b}", f"({a}) / ({b})", f"min({a}, {b})",
             f"max({a}, {b})",
             f"abs({a})", f"-{a}", f"(if {self.truth(depth - 1)} then {a} else {b})", f"coalesce({a}, {b})"]
        )  # fmt: skip

    def truth(self, depth):
        a, b = self.number(max(0, depth - 1)), self.number(max(0, depth - 1))
        if depth == 0:
            op = self.random.choice(["<", "<=", ">", ">="])
            return self.random.choice([f"{a} {op} {b}", "f", "c = 'red'", "c in colours", f"{a} is null"])
        p, q = f"({self.truth(depth - 1)})", f"({self.truth(depth - 1)})"
        return self.random.choice(
            [f"{p} and {q}", f"{p} or {q}", f"not {p}", f"{p} => {q}", f"if {p} then {q} else {p}",
             f"{a} between {b} and 2", f"{p} = {q}", f"{p} and {q} or not {p}"]
        )  # fmt: skip


@pytest.mark.parametrize("seed", range(4))
def test_random_expressions(seed):
    writer = _Writer(seed)
    texts = [writer.truth(depth) for depth in (1, 2, 3) for _ in range(25)]
    compare(texts, random_rows(100 + seed, 40), [], blocks=13)


@pytest.mark.parametrize("blocks", [7, 500])
def test_tolerance_loosens_every_comparison(blocks):
    texts = ["x = y", "x != y", "x <= y", "x < y", "x >= y", "x > y", "x between y and 1"]
    rows = random_rows(5, 100)
    rows += [
        {**rows[0], "x": 1.0, "y": 1.5},
        {**rows[0], "x": 1.5, "y": 1.0},
        {**rows[0], "x": 1.0, "y": 1.6},
    ]
    found = verdicts(pack([f"{text} | tol: 0.5" for text in texts]), {"t": as_table(rows)}, blocks)
    world = World(rows, ("g",), ("ts", "n"), True, PARAMS, LETS, tol=0.5)
    for number, text in enumerate(texts):
        assert found[f"r{number}"] == evaluate(text, world), text


def test_float_running_sums_do_not_depend_on_blocks():
    rng = np.random.default_rng(3)
    rows = random_rows(9, 400)
    for row in rows:
        row["x"], row["g"] = (
            float(rng.normal() * 10.0 ** rng.integers(-8, 8)),
            "k" if rng.random() < 0.9 else "l",
        )
    texts = ["cumsum(x) = 0 | tol: 1e-300", "sum_in(x, 9h) = 0 | tol: 1e-300", "cumsum(x) - 3 > 1e3"]
    tables = {"t": as_table(rows)}
    first = verdicts(pack(texts), tables, 1)
    assert all(verdicts(pack(texts), tables, blocks) == first for blocks in (3, 64, 1000))
