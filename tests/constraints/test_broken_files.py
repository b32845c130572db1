"""Rule files that are wrong: each problem at its line and column, with a remedy, all of a file at once."""

import pytest

from finsim.constraints.packs.ruleset import RuleSet
from finsim.errors import RuleError

TOP = """finsim-rules: 1
pack: {id: demo, version: 1}
table: loans
key: [loan_id]
order: {group: [account], by: [ts]}
columns:
  loan_id: {type: id}
  account: {type: id}
  ts: {type: ts}
  age: {type: int}
  loan: {type: money, ccy: USD, unit: minor}
  euros: {type: money, ccy: EUR, unit: minor}
  rate: {type: ratio}
  price: {type: float}
  product: {type: cat, values: [card, auto]}
  opened: {type: date}
params: {cap: 2000 USD, young: [a, b]}
rules:
"""
LINE = TOP.count("\n") + 1


def problems(text):
    with pytest.raises(RuleError) as caught:
        RuleSet.parse(text, "demo.yaml")
    return caught.value.problems


EXPRESSIONS = [
    ("agee < 18", 1, "unknown column 'agee'", "did you mean 'age'?"),
    ("age < 18 and loann <= cap", 14, "unknown column 'loann'", "did you mean 'loan'?"),
    ("loan <= capp", 9, "unknown column 'capp'", "did you mean 'cap'?"),
    ("1 < age < 18", 9, "comparisons do not chain", "write 'a < b and b < c' or 'b between a and c'"),
    ("age = product", 1, "cannot compare int with cat", "write labels in single quotes and numbers without"),
    ("product = 'cart'", 1, "no value is called 'cart'", "did you mean 'card'?"),
    ("rate = 0.05", 1, "float = float compares rounding", "give the rule a `tol:`"),
    ("price != rate * 2", 1, "float = float compares rounding", "give the rule a `tol:`"),
    ("loan > 5", 1, "cannot compare money USD with int", "write the amount with its currency"),
    ("loan + euros > 0", 1, "cannot add USD with EUR", "convert one of them"),
    ("loan > 10 EUR", 1, "cannot compare USD with EUR", "convert one of them"),
    ("loan * loan > 0 USD", 1, "cannot multiply money USD", ""),
    ("age > 0.005 USD", 7, "0.005 USD is finer than the minor unit of USD", "round it"),
    ("opened > d'2026-02-31'", 10, "'2026-02-31' is not a date", "write d'2026-01-31'"),
    ("ts - opened > 3", 1, "cannot compare dur with int", "write the duration with its unit"),
    ("age", 1, "this is int, not true or false", "write a comparison"),
    ("not age", 5, "this is int, not true or false", "write a comparison"),
    ("age > 1 and (rate + 1)", 14, "this is float, not true or false", "write a comparison"),
    ("age.__class__ > 0", 1, "'age.__class__' cannot stand here", "write exists(table.key = x)"),
    ("__import__('os') = 1", 1, "unknown function '__import__'", ""),
    ("sqr(rate) > 1", 1, "unknown function 'sqr'", "did you mean 'sqrt'?"),
    ("eval('1') > 0", 1, "unknown function 'eval'", ""),
    ("lag(age, 40) > 0", 1, "lag of 40 rows", "use 1 to 32"),
    ("lag(age, age) > 0", 1, "lag: the number of rows must be a constant int", "write it as a number"),
    ("lag(age, other: 1) > 0", 1, "lag has no argument 'other'", "use lag(x [, k] [, default: v])"),
    ("min(age) > 0", 1, "min with 1 arguments", "use min(a, b, ..)"),
    ("sum_in(loan, 5) > 0", 1, "sum_in: the window must be a constant dur", "write it as a number"),
    ("count_in(0h) > 0", 1, "a window of no length", "write one such as 24h or 7d"),
    ("group_q(loan, 120%) > loan", 1, "group_q: 1.2 is not a share", "write one between 0% and 100%"),
    ("group_q(loan, rate) > loan", 1, "group_q: the share must be a constant or a parameter", "90%"),
    ("group_q(loan, cap) > loan", 1, "group_q takes int, float, ratio, not money USD", ""),
    ("group_q(product, 50%) = 'card'", 1, "group_q takes int, float, ratio, money, not cat", ""),
    ("group_q(loan, 50%, by: rate + 1) > loan", 1, "group_q: `by` must be a column", "write by: column"),
    ("round_to(loan, 5) = loan", 1, "cannot round money USD with int", "write the amount with its currency"),
    ("round_to(loan, 5 EUR) = loan", 1, "cannot round USD with EUR", "convert one of them"),
    ("lookup(caps, product) > 1", 1, "unknown lookup 'caps'", ""),
    ("group_sum(lag(loan)) > 0", 1, "group_sum of a function that looks at other rows", ""),
    ("exists(loan) or true", 1, "exists is not called like this", "use exists(table.key = x [and ..])"),
    ("exists(lons.loan_id = age)", 1, "unknown table 'lons'", "did you mean 'loans'?"),
    ("exists(loans.loan = age)", 1, "cannot compare money USD with int", "join on a key of one type"),
    ("parent(loans.lan) > 0 USD", 1, "table loans has no column 'lan'", "did you mean 'loan'?"),
    ("age in {1, 2, age}", 15, "members of a set must be constants", "use `or` for columns"),
    ("product in oldd", 1, "'oldd' is not a list", ""),
    ("age in young", 1, "cannot compare int with the members of young", "use a list of its type"),
    ("young > 1", 1, "young is a list", "write `x in young`"),
    ("product > 'auto'", 1, "cannot order cat", ""),
    ("age > 1 & rate > 0", 9, "unexpected character '&'", "write `and`"),
    ("age == 1", 6, "unexpected '='", ""),
    ("product = \"\"card\"\"", 11, "unexpected character '\"'", "single quotes"),
    ("(age > 1", 9, "the rule ends too early", ""),
    ("age > 1 and", 12, "the rule ends too early", ""),
    ("loan := 1 USD", 1, "`:=` in a condition", "compare with `=`"),
    ("age[0] > 1", 4, "unexpected character '['", ""),
    ("[x for x in age]", 1, "unexpected character '['", ""),
    ("lambda: 1", 7, "unexpected ':'", ""),
    ("age > 1; age < 2", 8, "unexpected character ';'", "remove it"),
    ("5 % USD > 1", 1, "two units in one number: 5 % USD", ""),
    ("age > 10000000000000000000", 7, "is larger than 1e+18", "use a smaller number"),
    ("if age > 1 then rate else rate > 0", 1, "cannot choose between ratio with bool", ""),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "column", "found", "remedy"), EXPRESSIONS)
