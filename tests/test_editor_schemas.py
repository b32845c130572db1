"""The JSON Schemas for editors: they take every file that the loaders take, and refuse what those refuse.

A JSON Schema sees one value beside another at most. What it cannot see is listed in ``BLIND`` with the
words of the loader, and counted: a refusal that is neither seen nor listed fails.
"""

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from file_mutants import LOADERS, mutants, refusal, shipped
from jsonschema import Draft202012Validator

import finsim
from finsim import editor_schemas
from finsim.verbs.schema import KINDS

# What a JSON Schema cannot say -> words of the loader.
BLIND = {
    "names that another part of the file defines": (
        r"unknown (column|table|lookup)|no (role|earlier phase|phase) is called|no value is called|"
        r"has no proceeds|which columns|appears twice|is also a"
    ),
    "expressions of rules and their types": (
        r"unexpected|ends too early|cannot compare|is not a constant|is (not )?a list|"
        r"float = float|defined by itself|"
        r"not a plain word|no bound|says nothing of|tolerance fits|is exact|\w+ takes \w+, .*not"
    ),
    "columns of a lookup's rows": r"which column is the value|no column",
    "files beside the file": r"no (scenario|narrative|rule pack) is called|no such file|lies outside",
    "the name of the file": r"the name of the file|in a file called",
    "one number beside another": r"low <= high|has \d+ values but horizon|runs backwards|add up to",
    "an order that lag and sort need": r"needs rows in order|sort repairs rows",
    "a whole number written with a point": r"valid integer \(found -?\d+\.0\)",
    "what a parent supplies": r"horizon\.\w+: missing|without the level it starts from",
}
SEED, COUNT = 20261128, 600


@pytest.fixture(scope="module")
def validators() -> dict[str, Any]:
    return {kind: Draft202012Validator(finsim.schema(kind)) for kind in KINDS}


def test_each_schema_is_a_schema() -> None:
    assert list(KINDS) == list(LOADERS)
    for kind in KINDS:
        made = finsim.schema(kind)
        Draft202012Validator.check_schema(made)
        assert made["$schema"] == editor_schemas.DIALECT
        text = json.dumps(made, allow_nan=False)
        assert "http" not in text.replace(editor_schemas.DIALECT, "")


def test_every_shipped_file_is_accepted(validators: dict[str, Any]) -> None:
    files = list(shipped())
    assert {kind for kind, *_ in files} == set(KINDS)
    assert len(files) >= 25
    wrong = [
        f"{kind} {name} {error.json_path}: {error.message[:200]}"
        for kind, name, data in files
        for error in validators[kind].iter_errors(data)
    ]
    assert not wrong


def _blind(problem: str) -> str:
    """Return why a JSON Schema cannot see a problem, or nothing where it should."""
    return next((why for why, words in BLIND.items() if re.search(words, problem)), "")


def test_mutated_files_are_refused_as_the_loader_does(validators: dict[str, Any], tmp_path: Path) -> None:
    counts: Counter[str] = Counter()
    wrong: list[str] = []
    for mutant in mutants(list(shipped()), COUNT, SEED):
        said = refusal(mutant, tmp_path)
        errors = [error.message[:120] for error in validators[mutant.kind].iter_errors(mutant.data)]
        blind = [_blind(problem) for problem in said]
        if bool(said) == bool(errors):
            counts["both refuse" if said else "both accept"] += 1
        elif said and all(blind):
            counts[blind[0]] += 1
        else:
            wrong.append(f"{mutant.kind} {mutant.name}, {mutant.change}: loader {said}, schema {errors[:1]}")
    print(json.dumps(counts, indent=1))  # shown by pytest -s
    assert not wrong, "\n".join(wrong)
    assert counts["both refuse"] >= 200
    assert counts["both accept"] >= 50
    assert sum(counts.values()) == COUNT
    assert sum(counts[why] for why in BLIND) <= COUNT / 10
