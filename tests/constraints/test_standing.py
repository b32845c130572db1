"""Rows that stand in order need no permutation: the same layout as arranging gives, in less memory."""

import tracemalloc

import numpy as np
import pyarrow as pa
import pytest

from finsim.constraints.checking.check import check
from finsim.constraints.packs.ruleset import RuleSet
from finsim.constraints.tables import presorted_rows as module
from finsim.constraints.tables.group_layout import arrange, layout
from finsim.constraints.tables.nullable_vectors import Vec
from finsim.constraints.tables.presorted_rows import standing

pytestmark = pytest.mark.sweep

PACK = """
finsim-rules: 1
pack: {id: standing, version: 1}
table: t
order: {group: [g], by: [n]}
columns: {g: {type: id}, n: {type: int}, x: {type: float}, c: {type: cat}}
rules:
  - {id: grows, check: "x >= lag(x)"}
  - {id: stands, order: {group: [g], by: [n], sort: false}, check: "n >= lag(n)"}
  - {id: label, check: "c = 'a' or cumsum(x) < 100"}
"""


def column(rng, rows, kind):
    """Return a column of few different values, so that ties and breaks are common."""
    values = rng.integers(-2, 3, rows)
    if kind == "float":
        return Vec(np.where(rng.random(rows) < 0.2, np.nan, values.astype(float)))
    if kind == "constant":
        return Vec(np.int64(3))
    kept = np.where(rng.random(rows) < 0.2, 0, 1).astype(bool) if kind == "null" else None
    return Vec(values.astype(np.int16), kept)


def sorted_by(columns, rows):
    """Return the columns in order, empty cells last, as a naive sort has it."""

    def key(row):
        parts = []
        for values, valid in columns:
            cell = values if np.ndim(values) == 0 else values[row]
            gone = cell != cell or (valid is not None and not valid[row])
            parts.append((bool(gone), 0 if gone else float(cell)))
        return parts

    order = sorted(range(rows), key=key)
    return [
        one if np.ndim(one.values) == 0
        else Vec(one.values[order], None if one.valid is None else one.valid[order])
        for one in columns
    ]  # fmt: skip


@pytest.mark.parametrize("seed", range(120))
def test_standing_and_arranged_rows_have_the_same_layout(seed, monkeypatch):
    monkeypatch.setattr(module, "PIECE", 4)
    rng = np.random.default_rng(seed)
    rows = int(rng.integers(0, 14))
    kinds = rng.choice(["int", "float", "null", "constant"], 4)
    columns = [column(rng, rows, kind) for kind in kinds]
    if seed % 3:
        columns = sorted_by(columns, rows)
    split = int(rng.integers(0, 3))
    group, by = columns[:split], columns[split:] if seed % 5 else []
    placed, found = arrange(group, by, rows), standing(group, by, rows)
    assert (found is None) == (placed.permutation is not None)
    for begin in range(0, rows if found is not None else 0, 5):
        end = min(begin + 5, rows)
        mine, other = found.part(begin, end, True), layout(placed.slots[begin:end], placed.slot_count, True)
        assert mine.starts.tolist() == other.starts.tolist()
        assert mine.slots.tolist() == other.slots.tolist()
        assert (mine.rows, mine.slot_count) == (other.rows, other.slot_count)


def table(rows):
    rng = np.random.default_rng(3)
    codes = pa.array(rng.integers(0, 2, rows).astype(np.int8))
    return pa.table({
        "g": pa.array(np.arange(rows, dtype=np.int32) // 70), "n": pa.array(np.arange(rows)),
        "x": pa.array(rng.random(rows)), "c": pa.DictionaryArray.from_arrays(codes, pa.array(["a", "b"])),
    })  # fmt: skip


def most_memory(data, rules):
    tracemalloc.start()
    check(data, rules, tier="interpreter", blocks=4096)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def test_memory_beside_sorted_rows_is_a_few_bytes_a_row():
    rules, few, many = RuleSet.parse(PACK), table(20_000), table(420_000)
    check(few, rules, tier="interpreter")
    grown = (most_memory(many, rules) - most_memory(few, rules)) / 400_000
    assert grown < 8, f"{grown:.1f} bytes a row"  # one of int64 for each row would be as many


def test_rows_in_any_other_order_give_the_same_counts():
    rules, data = RuleSet.parse(PACK), table(5_000)
    mixed = data.take(pa.array(np.argsort(np.arange(5_000) % 7, kind="stable")))
    ordered, shuffled = (check(one, rules, tier="interpreter").counts() for one in (data, mixed))
    assert ordered["grows"] == shuffled["grows"] > 1_000
    assert ordered["label"] == shuffled["label"]


@pytest.mark.parametrize("labels", [100, 128, 129, 40_000])
def test_labels_are_kept_as_narrow_as_their_number_allows(labels):
    texts = [f"l{k}" for k in range(labels)]
    data = pa.table({"g": [0] * labels, "n": range(labels), "x": [0.0] * labels, "c": texts})
    rules = RuleSet.parse(PACK.replace("c = 'a' or cumsum(x) < 100", f"c != 'l{labels - 1}'"))
    (found,) = [one for one in check(data, rules, tier="interpreter").results if one.id == "label"]
    assert [one.row for one in found.first] == [labels - 1]


@pytest.mark.parametrize("tier", ["interpreter", "compiled"])
@pytest.mark.parametrize("form", ["text", "large", "dictionary", "chunks", "twice"])
def test_groups_by_text_are_those_by_number(form, tier):
    rng = np.random.default_rng(2)
    numbers = rng.integers(0, 9, 300)
    texts = pa.array([None if number == 4 else f"account {number}" for number in numbers])
    groups = {
        "text": texts,
        "large": texts.cast(pa.large_string()),
        "dictionary": texts.dictionary_encode(),
        "chunks": pa.chunked_array([texts[:100].dictionary_encode(), texts[100:].dictionary_encode()]),
        "twice": pa.DictionaryArray.from_arrays(
            pa.array(np.where(np.arange(300) % 2, numbers, numbers + 9)),
            pa.array([None if one % 9 == 4 else f"account {one % 9}" for one in range(18)]),
        ),
    }
    rules = RuleSet.parse(
        """
finsim-rules: 1
pack: {id: p, version: "1"}
table: t
order: {group: [g], by: [n]}
columns: {g: {type: id, null: true}, n: {type: int}, x: {type: float}}
rules:
  - {id: sum, check: cumsum(x) < 3}
  - {id: before, check: lag(x) < x}
  - {id: count, check: group_count() < 30}
  - {id: q, check: "x < group_q(x, 90%)"}
  - {id: kinds, check: "group_distinct(g, by: n) < 4"}
"""
    )
    others = {"n": np.arange(300)[::-1] // 3, "x": rng.normal(size=300)}
    by_number = check(pa.table({"g": pa.array(numbers, mask=numbers == 4), **others}), rules).counts()
    assert check(pa.table({"g": groups[form], **others}), rules, tier=tier).counts() == by_number
    assert sum(by_number.values()) > 100