def test_an_expression_is_refused_where_it_is_wrong(rule, column, found, remedy):
    text = rule.replace('""', '"')
    quoted = text.replace("'", "''")
    (problem, *more) = problems(TOP + f"  - {{id: r, check: '{quoted}'}}\n")
    assert not more
    shift = text[: column - 1].count("'")  # YAML doubles quotes inside single quotes
    assert problem.place == f"demo.yaml:{LINE}:{len('  - {id: r, check: ') + 1 + column + shift}"
    assert found in problem.found
    assert remedy in problem.remedy
    _, shown, carets = problem.found.split("\n")
    assert shown.strip() == text
    assert carets.index("^") - 4 == column - 1


STRUCTURE = [
    ("  - {id: r, check: age > 1, chek: x}", 29, "unknown key 'chek'", "did you mean 'check'?"),
    ("  - {id: r, level: strict, check: age > 1}", 13, "level", ""),
    ("  - {id: r}", 5, "check: missing", "add `check: amount > 0`"),
    ("  - {id: r, table: lons, check: age > 1}", 13, "unknown table 'lons'", "did you mean 'loans'?"),
    ("  - {id: r, check: age > 1, tol: 1 EUR}", 29, "the tolerance fits no comparison", ""),
    ("  - {id: r, check: age > 1, tol: about}", 29, "'about' is not a tolerance", ""),
    ("  - {id: r, check: age > 1, tol: ''}", 29, "'' is not a tolerance", ""),
    ("  - {id: r, check: age > 1, tol: -1}", 29, "-1 is not a tolerance", "from 0 on"),
    ("  - {id: r, check: rate > 1, tol: .inf}", 30, "inf is not a tolerance", ""),
    ("  - {id: r, check: rate > 1, tol: {rel: .nan}}", 30, "is not a tolerance", ""),
    ("  - {id: r, level: plausible, check: age > 1}", 5, "a plausible rule needs the share", "expect"),
    ("  - {id: r, level: plausible, check: age > 1, expect: [2, 1]}", 47, "expect", ""),
    ("  - {id: r, check: age > 1, expect: [0, 1]}", 29, "`expect` on a rule of level invariant", ""),
    ("  - {id: r, check: age > 1, repair: {do: clip, on: lon}}", 29, "unknown column 'lon'", "loan"),
    ("  - {id: r, check: age > 1, repair: {do: clip, on: loan}}", 29, "gives 'loan' no bound", ""),
    ("  - {id: r, check: age > 1, repair: {do: drop, on: age}}", 29, "drop takes no `on`", ""),
    ("  - {id: r, check: age > 1, repair: {do: burn}}", 38, "repair.do", ""),
    ("  - {id: r, check: age > 1, repair: {do: sort}}", 29, "sort repairs rows", ""),
    ("  - {id: r, check: age > 1, repair: {do: set, expr: age}}", 47, "which column is set?", ""),
    ("  - {id: r, check: age > 1, repair: {do: set, expr: 'aeg := 2'}}", 54, "unknown column 'aeg'", "age"),
    ("  - {id: r, check: age > 1, repair: {do: set, expr: 'age := rate'}}", 61, "age is exact", "round"),
    ("  - {id: r, check: age > 1, repair: {do: set, expr: 'loan := 1 EUR'}}", 62, "cannot set USD", ""),
    ("  - {id: r, check: age > 1, order: {group: [acount], by: [ts]}}", 37, "unknown column 'acount'", ""),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "column", "found", "remedy"), STRUCTURE)
