"""What is wrong with a value of a file, in words: what stands there, what may stand there, an example."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Literal, get_args

import yaml
from pydantic import BaseModel, ValidationError, WithJsonSchema
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from finsim.document_numbers import SHARE, THOUSANDS, Meaning, Misfit, read_share
from finsim.document_shapes import Loc, Option, field_options, fields, home_of, shaped
from finsim.errors import Problem, did_you_mean

_TIMES = ("minute", "hour", "day", "week", "month", "quarter", "year", "session")
_THINGS = ("accounts", "banks", "paths", "loans", "draws", "steps", "iterations", "hops")
_KINDS: Mapping[Any, tuple[str, str]] = {
    bool: ("yes or no", "true"),
    int: ("a whole number", "1"),
    float: ("a number", "1.5"),
    str: ("a text", "some words"),
    date: ("a day as year-month-day", "2025-12-31"),
}
NO_WORDS = ("off", "no", "none", "null", "false", "never", "nothing")
_LONG = 80  # characters of an example that the line of what is expected has room for
_THOUSANDS = re.compile(r"[-+]?[1-9][0-9]{0,2}\.000")
_ABSENT = object()


@dataclass(frozen=True)
class Place:
    """Where an error stands: the value there, what may stand there, and the block around it."""

    loc: Loc
    value: Any
    choices: tuple[Option, ...]
    default: Any = None
    keys: tuple[str, ...] = ()
    may_be_null: bool = False
    may_be_absent: bool = False

    @property
    def dotted(self) -> str:
        """The keys that lead here, joined by points."""
        return ".".join(str(part) for part in self.loc)

    @property
    def key(self) -> str:
        """The last key that is a word."""
        return next((part for part in reversed(self.loc) if isinstance(part, str)), "")

    @property
    def in_list(self) -> bool:
        """Whether it is an item of a list."""
        return bool(self.loc) and isinstance(self.loc[-1], int)


def problems(
    data: Any,
    model: type[BaseModel],
    bad: ValidationError,
    where: Callable[[Loc], str],
    written: Callable[[Loc], str | None],
) -> Iterator[Problem]:
    """Yield one problem for each wrong place of a file that a model refused.

    ``where`` gives ``file:line:col`` of keys, ``written`` the text of a value as it stands in the file.
    """
    grouped: dict[Loc, tuple[Place, list[Mapping[str, Any]]]] = {}
    for item in bad.errors():
        place = _place(data, model, item["loc"])
        grouped.setdefault(place.loc, (place, []))[1].append(dict(item))
    for loc, (place, items) in grouped.items():
        deeper = any(other[: len(loc)] == loc and other != loc for other in grouped)
        chosen = next((item for item in items if item["type"] == "value_error"), items[0])
        if deeper and chosen["type"] not in ("value_error", "missing", "extra_forbidden"):
            continue  # another type of a union: what is inside the block says more
        home = home_of(model, str(loc[-1])) if len(loc) == 1 else ""
        yield _problem(place, chosen, where(loc), written(loc), home)


def in_two_ways(
    data: Any, model: type[BaseModel], written: Mapping[Loc, str], where: Callable[[Loc], str]
) -> Iterator[Problem]:
    """Yield a problem for each count written as ``20.000``: 20 to some, twenty thousand to others."""
    for loc, text in written.items():
        if not _THOUSANDS.fullmatch(text):
            continue
        place = _place(data, model, loc)
        if any(one.origin is int for one in place.choices) and len(place.loc) == len(loc):
            plain = text.replace(".", "")
            found = f"{place.dotted}: {text} is {text.partition('.')[0]} to some, {plain} to others"
            yield Problem(where(loc), found, describe(place)[0], f"write {plain} or {text.partition('.')[0]}")


def _place(data: Any, model: type[BaseModel], loc: Sequence[str | int]) -> Place:
    """Follow an error through data and model; names of types in a union are passed over."""
    place = Place((), data, (Option(model),))
    for part in loc:
        block = next((one.model for one in place.choices if one.model and part in fields(one.model)), None)
        inside = _inside(place.value, part)
        if block is not None:
            field = fields(block)[str(part)]
            default = None if field.default is PydanticUndefined else field.default
            keys = tuple(fields(block))
            optional = (takes_null(field), not field.is_required())
            place = Place((*place.loc, part), inside, field_options(field), default, keys, *optional)
        elif inside is not _ABSENT:
            items = tuple(inner for one in place.choices for inner in one.items)
            keys = tuple(key for one in place.choices if one.model for key in fields(one.model))
            place = Place((*place.loc, part), inside, items, None, keys)
        elif part == 0:  # one item stands where a list of one is meant
            items = tuple(inner for one in place.choices if one.is_list for inner in one.items)
            place = replace(place, choices=items or place.choices)
    return place


def _inside(value: Any, part: str | int) -> Any:
    if isinstance(value, dict):
        return value.get(part, _ABSENT)
    is_item = isinstance(value, list) and isinstance(part, int) and part < len(value)
    return value[part] if is_item else _ABSENT


def _problem(place: Place, item: Mapping[str, Any], where: str, text: str | None, home: str = "") -> Problem:
    if item["type"] == "extra_forbidden":
        known, key = sorted(place.keys), str(place.loc[-1])
        remedy = f"write it inside `{home}:`" if home else did_you_mean(key, known) or "remove it"
        inside = f" of {place.dotted.rpartition('.')[0]}" if len(place.loc) > 1 else ""
        return Problem(where, f"unknown key {key!r}{inside}", _one_of(known, "the keys"), remedy)
    expected, example = describe(place)
    if item["type"] == "missing":
        return Problem(where, f"{place.dotted}: missing", expected, f"add `{place.key}: {example}`")
    if item["type"] in ("union_tag_invalid", "union_tag_not_found"):
        return _unknown_tag(place, item["ctx"], where)
    value = item["input"] if place.value is _ABSENT else place.value
    shown = shown_value(value, text)
    remedy = _remedy(place, value, example)
    if item["type"] == "value_error":
        own = item["ctx"]["error"]
        fit = own if isinstance(own, Misfit) else _taken_apart(str(own))
        found = f"{place.dotted}: {fit.found}" if place.dotted else fit.found
        if not fit.expected and any(one.model for one in place.choices):
            expected, remedy = "values that agree with one another", "correct one of them"
        return Problem(where, found, fit.expected or expected, fit.remedy or remedy)
    return Problem(where, f"{place.dotted}: {shown}" if place.dotted else shown, expected, remedy)


def _unknown_tag(place: Place, context: Mapping[str, str], where: str) -> Problem:
    """Return what is wrong with the key that tells which block stands here."""
    key = context["discriminator"].strip("'")
    known = re.findall(r"'([^']+)'", context.get("expected_tags", "")) or [
        str(word)
        for one in place.choices
        if one.model and key in fields(one.model)
        for inner in field_options(fields(one.model)[key])
        for word in get_args(inner.kind)
    ]
    tag = context.get("tag", "")
    found = f"{place.dotted}.{key}: {tag!r}" if tag else f"{place.dotted}.{key}: missing"
    remedy = did_you_mean(tag, known) if tag else f"add `{key}: {known[0] if known else '..'}`"
    return Problem(where, found, _one_of(known), remedy)


def _taken_apart(text: str) -> Misfit:
    """Return the parts of ``found; expected ..; remedy`` of a plain error of a validator."""
    found, *rest = text.split("; ")
    expected = [part.removeprefix("expected ") for part in rest if not _is_remedy(part)]
    return Misfit(found, "; ".join(expected), "; ".join(part for part in rest if _is_remedy(part)))


def _is_remedy(text: str) -> bool:
    return text.startswith(("did you mean", "use one of", "write ", "name ", "add "))


def shown_value(value: Any, text: str | None = None) -> str:
    """Return a value as a message shows it: as it is written, cut short; lists and mappings by their size."""
    if isinstance(value, dict):
        return f"a mapping ({', '.join(list(map(str, value))[:4]) or 'empty'})"
    if isinstance(value, list):
        return f"a list of {len(value)}" if value else "an empty list"
    if value is None:
        return "nothing (null)"
    if isinstance(value, bool):
        return text or str(value).lower()
    whole = repr(value) if isinstance(value, str) else (text or str(value))
    return whole if len(whole) <= 60 else f"{whole[:57]}..."


def describe(place: Place) -> tuple[str, str]:
    """Return what may stand at a place, with an example, and the example alone, which is taken there."""
    named = [_option(one, place.key) for one in place.choices] or [("another value", "")]
    words = ", or ".join(dict.fromkeys(word for word, _ in named))
    example = _example(place, named)
    fresh = example and example not in words.split("one of ")[-1].split(", ")
    return (f"{words}, such as {example}" if fresh and len(example) <= _LONG else words), example


def _option(one: Option, key: str) -> tuple[str, str]:
    """Return words and an example of one type; what is declared of it goes before what the type says."""
    meaning = next((note for note in reversed(one.notes) if isinstance(note, Meaning)), None)
    own = meaning if meaning and one.origin not in _KINDS else getattr(one.model, "meaning", None)
    if isinstance(own, Meaning):
        return own.words, own.example
    known, mixed = _declared_words(one)
    if known:
        return _one_of(known) + (", or weights of them" if mixed else ""), known[0]
    if one.model:
        return "a mapping", f"{{{', '.join(f'{name}: {value}' for name, value in _keys(one.model))}}}"
    if one.is_list or one.origin is tuple:
        items = one.items or (Option(float),)
        named = [_option(item, key) for item in items]
        words = " or ".join(dict.fromkeys(word for word, _ in named))
        empty = any(getattr(note, "min_length", 0) for note in one.notes)
        first = ", ".join([named[0][1]] * (1 if one.is_list else len(get_args(one.kind)) or 1))
        return f"a list of {'one or more items, each ' if empty else 'items, each '}{words}", f"[{first}]"
    if one.origin is dict:
        named = [_option(item, "name") for item in one.items]
        words = " or ".join(dict.fromkeys(word for word, _ in named)) or "a value"
        return f"a mapping of names, each to {words}", f"{{name: {named[0][1] if named else '..'}}}"
    words, example = (meaning.words, meaning.example) if meaning else _KINDS.get(one.origin, ("a value", "x"))
    low, high, bounds = _bounds(one.notes)
    if example and not _fits(example, low, high):
        example = f"{low if low is not None else high:g}"
    return f"{_with_unit(words, key, one)}{bounds}", example


def _declared_words(one: Option) -> tuple[list[str], bool]:
    """Return the words that may stand for a type, and whether weights of them may; from what is declared."""
    schema = next((note.json_schema for note in one.notes if isinstance(note, WithJsonSchema)), None) or {}
    forms = [schema, *schema.get("anyOf", ())]
    words = (
        get_args(one.kind) if one.origin is Literal else next((f["enum"] for f in forms if "enum" in f), ())
    )
    shown = [str(word).lower() if isinstance(word, bool) else str(word) for word in words]
    return [word for word in shown if word and word != "None"], any("propertyNames" in form for form in forms)


def _keys(model: type[BaseModel]) -> list[tuple[str, str]]:
    """Return the keys that an example of a block holds: what it needs, else its own first key."""
    known = fields(model)
    beside = tuple(key for key in getattr(model, "beside", ()) if key in known)
    needed = [key for key, field in known.items() if field.is_required()]
    own = [key for key in known if key not in ("source", "assumption")]
    return [(key, _of_field(known[key], key)) for key in (*(needed or own[:1]), *beside)]


def _of_field(field: FieldInfo, key: str) -> str:
    choices = field_options(field)
    default = None if field.default is PydanticUndefined else field.default
    return describe(Place((key,), None, choices, default))[1]


def takes_null(field: FieldInfo) -> bool:
    """Return whether a key may be null."""
    return type(None) in get_args(field.annotation)


def _with_unit(words: str, key: str, one: Option) -> str:
    """Return the words with the unit that the key names: days, weeks, accounts."""
    if one.origin not in (int, float):
        return words
    last = key.rsplit("_", 1)[-1]
    first, _, note = words.partition(" (")
    if last in _THINGS:
        first = f"{first} of {last}"
    elif last.removesuffix("s") in _TIMES and "share" not in first:
        first = f"{first}, in {last.removesuffix('s')}s"
    return f"{first} ({note}" if note else first


def _bounds(notes: Sequence[Any]) -> tuple[float | None, float | None, str]:
    """Return the lowest and highest value, and both in words."""
    lows = [(note.ge, "at least") for note in notes if getattr(note, "ge", None) is not None]
    lows += [(note.gt, "above") for note in notes if getattr(note, "gt", None) is not None]
    highs = [(note.le, "at most") for note in notes if getattr(note, "le", None) is not None]
    highs += [(note.lt, "below") for note in notes if getattr(note, "lt", None) is not None]
    low, high = max(lows, default=None), min(highs, default=None)
    parts = [f"{word} {_plain(value)}" for value, word in (one for one in (low, high) if one)]
    return (
        (low[0] if low else None),
        (high[0] if high else None),
        (", " + " and ".join(parts) if parts else ""),
    )


def _plain(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:,g}"


def _fits(example: str, low: float | None, high: float | None) -> bool:
    try:
        number = float(example)
    except ValueError:
        return True
    return (low is None or number >= low) and (high is None or number <= high)


def _example(place: Place, named: Sequence[tuple[str, str]]) -> str:
    """Return the default of a key where it is one word, else the example of its first type."""
    own = next((example for _, example in named if example), "")
    given = place.default
    if isinstance(given, bool):
        return str(given).lower()
    if isinstance(given, int | float) and re.search("[A-Za-z]", own):
        return own  # written otherwise than it is kept
    is_plain = own == _KINDS[str][1] and isinstance(given, str) and given
    return str(given) if isinstance(given, int | float | date) or is_plain else own


def _filled(place: Place, value: Any, example: str) -> str:
    """Return the example of a block with a lone value in its first key, where the block takes it there."""
    block = next((one.model for one in place.choices if one.model), None)
    first = re.match(r"\{([\w-]+): ", example)
    if block is None or first is None or len(place.choices) > 1 or isinstance(value, bool | dict | list):
        return example
    try:
        given = read_share(value)
        data = yaml.safe_load(example) | {first[1]: given}
        block.model_validate(shaped(data, block))
    except (ValueError, TypeError):
        return example
    return yaml.safe_dump(data, default_flow_style=True, sort_keys=False, width=1_000).strip()


def _one_of(known: Sequence[str], what: str = "") -> str:
    shown = ", ".join(known[:12]) + (", ..." if len(known) > 12 else "")
    if len(known) == 1 and not what:
        return known[0]
    return f"one of {f'{what} ' if what else ''}{shown}"


def _remedy(place: Place, value: Any, example: str) -> str:
    """Return a suggestion: a word of the list that is meant, a plain number, or the example."""
    words = [str(w) for one in place.choices if one.origin is Literal for w in get_args(one.kind) if w]
    said = str(value).strip().lower()
    if said in NO_WORDS and said not in words and place.may_be_absent and not place.in_list:
        without = place.may_be_null and place.default is not None
        return (
            f"to go without, write `{place.key}: null`"
            if without
            else f"to go without, leave out `{place.key}:`"
        )
    if words and isinstance(value, str):
        near = did_you_mean(value, words)
        if near.startswith("did you") or len(words) > 1:
            return near
    if isinstance(value, str) and any(one.origin in (int, float) for one in place.choices):
        plain = _plain_number(place, value, example)
        if plain:
            return plain
    if value is None:
        return f"write a value, such as {example}, or leave the key out"
    if isinstance(value, bool | int | float | date) and any(one.origin is str for one in place.choices):
        quoted = str(value).lower() if isinstance(value, bool) else str(value)
        return f'put quotes around a text that looks like a number: {place.key}: "{quoted}"'
    share = next((one for one in place.choices if any(note is SHARE for note in one.notes)), None)
    if (
        share
        and isinstance(value, int | float)
        and 1 < value <= 100
        and _fits(f"{value / 100}", *_bounds(share.notes)[:2])
    ):
        return f"write {value:g}% or {value / 100:g}"
    if not example:
        return "correct this value"
    whole = _filled(place, value, example)
    if place.in_list:
        return f"write `- {whole}`"
    return f"write `{place.key}: {whole}`" if place.key else f"write {whole}"


def _plain_number(place: Place, value: str, example: str) -> str:
    """Return how a number that is written with blanks, a percent sign or letters is written plainly."""
    plain = re.sub(r"[\s'_]", "", value)
    spelled = re.fullmatch(r"([-+]?[0-9]+(?:\.[0-9]+)?)(%|[A-Za-z]{1,8})?", plain)
    if spelled is None:
        return ""
    number, letters = float(spelled[1]), spelled[2] or ""
    scale = THOUSANDS.get(letters.lower(), 0.01 if letters == "%" else 1)
    if not any(_fits(f"{number * scale:.15g}", *_bounds(one.notes)[:2]) for one in place.choices):
        return ""
    if not letters:
        return f"write {plain}"
    if letters.lower() in THOUSANDS:
        return f"write {number * scale:.15g}"
    meanings = [note for one in place.choices for note in one.notes if isinstance(note, Meaning)]
    if letters != "%":
        return f"write a number without {letters!r}, such as {example}"
    if any(note.unit for note in meanings):
        return (
            f"write {number:g} where the {meanings[-1].unit} is percent, {number / 100:g} where it is a share"
        )
    return f"write {number * scale:.15g}"
