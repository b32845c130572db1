"""JSON Schemas for editors of the YAML files that people write, derived from the models that read them.

They have nothing to do with schema files (``finsim: schema/1``), which say what a table's columns are.
"""

from __future__ import annotations

import inspect
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar, cast

from pydantic import BaseModel
from pydantic.config import JsonDict
from pydantic.json_schema import GenerateJsonSchema

from finsim import document_numbers as numbers
from finsim.document_shapes import AS_IS, Option, field_options, fields, untouched, ways
from finsim.editor_spellings import MARK, loosened

DIALECT = "https://json-schema.org/draft/2020-12/schema"  # the name of the draft; nothing is fetched
JsonSchema = dict[str, Any]
Form = JsonSchema | Callable[[JsonSchema], JsonSchema]
Change = Callable[[JsonSchema], None]
Reader = TypeVar("Reader", bound=Callable[..., Any])

_NOTE = re.compile(r"^\s*\* ((?:``[\w-]+``(?:, | and )?)+): (.*?)(?=^\s*\* ``|^\s*$|\Z)", re.M | re.S)
_LIMITS = {"ge": "minimum", "gt": "exclusiveMinimum", "le": "maximum", "lt": "exclusiveMaximum"}
_DAY = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}([Tt _].*)?$"
# Texts that pydantic reads as a number or a truth where a model is not strict.
_WHOLE = r"^\s*[-+]?[0-9]+(_[0-9]+)*(\.0*)?\s*$"
_DECIMAL = r"^\s*[-+]?([0-9][0-9_]*\.?[0-9_]*|\.[0-9]+)([eE][-+]?[0-9]+)?\s*$"
_YES, _NO = (
    "|".join("".join(f"[{letter.upper()}{letter}]" for letter in word) for word in words) + digit
    for words, digit in ((("t", "true", "y", "yes", "on"), "|1"), (("f", "false", "n", "no", "off"), "|0"))
)
# A number as files spell it, see ``document_numbers``.
_DIGITS = r"[-+]?[0-9]+(_[0-9]{3})*"
_SPELLED = rf"({_DIGITS}(\.[0-9]*)?|[-+]?\.[0-9]+)([eE][-+]?[0-9]+)?"
_LETTERS = "".join(letter + letter.upper() for letter in numbers.THOUSANDS)
_WHOLE_SPELLED = rf"{_DIGITS}((\.0+)?|(\.[0-9]+)?[eE]\+?[0-9]+)"
NUMBER: JsonSchema = {"type": ["number", "string"], "pattern": _DECIMAL}
"""A number of a model that is not strict."""
YES: JsonSchema = {"anyOf": [{"enum": [True, 1]}, {"type": "string", "pattern": rf"^\s*({_YES})\s*$"}]}
"""The condition that a key says yes."""


def _text_too(kind: str, *patterns: str) -> Form:
    """Return the form of a number that may also be text; other text that a lenient model takes stays."""

    def form(inner: JsonSchema) -> JsonSchema:
        others = [inner["pattern"]] if "pattern" in inner else []
        pattern = "|".join([*others, *(rf"^\s*{one}\s*$" for one in patterns)])
        return {**inner, "type": [kind, "string"], "pattern": pattern}

    return form


_FORMS: dict[Any, Form] = {
    numbers.read_number: _text_too("number", _SPELLED),
    numbers.read_share: _text_too("number", rf"{_SPELLED}\s*%?"),
    numbers.read_count: _text_too("integer", _WHOLE_SPELLED, rf"{_SPELLED}\s*[{_LETTERS}]"),
    numbers.read_length: _text_too("integer", _WHOLE_SPELLED),
}


def reads(form: Form) -> Callable[[Reader], Reader]:
    """Say beside a function that reads a value of a file which JSON values it takes.

    ``form`` is a JSON Schema, or a function from the schema of the model's own type to one. Every key
    that is read by the function gets this form in the schemas of the editors.
    """

    def noted(reader: Reader) -> Reader:
        _FORMS[reader] = form
        return reader

    return noted


def given(key: str, *, filled: bool = False) -> JsonSchema:
    """Return the condition that a mapping has a key with a value; ``filled``: a text that is not empty."""
    value: JsonSchema = {"type": "string", "minLength": 1} if filled else {"not": {"type": "null"}}
    return {"required": [key], "properties": {key: value}}


def one_of(keys: Iterable[str]) -> JsonSchema:
    """Return the condition that a mapping has exactly one of some keys."""
    return {"oneOf": [given(key) for key in keys]}


def together(first: str, second: str) -> JsonSchema:
    """Return the condition that a mapping has both of two keys, or neither."""
    return {
        "anyOf": [{"allOf": [given(first), given(second)]}, {"not": {"anyOf": [given(first), given(second)]}}]
    }


def when(key: str, values: Iterable[Any], then: JsonSchema) -> JsonSchema:
    """Return the condition that ``then`` holds where a key has one of some values."""
    return {"if": {"required": [key], "properties": {key: {"enum": list(values)}}}, "then": then}


