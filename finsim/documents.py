"""YAML files -> plain data or typed models, with every error at ``file:line:col`` and all at once.

YAML 1.2 core scalars (``no`` is text, ``1e3`` is a number), duplicate keys refused, no tags, no code.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from finsim import document_words
from finsim.document_shapes import Loc as Loc
from finsim.document_shapes import fields, shaped
from finsim.errors import FinsimError, Problem, did_you_mean
from finsim.file_kinds import other_kind, table_words, text_of, unlike_a_file

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INT = re.compile(r"[-+]?[0-9]{1,400}\Z")
_BASED = re.compile(r"0(?:o[0-7]{1,400}|x[0-9a-fA-F]{1,400})\Z")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z")
_CONSTANTS: dict[str, Any] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
    **{sign + text: float(sign + "inf") for text in (".inf", ".Inf", ".INF") for sign in ("", "+", "-")},
    ".nan": float("nan"), ".NaN": float("nan"), ".NAN": float("nan"),
}  # fmt: skip
_MAX_BYTES, _MAX_DEPTH, _MAX_NODES = 2_000_000, 40, 200_000
_QUOTES = "a text with a comma, a colon or braces in it needs quotes around it"
# What libyaml says -> what was found, and what to do.
_SAID = (
    ("cannot start any token", "a sign that cannot begin a value", "put quotes around the text"),
    ("mapping values are not allowed", "a second colon, or a key that is indented too far", _QUOTES),
    ("'}'", "a mapping in braces that is not closed here", _QUOTES),
    ("']'", "a list in brackets that is not closed here", _QUOTES),
    ("another document", "another document begins", "keep one document in a file: remove `---`"),
    ("undefined alias", "an undefined alias `*name`", "put quotes around a text that begins with *"),
    ("duplicate anchor", "an anchor `&name` is defined twice", "give each its own name"),
    ("could not find expected ':'", "a key without a colon", "write `key: value`"),
    ("block end", "a line that fits neither the block above it nor a list", "indent it as the lines above"),
    ("quoted scalar", "a text whose quotes are not closed", "close the quotes"),
    ("did not find expected key", "no key where one belongs", "check indentation and quotes of this block"),
)  # fmt: skip
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_CHECK = "check indentation, colons and brackets near this place"
_TOO_DEEP = "the file is nested or repeated too deeply"

_PLACE = re.compile(r":([0-9]+):([0-9]+)\b")
Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True)
class Document:
    """A parsed YAML file: its data, the line and column of every key and value, and numbers as written."""

    path: str
    data: Any
    marks: Mapping[Loc, tuple[int, int]]
    written: Mapping[Loc, str] = field(default_factory=dict)

    def place(self, loc: Loc = ()) -> str:
        """Return ``file:line:col`` of a location, or of its nearest known parent.

        Parts that the file does not hold (the tag of a union, a missing key) are passed over. Data that were
        in no file have no marks: their places are the keys, ``market.paths``.
        """
        if not self.marks:
            return ".".join(str(part) for part in loc) or self._shown
        known: Loc = ()
        for part in loc:
            if (*known, part) in self.marks:
                known = (*known, part)
        if known not in self.marks:
            return self._shown
        line, column = self.marks[known]
        return f"{self._shown}:{line}:{column}"

    @cached_property
    def _shown(self) -> str:
        return shown(self.path)


class _Reader:
    """Builds plain data from composed nodes and notes where each value stands."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.marks: dict[Loc, tuple[int, int]] = {}
        self.written: dict[Loc, str] = {}
        self.problems: list[Problem] = []
        self.count = 0
        self.full = False

    def _complain(self, node: yaml.Node, found: str, remedy: str) -> None:
        mark = node.start_mark
        self.problems.append(Problem(f"{self.path}:{mark.line + 1}:{mark.column + 1}", found, "", remedy))

    def build(self, node: yaml.Node, loc: Loc) -> Any:
        if self.full:
            return None
        self.count += 1
        self.marks.setdefault(loc, (node.start_mark.line + 1, node.start_mark.column + 1))
        if self.count > _MAX_NODES or len(loc) > _MAX_DEPTH:
            self.full = True
            self._complain(node, _TOO_DEEP, "make it flatter, use fewer aliases")
            return None
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, loc)
        if isinstance(node, yaml.SequenceNode):
            return [self.build(child, (*loc, i)) for i, child in enumerate(node.value)]
        if not isinstance(node, yaml.ScalarNode):
            return None
        value = _scalar(node)
        if value is not None and not isinstance(value, str) and str(value) != node.value:
            self.written[loc] = node.value
        return value

    def _mapping(self, node: yaml.MappingNode, loc: Loc) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = key_node.value
            if not isinstance(key, str):
                self._complain(key_node, "a key must be plain text", "write a word before the colon")
                continue
            if key in result:
                self._complain(key_node, f"key {key!r} appears twice", "keep one of the two")
            if key == "<<" and not key_node.style:
                self._complain(key_node, "merge keys are not YAML 1.2", "repeat the keys, or use `extends`")
            mark = key_node.start_mark
            self.marks[(*loc, key)] = (mark.line + 1, mark.column + 1)
            result[key] = self.build(value_node, (*loc, key))
        return result


