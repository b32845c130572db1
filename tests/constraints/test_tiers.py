"""The compiled tier against the interpreter: the same report, cell by cell, for any pack, cut and thread."""

import re
from collections import OrderedDict
from concurrent.futures import Future
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from naive.pack_tables import random_table
from naive.rule_tables import (
    as_table,
    children_table,
    others_table,
    pack,
    random_children,
    random_others,
    random_rows,
    sorted_rules,
    sorted_table,
)
from naive.rule_texts import CHILD_RULES, ROW_RULES, SEQUENCE_RULES, TIMED_RULES
from naive.tiers import both

from finsim.constraints.checking import tier_choice
from finsim.constraints.checking.check import check
from finsim.constraints.checking.check_preparation import Session
from finsim.constraints.compiled import background, compiled_tier, rule_compiler
from finsim.constraints.compiled.rule_compiler import facts_for, prepared
from finsim.constraints.packs.ruleset import RuleSet
from finsim.errors import DataError, RuleError
from finsim.kernels.generated import check_alphabet

pytestmark = pytest.mark.sweep

PACKS = sorted(path.stem for path in (Path(__file__).parents[2] / "constraints").glob("*.yaml"))
LANGUAGE = {
    "rows": (ROW_RULES, ""),
    "other tables": (CHILD_RULES, ""),
    "sequences": (SEQUENCE_RULES, ", sort: false"),
    "times": (TIMED_RULES, ""),
}


def language(kind, seed, count=300):
    texts, order = LANGUAGE[kind]
    tables = {"t": as_table(random_rows(seed, count)), "o": others_table(random_others(seed))}
    tables["s"] = children_table(random_children(seed))
    return tables, pack(texts, order)


@pytest.mark.parametrize("kind", LANGUAGE)
def test_the_whole_language(kind):
    slow, fast = both(*language(kind, 1))
    assert fast == slow


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("kind", LANGUAGE)
def test_pieces_and_threads_change_nothing(kind, threads, small_pieces):
    slow, fast = both(*language(kind, 2), threads=threads)
    assert fast == slow


@pytest.mark.parametrize("kind", ["sequences", "times"])
def test_rows_in_order_take_the_short_way(kind, small_pieces):
    tables, rules = language(kind, 3)
    table = tables["t"].filter(pa.compute.is_valid(tables["t"]["ts"]))
    tables["t"] = table.sort_by([("g", "ascending"), ("ts", "ascending"), ("n", "ascending")])
    slow, fast = both(tables, rules, threads=2)
    assert fast == slow


@pytest.mark.parametrize("name", PACKS)
def test_every_pack_on_random_tables(name):
    rules = RuleSet.load(name)
    tables = {table: random_table(rules, table, 4, 500) for table in rules.tables}
    slow, fast = both(tables, rules)
    assert fast == slow
    assert any(rule["violations"] for rule in fast["rules"])


@pytest.mark.parametrize("threads", [1, 4])
@pytest.mark.parametrize("nulls", [False, True])
def test_fast_steps_on_sorted_rows(nulls, threads, small_pieces):
    rules = RuleSet.parse(sorted_rules(nulls))
    slow, fast = both(sorted_table(1_500, nulls), rules, threads=threads)
    assert fast == slow
    assert sum(bool(rule["violations"]) for rule in fast["rules"]) >= 8


CROWDS = """finsim-rules: 1
pack: {id: crowds, version: 1}
table: t
order: {group: [g], by: [ts]}
columns: {g: {type: id}, ts: {type: ts}, x: {type: int, null: true}}
params: {most: 2}
rules:
"""


@pytest.mark.parametrize("op", ["<", "<=", ">", ">=", "=", "!="])
def test_counts_of_windows_against_any_bound(op, small_pieces):
    bounds = ["-1", "0", "1", "2", "3", "7", "15", "40", "4_096", "4_097", "2.5", "most", "x"]
    texts = [f"count_in(2d) {op} {bound}" for bound in bounds if op not in ("=", "!=") or bound != "2.5"]
    texts += [f"{bound} {op} count_in(36h)" for bound in bounds if op not in ("=", "!=") or bound != "2.5"]
    texts += [f"x > 0 => not (count_in(36h) {op} 3)", f"(count_in(36h) {op} 3) = (count_in(36h) > 2)"]
    texts += [f"count_in(36h) {op} 3 and count_in(36h) > 1", "count_in(36h) * 2 > 5"]
    lines = "".join(f"  - {{id: r{k}, check: {text}}}\n" for k, text in enumerate(texts))
    lines += "  - {id: stands, order: {group: [g], by: [ts], sort: false}, check: x >= lag(x)}\n"
    slow, fast = both(sorted_table(900, True), RuleSet.parse(CROWDS + lines))
    assert fast == slow
    assert sum(bool(rule["violations"]) for rule in fast["rules"]) >= 10


