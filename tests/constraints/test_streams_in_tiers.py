"""Streams in the compiled tier: the same report as the interpreter's, wherever batches are cut."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from naive.rule_tables import sorted_rules, sorted_table

from finsim.constraints.checking import stream_check as streaming
from finsim.constraints.checking.check import check, check_batches
from finsim.constraints.packs.ruleset import RuleSet
from finsim.constraints.tables.group_layout import StreamGroups
from finsim.constraints.tables.parquet_batches import Batches, read_ahead
from finsim.errors import DataError


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
    slow = check_batches(cut(table, rows), rules, tier="numpy").to_dict()
    assert check_batches(cut(table, rows), rules, tier="compiled", threads=2).to_dict() == slow
    whole = {one["id"]: one for one in check(table, rules, tier="compiled").to_dict()["rules"]}
    assert [one for one in slow["rules"] if one["id"] in grouped(rules)] == [
        whole[one["id"]] for one in slow["rules"] if one["id"] in grouped(rules)
    ]


def test_a_generator_is_read_once(rules):
    table = sorted_table(600, nulls=True)
    slow = check_batches(iter(cut(table, 90)), rules, tier="numpy").to_dict()
    assert check_batches(iter(cut(table, 90)), rules, tier="compiled").to_dict() == slow


def test_groups_that_come_back_are_left_to_the_interpreter(rules):
    table = sorted_table(600, nulls=True).sort_by([("ts", "ascending")])
    slow = check_batches(cut(table, 50), rules, tier="numpy").to_dict()
    assert check_batches(cut(table, 50), rules, tier="compiled").to_dict() == slow


def test_months_that_are_each_sorted_by_account(rules):
    table = sorted_table(800, nulls=True)
    middle = pa.compute.greater(table["ts"].cast(pa.int64()), int(np.median(table["ts"].cast(pa.int64()))))
    months = [table.filter(pa.compute.invert(middle)), table.filter(middle)]
    slow = check_batches(months, rules, tier="numpy").to_dict()
    assert check_batches(months, rules, tier="compiled").to_dict() == slow


def test_a_group_larger_than_what_is_held(rules, monkeypatch):
    monkeypatch.setattr(streaming, "HELD_ROWS", 10)
    table = sorted_table(600, nulls=True)
    slow = check_batches(cut(table, 50), rules, tier="numpy").to_dict()
    assert check_batches(cut(table, 50), rules, tier="compiled").to_dict() == slow


def test_time_that_runs_backwards_is_refused_in_both_tiers(rules):
    table = sorted_table(600, nulls=True)
    turned = table.take(pa.array(np.arange(600)[::-1]))
    for tier in ("numpy", "compiled"):
        with pytest.raises(DataError, match="out of order"):
            check_batches(cut(turned, 50), rules, tier=tier)


def test_auto_begins_with_the_interpreter(rules, monkeypatch):
    monkeypatch.setattr(streaming, "CACHED_ROWS", 200)
    monkeypatch.setattr(streaming, "COMPILE_ROWS", 1_200)
    table = sorted_table(900, nulls=False)
    fitting = RuleSet.parse(sorted_rules(nulls=False))
    slow = check_batches(cut(table, 100), fitting, tier="numpy").to_dict()
    assert check_batches(cut(table, 100), fitting).to_dict() == slow


def test_a_long_file_in_order_is_judged_by_kernels_from_its_first_row(tmp_path, monkeypatch):
    rules, table = RuleSet.parse(sorted_rules(nulls=False)), sorted_table(900, False)
    pq.write_table(table, tmp_path / "t.parquet")
    slow = check_batches(cut(table, 100), rules, tier="numpy").to_dict()
    monkeypatch.setattr(streaming, "COMPILE_ROWS", 900)
    kept, arrange = [], StreamGroups.arrange

    def watched(self, group, by, rows):
        kept.extend(self.order.group)
        return arrange(self, group, by, rows)

    monkeypatch.setattr(StreamGroups, "arrange", watched)
    assert check_batches(Batches(tmp_path / "t.parquet", rows=100), rules).to_dict() == slow
    assert not kept


@pytest.mark.parametrize("place", [70, 899])
@pytest.mark.parametrize("tier", ["numpy", "compiled"])
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
