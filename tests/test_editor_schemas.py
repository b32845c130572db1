"""The JSON Schemas for editors: they take every file that the loaders take, and refuse what those refuse.

A JSON Schema sees one value beside another at most. What it cannot see is listed in ``BLIND`` with the
words of the loader, and counted: a refusal that is neither seen nor listed fails.
"""

import json
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from file_mutants import LOADERS, MISTAKES, SPELLINGS, Change, mutants, refusal, shipped
from jsonschema import Draft202012Validator

import finsim
from finsim import documents, editor_schemas
from finsim.cli.main import main
from finsim.errors import FinsimError, StudyError
from finsim.verbs.schema import KINDS

pytestmark = pytest.mark.sweep

# What a JSON Schema cannot say -> words of the loader.
BLIND = {
    "names that another part of the file defines": (
        r"unknown (column|table|lookup)|has no column|no (role|earlier phase|phase) is called|"
        r"names no table|no value is called|function without|has no proceeds|which columns|"
        r"appears twice|is also a"
    ),
    "expressions of rules and their types": (
        r"unexpected|a list of mixed values|ends too early|cannot compare|is not a constant|is (not )?a list|"
        r"float = float|defined by itself|not a tolerance|"
        r"not a plain word|no bound|says nothing of|tolerance fits|is exact|\w+ takes \w+, .*not"
    ),
    "columns of a lookup's rows": r"which column is the value|no column",
    "files beside the file": (
        r"no (scenario|narrative|rule pack) is called|no (such|schema|data) file|lies outside"
    ),
    "the name of the file": r"the name of the file|in a file called",
    "one number beside another": (
        r"low <= high|expect: \[[01]?\.?\d*, [01]?\.?\d*\]; \[low, high\]|"
        r"has \d+ values but horizon|runs backwards|add up to|is (above|below) (min|max)|beyond its own"
    ),
    "what the codes of a time format mean": r"codes of strptime",
    "what cannot act in a story": (
        r"never (acts|act|has|happens|paid)|always empty|would pay itself|nobody fits|no fact for|may plan|"
        r"where no shop|has no (limit|balance|available)|no policy rule|pays nothing|depend on something|"
        r"members of|never stops|no time that can pass"
    ),
    "an order that lag and sort need": r"needs rows in order|sort repairs rows",
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


def _undescribed(part: Any, defined: dict[str, Any], at: str = "") -> list[str]:
    """Return every key without a description."""
    found = []
    for key in part if isinstance(part, dict) else ():
        if key == "properties" and part.get("additionalProperties") is False:
            for name, value in part[key].items():
                whole = defined.get(value.get("$ref", "").rpartition("/")[2], {}) | value
                found += [] if whole.get("description") else [f"{at}.{name}"]
        found += _undescribed(part[key], defined, f"{at}.{key}")
    for number, item in enumerate(part if isinstance(part, list) else ()):
        found += _undescribed(item, defined, f"{at}.{number}")
    return found


def test_every_key_is_described() -> None:
    for made in map(finsim.schema, KINDS):
        assert not _undescribed(made, made.get("$defs", {})), made["title"]


def _blind(problem: str) -> str:
    """Return why a JSON Schema cannot see a problem, or nothing where it should."""
    return next((why for why, words in BLIND.items() if re.search(words, problem)), "")


def test_a_schema_is_written_and_nothing_else_is_overwritten(tmp_path: Path) -> None:
    made = finsim.schema("study", tmp_path / "deep" / "study.json")
    assert json.loads((tmp_path / "deep" / "study.json").read_text(encoding="utf-8")) == made
    finsim.schema("study", tmp_path / "deep" / "study.json")
    (tmp_path / "mine.json").write_text("{}")
    for name in ("mine.json", "study.yaml", "deep"):
        with pytest.raises(StudyError):
            finsim.schema("study", tmp_path / name)
    assert (tmp_path / "mine.json").read_text() == "{}"
    with pytest.raises(StudyError, match="did you mean 'scenario'"):
        finsim.schema("scenarios")


def test_new_files_name_their_schema(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "t.csv").write_text("id,amount\na,1.50\nb,2.50\n")
    for words, name, kind in (
        (["new", "sub/mine.yaml"], "sub/mine.yaml", "study"),
        (["new", "schema", "t.csv", "-o", "t.schema.yaml"], "t.schema.yaml", "schema"),
    ):
        (tmp_path / "sub").mkdir(exist_ok=True)
        with pytest.raises(SystemExit) as end:
            main(words)
        assert end.value.code == 0
        file = tmp_path / name
        first = file.read_text(encoding="utf-8").split("\n")[0]
        prefix, _, path = first.partition("=")
        assert prefix == "# yaml-language-server: $schema"
        made = json.loads((file.parent / path).read_text(encoding="utf-8"))
        assert made == finsim.schema(kind)
        Draft202012Validator(made).validate(documents.read(file).data)


@pytest.mark.parametrize(
    ("changes", "count", "refused", "accepted"),
    [
        (MISTAKES, 60, 30, 5),
        pytest.param(MISTAKES, COUNT, 200, 50, marks=pytest.mark.slow),
        pytest.param(SPELLINGS, COUNT, 50, 200, marks=pytest.mark.slow),
    ],
)
def test_changed_files_are_refused_as_the_loader_does(
    validators: dict[str, Any],
    tmp_path: Path,
    changes: Sequence[Change],
    count: int,
    refused: int,
    accepted: int,
) -> None:
    counts: Counter[str] = Counter()
    wrong: list[str] = []
    for mutant in mutants(list(shipped()), count, SEED, changes):
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
    assert counts["both refuse"] >= refused
    assert counts["both accept"] >= accepted
    assert sum(counts.values()) == count
    assert sum(counts[why] for why in BLIND) <= count / 10


COLUMN = "finsim: schema/1\ncolumns:\n  a: {{{}}}\n"
STUDY = "finsim: study/1\nid: s\n{}\n"
WRITTEN = [
    ("schema", COLUMN, "type: money, ccy: EUR, unit: minor", True),
    ("schema", COLUMN, "type: money, ccy: EUR, unit: percent", False),
    ("schema", COLUMN, "type: int, format: '%Y'", False),
    ("schema", COLUMN, "type: cat, true: [x], false: [y]", False),
    ("schema", COLUMN, "type: bool, true: x, false: 0", True),
    ("schema", COLUMN, "type: bool, true: x", False),
    ("schema", COLUMN, "type: date, format: '%Y', unit: days", False),
    ("study", STUDY, "transactions: {narratives: [{name: account_takeover, rate: 0.5}]}", True),
    ("study", STUDY, "transactions: {narratives: [{name: account_takeover, rate: -1}]}", False),
    ("study", STUDY, "scenarios: [base]", False),
    ("study", STUDY, "transactions: {}\nscenarios: [{name: gfc-2008, severity: 4}]", False),
    ("study", STUDY, "transactions: {}\nscenarios: [gfc2008]", False),
    ("study", STUDY, "transactions: {accounts: '500', days: 7.0}\nevaluation: {enabled: 'no'}", True),
    ("study", STUDY, "transactions: {accounts: true}", False),
    ("study", STUDY, "transactions: {}\nstart: 5", False),
    ("study", STUDY, "credit: {data: german_credit, columns: {id: a, amount: {from: b}}}", True),
    ("study", STUDY, "credit: {data: german_credit, columns: {amount: {form: b}}}", False),
    ("study", STUDY, "credit: {data: german_credit, prepayment: 1.5}", False),
    ("study", STUDY, "market: {data: wiki_aapl_ibm_2000_2013, generator: {name: flows}}", False),
    ("study", STUDY, "market: {data: wiki_aapl_ibm_2000_2013, rules: null}", True),
]


@pytest.mark.parametrize(("kind", "text", "part", "fine"), WRITTEN)
def test_what_shipped_files_do_not_show(
    kind: str, text: str, part: str, fine: bool, validators: dict[str, Any], tmp_path: Path
) -> None:
    path = tmp_path / "s.yaml"
    path.write_text(text.format(part), encoding="utf-8")
    assert validators[kind].is_valid(documents.read(path).data) is fine
    if fine:
        LOADERS[kind](str(path))
    else:
        with pytest.raises(FinsimError):
            LOADERS[kind](str(path))
