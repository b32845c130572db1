"""Labels with any character: in rules, sets, parameters, lookups, packs written out, pages, commands."""

import json

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from naive.tiers import both

from finsim.cli.main import main
from finsim.constraints.checking.check import check
from finsim.constraints.explaining.rule_page import page, to_html, to_markdown
from finsim.constraints.language.expression import walk
from finsim.constraints.language.grammar import Misread, parse
from finsim.constraints.language.node_to_text import written
from finsim.constraints.language.types import label_shown, quoted
from finsim.constraints.packs.ruleset import RuleSet
from finsim.constraints.repairing.repair import repair
from finsim.errors import RuleError

ODD = [
    "O'Brien", "''", "'", "a\nb", "C:\\new", "😀", "x, y", '"quoted"', "```", "a b  c", "|", "d'2026-01-31'",
    "#",
]  # fmt: skip
TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc")) | st.sampled_from("'\n\\\t"), max_size=12)


def pack(label):
    """Return a pack in which a label stands wherever labels may stand."""
    check_it = json.dumps(f"c = {quoted(label)}", ensure_ascii=False)
    member = json.dumps(f"c in {{{quoted(label)}, 'other'}}", ensure_ascii=False)
    text, literal = (json.dumps(one, ensure_ascii=False) for one in (label, quoted(label)))
    return RuleSet.parse(
        f"""
finsim-rules: 1
pack: {{id: odd, version: "1"}}
table: t
columns:
  c: {{type: cat, values: [{text}, other]}}
  e: {{type: cat, optional: true, default: {text}}}
params: {{who: {literal}, names: [{text}]}}
lookup: {{fee: {{by: [c], value: fee, type: int, default: null, rows: [{{c: {text}, fee: 1}}]}}}}
rules:
  - {{id: is, check: {check_it}}}
  - {{id: in, check: {member}}}
  - {{id: param, check: c = who}}
  - {{id: listed, check: c in names}}
  - {{id: looked, check: "lookup(fee, c) = 1"}}
  - {{id: default, check: c = e}}
"""
    )


@given(TEXTS)
def test_any_label_can_be_written_and_read(label):
    assert parse(quoted(label)).text == label
    assert parse(f"c in {{{quoted(label)}, 'x'}} and d = {quoted(label)}").args[1].args[1].text == label


@pytest.mark.parametrize("label", ODD)
def test_a_label_means_itself_everywhere(label):
    rules, table = pack(label), pa.table({"c": [label, "other"]})
    slow, fast = both(table, rules)
    assert fast == slow
    trimmed = label == label.strip()  # cells of lookups lose blanks at their ends
    assert trimmed
    counts = {rule["id"]: rule["violations"] for rule in slow["rules"]}
    assert counts == {"t.complete": 0, "is": 1, "in": 0, "param": 1, "listed": 1, "looked": 0, "default": 1}


@pytest.mark.parametrize("label", ODD)
def test_a_written_pack_is_the_same_pack(label):
    rules = pack(label)
    again = RuleSet.parse(rules.dump())
    assert again == rules
    assert again.dump() == rules.dump()


@pytest.mark.parametrize("label", ODD)
def test_a_node_is_written_so_that_it_reads_the_same(label):
    check_it = pack(label).rule("in").check
    text = written(check_it)
    assert [one.text for one in parse(text).args[0].args[1:]] == [label]
    assert {one.data for one in walk(check_it) if one.op == "const"} == {label, "other"}


@pytest.mark.parametrize("label", ODD)
def test_pages_hold_the_label(label):
    blocks = page(pack(label))
    marked, plain = to_markdown(blocks), to_html(blocks)
    assert marked.count("\n# ") == 0
    fences = [line for line in marked.split("\n") if line and set(line) == {"`"}]
    assert len(fences) % 2 == 0
    assert "<script" not in plain
    assert f"c = {quoted(label)}" in marked


def test_a_report_writes_labels_on_one_line():
    assert [label_shown(one) for one in ("O'Brien", "a\nb", "C:\\new", "😀", "")] == [
        "'O''Brien'", "'a\\nb'", "'C:\\new'", "'😀'", "''",
    ]  # fmt: skip
    text = check(pa.table({"c": ["a\nb", "other"]}), pack("O'Brien"))["is"].first[0].text
    assert text == "'a\\nb' = 'O''Brien'"


