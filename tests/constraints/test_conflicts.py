"""Conflicts and what else ``lint`` finds: exact cores with reasons, dead and redundant rules, ranges."""

import json

import pytest

from finsim.constraints.conflicts.conflict_check import refuse_conflicts
from finsim.constraints.conflicts.lint import lint
from finsim.constraints.packs.ruleset import RuleSet
from finsim.constraints.solver import clause_search as search
from finsim.errors import RuleError

PACKS = ("ohlcv", "quotes-lob", "retail-tx", "consumer-loans", "corporate-credit", "card-portfolio")
TOP = """finsim-rules: 1
pack: {id: demo, version: 1}
table: t
key: []
order: {group: [who], by: [ts]}
columns:
  who: {type: id}
  whom: {type: id}
  age: {type: int}
  n: {type: int, null: true}
  loan: {type: money, ccy: USD, unit: minor}
  fee: {type: money, ccy: USD, unit: minor}
  rate: {type: ratio}
  x: {type: float}
  y: {type: float}
  z: {type: float, null: true}
  product: {type: cat, values: [card, auto]}
  state: {type: cat}
  home: {type: cat}
  late: {type: bool}
  opened: {type: date}
  closed: {type: date}
  ts: {type: ts}
  extra: {type: int, optional: true}
let: {twice: 2 * age, owed: if late then loan + fee else loan}
params: {cap: 2000 USD, adult: 18, grown: [NY, CA]}
lookup:
  top: {by: [state], type: ratio, default: null, rows: [{state: NY, top: 16%}, {state: CA, top: 10%}]}
  every: {by: [product], type: ratio, rows: [{product: card, top: 16%}, {product: auto, top: 10%}]}
rules:
"""
LINE = TOP.count("\n") + 1


def rules_of(*rules):
    lines = []
    for k, rule in enumerate(rules):
        text = rule if isinstance(rule, str) else rule["check"]
        keys = {"id": f"r{k}", "check": text, **({} if isinstance(rule, str) else rule)}
        lines.append(f"  - {json.dumps(keys)}\n")
    return RuleSet.parse(TOP + "".join(lines), "demo.yaml")


def cores(*rules, params=None, where_known=False):
    report = lint(rules_of(*rules), params)
    found = report.where_known if where_known else report.conflicts
    return [tuple(one.id for one in conflict.rules) for conflict in found]


HIDDEN = ("age < 18 => loan <= 2000 USD", "loan >= 5000 USD", "age <= 16")


def test_the_hidden_contradiction_is_found_in_a_pack_of_a_hundred():
    filler = [f"x + {k} * y <= {1000 + k} or state = 's{k % 7}'" for k in range(97)]
    every = [*filler[:20], HIDDEN[0], *filler[20:60], HIDDEN[1], *filler[60:], HIDDEN[2]]
    with pytest.raises(RuleError) as caught:
        refuse_conflicts(rules_of(*every))
    (problem,) = caught.value.problems
    assert problem.place == f"demo.yaml:{LINE + 20}:5"
    assert problem.found.split("\n") == [
        "table t: no row can satisfy these 3 rules together",
        f"  r20  demo.yaml:{LINE + 20}:5  {HIDDEN[0]}",
        f"  r61  demo.yaml:{LINE + 61}:5  {HIDDEN[1]}",
        f"  r99  demo.yaml:{LINE + 99}:5  {HIDDEN[2]}",
        "  because r61 and r99 leave age <= 16 and loan >= 5,000.00 USD, and r20 is never true there",
    ]


