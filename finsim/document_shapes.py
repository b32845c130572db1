"""The shape of models, read from their annotations: what may stand at a place, and one for a list.

A word or mapping where a list is meant is a list of one; a list of one where one is meant is that one; a
word where a block is meant is the key that the block's ``short`` names (``generator: flow``), and yes or no
where that key says yes or no (``evaluation: off``).
"""

from __future__ import annotations

import types
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, BeforeValidator
from pydantic.fields import FieldInfo

from finsim.document_numbers import Meaning, Misfit

Loc = tuple[str | int, ...]
AS_IS, ITEM, ONE, SHORT = "as is", "item", "one", "short: "


@dataclass(frozen=True)
class Option:
    """One type that may stand at a place, with the bounds and words that are declared of it."""

    kind: Any
    notes: tuple[Any, ...] = ()

    @property
    def origin(self) -> Any:
        """The type without its parameters: list, dict, Literal, int, ..."""
        return get_origin(self.kind) or self.kind

    @property
    def model(self) -> type[BaseModel] | None:
        """The model, where it is one."""
        is_model = isinstance(self.kind, type) and issubclass(self.kind, BaseModel)
        return self.kind if is_model else None

    @property
    def is_list(self) -> bool:
        """Whether items stand here, one type for all of them."""
        return self.origin is list or (self.origin is tuple and get_args(self.kind)[-1:] == (Ellipsis,))

    @property
    def items(self) -> tuple[Option, ...]:
        """What each item of a list, or each value of a mapping, may be."""
        arguments = get_args(self.kind)
        if self.is_list and arguments:
            return options(arguments[0])
        return options(arguments[1]) if self.origin is dict and len(arguments) == 2 else ()

    @property
    def reads_itself(self) -> bool:
        """Whether a validator of its own takes the value before the type does."""
        own = any(isinstance(note, BeforeValidator) for note in self.notes)
        return own and not any(isinstance(note, Meaning) for note in self.notes)


def options(annotation: Any, notes: Sequence[Any] = ()) -> tuple[Option, ...]:
    """Return the types of an annotation, unions taken apart; None (left out) is not among them."""
    origin = get_origin(annotation)
    if origin is Annotated:
        base, *more = get_args(annotation)
        flat = [
            inner for note in more for inner in (note.metadata if isinstance(note, FieldInfo) else [note])
        ]
        return options(base, (*flat, *notes))
    if origin in (Union, types.UnionType):
        return tuple(one for part in get_args(annotation) for one in options(part, notes))
    return () if annotation in (None, type(None)) else (Option(annotation, tuple(notes)),)


