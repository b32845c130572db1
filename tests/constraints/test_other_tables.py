"""Rows of other tables: several keys, sums of children, a parent that is not one row; against SQL."""

import re
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from naive.rule_tables import as_table, children_table, pack, random_children, random_rows
from naive.rule_texts import CHILD_RULES, ROW_RULES, SEQUENCE_RULES

from finsim.constraints.checking.check import check, check_batches
from finsim.constraints.conflicts.lint import lint
from finsim.constraints.explaining.explain import explain
from finsim.constraints.language.node_to_text import written
from finsim.constraints.packs.ruleset import RuleSet
from finsim.constraints.repairing.repair import repair
from finsim.errors import RuleError

pytestmark = pytest.mark.sweep

OTHER_ROWS = [
    one for one in (*ROW_RULES, *SEQUENCE_RULES) if re.search(r"group_|unique|next|last_known", one)
]
INVOICES = """
finsim-rules: 1
pack: {id: invoices, version: 1}
tables:
  invoices:
    key: [inv, no]
    columns:
      inv: {type: id, null: true}
      no: {type: int, null: true}
      total: {type: money, ccy: USD, unit: minor, null: true}
      day: {type: date, null: true}
  lines:
    columns:
      inv: {type: id, null: true}
      no: {type: int, null: true}
      amount: {type: money, ccy: USD, unit: minor, null: true}
      qty: {type: int, null: true}
      void: {type: bool, null: true}
      day: {type: date, null: true}
rules:
"""
RULES = {  # rule -> the same in SQL, of an invoice i
    "total = sum_of(lines.amount, lines.inv = inv and lines.no = no)": (
        "i.total = coalesce((SELECT sum(amount) FROM lines l WHERE l.inv = i.inv AND l.no = i.no), 0)"
    ),
    "sum_of(lines.amount * lines.qty, lines.inv = inv and not lines.void) <= 2 * total": (
        "coalesce((SELECT sum(amount * qty) FROM lines l WHERE l.inv = i.inv AND NOT void), 0) <= 2 * i.total"
    ),
    "count_of(lines, lines.inv = inv and lines.no = no) <= 2": (
        "(SELECT count(*) FROM lines l WHERE l.inv = i.inv AND l.no = i.no) <= 2"
    ),
    "max_of(lines.day, lines.inv = inv) <= day": (
        "(SELECT max(day) FROM lines l WHERE l.inv = i.inv) <= i.day"
    ),
    "(min_of(lines.amount, lines.inv = inv) where lines.qty > 1) < total": (
        "(SELECT min(amount) FROM lines l WHERE l.inv = i.inv AND l.qty > 1) < i.total"
    ),
    "mean_of(lines.qty, lines.inv = inv) > no": "(SELECT avg(qty) FROM lines l WHERE l.inv = i.inv) > i.no",
    "exists(lines.inv = inv and lines.no = no)": (
        "EXISTS (SELECT 1 FROM lines l WHERE l.inv = i.inv AND l.no = i.no)"
    ),
    "exists(lines.inv = inv and lines.day = day and lines.void)": (
        "EXISTS (SELECT 1 FROM lines l WHERE l.inv = i.inv AND l.day = i.day AND l.void)"
    ),
}
KEYS = ["inv AND no", "inv", "inv AND no", "inv", "inv", "inv", "inv AND no", "inv AND day"]


def invoices(*checks):
    lines = [f'  - {{id: r{k}, table: invoices, check: "{text}"}}' for k, text in enumerate(checks)]
    return RuleSet.parse(INVOICES + "\n".join(lines))


def cells(rng, values, share=0.1):
    return [None if gone else one for one, gone in zip(values, rng.random(len(values)) < share, strict=True)]


def invoice_tables(seed, count=400, lines=900):
    rng = np.random.default_rng(seed)

    def days(rows):
        return cells(rng, [date(2026, 1, 1 + int(k)) for k in rng.integers(0, 5, rows)])

    own = {
        "inv": pa.array(cells(rng, rng.integers(0, 200, count).tolist()), pa.int64()),
        "no": pa.array(cells(rng, rng.integers(0, 3, count).tolist()), pa.int64()),
        "total": pa.array(cells(rng, rng.choice([0, 100, 200, 300], count).tolist()), pa.int64()),
        "day": pa.array(days(count), pa.date32()),
    }
    theirs = {
        "inv": pa.array(cells(rng, rng.integers(0, 230, lines).tolist()), pa.int64()),
        "no": pa.array(cells(rng, rng.integers(0, 3, lines).tolist()), pa.int64()),
        "amount": pa.array(cells(rng, rng.choice([-100, 100, 200], lines).tolist()), pa.int64()),
        "qty": pa.array(cells(rng, rng.integers(0, 4, lines).tolist()), pa.int64()),
        "void": pa.array(cells(rng, (rng.random(lines) < 0.3).tolist()), pa.bool_()),
        "day": pa.array(days(lines), pa.date32()),
    }
    return {"invoices": pa.table(own), "lines": pa.table(theirs)}