CONFLICTS = [
    ("x < y", "y < x"),
    ("x < 1", "x >= 1"),
    ("age > 4", "age < 5"),
    ("twice <= 20", "age > 10"),
    ("owed <= 10 USD", "late", "fee > 10 USD", "loan >= 0"),
    ("loan - fee > 0.01 USD", "loan <= fee + 0.01 USD"),
    ("fee = round(0.1 * loan)", "loan = 100 USD", "fee >= 10.01 USD"),
    ({"check": "loan = fee", "tol": "0.05 USD"}, "loan > fee + 0.05 USD"),
    ({"check": "x = y", "tol": {"rel": 0.01}}, "x between 100 and 200", "y > 203"),
    ("product != 'card'", "product != 'auto'"),
    ("state = home", "state = 'NY'", "home = 'CA'"),
    ("state in grown", "state not in {'NY', 'CA'}"),
    ("whom = who", "who != whom"),
    ("days(opened, closed) > 10", "closed <= opened + 9d"),
    ("opened >= d'2024-03-01'", "ts >= opened", "ts < d'2024-02-29' + 24h"),
    ("count_in(24h) < 1",),
    ("month(opened) > 12",),
    ("abs(x) < 0",),
    ("cummax(x) < x",),
    ("x * y < 0", "x > 0", "y > 0"),
    ("x / y > 2", "x < 2 * y", "y > 0"),
    ("lookup(every, product) > 16%",),
    ("add_months(opened, 1) < opened",),
    ("x ^ 2 < 0",),
    ("max(x, y) < clamp(x, 0, 5)", "x between 0 and 5"),
    ("if late then age > 3 else age > 4", "age < 4"),
    ("on_tick(age, 10)", "age between 11 and 19"),
    ("x is null",),
    ("n is not null => n > 3", "n < 2", "n is not null"),
    ("false",),
    ({"check": "late", "when": "age > 3"}, {"check": "not late", "when": "age > 3"}, "age > 5"),
    ({"check": "n > 3", "nulls": "fail"}, "n <= 3"),
]


@pytest.mark.parametrize("rules", CONFLICTS, ids=lambda rules: str(rules[0]))
def test_rules_that_cannot_hold_together_are_the_core(rules):
    found = cores("fee >= -1000000 USD", *rules, "home = 'NY' or home != 'NY'")
    every = tuple(f"r{k + 1}" for k in range(len(rules)))
    assert found == [every]


WHERE_KNOWN = [
    ("x < y", "y < z", "z < x"),  # z may be empty
    ("2 * age = 2 * n + 1",),
    ("ts > lag(ts)", "ts < lag(ts)"),  # the first row of a group
    ("sqrt(x) < 0",),  # of a negative number
    ("lookup(top, state) > 16%",),  # of a state without a cap
    ("cummax(n) < n",),
    ("x / y > 2", "x / y < 1"),  # division by zero
    ("on_tick(age, n)", "not on_tick(age, n)"),  # a tick of 0
]


@pytest.mark.parametrize("rules", WHERE_KNOWN, ids=lambda rules: str(rules[0]))
def test_rules_that_only_undecided_rows_satisfy_are_no_conflict_and_said(rules):
    every = tuple(f"r{k + 1}" for k in range(len(rules)))
    assert cores("fee >= -1000000 USD", *rules) == []
    assert cores("fee >= -1000000 USD", *rules, where_known=True) == [every]
    refuse_conflicts(rules_of(*rules))
    report = lint(rules_of(*rules))
    assert not report.ok
    assert "no row in which all their values are known can satisfy" in report.to_text()


UNDECIDED = [
    ("rate <= lookup(top, state)", {"when": "rate > 20%", "check": "state = 'OH'"}),
    ("x > lag(x)", {"when": "x < first(x)", "check": "late"}),
    ("n > 3", {"when": "age > 90", "check": "n < 2"}),
    ("x / y > 2", {"when": "x < 2 * y", "check": "late"}),
]


@pytest.mark.parametrize("rules", UNDECIDED, ids=lambda rules: str(rules[0]))
def test_what_is_not_broken_where_it_is_undecided_silences_nothing(rules):
    report = lint(rules_of(*rules))
    assert report.dead == report.conflicts == ()
    assert {one.column for one in report.ranges} <= {"n"}  # a range is that of the cells that are filled


