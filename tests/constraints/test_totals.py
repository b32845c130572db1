"""Totals of groups and of the table against SQL and exact numbers; `where`, `when` and unique; next rows."""

import math
import statistics
from fractions import Fraction

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finsim.constraints.checking.check import check, check_batches
from finsim.constraints.conflicts.lint import lint
from finsim.constraints.explaining.explain import explain
from finsim.constraints.packs.ruleset import RuleSet
from finsim.constraints.repairing.repair import repair
from finsim.errors import RuleError

HEAD = """
finsim-rules: 1
pack: {id: totals, version: 1}
table: t
%ORDER%
columns:
  n: {type: int}
  g: {type: cat, null: true}
  h: {type: int, null: true}
  x: {type: float, null: true}
  i: {type: int, null: true}
  m: {type: money, ccy: USD, unit: minor, null: true}
  f: {type: bool, null: true}
  d: {type: date, null: true}
rules:
"""
PLAIN, GROUPED = "", "order: {group: [g], by: [n]}"


def pack(*texts, order=PLAIN):
    """Return a pack of rules; a text may bring further keys after ` | `."""
    lines = []
    for k, text in enumerate(texts):
        rule, _, rest = text.partition(" | ")
        lines.append(f'  - {{id: r{k}, check: "{rule}"{", " + rest if rest else ""}}}')
    return RuleSet.parse(HEAD.replace("%ORDER%", order) + "\n".join(lines))


def table(seed, rows=500):
    rng = np.random.default_rng(seed)

    def gone(share=0.15):
        return rng.random(rows) < share

    return pa.table(
        {
            "n": rng.permutation(rows),
            "g": pa.array(rng.choice(["a", "b", "c", "lone"], rows, p=[0.6, 0.3, 0.098, 0.002]), mask=gone()),
            "h": pa.array(rng.integers(0, 40, rows), mask=gone()),
            "x": pa.array(rng.normal(1e6, 1, rows), mask=gone()),
            "i": pa.array(rng.integers(-3, 4, rows), mask=gone()),
            "m": pa.array(rng.integers(-500, 900, rows), mask=gone()),
            "f": pa.array(rng.random(rows) < 0.6, mask=gone()),
            "d": pa.array(rng.integers(20_000, 20_400, rows).astype("datetime64[D]"), mask=gone()),
        }
    )


RULES = {  # rule -> the same in SQL
    "group_mean(x, by: g) > x": "avg(x) OVER (PARTITION BY g) > x",
    "group_mean(m) > m": "avg(m) OVER () > m",
    "group_mean(f, by: h) >= 60%": "avg(f::INT) OVER (PARTITION BY h) >= 0.6",
    "group_std(x, by: {g, f}) < 1": "stddev_samp(x) OVER (PARTITION BY g, f) < 1",
    "group_std(i, by: h) > 2": "stddev_samp(i) OVER (PARTITION BY h) > 2",
    "group_median(x, by: h) > x": "quantile_cont(x, 0.5) OVER (PARTITION BY h) > x",
    "group_median(m, by: {g, h}) >= m": "quantile_cont(m::DOUBLE, 0.5) OVER (PARTITION BY g, h) >= m",
    "group_count() = 500 and h > 3": "count(*) OVER () = 500 AND h > 3",
    "group_sum(i, by: h) + 0 * group_sum(i) > i": "coalesce(sum(i) OVER (PARTITION BY h), 0) > i",
    "group_min(d, by: g) < d": "min(d) OVER (PARTITION BY g) < d",
    "group_max(m, by: {}) > m": "max(m) OVER () > m",
    "(group_count(by: h) where f) > 5": "count(*) FILTER (f) OVER (PARTITION BY h) > 5",
    "(group_sum(m, by: h) where i > 0) > m": "coalesce(sum(m) FILTER (i > 0) OVER (PARTITION BY h), 0) > m",
    "(group_mean(x, by: h) where i > 0 and f) > x": "avg(x) FILTER (i > 0 AND f) OVER (PARTITION BY h) > x",
    "(group_max(i, by: h) where not f) > i": "max(i) FILTER (NOT f) OVER (PARTITION BY h) > i",
    "(group_distinct(i, by: h) where f) > 4": (
        "(SELECT count(DISTINCT i) FILTER (f) FROM t u WHERE u.h IS NOT DISTINCT FROM t.h) > 4"
    ),
    "unique(h, g) where f": (
        "f IS NOT TRUE OR row_number() OVER (PARTITION BY h, g, f IS TRUE ORDER BY rn) = 1"
    ),
    "unique(h) where i > 0 and m is not null": (
        "(i > 0 AND m IS NOT NULL) IS NOT TRUE OR "
        "row_number() OVER (PARTITION BY h, (i > 0 AND m IS NOT NULL) IS TRUE ORDER BY rn) = 1"
    ),
}


