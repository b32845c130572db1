"""The other ways in which a value of a file may be written, in JSON Schemas for editors.

Schemas are made with marks (``document_shapes.ways``) and narrowed; ``loosened`` then writes the marks out:
an item for a list of one, a list of one for an item, a text for a block with a ``short`` key.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from finsim.document_shapes import AS_IS, ITEM, ONE, SHORT

MARK = "x-ways"
ITEM_FOR_LIST = {MARK: [AS_IS, ITEM]}
"""Keywords of a list whose items may stand alone, and of which nothing else is written otherwise."""
_SAID = ("description", "default", "examples", "title")
_VALUES = (*_SAID, "enum", "const", "required", "pattern")
_NAMED = ("properties", "$defs")
_CONDITIONS = ("allOf", "anyOf", "oneOf", "if", "then", "else", "not")
_OF_LISTS = {"items", "minItems", "maxItems"}
_LONG = 300

JsonSchema = dict[str, Any]


def loosened(schema: JsonSchema) -> JsonSchema:
    """Return a schema that takes every way of writing that its marks name, without the marks."""
    moved: JsonSchema = {}
    made = _Loosened(schema.get("$defs", {}), moved).part(schema, (), False)
    return {**made, "$defs": {**made.get("$defs", {}), **moved}} if moved else made


class _Loosened:
    """Writes marks out; a long form that is needed twice moves to ``moved`` and is referred to."""

    def __init__(self, defined: Mapping[str, Any], moved: JsonSchema) -> None:
        self.defined, self.moved = defined, moved

    def part(self, part: Any, at: tuple[str, ...], alone: bool) -> Any:
        """Return a part of the schema; ``alone``: it lies in a value that is read as it is."""
        if isinstance(part, list):
            return [self.part(item, (*at, str(i)), alone) for i, item in enumerate(part)]
        if not isinstance(part, dict):
            return part
        marks = part.get(MARK, ())
        below = alone or AS_IS in marks
        core = {
            key: value if key in _VALUES else self._names(value, at, below) if key in _NAMED
            else self.part(value, at if key in _CONDITIONS else (*at, key), below)
            for key, value in part.items() if key != MARK
        }  # fmt: skip
        if not below:
            ones = {key for key, value in part.get("properties", {}).items() if ONE in value.get(MARK, ())}
            core |= {key: _tolerant(core[key], ones) for key in _CONDITIONS if ones and key in core}
        return core if alone else self._written_out(core, marks, at)

    def _names(self, values: Mapping[str, Any], at: tuple[str, ...], alone: bool) -> JsonSchema:
        return {name: self.part(value, (*at, name), alone) for name, value in values.items()}

    def _written_out(self, core: JsonSchema, marks: Iterable[str], at: tuple[str, ...]) -> JsonSchema:
        said = {key: core.pop(key) for key in _SAID if key in core}
        members = [core, *core.get("anyOf", ())]
        forms = [core]
        if ITEM in marks and not any(_needs_more(one) for one in members):
            forms += [one["items"] for one in members if "items" in one]
        for key in (mark.removeprefix(SHORT) for mark in marks if mark.startswith(SHORT)):
            texts = [one["properties"][key] for one in members if key in one.get("properties", ())]
            forms += texts or [{"type": "string"}]
        whole = core if len(forms) == 1 else {"anyOf": _flat(forms)}
        if ONE in marks:
            whole = self._short(whole, at)
            whole = {"anyOf": _flat([whole, _list_of_one(whole)])}
        return {**whole, **said}

    def _short(self, form: JsonSchema, at: tuple[str, ...]) -> JsonSchema:
        """Return a form, or a reference to it when it is long."""
        if len(json.dumps(form)) < _LONG:
            return form
        name = base = "-".join(part for part in at if part not in ("properties", "items")) or "value"
        number = 1
        while name in self.moved or name in self.defined:
            number += 1
            name = f"{base}-{number}"
        self.moved[name] = form
        return {"$ref": f"#/$defs/{name}"}


def _needs_more(form: JsonSchema) -> bool:
    """Return whether a list may not have just one item."""
    return form.get("minItems", 0) > 1 or form.get("not") == {"minItems": 1, "maxItems": 1}


def _list_of_one(form: JsonSchema) -> JsonSchema:
    return {"type": "array", "minItems": 1, "maxItems": 1, "items": form}


def _flat(forms: Iterable[JsonSchema]) -> list[JsonSchema]:
    """Return forms, unions among them taken apart, each once."""
    found: list[JsonSchema] = []
    for form in forms:
        for one in form["anyOf"] if set(form) == {"anyOf"} else [form]:
            found += [] if one in found else [one]
    return found


def _tolerant(condition: Any, ones: set[str]) -> Any:
    """Return a condition on a block that holds of a list of one where it holds of what stands in it."""
    if isinstance(condition, list):
        return [_tolerant(item, ones) for item in condition]
    if not isinstance(condition, dict):
        return condition
    made = {key: _tolerant(value, ones) if key in _CONDITIONS else value for key, value in condition.items()}
    if "properties" in made:
        made["properties"] = {
            key: {"anyOf": [value, _list_of_one(value)]} if key in ones and _is_of_one(value) else value
            for key, value in made["properties"].items()
        }
    return made


def _is_of_one(form: JsonSchema) -> bool:
    """Return whether a condition says something of a value that is no list."""
    return form != {"not": {"type": "null"}} and not _OF_LISTS & set(form)
