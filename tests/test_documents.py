"""YAML documents: 1.2 scalars, exact places, all problems at once, hostile files refused."""

import json
import math
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field, model_validator

from finsim import documents
from finsim.documents import find, parse, read, shipped, validate
from finsim.errors import FinsimError, ScenarioError, StudyError


def data(text: str) -> Any:
    return parse(text, "f.yaml").data


def problems(text: str) -> list[tuple[str, str]]:
    with pytest.raises(ScenarioError) as caught:
        parse(text, "f.yaml", ScenarioError)
    return [(problem.place, problem.found) for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"), ("off", "off"), ("yes", "yes"), ("y", "y"), ("on", "on"), ("12:30", "12:30"),
        ("1:30:00", "1:30:00"), ("1e3", 1000.0), ("1E-3", 0.001), ("-.5", -0.5), (".5", 0.5), ("1.", 1.0),
        ("007", 7), ("0o17", 15), ("0x1F", 31), ("017", 17), ("1_000", "1_000"), ("2026-01-31", "2026-01-31"),
        ("~", None), ("null", None), ("", None), ("true", True), ("True", True), ("truE", "truE"),
        (".inf", math.inf), ("-.INF", -math.inf), ("+.Inf", math.inf), ("'5'", "5"), ('"no"', "no"),
        ("+1", 1), ("1e", "1e"), (".", "."), ("1.2.3", "1.2.3"), ("NO", "NO"), ("- 1", None), ("=", "="),
        ("0b1", "0b1"), ("-0", 0), ("1e400", math.inf),
        ("'~'", "~"), ("''", ""), ("| \n  5\n", "5\n"), ("50%", "50%"), ("-57.8 pp", "-57.8 pp"),
    ],
)  # fmt: skip
def test_scalars_are_those_of_yaml_1_2(text: str, value: Any) -> None:
    if text == "- 1":
        assert data(text) == [1]
        return
    found = data(f"a: {text}")["a"]
    assert found == value
    assert type(found) is type(value)


def test_nan_and_long_integers() -> None:
    assert math.isnan(data("a: .nan")["a"])
    assert data("a: " + "9" * 300)["a"] == int("9" * 300)
    assert data("a: " + "9" * 9000)["a"] == math.inf  # never a crash on a hostile length