def fields(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """Return the fields of a model by the keys of a file."""
    return {field.alias or name: field for name, field in model.model_fields.items()}


def field_options(field: FieldInfo) -> tuple[Option, ...]:
    """Return what a field takes."""
    return options(field.annotation, field.metadata)


def shaped(data: Any, model: type[BaseModel], spelled: bool = False) -> Any:
    """Return plain data of a file with lists and blocks of one written as the model has them.

    With ``spelled`` numbers that are written as text (``5%``, ``10k``) become numbers where they can.
    """
    return _block(data, model, spelled) if isinstance(data, dict) else data


def _block(data: Mapping[str, Any], model: type[BaseModel], spelled: bool) -> dict[str, Any]:
    if _reads_whole(model):
        return dict(data)
    own = _own_readers(model)
    known = fields(model)
    return {
        key: value if key not in known or key in own else _value(value, field_options(known[key]), spelled)
        for key, value in data.items()
    }


def _reads_whole(model: type[BaseModel]) -> bool:
    checks = model.__pydantic_decorators__.model_validators.values()
    return any(one.info.mode == "before" for one in checks)


def _own_readers(model: type[BaseModel]) -> set[str]:
    """Return the keys of fields with a reader of their own."""
    checks = model.__pydantic_decorators__.field_validators.values()
    names = {name for one in checks if one.info.mode == "before" for name in one.info.fields}
    return {key for key, field in fields(model).items() if key in names or _name(model, field) in names}


def _name(model: type[BaseModel], field: FieldInfo) -> str:
    return next(name for name, other in model.model_fields.items() if other is field)


def ways(choices: Sequence[Option]) -> set[str]:
    """Return how else a value may be written, as ``shaped`` reads it.

    ``AS_IS``: in no other way, nor anything inside it; ``ITEM``: an item for a list of one; ``ONE``: a list
    of one for what stands in it; ``SHORT`` and a key: a text for the block with that key.
    """
    if not choices or _left_alone(choices):
        return {AS_IS}
    many = next((one for one in choices if one.is_list), None)
    blocks = [one.model for one in choices if one.model]
    has_word = any(_is_word(one) for one in choices)
    if many is None:
        short = getattr(blocks[0], "short", "") if len(blocks) == 1 and not has_word else ""
        return {ONE, SHORT + short} if short else {ONE}
    has_block = bool(blocks) or any(one.origin is dict for one in choices)
    is_of_blocks = any(one.model or one.origin is dict for one in many.items)
    return {ITEM} if not has_word or (is_of_blocks and not has_block) else set()


def untouched(model: type[BaseModel]) -> set[str]:
    """Return the keys of a model whose values ``shaped`` leaves as they are written."""
    return set(fields(model)) if _reads_whole(model) else _own_readers(model)


def _left_alone(choices: Sequence[Option]) -> bool:
    reads = any(one.reads_itself or one.kind is Any for one in choices)
    return reads or any(one.model and _reads_whole(one.model) for one in choices)


def _is_word(one: Option) -> bool:
    """Return whether the type is that of one word or number."""
    return not (one.is_list or one.model or one.origin in (dict, tuple))


def _value(value: Any, choices: Sequence[Option], spelled: bool) -> Any:
    if value is None or _left_alone(choices):
        return value
    many = next((one for one in choices if one.is_list), None)
    blocks = [one.model for one in choices if one.model]
    mapping = next((one for one in choices if one.origin is dict), None)
    if isinstance(value, list | tuple):
        if many:
            return [_value(item, many.items, spelled) for item in value]
        # a list of nothing is not nothing: the model refuses it
        is_one = len(value) == 1 and value[0] is not None and not isinstance(value[0], list | tuple)
        return _value(value[0], choices, spelled) if is_one and choices else value
    if isinstance(value, dict):
        if blocks:
            return _block(value, blocks[0], spelled) if len(blocks) == 1 else value
        if mapping:
            return {key: _value(item, mapping.items, spelled) for key, item in value.items()}
        is_of_blocks = many and any(one.model or one.origin is dict for one in many.items)
        return [_value(value, many.items, spelled)] if many and is_of_blocks else value
    if any(_is_word(one) for one in choices):
        return _read(value, choices) if spelled and isinstance(value, str) else value
    if many:
        return [_value(value, many.items, spelled)]
    short = getattr(blocks[0], "short", "") if len(blocks) == 1 else ""
    is_short = isinstance(value, str) or (
        isinstance(value, bool) and bool(short) and _says_yes(blocks[0], short)
    )
    return {short: value} if short and is_short else value


def _says_yes(block: type[BaseModel] | None, key: str) -> bool:
    """Return whether a key of a block takes yes or no."""
    return block is not None and any(one.origin is bool for one in field_options(fields(block)[key]))


def _read(value: str, choices: Sequence[Option]) -> Any:
    """Return a text as the number that it spells; text that spells none stays, for the model to refuse."""
    readers: list[Any] = [
        note.func for one in choices for note in one.notes if isinstance(note, BeforeValidator)
    ]
    try:
        return readers[0](value) if readers else value
    except Misfit:
        return value


def home_of(model: type[BaseModel], key: str) -> str:
    """Return the only block of a model that has a key; '' where none has, several have, or the model has."""
    own = fields(model)
    homes = [
        name
        for name, field in own.items()
        if any(one.model and not one.is_list and key in fields(one.model) for one in field_options(field))
    ]
    return homes[0] if len(homes) == 1 and key not in own else ""
