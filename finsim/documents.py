"""YAML files -> plain data or typed models, with every error at ``file:line:col`` and all at once.

YAML 1.2 core scalars (``no`` is text, ``1e3`` is a number), duplicate keys refused, no tags, no code.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from finsim.errors import FinsimError, Problem, did_you_mean

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INT = re.compile(r"[-+]?[0-9]+\Z")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z")
_CONSTANTS: dict[str, Any] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
    ".inf": float("inf"), "-.inf": float("-inf"), ".nan": float("nan"),
}  # fmt: skip
_MAX_BYTES, _MAX_DEPTH, _MAX_NODES = 2_000_000, 40, 200_000

Loc = tuple[str | int, ...]
Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True)
class Document:
    """A parsed YAML file: its data, and the line and column of every key and value."""

    path: str
    data: Any
    marks: Mapping[Loc, tuple[int, int]]

    def place(self, loc: Loc = ()) -> str:
        """Return ``file:line:col`` of a location, or of its nearest known parent."""
        for end in range(len(loc), -1, -1):
            if loc[:end] in self.marks:
                line, column = self.marks[loc[:end]]
                return f"{self.path}:{line}:{column}"
        return self.path


class _Reader:
    """Builds plain data from composed nodes and notes where each value stands."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.marks: dict[Loc, tuple[int, int]] = {}
        self.problems: list[Problem] = []
        self.count = 0

    def _complain(self, node: yaml.Node, found: str, remedy: str) -> None:
        mark = node.start_mark
        self.problems.append(Problem(f"{self.path}:{mark.line + 1}:{mark.column + 1}", found, "", remedy))

    def build(self, node: yaml.Node, loc: Loc) -> Any:
        self.count += 1
        self.marks.setdefault(loc, (node.start_mark.line + 1, node.start_mark.column + 1))
        if self.count > _MAX_NODES or len(loc) > _MAX_DEPTH:
            self._complain(node, "the file is nested or repeated too deeply", "make it flatter")
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
            mark = key_node.start_mark
            self.marks[(*loc, key)] = (mark.line + 1, mark.column + 1)
            result[key] = self.build(value_node, (*loc, key))
        return result


def _scalar(node: yaml.ScalarNode) -> Any:
    text: str = node.value
    if node.style is not None:
        return text
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if _INT.match(text):
        return int(text)
    if _FLOAT.match(text):
        return float(text)
    return text


def parse(text: str, path: str, error: type[FinsimError] = FinsimError) -> Document:
    """Parse YAML text.

    Raises ``error`` with every syntax problem (place, remedy); aliases are expanded up to 200,000 nodes.
    """
    if len(text.encode()) > _MAX_BYTES:
        raise error("the file is larger than 2 MB", place=path, remedy="split it")
    try:
        node = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as bad:
        mark = bad.problem_mark or bad.context_mark
        where = f"{path}:{mark.line + 1}:{mark.column + 1}" if mark else path
        raise error(
            f"not valid YAML: {bad.problem or bad.context}",
            place=where,
            remedy="check indentation, colons and brackets near this place",
        ) from None
    except (yaml.YAMLError, RecursionError) as bad:
        raise error(f"not valid YAML: {bad}", place=path, remedy="save it as UTF-8 text") from None
    if node is None:
        raise error("the file is empty", place=path, remedy="start from a file of `finsim new`")
    reader = _Reader(path)
    data = reader.build(node, ())
    if reader.problems:
        raise error.of(reader.problems)
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
        return model.model_validate(document.data)
    except ValidationError as bad:
        raise error.of(_problems(document, model, bad)) from None


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
            found = f"{dotted}: {message}"
            value = item.get("input")
            shown = "" if isinstance(value, dict | list) else f"found {value!r}"
            yield Problem(place, f"{found} ({shown})" if shown else found, "", "correct this value")


def _fields_at(model: Any, loc: Loc) -> list[str]:
    """Return the field names of the sub-model that stands at ``loc``."""
    current: Any = model
    for part in loc:
        fields = getattr(current, "model_fields", {})
        if isinstance(part, int) or part not in fields:
            continue
        current = _submodel(fields[part].annotation) or current
    return list(getattr(current, "model_fields", {}))


def _submodel(annotation: Any) -> Any:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for inner in getattr(annotation, "__args__", ()):
        found = _submodel(inner)
        if found is not None:
            return found
    return None


def shipped(folder: str) -> Path:
    """Return a folder of shipped files (``scenarios/stress``, ``constraints``, ``data``, ...).

    Found inside an installed wheel, else beside the package in a checkout.
    """
    package = Path(__file__).resolve().parent
    inside = package / "shipped" / folder
    return inside if inside.is_dir() else package.parent / folder


def find(name: str, folder: str, kind: str, error: type[FinsimError], suffix: str = ".yaml") -> Path:
    """Return the file that ``name`` means: an existing path, else a shipped file of that name.

    Raises ``error`` with a suggestion when neither exists.
    """
    given = Path(name)
    if given.is_file():
        return given
    known = {path.name.removesuffix(suffix): path for path in shipped(folder).glob(f"*{suffix}")}
    if name in known:
        return known[name]
    if given.suffix or len(given.parts) > 1:
        raise error("no such file", place=name, remedy="check the path")
    raise error(f"no {kind} is called {name!r}", place=kind, remedy=did_you_mean(name, sorted(known)))
