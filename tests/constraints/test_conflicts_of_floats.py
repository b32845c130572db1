"""Claims about float columns: none is refuted by a row beside the bounds, rounded as rows are judged."""

import pyarrow as pa
import pytest
from naive.float_rules import Verdicts, pack, refuted, rows

from finsim.constraints.checking.check import check as check_tables
from finsim.constraints.conflicts import conflict_check as conflicts
from finsim.constraints.conflicts import redundant_rules as silence
from finsim.constraints.conflicts import witness_row as witness
from finsim.constraints.conflicts.conflict_check import refuse_conflicts
from finsim.constraints.conflicts.lint import lint
from finsim.constraints.packs.ruleset import RuleSet
from finsim.errors import RuleError

pytestmark = pytest.mark.sweep

PACKS = 30
HEAD = """finsim-rules: 1
pack: {id: demo, version: 1}
table: t
columns:
  a: {type: float}
  b: {type: float}
  c: {type: float}
  n: {type: int}
  m: {type: money, ccy: USD, unit: minor}
  late: {type: bool}
  kind: {type: cat, values: [x, y]}
rules:
"""


def rules_of(*texts):
    lines = [text if "check:" in text else f'check: "{text}"' for text in texts]
    return RuleSet.parse(HEAD + "".join(f"- {{id: r{k}, {line}}}\n" for k, line in enumerate(lines)))


@pytest.mark.parametrize("block", range(4))
def test_no_row_beside_the_bounds_refutes_a_claim(block):
    claims = {"conflicts": 0, "dead": 0, "redundant": 0, "undecided": 0}
    for seed in range(PACKS * block, PACKS * (block + 1)):
        text = pack(seed)
        rules = RuleSet.parse(text)
        report = lint(rules)
        assert [one.to_text() for one in refuted(report, Verdicts(rules, rows(text, seed)))] == [], seed
        for name in claims:
            claims[name] += len(getattr(report, name))
    assert min(claims.values()) >= 4, claims


def test_the_rows_beside_the_bounds_do_refute_claims_of_exact_arithmetic(monkeypatch):
    def exact(problem, ids, goal, about=(), closed=True):
        return problem.core(ids, goal(problem), closed)

    monkeypatch.setattr(silence, "certain_core", exact)
    monkeypatch.setattr(conflicts, "confirmed", lambda problem, core, ids: core)
    wrong = []
    for seed in range(PACKS):
        text = pack(seed)
        rules = RuleSet.parse(text)
        wrong += refuted(lint(rules), Verdicts(rules, rows(text, seed)))
    assert len(wrong) >= 3


SAVED = [
    (("a + b > 0.3", "a <= 0.1", "b <= 0.2"), {"a": 0.1, "b": 0.2}),
    (("a - b < 0.1", "a >= 0.3", "b <= 0.2"), {"a": 0.3, "b": 0.2}),
    (("a * 3 > 0.3", "a <= 0.1"), {"a": 0.1}),
    (("a / b < 3", "a >= 0.3", "b > 0", "b <= 0.1"), {"a": 0.3, "b": 0.1}),
    (("n * 0.1 > 0.3", "n <= 3"), {"n": 3}),
    (("m * 0.07 > 0.07 USD", "m <= 1 USD"), {"m": 100}),
    (("floor(a * 100) <= 28", "a >= 0.29"), {"a": 0.29}),
    (('check: "a != b", tol: 0.1', "a <= 0.4", "b >= 0.3", "a >= b"), {"a": 0.4, "b": 0.3}),
    (('check: "a != b", tol: {rel: 0.1}', "a between 7 and 7", "b >= 6.3", "a >= b"), {"a": 7.0, "b": 6.3}),
    (("a > a + 1 or a + 1 <= a",), {"a": 1e17}),
    (("a * 4 / 8 >= b * 4", "b >= 0.9 * a", "a > 1"), {"a": 1.5e308, "b": 1.5e308}),
    (("exp(a) <= 0",), {"a": -1000.0}),
    (("a * b <= 0", "a > 0", "b > 0"), {"a": 1e-200, "b": 1e-200}),
    (("3 * a <= 2 * a", "a > 1"), {"a": 1.5e308}),
    (("a + b + c > 0.6", "a <= 0.1", "b <= 0.2", "c <= 0.3"), {"a": 0.1, "b": 0.2, "c": 0.3}),
]

FOUND = [
    ("a + b > 3", "a <= 1", "b <= 2"),
    ("a + b + c > 6.001", "a <= 1", "b <= 2", "c <= 3"),
    ("a / b > 2", "a < 2 * b", "b > 0"),
    ("250 * a >= 50", "a < 0.2"),
    ("n / 4 <= 6", "n / 10 > 2.4"),
    ("a + 1 < a",),
    ("m * 2 > 4 USD", "m <= 2 USD"),
    ("m >= 2.01 USD", "m * 1.5 <= 3 USD"),
    ("a + b <= 0.3", "not (b + a <= 0.3)"),
    ('check: "a = b", tol: 1e-9', "a > 1", "b < 1 - 2e-9"),
]


def told(report):
    return [line for line in report.undecided if "only the rounding of floats decides" in line]


def a_row(cells):
    """Return a table of one row that every rule may read."""
    plain = {"a": 0.0, "b": 0.0, "c": 0.0, "n": 0, "m": 0, "late": False, "kind": "x"}
    return pa.table({name: [cells.get(name, value)] for name, value in plain.items()})