@pytest.mark.parametrize("tier", ["interpreter", "compiled"])
@pytest.mark.parametrize("seed", range(3))
def test_counts_agree_with_sql(seed, tier):
    tables = invoice_tables(seed)
    connection = duckdb.connect()
    for name, table in tables.items():
        connection.register(name, table)
    report = check(tables, invoices(*RULES), tier=tier)
    for place, (sql, keys) in enumerate(zip(RULES.values(), KEYS, strict=True)):
        known = " AND ".join(f"i.{key} IS NOT NULL" for key in keys.split(" AND "))
        held = f"CASE WHEN {known} THEN {sql} END"
        counts = ", ".join(f"count(*) FILTER (WHERE {held} {what})" for what in ("IS FALSE", "IS NULL"))
        wanted = connection.execute(f"SELECT {counts} FROM invoices i").fetchone()
        result = report[f"r{place}"]
        assert (result.violations, result.unknown) == wanted, result.text
        assert 0 < result.violations < result.rows - result.unknown


def test_a_stream_is_judged_like_a_table():
    tables, rules = invoice_tables(7), invoices(*RULES)
    whole = check(tables, rules)
    batches = tables["invoices"].to_batches(max_chunksize=37)
    streamed = check_batches(batches, rules, table="invoices", others={"lines": tables["lines"]})
    assert [one.to_dict() for one in streamed.results] == [
        one.to_dict() for one in whole.results if one.table == "invoices"
    ]


def test_a_rule_on_its_own_table_needs_it_whole():
    rules, tables = invoices("count_of(invoices, invoices.inv = inv) <= 3"), invoice_tables(1)
    assert check(tables, rules)["r0"].violations
    batches = tables["invoices"].to_batches(max_chunksize=50)
    streamed = check_batches(batches, rules, table="invoices", others={"lines": tables["lines"]})["r0"]
    assert (streamed.verdict, streamed.reason) == ("skipped", "needs the whole table, not a stream")


TWICE = {"invoices": pa.table({"inv": [1, 2, 3], "no": [0, 0, 1], "total": [1, 2, 3], "day": [None] * 3})}
TWICE["lines"] = pa.table(
    {
        "inv": [1, 9, 1, 1], "no": [0, 0, 1, None], "amount": [1, 2, 3, 4], "qty": [1] * 4,
        "void": [False, False, True, True], "day": pa.array([None] * 4, pa.date32()),
    }
)  # fmt: skip


@pytest.mark.parametrize("tier", ["interpreter", "compiled"])
def test_a_parent_that_stands_twice_breaks_the_rule_and_is_named(tier):
    rules = invoices(
        "total = parent(lines.amount, lines.inv = inv)",
        "total = parent(lines.amount, lines.inv = inv and lines.no = no)",
        "total = parent(lines.amount, lines.inv = inv and not lines.void)",
        "total > 0",
    )
    report = check(TWICE, rules, tier=tier)
    found = report["r0"]
    assert (found.verdict, found.violations, found.rows) == ("broken", 0, 0)
    assert found.reason == "parent finds more than one row of lines: inv 1 in rows 0 and 2"
    assert [report[name].verdict for name in ("r1", "r2", "r3")] == ["passed"] * 3
    assert not report.ok
    assert found.reason in report.to_text()
    streamed = check_batches(
        TWICE["invoices"].to_batches(), rules, table="invoices", others={"lines": TWICE["lines"]}
    )
    assert (streamed["r0"].verdict, streamed["r0"].reason) == ("broken", found.reason)
    told = explain(TWICE["invoices"], rules, 0, name="invoices", others={"lines": TWICE["lines"]})
    assert told.unchecked["r0"] == found.reason
    _, repairs = repair(TWICE["invoices"], rules, name="invoices", others={"lines": TWICE["lines"]})
    assert repairs.rows_after == 3


