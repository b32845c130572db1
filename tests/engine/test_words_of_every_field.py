"""Every key of every file, each with values of the wrong kind: what stands there, what may, what to do."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from pydantic import BaseModel, ValidationError
from pydantic_words import PATTERNS, spoken

from finsim.agents.narratives.narrative import Narrative
from finsim.constraints.packs.file_schema import LookupText, PackHeader, ParamText, RuleText, TableText
from finsim.document_shapes import field_options, fields, shaped
from finsim.documents import parse, validate
from finsim.engine.study.study_file import Study
from finsim.errors import Problem, StudyError
from finsim.scenarios.file_models import ScenarioFile
from finsim.tables.schema_file import SchemaKeys

pytestmark = pytest.mark.sweep

FILES = (Study, ScenarioFile, Narrative, SchemaKeys, PackHeader, TableText, ParamText, LookupText, RuleText)
WRONG = {
    "text for a number": "many",
    "negative": "-3",
    "list for one": "[1, two, {three: 3}]",
    "mapping for one": "{not_a_key: {deeper: 1}}",
    "mapping of words": "{a: b, c: d}",
    "nothing": "null",
    "part of a whole": "2.5",
    "truth": "true",
    "date malformed": "2025-13-45",
    "date the other way": "31.12.2025",
    "too large": "9e18",
    "larger still": "1e400",
    "no number": ".nan",
    "digits with a comma": "10,000",
    "million million": "3mm",
    "empty text": "''",
    "empty list": "[]",
    "empty mapping": "{}",
    "list of nothing": "[null]",
    "nested lists": "[[1], [2]]",
}


def blocks(model: type[BaseModel], seen: set[type[BaseModel]]) -> Iterator[type[BaseModel]]:
    """Yield a model and every block inside it, each once."""
    if model in seen:
        return
    seen.add(model)
    yield model
    for field in fields(model).values():
        waiting = list(field_options(field))
        while waiting:
            one = waiting.pop()
            waiting += one.items
            if one.model:
                yield from blocks(one.model, seen)


_SEEN: set[type[BaseModel]] = set()
ALL = [block for file in FILES for block in blocks(file, _SEEN)]
KEYS = [(block, key) for block in ALL for key in fields(block)]


def problems(model: type[BaseModel], text: str) -> tuple[Problem, ...]:
    """Return what is said of a text; nothing where a model takes it."""
    try:
        validate(parse(text, "f.yaml", StudyError), model, StudyError)
    except StudyError as error:
        return error.problems
    return ()


def check(problem: Problem, text: str) -> None:
    """Assert that one problem has a place, what was found, what was expected, and a remedy in our words."""
    assert re.fullmatch(r"f\.yaml:\d+:\d+", problem.place), (problem, text)
    assert all((problem.found, problem.expected, problem.remedy)), (problem, text)
    assert not spoken(str(problem)), (str(problem), text, spoken(str(problem)))
    assert "Value error" not in str(problem)
    assert not re.search(r"\^\[|\\|<class|PydanticUndefined|Annotated", str(problem)), str(problem)


def test_the_patterns_see_the_sentences_of_pydantic() -> None:
    assert len(PATTERNS) > 90
    for kind in ("int", "str", "bool", "list", "dict"):
        model = type("M", (BaseModel,), {"__annotations__": {"a": kind}})
        with pytest.raises(ValidationError) as caught:
            model.model_validate({"a": object()})
        assert spoken(caught.value.errors()[0]["msg"])


def test_all_files_are_walked() -> None:
    names = {block.__name__ for block in ALL}
    assert {
        "TransactionsPart",
        "LoanColumn",
        "Payments",
        "Condition",
        "KnotPart",
        "RepairText",
        "ReadKeys",
    } <= names
    assert len(ALL) > 50
    assert len(KEYS) > 300


@pytest.mark.parametrize(("model", "key"), KEYS, ids=[f"{b.__name__}.{k}" for b, k in KEYS])
def test_a_wrong_value_of_a_key_is_said_in_words(model: type[BaseModel], key: str) -> None:
    for value in WRONG.values():
        text = f"# a file\n{key}: {value}\n"
        found = problems(model, text)
        for problem in found:
            check(problem, text)
        places = [tuple(map(int, p.place.split(":")[1:])) for p in found]
        assert places == sorted(places), text
        data = shaped(parse(text, "f.yaml").data, model)
        try:
            model.model_validate(data)
        except ValidationError as bad:
            at_key = [item for item in bad.errors() if item["loc"][:1] == (key,)]
            here = [p for p in found if key in p.found or model.__pydantic_decorators__.model_validators]
            assert bool(here) or not at_key, (text, found, at_key)


@pytest.mark.parametrize("model", ALL, ids=lambda model: model.__name__)
def test_unknown_and_missing_keys_are_said_in_words(model: type[BaseModel]) -> None:
    known = list(fields(model))
    text = f"# a file\n{known[0]}x: 1\nzzzz: 2\n"
    found = problems(model, text)
    for problem in found:
        check(problem, text)
    if not any(one.info.mode == "before" for one in model.__pydantic_decorators__.model_validators.values()):
        unknown = [problem for problem in found if problem.found.startswith("unknown key")]
        assert [problem.place for problem in unknown] == ["f.yaml:2:1", "f.yaml:3:1"]
        assert unknown[0].remedy.startswith("did you mean"), unknown[0]
        required = [key for key, field in fields(model).items() if field.is_required()]
        missing = [problem for problem in found if problem.found.endswith(": missing")]
        assert [problem.found for problem in missing] == [f"{key}: missing" for key in required]
        assert all(problem.remedy.startswith("add `") for problem in missing)