@pytest.mark.parametrize("tier", ["interpreter", "compiled"])
@pytest.mark.parametrize("seed", range(3))
def test_counts_agree_with_sql(seed, tier):
    rows = table(seed)
    connection = duckdb.connect()
    connection.register("t", rows.append_column("rn", pa.array(np.arange(rows.num_rows))))
    report = check(rows, pack(*RULES), tier=tier)
    for place, sql in enumerate(RULES.values()):
        held = f"SELECT ({sql}) AS ok FROM t"
        wanted = connection.execute(
            f"SELECT count(*) FILTER (ok IS FALSE), count(*) FILTER (ok IS NULL) FROM ({held})"
        ).fetchone()
        result = report[f"r{place}"]
        assert (result.violations, result.unknown) == wanted, result.text
        assert result.violations > 0, result.text


def test_the_group_of_the_order_is_meant_and_the_empty_set_is_the_table():
    rows = table(5, 60)
    texts = ["group_count() < 20", "group_count(by: {}) = 60", "group_count(by: g) = group_count()"]
    grouped = check(rows, pack(*texts, order=GROUPED))
    assert grouped["r0"].violations > 0
    assert [grouped[name].violations for name in ("r1", "r2")] == [0, 0]
    assert check(rows, pack("group_count() = 60"))["r0"].violations == 0


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 3), st.one_of(st.none(), st.floats(-1e9, 1e9), st.just(0.1))),
        min_size=1, max_size=40,
    )
)  # fmt: skip
def test_means_and_deviations_are_near_exact(cells):
    groups, values = zip(*cells, strict=True)
    count = len(cells)
    rows = pa.table(
        {
            "n": range(count), "g": pa.nulls(count, pa.string()), "h": groups,
            "x": pa.array(values, pa.float64()),
            "i": pa.nulls(count, pa.int64()), "m": pa.nulls(count, pa.int64()),
            "f": pa.nulls(count, pa.bool_()), "d": pa.nulls(count, pa.date32()),
        }
    )  # fmt: skip
    means, deviations = (value_in(rows, text) for text in ("group_mean(x, by: h)", "group_std(x, by: h)"))
    for group in set(groups):
        known = [x for h, x in cells if h == group and x is not None]
        mine = [k for k, h in enumerate(groups) if h == group]
        for k in mine:
            if not known:
                assert math.isnan(means[k])
                continue
            exact = float(sum(map(Fraction, known)) / len(known))
            largest = max(map(abs, known))
            assert means[k] == pytest.approx(exact, rel=4e-16, abs=4e-16 * largest)
            if len(known) < 2:
                assert math.isnan(deviations[k])
            else:
                wanted = statistics.stdev(map(Fraction, known))
                assert deviations[k] == pytest.approx(float(wanted), rel=1e-9, abs=1e-12 * largest)


def value_in(rows, text):
    """Return the value of an expression in every row."""
    from finsim.constraints.checking.check_preparation import Session
    from finsim.constraints.evaluating.whole_table_functions import computed, whole_nodes

    rules = pack(f"{text} > 0")
    session = Session(rules, {"t": rows}, None)
    world = session.world([rules.rule("r0")], session.sources["t"])
    (node,) = whole_nodes([rules.rule("r0").check])
    assert callable(computed)
    return world.whole[node].values.tolist()


def test_a_constant_has_no_deviation():
    rows = table(1, 30).set_column(3, "x", pa.array([0.1] * 30))
    assert set(value_in(rows, "group_std(x)")) == {0.0}
    assert set(value_in(rows, "group_mean(x)")) == {0.1}