def _scalar(node: yaml.ScalarNode) -> Any:
    text: str = node.value
    if node.style:  # quoted or block text; the C composer says "" for plain, the Python one None
        return text
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if _INT.match(text):
        return int(text)
    if _BASED.match(text):
        return int(text, 0)
    if _FLOAT.match(text):
        return float(text)
    return text


def _scan(text: str, path: str) -> list[Problem]:
    """Return the tags that stand in a text, and the first place that is nested too deeply.

    The events are read one by one: composing a hostile file would exhaust the C stack.
    """
    problems: list[Problem] = []
    depth = 0
    event: Any
    for event in yaml.parse(text, Loader=_Loader):
        place = f"{path}:{event.start_mark.line + 1}:{event.start_mark.column + 1}"
        if getattr(event, "tag", None) is not None:
            problems.append(
                Problem(place, f"tag {event.tag!r} is refused", "", "write plain data without tags")
            )
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > _MAX_DEPTH + 1:
            problems.append(Problem(place, _TOO_DEEP, "", "make it flatter"))
            break
    return problems


def parse(text: str, path: str, error: type[FinsimError] = FinsimError) -> Document:
    """Parse YAML text.

    Raises ``error`` with the first syntax error, or with every tag, doubled key and key that is no
    text (place, remedy); aliases are expanded up to 200,000 nodes.
    """
    if len(text.encode(errors="replace")) > _MAX_BYTES:
        raise error("the file is larger than 2 MB", place=path, remedy="split it")
    try:
        refused = _scan(text, path)
        node = None if refused else yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as bad:
        raise error.of([_misread(text, path, bad)]) from None
    except (yaml.YAMLError, UnicodeEncodeError):
        raise error(
            "not valid YAML: it holds signs that no text has", place=path, remedy="save it as UTF-8 text"
        ) from None
    if refused:
        raise error.of(refused)
    if node is None:
        raise error("the file is empty", place=path, remedy="start from a file of `finsim new`")
    reader = _Reader(path)
    data = reader.build(node, ())
    if reader.problems:
        raise error.of(dict.fromkeys(reader.problems))
    return Document(path, data, reader.marks, reader.written)


def _misread(text: str, path: str, bad: yaml.MarkedYAMLError) -> Problem:
    """Return what keeps a text from being YAML, in words of our own: a tab is called a tab."""
    mark = bad.problem_mark or bad.context_mark
    where = f"{path}:{mark.line + 1}:{mark.column + 1}" if mark else path
    said = f"{bad.problem or ''} {bad.context or ''}"
    if "nesting depth" in said:  # libyaml may stop before our own limit is reached
        return Problem(where, _TOO_DEEP, "", "make it flatter")
    for number, line in enumerate(text.splitlines()[: mark.line + 1 if mark else None], 1):
        indent = line[: len(line) - len(line.lstrip())]
        if "\t" in indent and line.strip():
            place = f"{path}:{number}:{indent.index(chr(9)) + 1}"
            return Problem(
                place, "not valid YAML: a tab in the indentation", "spaces", "write two spaces for each tab"
            )
    found, remedy = next(((own, do) for words, own, do in _SAID if words in said), ("", _CHECK))
    return Problem(where, f"not valid YAML: {found}" if found else "not valid YAML here", "", remedy)


def read(path: str | Path, error: type[FinsimError] = FinsimError) -> Document:
    """Read and parse one YAML file.

    Raises ``error`` when it is missing (with names like it), a folder (with what it holds), empty, no UTF-8
    text, no YAML, or plainly a file of another kind (with the verb that takes it).
    """
    text = text_of(Path(path), error)
    try:
        document = parse(text, str(path), error)
        data = document.data
    except error:
        data = None
        if not table_words(text):
            raise
    other = other_kind(data, text, error)
    if other:
        found, expected, remedy = other
        raise error(found, place=str(path), expected=expected, remedy=remedy)
    return document