def test_many_keys_that_stand_twice_are_counted():
    lines = pa.table({name: list(range(10)) * 2 for name in ("inv", "no", "amount", "qty")})
    lines = lines.append_column("void", pa.nulls(20, pa.bool_())).append_column(
        "day", pa.nulls(20, pa.date32())
    )
    rules = invoices("total = parent(lines.amount, lines.inv = inv and lines.no = no)")
    reason = check({**TWICE, "lines": lines}, rules)["r0"].reason
    assert (
        "inv 0, no 0 in rows 0 and 10; inv 1, no 1 in rows 1 and 11; inv 2, no 2 in rows 2 and 12" in reason
    )
    assert reason.endswith("and 7 more keys")


def test_sums_of_no_child_are_zero_and_of_a_null_key_unknown():
    tables = {
        **TWICE,
        "invoices": pa.table({"inv": [2, None], "no": [0, 0], "total": [0, 0], "day": [None] * 2}),
    }
    rules = invoices(
        "total = sum_of(lines.amount, lines.inv = inv)", "min_of(lines.qty, lines.inv = inv) > 5"
    )
    report = check(tables, rules)
    assert (report["r0"].violations, report["r0"].unknown) == (0, 1)
    assert (report["r1"].violations, report["r1"].unknown) == (0, 2)


def test_sums_beyond_64_bits_are_unknown_and_below_exact():
    amounts = [10**18] * 10 + [-(10**18)] * 6 + [10**18] * 10
    tables = {
        "invoices": pa.table({"inv": [0, 1], "no": [0, 0], "total": [4 * 10**17] * 2, "day": [None] * 2}),
        "lines": pa.table(
            {
                "inv": [0] * 16 + [1] * 10, "no": [0] * 26, "amount": amounts, "qty": [1] * 26,
                "void": [False] * 26, "day": pa.nulls(26, pa.date32()),
            }
        ),
    }  # fmt: skip
    report = check(tables, invoices("10 * total = sum_of(lines.amount, lines.inv = inv)"))
    assert (report["r0"].violations, report["r0"].unknown) == (0, 1)


WRONG = [
    ("sum_of(lines.amount) > 0", "sum_of is not called like this", "sum_of(table.x, table.key = y"),
    ("count_of(lines.amount, lines.inv = inv) > 0", "count_of is not called like this", "count_of(table, "),
    ("sum_of(lines.amount, lines.inv > inv) > 0 USD", "only `=` joins lines", "write lines.key = column"),
    ("sum_of(lines.void, lines.inv = inv) > 0 USD", "cannot compare int with money", ""),
    ("sum_of(lines.day, lines.inv = inv) > 0", "sum_of takes", "convert"),
    ("sum_of(lines.amont, lines.inv = inv) > 0 USD", "no column 'amont'", "did you mean 'amount'?"),
    ("sum_of(lines.amount, invoices.inv = inv) > 0 USD", "joins a different table", ""),
    ("exists(lines.inv = inv and invoices.void)", "invoices and lines in one call", ""),
    ("sum_of(amount, lines.inv = inv) > 0 USD", "'amount' is not of table lines", "write lines.amount"),
    ("sum_of(lines.amount, lines.inv = day) > 0 USD", "cannot compare id with date", ""),
    ("sum_of(lag(lines.qty), lines.inv = inv) > 0", "lag needs rows in order", ""),
    ("sum_of(group_sum(lines.qty), lines.inv = inv) > 0", "group_sum cannot look at rows of lines", ""),
    ("sum_of(lns.amount, lns.inv = inv) > 0", "unknown table 'lns'", "did you mean 'lines'?"),
    ("group_sum(lines.amount, by: lines.inv) = total", "cannot stand here", "sum_of(table.x, ..)"),
    ("exists(lines.inv = inv where lines.void)", "unexpected 'where'", ""),
]  # fmt: skip


@pytest.mark.parametrize(("text", "found", "remedy"), WRONG)
def test_a_wrong_call_is_refused_with_its_remedy(text, found, remedy):
    with pytest.raises(RuleError) as caught:
        invoices(text)
    assert any(found in one.found and remedy in one.remedy for one in caught.value.problems), caught.value


