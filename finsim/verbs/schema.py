"""``schema``: the JSON Schema of a kind of YAML file, with which editors complete, explain and check it.

Not to be confused with schema files, which say what the columns of a table are: their kind is ``schema``.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from finsim.call_errors import public
from finsim.errors import StudyError, did_you_mean

__all__ = ["KINDS", "editor_line", "schema"]

FOLDER = ".finsim-schemas"
"""Where the schemas lie that new files refer to, beside the file."""


def _study() -> dict[str, Any]:
    from finsim.engine.study.study_file_schema import study_file_schema

    return study_file_schema()


def _narrative() -> dict[str, Any]:
    from finsim.agents.narratives.narrative import narrative_file_schema

    return narrative_file_schema()


def _scenario() -> dict[str, Any]:
    from finsim.scenarios.scenario_file_schema import scenario_file_schema

    return scenario_file_schema()


def _rules() -> dict[str, Any]:
    from finsim.constraints.packs.file_keys import rule_file_schema

    return rule_file_schema()


def _table() -> dict[str, Any]:
    from finsim.tables.schema_file import table_schema_file_schema

    return table_schema_file_schema()


KINDS: dict[str, Callable[[], dict[str, Any]]] = {
    "study": _study, "narrative": _narrative, "scenario": _scenario, "rules": _rules, "schema": _table,
}  # fmt: skip
"""Kind of file -> what makes its JSON Schema."""


@public
def schema(kind: str, output: str | Path | None = None) -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a kind of YAML file, for editors.

    It knows every key with its unit, default and range, the words that may stand, and the names of
    shipped files. What stands across keys and inside expressions is found by `finsim plan` alone.

    Args:
        kind: ``study``, ``narrative``, ``scenario``, ``rules`` or ``schema`` (the columns of a table).
        output: JSON file to write it to; an older schema there is replaced.

    Returns:
        The schema as plain data.

    Raises:
        StudyError: for an unknown kind, or an output that is not a ``.json`` file or holds something else.

    Example:
        >>> import finsim
        >>> finsim.schema("study")["properties"]["seed"]["default"]
        7

    """
    if kind not in KINDS:
        raise StudyError(
            f"no kind of file is called {kind!r}",
            place="finsim schema",
            expected=" or ".join(KINDS),
            remedy=did_you_mean(kind, list(KINDS)),
        )
    made = KINDS[kind]()
    if output is not None:
        _write(made, Path(output))
    return made


def editor_line(kind: str, folder: str | Path) -> str:
    """Write a kind's schema below a folder and return the comment that a file there begins with.

    Args:
        kind: as of ``schema``.
        folder: folder of the new file; the schema goes to ``.finsim-schemas/KIND.json`` in it.

    Returns:
        The line, without its end. The path in it is relative, so the folder can move.

    Raises:
        StudyError: as ``schema`` does.

    """
    schema(kind, Path(folder) / FOLDER / f"{kind}.json")
    return f"# yaml-language-server: $schema={FOLDER}/{kind}.json"


def _write(made: dict[str, Any], path: Path) -> None:
    from finsim.records.storage import write_text

    if path.suffix != ".json":
        raise StudyError(
            f"the output is called {path.name!r}",
            place=str(path),
            expected="a JSON file",
            remedy=f"call it {path.stem}.json",
        )
    try:
        if path.exists() and '"$schema"' not in path.read_text(encoding="utf-8")[:1_000]:
            raise StudyError("the file exists", place=str(path), remedy="choose another name")
        path.parent.mkdir(parents=True, exist_ok=True)
        write_text(path, json.dumps(made, indent=1, allow_nan=False, ensure_ascii=False) + "\n")
    except (OSError, UnicodeDecodeError) as bad:
        reason = getattr(bad, "strerror", None) or "it holds no text"
        raise StudyError(
            f"cannot be written: {reason}", place=str(path), remedy="choose another place"
        ) from None