def test_a_rule_is_refused_at_the_key_that_is_wrong(rule, column, found, remedy):
    (problem, *more) = problems(TOP + rule + "\n")
    assert not more
    assert problem.place == f"demo.yaml:{LINE}:{column}"
    assert found in problem.found
    assert remedy in problem.remedy


FILES = [
    ("finsim-rules: 1", "finsim-rules: 2", "demo.yaml:1:1", "unknown dialect 2"),
    ("finsim-rules: 1", "finsim-rules: true", "demo.yaml:1:1", "unknown dialect True"),
    ("finsim-rules: 1\n", "", "demo.yaml:1:1", "no dialect"),
    ("pack: {id: demo, version: 1}\n", "", "demo.yaml:1:1", "no `pack:`"),
    ("pack: {id: demo", "pack: {id: Demo!", "demo.yaml:2:8", "id"),
    ("key: [loan_id]", "key: [loan_di]", "demo.yaml:4:1", "unknown column 'loan_di'"),
    ("key: [loan_id]", "kee: [loan_id]", "demo.yaml:4:1", "unknown key 'kee'"),
    ("by: [ts]", "by: [tss]", "demo.yaml:5:27", "unknown column 'tss'"),
    ("{type: ratio}", "{type: ration}", "demo.yaml:13:10", "rate.type"),
    ("ccy: EUR", "scale: 2", "demo.yaml:12:3", "money without a currency"),
    ("price:", "not:", "demo.yaml:14:3", "column 'not' is not a plain word"),
    ("cap: 2000 USD", "cap: about", "demo.yaml:17:10", "'about' is not a constant"),
    ("cap: 2000 USD", "age: 2000 USD", "demo.yaml:17:10", "'age' is also a column"),
    ("young: [a, b]", "young: [a, 1]", "demo.yaml:17:25", "a list of mixed values"),
    ("params:", "let: {r: rte / 12}\nparams:", "demo.yaml:17:10", "unknown column 'rte'"),
    ("params:", "let: {r: s, s: r}\nparams:", "demo.yaml:17:7", "`let` 'r' is defined by itself"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "place", "found"), FILES)