def test_texts_and_numbers_are_compared_as_text():
    rules, found = invoices("exists(lines.no = no and lines.inv = inv)"), []
    for numbers in (pa.array([1, 2, 3, 4]), pa.array(["1", "2", "3", "4"]), pa.array(["01", "2", "3", "4"])):
        lines = TWICE["lines"].set_column(0, "inv", numbers)
        found.append(check({**TWICE, "lines": lines}, rules).counts()["r0"])
    assert found[0] == found[1] < found[2] == found[0] + 1


def test_an_absent_column_of_the_other_table_skips_the_rule():
    text = INVOICES.replace("qty: {type: int, null: true}", "qty: {type: int, null: true, optional: true}")
    rules = RuleSet.parse(
        text + "  - {id: r, table: invoices, check: 'sum_of(lines.qty, lines.inv = inv) > 0'}\n"
    )
    report = check({**TWICE, "lines": TWICE["lines"].drop_columns(["qty"])}, rules)
    assert (report["r"].verdict, report["r"].reason) == ("skipped", "column lines.qty is absent")


def test_labels_of_two_tables_meet_by_their_text():
    rows, children = random_rows(3, 50), random_children(3, 40)
    tables = {"t": as_table(rows), "s": children_table(children)}
    report = check(tables, pack(["count_of(s, s.c = c and s.c = 'red') > 0"]))["r0"]
    assert report.violations == sum(row["c"] not in (None, "red") for row in rows)


@pytest.mark.parametrize(
    "text",
    [
        "sum_of(s.m, s.k = p) > 3 USD", "min_of(s.v, s.k = p) > 3", "mean_of(s.v, s.k = p) > 3",
        "last_known(x) > 3",
        "next(x) > 3", "group_std(x, by: c) > 3", "(group_mean(x) where f) > 3", "count_of(s, s.k = p) > 3",
    ],
)  # fmt: skip
def test_lint_does_not_claim_what_a_row_without_a_value_refutes(text):
    other = text.replace("> 3", "< 2")
    report = lint(pack([text, other]))
    assert report.ok == ("count_of" not in text)


def test_the_text_of_a_call_is_shown_in_reports():
    report = check(TWICE, invoices("total = sum_of(lines.amount, lines.inv = inv)"))["r0"]
    assert report.first[0].text == "0.01 USD = 0.08 USD"


MENDED = """
  - id: header
    table: invoices
    check: total = sum_of(lines.amount, lines.inv = inv)
    repair: {do: set, expr: "total := sum_of(lines.amount, lines.inv = inv)"}
  - id: day
    table: invoices
    check: day is not null
    repair: {do: set, expr: "day := parent(lines.day, lines.inv = inv)"}
  - {id: known, table: invoices, check: exists(lines.inv = inv), repair: {do: drop}}
"""


def test_totals_are_set_from_the_children():
    rules, invoices_of = RuleSet.parse(INVOICES + MENDED), {"lines": TWICE["lines"]}
    fixed, report = repair(TWICE["invoices"], rules, name="invoices", others=invoices_of)
    assert fixed["total"].to_pylist() == [8]
    assert report.touched() == {"header": 3, "known": 2}  # the parent of a day is two rows
    assert report.left == {"day": 1}


@pytest.mark.parametrize("text", [*RULES, *CHILD_RULES, *(one for one in OTHER_ROWS if " | " not in one)])
def test_a_rule_is_written_as_it_can_be_read(text):
    rules = invoices(text) if text in RULES else pack([text])
    again = written(rules.rule("r0").check)
    back = invoices(again) if text in RULES else pack([again])
    assert written(back.rule("r0").check) == again


def test_the_examples_of_the_reference_are_rules():
    page = Path(__file__).parents[2].joinpath("docs/reference/rules.md").read_text()
    (block,) = [
        one for one in re.findall(r"^```yaml\n(.*?)^```$", page, re.DOTALL | re.MULTILINE) if "sum_of" in one
    ]
    head = """
finsim-rules: 1
pack: {id: examples, version: 1}
tables:
  invoices:
    columns: {inv_id: {type: id}, total: {type: money, ccy: USD, unit: minor}}
  lines:
    columns:
      inv_id: {type: id}
      no: {type: int}
      amount: {type: money, ccy: USD, unit: minor}
      void: {type: bool}
      price: {type: money, ccy: USD, unit: minor}
      sku: {type: id}
      day: {type: date}
  postings:
    columns: {inv_id: {type: id}, line_no: {type: int}}
  rates:
    columns: {sku: {type: id}, day: {type: date}, price: {type: money, ccy: USD, unit: minor}}
"""
    assert len(RuleSet.parse(head + block).rules) == 8