def also(schema: JsonSchema) -> JsonDict:
    """Return keywords for ``json_schema_extra``, where a model says what its validators demand besides."""
    return cast(JsonDict, schema)


def file_schema(model: type[BaseModel], title: str) -> JsonSchema:
    """Return the JSON Schema (draft 2020-12) of the files that a model reads."""
    return loosened(marked_schema(model, title))


def marked_schema(model: type[BaseModel], title: str) -> JsonSchema:
    """Return it with marks where a value may be written in other ways too, for ``loosened`` to write out."""
    made = model.model_json_schema(schema_generator=_Generator)
    return {"$schema": DIALECT, **_limited(made), "title": title}


def _limited(part: Any, *, names: bool = False) -> Any:
    """Return a schema with bounds in JSON Schema's words: pydantic leaves its own where a function reads."""
    if isinstance(part, list):
        return [_limited(item) for item in part]
    if not isinstance(part, dict):
        return part
    return {
        key if names else _LIMITS.get(key, key): _limited(value, names=key in ("properties", "$defs"))
        for key, value in part.items()
    }


def key_notes(model: type[Any]) -> dict[str, str]:
    """Return what the docstrings of a class and its parents say of each key.

    A note is a line of the form: star, key in double backticks, colon, text; two keys may share one.
    """
    notes: dict[str, str] = {}
    for one in reversed(model.__mro__):
        for names, text in _NOTE.findall(inspect.cleandoc(one.__dict__.get("__doc__") or "") + "\n"):
            said = " ".join(text.replace("``", "`").split())
            notes |= dict.fromkeys(re.findall(r"``([\w-]+)``", names), said[:1].upper() + said[1:])
    return notes


def _first_paragraph(model: type[Any]) -> str:
    text = inspect.cleandoc(model.__doc__ or "").partition("\n\n")[0]
    return " ".join(text.replace("``", "`").split())


class _Generator(GenerateJsonSchema):
    """Pydantic's schemas with notes for every key, and with all that a lenient model lets pass."""

    ignored_warning_kinds = frozenset({"skipped-choice", "non-serializable-default"})  # type: ignore[assignment]

    def field_title_should_be_set(self, schema: Any) -> bool:
        """No titles: they would only repeat the keys."""
        return False

    def int_schema(self, schema: Any) -> JsonSchema:
        """Return whole numbers, as numbers or as text."""
        return _lenient(super().int_schema(schema), schema, self._strict, _WHOLE)

    def float_schema(self, schema: Any) -> JsonSchema:
        """Return numbers, as numbers or as text."""
        return _lenient(super().float_schema(schema), schema, self._strict, _DECIMAL)

    def bool_schema(self, schema: Any) -> JsonSchema:
        """Return truths, also as the words and digits that stand for them."""
        if self._strict or schema.get("strict"):
            return super().bool_schema(schema)
        return {
            "anyOf": [
                {"type": "boolean"},
                {"enum": [0, 1]},
                {"type": "string", "pattern": rf"^\s*({_YES}|{_NO})\s*$"},
            ]
        }

    @property
    def _strict(self) -> bool:
        return bool(self._config.strict)

    def function_before_schema(self, schema: Any) -> JsonSchema:
        """Return what a reading function takes, where it says so."""
        function = schema["function"]["function"]
        form = _FORMS.get(getattr(function, "__func__", function))
        if form is None:
            return super().function_before_schema(schema)
        return form(self.generate_inner(schema["schema"])) if callable(form) else dict(form)

    def date_schema(self, schema: Any) -> JsonSchema:
        """Return days, as text."""
        return {"type": "string", "pattern": _DAY}

    def default_schema(self, schema: Any) -> JsonSchema:
        """Return the schema of a key that may be left out; only plain defaults are shown."""
        made = super().default_schema(schema)
        if isinstance(made.get("default"), dict | list) or made.get("default", "") in ("", None):
            made.pop("default", None)
        return made

    def model_schema(self, schema: Any) -> JsonSchema:
        """Return the schema of a block, each key with its note and its default."""
        made = super().model_schema(schema)
        model = schema["cls"]
        made.pop("title", None)
        made["description"] = _first_paragraph(model)
        for condition in _inherited(model):
            made["allOf"] = [*made.get("allOf", []), condition]
        notes, known = key_notes(model), fields(model)
        alone = untouched(model) | getattr(model, "by_hand", set())
        for key, value in made.get("properties", {}).items():
            options = field_options(known[key]) if key in known else ()
            _mark(value, () if key in alone else options)
            note = _told(notes.get(key) or value.get("description", ""), options)
            default = value.get("default")
            shown = str(default).lower() if isinstance(default, bool) else default
            value["description"] = f"{note} Default: {shown}.".strip() if "default" in value else note
        return made


def _told(note: str, options: Iterable[Option]) -> str:
    """Return what is said of a key, with the words that say how its value is written."""
    meanings = (one for option in options for one in option.notes if isinstance(one, numbers.Meaning))
    words = next((one.words for one in meanings), "")
    return f"{note} {words[:1].upper()}{words[1:]}." if words and "(" in words else note


