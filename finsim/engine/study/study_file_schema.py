"""The JSON Schema of study files for editors: the model, and the names that a study may call."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from finsim.editor_schemas import JsonSchema, inlined, marked_schema, narrow, outlined
from finsim.editor_spellings import ITEM_FOR_LIST, loosened
from finsim.engine.study.named_inputs import DATA, LEARNED, LISTED, PACKS, bundled_data, shipped_names
from finsim.engine.study.study_file import Study

_PATH = {"type": "string", "pattern": r"^[^@]*[./\\:]|/|\.ya?ml$"}  # a name has none of these


def study_file_schema() -> JsonSchema:
    """Return the JSON Schema of study files; names of shipped files are offered, paths are taken."""
    schema = inlined(marked_schema(Study, "finsim study file"))
    for loc, kind in LISTED.items():
        names = _names(shipped_names(kind))
        names = [*names, _severe(shipped_names(kind))] if kind == "scenario" else names
        narrow(schema, (*loc, "*", "name"), _replaced(names))
        narrow(schema, (*loc, "*"), _or(names))
        narrow(schema, loc, ITEM_FOR_LIST)
    for loc in PACKS:
        narrow(schema, loc, _replaced(_names(shipped_names("rule pack"))))
    for loc in DATA:
        narrow(schema, loc, _replaced(_names(sorted(set(bundled_data()) - {"README"}))))
    for loc, listed in LEARNED.items():
        narrow(schema, loc, {"enum": list(listed)})
    return outlined(loosened(schema))


def _names(known: Iterable[str]) -> list[JsonSchema]:
    return [{"enum": list(known)}, _PATH]


def _severe(known: Iterable[str]) -> JsonSchema:
    """Return the form of a name with a severity, as in ``gfc-2008@0.5``."""
    names = "|".join(re.escape(name) for name in known)
    return {
        "type": "string",
        "pattern": rf"^({names})@\s*\+?([0-9]+\.?|[0-9]*\.[0-9]+)([eE][-+]?[0-9]+)?\s*%?\s*$",
    }


def _replaced(forms: list[JsonSchema]) -> Callable[[JsonSchema], None]:
    """Return the change that puts forms in the place of a text; null stays where it was taken."""

    def change(part: JsonSchema) -> None:
        nothing = [form for form in part.pop("anyOf", []) if form.get("type") == "null"]
        for key in ("type", "pattern"):
            part.pop(key, None)
        part["anyOf"] = [*forms, *nothing]

    return change


def _or(forms: list[JsonSchema]) -> Callable[[JsonSchema], None]:
    """Return the change that takes forms besides what is taken."""

    def change(part: JsonSchema) -> None:
        block = dict(part)
        part.clear()
        part["anyOf"] = [*forms, block]

    return change
