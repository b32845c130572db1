"""Every stated mutant still has its place, and is code."""

import ast

import pytest
from mutant_list import ROOT, Mutant, every_mutant, mutated

pytestmark = pytest.mark.sweep

MUTANTS = every_mutant()


def test_there_are_enough_and_no_two_are_alike() -> None:
    assert len(MUTANTS) >= 150
    assert len({(one.file, one.find, one.put) for one in MUTANTS}) == len(MUTANTS)


def test_every_text_stands_once_and_its_slip_is_code() -> None:
    for one in MUTANTS:
        text = (ROOT / one.file).read_text(encoding="utf-8")
        slipped = mutated(text, one)
        assert ast.dump(ast.parse(slipped)) != ast.dump(ast.parse(text)), one.name


def test_every_test_file_is_there() -> None:
    missing = {test for one in MUTANTS for test in one.tests if not (ROOT / test.partition("::")[0]).exists()}
    assert missing == set()


@pytest.mark.parametrize("text", ["a", "x = 1; x = 1"])
def test_a_place_that_is_gone_or_doubtful_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"m-1: 'x = 1' stands [02] times in f.py"):
        mutated(text, Mutant("m-1", "f.py", "x = 1", "x = 2", ()))
