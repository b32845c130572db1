"""The error tree: its shape, its messages, its way across process borders."""

import copy
import multiprocessing
from concurrent.futures import ProcessPoolExecutor

import pytest

from finsim import errors
from finsim.errors import FinsimError, Problem, RuleError, ScenarioError, did_you_mean

KINDS = [
    "StudyError", "ScenarioError", "NarrativeError", "RuleError", "RecordError", "DataError", "FitError",
    "PrivacyBudgetError", "ProvenanceError", "ResumeError",
]  # fmt: skip


def test_the_tree_is_the_one_drawn_in_the_docstring() -> None:
    defined = {
        name
        for name, item in vars(errors).items()
        if isinstance(item, type) and issubclass(item, FinsimError) and item is not FinsimError
    }
    assert defined == set(KINDS)
    for name in KINDS:
        assert f"── {name} " in (errors.__doc__ or "")
        assert getattr(errors, name).__doc__
        assert getattr(errors, name)("x").exit_code == errors.EXIT_INPUT == 2


def test_a_message_has_place_found_expected_and_remedy() -> None:
    error = RuleError("no column 'amout'", place="r.yaml:3:7", expected="a column", remedy="write amount")
    assert str(error) == "r.yaml:3:7: no column 'amout'; expected a column\n  remedy: write amount"
    assert str(FinsimError("found")) == "found"


def test_all_problems_are_listed_in_order() -> None:
    error = ScenarioError.of([Problem("f:1:1", "a"), Problem("f:2:1", "b", "c", "d")])
    assert isinstance(error, ScenarioError)
    assert str(error) == "f:1:1: a\nf:2:1: b; expected c\n  remedy: d"
    assert error.args == (str(error),)
    assert len(error.problems) == 2


def test_of_takes_any_iterable_and_refuses_none_at_all() -> None:
    assert len(ScenarioError.of(Problem("", str(i)) for i in range(3)).problems) == 3
    with pytest.raises(ValueError, match="at least one problem"):
        ScenarioError.of([])


def _fail(number: int) -> int:
    raise RuleError.of([Problem("f", str(number), "e", "r"), Problem("g", "second")])


def test_problems_survive_a_process_border() -> None:
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool, pytest.raises(RuleError) as caught:
        pool.submit(_fail, 4).result()
    assert caught.value.problems == (Problem("f", "4", "e", "r"), Problem("g", "second"))


def _fail_with_note() -> None:
    error = RuleError("x")
    error.add_note("in bars/base")
    raise error


def test_a_note_survives_a_process_border_and_a_copy() -> None:
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool, pytest.raises(RuleError) as caught:
        pool.submit(_fail_with_note).result()
    assert "in bars/base" in caught.value.__notes__
    assert not hasattr(copy.copy(RuleError("x")), "__notes__")


@pytest.mark.parametrize(
    ("name", "known", "expected"),
    [
        ("gfc-208", ["gfc-2008", "base"], "did you mean 'gfc-2008'?"),
        ("GFC-2008", ["gfc-2008", "base"], "did you mean 'gfc-2008'?"),
        ("zzz", ["b", "a"], "use one of: a, b"),
        ("zzz", [], ""),
        ("zzz", [f"n{i:02d}" for i in range(20)], "use one of: " + ", ".join(f"n{i:02d}" for i in range(12))),
    ],
)
def test_suggestions(name: str, known: list[str], expected: str) -> None:
    assert did_you_mean(name, known).startswith(expected)


def test_a_cut_list_of_names_says_so() -> None:
    assert did_you_mean("zzz", [f"n{i:02d}" for i in range(20)]).endswith(", ...")


def test_a_remedy_of_several_problems_in_a_row_is_said_once() -> None:
    problems = [Problem(f"row {k}", "wrong", "", "leave it out") for k in range(3)]
    error = FinsimError.of([*problems, Problem("row 9", "odd", "", "mend it"), Problem("row 12", "wrong")])
    assert str(error).count("leave it out") == 1
    assert str(error).splitlines()[2:5] == ["row 2: wrong", "  remedy: leave it out", "row 9: odd"]
    assert [one.remedy for one in error.problems] == ["leave it out"] * 3 + ["mend it", ""]