def validate(document: Document, model: type[Model], error: type[FinsimError]) -> Model:
    """Turn a document into a pydantic model.

    Raises ``error`` that lists every wrong key and value in the order of the file: ``file:line:col``, the
    value as written, what may stand there with an example, and a suggestion.
    """
    if not isinstance(document.data, dict):
        raise error(
            f"{document_words.shown_value(document.data)} where keys with values belong",
            place=document.place(),
            expected=f"a mapping of {', '.join(list(fields(model))[:4])}",
            remedy="write `key: value` lines",
        )
    data = shaped(document.data, model)
    found = list(document_words.in_two_ways(data, model, document.written, document.place))
    try:
        made = model.model_validate(data)
    except ValidationError as bad:
        found += document_words.problems(data, model, bad, document.place, document.written.get)
    else:
        found += _mistaken(document, data, made, ())
    if found:
        raise error.of(_told_once(one) for one in in_file_order(found))
    return made


def _told_once(problem: Problem) -> Problem:
    """Return a problem whose keys are not told twice, where no file is there and the keys are its place."""
    found = problem.found.removeprefix(f"{problem.place}: ") if problem.place else problem.found
    return replace(problem, found=found)


def _mistaken(document: Document, written: Any, made: Any, loc: Loc) -> Iterator[Problem]:
    """Yield a problem where pydantic took a truth for a number, or a number for a day."""
    dotted = ".".join(str(part) for part in loc)
    if isinstance(written, bool) and isinstance(made, int | float) and not isinstance(made, bool):
        found = f"{dotted}: {str(written).lower()} is no number"
        yield Problem(document.place(loc), found, "a number", "write a number")
    elif isinstance(made, date) and not (isinstance(written, str) and _DAY.match(written)):
        found = f"{dotted}: {written!r} is no day"
        yield Problem(document.place(loc), found, "year-month-day", "write a day such as 2025-12-31")
    elif isinstance(written, dict) and isinstance(made, BaseModel | dict):
        inner = made if isinstance(made, dict) else _by_key(made)
        for key, value in written.items():
            yield from _mistaken(document, value, inner.get(key), (*loc, key))
    elif isinstance(written, list) and isinstance(made, list | tuple) and len(written) == len(made):
        for i, (value, inner) in enumerate(zip(written, made, strict=True)):
            yield from _mistaken(document, value, inner, (*loc, i))


def _by_key(made: BaseModel) -> dict[str, Any]:
    """Return the values of a model by the keys of the file."""
    return {field.alias or name: getattr(made, name) for name, field in type(made).model_fields.items()}


def in_file_order(problems: Iterable[Problem]) -> list[Problem]:
    """Return problems, each once, by file, line and column; those without a line stand first."""
    return sorted(dict.fromkeys(problems), key=line_and_column)


def line_and_column(problem: Problem) -> tuple[int, int]:
    """Return where a problem stands in its file; (0, 0) without a line."""
    found = _PLACE.search(problem.place)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def shipped(folder: str) -> Path:
    """Return a folder of shipped files (``scenarios/stress``, ``constraints``, ``data``, ...).

    Found inside an installed wheel, else beside the package in a checkout.
    """
    package = Path(__file__).resolve().parent
    inside = package / "shipped" / folder
    return inside if inside.is_dir() else package.parent / folder


def shown(path: str | Path) -> str:
    """Return a path as messages show it: a shipped file by its shipped name, one below here relative."""
    given = Path(path)
    if given.is_absolute():
        for root in (shipped("."), Path.cwd()):
            if given.is_relative_to(root):
                return given.relative_to(root).as_posix()
    return str(path)


def is_file(path: Path) -> bool:
    """Tell whether there is a file; a name that no file system takes is none."""
    try:
        return path.is_file()
    except OSError:  # a name that is too long for the file system
        return False


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        return False


def find(name: Any, folder: str, kind: str, error: type[FinsimError], suffix: str = ".yaml") -> Path:
    """Return the file that ``name`` means: an existing path, else a shipped file of that name.

    Raises ``error`` with a suggestion when neither exists.
    """
    if not isinstance(name, str | Path):
        raise error(
            f"{type(name).__name__} {name!r:.60}",
            place=kind,
            expected="a name, or the path of a file",
            remedy="write it as text, in quotes",
        )
    given = Path(name)
    if is_file(given):
        return given
    known = {path.name.removesuffix(suffix): path for path in shipped(folder).glob(f"*{suffix}")}
    if name in known:
        return known[name]
    if given.suffix or len(given.parts) > 1 or _is_folder(given):
        problem = unlike_a_file(given, error)
        raise error.of([problem or Problem(str(name), "no such file", "", "check the path")])
    beside = given.with_suffix(suffix)
    near = f"did you mean {str(beside)!r}?" if is_file(beside) else did_you_mean(str(name), sorted(known))
    raise error(
        f"no {kind} is called {name!r}", place=kind, expected=f"a name or a file of a {kind}", remedy=near
    )
