"""A scenario back from its canonical form, as a manifest stores it."""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from finsim.errors import ScenarioError
from finsim.scenarios.file_models import VERSION
from finsim.scenarios.scenario import Scenario


def from_resolved(form: Mapping[str, Any]) -> Scenario:
    """Return the scenario of a canonical form.

    Raises ScenarioError when the form is not of this version or not complete.
    """
    data = {key: value for key, value in form.items() if key != "finsim"}
    if form.get("finsim") != VERSION:
        raise ScenarioError(
            f"resolved form of version {form.get('finsim')!r}", expected=VERSION, remedy="load the file again"
        )
    try:
        return typing.cast(Scenario, _typed(Scenario, data))
    except (KeyError, TypeError, ValueError) as bad:
        raise ScenarioError(f"not a resolved scenario: {bad!r}", remedy="load the file again") from None


def _typed(kind: Any, value: Any) -> Any:
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        return None if value is None else _typed(next(a for a in arguments if a is not type(None)), value)
    if origin is tuple:
        inner = [arguments[0]] * len(value) if arguments[-1] is Ellipsis else arguments
        return tuple(_typed(a, item) for a, item in zip(inner, value, strict=True))
    if origin is typing.Literal or kind is str:
        return str(value)
    if origin is not None:
        return {key: _typed(arguments[1], item) for key, item in value.items()}
    if is_dataclass(kind):
        hints = typing.get_type_hints(kind)
        known = {field.name: _typed(hints[field.name], value[field.name])
                 for field in fields(kind) if field.name in value}  # fmt: skip
        return typing.cast(Any, kind)(**known)
    return kind(value)