POSSIBLE = [
    ("x <= y", "y <= x"),
    ("x > 4", "x < 5"),
    ("x < 5", "x > 4.999999999999"),
    ("loan - fee = 0.01 USD", "loan >= 9999999999999999 USD", "fee < 9999999999999999 USD"),
    ("age > lag(age)", "age > 3"),
    ("ts > lag(ts)", {"check": "ts < lag(ts)", "order": {"group": ["who"], "by": ["ts"], "sort": False}}),
    ("n is null or n > 3", "n < 3"),
    ("z > 1", "z < 2"),
    ("state != 'NY'", "state != 'CA'"),
    ("x * y < 0", "x > 0"),
    ("log(x) > 3", "log(y) < 3"),
    ("exists(t.who = whom)", "who != whom"),
    ({"check": "age > 5", "level": "plausible", "expect": [0, 1]}, "age < 5"),
    ("loan = 3 * fee", "fee * 7 + loan * 2 = 13 USD"),
    ("fee = round(0.07 * loan)", "loan > 99.99 USD", "fee < 7.05 USD", "loan >= fee + 93.01 USD"),
    ("rate / 12 <= 1%", "rate >= 11.99%"),
    ("age < 18 => loan <= cap", "loan >= 5000 USD"),
    ("x <= 0.1 + 0.2", "x > 0.3"),  # constants with the rounding of the rows
    ("x <= 9007199254740992", "x >= 9007199254740993"),  # beside a float a whole number is the next float
]  # fmt: skip


@pytest.mark.parametrize("rules", POSSIBLE, ids=lambda rules: str(rules[0]))
def test_rules_that_can_hold_together_are_no_conflict(rules):
    assert cores(*rules) == []
    refuse_conflicts(rules_of(*rules))


def test_an_override_can_make_a_conflict_and_is_named():
    rules = rules_of("loan <= cap", "loan >= 1500 USD")
    refuse_conflicts(rules)
    with pytest.raises(RuleError, match=r"with cap = 1,000\.00 USD \(overridden\)"):
        refuse_conflicts(rules, {"cap": "1000 USD"})
    assert lint(rules, {"cap": "1000 USD"}).overrides == {"cap": ("2000 USD", "1000 USD")}
    with pytest.raises(RuleError, match="no such parameter"):
        lint(rules, {"capp": "1 USD"})


def test_several_conflicts_and_the_rest_of_the_pack():
    report = lint(rules_of("age > 5", "x > 1", "x < 0", "age < 3", "age < 4", "fee > 1 USD"))
    found = sorted([one.id for one in conflict.rules] for conflict in report.conflicts)
    assert found == [["r0", "r3"], ["r0", "r4"], ["r1", "r2"]]
    assert not report.ok
    assert {one.to_text() for one in report.ranges} == {"age >= 6", "x > 1", "fee >= 1.01 USD"}


def test_declared_labels_are_named_in_the_reason():
    (conflict,) = lint(rules_of("product != 'card'", "product != 'auto'")).conflicts
    assert conflict.why.endswith("product has only its declared labels")


def test_rules_that_never_speak():
    report = lint(rules_of(
        {"check": "loan <= cap", "when": "age < adult"}, "age >= 21", "late => x > 1", "late => x < 0",
        "state = 'XX' => false",
        {"check": "x > 1", "level": "plausible", "expect": [0, 1], "when": "age < 5"},
    ))  # fmt: skip
    assert report.ok
    assert {(one.rule.id, tuple(by.id for by in one.by)) for one in report.dead} == {
        ("r0", ("r1",)), ("r5", ("r1",)), ("r2", ("r2", "r3")), ("r3", ("r2", "r3"))
    }  # fmt: skip
    text = next(one for one in report.dead if one.rule.id == "r0").to_text()
    assert text == (
        f"table t: r0 (demo.yaml:{LINE}:5) never speaks: no row has age < adult; r1 excludes it "
        "(with cap = 2,000.00 USD, adult = 18)"
    )


