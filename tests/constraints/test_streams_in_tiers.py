"""Streams in the compiled tier: the same report as the interpreter's, wherever batches are cut."""

from collections import OrderedDict
from concurrent.futures import Future

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from naive.rule_tables import sorted_rules, sorted_table

from finsim.constraints.checking import stream_check as streaming
from finsim.constraints.checking import tier_choice
from finsim.constraints.checking.check import check, check_batches, fed_check
from finsim.constraints.compiled import compiled_tier, rule_compiler
from finsim.constraints.language.row_order import Order
from finsim.constraints.packs.ruleset import RuleSet
from finsim.constraints.tables.group_layout import StreamGroups
from finsim.constraints.tables.label_codes import Labels
from finsim.constraints.tables.parquet_batches import Batches, read_ahead
from finsim.constraints.tables.typed_columns import Source
from finsim.errors import DataError, FinsimError

SMALL = """
finsim-rules: 1
pack: {{id: small, version: "1"}}
table: t
{order}
columns: {{g: {{type: int}}, ts: {{type: ts}}, x: {{type: int}}}}
rules: [{{id: r, check: "{rule}"}}]
"""


def cut(table, rows):
    return [table.slice(begin, rows) for begin in range(0, table.num_rows, rows)]


@pytest.fixture
def rules():
    return RuleSet.parse(sorted_rules(nulls=True))


def grouped(rules):
    """The rules whose groups a stream sorted by group brings one after the other."""
    return [rule.id for rule in rules.rules if rule.order is None or rule.order.group]


@pytest.mark.parametrize("rows", [7, 100, 5_000])
def test_batches_in_group_order(rows, rules):
    table = sorted_table(1_200, nulls=True)
    slow = check_batches(cut(table, rows), rules, tier="interpreter").to_dict()
    assert check_batches(cut(table, rows), rules, tier="compiled", threads=2).to_dict() == slow
    whole = {one["id"]: one for one in check(table, rules, tier="compiled").to_dict()["rules"]}
    assert [one for one in slow["rules"] if one["id"] in grouped(rules)] == [
        whole[one["id"]] for one in slow["rules"] if one["id"] in grouped(rules)
    ]


@pytest.mark.parametrize("tail", [1, 2, 64])
def test_the_last_group_is_looked_for_from_the_end(tail, rules, monkeypatch):
    monkeypatch.setattr(streaming, "TAIL_ROWS", tail)
    table = sorted_table(600, nulls=True)
    slow = check_batches(cut(table, 90), rules, tier="interpreter").to_dict()
    assert check_batches(cut(table, 90), rules, tier="compiled").to_dict() == slow


@pytest.mark.parametrize("rows", [1, 7, 100, 5_000])
def test_a_check_that_is_fed_reports_as_one_that_reads(rows, rules):
    table = sorted_table(300, nulls=True)
    fed = fed_check(rules, table=next(iter(rules.tables)))
    for batch in cut(table, rows):
        fed.feed(batch)
    assert fed.report().to_dict() == check_batches(iter(cut(table, 90)), rules).to_dict()


def test_a_check_that_was_fed_nothing_says_so(rules):
    found = fed_check(rules, table=next(iter(rules.tables))).report().to_dict()["rules"]
    assert {one["verdict"] for one in found} == {"skipped"}
    assert {one["reason"] for one in found} == {"the stream has no rows"}


def test_a_generator_is_read_once(rules):
    table = sorted_table(600, nulls=True)
    slow = check_batches(iter(cut(table, 90)), rules, tier="interpreter").to_dict()
    assert check_batches(iter(cut(table, 90)), rules, tier="compiled").to_dict() == slow


def test_groups_that_come_back_are_left_to_the_interpreter(rules):
    table = sorted_table(600, nulls=True).sort_by([("ts", "ascending")])
    slow = check_batches(cut(table, 50), rules, tier="interpreter").to_dict()
    assert check_batches(cut(table, 50), rules, tier="compiled").to_dict() == slow


def test_months_that_are_each_sorted_by_account(rules):
    table = sorted_table(800, nulls=True)
    middle = pa.compute.greater(table["ts"].cast(pa.int64()), int(np.median(table["ts"].cast(pa.int64()))))
    months = [table.filter(pa.compute.invert(middle)), table.filter(middle)]
    slow = check_batches(months, rules, tier="interpreter").to_dict()
    assert check_batches(months, rules, tier="compiled").to_dict() == slow


