"""Three rules that clash in a realistic pack of a hundred: the exact core, and nothing else."""

from fractions import Fraction

import pytest
from naive.hundred_rules import HARMLESS, HIDDEN, hundred

from finsim.constraints.conflicts.conflict_check import refuse_conflicts
from finsim.constraints.conflicts.lint import lint
from finsim.constraints.solver import clause_search as search
from finsim.constraints.solver.exact_simplex import Exhausted
from finsim.errors import RuleError

CORE = ["r20", "r61", "r99"]
FOLLOW = ["r6", "r12", "r66", "r73", "r77", "r89", "r90", "r98"]


def refused(rules):
    with pytest.raises(RuleError) as caught:
        refuse_conflicts(rules)
    return caught.value.problems


def test_the_contradiction_is_found_with_its_core():
    rules = hundred(HIDDEN)
    (problem,) = refused(rules)
    head, *named = problem.found.split("\n")
    assert head == "table loans: no row can satisfy these 3 rules together"
    assert [line.split()[0] for line in named[:3]] == CORE
    assert named[3:] == [
        "  with cap = 2,000.00 USD",
        "  because r61 and r99 leave age <= 16 and loan >= 5,000.00 USD, and r20 is never true there",
    ]


def test_the_whole_report_leaves_nothing_open():
    report = lint(hundred(HIDDEN))
    assert [[one.id for one in conflict.rules] for conflict in report.conflicts] == [CORE]
    assert {one.rule.id: [by.id for by in one.by] for one in report.dead} == {
        "r20": ["r20", "r61"], "r31": ["r20", "r61"], "r32": ["r20", "r61"], "r33": ["r20", "r61"]
    }  # fmt: skip
    assert [one.rule.id for one in report.redundant] == FOLLOW
    assert report.undecided == ()


def test_without_the_contradiction_there_is_none():
    rules = hundred(HARMLESS)
    refuse_conflicts(rules)
    report = lint(rules)
    assert (report.conflicts, report.dead, report.undecided) == ((), (), ())
    assert max(example.judged for example in report.examples) == 98
    assert [example for example in report.examples if example.unconfirmed] == []


def test_a_question_given_up_does_not_spoil_the_next(monkeypatch):
    run = search.Search()
    x = run.simplex.variable()
    small, large = (run.atom(x, (Fraction(k), Fraction(0)), (Fraction(k), Fraction(1))) for k in (1, 5))
    with monkeypatch.context() as patched:
        patched.setattr(search, "MOST_CONFLICTS", 0)
        with pytest.raises(Exhausted):
            run.solve([small, -large])
    assert not run.solve([small, -large])
    assert run.solve([small, large])
