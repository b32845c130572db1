"""Findings of kernels are put into words when they are read: the same words, whatever happens meanwhile."""

import copy
import gc
import json
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pyarrow as pa
import pytest

import finsim
from finsim.constraints.compiled import breach_examples, kept_rows
from finsim.constraints.evaluating.broken_rows import Finding, Words
from finsim.errors import DataError

PACK = finsim.RuleSet.parse("""
finsim-rules: 1
pack: {id: kept, version: "1"}
table: t
key: [id]
order: {group: [g], by: [ts]}
columns:
  id: {type: id}
  g: {type: int}
  ts: {type: ts}
  x: {type: float, null: true}
  label: {type: cat}
params: {most: 2.5}
rules:
  - {id: small, check: x < most}
  - {id: written, check: "not contains(label, 'ong')"}
  - {id: sum, check: "cumsum(coalesce(x, 0)) < 4"}
  - {id: share, check: "x <= group_max(x) / 2"}
""")


def table(rows=400, seed=5, dictionary=False):
    draw = np.random.default_rng(seed)
    labels = pa.array(np.array(["a", "b", "a long label"])[draw.integers(0, 3, rows)].tolist())
    return pa.table({
        "id": pa.array([f"id {n}" for n in range(rows)]), "g": np.sort(draw.integers(0, rows // 20, rows)),
        "ts": pa.array(np.arange(rows) * 600 * 10**6, pa.timestamp("us", "UTC")),
        "x": pa.array(draw.normal(1, 1, rows), mask=draw.random(rows) < 0.1),
        "label": labels.dictionary_encode() if dictionary else labels,
    })  # fmt: skip


def told(report):
    return {rule.id: [finding.to_dict() for finding in rule.first] for rule in report.results}


@pytest.mark.parametrize("dictionary", [False, True])
@pytest.mark.parametrize("most", [0, 40, 1 << 12])
def test_the_words_are_those_of_the_interpreter(monkeypatch, dictionary, most):
    monkeypatch.setattr(breach_examples, "KEPT_ROWS", most)
    data = table(dictionary=dictionary)
    plain = told(finsim.check(data, PACK, tier="interpreter"))
    assert told(finsim.check(data, PACK, tier="compiled")) == plain
    assert all(plain[name] for name in ("small", "written", "sum", "share"))


def test_nothing_is_put_into_words_before_somebody_reads(monkeypatch):
    calls = []
    monkeypatch.setattr(
        kept_rows, "told_by_rule", lambda *given, real=kept_rows.told_by_rule: calls.append(1) or real(*given)
    )
    report = finsim.check(table(), PACK, tier="compiled")
    before = len(calls)  # a whole column is read by `share`, whose words cannot wait
    assert [finding.row for finding in report["small"].first] == sorted(f.row for f in report["small"].first)
    assert len(calls) == before
    assert json.loads(json.dumps(report.to_dict()))
    assert report.to_text() == report.to_text()
    assert len(calls) == before + 2  # rows alone, and rows with those before them: each once


def test_a_table_changed_after_the_check_changes_no_word():
    data = table()
    x = np.array(data["x"].to_pandas())
    mine = data.set_column(3, "x", pa.array(x, from_pandas=False))
    report, other = finsim.check(mine, PACK, tier="compiled"), finsim.check(mine, PACK, tier="interpreter")
    x[:] = -1e6
    assert told(report) == told(other)


def test_a_report_does_not_hold_the_table():
    before, data = pa.total_allocated_bytes(), table(100_000, dictionary=True)
    data = data.set_column(0, "id", data["id"].dictionary_encode())
    report = finsim.check(data, PACK, tier="compiled")
    del data
    gc.collect()
    assert pa.total_allocated_bytes() - before < 300_000
    assert told(report)["written"]


def test_a_cell_of_a_key_that_cannot_be_read_is_refused_by_the_check():
    rules = finsim.RuleSet.parse("""
finsim-rules: 1
pack: {id: key, version: "1"}
table: t
order: {group: [n], by: [x]}
columns: {n: {type: int}, x: {type: float}}
rules: [{id: small, check: x < 1}]
""")
    data = pa.table({"n": pa.array([1, 2**62, 3]), "x": [0.0, 2.0, 3.0]})
    for tier in ("interpreter", "compiled"):
        with pytest.raises(DataError, match="holds 4611686018427387904"):
            finsim.check(data, rules, tier=tier)


def test_ids_that_another_table_has_as_text_are_told_as_text():
    rules = finsim.RuleSet.parse("""
finsim-rules: 1
pack: {id: ids, version: "1"}
tables:
  t: {order: {group: [id], by: [x]}, columns: {id: {type: id}, x: {type: float}}}
  u: {columns: {id: {type: id}}}
rules:
  - {id: small, table: t, check: x < 1}
  - {id: known, table: t, check: exists(u.id = id)}
""")
    data = {"t": pa.table({"id": [7, 8, 9], "x": [0.0, 2.0, 3.0]}), "u": pa.table({"id": ["7", "8"]})}
    plain = told(finsim.check(data, rules, tier="interpreter"))
    assert plain["small"][0]["key"]["id"] == "'8'"
    assert told(finsim.check(data, rules, tier="compiled")) == plain


def test_findings_are_values():
    one = finsim.check(table(), PACK, tier="compiled")["sum"].first[0]
    other = finsim.check(table(), PACK, tier="interpreter")["sum"].first[0]
    assert (one, hash(one)) == (other, hash(other))
    assert one != one.row
    assert repr(one) == repr(other)
    assert copy.copy(one) == copy.deepcopy(one) == other
    assert one != Finding(one.row, Words({}, {}, "")) != Finding(one.row + 1, Words({}, {}, ""))
    with pytest.raises(AttributeError, match="cannot be changed"):
        one.row = 3


def test_threads_read_the_same_words():
    report = finsim.check(table(), PACK, tier="compiled")
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: told(report), range(8)))
    assert all(one == found[0] for one in found)


def test_blanks_inside_labels_are_told_as_they_are():
    pack = finsim.RuleSet.parse(
        "finsim-rules: 1\npack: {id: p, version: '1'}\ntable: t\ncolumns: {s: {type: cat}}\n"
        "rules:\n  - id: r\n    check: |\n      s !=\n        'a  b'\n"
    )
    report = finsim.check(pa.table({"s": ["a  b", "c"]}), pack, progress=False)
    assert [finding.text for finding in report["r"].first] == ["'a  b' != 'a  b'"]