def test_one_row_out_of_order_sends_all_the_long_way(small_pieces):
    rules, table = RuleSet.parse(sorted_rules(nulls=False)), sorted_table(600, False)
    swapped = np.arange(600)
    swapped[[300, 301]] = [301, 300]
    slow, fast = both(table.take(pa.array(swapped)), rules, threads=2)
    assert fast == slow


FLOATS = """
finsim-rules: 1
pack: {id: floats, version: 1}
table: t
columns: {x: {type: float}, y: {type: float}, n: {type: int}}
rules:
  - {id: sum, check: x + y < 3}
  - {id: product, check: x * y * x <= 1}
  - {id: ratio, check: x / y < 2}
  - {id: whole, check: n * n * n >= 0}
  - {id: strict, check: x > 0, nulls: fail}
"""


@pytest.mark.parametrize("odd", [np.nan, np.inf, -np.inf, 1e200, -1e300])
def test_floats_beyond_what_was_planned_for(odd):
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=300), rng.normal(size=300)
    x[[7, 250]], y[[7, 9]] = odd, [odd, 0.0]
    table = pa.table({"x": x, "y": y, "n": rng.integers(-3 * 10**6, 3 * 10**6, 300)})
    slow, fast = both(table, RuleSet.parse(FLOATS))
    assert fast == slow


def test_numbers_too_large_are_refused_in_both_tiers():
    table = pa.table({"x": [1.0], "y": [1.0], "n": [2 * 10**18]})
    for tier in ("interpreter", "compiled"):
        with pytest.raises(DataError, match="2000000000000000000"):
            check(table, RuleSet.parse(FLOATS), tier=tier)


@pytest.mark.parametrize("text", ["x > 0", "lag(x) > 0", "sum_day(if y > 0 then x else 0) > 0", "x = lag(x)"])
def test_numbers_too_large_are_refused_wherever_they_are_read(text):
    table = sorted_table(300, False)
    values = table["x"].to_numpy().copy()
    values[200] = 10**18 + 1
    table = table.set_column(2, "x", pa.array(values))
    rules = CROWDS.replace("id: crowds", "id: large").replace("x: {type", "y: {type: float}, x: {type")
    for tier in ("interpreter", "compiled"):
        with pytest.raises(DataError, match="1000000000000000001"):
            check(table, RuleSet.parse(f"{rules}  - {{id: r, check: {text}}}\n"), tier=tier)


def test_chunks_with_dictionaries_of_their_own():
    rules = RuleSet.parse(
        """
finsim-rules: 1
pack: {id: labels, version: 1}
table: t
columns: {c: {type: cat, null: true}, d: {type: cat}}
rules:
  - {id: known, check: "c in {'a', 'b'}"}
  - {id: other, check: "c != d"}
  - {id: never, check: "c != 'nowhere'"}
"""
    )
    first = pa.DictionaryArray.from_arrays(pa.array([0, 1, None], pa.int8()), ["a", "b"])
    second = pa.DictionaryArray.from_arrays(pa.array([0, 1, 2], pa.int8()), ["z", "a", "a"])
    labels = pa.chunked_array([pa.array(["a", "a", "b"]), pa.array(["z", "z", "a"])])
    table = pa.table({"c": pa.chunked_array([first, second]), "d": labels})
    slow, fast = both(table, rules)
    assert fast == slow
    assert [rule["violations"] for rule in fast["rules"]][-3:] == [1, 3, 0]


def test_more_rules_than_bits_in_a_word():
    texts = "\n".join(f"  - {{id: r{k}, check: n != {k}}}" for k in range(150))
    rules = RuleSet.parse(
        "finsim-rules: 1\npack: {id: many, version: 1}\ntable: t\ncolumns: {n: {type: int}}\nrules:\n" + texts
    )
    slow, fast = both(pa.table({"n": np.arange(1_000) % 200}), rules)
    assert fast == slow
    assert [rule["violations"] for rule in fast["rules"]][1:] == [5] * 150


def test_excuses_hold_in_the_compiled_tier():
    rules = RuleSet.parse(
        """
finsim-rules: 1
pack: {id: excuses, version: 1}
table: t
columns: {n: {type: int}, narrative: {type: cat, null: true}}
rules: [{id: small, level: policy, check: n < 5}]
"""
    )
    table = pa.table({"n": np.arange(40) % 10, "narrative": ["mule", None, "other", "mule"] * 10})
    slow, fast = both(table, rules, excused={"mule": {"small"}})
    assert fast == slow
    assert fast["rules"][-1]["excused"] == 10


def ready_after(looks, kinds):
    """Stand in for the thread: kernels are ready when somebody has looked so often, or never (an error)."""
    futures = {}

    def later(wanted):
        name = wanted.name()
        seen, future = futures.setdefault(name, [0, Future()])
        futures[name][0] += 1
        if seen >= looks and not future.done():
            wanted.compiled()
            kinds.append("ready")
            future.set_result(True)
        return future

    return later