def test_a_group_larger_than_what_is_held(rules, monkeypatch):
    monkeypatch.setattr(streaming, "HELD_ROWS", 10)
    table = sorted_table(600, nulls=True)
    slow = check_batches(cut(table, 50), rules, tier="interpreter").to_dict()
    assert check_batches(cut(table, 50), rules, tier="compiled").to_dict() == slow


def test_time_that_runs_backwards_is_refused_in_both_tiers(rules):
    table = sorted_table(600, nulls=True)
    turned = table.take(pa.array(np.arange(600)[::-1]))
    for tier in ("interpreter", "compiled"):
        with pytest.raises(DataError, match="out of order"):
            check_batches(cut(turned, 50), rules, tier=tier)


@pytest.mark.parametrize("looks", [0, 2, 10**6])
def test_auto_begins_with_the_interpreter_and_goes_on_by_kernels(rules, looks, monkeypatch):
    futures = {}

    def later(wanted):
        futures.setdefault(wanted.name(), [0, Future()])[0] += 1
        seen, future = futures[wanted.name()]
        if seen > looks and not future.done():
            wanted.compiled()
            future.set_result(True)
        return future

    monkeypatch.setattr(compiled_tier, "compiled_later", later)
    monkeypatch.setattr(rule_compiler.Prepared, "is_compiled", lambda self: self.ready is not None)
    monkeypatch.setattr(rule_compiler, "_kept", OrderedDict())
    monkeypatch.setattr(tier_choice, "KERNEL_ROWS", 200)
    monkeypatch.setattr(streaming, "BATCH_ROWS", 100)
    for nulls in (False, True):
        table, fitting = sorted_table(900, nulls=nulls), RuleSet.parse(sorted_rules(nulls=nulls))
        slow = check_batches(cut(table, 100), fitting, tier="interpreter").to_dict()
        assert check_batches(cut(table, 100), fitting).to_dict() == slow
    assert any(one.done() for _, one in futures.values()) is (looks < 10)


def test_a_long_file_in_order_is_judged_by_kernels_from_its_first_row(tmp_path, monkeypatch):
    rules, table = RuleSet.parse(sorted_rules(nulls=False)), sorted_table(900, False)
    pq.write_table(table, tmp_path / "t.parquet")
    slow = check_batches(cut(table, 100), rules, tier="interpreter").to_dict()
    monkeypatch.setattr(streaming, "COMPILE_ROWS", 900)
    monkeypatch.setattr(streaming, "BATCH_ROWS", 100)
    monkeypatch.setattr(tier_choice, "KERNEL_ROWS", 900)
    kept, arrange = [], StreamGroups.arrange

    def watched(self, group, by, rows):
        kept.extend(self.order.group)
        return arrange(self, group, by, rows)

    monkeypatch.setattr(StreamGroups, "arrange", watched)
    assert check_batches(Batches(tmp_path / "t.parquet", rows=100), rules).to_dict() == slow
    assert not kept


@pytest.mark.parametrize("largest", [99, 100])
@pytest.mark.parametrize("has_order", [False, True])
def test_small_batches_are_judged_without_kernels_unless_these_are_asked_for(largest, has_order, monkeypatch):
    asked = []
    monkeypatch.setattr(tier_choice, "KERNEL_ROWS", 0)
    monkeypatch.setattr(streaming, "BATCH_ROWS", 100)
    monkeypatch.setattr(streaming, "COMPILE_ROWS", 0)
    compiled = streaming.Streamed._compiled
    monkeypatch.setattr(streaming.Streamed, "_compiled", lambda *given: asked.append(1) or compiled(*given))
    rule = "lag(x, 1) < 10" if has_order else "x < 10"
    order = "order: {group: [g], by: [ts]}" if has_order else ""
    table, pack = sorted_table(900, False), RuleSet.parse(SMALL.format(order=order, rule=rule))
    slow = check_batches(cut(table, largest), pack, tier="interpreter").to_dict()
    assert not asked
    assert check_batches(cut(table, largest), pack).to_dict() == slow
    assert bool(asked) is (largest == 100)
    assert check_batches(cut(table, largest), pack, tier="compiled").to_dict() == slow
    assert asked