def test_sums_are_exact_and_null_beyond_64_bits():
    count = 40
    big = [10**18] * 20 + [10**18 - 1] * 4 + [-(10**18)] * 16
    rows = table(2, count).set_column(5, "m", pa.array(big)).set_column(2, "h", pa.array([0] * 20 + [1] * 20))
    report = check(
        rows, pack("group_sum(m, by: {}) is null", "group_sum(m, by: h) is null", "group_mean(m) > 0")
    )
    assert report["r0"].violations == count  # it cancels to 8 x 10^18 - 4
    assert report["r1"].violations == 0  # 2 x 10^19 and -1.2 x 10^19 leave 64 bits
    means = value_in(rows, "group_mean(m)")
    assert means[0] == (8 * 10**18 - 4) / 40
    fitting = rows.slice(16, 12)
    assert value_in(fitting, "group_sum(m)")[0] == sum(big[16:28])


def test_a_sum_over_nothing_is_zero_and_a_mean_null():
    texts = [
        "(group_sum(i) where n < 0) = 0",
        "(group_mean(i) where n < 0) is null",
        "(group_count() where n < 0) = 0",
    ]
    texts += ["(group_min(i) where n < 0) is null", "(group_std(x) where n = 3) is null"]
    report = check(table(3, 20), pack(*texts))
    assert all(report[f"r{k}"].violations == report[f"r{k}"].unknown == 0 for k in range(len(texts)))


def test_infinity_and_empty_tables():
    rows = table(4, 6).set_column(3, "x", pa.array([1.0, math.inf, None, 2.0, 3.0, 4.0]))
    assert set(value_in(rows, "group_mean(x)")) == {math.inf}
    assert set(value_in(rows, "group_max(x)")) == {math.inf}
    assert np.isnan(value_in(rows, "group_std(x)")).all()
    report = check(rows.slice(0, 0), pack(*RULES, "next(x) > 1", order=GROUPED))
    assert report.ok


POSTED = """
finsim-rules: 1
pack: {id: posted, version: 1}
table: p
columns:
  id: {type: int}
  ref: {type: cat, null: true}
  status: {type: cat, null: true}
  amount: {type: float}
rules:
  - {id: told, when: "status = 'posted'", check: unique(ref)}
  - {id: limited, check: unique(ref) where status = 'posted'}
  - {id: every, when: "status = 'posted'", check: unique(ref) where true}
  - {id: implied, check: "status = 'posted' => unique(ref)"}
  - {id: close, check: "(unique(ref) where amount = 1) and amount >= 0", tol: 0.5}
"""
PAYMENTS = pa.table(
    {
        "id": range(8),
        "ref": ["a", "a", "b", "b", None, None, "c", "c"],
        "status": ["posted", "posted", "void", "posted", "posted", "posted", None, "posted"],
        "amount": [1.0, 1.2, 1.0, 1.0, 5.0, 5.0, 1.0, 1.0],
    }
)
POSTED_COUNTS = {"told": 2, "limited": 2, "every": 4, "implied": 4, "close": 2}


@pytest.mark.parametrize("tier", ["interpreter", "compiled"])
def test_rows_outside_the_condition_do_not_count(tier):
    counts = check(PAYMENTS, RuleSet.parse(POSTED), tier=tier).counts()
    assert {name: counts[name] for name in POSTED_COUNTS} == POSTED_COUNTS


@pytest.mark.parametrize("size", [1, 3, 100])
def test_a_stream_counts_the_same_rows(size):
    rules = RuleSet.parse(POSTED)
    streamed = check_batches(PAYMENTS.to_batches(max_chunksize=size), rules)
    assert [one.to_dict() for one in streamed.results] == [
        one.to_dict() for one in check(PAYMENTS, rules).results
    ]
    rows = table(9, 3_000)
    many = pack("unique(h, g) where f", "unique(i) where d > d'2025-01-01'", "unique(h, i)")
    whole = check(rows, many)
    assert whole["r0"].violations > 500
    parts = check_batches(rows.to_batches(max_chunksize=97 * size), many)
    assert parts.to_dict() == whole.to_dict()


