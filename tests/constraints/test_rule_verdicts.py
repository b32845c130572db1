"""No rule passes in silence: what spoke about no row, was skipped or could not be decided says so."""

import pyarrow as pa
import pytest

from finsim.constraints.checking.check import check, check_batches
from finsim.constraints.checking.check_report import VERDICTS
from finsim.constraints.packs.ruleset import RuleSet
from finsim.errors import RuleError

PACK = """
finsim-rules: 1
pack: {id: orders, version: "1"}
tables:
  orders:
    columns:
      n: {type: int}
      x: {type: float, null: true}
      kind: {type: cat}
      extra: {type: float, optional: true}
  refunds:
    optional: true
    columns: {n: {type: int}}
rules:
  - {id: holds, table: orders, check: n >= 0}
  - {id: breaks, table: orders, check: n > 0}
  - {id: silent, table: orders, when: kind = 'none of these', check: n > 100}
  - {id: undecided, table: orders, check: x > 0}
  - {id: undecided_condition, table: orders, when: x > 0, check: n > 100}
  - {id: let_pass, table: orders, check: x > 0, nulls: pass}
  - {id: lacking, table: orders, check: extra > 0}
  - {id: elsewhere, table: refunds, check: n > 0}
  - {id: never_tried, level: plausible, table: orders, when: kind = 'none', check: n > 5, expect: [0.9, 1]}
"""
ORDERS = pa.table({"n": [0, 1, 2], "x": pa.array([None] * 3, pa.float64()), "kind": ["a", "b", "a"]})
WANTED = {
    "holds": "passed", "breaks": "broken", "silent": "silent", "undecided": "unknown", "let_pass": "passed",
    "undecided_condition": "unknown", "lacking": "skipped", "elsewhere": "skipped", "never_tried": "silent",
}  # fmt: skip


@pytest.mark.parametrize("tier", ["numpy", "compiled"])
def test_each_state_has_its_name(tier):
    report = check({"orders": ORDERS}, RuleSet.parse(PACK), tier=tier)
    assert {name: report[name].verdict for name in WANTED} == WANTED
    assert all(one.reason for one in report.results if one.verdict in ("silent", "skipped", "unknown"))
    assert not report.ok
    assert not report.all_passed


def test_a_rule_that_was_not_judged_has_no_count_and_the_report_is_not_ok():
    rules = RuleSet.parse(PACK.replace("  - {id: breaks, table: orders, check: n > 0}\n", ""))
    report = check({"orders": ORDERS}, rules)
    assert "lacking" not in report.counts()
    assert not report.ok
    stream = check_batches(ORDERS.to_batches(max_chunksize=1), rules, table="orders")
    assert "lacking" not in stream.counts()
    assert stream["lacking"].verdict == "skipped"


def test_the_last_line_and_the_dict_count_every_rule():
    report = check({"orders": ORDERS}, RuleSet.parse(PACK))
    counts = report.to_dict()["verdicts"]
    assert tuple(counts) == VERDICTS
    assert sum(counts.values()) == len(report.results)
    last = report.to_text().splitlines()[-1]
    assert last == f"{len(report.results)} rules: " + ", ".join(f"{n} {name}" for name, n in counts.items())


def test_a_table_of_the_pack_that_is_missing_is_an_error():
    rules = RuleSet.parse(PACK.replace("    optional: true\n", ""))
    with pytest.raises(RuleError, match="table 'refunds' is not given"):
        check({"orders": ORDERS}, rules)
    with pytest.raises(RuleError, match="table 'refunds' is not given"):
        check(ORDERS, rules)
    assert check({"orders": ORDERS}, rules.needing("orders"))["elsewhere"].verdict == "skipped"
    with pytest.raises(RuleError, match="did you mean 'orders'"):
        rules.needing("order")