def test_the_slow_loader_reads_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without libyaml the plain Python composer is used; it marks plain scalars differently."""
    text = "a: 1\nb: [no, 1e3, '5', {c: ~}]\nd: |\n  7\n"
    fast = parse(text, "f")
    monkeypatch.setattr(documents, "_Loader", documents.yaml.SafeLoader)
    slow = parse(text, "f")
    assert fast.data == slow.data == {"a": 1, "b": ["no", 1000.0, "5", {"c": None}], "d": "7\n"}
    assert fast.marks == slow.marks


TEXT = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Zs"]), max_size=8)
SCALAR = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**20), 10**20),
    st.floats(allow_nan=False, allow_infinity=False),
    TEXT,
)
TREE = st.recursive(
    SCALAR,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=12,
)


@given(st.dictionaries(st.text("abcdef", min_size=1, max_size=4), TREE, min_size=1, max_size=4))
@settings(deadline=None, max_examples=100)
def test_json_is_yaml(tree: dict[str, Any]) -> None:
    assert data(json.dumps(tree, ensure_ascii=False)) == tree


@pytest.mark.parametrize("name", ["true", "no", "null", "1", "1.5", "~", "12:30"])
def test_keys_are_text_whatever_they_look_like(name: str) -> None:
    assert data(f"{name}: 1") == {name: 1}


def test_duplicate_keys_are_all_named_with_their_place() -> None:
    assert problems("a: 1\nb:\n  c: 2\n  c: 3\na: 4\n'a': 5\n") == [
        ("f.yaml:4:3", "key 'c' appears twice"),
        ("f.yaml:5:1", "key 'a' appears twice"),
        ("f.yaml:6:1", "key 'a' appears twice"),
    ]


@pytest.mark.parametrize(
    ("text", "place", "found"),
    [
        ("a: !!python/object/apply:os.system ['echo x']", "f.yaml:1:4", "tag"),
        ("a: !!python/name:os.system", "f.yaml:1:4", "tag"),
        ("a:\n  - !secret x", "f.yaml:2:5", "tag"),
        ("a: !!str 5", "f.yaml:1:4", "tag"),
        ("!!map {a: 1}", "f.yaml:1:1", "tag"),
        ("a: !!binary aGk=", "f.yaml:1:4", "tag"),
        ("a: 1\n<<: {b: 2}", "f.yaml:2:1", "merge keys"),
        ("a: b: c", "f.yaml:1:5", "not valid YAML"),
        ("a: [1, 2", "f.yaml:2:1", "not valid YAML"),
        ("a:\n\t- b", "f.yaml:2:1", "a tab in the indentation"),
        ("a: 1\n---\nb: 2", "f.yaml:2:1", "another document"),
        ("a: *nobody", "f.yaml:1:4", "undefined alias"),
        ("? [1, 2]\n: 3", "f.yaml:1:3", "a key must be plain text"),
        ("a: 'x", "f.yaml:1:6", "not valid YAML"),
        ("@a: 1", "f.yaml:1:1", "a sign that cannot begin a value"),
        ("", "f.yaml", "the file is empty"),
        ("# only a comment\n", "f.yaml", "the file is empty"),
        ("a: \x00", "f.yaml", "not valid YAML"),
        ("a: \ud800", "f.yaml", "not valid YAML"),
    ],
)
def test_what_is_refused_and_where(text: str, place: str, found: str) -> None:
    first = problems(text)[0]
    assert first[0] == place
    assert found in first[1]


def test_all_tags_of_a_file_are_named() -> None:
    assert [place for place, _ in problems("a: !x 1\nb: [!y 2, 3]\nc: !!set {d}\n")] == [
        "f.yaml:1:4",
        "f.yaml:2:5",
        "f.yaml:3:4",
    ]


BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{chr(98 + i)}: &{chr(98 + i)} [{', '.join(['*' + chr(97 + i)] * 9)}]\n" for i in range(9)
)


@pytest.mark.parametrize(
    "text",
    [
        BOMB,
        "a: &x [*x]",
        "a: &x [*x, *x]",
        "a: &x {b: *x, c: *x}",
        "a: " + "[" * 200_000,
        "a: " + "[" * 100_000 + "]" * 100_000,
        "a: " + "{b: " * 50_000 + "1" + "}" * 50_000,
        "\n".join("  " * k + f"k{k}:" for k in range(60)),
    ],
    ids=["bomb", "self", "twice", "map", "open lists", "lists", "maps", "indented"],
)
def test_bombs_are_refused_in_few_words(text: str) -> None:
    with pytest.raises(FinsimError) as caught:
        parse(text, "f.yaml")
    assert "too deeply" in str(caught.value)
    assert len(str(caught.value)) < 300


def test_an_alias_used_twice_is_plain_data() -> None:
    assert data("a: &x {b: 1}\nc: *x\nd: [*x]") == {"a": {"b": 1}, "c": {"b": 1}, "d": [{"b": 1}]}


def test_a_huge_file_is_refused() -> None:
    assert problems("# " + "x" * 2_000_001) == [("f.yaml", "the file is larger than 2 MB")]


def test_a_byte_order_mark_and_windows_lines_do_no_harm(tmp_path: Path) -> None:
    file = tmp_path / "f.yaml"
    file.write_bytes(b"\xef\xbb\xbfa: 1\r\nb: no\r\n")
    assert read(file).data == {"a": 1, "b": "no"}


@pytest.mark.parametrize(
    ("content", "found", "remedy"),
    [
        (b"\xff\xfea\x00:\x00", "UTF-16 text, as some editors save it", "save it as UTF-8 text"),
        (b"a\x00:\x00 \x001\x00\n\x00", "UTF-16 text without a mark", "save it as UTF-8 text"),
        (b"PK\x03\x04\x00\x00", "a zip archive (or an Excel file), not YAML", "give the YAML file"),
        (b"\x1f\x8b\x08\x00", "a gzip archive, not YAML", "give the YAML file"),
        (b"PAR1\x15\x04", "a Parquet file, not YAML", "tables go to `finsim check FILE --rules PACK`"),
        (b"\x01\x00\x02\x03\x04\x05\x06\x07", "a binary file, not YAML", "save it as UTF-8 text"),
        (b"\xef\xbb\xbf \r\n", "the file is empty", "start from a file of `finsim new`"),
        (b"", "the file is empty", "start from a file of `finsim new`"),
    ],
)
def test_a_binary_file_is_refused(tmp_path: Path, content: bytes, found: str, remedy: str) -> None:
    file = tmp_path / "f.yaml"
    file.write_bytes(content)
    with pytest.raises(StudyError, match=r"f\.yaml") as caught:
        read(file, StudyError)
    problem = caught.value.problems[0]
    assert problem.found == found
    assert problem.remedy.startswith(remedy)
    assert problem.expected == "a study, YAML text that begins with `finsim: study/1`"


def test_a_letter_of_another_encoding_is_named_with_its_place(tmp_path: Path) -> None:
    file = tmp_path / "f.yaml"
    file.write_bytes(b"a: 1\nb: caf\xe9\n")
    with pytest.raises(StudyError) as caught:
        read(file, StudyError)
    problem = caught.value.problems[0]
    assert problem.place.endswith("f.yaml:2:7")
    assert problem.found == "byte 0xe9 is not UTF-8 ('é' in Windows-1252 and Latin-1)"
    assert problem.remedy == "save it as UTF-8 text"


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="no such file"):
        read(tmp_path / "none.yaml", StudyError)
    (tmp_path / "study.yaml").write_text("a: 1\n")
    (tmp_path / "old").mkdir()
    with pytest.raises(StudyError, match=r"a folder; it holds old/, study\.yaml") as caught:
        read(tmp_path, StudyError)
    assert caught.value.problems[0].remedy == f"give the file: {tmp_path / 'study.yaml'}"


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Level(Part):
    kind: Literal["level"]
    size: float


class Jump(Part):
    kind: Literal["jump"]
    height: float
    session: int = 0


class Shocked(Part):
    name: str
    source: str = Field(alias="from", default="")
    shocks: list[Annotated[Level | Jump, Field(discriminator="kind")]] = []
    betas: dict[str, float] = {}
    nested: dict[str, Level] = {}
    maybe: Level | None = None
    low: float = 0.0
    high: float = 1.0

    @model_validator(mode="after")
    def _ordered(self) -> "Shocked":
        if self.low > self.high:
            raise ValueError("low is above high")
        return self


def listed(text: str) -> list[str]:
    with pytest.raises(ScenarioError) as caught:
        validate(parse(text, "f.yaml"), Shocked, ScenarioError)
    return [str(problem) for problem in caught.value.problems]


def test_every_wrong_key_and_value_is_named_at_once() -> None:
    text = (
        "nam: x\n"
        "form: y\n"
        "shocks:\n"
        "  - kind: level\n"
        "    sise: 2\n"
        "  - kind: jmp\n"
        "    height: 1\n"
        "  - {kind: jump, height: tall}\n"
        "betas:\n"
        "  aapl: big\n"
        "nested:\n"
        "  a: {kind: level, size: 1, siez: 2}\n"
        "maybe: {kind: levle, size: 1}\n"
    )
    found = listed(text)
    expected = [
        ("f.yaml:1:1: unknown key 'nam'", "did you mean 'name'?"),
        ("f.yaml:2:1: unknown key 'form'", "did you mean 'from'?"),
        ("f.yaml:5:5: unknown key 'sise'", "did you mean 'size'?"),
        ("f.yaml:4:5: shocks.0.size: missing; expected a number", "add `size: 1.5`"),
        ("f.yaml:6:5: shocks.1", "did you mean 'jump'?"),
        ("f.yaml:8:18: shocks.2.height: 'tall'; expected a number", "write `height: 1.5`"),
        ("f.yaml:10:3: betas.aapl: 'big'; expected a number", "write `aapl: 1.5`"),
        ("f.yaml:12:29: unknown key 'siez'", "did you mean 'size'?"),
        ("f.yaml:13:9: maybe.kind", "did you mean 'level'?"),
        ("f.yaml:1:1: name: missing", "add `name: some words`"),
    ]
    for place, remedy in expected:
        assert any(line.startswith(place) and remedy in line for line in found), (place, "\n".join(found))
    assert len(found) == len(expected), "\n".join(found)


def test_a_problem_of_the_whole_file_has_no_empty_name() -> None:
    (line,) = listed("name: a\nlow: 2\n")
    assert line.startswith("f.yaml:1:1: low is above high; expected values that agree with one another\n")


@pytest.mark.parametrize("text", ["- a", "just text", "5", "[1, 2]"])
def test_a_file_that_is_no_mapping_is_refused(text: str) -> None:
    assert "where keys with values belong; expected a mapping of " in listed(text)[0]


def test_places_of_keys_items_and_what_is_not_there() -> None:
    document = parse("a:\n  - b: 1\n  - [x,   y]\n", "f.yaml")
    assert document.place() == "f.yaml:1:1"
    assert document.place(("a",)) == "f.yaml:1:1"
    assert document.place(("a", 0, "b")) == "f.yaml:2:5"
    assert document.place(("a", 1, 1)) == "f.yaml:3:11"
    assert document.place(("a", 0, "missing")) == "f.yaml:2:5"
    assert document.place(("a", "union tag", 1, 0)) == "f.yaml:3:6"


def package(root: Path, inside: bool) -> Path:
    """Lay out a package as an installed wheel (files inside) or as a checkout (files beside)."""
    home = root / "finsim"
    files = (home / "shipped" if inside else root) / "scenarios" / "stress"
    files.mkdir(parents=True)
    home.mkdir(exist_ok=True)
    (files / "gfc-2008.yaml").write_text("a: 1\n")
    return home / "documents.py"


@pytest.mark.parametrize("inside", [True, False], ids=["wheel", "checkout"])
def test_shipped_files_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, inside: bool) -> None:
    monkeypatch.setattr(documents, "__file__", str(package(tmp_path, inside)))
    monkeypatch.chdir(tmp_path)
    file = find("gfc-2008", "scenarios/stress", "scenario", ScenarioError)
    assert read(file).data == {"a": 1}
    assert file.parent == shipped("scenarios/stress")
    with pytest.raises(ScenarioError) as caught:
        find("gfc-208", "scenarios/stress", "scenario", ScenarioError)
    assert caught.value.problems[0].found == "no scenario is called 'gfc-208'"
    assert caught.value.problems[0].remedy == "did you mean 'gfc-2008'?"
    with pytest.raises(ScenarioError, match="no such file"):
        find("mine.yaml", "scenarios/stress", "scenario", ScenarioError)
    (tmp_path / "mine.yaml").write_text("b: 2\n")
    assert read(find("mine.yaml", "scenarios/stress", "scenario", ScenarioError)).data == {"b": 2}


def test_a_name_too_long_for_a_file_is_a_name() -> None:
    with pytest.raises(ScenarioError, match="no scenario is called"):
        find("x" * 5000, "scenarios/stress", "scenario", ScenarioError)


def test_the_bundled_data_are_found_here() -> None:
    assert (shipped("data") / "README.md").is_file()
