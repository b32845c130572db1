"""Find what a study names: scenarios, narratives, rule packs, a generator, data."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from typing import Any

from finsim import documents
from finsim.agents.narratives.narrative import load_narratives
from finsim.catalog import Catalog
from finsim.constraints.packs.ruleset import RuleSet
from finsim.document_numbers import Misfit, read_share
from finsim.document_words import NO_WORDS
from finsim.documents import Loc
from finsim.errors import (
    FinsimError,
    NarrativeError,
    Problem,
    RuleError,
    ScenarioError,
    StudyError,
)
from finsim.file_kinds import near_names
from finsim.generators import EVENT_GENERATORS, GENERATORS, TABLE_GENERATORS
from finsim.records.stores.fetched_file import fetched_file
from finsim.records.stores.urls import remote_url
from finsim.scenarios.scenario import load as load_scenario

SCHEMA = ".schema.yaml"
"""How the name of a bundled schema file ends; it begins with that of its data set."""
SHIPPED = "shipped:"
"""How references to bundled data begin; the name of a file follows, never a path."""
_FILE_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*")
MAX_SEVERITY = 3.0
"""The hardest that a scenario may hit: three times as written."""
LEARNED: Mapping[Loc, Catalog] = {
    ("market", "generator", "name"): GENERATORS,
    ("transactions", "body", "name"): EVENT_GENERATORS,
    ("credit", "generator", "name"): TABLE_GENERATORS,
}
"""Where a study names a generator, and those that can stand there."""
# Where a study calls files by name: lists of scenarios and narratives, rule packs, data.
LISTED: Mapping[Loc, str] = {("scenarios",): "scenario", ("transactions", "narratives"): "narrative"}
PACKS: tuple[Loc, ...] = (
    ("market", "rules"),
    ("transactions", "rules"),
    ("credit", "rules"),
    ("market", "generator", "rules", "pack"),
)
DATA: tuple[Loc, ...] = (("market", "data"), ("transactions", "data"), ("credit", "data"))


@dataclass(frozen=True)
class _Kind:
    folder: str
    error: type[FinsimError]
    load: Callable[[str], object]


_KINDS = {
    "scenario": _Kind("scenarios/stress", ScenarioError, load_scenario),
    "narrative": _Kind("scenarios/narratives", NarrativeError, lambda name: load_narratives([name])),
    "rule pack": _Kind("constraints", RuleError, RuleSet.load),
}


def file_of(kind: str, name: str) -> Path:
    """Return the file behind a name of a kind (``scenario``, ``narrative``, ``rule pack``).

    Raises the error of that kind, with a suggestion, when there is none.
    """
    return documents.find(name, _KINDS[kind].folder, kind, _KINDS[kind].error)


def path_beside(name: str, folder: Path) -> str:
    """Return the path of a file beside a study, as the working folder sees it; other names as they are."""
    is_path = Path(name).suffix != "" or len(Path(name).parts) > 1
    return str(folder / name) if is_path and _exists(folder / name) else name


def _exists(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a name that is too long for the file system
        return False


def _file_beside(kind: str, name: str, folder: Path) -> Path:
    """Return the file behind a name in a study; raises the error of its kind with the paths it tried."""
    try:
        return file_of(kind, path_beside(name, folder))
    except _KINDS[kind].error as error:
        if all(problem.found != "no such file" for problem in error.problems):
            raise
        tried = dict.fromkeys(str(place.absolute()) for place in (folder / name, Path(name)))
        raise _KINDS[kind].error(
            f"no such file: {' and '.join(tried)}",
            place=name,
            expected=f"a {kind} by name, or a file relative to the study or to the working folder",
            remedy=_near(name, folder, kind),
        ) from None


def _near(name: str, folder: Path, kind: str) -> str:
    known = [*sorted(path.name for path in folder.glob("*.yaml")), *shipped_names(kind)]
    near = get_close_matches(Path(name).name, known, n=1, cutoff=0.75)
    return f"did you mean {near[0]!r}?" if near else "check the path"


def unknown_names(data: Any, folder: Path, place: Callable[[Loc], str]) -> list[Problem]:
    """Return a problem for every name in a study's plain data that nothing answers to.

    ``data`` need not be a valid study; ``folder`` is the study's own, ``place`` tells where a key stands.
    """
    found: list[Problem] = []
    for loc, look in _lookups(data, folder):
        try:
            look()
        except FinsimError as error:
            without = _without(data, loc)
            found += [
                replace(problem, place=place(loc), remedy=without or problem.remedy)
                for problem in error.problems
            ]
    return found


def _without(data: Any, loc: Loc) -> str:
    """Return how a study goes without what a word such as ``off`` stands for; nothing for another word."""
    if loc in DATA or loc in LEARNED:
        return ""
    end = next(
        i for i in reversed(range(len(loc))) if loc[i] not in ("name", "pack") and isinstance(loc[i], str)
    )
    value = _at(data, loc) if loc in PACKS else _at(data, loc[: end + 1])
    if not {str(item).lower() for item in listed(value)} & set(NO_WORDS):
        return ""
    default = loc in PACKS and "generator" not in loc
    return (
        f"to go without, write `{loc[end]}: null`" if default else f"to go without, leave out `{loc[end]}:`"
    )


def faults(data: Any, folder: Path) -> list[Problem]:
    """Return every problem inside the scenario, narrative and rule files that a study's plain data names."""
    found: dict[Problem, None] = {}
    named = [(kind, path_beside(written, folder)) for _, kind, written in _names(data)]
    for kind, name in dict.fromkeys(named):  # a list may name one file many times
        try:
            file_of(kind, name)
        except FinsimError:
            continue
        try:
            _KINDS[kind].load(name)
        except FinsimError as error:
            found |= dict.fromkeys(error.problems)
    return list(found)