def _mark(part: JsonSchema, options: Sequence[Option]) -> None:
    """Note in a schema, and in those of its items, how else the values may be written."""
    part[MARK] = sorted(ways(options))
    if AS_IS in part[MARK]:
        return
    for one in options:
        key = "items" if one.is_list else "additionalProperties"
        for form in (part, *part.get("anyOf", ())) if one.items else ():
            if isinstance(form.get(key), dict):
                form[key] = dict(form[key])
                _mark(form[key], one.items)


def _inherited(model: type[BaseModel]) -> list[JsonSchema]:
    """Return the conditions of a model's parents; the configuration of a child would replace them."""
    own = model.model_config.get("json_schema_extra")
    found: list[JsonSchema] = []
    for parent in model.__mro__[1:]:
        extra = getattr(parent, "model_config", {}).get("json_schema_extra")
        if isinstance(extra, dict) and extra != own and extra not in found:
            found.append(dict(extra))
    return found


def _lenient(made: JsonSchema, schema: Any, strict: bool, pattern: str) -> JsonSchema:
    if schema.get("strict", strict):
        return made
    return {**made, "type": [made["type"], "string"], "pattern": pattern}


def inlined(schema: JsonSchema) -> JsonSchema:
    """Return a schema with every reference replaced by a copy of what it means; it may not be recursive."""
    defined = schema.get("$defs", {})

    def copied(part: Any) -> Any:
        if isinstance(part, list):
            return [copied(item) for item in part]
        if not isinstance(part, dict):
            return part
        reference = part.get("$ref")
        rest = {key: copied(value) for key, value in part.items() if key not in ("$ref", "$defs")}
        if reference is None:
            return rest
        return {**copied(defined[reference.rpartition("/")[2]]), **rest}

    whole: JsonSchema = copied(schema)
    return whole


def narrow(
    schema: JsonSchema, loc: Iterable[str | int], change: Mapping[str, Any] | Callable[[JsonSchema], None]
) -> None:
    """Change an inlined schema in place at a location; ``*`` is any key of a mapping or item of a list.

    ``change`` is a set of keywords, or a function that changes the part. Keywords land on the member of a
    union that is no null. Raises KeyError when the schema has nothing there.
    """
    parts = [schema]
    for step in loc:
        parts = [found for part in parts for found in _below(part, step)]
        if not parts:
            raise KeyError(f"{step} of {tuple(loc)}")
    for part in parts:
        if callable(change):
            change(part)
            continue
        members = [one for one in part.get("anyOf", ()) if one.get("type") != "null"]
        for member in members or [part]:
            member.update(change)


def _below(part: JsonSchema, step: str | int) -> list[JsonSchema]:
    found: list[JsonSchema] = []
    for one in (part, *part.get("anyOf", ())):
        if step == "*":
            found += [one[key] for key in ("items", "additionalProperties") if isinstance(one.get(key), dict)]
        elif step in one.get("properties", {}):
            found.append(one["properties"][step])
    return found


_SCHEMA_MAPS = ("properties", "$defs")
_SCHEMA_LISTS = ("anyOf", "oneOf", "allOf")
_SCHEMAS = ("items", "additionalProperties", "not", "if", "then", "else")
_WORTH = 300  # characters from which on a part that stands twice is written once


def outlined(schema: JsonSchema) -> JsonSchema:
    """Return a schema in which large parts that stand in several places are written once, under ``$defs``."""
    counts = Counter(_text(part) for part in _parts(schema))
    shared = {text: f"shared{number}" for number, text in enumerate(t for t, n in counts.items() if n > 1)}

    def short(part: Any, top: bool = False) -> Any:
        if not isinstance(part, dict):
            return part
        if not top and _text(part) in shared:
            return {"$ref": f"#/$defs/{shared[_text(part)]}"}
        made = dict(part)
        for key in _SCHEMA_MAPS:
            if key in part:
                made[key] = {name: short(value) for name, value in part[key].items()}
        for key in _SCHEMA_LISTS:
            if key in part:
                made[key] = [short(value) for value in part[key]]
        for key in _SCHEMAS:
            if key in part:
                made[key] = short(part[key])
        return made

    defined = {name: short(json.loads(text), top=True) for text, name in shared.items()}
    made = short(schema, top=True)
    return {**made, "$defs": {**made.get("$defs", {}), **defined}} if defined else made


def _text(part: JsonSchema) -> str:
    """Return a part as text, or nothing where it is too small to be written elsewhere."""
    text = json.dumps(part)
    return text if len(text) >= _WORTH else ""


def _parts(part: Any, top: bool = True) -> Iterator[JsonSchema]:
    """Yield every part of a schema that is a large schema itself."""
    if not isinstance(part, dict):
        return
    if not top and _text(part):
        yield part
    for key in _SCHEMA_MAPS:
        for value in part.get(key, {}).values():
            yield from _parts(value, top=False)
    for key in _SCHEMA_LISTS:
        for value in part.get(key, ()):
            yield from _parts(value, top=False)
    for key in _SCHEMAS:
        yield from _parts(part.get(key), top=False)
