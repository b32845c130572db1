"""Files joined by ``extends``: one plain mapping, and the place in a file of every key and value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from finsim import documents
from finsim.document_shapes import shaped
from finsim.documents import Document, Loc
from finsim.errors import Problem, ScenarioError
from finsim.scenarios.file_models import ScenarioFile
from finsim.scenarios.variables import CURVES

FOLDER = "scenarios/stress"
_OWN = ("id", "title", "narrative", "expect", "probability", "extends", "other")
_CURVE_KEYS = frozenset({"as", "path", "knots", "peak", "constant"})


@dataclass(frozen=True)
class Merged:
    """One scenario file with its parents merged in; ``places`` maps locations to ``file:line:col``."""

    path: Path
    data: dict[str, Any]
    places: Mapping[Loc, str]

    def place(self, loc: Loc = ()) -> str:
        """Return the place of a location, or of its nearest known parent."""
        for end in range(len(loc), -1, -1):
            if loc[:end] in self.places:
                return self.places[loc[:end]]
        return documents.shown(self.path)

    def get(self, *loc: str | int) -> Any:
        """Return the value at a location, or None when the file has nothing there."""
        current: Any = self.data
        for part in loc:
            known = range(len(current)) if isinstance(current, list) else current
            if not isinstance(known, dict | range) or part not in known:
                return None
            current = current[part]
        return current

    def matching(self, pattern: Loc) -> list[Loc]:
        """Return the locations that a pattern means; ``*`` is any key of a mapping or item of a list."""
        found: list[Loc] = [()]
        for part in pattern:
            longer: list[Loc] = []
            for loc in found:
                value = self.get(*loc)
                keys = range(len(value)) if isinstance(value, list) else value
                every = list(keys) if isinstance(keys, dict | range) else []
                longer += [(*loc, key) for key in (every if part == "*" else [part])]
            found = longer
        return found


def merged(path: Path, chain: tuple[Path, ...] = ()) -> tuple[Merged, list[Problem]]:
    """Return a file merged over its parents, and every problem of structure found on the way.

    A child's mapping is merged key by key; a block that holds a curve (``as:``, a path, knots or a
    pulse) and a list replace the parent's as a whole. ``id``, ``title``, ``narrative``, ``expect`` and
    ``probability`` are the file's own and never inherited; ``source`` lists are joined.
    Raises ScenarioError for a file that is missing or no YAML; a wrong parent is a problem.
    """
    document = expanded(documents.read(path, ScenarioError))
    problems = list(_structure(document))
    own = document.data if isinstance(document.data, dict) else {}
    places = {loc: document.place(loc) for loc in document.marks}
    here = Merged(path, own, places)
    if not isinstance(own.get("extends"), str):
        return here, problems
    chain = (*chain, path.resolve())
    try:
        parent, inherited = merged(referred(own["extends"], here, ("extends",), chain), chain)
    except ScenarioError as error:
        return here, [*problems, *error.problems]
    joined = _over(parent, here)
    return joined, problems + [p for p in inherited if p not in problems]


def referred(name: str, origin: Merged, loc: Loc, chain: tuple[Path, ...]) -> Path:
    """Return the file that a file refers to: beside it first, then among the shipped ones.

    Raises ScenarioError at the place of the reference when there is none or when it closes a cycle.
    """
    beside = origin.path.parent / f"{name}.yaml"
    try:
        found = (
            beside if documents.is_file(beside) else documents.find(name, FOLDER, "scenario", ScenarioError)
        )
    except ScenarioError as error:
        raise ScenarioError.of(replace(p, place=origin.place(loc)) for p in error.problems) from None
    if found.resolve() in chain:
        steps = " -> ".join(path.stem for path in (*chain, found))
        raise ScenarioError(
            f"the files refer to each other in a cycle: {steps}",
            place=origin.place(loc),
            remedy="let one of them stand alone",
        )
    return found


def expanded(document: Document) -> Document:
    """Return the document with every shorthand curve (a list or a number) written as a mapping.

    A key without a value counts as not written.
    """
    data = shaped(_filled(document.data), ScenarioFile, spelled=True)
    marks = dict(document.marks)
    for loc in [loc for pattern in CURVES for loc in _matching(data, pattern)]:
        block = data
        for part in loc[:-1]:
            block = block[part]
        value = block[loc[-1]]
        if isinstance(value, bool) or not isinstance(value, list | int | float):
            continue
        key = "path" if isinstance(value, list) else "constant"
        block[loc[-1]] = {key: value}
        for old in [mark for mark in marks if mark[: len(loc)] == loc and mark != loc]:
            marks[(*loc, key, *old[len(loc) :])] = marks[old]
    return Document(document.path, shaped(data, ScenarioFile, spelled=True), marks, document.written)


def _filled(data: Any) -> Any:
    if isinstance(data, dict):
        return {key: _filled(value) for key, value in data.items() if value is not None}
    return [_filled(item) for item in data] if isinstance(data, list) else data


def _matching(data: Any, pattern: Loc, done: Loc = ()) -> Iterator[Loc]:
    if not pattern:
        yield done
    elif isinstance(data, dict):
        for name in list(data) if pattern[0] == "*" else [pattern[0]]:
            if name in data:
                yield from _matching(data[name], pattern[1:], (*done, name))


def _structure(document: Document) -> Iterator[Problem]:
    try:
        documents.validate(document, ScenarioFile, ScenarioError)
    except ScenarioError as error:
        yield from error.problems


def _over(parent: Merged, child: Merged) -> Merged:
    base = {key: value for key, value in parent.data.items() if key not in _OWN}
    places = {loc: place for loc, place in parent.places.items() if loc and loc[0] not in _OWN}
    data = _deep(base, child.data, places, child.places, ())
    if isinstance(base.get("source"), list) and isinstance(child.data.get("source"), list):
        listed = child.data["source"]
        data["source"] = listed + [line for line in base["source"] if line not in listed]
    return Merged(child.path, data, {**places, **child.places})


def _deep(
    base: dict[str, Any], top: dict[str, Any], places: dict[Loc, str], fresh: Mapping[Loc, str], at: Loc
) -> dict[str, Any]:
    data = dict(base)
    for key, value in top.items():
        loc = (*at, key)
        old = data.get(key)
        if isinstance(old, dict) and isinstance(value, dict) and not _CURVE_KEYS & {*old, *value}:
            data[key] = _deep(old, value, places, fresh, loc)
            continue
        for known in [known for known in places if known[: len(loc)] == loc]:
            del places[known]
        data[key] = value
    return data