def test_what_needs_all_rows_at_once_is_skipped_in_a_stream():
    rules = pack("next(x) > x", "group_mean(x) > 0", "x > last_known(x) - 9", order=GROUPED)
    report = check_batches(table(1).sort_by([("g", "ascending"), ("n", "ascending")]).to_batches(), rules)
    assert [report[f"r{k}"].reason for k in range(3)] == ["needs the whole table, not a stream"] * 2 + [""]


def test_rules_are_explained_and_repaired_with_what_they_see():
    text = POSTED[: POSTED.index("  - {id: limited")].replace(
        "unique(ref)}", "unique(ref), repair: {do: drop}}"
    )
    rules = RuleSet.parse(text)
    told = explain(PAYMENTS, rules, 1)
    assert [breach.id for breach in told.breaches] == ["told"]
    assert explain(PAYMENTS, rules, 3).ok
    fixed, report = repair(PAYMENTS, rules)
    assert (fixed["id"].to_pylist(), report.touched()) == ([0, 2, 3, 4, 6, 7], {"told": 2})


def test_gaps_are_filled_from_the_rows_before_and_after():
    filled = "x is not null | repair: {do: set, expr: 'x := coalesce(last_known(x), next(x))'}"
    rows = table(1, 7).set_column(0, "n", pa.array(range(7))).set_column(1, "g", pa.array([*"kkkkkkl"]))
    rows = rows.set_column(3, "x", pa.array([None, 1.0, None, None, 2.0, None, None]))
    fixed, report = repair(rows, pack(filled, order=GROUPED))
    assert fixed["x"].to_pylist() == [1.0, 1.0, 1.0, 1.0, 2.0, 2.0, None]
    assert (report.given_up[0].rules, report.given_up[0].rows) == (("r0",), (6,))


WRONG = [
    ("group_sum(x, by: h + 1) > 0", "`by` must be a column or a set of them", "by: {} for all rows"),
    ("group_sum(x, by: {q}) > 0", "unknown column 'q'", ""),
    ("group_sum(x, by: g, by: h) > 0", "group_sum has two `by`", "keep one"),
    ("group_mean(g) > 0", "group_mean takes int, float, ratio, money, bool, not cat", "convert"),
    ("group_std(f) > 0", "group_std takes", "convert"),
    ("group_mean() > 0", "group_mean with 0 arguments", "use group_mean(x [, by: c])"),
    ("group_count(x) > 0", "group_count with 1 arguments", "use group_count([by: c])"),
    ("group_count() where f > 3", "cannot compare bool with int", "`where` reaches to the closing bracket"),
    ("group_sum(x) where f", "this is float, not true or false", "compare as (group_sum(x) where ..) > 5"),
    ("unique(h) where x", "`where` is not true or false", "write a comparison"),
    ("unique(h, by: g)", "unique has no argument 'by'", "use unique(a, ..)"),
    ("unique(h) where group_count() > 1", "unique of a function that looks at other rows", ""),
    ("lag(x) where f > 0", "lag has no argument 'where'", "needs rows in order"),
    ("next(x) > 0", "next needs rows in order", "order: {group"),
    ("next(x, 40) > 0", "next of 40 rows", "use 1 to 32"),
    ("unique(h) | when: 'group_count() > 1'", "this `when` looks at other rows", "where true"),
    ("x where f", "unexpected 'where'", ""),
]  # fmt: skip


@pytest.mark.parametrize(("text", "found", "remedy"), WRONG)
def test_a_wrong_call_is_refused_with_its_remedy(text, found, remedy):
    with pytest.raises(RuleError) as caught:
        pack(text)
    problems = caught.value.problems
    assert any(found in one.found for one in problems), caught.value
    assert found.startswith("lag") or any(remedy in one.remedy for one in problems), caught.value


def test_the_range_of_totals_is_known_to_lint():
    def verdict(*texts):
        return lint(pack(*texts, order=GROUPED)).ok

    assert not verdict("group_mean(f) > 120%")
    assert not verdict("group_std(x) < -1 | nulls: fail", "group_std(x) is not null")
    assert not verdict("group_max(i) < i | nulls: fail", "i > 3")
    assert verdict("(group_max(i) where f) < i", "i > 3")
    assert verdict("(group_count() where f) = 0", "i > 3")
    assert not verdict("group_count() = 0")