@pytest.mark.parametrize(
    "text", ["c = 'O'Brien'", "c in {'O'Brien', 'Smith'}", "c = 'O\\'Brien'", "c = 'Smith"]
)
def test_a_single_quote_inside_a_label_says_how_to_write_it(text):
    with pytest.raises(Misread) as caught:
        parse(text)
    assert "'O''Brien'" in caught.value.remedy


def test_a_repair_writes_such_labels():
    rules = RuleSet.parse(
        """
finsim-rules: 1
pack: {id: r, version: "1"}
table: t
columns: {c: {type: cat}, k: {type: id}}
rules:
  - id: known
    when: upper(trim(c)) = 'O''BRIEN'
    check: c = 'O''Brien'
    repair: {do: set, expr: "c := 'O''Brien'"}
  - {id: plain, check: k = trim(upper(k)), repair: {do: set, expr: "k := trim(upper(k))"}}
"""
    )
    fixed, _ = repair(pa.table({"c": [" o'brien", "Smith"], "k": ["a7 ", "B"]}), rules)
    assert fixed.to_pylist() == [{"c": "O'Brien", "k": "A7"}, {"c": "Smith", "k": "B"}]
    with pytest.raises(Exception, match="store the identifiers as text"):
        repair(pa.table({"c": ["x"], "k": [7]}), RuleSet.parse(rules.text.replace("trim(upper(k))", "'x'")))


WHO = """
finsim-rules: 1
pack: {id: who, version: "1"}
table: t
columns: {c: {type: cat}}
params: {who: "'Smith'"}
rules: [{id: is, check: c = who}]
"""


@pytest.mark.parametrize("value", ["O'Brien", "\"'O''Brien'\""])
def test_labels_on_the_command_line(tmp_path, capsys, value):
    (tmp_path / "t.csv").write_text("c\nO'Brien\nother\n")
    (tmp_path / "r.yaml").write_text(WHO)
    with pytest.raises(SystemExit) as stop:
        main(["check", str(tmp_path / "t.csv"), "--rules", str(tmp_path / "r.yaml"), "--set", f"who={value}"])
    assert stop.value.code == 1
    assert "row 1: 'other' = 'O''Brien'" in capsys.readouterr().out


JOINED = """
finsim-rules: 1
pack: {id: joined, version: "1"}
tables:
  t: {columns: {c: {type: cat}, i: {type: id}}}
  o: {key: [k], columns: {k: {type: id}, w: {type: cat}}}
rules:
  - {id: there, table: t, check: exists(o.k = trim(upper(c)))}
  - {id: same, table: t, check: "parent(o.w, o.k = i) = lower(i) or length(parent(o.w, o.k = i)) = 3"}
"""


def test_changed_text_finds_rows_of_other_tables():
    table = pa.table({"c": [" o'brien", "no"], "i": ["X1", "O'BRIEN"]})
    other = pa.table({"k": ["O'BRIEN", "X1"], "w": ["one", "x1"]})
    slow, fast = both({"t": table, "o": other}, RuleSet.parse(JOINED))
    assert fast == slow
    counts = {rule["id"]: rule["violations"] for rule in slow["rules"]}
    assert (counts["there"], counts["same"]) == (1, 0)


def test_changed_text_is_joined_with_numbers_as_they_are_written():
    rules = RuleSet.parse(JOINED[: JOINED.index("  - {id: same")])
    texts = ["1", " 12 ", "01", "2"]
    tables = {"t": pa.table({"c": texts, "i": [1, 2, 3, 4]}), "o": pa.table({"k": [1, 12], "w": ["a", "b"]})}
    slow, fast = both(tables, rules)
    assert fast == slow
    first = check(tables, rules)["there"].first
    assert [one.row for one in first] == [2, 3]


def test_a_label_that_no_column_can_hold_is_still_refused():
    with pytest.raises(RuleError, match="no value is called"):
        RuleSet.parse(pack("O'Brien").text.replace("check: c = who", "check: \"c = 'O''Brian'\""))