def shipped_names(kind: str) -> list[str]:
    """Return the names of the shipped files of a kind (``scenario``, ``narrative``, ``rule pack``)."""
    return sorted(path.stem for path in documents.shipped(_KINDS[kind].folder).glob("*.yaml"))


def bundled_data() -> dict[str, Path]:
    """Return the bundled data sets by name."""
    files = documents.shipped("data").iterdir()
    return {file.name.split(".")[0]: file for file in files if not file.name.endswith(SCHEMA)}


def data_path(name: str, folder: Path) -> str:
    """Return a data reference that does not depend on the study's folder: ``shipped:NAME``, a URL or a path.

    Raises StudyError when there is no such file and no such bundled data set.
    """
    if (remote_url(name) or name.startswith(SHIPPED)) and documents.is_file(data_file(name)):
        return name
    for candidate in (folder / name, Path(name)):
        if documents.is_file(candidate):
            return str(candidate)
    known = bundled_data()
    if name in known:
        return f"shipped:{known[name].name}"
    raise StudyError(
        f"no data file {name!r}",
        expected="a path relative to the study file, or a bundled data set",
        remedy=_near_file(name, folder) or f"bundled: {', '.join(sorted(n for n in known if n != 'README'))}",
    )


def _near_file(name: str, folder: Path) -> str:
    """Return which file like a missing one lies where it was looked for, by its path from there; else ""."""
    try:
        meant = near_names(folder / name)
    except (OSError, ValueError):  # a name that no file system takes, or a folder that nobody may read
        return ""
    return meant.replace(f"{folder}{os.sep}", "") if meant.startswith("did you mean") else ""