@pytest.fixture
def cold(monkeypatch):
    """No kernel is on disk, and steps are short."""
    original = rule_compiler.Prepared.is_compiled
    monkeypatch.setattr(
        rule_compiler.Prepared, "is_compiled", lambda self: self.ready is not None and original(self)
    )
    monkeypatch.setattr(rule_compiler, "_kept", OrderedDict())
    monkeypatch.setattr(tier_choice, "KERNEL_ROWS", 10)
    monkeypatch.setattr(tier_choice, "_STEP", 64)


@pytest.mark.parametrize("looks", [0, 1, 5, 10**6])
@pytest.mark.parametrize("how", ["sorted", "nulls", "mixed", "one group"])
def test_the_kernel_takes_over_between_groups_while_the_interpreter_judges(how, looks, cold, monkeypatch):
    table = sorted_table(1_500, how == "nulls")
    if how == "mixed":
        table = table.take(pa.array(np.random.default_rng(3).permutation(1_500)))
    if how == "one group":
        table = table.set_column(0, table.column_names[0], pa.array(np.zeros(1_500, np.int64)))
    rules, kinds = RuleSet.parse(sorted_rules(nulls=how == "nulls")), []
    monkeypatch.setattr(compiled_tier, "compiled_later", ready_after(looks, kinds))
    found = check(table, rules, blocks=16).to_dict()
    assert found == check(table, rules, tier="interpreter").to_dict()
    assert bool(kinds) is (looks < 10)


def test_a_kernel_that_cannot_be_compiled_leaves_the_table_to_the_interpreter(cold, monkeypatch):
    def failed(wanted):
        future = Future()
        future.set_result(False)
        return future

    monkeypatch.setattr(compiled_tier, "compiled_later", failed)
    table, rules = sorted_table(1_500, False), RuleSet.parse(sorted_rules(nulls=False))
    assert check(table, rules).to_dict() == check(table, rules, tier="interpreter").to_dict()


def test_a_column_that_is_not_as_it_was_taken_to_be_asks_for_another_kernel(cold, monkeypatch):
    kinds = []
    monkeypatch.setattr(compiled_tier, "compiled_later", ready_after(1, kinds))
    x = np.ones(1_000)
    x[900] = np.nan
    table, rules = pa.table({"x": x, "y": x[::-1], "n": np.ones(1_000, int)}), RuleSet.parse(FLOATS)
    assert check(table, rules, blocks=16).to_dict() == check(table, rules, tier="interpreter").to_dict()
    assert len(kinds) == 2


def test_kernels_are_compiled_one_after_the_other_in_a_thread():
    done = []

    class Wanted:
        def __init__(self, name):
            self.name = lambda: name

        def compiled(self):
            done.append(self.name())
            if self.name() == "bad":
                raise OSError("disk full")

    futures = [background.compiled_later(Wanted(name)) for name in ("a", "bad", "b", "a")]
    assert [future.result(10) for future in futures] == [True, False, True, True]
    assert futures[3] is futures[0]
    assert done == ["a", "bad", "b"]


def test_a_tier_that_does_not_exist():
    with pytest.raises(RuleError, match="compiled"):
        check(pa.table({"n": [1]}), RuleSet.load("ohlcv"), tier="compile")
    with pytest.raises(RuleError, match="interpreter"):
        check(pa.table({"n": [1]}), RuleSet.load("ohlcv"), tier="numpy")


def sources(rules, tables):
    session = Session(rules, tables, None)
    for name, source in session.sources.items():
        for rule in session.own_rules(name):
            if not session.obstacle(rule, source):
                facts = facts_for([rule], source, session.params.values, rule.order)
                for plan, inputs in prepared([rule], facts).plans:
                    yield plan.source
                    yield from [inputs.source] if inputs else []


@pytest.mark.parametrize("name", PACKS)
def test_no_word_of_a_user_stands_in_generated_source(name):
    rules = RuleSet.load(name)
    tables = {table: random_table(rules, table, 1, 50) for table in rules.tables}
    written = list(sources(rules, tables))
    assert written
    for source in written:
        check_alphabet(source)
        assert not re.search(r"['\"#.]", source)


def test_a_label_that_looks_like_code_stays_data():
    rules = RuleSet.parse(
        """
finsim-rules: 1
pack: {id: hostile, version: 1}
table: t
columns: {c: {type: cat}}
rules: [{id: r, check: "c != '__import__(0) or evaluate'"}]
"""
    )
    table = pa.table({"c": ["__import__(0) or evaluate", "fine"]})
    assert all("__import__" not in source for source in sources(rules, {"t": table}))
    slow, fast = both(table, rules)
    assert fast == slow
    assert fast["rules"][-1]["violations"] == 1