def test_a_file_is_refused_where_it_is_wrong(old, new, place, found):
    listed = problems(TOP.replace(old, new, 1) + "  - {id: r, check: age > 1}\n")
    assert (place, True) in [(problem.place, found in problem.found) for problem in listed]


def test_all_problems_of_a_file_are_reported_at_once():
    rules = "  - {id: r, check: agee > 1 or lon > 2, wy: x}\n  - {id: r, check: age >}\n  - {id: s}\n"
    rules += "  - {id: t, check: priice > 1 or raate > 2}\n"
    listed = problems(TOP + rules)
    assert [problem.place.split(":")[1] for problem in listed] == ["19", "20", "21", "22", "22"] or (
        len(listed) >= 5
    )
    shown = "\n".join(map(str, listed))
    assert all(part in shown for part in ("'wy'", "ends too early", "check: missing", "priice", "raate"))


LAYOUTS = [
    ("  - id: r\n    check: age > 1 and agee < 2\n", 2, 24),
    ('  - id: r\n    check: "age > 1 and agee < 2"\n', 2, 25),
    ("  - id: r\n    check: >-\n      age > 1\n      and agee < 2\n", 4, 11),
    ("  - id: r\n    check: |\n      age > 1\n\n      and agee < 2\n", 5, 11),
    ("  - id: r\n    check:\n      age > 1 and\n      agee < 2\n", 4, 7),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "line", "column"), LAYOUTS)
def test_the_place_is_found_in_every_yaml_layout(rule, line, column):
    (problem,) = problems(TOP + rule)
    assert problem.place == f"demo.yaml:{LINE + line - 1}:{column}"


def test_sequence_rules_need_an_order_and_windows_need_time():
    text = TOP.replace("order: {group: [account], by: [ts]}\n", "")
    (problem,) = problems(text + "  - {id: r, check: age > lag(age)}\n")
    assert "lag needs rows in order" in problem.found
    text = TOP.replace("by: [ts]}", "by: [age]}")
    (problem,) = problems(text + "  - {id: r, check: count_in(1h) > 1}\n")
    assert "count_in needs a time" in problem.found
    text = TOP.replace("by: [ts]}", "by: [ts], sort: false}")
    (problem,) = problems(text + "  - {id: r, check: count_in(1h) > 1}\n")
    assert "count_in needs rows sorted by time" in problem.found


def test_repairs_in_a_circle_are_refused_with_the_circle():
    rules = (
        (
            "  - {id: first, check: age <= price, repair: {do: set, expr: 'age := round(price)'}}\n"
            "  - {id: second, check: price >= rate, repair: {do: set, expr: 'price := rate'}}\n"
            "  - {id: third, check: rate <= age, repair: {do: set, expr: 'rate := age'}}\n"
        )
        .replace("age := round(price)", "age := 2")
        .replace("age <= price", "age <= price")
    )
    (problem,) = problems(TOP + rules)
    assert "repairs in a circle" in problem.found
    assert all(name in problem.found for name in ("first", "second", "third"))


def test_a_missing_pack_gets_a_suggestion():
    with pytest.raises(RuleError) as caught:
        RuleSet.load("ohlc")
    assert "did you mean 'ohlcv'?" in str(caught.value)