@pytest.mark.parametrize("place", [70, 899])
@pytest.mark.parametrize("tier", ["interpreter", "compiled"])
def test_a_number_too_large_is_named_by_its_row_in_the_stream(rules, tier, place):
    table = sorted_table(900, nulls=True)
    amounts = table["x"].to_pylist()
    amounts[place] = 2 * 10**18
    table = table.set_column(2, "x", pa.array(amounts))
    with pytest.raises(DataError, match=f"table t, row {place}: column 'x' holds 2000000000000000000"):
        check_batches(cut(table, 60), rules, tier=tier)


def test_reading_ahead_gives_the_same_batches_and_fails_in_its_turn():
    def broken():
        yield from (1, 2)
        raise DataError("damaged", place="page 3", remedy="write it again")

    assert list(read_ahead(range(1, 4))) == [1, 2, 3]
    batches = read_ahead(broken())
    assert [next(batches), next(batches)] == [1, 2]
    with pytest.raises(DataError, match="damaged"):
        next(batches)


@pytest.mark.parametrize("batches", [1, 2])
def test_a_last_group_out_of_order_ends_as_with_the_interpreter(batches):
    rules = RuleSet.parse(
        'finsim-rules: 1\npack: {id: t, version: "1"}\ntable: t\norder: {group: [g], by: [n]}\n'
        "columns: {g: {type: int}, n: {type: int}}\nrules: [{id: up, check: n > lag(n)}]\n"
    )
    table = pa.table({"g": [0] * 6, "n": [1, 2, 3, 2, 5, 6]})
    ends = []
    for tier in ("interpreter", "compiled"):
        try:
            ends.append(check_batches(cut(table, 6 // batches), rules, tier=tier).to_dict())
        except FinsimError as refused:
            ends.append(str(refused))
    assert ends[0] == ends[1]


SHORT = """
finsim-rules: 1
pack: {id: short, version: "1"}
table: t
order: {group: [g], by: [ts]}
columns: {g: {type: int}, ts: {type: ts}, x: {type: int}}
rules: [{id: r, check: "lag(x) <= x"}, {id: s, check: "sum_in(x, 3s) < 12"}]
"""


def nearly_sorted(rng):
    """Return a few rows by group and time, of which two may have changed places."""
    rows = int(rng.integers(1, 14))
    group, time = rng.integers(0, 4, rows), rng.integers(0, 4, rows)
    order = np.lexsort((time, group))
    if rows > 2 and rng.random() < 0.5:
        place = int(rng.integers(0, rows - 1))
        order[[place, place + 1]] = order[[place + 1, place]]
    moments = pa.array(time[order] * 10**6, pa.timestamp("us", "UTC"))
    return pa.table({"g": group[order], "ts": moments, "x": rng.integers(0, 9, rows)})


def answered(batches, rules, tier):
    try:
        return check_batches(batches, rules, tier=tier).to_dict()
    except FinsimError as refusal:
        return str(refusal)


def test_rows_that_step_back_are_seen_at_every_edge_of_a_batch():
    """The very last group too: it is judged when the stream has ended."""
    rules, refused = RuleSet.parse(SHORT), 0
    for seed in range(300):
        rng = np.random.default_rng(seed)
        table, size = nearly_sorted(rng), int(rng.integers(1, 5))
        slow = answered(cut(table, size), rules, "interpreter")
        assert answered(cut(table, size), rules, "compiled") == slow, seed
        refused += isinstance(slow, str)
    assert 10 < refused < 200


@pytest.mark.parametrize("tail", [1, 2, 5])
def test_the_first_row_of_the_last_group(tail, monkeypatch):
    monkeypatch.setattr(streaming, "TAIL_ROWS", tail)
    for seed in range(50):
        group = np.sort(np.random.default_rng(seed).integers(0, 4, 12))
        table = pa.table({"g": group, "ts": pa.array([0] * 12, pa.timestamp("us", "UTC")), "x": group})
        source = Source("t", table, RuleSet.parse(SHORT).tables["t"].columns, Labels())
        assert streaming.last_group(Order(("g",), ("ts",)), source) == group.tolist().index(group[-1])
