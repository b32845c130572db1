"""Texts with a bare comma in a YAML mapping in braces: the error says that YAML cut them, where and why."""

import pytest

from finsim.constraints.packs.ruleset import RuleSet
from finsim.errors import RuleError

TOP = """finsim-rules: 1
pack: {id: demo, version: 1}
table: t
order: {by: [n]}
columns: {n: {type: int}, x: {type: float}, rate: {type: ratio}}
"""
RULE = 'rules: [{id: a, check: "x > 1"}]\n'


def problems(text):
    with pytest.raises(RuleError) as caught:
        RuleSet.parse(TOP + text, "demo.yaml")
    return caught.value.problems


TORN = [
    ("let: {due: annuity(x, rate / 12, n)}\n" + RULE, 6, "due", "annuity(x", "annuity(x, rate / 12, n)"),
    ("let: {due: max(x, rate), b: x + 1}\n" + RULE, 6, "due", "max(x", "max(x, rate)"),
    ("let: {a: x, due: min(x, max(rate, n))}\n" + RULE, 6, "due", "min(x", "min(x, max(rate, n))"),
    ("let: {before: lag(x, default: 0)}\n" + RULE, 6, "before", "lag(x", "lag(x, default: 0)"),
    ("let: {due: max(x,\n  rate)}\n" + RULE, 6, "due", "max(x", "max(x, rate)"),
    ("let: {due: if x > 1 then x, else rate}\n" + RULE, 6, "due", "if x > 1 then x", None),
    ("rules:\n- {id: a, check: x > max(rate, n), why: y}\n", 7, "check", "x > max(rate", "x > max(rate, n)"),
    ("rules:\n- {id: a, check: x > 1, when: x > lag(x, 1, default: 0)}\n", 7, "when", "x > lag(x", None),
    ("rules:\n- {id: a, check: x > 1, why: not a, b or c}\n", 7, "why", "not a", "not a, b or c"),
    ("rules:\n- {id: a, check: x > 1, repair: {expr: x := max(x, n)}}\n", 7, "expr", "x := max(x", None),
    ("params: {cap: 2,000 USD}\n" + RULE, 6, "cap", "2", None),
    ("params: {cap: {value: 2, why: one, two}}\n" + RULE, 6, "why", "one", "one, two"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "line", "key", "first", "whole"), TORN, ids=lambda one: str(one)[:40])
def test_a_torn_text_is_named_at_the_comma_with_the_remedy(text, line, key, first, whole):
    found = problems(text)[0]
    row = (TOP + text).split("\n")[line - 1]
    assert found.place == f"demo.yaml:{line}:{row.index(first + ',') + len(first) + 1}"
    assert found.found.startswith(f"YAML ends `{key}` at this comma, at {first!r}")
    assert whole is None or f'{key}: "{whole}"' in found.remedy
    assert found.remedy.endswith(f"or give {key} a line of its own without braces")


def test_digits_are_grouped_with_an_underscore():
    (found,) = problems("params: {cap: 2,000,000 USD}\n" + RULE)
    assert "write cap: 2_000_000 USD," in found.remedy


def test_only_what_is_wrong_is_reported():
    assert len(problems("let: {due: annuity(x, rate / 12, n), b: x + 1}\n" + RULE)) == 1
    both = problems("let: {due: annuity(x, raet / 12, n)}\n" + RULE.replace("x > 1", "due > xx"))
    assert [one.place for one in both] == ["demo.yaml:6:21", "demo.yaml:6:23", "demo.yaml:7:31"]
    assert both[1].found.startswith("unknown column 'raet'")


@pytest.mark.parametrize(
    "text",
    [
        "let: {due: 'annuity(x, rate / 12, n)'}\n" + RULE,
        "let:\n  due: annuity(x, rate / 12, n)\n" + RULE,
        "let: {a: (x), b: (a + x)}\n" + RULE,
        'rules:\n- {id: a, check: (x > 1), why: "see (a", cite: b)}\n',
    ],
)
def test_whole_texts_are_left_alone(text):
    RuleSet.parse(TOP + text)


def test_a_missing_bracket_and_an_unknown_key_stay_what_they_are():
    (missing,) = problems("let: {due: max(x, b: x + 1}\n" + RULE)
    assert "too early" in missing.found
    (unknown,) = problems("rules:\n- {id: a, check: x > 1, foo: 3}\n")
    assert unknown.found == "unknown key 'foo'"


@pytest.mark.parametrize(
    "text", ["rules: [{id: a, check: n in {1, 2}}]\n", "let:\n  b: lag(x, default: 0)\n"]
)
def test_what_yaml_refuses_outright_names_the_quotes(text):
    (found,) = problems(text)
    assert found.found.startswith("not valid YAML")
    assert found.remedy.endswith("a text with a comma, a colon or braces in it needs quotes around it")