def redundant(*rules):
    return {one.rule.id: tuple(by.id for by in one.by) for one in lint(rules_of(*rules)).redundant}


def test_rules_that_follow_from_others():
    assert redundant("age >= 18", "age >= 21") == {"r0": ("r1",)}
    assert redundant("age > 3", "age >= 4") == {"r1": ("r0",)}  # whole numbers; of equals the later one
    assert redundant("x > 3", "x >= 4") == {"r0": ("r1",)}
    assert redundant("age < 18 => loan <= cap", "age >= 18") == {}  # r0 never speaks
    assert redundant("x < y", "y < rate", "x < rate") == {"r2": ("r0", "r1")}
    assert redundant("late or not late") == {"r0": ()}
    assert redundant({"check": "x > 3"}, {"check": "x > 1", "level": "plausible", "expect": [0, 1]}) == {
        "r1": ("r0",)
    }


def test_what_only_seems_to_follow():
    assert redundant("x < z", "z < rate", "x < rate") == {}  # an empty z says nothing of x
    assert redundant("product in {'card', 'auto'}") == {}  # it is the rule that checks the labels
    assert redundant("age > 3 and extra > 3", "age > 2") == {}  # extra may be absent
    assert redundant({"check": "age > 3", "level": "policy"}, "age > 2") == {}  # labelled rows may break it
    assert redundant("n > 3", {"check": "n > 2", "nulls": "fail"}) == {}
    assert redundant("ts >= lag(ts)", "ts >= lag(ts) or x > 3") == {"r1": ("r0",)}


def test_ranges_are_what_the_rules_leave():
    report = lint(rules_of(
        "age between adult and 99", "loan > 0", "age < 30 => loan <= cap", "rate >= 0 and rate < 36%",
        "x + y <= 10", "x >= 0", "y >= 3", "late", "state in grown", "opened >= d'2020-02-29'",
        "product = 'auto' => age > 40",
    ))  # fmt: skip
    assert {one.column: one.to_text() for one in report.ranges} == {
        "age": "age between 18 and 99", "loan": "loan >= 0.01 USD", "rate": "rate >= 0 and rate < 0.36",
        "x": "x between 0 and 7", "y": "y between 3 and 10", "late": "late = true",
        "state": "state in {'CA', 'NY'}", "opened": "opened >= 2020-02-29",
    }  # fmt: skip


def test_what_is_not_analysed_is_said():
    report = lint(rules_of("log(x / lag(y)) < 1", "x * y > 2", "rate <= lookup(top, state)", "age > 1"))
    assert {one.rule.id: one.parts for one in report.partial} == {
        "r0": (("log(x / lag(y))", "is not linear"),),
        "r1": (("x * y", "is a product of columns"),),
        "r2": (("lookup(top, state)", "is looked up"),),
    }


def test_a_spent_budget_is_said_and_never_a_conflict(monkeypatch):
    hard = ["3 * age + 5 * n - 7 * extra = 1", "age > 0 and n > 0", "age + n + extra < 9", "2 * age != 3 * n"]
    monkeypatch.setattr(search, "MOST_PIVOTS", -1)
    report = lint(rules_of(*hard))
    assert report.ok
    assert any("can hold together" in line for line in report.undecided)
    assert "(the budget of work ran out)" in report.to_text()


@pytest.mark.parametrize("name", PACKS)
def test_the_shipped_packs_do_not_contradict_themselves(name):
    report = lint(RuleSet.load(name))
    assert (report.conflicts, report.dead, report.redundant, report.undecided) == ((), (), (), ())
    assert report.examples
    assert [one for one in report.examples if one.unconfirmed] == []
    assert json.loads(json.dumps(report.to_dict()))["ok"] is True
    refuse_conflicts(RuleSet.load(name))
