"""YAML files -> plain data or typed models, with every error at ``file:line:col`` and all at once.

YAML 1.2 core scalars (``no`` is text, ``1e3`` is a number), duplicate keys refused, no tags, no code.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from finsim.errors import FinsimError, Problem, did_you_mean

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
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_CUT = ("',' or '}'", "',' or ']'", "mapping values are not allowed")
_QUOTES = "; a text with a comma, a colon or braces in it needs quotes around it"
_TOO_DEEP = "the file is nested or repeated too deeply"

Loc = tuple[str | int, ...]
Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True)
class Document:
    """A parsed YAML file: its data, and the line and column of every key and value."""

    path: str
    data: Any
    marks: Mapping[Loc, tuple[int, int]]

    def place(self, loc: Loc = ()) -> str:
        """Return ``file:line:col`` of a location, or of its nearest known parent.

        Parts that the file does not hold (the tag of a union, a missing key) are passed over.
        """
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
        return _scalar(node) if isinstance(node, yaml.ScalarNode) else None

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
        mark = bad.problem_mark or bad.context_mark
        where = f"{path}:{mark.line + 1}:{mark.column + 1}" if mark else path
        words = bad.problem or bad.context or ""
        if "nesting depth" in words:  # libyaml may stop before our own limit is reached
            raise error(_TOO_DEEP, place=where, remedy="make it flatter") from None
        raise error(
            f"not valid YAML: {words}",
            place=where,
            remedy="check indentation, colons and brackets near this place"
            + (_QUOTES if any(one in words for one in _CUT) else ""),
        ) from None
    except (yaml.YAMLError, UnicodeEncodeError) as bad:
        first = str(bad).partition("\n")[0]
        raise error(f"not valid YAML: {first}", place=path, remedy="save it as UTF-8 text") from None
    if refused:
        raise error.of(refused)
    if node is None:
        raise error("the file is empty", place=path, remedy="start from a file of `finsim new`")
    reader = _Reader(path)
    data = reader.build(node, ())
    if reader.problems:
        raise error.of(dict.fromkeys(reader.problems))
    return Document(path, data, reader.marks)


def read(path: str | Path, error: type[FinsimError] = FinsimError) -> Document:
    """Read and parse one YAML file; raises ``error`` when it is missing, not text or not YAML."""
    try:
        text = Path(path).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise error("no such file", place=str(path), remedy="check the path") from None
    except (OSError, UnicodeDecodeError) as bad:
        raise error(f"cannot be read: {bad}", place=str(path), remedy="save it as UTF-8 text") from None
    return parse(text, str(path), error)


def validate(document: Document, model: type[Model], error: type[FinsimError]) -> Model:
    """Turn a document into a pydantic model.

    Raises ``error`` that lists every wrong key and value with ``file:line:col`` and a suggestion.
    """
    if not isinstance(document.data, dict):
        raise error(
            "the file must be a mapping of keys to values",
            place=document.place(),
            remedy="write `key: value` lines",
        )
    try:
        made = model.model_validate(document.data)
    except ValidationError as bad:
        raise error.of(_problems(document, model, bad)) from None
    mistaken = list(_mistaken(document, document.data, made, ()))
    if mistaken:
        raise error.of(mistaken)
    return made


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


def _problems(document: Document, model: type[BaseModel], bad: ValidationError) -> Iterator[Problem]:
    for item in bad.errors():
        loc = tuple(part for part in item["loc"])
        dotted = ".".join(str(part) for part in loc)
        place = document.place(loc)
        if item["type"] == "extra_forbidden":
            known = _fields_at(model, loc[:-1])
            yield Problem(place, f"unknown key {loc[-1]!r}", "", did_you_mean(str(loc[-1]), known))
        elif item["type"] == "missing":
            yield Problem(place, f"{dotted}: missing", "", f"add `{loc[-1]}:`")
        else:
            message = item["msg"].removeprefix("Value error, ")
            found = f"{dotted}: {message}" if dotted else message
            value = item.get("input")
            shown = isinstance(value, str | int | float) or value is None
            remedy = _nearest(value, item.get("ctx", {}))
            yield Problem(place, f"{found} (found {value!r})" if shown else found, "", remedy)


def _nearest(value: Any, context: Mapping[str, Any]) -> str:
    """Return a suggestion from the words that pydantic would have taken, where it lists them."""
    words = re.findall(r"'([^']+)'", str(context.get("expected", context.get("expected_tags", ""))))
    given = context.get("tag", value)
    return did_you_mean(given, words) if words and isinstance(given, str) else "correct this value"


def _fields_at(model: type[BaseModel], loc: Loc) -> list[str]:
    """Return the keys that the sub-models at ``loc`` take (of every member where a union stands there)."""
    current: list[type[BaseModel]] = [model]
    for part in loc:
        inner = [
            m for owner in current for m in _submodels(_fields(owner).get(part)) if isinstance(part, str)
        ]
        current = inner or current
    return sorted({str(name) for owner in current for name in _fields(owner)})


def _fields(model: type[BaseModel]) -> dict[str | int, Any]:
    return {(f.alias or name): f.annotation for name, f in model.model_fields.items()}


def _submodels(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [found for inner in getattr(annotation, "__args__", ()) for found in _submodels(inner)]


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


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a name that is too long for the file system
        return False


def find(name: str, folder: str, kind: str, error: type[FinsimError], suffix: str = ".yaml") -> Path:
    """Return the file that ``name`` means: an existing path, else a shipped file of that name.

    Raises ``error`` with a suggestion when neither exists.
    """
    given = Path(name)
    if _is_file(given):
        return given
    known = {path.name.removesuffix(suffix): path for path in shipped(folder).glob(f"*{suffix}")}
    if name in known:
        return known[name]
    if given.suffix or len(given.parts) > 1:
        raise error("no such file", place=name, remedy="check the path")
    raise error(f"no {kind} is called {name!r}", place=kind, remedy=did_you_mean(name, sorted(known)))
