"""The interpreter against the naive twin: every function, random expressions, nulls, ties, unsorted rows."""

import random

import numpy as np
import pytest
from naive.rule_tables import (
    LETS,
    LOOKUPS,
    PARAMS,
    as_table,
    children_table,
    others_table,
    pack,
    random_children,
    random_others,
    random_rows,
    verdicts,
)
from naive.rule_texts import CHILD_RULES, ROW_RULES, SEQUENCE_RULES, TIMED_RULES
from naive.rules import World, evaluate

from finsim.constraints.language.functions import CROSS, FUNCTIONS


@pytest.fixture(params=[0, 1])
def rows(request):
    return random_rows(request.param, 60)


def expected(texts, rows, others, is_sorted=True, children=()):
    there = {"o": others, "s": list(children), "t": rows}
    world = World(rows, ("g",), ("ts", "n"), is_sorted, PARAMS, LETS, there, LOOKUPS)
    return {f"r{k}": evaluate(text.partition(" | ")[0], world) for k, text in enumerate(texts)}


def compare(texts, rows, others, order="", blocks=7, children=()):
    tables = {"t": as_table(rows), "o": others_table(others), "s": children_table(children)}
    found = verdicts(pack(texts, order), tables, blocks)
    wanted = expected(texts, rows, others, "false" not in order, children)
    for number, text in enumerate(texts):
        assert found[f"r{number}"] == wanted[f"r{number}"], text
    return wanted


def test_row_functions(rows):
    wanted = compare(ROW_RULES, rows, random_others(1), blocks=17)
    told = [k for k, cells in wanted.items() if {True, False} <= set(cells)]
    assert len(told) > 0.8 * len(ROW_RULES)  # the rules distinguish rows; few are constant


@pytest.mark.parametrize("count", [0, 1, 70])
def test_rows_of_another_table(rows, count):
    wanted = compare(CHILD_RULES, rows, random_others(1), blocks=23, children=random_children(2, count))
    told = [k for k, cells in wanted.items() if {True, False} <= set(cells)]
    assert count < 70 or len(told) > 0.7 * len(CHILD_RULES)


@pytest.mark.parametrize("order", ["", ", sort: false"])
@pytest.mark.parametrize("blocks", [1, 7, 100])
def test_sequence_functions(rows, order, blocks):
    compare(SEQUENCE_RULES, rows, [], order, blocks)


@pytest.mark.parametrize("blocks", [1, 7, 100])
def test_windows_and_periods_with_tied_unsorted_and_missing_times(rows, blocks):
    compare(TIMED_RULES, rows, [], "", blocks)


def test_every_function_is_compared_with_its_twin():
    tried = " ".join((*ROW_RULES, *CHILD_RULES, *SEQUENCE_RULES, *TIMED_RULES))
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
