"""Windows, periods and steps where many rows have the same time and the table is in no order."""

import numpy as np
import pyarrow as pa
import pytest
from naive.rule_tables import FIELDS, as_table, pack, random_rows, verdicts
from naive.rules import DAY, Nanos, World, evaluate

from finsim.constraints.checking.check import check, check_batches
from finsim.constraints.packs.ruleset import RuleSet

RULES = [
    "count_in(1s) > 1", "count_in(1h) <= 3", "count_in(24h) > 4", "sum_in(i, 1h) > 0",
    "sum_in(a, 2d) > 5 USD",
    "sum_in(f, 1h) >= 2", "sum_in(x > 0, 30d) > 2", "max_in(x, 1h) > 0.2", "max_in(i, 1s) = i",
    "sum_in(x, 1h) > 0.5", "sum_day(i) > 1", "sum_day(a) <= 20 USD", "sum_month(f) < 4", "sum_month(x) > 0",
    "x > lag(x)", "first(i) = i", "cumsum(i) > 1", "runlen(f) > 1", "cummax(a) > 3 USD", "ts > lag(ts)",
]  # fmt: skip
BY_TIME = "order: {group: [g], by: [ts]}"


def crowded(seed, count=90):
    """Rows in no order whose times are seven values: on the hour, a second off, the ends of a window."""
    rng = np.random.default_rng(seed)
    start = 1_767_225_600 * 10**9  # 2026-01-01
    hour, second = 3_600 * 10**9, 10**9
    times = [0, hour, hour - 1, hour + second, 24 * hour, 31 * DAY, 31 * DAY - 1]
    rows = random_rows(seed, count)
    for row in rows:
        row["ts"] = None if rng.random() < 0.05 else Nanos(start + times[int(rng.integers(len(times)))])
        row["g"] = str(rng.choice(["k", "l"]))
        row["n"] = int(rng.integers(0, 3))
    return rows


def texts(more):
    return [f"{rule} | {more}" for rule in RULES]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("blocks", [1, 5, 1_000])
def test_rows_of_equal_time_see_those_that_stand_before_them(seed, blocks):
    rows = crowded(seed)
    found = verdicts(pack(texts(BY_TIME)), {"t": as_table(rows)}, blocks)
    world = World(rows, ("g",), ("ts",))
    for number, rule in enumerate(RULES):
        assert found[f"r{number}"] == evaluate(rule, world), rule


@pytest.mark.parametrize("seed", range(2))
def test_a_further_column_of_the_order_decides_between_equal_times(seed):
    rows = crowded(seed)
    for number, row in enumerate(rows):
        row["n"] = number * 7 % len(rows)
    shuffled = [rows[place] for place in np.random.default_rng(seed).permutation(len(rows))]
    by_both = "order: {group: [g], by: [ts, n]}"
    one = verdicts(pack(texts(by_both)), {"t": as_table(rows)})
    other = verdicts(pack(texts(by_both)), {"t": as_table(shuffled)})
    place = {row["n"]: number for number, row in enumerate(rows)}
    for name, cells in other.items():
        assert cells == [one[name][place[row["n"]]] for row in shuffled], RULES[int(name[1:])]


def test_the_future_is_in_no_window():
    rows = crowded(4)
    whole = verdicts(pack(texts(BY_TIME)), {"t": as_table(rows)})
    order = sorted(range(len(rows)), key=lambda k: (rows[k]["ts"] is None, rows[k]["ts"] or 0))
    early = sorted(order[: len(rows) // 2])
    cut = verdicts(pack(texts(BY_TIME)), {"t": as_table([rows[k] for k in early])})
    for name in whole:
        assert cut[name] == [whole[name][k] for k in early], RULES[int(name[1:])]


@pytest.mark.parametrize("size", [1, 4, 33])
def test_a_stream_in_order_counts_as_the_whole_table(size):
    rows = sorted(crowded(5), key=lambda row: (row["ts"] is None, row["ts"] or 0))
    table, rules = as_table(rows), pack(texts(BY_TIME))
    whole = check({"t": table}, rules)
    stream = check_batches(pa.Table.to_batches(table, max_chunksize=size), rules, table="t")
    assert stream.counts() == {
        name: count for name, count in whole.counts().items() if name in stream.counts()
    }
    assert len(stream.counts()) >= len(RULES)
    assert FIELDS.names == table.column_names


@pytest.mark.parametrize("tier", ["interpreter", "compiled"])
def test_a_table_without_any_time_has_undecided_windows(tier):
    text = """
finsim-rules: 1
pack: {id: timeless, version: "1"}
table: t
order: {group: [g], by: [ts]}
columns: {g: {type: id, null: true}, ts: {type: ts, null: true}, x: {type: float, null: true}}
rules:
  - {id: sum, check: "sum_in(x, 24h) < 1"}
  - {id: count, check: "count_in(24h) < 1"}
"""
    empty = pa.table(
        {
            "g": pa.array([None] * 3, pa.string()),
            "ts": pa.array([None] * 3, pa.timestamp("us")),
            "x": [1.0] * 3,
        }
    )
    report = check(empty, RuleSet.parse(text), tier=tier)
    assert (report["sum"].verdict, report["count"].verdict) == ("unknown", "unknown")