def schema_path(name: str, folder: Path) -> str:
    """Return a schema reference without the study's folder: ``shipped:NAME``, a URL or a path.

    Raises StudyError when there is no such file and no bundled data set of that name with a schema.
    """
    if (remote_url(name) or name.startswith(SHIPPED)) and documents.is_file(data_file(name)):
        return name
    for candidate in (folder / name, Path(name)):
        if documents.is_file(candidate):
            return str(candidate)
    beside = f"shipped:{name}{SCHEMA}"
    if "/" not in name and documents.is_file(data_file(beside)):
        return beside
    raise StudyError(
        f"no schema file {name!r}",
        expected="a path relative to the study file, or a bundled data set that has a schema",
        remedy=_near_file(name, folder) or "write one with `finsim new schema DATA -o SCHEMA.yaml`",
    )


def data_file(reference: str) -> Path:
    """Return the file behind a data or schema reference of a resolved study (``shipped:NAME`` or a path).

    A file behind a URL is fetched. Raises StudyError for a bundled name that is a path, and for a URL that
    cannot be read.
    """
    if remote_url(reference):
        return fetched_file(reference, reference)
    if not reference.startswith(SHIPPED):
        return Path(reference)
    name = reference.removeprefix(SHIPPED)
    if not _FILE_NAME.fullmatch(name):
        raise StudyError(
            f"{reference!r}",
            expected="the name of a bundled file, without folders",
            remedy="`finsim list data` gives them",
        )
    return documents.shipped("data") / name


def name_and_severity(text: str) -> tuple[str, float | None]:
    """Return the name and the severity of a scenario written as ``gfc-2008@0.5``; None: none is written.

    The path of an existing file is taken as it is. Raises Misfit for a severity that is no number from 0
    to 3.
    """
    name, sign, tail = text.rpartition("@")
    if not sign or Path(text).is_file() or "/" in tail or tail.endswith((".yaml", ".yml")):
        return text, None
    try:
        severity = float(read_share(tail))
    except (TypeError, ValueError):
        severity = -1.0
    if not name or not 0 <= severity <= MAX_SEVERITY:
        near = f"write {name or 'gfc-2008'}@0.5, or {{name: {name or 'gfc-2008'}, severity: 0.5}}"
        raise Misfit(
            f"{text!r}: {tail!r} is no severity", f"NAME@SEVERITY, a number from 0 to {MAX_SEVERITY:g}", near
        )
    return name, severity


def listed(value: Any) -> list[Any]:
    """Return one scenario or several, as a study writes them, as a list."""
    if isinstance(value, list | tuple):
        return list(value)
    return [] if value is None else [value]


def _scenario_name(text: str) -> str:
    try:
        return name_and_severity(text)[0]
    except Misfit:  # said when the study is read
        return text.rpartition("@")[0]


def _names(data: Any) -> Iterator[tuple[Loc, str, str]]:
    """Yield place, kind and name of every file that is called by name."""
    for loc, kind in LISTED.items():
        read = _scenario_name if kind == "scenario" else str
        for i, item in enumerate(listed(_at(data, loc))):
            if isinstance(item, str):
                yield (*loc, i), kind, read(item)
            elif isinstance(_at(item, ("name",)), str):
                yield (*loc, i, "name"), kind, read(item["name"])
    for loc in PACKS:
        pack = _at(data, loc)
        if isinstance(pack, str):
            yield loc, "rule pack", pack


def _lookups(data: Any, folder: Path) -> Iterator[tuple[Loc, Callable[[], object]]]:
    """Yield place and look-up of every name."""
    for loc, kind, name in _names(data):
        yield loc, partial(_file_beside, kind, name, folder)
    for loc in DATA:
        name = _at(data, loc)
        if isinstance(name, str):
            yield loc, partial(data_path, name, folder)
        beside = (*loc[:-1], "schema")
        schema = _at(data, beside)
        if isinstance(schema, str):
            yield beside, partial(schema_path, schema, folder)
    for loc, listed in LEARNED.items():
        name = _at(data, loc)
        if isinstance(name, str):
            yield loc, partial(listed.entry, name)


def _at(data: Any, loc: Loc) -> Any:
    for part in loc:
        data = data.get(part) if isinstance(data, dict) else None
    return data