@pytest.mark.parametrize(("texts", "cells"), SAVED, ids=lambda one: str(one)[:40])
def test_what_only_rounding_satisfies_is_not_decided(texts, cells):
    rules = rules_of(*texts)
    ids = [rule.id for rule in rules.rules if "." not in rule.id]
    assert Verdicts(rules, a_row(cells)).all_true(ids).any(), "the row is not what it is meant to be"
    refuse_conflicts(rules)
    report = lint(rules)
    assert report.ok
    assert len(told(report)) == 1
    assert f"whether these can hold together: {', '.join(ids)} (only" in told(report)[0]


@pytest.mark.parametrize("texts", FOUND, ids=str)
def test_what_no_float_satisfies_is_still_a_conflict(texts):
    (conflict,) = lint(rules_of("late or not late", *texts)).conflicts
    assert [rule.id for rule in conflict.rules] == [f"r{k + 1}" for k in range(len(texts))]
    with pytest.raises(RuleError, match="no row can satisfy"):
        refuse_conflicts(rules_of(*texts))


def test_a_certain_conflict_behind_a_doubtful_one_is_found():
    report = lint(
        rules_of("a + b > 0.3", "a <= 0.1", "b <= 0.2", "b <= 0.1", "n > 3", "n < 3", "a + b + n > 9")
    )
    found = [[one.id for one in conflict.rules] for conflict in report.conflicts]
    assert sorted(found) == [["r0", "r1", "r3"], ["r4", "r5"]]


def test_dead_and_redundant_rules_hinge_on_rounding_too():
    bounds = ("a <= 0.1", "b <= 0.2")
    speaks, adds = lint(rules_of(*bounds, "a + b > 0.3 => late")), lint(rules_of(*bounds, "a + b <= 0.3"))
    assert (speaks.dead, adds.redundant) == ((), ())
    assert "table t: whether r2 ever speaks (only the rounding of floats decides)" in told(speaks)
    assert told(adds) == ["table t: whether r2 adds anything (only the rounding of floats decides)"]
    certain = lint(rules_of("a <= 1", "b <= 2", "a + b > 3 => late", "a + b <= 3"))
    assert [one.rule.id for one in certain.dead] == ["r2"]
    assert [one.rule.id for one in certain.redundant] == ["r3"]


def test_what_is_left_to_labels_and_truths_is_no_guess():
    rules = ("a <= 0.1", "b <= 0.2", "a + b > 0.3 or late", "kind = 'x' => a + b > 0.3")
    assert {one.column for one in lint(rules_of(*rules)).ranges} == {"a", "b"}
    plain = [text.replace("0.", "") for text in rules]
    assert {one.to_text() for one in lint(rules_of(*plain)).ranges} == {
        "a <= 1", "b <= 2", "late = true", "kind = 'y'"
    }  # fmt: skip


def test_a_row_that_rounding_spoils_is_looked_for_beside(monkeypatch):
    rules = rules_of("a - b >= 0.1", "a <= 0.3", "b >= 0.2 - 1e-16", "a >= 0.3")
    (found,) = lint(rules).examples
    assert found.unconfirmed == ()
    assert found.judged == 4
    monkeypatch.setattr(witness, "neighbours", lambda cells: [cells])
    (alone,) = lint(rules).examples
    assert alone.unconfirmed == ("r0",)


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("n < exp(1000), nulls: fail", "passed"), ("n < 10 ^ 400, nulls: fail", "passed"),
        ("a > 1e200 * 1e200", "broken"), ("exp(1000) - exp(1000) is null", "passed"),
        ("exp(1000) / exp(1000) is null", "passed"), ("-(2 ^ 5000) < n, nulls: fail", "passed"),
        ("min(a, exp(1000)) < 9", "passed"), ("coalesce(exp(1000), a) > 1", "passed"),
        ("n * 0 < exp(800) - 1, nulls: fail", "passed"), ("sqrt(exp(1000)) > a, nulls: fail", "passed"),
    ],
)  # fmt: skip
def test_a_constant_beyond_the_largest_float_is_infinite_and_no_gap(text, verdict):
    check, _, more = text.partition(", nulls")
    rules = rules_of(f'check: "{check}"' + (", nulls" + more if more else ""))
    table = pa.table({
        "a": [1.0, 2.0], "b": [1.0, 2.0], "c": [1.0, 2.0], "n": [1, 5], "m": [1, 2], "late": [True, False],
        "kind": ["x", "y"],
    })  # fmt: skip
    assert check_tables(table, rules)["r0"].verdict == verdict
    claims = lint(rules)
    assert verdict == "broken" or not claims.conflicts
    assert verdict == "passed" or not (claims.dead or claims.redundant)


def test_a_constant_gap_never_holds():
    with pytest.raises(RuleError, match="no row can satisfy"):
        refuse_conflicts(rules_of("exp(1000) is null"))


@pytest.mark.parametrize("number", ["1e400", "1e999999", "1e99999999999999999999", "5e999999 USD", "1e400 %"])
def test_a_number_beyond_the_largest_float_is_refused_where_it_stands(number):
    with pytest.raises(RuleError, match="larger than any number"):
        rules_of(f"a < {number}")
