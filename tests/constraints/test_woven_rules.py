"""Rules that look at other rows, inside the kernel: against the interpreter, wherever pieces are cut."""

import numpy as np
import pyarrow as pa
import pytest
from naive.rule_tables import sorted_rules, sorted_table
from naive.tiers import both

from finsim.constraints.packs.ruleset import RuleSet

DAYS = """finsim-rules: 1
pack: {id: days, version: 1}
table: t
order: {group: [g], by: [ts]}
columns: {g: {type: id}, ts: {type: ts}, x: {type: int}}
rules:
  - {id: day, check: sum_day(x) <= 2}
  - {id: so_far, check: cumsum(x) <= 9}
"""


@pytest.mark.parametrize("year", [1700, 1969, 1970, 2026, 2250])
def test_days_end_at_midnight(year, small_pieces):
    rng, day = np.random.default_rng(year), 86_400 * 10**9
    midnights = (year - 1970) * 365 * day + day * rng.integers(0, 9, 600)
    times = midnights + rng.choice([-2, -1, 0, 1, 2, day // 2], 600)
    group = np.sort(rng.integers(0, 30, 600))
    table = pa.table(
        {
            "g": group,
            "ts": pa.array(times[np.lexsort((times, group))], pa.timestamp("ns", tz="UTC")),
            "x": rng.integers(-1, 3, 600),
        }
    )
    slow, fast = both(table, RuleSet.parse(DAYS))
    assert fast == slow
    assert all(rule["violations"] for rule in fast["rules"][-2:])


BEHIND = """finsim-rules: 1
pack: {id: behind, version: 1}
table: t
order: {group: [g], by: [ts]}
columns:
  g: {type: id}
  ts: {type: ts}
  x: {type: money, ccy: USD, unit: minor, null: true}
  y: {type: float, null: true}
  c: {type: cat}
rules:
"""


@pytest.mark.parametrize("back", [1, 2, 17, 32])
def test_rows_behind(back, small_pieces):
    texts = [
        f"x >= lag(x, {back})", f"x >= lag(x, {back}, default: 7 USD)", f"y > lag(y, {back})",
        f"x >= lag(x, {back}, default: x + 1 USD)", f"y > lag(y, {back}, default: y / 2)",
        f"ts - lag(ts, {back}) > 30h", f"lag(x, {back}) is null", f"c = lag(c, {back})",
        f"lag(y, {back}, default: lag(y)) > 0", f"x > 0 USD => lag(y, {back}) < 1",
        f"cumsum(x - lag(x, {back}, default: x)) < 90 USD", f"sum_day(x + x) > lag(x, {back})",
    ]  # fmt: skip
    lines = "".join(f'  - {{id: r{k}, check: "{text}"}}\n' for k, text in enumerate(texts))
    table = sorted_table(700, nulls=True)
    y = np.where(np.arange(700) % 7 == 3, np.nan, table["y"].to_numpy())
    table = table.set_column(table.schema.get_field_index("y"), "y", pa.array(y))
    slow, fast = both(table, RuleSet.parse(BEHIND + lines), threads=2)
    assert fast == slow
    assert sum(bool(rule["violations"]) for rule in fast["rules"]) >= 4


def test_payments_of_terms_that_need_more_and_more_bits(small_pieces):
    rules = RuleSet.parse(
        """
finsim-rules: 1
pack: {id: terms, version: 1}
table: t
columns: {p: {type: float}, a: {type: float, null: true}, r: {type: float}, n: {type: float, null: true}}
rules: [{id: level, check: "p >= annuity(a, r, n)"}, {id: again, check: "annuity(a, r, n) + p > 5"}]
"""
    )
    rng = np.random.default_rng(4)
    terms = [1, 7, 15, 16, 255, 256, 4_095, 4_096, 0, -1, 2.5, None]
    n = [terms[k] for k in rng.integers(0, len(terms), 3_000)]
    n[:1_024] = [3.0] * 1_024
    rate = rng.choice([0.0, 0.01, -0.5, -1.0, -2.0, 1e-9, 3.0], 3_000)
    amount = pa.array(rng.random(3_000) * 100, mask=rng.random(3_000) < 0.05)
    table = pa.table({"p": rng.random(3_000) * 20, "a": amount, "r": rate, "n": pa.array(n, pa.float64())})
    slow, fast = both(table, rules)
    assert fast == slow
    assert all(rule["violations"] and rule["unknown"] for rule in fast["rules"][-2:])


ORDERS = """finsim-rules: 1
pack: {id: orders, version: 1}
table: t
columns: {g: {type: id}, h: {type: id}, ts: {type: ts}, x: {type: int}}
rules:
  - {id: row, check: x > 0}
  - {id: one, order: {group: [g], by: [ts]}, check: x >= lag(x) - 3}
  - {id: other, order: {group: [h], by: [ts]}, check: x >= lag(x) - 4}
  - {id: standing, order: {group: [h], by: [ts], sort: false}, check: ts >= lag(ts)}
"""


def test_a_rule_is_judged_once_where_rows_stand_in_several_orders():
    rng = np.random.default_rng(8)
    table = pa.table(
        {
            "g": np.sort(rng.integers(0, 20, 400)),
            "h": np.zeros(400, dtype=np.int64),
            "ts": pa.array(np.arange(400) * 10**9, pa.timestamp("ns")),
            "x": rng.integers(-2, 8, 400),
        }
    )
    slow, fast = both(table, RuleSet.parse(ORDERS))
    assert fast == slow
    assert [rule["rows"] for rule in fast["rules"][-4:]] == [400] * 4


@pytest.mark.parametrize("rows", [1, 20, 100, 700])
def test_tables_in_chunks(rows, small_pieces):
    rules, table = RuleSet.parse(sorted_rules(nulls=True)), sorted_table(1_500, nulls=True)
    chunks = pa.concat_tables([table.slice(begin, rows) for begin in range(0, 1_500, rows)])
    assert chunks["x"].num_chunks == -(-1_500 // rows)
    slow, fast = both(chunks, rules, threads=2)
    assert fast == slow
